//! The one way to open captures: a path, a storage or a stream of bytes enters, an open capture leaves. Native traces are read by their
//! chunks, everything else from start to end; other modules do not have to know which is which.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use crate::bundle::{self, BundleError, FrontToBack};
use crate::error::ReadError;
use crate::reader::Reader;
use crate::source::Compression;
use crate::trace::{Header, Storage, Trace, TraceError};

/// An open capture of any kind.
#[derive(Debug)]
pub enum Capture {
    /// A native trace, read by its chunks.
    Native(Arc<Trace>),
    /// Any other, or one that cannot be read by its chunks, read from start to end.
    Stream(Box<Reader>),
}

/// Why a capture cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be opened.
    #[error("{0}")]
    Io(io::Error),
    /// The bytes do not start as a capture does.
    #[error("{0}")]
    Stream(ReadError),
    /// It is a native trace that cannot be read.
    #[error("{0}")]
    Trace(TraceError),
    /// It is a bundle whose trace cannot be had.
    #[error("{0}")]
    Bundle(BundleError),
}

impl OpenError {
    /// Whether the capture is damaged, as opposed to an error of the operating system.
    pub fn is_damage(&self) -> bool {
        match self {
            OpenError::Io(_) => false,
            OpenError::Stream(error) => error.is_damage(),
            OpenError::Trace(error) => error.is_damage(),
            OpenError::Bundle(error) => error.is_damage(),
        }
    }
}

/// Wraps the bytes of a stream, for a progress bar.
pub type Watch<'a> = &'a dyn Fn(Box<dyn Read + Send>) -> Box<dyn Read + Send>;

impl Capture {
    /// Opens a file. Anything but a regular file (a pipe, a terminal) is read as a stream. `watch` wraps the bytes of a stream.
    ///
    /// # Errors
    /// The file cannot be opened, or is not a capture. Damage further on is found while it is read.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut bytes = Vec::new();
    /// # let path = std::env::temp_dir().join(format!("tercel-door-{}.scap", std::process::id()));
    /// # std::fs::write(&path, tercel_format::Writer::new(&mut bytes)?.finish()?)?;
    /// let capture = tercel_format::Capture::open(&path, &|bytes| bytes)?;
    /// assert_eq!(capture.kind(), "scap");
    /// # std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn open(path: &Path, watch: Watch<'_>) -> Result<Capture, OpenError> {
        let file = File::open(path).map_err(OpenError::Io)?;
        if file.metadata().map_err(OpenError::Io)?.is_file() {
            Capture::of_storage(Arc::new(file), watch)
        } else {
            Capture::of_stream(watch(Box::new(file)))
        }
    }

    /// Opens bytes that can be read at any offset: a file, memory, an object in a store. Of a [bundle], its trace.
    ///
    /// # Errors
    /// As for [`open`](Capture::open).
    pub fn of_storage(storage: Arc<dyn Storage>, watch: Watch<'_>) -> Result<Capture, OpenError> {
        let storage: Arc<dyn Storage> = match bundle::is_bundle(&storage).map_err(OpenError::Io)? {
            true => Arc::new(bundle::trace(&storage).map_err(OpenError::Bundle)?),
            false => storage,
        };
        match Trace::open(storage.clone()) {
            Ok(trace) => Ok(Capture::Native(Arc::new(trace))),
            Err(TraceError::NotNative | TraceError::Joined { .. }) => {
                Capture::of_stream(watch(Box::new(FrontToBack::new(storage))))
            }
            Err(error) => Err(OpenError::Trace(error)),
        }
    }

    /// Opens bytes that can be read only once.
    ///
    /// # Errors
    /// As for [`open`](Capture::open).
    pub fn of_stream(bytes: impl Read + Send + 'static) -> Result<Capture, OpenError> {
        Reader::new(bytes).map(|reader| Capture::Stream(Box::new(reader))).map_err(OpenError::Stream)
    }

    /// Opens a file of which the start may be missing. The chunks of a native trace are those that a walk over the file finds,
    /// whatever its index says.
    ///
    /// # Errors
    /// Those of [`open`](Capture::open), where no chunk of a native trace is found either.
    pub fn salvage(path: &Path, watch: Watch<'_>) -> Result<Capture, OpenError> {
        let opened = Capture::open(path, watch);
        if let Ok(Capture::Stream(_)) = &opened {
            return opened;
        }
        let salvaged = File::open(path).ok().and_then(|file| Trace::salvage(file).ok());
        salvaged.map_or(opened, |trace| Ok(Capture::Native(Arc::new(trace))))
    }

    /// The header of a native trace.
    pub fn header(&self) -> Option<&Header> {
        match self {
            Capture::Native(trace) => Some(trace.header()),
            Capture::Stream(_) => None,
        }
    }

    /// What it is, in words.
    pub fn kind(&self) -> &'static str {
        match self {
            Capture::Native(_) => "native trace",
            Capture::Stream(reader) => match reader.compression() {
                Compression::None => "scap",
                Compression::Gzip => "scap in gzip",
                Compression::Zstd => "scap in zstd",
            },
        }
    }
}
