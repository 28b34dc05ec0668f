//! `tercel live` on the running host, through the built binary.

mod containers;
mod cuts;
mod daemons;
pub mod host;
mod loss;
mod measure;
mod outputs;
mod reload;
mod rights;
mod same;
