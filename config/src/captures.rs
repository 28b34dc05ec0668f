//! The section `capture`: a tree enters, what alerts cut out of the newest events leaves.

use std::path::PathBuf;
use std::time::Duration;

use tercel_rules::load::milliseconds;

use crate::reader::Reader;
use crate::settings::Capture;

/// Megabytes as Falco counts them (falco `app/actions/helpers.h`, `check_capture_stop`).
const MB: u64 = 1 << 20;

/// Reads the section.
pub(crate) fn capture(reader: &mut Reader<'_>) -> Capture {
    let prefix = reader.text("capture.path_prefix");
    if let Some((text, place)) = prefix.filter(|(text, _)| text.ends_with('/')) {
        reader
            .wrong(place, format!("capture.path_prefix must end with the start of a name, unlike '{text}'"));
    }
    Capture {
        enabled: reader.flag("capture.enabled", false),
        prefix: prefix.map_or_else(|| PathBuf::from("/tmp/falco"), |(text, _)| text.into()),
        all_rules: reader.word("capture.mode", &[("rules", false), ("all_rules", true)], false),
        duration: duration(reader, "capture.default_duration", 5_000),
        before: duration(reader, "capture.capture_before", 30_000),
        file_bytes: reader.number("capture.max_file_size_mb", 0, 0..=u64::from(u32::MAX)) * MB,
        ring: reader.number("capture.ring_size_mb", 128, 4..=65_536) * MB,
        files: reader.number("capture.max_files", 1_000, 1..=u64::MAX),
        bytes: reader.number("capture.max_total_size_mb", 10_240, 1..=u64::from(u32::MAX)) * MB,
        sign_key: reader
            .text("capture.sign_key")
            .filter(|(text, _)| !text.is_empty())
            .map(|(text, _)| text.into()),
        per_minute: reader.number("capture.max_per_minute", 12, 1..=1_000),
    }
}

fn duration(reader: &mut Reader<'_>, path: &str, default: u32) -> Duration {
    let found = reader.text(path).map(|(text, place)| (text, place, milliseconds(text)));
    let number = match found {
        None => default,
        Some((_, _, Some(number))) => number,
        Some((text, place, None)) => {
            reader.wrong(
                place,
                format!("{path} must be a number of milliseconds or a time as in 30s, not '{text}'"),
            );
            default
        }
    };
    Duration::from_millis(u64::from(number))
}
