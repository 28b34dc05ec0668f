//! The facts about a capture as lines of text.

use tercel_analysis::summary::{Native, Summary};
use tercel_format::trace::Header;

use super::{LARGEST, iso};
use crate::diagnostics::counted;
use crate::verify::hex;

/// Appends one line; writing to a string cannot fail.
macro_rules! line {
    ($out:expr, $label:expr, $($argument:tt)*) => {
        let _ = std::fmt::Write::write_fmt($out, format_args!("{:<12} {}\n", $label, format_args!($($argument)*)));
    };
}

/// The summary as lines.
pub(super) fn of(name: &str, summary: &Summary, with_columns: bool) -> String {
    let mut out = String::new();
    line!(&mut out, "File", "{} ({})", name, summary.kind);
    host(&mut out, summary);
    recorder(&mut out, &summary.header);
    sizes(&mut out, summary);
    for damage in &summary.damage {
        line!(&mut out, "Damage", "{damage}");
    }
    let totals = &summary.totals;
    line!(
        &mut out,
        "Processes",
        "{} at the start, {} executed",
        summary.processes,
        counted(summary.executed(), "program")
    );
    containers(&mut out, summary);
    if let Some((first, last)) = totals.span {
        let seconds = last.saturating_sub(first) as f64 / 1e9;
        line!(&mut out, "Time", "{} to {} ({seconds:.3} s)", iso(first), iso(last));
    }
    if totals.sections > 1 {
        line!(&mut out, "Sections", "{}", totals.sections);
    }
    drops(&mut out, summary);
    line!(&mut out, "Events", "{}", totals.events);
    for (name, count) in summary.types() {
        let share = count as f64 * 100.0 / totals.events.max(1) as f64;
        line!(&mut out, "", "{count:>12} {share:5.1} %  {name}");
    }
    if let (true, Some(native)) = (with_columns, &summary.native) {
        columns(&mut out, native, totals.events);
    }
    out
}

/// The largest columns: their bytes in the file, per event of the trace, and per value.
fn columns(out: &mut String, native: &Native, events: u64) {
    line!(out, "Columns", "{:>12} {:>8} {:>8}", "bytes", "/event", "/value");
    for column in native.columns.iter().take(LARGEST) {
        let event = column.event.map_or_else(String::new, |(_, name)| format!("{name}."));
        let share = |count: u64| column.packed as f64 / count.max(1) as f64;
        let (each, value) = (share(events), share(column.count));
        line!(out, "", "{:>12} {each:>8.3} {value:>8.2}  {event}{}", column.packed, column.name);
    }
}

fn host(out: &mut String, summary: &Summary) {
    let header = &summary.header;
    let system = [&header.kernel, &header.architecture]
        .into_iter()
        .filter(|text| !text.is_empty())
        .map(|text| format!(", {}", visible(text)))
        .collect::<String>();
    let machine = summary.machine.as_ref().map_or_else(String::new, |machine| {
        format!(", {}, {} MiB", counted(u64::from(machine.cpus), "CPU"), machine.memory >> 20)
    });
    let name = if header.hostname.is_empty() { "unknown" } else { &header.hostname };
    line!(out, "Host", "{}{system}{machine}", visible(name));
    if header.boot_ts > 0 {
        line!(out, "Booted", "{}", iso(header.boot_ts));
    }
}

fn recorder(out: &mut String, header: &Header) {
    for (label, text) in [
        ("Zone", &header.zone.name),
        ("Written by", &header.writer),
        ("Command", &header.command.join(" ")),
        ("Filter", &header.filter),
        ("Made from", &header.source),
        ("Redacted", &header.redaction),
        ("Recorded by", &header.coverage),
    ] {
        if !text.is_empty() {
            line!(out, label, "{}", visible(text));
        }
    }
    if header.snaplen > 0 {
        line!(out, "Snaplen", "{} bytes", header.snaplen);
    }
}

fn sizes(out: &mut String, summary: &Summary) {
    let totals = &summary.totals;
    let events = totals.events.max(1) as f64;
    let ratio = |part: u64| part as f64 * 100.0 / totals.raw_bytes.max(1) as f64;
    if let Some(bytes) = summary.file_bytes {
        let each = bytes as f64 / events;
        line!(
            out,
            "Size",
            "{bytes} bytes, {:.1} % of the scap size ({} bytes), {each:.1} bytes per event",
            ratio(bytes),
            totals.raw_bytes
        );
    }
    let Some(native) = &summary.native else { return };
    line!(out, "Chunks", "{}, descriptors of {} bytes", totals.chunks, totals.descriptor_bytes);
    let share = totals.keyframe_bytes as f64 * 100.0 / summary.file_bytes.unwrap_or(0).max(1) as f64;
    line!(
        out,
        "Keyframes",
        "{}, {}, {} bytes ({share:.1} % of the file), state engine {}",
        counted(totals.deltas, "delta"),
        counted(totals.snapshots, "snapshot"),
        totals.keyframe_bytes,
        summary.header.engine
    );
    if native.column_chunks > 0 {
        let groups: Vec<String> =
            native.column_groups().iter().map(|(group, bytes)| format!("{} {bytes}", group.name())).collect();
        line!(out, "In columns", "{}; bytes: {}", counted(native.column_chunks, "chunk"), groups.join(", "));
    }
    let seal = native.seal.map_or_else(|| "none: the trace was not closed".to_owned(), |seal| hex(&seal));
    line!(out, "Seal", "{seal}");
    if native.indexed {
        line!(out, "Figures", "from the index; 'tercel verify' proves them by the events");
    }
}

/// Text of a capture, safe for a terminal.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// How many containers and gaps are printed; JSON has more.
const LISTED: usize = 20;

fn containers(out: &mut String, summary: &Summary) {
    for (index, container) in summary.containers.values().take(LISTED).enumerate() {
        let label = if index == 0 { "Containers" } else { "" };
        let text = |bytes: &[u8]| visible(&String::from_utf8_lossy(bytes));
        let (id, name, kind) = (text(&container.id), text(&container.name), text(&container.kind));
        line!(out, label, "{id:<12} {name}, image {}, {kind}", text(&container.image));
    }
    if summary.containers.len() > LISTED {
        line!(out, "", "and {} more", summary.containers.len() - LISTED);
    }
    if summary.unsearched > 0 {
        line!(out, "", "{} not searched for more", counted(summary.unsearched, "chunk"));
    }
}

fn drops(out: &mut String, summary: &Summary) {
    let totals = &summary.totals;
    if totals.dropped == 0 && totals.drops() == 0 {
        line!(out, "Drops", "none");
        return;
    }
    line!(
        out,
        "Drops",
        "{} lost, {}",
        counted(totals.dropped, "event"),
        counted(totals.drops(), "drop event")
    );
    for gap in summary.gaps.iter().take(LISTED) {
        let (from, to) = (iso(gap.from), iso(gap.to));
        let until = if from == to { String::new() } else { format!(" to {to}") };
        line!(
            out,
            "",
            "{from}{until}: {} lost, {}",
            counted(gap.lost, "event"),
            counted(gap.told, "drop event")
        );
    }
    if summary.gaps.len() > LISTED {
        line!(out, "", "and more");
    }
}
