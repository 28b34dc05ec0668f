//! Replay: decoded blocks and a compiled program enter, alerts leave. Holds the state of threads and fds, finds the
//! values of fields and evaluates conditions. Knows nothing of the kernel, of files on disk or of the command line.
#![forbid(unsafe_code)]

pub mod state;

pub mod fields;

pub mod eval;

pub mod alert;

pub mod engine;

pub mod keyed;

mod chunked;

pub mod captures;

pub mod merged;

pub mod parallel;

pub use alert::{Alert, Formatter, Origin, Style};
pub use captures::{Advance, Capture, CaptureError, Ended, Input, Supply};
pub use chunked::{KeyframeVerdict, Report, Trouble, chunks_of, is_keyed, state_before, verify_keyframes};
pub use engine::{
    BlockSource, Counters, Defect, Filter, Group, Member, Options, Point, Position, Replay, ReplayError, Sink,
};
pub use eval::{Matcher, Matching, Memory};
pub use fields::{Context, Settings};
pub use keyed::KeyedWriter;
pub use merged::Merged;
pub use parallel::{Parallel, Scout, can_be_parallel};
