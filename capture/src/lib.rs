//! Live capture: the probe is loaded into the running kernel, and its events leave in time order, with a snapshot of
//! what existed when capture began. Nothing here knows about the state of processes, rules or trace files.
//!
//! A [`Source`] is the running host. It gives the same blocks as a capture file, until a [`Stopper`] ends it. (Not run: it
//! loads a program into the kernel.)
//!
//! ```no_run
//! use tercel_capture::{Engines, Options, Source, Stopper};
//! use tercel_format::{LiveSource, Polled};
//!
//! let stopper = Stopper::default();
//! let mut source = Source::start(&Options::default(), &Engines::default(), stopper.clone())?;
//! let mut blocks = 0u64;
//! loop {
//!     match source.poll() {
//!         Polled::Block(_) => blocks += 1,
//!         Polled::Idle => source.wait(),
//!         Polled::End => break,
//!     }
//!     if blocks == 1000 {
//!         stopper.stop();
//!     }
//! }
//! assert_eq!(source.drops().lost(), 0);
//! # Ok::<(), tercel_capture::CaptureError>(())
//! ```
//!
//! What the probe does with each call is a table, [`syscalls::rows`], and so is how numbers of the kernel become those of the
//! catalogue, [`flags::TABLES`]; both depend on the machine.
//!
//! ```
//! use tercel_capture::abi::{self, kind};
//! use tercel_capture::{flags, syscalls};
//! use tercel_format::catalogue::{self, Machine};
//!
//! let rows = syscalls::rows(Machine::X86_64);
//! let row = rows.iter().find(|row| row.row == 257).expect("openat");
//! let event = catalogue::event(row.event).expect("an event of the catalogue");
//! assert_eq!(event.name, "openat");
//! let params = row.words.iter().filter(|word| word.kind != kind::STEP);
//! assert_eq!(params.count(), event.params.len());
//!
//! let open = flags::translation(Machine::X86_64, abi::flags::OPEN).expect("flags of an open");
//! let (creat, write_only) = (0o100, 0o1);
//! assert_eq!(open.translate(creat | write_only), 0b110); // PPM_O_CREAT | PPM_O_WRONLY
//! ```
#![warn(unreachable_pub)]

pub mod doctor;
pub mod flags;
pub mod syscalls;

mod accounts;
mod containers;
mod rootfs;

mod snapshot;

mod btf;
mod clock;
mod compat;
mod drain;
mod error;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod hooks;
mod kernel;
#[cfg(test)]
mod mutation;
mod options;
mod probe;
mod resources;
mod scope;
mod source;
mod tables;
mod turns;
mod types;
mod uring;

pub use tercel_probe_abi as abi;

pub use containers::Engines;
pub use error::CaptureError;
pub use options::{Comparison, Drops, Options, PathCoverage, ProcessScope, Selection};
pub use snapshot::processes;
pub use source::{Source, Stopper};
pub use uring::UringCoverage;
