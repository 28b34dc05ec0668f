//! Scenarios told as captures. A story in Rust enters (a host, its processes, what they do); a scap stream and the list
//! of what the shipped rules should say to it leave. Nothing here reads a clock, the machine it runs on or a rule file,
//! so that the same story always gives the same bytes.
//!
//! `cargo run -p tercel-scenarios` writes the captures of all stories to testdata/traces.
#![forbid(unsafe_code)]

mod container;
mod files;
mod host;
mod kernel;
mod network;
mod process;
mod program;
mod story;
pub mod trace;

pub use container::{Container, Running};
pub use host::{Expectation, Host, Step};
pub use process::Process;
pub use program::Program;
pub use story::{Story, stories};
