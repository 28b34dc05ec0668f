//! The bytes of a capture: any `Read` enters, compressed or not; the decompressed stream leaves (reference A1). Nothing
//! here knows what the bytes mean.

use std::io::{self, BufRead, Read};

/// How much is read from the input at once.
const INPUT_BUFFER: usize = 256 << 10;

/// How much is decompressed at once. What a damaged stream yields before the damage is lost only within one such step.
const STEP: usize = 32 << 10;

/// How a stream is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, possibly of several members.
    Gzip,
    /// zstd, possibly of several frames with skippable frames between them.
    Zstd,
}

/// Why a stream ended before its end.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The input could not be read.
    Io(io::Error),
    /// The compressed bytes are damaged or end early.
    Compression(String),
}

/// A decompressed stream.
pub(crate) struct Source {
    stream: Stream,
    /// Bytes behind the last gzip member that are no member; the reference ignores them, too.
    trailing_garbage: bool,
}

enum Stream {
    Plain(Input),
    Gzip(Box<flate2::bufread::GzDecoder<Input>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, Input>>),
    Ended,
}

impl Source {
    /// Looks at the first bytes and chooses the decompressor.
    pub(crate) fn open(input: Box<dyn Read + Send>) -> Result<(Source, Compression), Failure> {
        let mut input = Input::new(input);
        let head = input.peek(4).map_err(Failure::Io)?;
        let (stream, compression) = match *head {
            [0x1f, 0x8b, ..] => {
                (Stream::Gzip(Box::new(flate2::bufread::GzDecoder::new(input))), Compression::Gzip)
            }
            [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => {
                let decoder = zstd::stream::read::Decoder::with_buffer(input).map_err(Failure::Io)?;
                (Stream::Zstd(Box::new(decoder)), Compression::Zstd)
            }
            _ => (Stream::Plain(input), Compression::None),
        };
        Ok((Source { stream, trailing_garbage: false }, compression))
    }

    /// Whether bytes behind the last gzip member were ignored.
    pub(crate) fn has_trailing_garbage(&self) -> bool {
        self.trailing_garbage
    }

    /// Reads some bytes; 0 at the end of the stream.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Failure> {
        loop {
            let step = buffer.len().min(STEP);
            let result = match &mut self.stream {
                Stream::Plain(input) => return retry(|| input.read(buffer)).map_err(Failure::Io),
                Stream::Gzip(decoder) => retry(|| decoder.read(&mut buffer[..step])),
                Stream::Zstd(decoder) => retry(|| decoder.read(&mut buffer[..step])),
                Stream::Ended => return Ok(0),
            };
            match result {
                Ok(0) if step > 0 => self.next_member()?,
                Ok(count) => return Ok(count),
                Err(error) => return Err(self.explain(error)),
            }
        }
    }

    /// Goes on behind a gzip member. What is no further member ends the stream, as it does in zlib.
    fn next_member(&mut self) -> Result<(), Failure> {
        if let Stream::Gzip(decoder) = std::mem::replace(&mut self.stream, Stream::Ended) {
            let mut input = decoder.into_inner();
            match *input.peek(2).map_err(Failure::Io)? {
                [0x1f, 0x8b, ..] => {
                    self.stream = Stream::Gzip(Box::new(flate2::bufread::GzDecoder::new(input)));
                }
                [] => {}
                _ => self.trailing_garbage = true,
            }
        }
        Ok(())
    }

    /// Tells an unreadable input from damaged content.
    fn explain(&self, error: io::Error) -> Failure {
        let (input, name) = match &self.stream {
            Stream::Gzip(decoder) => (decoder.get_ref(), "gzip"),
            Stream::Zstd(decoder) => (decoder.get_ref(), "zstd"),
            Stream::Plain(_) | Stream::Ended => return Failure::Io(error),
        };
        if input.failed {
            return Failure::Io(error);
        }
        if error.kind() == io::ErrorKind::UnexpectedEof {
            return Failure::Compression(format!("the {name} stream is cut off"));
        }
        Failure::Compression(format!("the {name} stream is damaged ({error})"))
    }
}

fn retry(mut read: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match read() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// A buffered input whose first bytes can be looked at, and which remembers whether reading failed.
struct Input {
    inner: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    failed: bool,
}

impl Input {
    fn new(inner: Box<dyn Read + Send>) -> Input {
        Input { inner, buffer: vec![0; INPUT_BUFFER], start: 0, end: 0, failed: false }
    }

    /// The next `count` bytes without taking them; fewer only at the end. `count` is at most the buffer's size.
    fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        if self.end - self.start < count {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        while self.end - self.start < count {
            let got = Input::read_inner(&mut self.inner, &mut self.failed, &mut self.buffer[self.end..])?;
            if got == 0 {
                break;
            }
            self.end += got;
        }
        Ok(&self.buffer[self.start..self.end.min(self.start + count)])
    }

    fn read_inner(inner: &mut dyn Read, failed: &mut bool, buffer: &mut [u8]) -> io::Result<usize> {
        let result = retry(|| inner.read(buffer));
        *failed |= result.is_err();
        result
    }
}

impl Read for Input {
    /// Large reads go straight to the caller's memory.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.start == self.end {
            return Input::read_inner(&mut self.inner, &mut self.failed, out);
        }
        let count = out.len().min(self.end - self.start);
        out[..count].copy_from_slice(&self.buffer[self.start..self.start + count]);
        self.start += count;
        Ok(count)
    }
}

impl BufRead for Input {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
            self.end = Input::read_inner(&mut self.inner, &mut self.failed, &mut self.buffer)?;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }
}
