//! Recordings: blocks of a capture, or of a running source, enter; capture files with keyframes leave, one or a series of
//! them. Nothing here knows where blocks come from, what a rule is, or the command line.
//!
//! [`CaptureWriter`] writes one file, [`Files`] one after the other, each complete on its own, or only the newest events.
//! [`Recorder`] follows a source and writes what is in a scope. [`Cuts`] keeps the newest events and writes those around alerts.
//!
//! ```
//! use tercel_format::Capture;
//! use tercel_format::series::Destination;
//! use tercel_format::trace::Options;
//! use tercel_recording::{CaptureWriter, Kind};
//! use tercel_replay::scan::{Needs, scan};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let path = std::env::temp_dir().join(format!("tercel-recording-{}.scap", std::process::id()));
//! # let bytes = tercel_format::Writer::new(Vec::new())?.finish()?;
//! let mut capture = Capture::of_stream(std::io::Cursor::new(bytes))?;
//! let mut writer = CaptureWriter::new(Destination::new(&path), Kind::Native, Options::default());
//! scan(&mut capture, &Needs::ALL, &mut writer, &|_| ())?;
//! assert!(writer.finish()?.summary.is_some());
//! assert_eq!(Capture::open(&path, &|bytes| bytes)?.kind(), "native trace");
//! # std::fs::remove_file(&path)?;
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod error;
mod writer;

mod sums;

mod cuts;

mod flight;

mod files;

mod transform;

mod recorder;

mod control;

#[cfg(test)]
mod tests;

pub use control::{CONTROL_SOCKET, Control, ControlError, request_dump};
pub use cuts::{CutCounts, CutLimit, CutLimits, CutNews, Cuts, DumpRequest, Trigger};
pub use error::Error;
pub use files::{Broken, Files, Safe};
pub use recorder::{Counts, Found, Limits, Recorder, Watcher};
pub use sums::Sums;
pub use transform::{Give, Transform};
pub use writer::{CaptureWriter, Kind, Written};
