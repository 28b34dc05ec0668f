//! Files and the standard streams: lines enter, bytes leave. A line that was written in part is completed by the next attempt.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;

use crate::Message;
use crate::channel::{Channel, Failure};

/// The line being written, and how many of its bytes are written.
#[derive(Debug, Default)]
struct Pending {
    bytes: Vec<u8>,
    written: usize,
}

impl Pending {
    /// Writes the rest of the line, or the whole line if nothing of it is written.
    fn write(&mut self, message: &Message, out: &mut fs::File) -> io::Result<()> {
        if self.written == 0 {
            self.bytes.clear();
            self.bytes.extend_from_slice(&message.line);
            self.bytes.push(b'\n');
        }
        while self.written < self.bytes.len() {
            match out.write(&self.bytes[self.written..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => self.written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.written = 0;
        Ok(())
    }
}

/// A standard stream of the process.
pub struct Stream {
    out: fs::File,
    pending: Pending,
}

impl Stream {
    /// Standard output.
    pub fn stdout() -> io::Result<Stream> {
        Stream::of(io::stdout())
    }

    /// Standard error.
    pub fn stderr() -> io::Result<Stream> {
        Stream::of(io::stderr())
    }

    fn of(stream: impl AsFd) -> io::Result<Stream> {
        let out = fs::File::from(stream.as_fd().try_clone_to_owned()?);
        Ok(Stream { out, pending: Pending::default() })
    }
}

impl Channel for Stream {
    fn send(&mut self, message: &Message) -> Result<(), Failure> {
        match self.pending.write(message, &mut self.out) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::Closed),
            written => Ok(written?),
        }
    }

    fn reopen(&mut self) {}
}

/// A file that grows.
pub struct File {
    path: PathBuf,
    keep_open: bool,
    out: Option<fs::File>,
    pending: Pending,
}

impl File {
    /// The file is opened for the first line.
    pub fn new(path: PathBuf, keep_open: bool) -> File {
        File { path, keep_open, out: None, pending: Pending::default() }
    }

    fn write(&mut self, message: &Message) -> io::Result<()> {
        let mut out = match self.out.take() {
            Some(out) => out,
            None => OpenOptions::new().append(true).create(true).open(&self.path)?,
        };
        let written = self.pending.write(message, &mut out);
        if self.keep_open || written.is_err() {
            self.out = Some(out);
        }
        written
    }
}

impl Channel for File {
    fn send(&mut self, message: &Message) -> Result<(), Failure> {
        self.write(message).map_err(|error| Failure::Later(format!("{}: {error}", self.path.display())))
    }

    fn reopen(&mut self) {
        self.out = None;
        // A partial line stays in the old file; the new file gets the whole line.
        self.pending = Pending::default();
    }
}
