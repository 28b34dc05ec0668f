//! Fields of the processes that led to one, as they were when each started the next.

use tercel_rules::fields::Arg;

use super::composed::{push_command_line, shown_id};
use super::{Context, Scratch, Shown, Value};
use crate::state::{Ancestor, Thread};

/// What stands where processes were left out.
const CUT: &[u8] = b"...";

/// What a field shows of the nth process of the chain, 0 being the process itself and 1 the one that started it; of all but the
/// process itself without a number, the eldest first.
pub(super) fn value<'a>(
    thread: &'a Thread,
    shown: Shown,
    arg: &Arg,
    scratch: &'a mut Scratch,
) -> Option<Value<'a>> {
    match (arg, shown) {
        (Arg::Index(0), Shown::Pid) => shown_id(thread.pid),
        (Arg::Index(0), _) => {
            let text = match shown {
                Shown::Name => &thread.image.comm,
                Shown::Exepath => &thread.image.exepath,
                _ => {
                    scratch.text.clear();
                    push_command_line(&mut scratch.text, &thread.image);
                    return Value::text(&scratch.text);
                }
            };
            Some(Value::Text(text))
        }
        (Arg::Index(n), _) => {
            let n = usize::try_from(*n).ok()?;
            Some(one(thread.lineage()?.chain().nth(n - 1)?, shown, &mut scratch.text))
        }
        (Arg::None | Arg::Key(_), Shown::Pid) => shown_id(thread.lineage()?.pid),
        (Arg::None | Arg::Key(_), _) => joined(thread, shown, scratch),
    }
}

/// Calls `visit` with the value of each process of the chain, nearest first, until it answers `true`.
pub(super) fn visit(
    cx: &Context<'_>,
    shown: Shown,
    scratch: &mut Scratch,
    visit: &mut dyn FnMut(Value<'_>) -> bool,
) -> Option<bool> {
    let nearest = cx.thread()?.lineage()?;
    Some(nearest.chain().any(|ancestor| visit(one(ancestor, shown, &mut scratch.text))))
}

fn one<'a>(ancestor: &'a Ancestor, shown: Shown, out: &'a mut Vec<u8>) -> Value<'a> {
    match shown {
        Shown::Pid => Value::Int(ancestor.pid),
        Shown::Name => Value::Text(&ancestor.image.comm),
        Shown::Exe => Value::Text(&ancestor.image.exe),
        Shown::Exepath => Value::Text(&ancestor.image.exepath),
        Shown::CommandLine | Shown::Arguments | Shown::Environment => {
            out.clear();
            push_command_line(out, &ancestor.image);
            Value::Text(out)
        }
    }
}

fn joined<'a>(thread: &Thread, shown: Shown, scratch: &'a mut Scratch) -> Option<Value<'a>> {
    let Scratch { text, part, .. } = scratch;
    text.clear();
    let mut chain: Vec<&Ancestor> = thread.lineage()?.chain().collect();
    while let Some(ancestor) = chain.pop() {
        if !text.is_empty() {
            text.push(b'>');
        }
        if ancestor.is_cut {
            text.extend_from_slice(CUT);
            text.push(b'>');
        }
        if let Value::Text(value) = one(ancestor, shown, part) {
            text.extend_from_slice(value);
        }
    }
    Value::text(text)
}
