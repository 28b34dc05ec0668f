//! `tercel live` on the running host, through the built binary. Needs root and BPF; without them every test says that it was
//! skipped.

mod containers;
mod daemons;
#[path = "../docker/mod.rs"]
mod docker;
mod host;
mod loss;
mod measure;
mod outputs;
#[path = "../possible/mod.rs"]
mod possible;
mod reload;
mod rights;
mod same;
