//! The bytes of a capture: any `Read` enters, compressed or not; the decompressed stream leaves (reference A1). Nothing
//! here knows what the bytes mean.

use std::io::{self, BufRead, Read};

use crate::columns::Columns;
use crate::trace::{Damage, columns};

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
    /// Bytes after the last gzip member that are no member; the reference ignores them, too.
    trailing_garbage: bool,
}

enum Stream {
    Plain(Input),
    Gzip(Box<flate2::bufread::GzDecoder<Input>>),
    Zstd(Box<Frames>),
    Ended,
}

impl Source {
    /// Reads the first bytes and chooses the decompressor.
    pub(crate) fn open(input: Box<dyn Read + Send>) -> Result<(Source, Compression), Failure> {
        let mut input = Input::new(input);
        let head = input.peek(4).map_err(Failure::Io)?;
        let (stream, compression) = match *head {
            [0x1f, 0x8b, ..] => {
                (Stream::Gzip(Box::new(flate2::bufread::GzDecoder::new(input))), Compression::Gzip)
            }
            [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => {
                (Stream::Zstd(Box::new(Frames::new(input))), Compression::Zstd)
            }
            _ => (Stream::Plain(input), Compression::None),
        };
        Ok((Source { stream, trailing_garbage: false }, compression))
    }

    /// Whether bytes after the last gzip member were ignored.
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
                Stream::Zstd(frames) => retry(|| frames.read(&mut buffer[..step])),
                Stream::Ended => return Ok(0),
            };
            match result {
                Ok(0) if step > 0 => self.next_member()?,
                Ok(count) => return Ok(count),
                Err(error) => return Err(self.explain(error)),
            }
        }
    }

    /// Continues after a gzip member. Anything but another member ends the stream, as in zlib.
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

    /// Distinguishes an unreadable input from damaged content.
    fn explain(&self, error: io::Error) -> Failure {
        let (has_failed, name) = match &self.stream {
            Stream::Gzip(decoder) => (decoder.get_ref().failed, "gzip"),
            Stream::Zstd(frames) => (frames.has_failed(), "zstd"),
            Stream::Plain(_) | Stream::Ended => return Failure::Io(error),
        };
        if has_failed {
            return Failure::Io(error);
        }
        if error.kind() == io::ErrorKind::UnexpectedEof {
            return Failure::Compression(format!("the {name} stream is truncated"));
        }
        Failure::Compression(format!("the {name} stream is damaged ({error})"))
    }
}

/// The frames of a zstd stream, one after the other. Those of columns become rows; other skippable ones are skipped.
struct Frames {
    state: Position,
    columns: Columns,
    /// Rows that were made of columns, and how many of their bytes were read.
    rows: (Vec<u8>, usize),
    has_failed: bool,
}

/// Where in a stream of frames a reader is.
enum Position {
    /// Before a frame.
    Between(Input),
    /// In a frame of data.
    Inside(zstd::stream::read::Decoder<'static, Input>),
    /// Nowhere: a frame could not be read.
    Lost,
}

impl Frames {
    fn new(input: Input) -> Frames {
        Frames {
            state: Position::Between(input),
            columns: Columns::default(),
            rows: (Vec::new(), 0),
            has_failed: false,
        }
    }

    /// Whether the input could not be read.
    fn has_failed(&self) -> bool {
        match &self.state {
            Position::Between(input) => input.failed,
            Position::Inside(decoder) => decoder.get_ref().failed,
            Position::Lost => self.has_failed,
        }
    }

    /// Reads some bytes; 0 at the end of the stream.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let (rows, read) = &mut self.rows;
            let left = rows.get(*read..).unwrap_or_default();
            if !left.is_empty() {
                let count = left.len().min(buffer.len());
                buffer[..count].copy_from_slice(&left[..count]);
                *read += count;
                return Ok(count);
            }
            match std::mem::replace(&mut self.state, Position::Lost) {
                Position::Lost => return Err(io::Error::other("a frame could not be read")),
                Position::Inside(mut decoder) => {
                    let read = decoder.read(buffer);
                    self.state = match read {
                        Ok(0) if !buffer.is_empty() => Position::Between(decoder.finish()),
                        _ => Position::Inside(decoder),
                    };
                    if !matches!(read, Ok(0)) || buffer.is_empty() {
                        return read;
                    }
                }
                Position::Between(mut input) => {
                    let entered = self.enter(&mut input);
                    self.has_failed = input.failed;
                    self.state = match entered? {
                        Entered::End => {
                            self.state = Position::Between(input);
                            return Ok(0);
                        }
                        Entered::Behind => Position::Between(input),
                        Entered::Data => {
                            Position::Inside(zstd::stream::read::Decoder::with_buffer(input)?.single_frame())
                        }
                    };
                }
            }
        }
    }

    /// Looks at the next frame, and reads it unless it has data.
    fn enter(&mut self, input: &mut Input) -> io::Result<Entered> {
        let head = input.peek(16)?;
        if head.is_empty() {
            return Ok(Entered::End);
        }
        if columns::is_columns(head) {
            let rows = &mut self.rows;
            rows.0.clear();
            rows.1 = 0;
            let damaged = |damage: Damage| io::Error::other(damage.to_string());
            columns::read(&mut self.columns, input)?.map_err(damaged)?;
            return match self.columns.rows(&mut rows.0).map_err(damaged)? {
                None => Ok(Entered::Behind),
                Some(gap) => Err(damaged(gap.damage)),
            };
        }
        let &[0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d, ..] = head else { return Ok(Entered::Data) };
        let length = u64::from(u32::from_le_bytes([a, b, c, d])) + 8;
        let skipped = io::copy(&mut input.take(length), &mut io::sink())?;
        if skipped < length { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(Entered::Behind) }
    }
}

/// What the next frame is.
enum Entered {
    /// There is none.
    End,
    /// It was read.
    Behind,
    /// It has data, which follow.
    Data,
}

fn retry(mut read: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match read() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// A buffered input whose first bytes can be peeked at, and which remembers whether reading failed.
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 1).expect("memory")
    }

    /// Bytes that compress badly.
    fn noise(count: usize) -> Vec<u8> {
        let mut state = 1u32;
        let next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        std::iter::repeat_with(next).take(count).collect()
    }

    /// An input that yields one byte at a time and then perhaps an error.
    struct Drip(std::vec::IntoIter<u8>, Option<io::Error>);

    impl Read for Drip {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            match (self.0.next(), out.first_mut()) {
                (Some(byte), Some(place)) => {
                    *place = byte;
                    Ok(1)
                }
                (None, _) => self.1.take().map_or(Ok(0), Err),
                (_, None) => Ok(0),
            }
        }
    }

    fn read_all(input: Vec<u8>, error: Option<io::Error>) -> (Vec<u8>, Option<Failure>, bool) {
        let mut source = match Source::open(Box::new(Drip(input.into_iter(), error))) {
            Ok((source, _)) => source,
            Err(failure) => return (Vec::new(), Some(failure), false),
        };
        let (mut out, mut buffer) = (Vec::new(), vec![0; 50_000]);
        loop {
            match source.read(&mut buffer) {
                Ok(0) => return (out, None, source.has_trailing_garbage()),
                Ok(count) => out.extend_from_slice(&buffer[..count]),
                Err(failure) => return (out, Some(failure), source.has_trailing_garbage()),
            }
        }
    }

    fn check(input: &[u8], expected: &[u8], garbage: bool) {
        let (out, failure, trailing) = read_all(input.to_vec(), None);
        assert!(failure.is_none(), "{failure:?}");
        assert!(out == expected, "{} bytes instead of {}", out.len(), expected.len());
        assert_eq!(trailing, garbage);
    }

    #[test]
    fn members_and_frames_are_joined() {
        let (one, two) = (noise(100_000), noise(7));
        let both = [one.clone(), two.clone()].concat();
        let skippable = [&[0x5a, 0x2a, 0x4d, 0x18, 5, 0, 0, 0][..], b"index"].concat();
        check(&both, &both, false);
        check(&gzip(&both), &both, false);
        check(&[gzip(&one), gzip(b""), gzip(&two)].concat(), &both, false);
        check(&[gzip(&one), b"garbage".to_vec()].concat(), &one, true);
        check(&[gzip(&one), vec![0x1f]].concat(), &one, true);
        check(&zstd(&both), &both, false);
        let frames = [skippable.clone(), zstd(&one), skippable.clone(), zstd(&two), skippable].concat();
        check(&frames, &both, false);
        check(&[], &[], false);
    }

    #[test]
    fn a_cut_yields_what_was_before() {
        let whole = noise(100_000);
        for packed in [gzip(&whole), zstd(&whole)] {
            let (out, failure, _) = read_all(packed[..packed.len() - 4].to_vec(), None);
            assert!(
                matches!(&failure, Some(Failure::Compression(reason)) if reason.ends_with("is truncated"))
            );
            assert!(whole.starts_with(&out), "nothing but the truth");
            let (out, failure, _) = read_all(packed[..packed.len() / 2].to_vec(), None);
            assert!(matches!(failure, Some(Failure::Compression(_))), "{failure:?}");
            assert!(whole.starts_with(&out));
        }
        let packed = gzip(&whole);
        let (out, _, _) = read_all(packed[..packed.len() - 4].to_vec(), None);
        assert_eq!(out.len(), whole.len(), "only the checksum is missing");
    }

    #[test]
    fn damage_and_failing_inputs_are_told_apart() {
        let mut packed = gzip(&noise(100_000));
        let last = packed.len() - 6;
        packed[last] ^= 0xff;
        let (_, failure, _) = read_all(packed.clone(), None);
        assert!(matches!(&failure, Some(Failure::Compression(reason)) if reason.contains("damaged")));
        packed.truncate(last);
        let (_, failure, _) = read_all(packed, Some(io::Error::other("cable")));
        assert!(matches!(failure, Some(Failure::Io(_))), "{failure:?}");
        let (_, failure, _) = read_all(noise(10), Some(io::Error::other("cable")));
        assert!(matches!(failure, Some(Failure::Io(_))), "{failure:?}");
    }
}
