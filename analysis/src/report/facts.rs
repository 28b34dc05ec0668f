//! What a capture is, and where it is blind.

use serde::Serialize;

use crate::summary::Summary;
use crate::tables::Table;

use super::rows::Rows;
use super::visible::visible;
use super::{Clock, Reported, counted, duration, size};

/// Bytes of a buffer below which data are said to be cut short.
const SHORT: u32 = 1024;

/// Facts about a capture.
#[derive(Debug, Serialize)]
pub(super) struct Facts {
    name: String,
    host: String,
    /// First and last event, nanoseconds since the epoch.
    #[serde(skip)]
    pub(super) span: (u64, u64),
    from: String,
    to: String,
    duration: String,
    events: u64,
    processes: usize,
    /// Further facts: what, and its value.
    more: Vec<(&'static str, String)>,
    /// Why something may have happened that is not in the report.
    blind: Vec<String>,
}

impl Facts {
    pub(super) fn of(capture: &Reported<'_>, clock: &Clock) -> Facts {
        let Summary { header, totals, machine, .. } = capture.summary;
        let span = totals.span.unwrap_or_default();
        let text = |text: &str| visible(text.as_bytes());
        let machine = machine.as_ref();
        let more = [
            ("Kernel", text(&format!("{} {}", header.kernel, header.architecture))),
            ("CPUs", machine.map_or(String::new(), |machine| machine.cpus.to_string())),
            ("Memory", machine.map_or(String::new(), |machine| size(machine.memory))),
            ("Booted", if header.boot_ts == 0 { String::new() } else { clock.date(header.boot_ts) }),
            ("Recorded by", text(&header.writer)),
            ("Command", text(&header.command.join(" "))),
            ("Filter", text(&header.filter)),
            ("Made from", text(&header.source)),
            ("Kind", capture.summary.kind.to_owned()),
            ("Size", capture.summary.file_bytes.map_or(String::new(), size)),
        ];
        Facts {
            name: text(capture.name),
            host: if header.hostname.is_empty() { "unknown host".to_owned() } else { text(&header.hostname) },
            span,
            from: clock.date(span.0),
            to: clock.date(span.1),
            duration: duration(span.1.saturating_sub(span.0)),
            events: totals.events,
            processes: Rows::of(capture.answer, Table::Processes).rows.len(),
            more: more.into_iter().filter(|(_, value)| !value.trim().is_empty()).collect(),
            blind: blind(capture),
        }
    }
}

fn blind(capture: &Reported<'_>) -> Vec<String> {
    let summary = capture.summary;
    let mut blind = Vec::new();
    let drops = Rows::of(capture.answer, Table::Drops);
    let lost: u64 = drops.rows.iter().map(|row| drops.number(row, "lost")).sum();
    let lost = lost.max(summary.totals.dropped);
    if lost > 0 {
        let places = counted(drops.rows.len().max(summary.gaps.len()) as u64, "place");
        blind.push(format!("The recorder lost {} in {places}.", counted(lost, "event")));
    }
    let damage = capture.damage.iter();
    blind.extend(damage.take(5).map(|damage| format!("Damaged: {}", visible(damage.as_bytes()))));
    if capture.damage.len() > 5 {
        blind.push(format!("{} more damaged places.", capture.damage.len() - 5));
    }
    let header = &summary.header;
    if (1..SHORT).contains(&header.snaplen) {
        blind.push(format!("Of each read and write {} bytes were kept.", header.snaplen));
    }
    if !header.filter.is_empty() {
        blind.push("Only events that the recorder's filter let pass are in the capture.".to_owned());
    }
    if !header.redaction.is_empty() {
        blind.push("The capture was redacted.".to_owned());
    }
    let unknown = Rows::of(capture.answer, Table::Processes);
    let unknown = unknown.rows.iter().filter(|row| unknown.text(row, "cmdline").is_empty()).count();
    if unknown > 0 {
        blind.push(format!("{} without a known command line.", counted(unknown as u64, "process")));
    }
    blind
}
