//! The file header of a native trace: what the recorder says about the whole trace (FORMAT.md section 4). Replay takes from here what
//! scap has no place for, above all the recorder's time zone (design D5).

use std::io;

use serde::{Deserialize, Serialize};

use super::encoding;
use super::error::{Damage, TraceError};
use super::section::{self, SectionKind};

/// Largest version of the format that is read: that of traces with columns. A reader refuses larger ones; within one version, structures
/// grow at their ends only.
pub(super) const FORMAT_VERSION: u16 = 2;

/// Version of traces of rows, which older readers know, too.
pub(super) const ROWS_VERSION: u16 = 1;

/// Longest file header that is read.
pub(super) const LIMIT: u64 = 1 << 20;

/// Fields at the end that headers of older traces do not have: the redaction, the three of a cut, and how it was recorded.
const MISSING: usize = 5;

/// What the recorder says about a trace. Unknown texts are empty, unknown numbers 0.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Header {
    /// Version of the state engine that made the keyframes; those of another version are not to be used (design D3).
    pub engine: u32,
    /// Name and version of the program that wrote the trace.
    pub writer: String,
    /// Name of the host.
    pub hostname: String,
    /// Release of its kernel.
    pub kernel: String,
    /// Its architecture, as in `uname -m`.
    pub architecture: String,
    /// When it was started, in nanoseconds since the epoch.
    pub boot_ts: u64,
    /// Its time zone.
    pub zone: Zone,
    /// Command line of the recorder.
    pub command: Vec<String>,
    /// Filter for which the events match.
    pub filter: String,
    /// Largest number of bytes that were recorded of a buffer.
    pub snaplen: u32,
    /// Name of the capture that this was converted from; empty for a recording.
    pub source: String,
    /// What was redacted, and by which policy; empty without redaction. Headers of older traces end before this field.
    pub redaction: String,
    /// The cut of a flight recorder that the trace is; empty otherwise.
    pub cut: Cut,
    /// How the recorder found out what happened: its hooks in the kernel, and which paths and operations they show; for people. Empty in
    /// older traces.
    pub coverage: String,
}

/// A part of what a flight recorder saw, written because of an alert or a request. It says what the alerts in it have to say of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cut {
    /// Name of the file as alerts print it; empty for a trace that is no cut.
    pub file: String,
    /// The rule whose alert started it; empty for a request.
    pub rule: String,
    /// Number of the event of that alert.
    pub event: u64,
}

impl Header {
    /// Whether a recorder wrote the trace, and not somebody who rewrote a capture.
    pub fn is_recording(&self) -> bool {
        self.source.is_empty() && !self.writer.is_empty()
    }
}

/// A time zone, complete enough to print times without a database of time zones.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Zone {
    /// Name, as in `Europe/Vienna`.
    pub name: String,
    /// From which second since the epoch on local time is how many seconds ahead of UTC; ascending. Empty for UTC.
    pub offsets: Vec<(i64, i32)>,
}

impl Zone {
    /// How many seconds local time is ahead of UTC at `seconds` since the epoch. Before the first entry, that entry counts.
    pub fn offset(&self, seconds: i64) -> i32 {
        let behind = self.offsets.partition_point(|(from, _)| *from <= seconds);
        self.offsets.get(behind.saturating_sub(1)).map_or(0, |(_, offset)| *offset)
    }
}

/// The file header's bytes, of a trace of this version.
pub(super) fn encode(header: &Header, version: u16) -> io::Result<Vec<u8>> {
    Ok(section::build(SectionKind::Header, version, &encoding::encode(header)?))
}

/// Reads a file header of version `version` from its whole section; the inner error tells that it is damaged. Only one
/// that is whole can be believed to be too young.
pub(super) fn decode(frame: &[u8], version: u16) -> Result<Result<Header, Damage>, TraceError> {
    let body = match section::body(frame, SectionKind::Header) {
        Ok(body) => body,
        Err(damage) => return Ok(Err(damage)),
    };
    if version > FORMAT_VERSION {
        return Err(TraceError::Version { found: version, known: FORMAT_VERSION });
    }
    // Missing texts and numbers at the end are replaced by empty ones and zeros, which take 8 bytes each.
    let missing = (0..=MISSING).map(|count| [body, &vec![0; 8 * count]].concat());
    let header = missing.into_iter().find_map(|body| encoding::decode(&body));
    Ok(header.ok_or(Damage::Encoding(SectionKind::Header.name())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_knows_its_offsets() {
        let zone = Zone { name: "Europe/Vienna".to_owned(), offsets: vec![(100, 3600), (200, 7200)] };
        let rows = [(0, 3600), (99, 3600), (100, 3600), (199, 3600), (200, 7200), (i64::MAX, 7200)];
        for (seconds, offset) in rows {
            assert_eq!(zone.offset(seconds), offset, "{seconds}");
        }
        assert_eq!(Zone::default().offset(5), 0);
    }
}
