//! The host that this program runs on, for the verbs that capture it: the host and the recorder for the header of a trace leave. Nothing
//! else may look here: everything that is known about a captured host is in its capture.

use std::fs;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tercel_format::record::MachineInfo;
use tercel_format::trace::{Header, Zone};

/// How far ahead a trace lists changes of local time; few recordings take longer.
const CHANGES: usize = 8;

/// The header of a trace of this host, with what the recorder says of its hooks.
pub fn header(machine: &MachineInfo, coverage: String, filter: &str, snaplen: u32) -> Header {
    Header {
        writer: concat!("tercel ", env!("CARGO_PKG_VERSION")).to_owned(),
        hostname: String::from_utf8_lossy(&machine.hostname).into_owned(),
        kernel: fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned(),
        architecture: std::env::consts::ARCH.to_owned(),
        boot_ts: machine.boot_ts,
        zone: local_zone(),
        command: std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect(),
        filter: filter.to_owned(),
        snaplen,
        coverage,
        ..Header::default()
    }
}

/// The local time of this host, for the header of a trace that begins now.
pub fn local_zone() -> Zone {
    zone(&TimeZone::system(), Timestamp::now())
}

/// The part of a time zone from `now` on.
fn zone(zone: &TimeZone, now: Timestamp) -> Zone {
    let at = |time: Timestamp| (time.as_second(), zone.to_offset(time).seconds());
    let last = zone.preceding(now).next().map_or(now, |change| change.timestamp());
    let next = zone.following(now).take(CHANGES).map(|change| change.timestamp());
    let mut offsets: Vec<(i64, i32)> = std::iter::once(last).chain(next).map(at).collect();
    offsets.dedup_by_key(|(_, offset)| *offset);
    if offsets.iter().all(|(_, offset)| *offset == 0) {
        offsets.clear();
    }
    Zone { name: zone.iana_name().unwrap_or_default().to_owned(), offsets }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_know_their_next_changes() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().expect("a time");
        let rules = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone");
        let found = zone(&rules, now);
        assert_eq!(found.offsets.len(), 1 + CHANGES);
        for (time, offset) in [
            ("2026-11-24T12:00:00Z", 3600),
            ("2027-03-28T00:59:59Z", 3600),
            ("2027-03-28T01:00:00Z", 7200),
            ("2027-10-31T01:00:00Z", 3600),
        ] {
            let time: Timestamp = time.parse().expect("a time");
            assert_eq!(found.offset(time.as_second()), offset, "{time}");
        }
        assert_eq!(zone(&TimeZone::UTC, now).offsets, []);
        let fixed = TimeZone::fixed(jiff::tz::offset(5));
        assert_eq!(zone(&fixed, now).offset(now.as_second()), 5 * 3600);
    }

    #[test]
    fn a_header_describes_the_host() {
        let machine = MachineInfo { hostname: b"h".to_vec(), boot_ts: 7, ..MachineInfo::default() };
        let header = header(&machine, "hooks".to_owned(), "proc.name=cat", 80);
        assert_eq!((header.hostname.as_str(), header.boot_ts, header.snaplen), ("h", 7, 80));
        assert_eq!(header.coverage, "hooks");
        assert!(!header.kernel.is_empty() && !header.architecture.is_empty() && !header.command.is_empty());
    }
}
