//! The facts about a capture as JSON.

use serde_json::{Value, json};
use tercel_analysis::summary::{Gap, Summary};
use tercel_format::columns::ColumnSize;
use tercel_replay::state::Container;

use super::{LARGEST, iso};
use crate::verify::hex;

/// The summary as an object.
pub(super) fn of(name: &str, summary: &Summary, with_columns: bool) -> Value {
    let totals = &summary.totals;
    let time = |ts: Option<u64>| ts.map(iso);
    let share = |part: u64, of: u64| (of > 0).then(|| part as f64 / of as f64);
    let mut value = json!({
        "name": name,
        "format": summary.kind,
        "file_bytes": summary.file_bytes,
        "scap_bytes": totals.raw_bytes,
        "ratio": summary.file_bytes.and_then(|bytes| share(bytes, totals.raw_bytes)),
        "bytes_per_event": summary.file_bytes.and_then(|bytes| share(bytes, totals.events)),
        "hostname": summary.header.hostname,
        "kernel": summary.header.kernel,
        "architecture": summary.header.architecture,
        "boot_time": (summary.header.boot_ts > 0).then(|| iso(summary.header.boot_ts)),
        "time_zone": summary.header.zone.name,
        "command": summary.header.command,
        "filter": summary.header.filter,
        "snaplen": summary.header.snaplen,
        "writer": summary.header.writer,
        "source": summary.header.source,
        "redaction": summary.header.redaction,
        "coverage": summary.header.coverage,
        "cpus": summary.machine.as_ref().map(|machine| machine.cpus),
        "memory_bytes": summary.machine.as_ref().map(|machine| machine.memory),
        "sections": totals.sections,
        "processes_at_start": summary.processes,
        "programs_executed": summary.executed(),
        "containers": summary.containers.values().map(container).collect::<Vec<_>>(),
        "chunks_not_searched_for_containers": summary.unsearched,
        "first": time(totals.span.map(|span| span.0)),
        "last": time(totals.span.map(|span| span.1)),
        "first_ns": totals.span.map(|span| span.0),
        "last_ns": totals.span.map(|span| span.1),
        "events": totals.events,
        "events_dropped": totals.dropped,
        "drop_events": totals.drops(),
        "drops": summary.gaps.iter().map(gap).collect::<Vec<_>>(),
        "events_by_type": summary.types().into_iter().map(|(name, count)| json!([name, count])).collect::<Vec<_>>(),
        "damage": summary.damage,
    });
    if let (Some(native), Some(object)) = (&summary.native, value.as_object_mut()) {
        let mut chunks = json!({
            "seal": native.seal.map(|seal| hex(&seal)),
            "indexed": native.indexed,
            "chunks": totals.chunks,
            "data_bytes": totals.data_bytes,
            "keyframe_bytes": totals.keyframe_bytes,
            "keyframe_share": share(totals.keyframe_bytes, summary.file_bytes.unwrap_or(0)),
            "descriptor_bytes": totals.descriptor_bytes,
            "deltas": totals.deltas,
            "snapshots": totals.snapshots,
            "state_engine": summary.header.engine,
            "column_chunks": native.column_chunks,
            "column_groups": native.column_groups().into_iter().map(|(group, bytes)| json!([group.name(), bytes]))
                .collect::<Vec<_>>(),
        });
        if let (true, Some(chunks)) = (with_columns, chunks.as_object_mut()) {
            let largest = native.columns.iter().take(LARGEST).map(column).collect();
            chunks.insert("columns".to_owned(), Value::Array(largest));
        }
        object.insert("native".to_owned(), chunks);
    }
    value
}

fn column(column: &ColumnSize) -> Value {
    json!({
        "event": column.event.map(|(_, name)| name),
        "name": column.name,
        "values": column.count,
        "unpacked_bytes": column.unpacked,
        "bytes": column.packed,
    })
}

fn container(container: &Container) -> Value {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    json!({
        "id": text(&container.id),
        "name": text(&container.name),
        "image": text(&container.image),
        "type": text(&container.kind),
    })
}

fn gap(gap: &Gap) -> Value {
    json!({ "from": iso(gap.from), "to": iso(gap.to), "events": gap.lost, "drop_events": gap.told })
}
