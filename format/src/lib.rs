//! The event catalogue and capture files: bytes of a capture enter, decoded blocks and events of the newest schema
//! leave. Nothing here knows about the state of processes or about rules.
#![forbid(unsafe_code)]

pub mod catalogue;
pub mod event;
pub mod record;

pub mod block;
pub mod error;
pub mod trace;
pub mod upgrade;
pub mod writer;

mod assembly;
mod batch;
mod capture;
mod directory;
mod flow;
mod numbering;
mod reader;
mod source;
mod window;

pub use batch::Batch;
pub use capture::{Capture, OpenError, Watch};
pub use directory::captures_in;
pub use error::{Error, Fault, Incident};
pub use event::Event;
pub use flow::BlockSource;
pub use numbering::Numbering;
pub use reader::{Reader, Statistics};
pub use record::Block;
pub use source::Compression;
pub use writer::Writer;
