//! Fields that every event has: number, times, source.

use tercel_format::catalogue::{EventSource, code};
use tercel_rules::fields::GenEventField as G;

use super::nature::Rendering;
use super::{Context, Dependency, Nature, Scratch, Value, time};

/// The value of a field of the class `evt` for all events.
pub(super) fn value<'a>(cx: &Context<'a>, field: G, scratch: &'a mut Scratch) -> Option<Value<'a>> {
    let (event, offset) = (cx.event, scratch.utc_offset(cx.event.ts));
    let since_start = || event.ts.wrapping_sub(cx.state.first_ts());
    let out = &mut scratch.text;
    out.clear();
    match field {
        G::EvtNum => return Some(Value::Uint(event.num)),
        G::EvtRawtime => return Some(Value::Uint(event.ts)),
        G::EvtRawtimeS => return Some(Value::Uint(event.ts / time::SECOND)),
        G::EvtRawtimeNs => return Some(Value::Uint(event.ts % time::SECOND)),
        G::EvtReltime => return Some(Value::Uint(since_start())),
        G::EvtReltimeS => return Some(Value::Uint(since_start() / time::SECOND)),
        G::EvtReltimeNs => return Some(Value::Uint(since_start() % time::SECOND)),
        G::EvtIsAsync => return Some(Value::Bool(is_meta(cx))),
        G::EvtAsynctype => return async_type(cx),
        G::EvtSource => return event_source(cx),
        G::EvtHostname => return Some(Value::Text(&cx.state.machine.hostname)),
        G::EvtTime => time::local(out, event.ts, offset, false, true),
        G::EvtTimeS => time::local(out, event.ts, offset, false, false),
        G::EvtDatetime => time::local(out, event.ts, offset, true, true),
        G::EvtDatetimeS => time::local(out, event.ts, offset, true, false),
        G::EvtTimeIso8601 => time::iso8601(out, event.ts),
        // Plugins that own events are not loaded.
        G::EvtPluginname | G::EvtPlugininfo => return None,
    }
    Value::text(out)
}

/// The row of a field of the class `evt` for all events.
pub(super) fn nature(field: G) -> Nature {
    match field {
        G::EvtTime | G::EvtTimeS | G::EvtTimeIso8601 | G::EvtDatetime | G::EvtDatetimeS => {
            Nature::shown(Rendering::Time)
        }
        G::EvtRawtime
        | G::EvtRawtimeS
        | G::EvtRawtimeNs
        | G::EvtReltime
        | G::EvtReltimeS
        | G::EvtReltimeNs => Nature::shown(Rendering::Number),
        G::EvtNum => Nature { dependency: Dependency::Number, ..Nature::EVENT },
        G::EvtPluginname
        | G::EvtPlugininfo
        | G::EvtSource
        | G::EvtIsAsync
        | G::EvtAsynctype
        | G::EvtHostname => Nature::EVENT,
    }
}

/// Whether the event was made by a program, not by the kernel (reference fields.json `evt.is_async`).
fn is_meta(cx: &Context<'_>) -> bool {
    cx.event.info.source.contains(EventSource::METAEVENT)
}

fn async_type<'a>(cx: &Context<'a>) -> Option<Value<'a>> {
    match cx.event.code() {
        _ if !is_meta(cx) => None,
        code::ASYNCEVENT_E => cx.event.text(1).map(Value::Text),
        _ => Some(Value::Text(cx.event.info.name.as_bytes())),
    }
}

/// Events of plugins belong to a source of the plugin, which is not known without it; all others to `syscall`.
fn event_source<'a>(cx: &Context<'a>) -> Option<Value<'a>> {
    let of_plugin = matches!(cx.event.code(), code::ASYNCEVENT_E | code::PLUGINEVENT_E)
        && cx.event.u32(0).is_some_and(|plugin| plugin != 0);
    (!of_plugin).then_some(Value::Text(b"syscall"))
}
