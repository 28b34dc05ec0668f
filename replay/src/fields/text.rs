//! Operands as text, for outputs (reference language 10.4): an operand enters, bytes are appended. Text is made printable
//! here and nowhere before, so that conditions see what the capture holds.

use tercel_format::catalogue::ParamType;
use tercel_rules::program::{Operand, Source};

use super::nature::{Comparison, Dependency, Rendering};
use super::print::{MISSING, push_ip, push_value, sanitize};
use super::{Buffers, Context, Scratch, Value, nature, parameters, transform, visit};

/// Appends the text of an operand; `<NA>` where it is missing.
pub fn render_text(cx: &Context<'_>, operand: &Operand, out: &mut Vec<u8>, scratch: &mut Scratch) {
    match &operand.source {
        Source::Field(field) => match nature(field).rendering {
            Rendering::Delta(part) => {
                let place = std::ptr::from_ref(operand).addr();
                let delta = scratch.memory.delta_of_output(part, place, cx.event.ts);
                push_value(out, Value::Uint(delta), operand.ty, operand.format);
            }
            Rendering::Count => {
                let count = scratch.memory.count_of_output(std::ptr::from_ref(operand).addr(), 1);
                push_value(out, Value::Uint(count), operand.ty, operand.format);
            }
            Rendering::Buffer => push_buffer(cx, scratch.settings.buffers, out),
            Rendering::RawArgument => push_raw_argument(cx, operand, out),
            Rendering::Value | Rendering::Time | Rendering::Number | Rendering::List => {
                match super::value(cx, operand, scratch) {
                    Some(Value::Text(text)) => sanitize(out, text),
                    Some(value) => push_value(out, value, operand.ty, operand.format),
                    None => out.extend_from_slice(MISSING),
                }
            }
        },
        Source::Text(_) | Source::List(_) | Source::Transform(..) => {
            match transform::shown(cx, operand, scratch) {
                Some(value) => push_value(out, value, operand.ty, operand.format),
                None => out.extend_from_slice(MISSING),
            }
        }
    }
}

/// Values of a field that are shown, if it has several.
const SEVERAL: usize = 16;

/// Appends what a condition compares of an operand: its text; of a field that has several values, such as those of all ancestors or
/// of both ends of a connection, each of them with a comma between. `<NA>` where it is missing.
pub fn render_compared(cx: &Context<'_>, operand: &Operand, out: &mut Vec<u8>, scratch: &mut Scratch) {
    let Source::Field(field) = &operand.source else { return render_text(cx, operand, out, scratch) };
    match nature(field).comparison {
        Comparison::EachAncestor(_) | Comparison::EachForebear(_) | Comparison::EachEnd(_) => {}
        // What counts evaluations is what the condition saw, and not what an output would show next; and outputs show no address
        // that is meant for networks.
        Comparison::One
            if nature(field).dependency == Dependency::Evaluations || operand.ty == ParamType::IpNet =>
        {
            match super::value(cx, operand, scratch) {
                Some(Value::Ip(ip)) => push_ip(out, ip),
                Some(value) => push_value(out, value, operand.ty, operand.format),
                None => out.extend_from_slice(MISSING),
            }
            return;
        }
        Comparison::One | Comparison::Raw | Comparison::Around | Comparison::NameOf(_) => {
            return render_text(cx, operand, out, scratch);
        }
    }
    let mut count = 0;
    let found = visit(cx, field, scratch, &mut |value| {
        if count > 0 {
            out.extend_from_slice(b", ");
        }
        count += 1;
        match value {
            _ if count > SEVERAL => out.extend_from_slice("…".as_bytes()),
            Value::Text(text) => sanitize(out, text),
            Value::Ip(ip) => push_ip(out, ip),
            value => push_value(out, value, operand.ty, operand.format),
        }
        count > SEVERAL
    });
    if found.is_none() || count == 0 {
        out.extend_from_slice(MISSING);
    }
}

/// Appends `evt.buffer`; `NULL` for an empty one.
pub(super) fn push_buffer(cx: &Context<'_>, buffers: Buffers, out: &mut Vec<u8>) {
    match parameters::buffer(cx) {
        Some(b"") => out.extend_from_slice(b"NULL"),
        Some(bytes) => buffers.push_cut(out, bytes),
        None => out.extend_from_slice(MISSING),
    }
}

/// Appends `evt.rawarg.X` by the type of the event's own parameter of that name; an empty number shows as 0.
fn push_raw_argument(cx: &Context<'_>, operand: &Operand, out: &mut Vec<u8>) {
    let Some((value, ty, format)) = parameters::raw_argument(cx, operand) else {
        out.extend_from_slice(MISSING);
        return;
    };
    match value {
        Some(Value::Text(text)) => out.extend_from_slice(text),
        Some(value) => push_value(out, value, ty, format),
        None if ty == ParamType::ByteBuf => {}
        None => out.push(b'0'),
    }
}
