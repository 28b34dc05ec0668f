//! Many traces, judged in shards: the plan of a fleet ([`Plan`]), the alerts that a shard leaves ([`AlertWriter`]), where outputs are kept
//! ([`Place`]), and the merge of the alerts of all shards in one stream ([`merge`]). What a rule is, how a trace is read, and who runs the
//! shards is not known here.
#![forbid(unsafe_code)]

mod alerts;
mod merge;
mod names;
mod place;
mod plan;
mod status;

pub use alerts::{AlertWriter, Record, Segment, Stream};
pub use merge::{FAN_IN, merge};
pub use names::{date, day, segment_of_path};
pub use place::{Directory, Place};
pub use plan::{Engine, File, Part, Plan, PlannedRule, RuleText, VERSION};
pub use status::{PartStatus, Status};
