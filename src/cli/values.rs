//! Value parsers: the text of an option enters, a typed value leaves. There is one reader of sizes and one of durations for all
//! verbs.

use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::SignedDuration;
use tercel_capture::Options;
use tercel_format::trace::{CHUNK_LIMITS, LEVEL_MAX, RingLimits};
use tercel_rules::load::parse_priority;
use tercel_rules::program::Priority;

use crate::window::{self, Edge};

/// Smallest and largest ring of a CPU.
const RING_LIMITS: RangeInclusive<u64> = 4 << 10..=1 << 30;

/// A priority of rules.
pub fn priority(text: &str) -> Result<Priority, String> {
    let names = || Priority::ALL.map(Priority::name).join(", ").to_lowercase();
    parse_priority(text).ok_or_else(|| format!("unknown priority; the priorities are {}", names()))
}

/// The number of an event, as `46` or `#46`.
pub fn event_number(text: &str) -> Result<u64, String> {
    text.strip_prefix('#')
        .unwrap_or(text)
        .parse()
        .map_err(|_| "invalid event number; give digits, as in 1200 or #1200".to_owned())
}

/// An edge of a window.
pub fn edge(text: &str) -> Result<Edge, String> {
    window::edge(text)
}

/// Bytes after which a chunk ends.
pub fn chunk(text: &str) -> Result<usize, String> {
    let bytes = bytes(text, 1).and_then(|bytes| usize::try_from(bytes).ok());
    bytes
        .filter(|bytes| (CHUNK_LIMITS.0..=CHUNK_LIMITS.1).contains(bytes))
        .ok_or_else(|| "invalid size; give one from 4KiB to 64MiB".to_owned())
}

/// Bytes of memory; a number alone counts MiB.
pub fn memory(text: &str) -> Result<usize, String> {
    let size = bytes(text, 1 << 20).and_then(|bytes| usize::try_from(bytes).ok()).filter(|bytes| *bytes > 0);
    size.ok_or_else(|| "invalid size; give one as in 256MiB".to_owned())
}

/// A level of compression.
pub fn level(text: &str) -> Result<i32, String> {
    match (text, text.parse::<i32>()) {
        ("max", _) => Ok(LEVEL_MAX),
        (_, Ok(level)) if (1..=LEVEL_MAX).contains(&level) => Ok(level),
        _ => Err(format!("invalid level; give a number from 1 to {LEVEL_MAX}, or max")),
    }
}

/// Bytes of a ring buffer. A number alone counts MiB; one that is too large for that counts bytes.
pub fn ring(text: &str) -> Result<u32, String> {
    let found = [1 << 20, 1].into_iter().filter_map(|alone| bytes(text, alone));
    let ring = found.into_iter().find(|ring| RING_LIMITS.contains(ring));
    ring.and_then(|ring| u32::try_from(ring).ok())
        .ok_or_else(|| "invalid size; give one from 4KiB to 1GiB, as in 16MiB".to_owned())
}

/// Size of a ring in memory for which only a time is given.
const RING_BYTES: u64 = 256 << 20;

/// Smallest ring in memory: a few chunks with the state before them.
const RING_MIN: u64 = 4 << 20;

/// A time, a size, or both, separated by a comma.
pub fn ring_limits(text: &str) -> Result<RingLimits, String> {
    let mut limits = RingLimits { bytes: RING_BYTES, time: u64::MAX };
    for part in text.split(',') {
        // A number alone could be either.
        let is_bare = part.bytes().all(|byte| byte.is_ascii_digit());
        match (duration(part), bytes(part, 1)) {
            _ if is_bare => {
                return Err("the unit is missing; give a time as in 60s or a size as in 256MiB".to_owned());
            }
            (Ok(time), _) => limits.time = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX),
            (_, Some(size)) if size >= RING_MIN => limits.bytes = size,
            _ => {
                return Err(
                    "invalid limit; give a time as in 60s, a size of at least 4MiB, or both as in 60s,256MiB"
                        .to_owned(),
                );
            }
        }
    }
    Ok(limits)
}

/// Bytes of a file of a rotated recording; a number alone counts megabytes, as in tcpdump.
pub fn file_size(text: &str) -> Result<u64, String> {
    let size = bytes(text, 1_000_000).filter(|bytes| *bytes > 0);
    size.ok_or_else(|| "invalid size; give one as in 100 (megabytes) or 64MiB".to_owned())
}

/// Permissions of a file, in octal.
pub fn mode(text: &str) -> Result<u32, String> {
    let is_octal = text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| is_octal && *mode <= 0o777);
    mode.ok_or_else(|| "invalid permissions; give them in octal, as in 0640".to_owned())
}

/// Bytes of buffers to keep.
pub fn snaplen(text: &str) -> Result<u32, String> {
    let size = bytes(text, 1).and_then(|bytes| u32::try_from(bytes).ok());
    size.ok_or_else(|| "invalid size; give a number of bytes, as in 80 or 4KiB".to_owned())
}

/// Bytes of arguments and of the environment to keep.
pub fn max_args(text: &str) -> Result<u32, String> {
    let most = Options::MAX_ARGS;
    let size = snaplen(text).ok().filter(|size| (1..=most).contains(size));
    size.ok_or_else(|| format!("invalid size; give 1 to {most} bytes, as in 4096 or 32KiB"))
}

/// A duration; a number alone counts seconds.
pub fn duration(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let read = || text.parse::<SignedDuration>().ok().and_then(|read| Duration::try_from(read).ok());
    let duration = seconds.or_else(read).filter(|duration| !duration.is_zero());
    duration.ok_or_else(|| "invalid duration; give seconds, or a duration as in 90s, 2m30s or 1h".to_owned())
}

/// How often something is done: 100 ms to a day.
pub fn interval(text: &str) -> Result<Duration, String> {
    const SHORTEST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
    let allowed = |read: &Duration| (SHORTEST..=LONGEST).contains(read);
    let wrong = || "invalid interval; give one from 100ms to 24h, in seconds or as in 500ms".to_owned();
    duration(text).ok().filter(allowed).ok_or_else(wrong)
}

/// A number of bytes with a unit: `4MiB`, `64k`, `10MB`, `1048576`. A number alone counts units of `alone` bytes.
fn bytes(text: &str, alone: u64) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim().to_ascii_lowercase().as_str() {
        "" => alone,
        "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, expected) in [
            ("4MiB", Some(4 << 20)),
            ("64k", Some(64 << 10)),
            ("1048576", Some(1 << 20)),
            ("4 MiB", Some(4 << 20)),
            ("1mb", Some(1_000_000)),
            ("1KiB", None),
            ("1GiB", None),
            ("", None),
            ("99999999999999999999", None),
            ("9007199254740993MiB", None),
        ] {
            assert_eq!(chunk(text).ok(), expected, "{text}");
        }
        for (text, expected) in [
            ("16", Some(16 << 20)),
            ("16MiB", Some(16 << 20)),
            ("16777216", Some(16 << 20)),
            ("1024", Some(1 << 30)),
            ("4096", Some(4096)),
            ("4k", Some(4096)),
            ("1025", None),
            ("0", None),
            ("2GiB", None),
        ] {
            assert_eq!(ring(text).ok(), expected, "{text}");
        }
        for (text, expected) in [("100", Some(100_000_000)), ("64MiB", Some(64 << 20)), ("0", None)] {
            assert_eq!(file_size(text).ok(), expected, "{text}");
        }
        let mib = |count: u64| count << 20;
        for (text, expected) in [
            ("60s", Some((mib(256), 60_000_000_000))),
            ("64MiB", Some((mib(64), u64::MAX))),
            ("1m30s,8MiB", Some((mib(8), 90_000_000_000))),
            ("60", None),
            ("1MiB", None),
            ("60s,", None),
            ("0s", None),
            ("soon", None),
        ] {
            let expected = expected.map(|(bytes, time)| RingLimits { bytes, time });
            assert_eq!(ring_limits(text).ok(), expected, "{text}");
        }
        assert_eq!(snaplen("4KiB"), Ok(4096));
        assert!(snaplen("5GiB").is_err());
        assert_eq!(max_args("32KiB"), Ok(32_768));
        assert!(max_args("32769").is_err() && max_args("0").is_err());
    }

    #[test]
    fn permissions() {
        for (text, expected) in [
            ("0600", Some(0o600)),
            ("640", Some(0o640)),
            ("0", Some(0)),
            ("4755", None),
            ("rw", None),
            ("0900", None),
            ("+600", None),
        ] {
            assert_eq!(mode(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn levels() {
        for (text, expected) in [("3", Some(3)), ("max", Some(19)), ("0", None), ("20", None), ("x", None)] {
            assert_eq!(level(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn durations() {
        for (text, expected) in [
            ("90", Some(90_000)),
            ("0.5", Some(500)),
            ("90s", Some(90_000)),
            ("2m30s", Some(150_000)),
            ("1h", Some(3_600_000)),
            ("500ms", Some(500)),
            ("0", None),
            ("-1", None),
            ("-1s", None),
            ("inf", None),
            ("soon", None),
        ] {
            assert_eq!(duration(text).ok(), expected.map(Duration::from_millis), "{text}");
        }
        for (text, expected) in [
            ("1", Some(1000)),
            ("100ms", Some(100)),
            ("99ms", None),
            ("24h", Some(86_400_000)),
            ("86401", None),
            ("1e300", None),
            ("soon", None),
        ] {
            assert_eq!(interval(text).ok(), expected.map(Duration::from_millis), "{text}");
        }
    }
}
