//! Replay: decoded blocks and a compiled program enter, alerts leave. Holds the state of threads and fds, finds the
//! values of fields and evaluates conditions. Knows nothing of the kernel, of files on disk or of the command line.
#![forbid(unsafe_code)]

pub mod state;

pub mod fields;

pub mod eval;

pub mod alert;

pub mod engine;

pub mod keyed;

pub mod scan;

mod alerts;

mod merged;

pub use alert::{Alert, Formatter, Origin, Style};
pub use alerts::{AlertLines, Alerts};
pub use engine::{
    BlockSource, Counters, Filter, Group, GroupVisitor, Member, Options, Point, Position, Replay,
    ReplayError, Sink, Window,
};
pub use eval::{Matcher, Matching, Memory};
pub use fields::{Context, Settings};
pub use keyed::KeyedWriter;
