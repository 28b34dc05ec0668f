//! What a live run adds to the events of the probe. The program, the state and the counters of the probe enter; which system calls to
//! ask for, what alerts ask of a flight recorder, threads whose ends were lost, alerts of the run itself and metrics leave, these to a
//! web server, too. Must not know the command line, nor where
//! texts go.
//!
//! Rules and the state decide which events the probe captures. While events are lost, the kinds that make up the load are shared out
//! among processes, and then those of them are left out that only less urgent rules need:
//!
//! ```
//! use tercel_config::Calls;
//! use tercel_live::{Second, SyscallSelection};
//! use tercel_rules::program::Priority;
//! use tercel_rules::{Loader, Options};
//!
//! let mut loader = Loader::new(Options::default());
//! let rule = "- {rule: a, desc: x, condition: evt.type = getcwd, output: x, priority: DEBUG}";
//! assert!(loader.file("rules.yaml", rule).successful());
//! let program = loader.finish().program;
//!
//! let (more, less, shed_below) = ([].into(), [].into(), Priority::Warning);
//! let settings = Calls { all: false, adaptive: true, shed_below, more, less };
//! let mut selection = SyscallSelection::of(&program, &settings, false);
//! let getcwd = tercel_format::catalogue::EVENTS.iter().rposition(|event| event.name == "getcwd").expect("a code");
//! let mut delivered = vec![0; tercel_format::catalogue::EVENTS.len()];
//! delivered[getcwd] = 9000;
//! let second = Second { seen: 9000, lost: 1000, throttled: 0 };
//! let change = selection.second(&second, &delivered).expect("events were lost in this second");
//! assert_eq!((change.shared.as_str(), change.selection.share), ("getcwd", 5000));
//! ```
#![forbid(unsafe_code)]

mod syscall_selection;

mod overload;

mod shedding;

mod lost_exits;

mod internal;

mod record;

mod drops;

mod silence;

mod cuts;

pub mod metrics;

mod web;

pub use cuts::CutPolicy;
pub use drops::{DropWatcher, Loss};
pub use internal::InternalAlert;
pub use lost_exits::LostExits;
pub use metrics::{Metrics, Snapshots};
pub use overload::Second;
pub use record::record;
pub use shedding::{Shedding, SheddingNotice};
pub use silence::SilenceWatcher;
pub use syscall_selection::{Change, SyscallSelection};
pub use web::{WebError, WebServer};
