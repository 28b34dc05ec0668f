//! Live capture: the probe is loaded into the running kernel, and its events leave in time order, beside a snapshot of
//! what existed when capture began. Nothing here knows about the state of processes, rules or trace files.

pub mod containers;
pub mod flags;
pub mod syscalls;

pub mod snapshot;

mod btf;
mod clock;
mod compat;
mod drain;
mod error;
#[cfg(test)]
mod mutation;
mod probe;
mod source;
mod turns;

pub use tercel_probe_abi as abi;

pub use containers::{Containers, Engines};
pub use drain::Drain;
pub use error::Error;
pub use probe::{Drops, Options, Probe};
pub use snapshot::Snapshot;
pub use source::{Polled, Source, Stopper};
