//! What a live run adds to the events of the probe. The program, the state and the counters of the probe enter; which system calls to
//! ask for, what alerts ask of a flight recorder, threads whose ends were lost, alerts of the run itself and metrics leave, these to a
//! web server, too. Must not know the command line, nor where
//! texts go.
//!
//! Rules and the state decide which events the probe captures. While events are lost, those that only less urgent rules need are
//! left out:
//!
//! ```
//! use tercel_config::Calls;
//! use tercel_live::SyscallSelection;
//! use tercel_rules::{Loader, Options};
//!
//! let mut loader = Loader::new(Options::default());
//! let rule = "- {rule: a, desc: x, condition: evt.type = getcwd, output: x, priority: DEBUG}";
//! assert!(loader.file("rules.yaml", rule).successful());
//! let program = loader.finish().program;
//!
//! let settings = Calls { all: false, more: [].into(), adaptive: true, less: [].into() };
//! let mut selection = SyscallSelection::of(&program, &settings, false);
//! let before = selection.wanted().expect("some events only");
//! let change = selection.second(true).expect("events were lost in this second");
//! assert!(change.wanted.expect("fewer events").len() < before.len());
//! assert_eq!(change.text, "overload: rules less urgent than Informational do not get getcwd");
//! ```
#![forbid(unsafe_code)]

mod syscall_selection;

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
pub use record::record;
pub use silence::SilenceWatcher;
pub use syscall_selection::{Change, SyscallSelection};
pub use web::{WebError, WebServer};
