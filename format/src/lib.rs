//! The event catalogue and capture files: bytes of a capture enter, decoded blocks and events of the newest schema
//! leave. Nothing here knows about the state of processes or about rules.
#![forbid(unsafe_code)]

pub mod catalogue;
pub mod event;
pub mod record;

pub use event::Event;
pub use record::Block;
