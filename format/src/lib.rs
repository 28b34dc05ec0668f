//! The event catalogue and capture files: bytes of a capture enter, decoded blocks and events of the newest schema
//! leave. Nothing here knows about the state of processes or about rules.
//!
//! [`Capture`] opens anything: a scap stream, compressed or not, is read by a [`Reader`]; a native trace by chunks
//! ([`trace`]). An event is written with the names of its row in the [`catalogue`], and read again in any width:
//!
//! ```
//! use tercel_format::catalogue::{self, code};
//! use tercel_format::writer::{EventBuilder, Value};
//! use tercel_format::{Block, Reader, Writer};
//!
//! let row = catalogue::event(code::SYSCALL_READ_X).expect("an event of the catalogue");
//! assert_eq!((row.name, row.params[0].name), ("read", "res"));
//!
//! let mut writer = Writer::new(Vec::new())?;
//! let read = EventBuilder::new(row.code, 1_000, 42)
//!     .set("res", 3)
//!     .set("data", Value::Bytes(b"abc".to_vec()))
//!     .set("fd", 7)
//!     .set("size", 80);
//! writer.event(&read.encode()?.event())?;
//!
//! let mut reader = Reader::new(std::io::Cursor::new(writer.finish()?))?;
//! let mut seen = Vec::new();
//! while let Some(block) = reader.next()? {
//!     if let Block::Event(event) = block {
//!         seen.push((event.num, event.tid, event.return_value(), event.param(1).map(<[u8]>::to_vec)));
//!     }
//! }
//! assert_eq!(seen, [(1, 42, Some(3), Some(b"abc".to_vec()))]);
//! assert_eq!(reader.statistics().events, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A native trace is made of chunks, each of which can be read without the others:
//!
//! ```
//! use tercel_format::catalogue::code;
//! use tercel_format::record::Section;
//! use tercel_format::trace::{Header, Options, Trace, TraceWriter, Unpacker, verify};
//! use tercel_format::writer::EventBuilder;
//! use tercel_format::{Block, BlockSource};
//!
//! let mut writer = TraceWriter::new(Vec::new(), &Header::default(), Options::default())?;
//! writer.block(&Block::Section(Section::NEWEST))?;
//! let close = EventBuilder::new(code::SYSCALL_CLOSE_X, 1_000, 42).set("res", 0).set("fd", 7).encode()?;
//! writer.event(&close.event())?;
//! let (bytes, summary) = writer.finish()?;
//! assert_eq!(summary.events, 1);
//!
//! let trace = Trace::open(bytes.clone())?;
//! let (mut unpacker, mut codes) = (Unpacker::new(), Vec::new());
//! for chunk in trace.chunks() {
//!     let mut blocks = unpacker.blocks(&trace, chunk)?;
//!     while let Some(block) = blocks.next_block()? {
//!         if let Block::Event(event) = block {
//!             codes.push(event.code());
//!         }
//!     }
//! }
//! assert_eq!(codes, [code::SYSCALL_CLOSE_X]);
//!
//! // Every digest matches, and the last of them identifies the whole trace.
//! let verdict = verify(bytes, |_| ())?;
//! assert!(verdict.first_break.is_none());
//! assert_eq!(verdict.seal, Some(summary.seal));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Damage costs no more than its place: it is skipped and reported ([`Incident`]), or ends the reading ([`ReadError`]).
//!
//! ```
//! use tercel_format::{ReadError, Reader, Writer};
//!
//! let mut bytes = Writer::new(Vec::new())?.finish()?;
//! bytes.pop();
//! let mut reader = Reader::new(std::io::Cursor::new(bytes))?;
//! assert!(matches!(reader.next(), Err(ReadError::Truncated { missing: 1, .. })));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]
#![warn(unreachable_pub)]

pub mod catalogue;
pub mod cgroups;
mod engine;
mod event;
pub mod extras;
pub mod record;

pub mod block;
pub mod columns;
mod error;
pub mod trace;
pub mod upgrade;
pub mod writer;

pub mod series;

mod assembly;
mod batch;
pub mod bundle;
mod capture;
mod directory;
mod flow;
mod numbering;
mod reader;
mod source;
mod visible;
mod window;

pub use batch::Batch;
pub use capture::{Capture, OpenError, Watch};
pub use directory::captures_in;
pub use engine::ContainerEngine;
pub use error::{Fault, Incident, ReadError};
pub use event::{Event, until_nul};
pub use flow::{BlockSource, LiveSource, Polled};
pub use numbering::Numbering;
pub use reader::{Reader, Statistics};
pub use record::Block;
pub use source::Compression;
pub use visible::{visible, visible_json};
pub use writer::Writer;
