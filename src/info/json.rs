//! What is known of a capture, as JSON.

use serde_json::{Value, json};
use tercel_replay::state::Container;

use super::{Facts, Gap, iso};

/// The facts as an object.
pub(super) fn of(facts: &Facts) -> Value {
    let totals = &facts.totals;
    let time = |ts: Option<u64>| ts.map(iso);
    let share = |part: u64, of: u64| (of > 0).then(|| part as f64 / of as f64);
    let mut value = json!({
        "name": facts.name,
        "format": facts.kind,
        "file_bytes": facts.file_bytes,
        "scap_bytes": totals.raw_bytes,
        "ratio": facts.file_bytes.and_then(|bytes| share(bytes, totals.raw_bytes)),
        "bytes_per_event": facts.file_bytes.and_then(|bytes| share(bytes, totals.events)),
        "hostname": facts.header.hostname,
        "kernel": facts.header.kernel,
        "architecture": facts.header.architecture,
        "boot_time": (facts.header.boot_ts > 0).then(|| iso(facts.header.boot_ts)),
        "time_zone": facts.header.zone.name,
        "command": facts.header.command,
        "filter": facts.header.filter,
        "snaplen": facts.header.snaplen,
        "writer": facts.header.writer,
        "source": facts.header.source,
        "redaction": facts.header.redaction,
        "cpus": facts.machine.as_ref().map(|machine| machine.cpus),
        "memory_bytes": facts.machine.as_ref().map(|machine| machine.memory),
        "sections": totals.sections,
        "processes_at_start": facts.processes,
        "programs_executed": facts.executed(),
        "containers": facts.containers.values().map(container).collect::<Vec<_>>(),
        "chunks_not_searched_for_containers": facts.unsearched,
        "first": time(totals.span.map(|span| span.0)),
        "last": time(totals.span.map(|span| span.1)),
        "first_ns": totals.span.map(|span| span.0),
        "last_ns": totals.span.map(|span| span.1),
        "events": totals.events,
        "events_dropped": totals.dropped,
        "drop_events": totals.drops(),
        "drops": facts.gaps.iter().map(gap).collect::<Vec<_>>(),
        "events_by_type": facts.types().into_iter().map(|(name, count)| json!([name, count])).collect::<Vec<_>>(),
        "damage": facts.damage,
    });
    if let (Some(native), Some(object)) = (&facts.native, value.as_object_mut()) {
        let chunks = json!({
            "seal": native.seal,
            "indexed": native.indexed,
            "chunks": totals.chunks,
            "data_bytes": totals.data_bytes,
            "keyframe_bytes": totals.keyframe_bytes,
            "keyframe_share": share(totals.keyframe_bytes, facts.file_bytes.unwrap_or(0)),
            "descriptor_bytes": totals.descriptor_bytes,
            "deltas": totals.deltas,
            "snapshots": totals.snapshots,
            "state_engine": facts.header.engine,
        });
        object.insert("native".to_owned(), chunks);
    }
    value
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
