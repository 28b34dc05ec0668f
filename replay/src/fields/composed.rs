//! Values that are put together from what is known of a process: its command line, lists, variables, times. Parts enter, a
//! value leaves; which field wants it is not known here.

use super::{Context, Scratch, Value, elements};
use crate::state::Image;

/// Ids beyond what a host hands out are not shown (reference state 9.33).
pub(super) fn shown_id<'a>(id: i64) -> Option<Value<'a>> {
    (-1..=i64::from(u32::MAX)).contains(&id).then_some(Value::Int(id))
}

/// Time from `start` to the event; it wraps as the reference's unsigned difference does.
pub(super) fn since<'a>(cx: &Context<'_>, start: u64) -> Value<'a> {
    Value::Uint(cx.event.ts.wrapping_sub(start))
}

/// A text that `push` puts together.
pub(super) fn composed(scratch: &mut Scratch, push: impl FnOnce(&mut Vec<u8>)) -> Option<Value<'_>> {
    scratch.text.clear();
    push(&mut scratch.text);
    Value::text(&scratch.text)
}

/// Appends name and arguments.
pub(super) fn push_command_line(out: &mut Vec<u8>, image: &Image) {
    out.extend_from_slice(&image.comm);
    for argument in elements(&image.args) {
        out.push(b' ');
        out.extend_from_slice(argument);
    }
}

/// Appends the elements of a list with a space between.
pub(super) fn push_joined(out: &mut Vec<u8>, list: &[u8]) {
    for (index, element) in elements(list).enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(element);
    }
}

/// The value of an environment variable without the spaces around it; nothing if it is unset or empty (reference
/// state 9.29).
pub(super) fn variable<'a>(environment: &'a [u8], name: &str) -> &'a [u8] {
    let value = |element: &'a [u8]| element.strip_prefix(name.as_bytes())?.strip_prefix(b"=");
    let found = elements(environment).filter_map(value).find(|value| !value.is_empty()).unwrap_or_default();
    let start = found.iter().position(|byte| *byte != b' ').unwrap_or(found.len());
    let end = found.iter().rposition(|byte| *byte != b' ').map_or(start, |last| last + 1);
    &found[start..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_found_and_trimmed() {
        let environment = b"A=1\0AB=  two words \0EMPTY=\0EMPTY=second\0SPACES=   \0";
        let rows: [(&str, &[u8]); 7] = [
            ("A", b"1"),
            ("AB", b"two words"),
            ("EMPTY", b"second"),
            ("SPACES", b""),
            ("NOSUCH", b""),
            ("", b""),
            ("A=1", b""),
        ];
        for (name, expected) in rows {
            assert_eq!(variable(environment, name), expected, "{name}");
        }
    }

    #[test]
    fn lists_are_joined_as_the_reference_splits_them() {
        let rows: [(&[u8], &[u8]); 5] =
            [(b"", b""), (b"\0", b""), (b"a\0b\0", b"a b"), (b"a\0\0", b"a "), (b"a\0\0b", b"a  b")];
        for (list, expected) in rows {
            let mut out = Vec::new();
            push_joined(&mut out, list);
            assert_eq!(out, expected, "{list:?}");
        }
    }
}
