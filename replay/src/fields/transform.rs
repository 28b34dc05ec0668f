//! Functions on values (reference language 6): a transformer with its arguments enters, its value leaves. A value is
//! missing where any part of it is.

use tercel_format::until_nul;
use tercel_rules::program::{Operand, Source, Transformer};

use super::print::{push_value, sanitize};
use super::{Context, Scratch, Value};

/// A value that owns what it shows, so that its parts can be made in the same memory one after the other.
#[derive(Debug, Clone, PartialEq)]
enum Owned {
    Text(Vec<u8>),
    Bytes(Vec<u8>),
    Number(u64),
    List(Vec<Box<[u8]>>),
}

/// The value of a transformer or of a list of values.
pub(super) fn value<'a>(cx: &Context<'a>, operand: &Operand, scratch: &'a mut Scratch) -> Option<Value<'a>> {
    let owned = evaluate(cx, operand, scratch, false)?;
    Some(keep(owned, scratch))
}

/// The value of a transformer as outputs show it: the values that it is made of are printable (see
/// [`sanitize`]), the result is as it comes, up to its first NUL.
pub(super) fn shown<'a>(cx: &Context<'a>, operand: &Operand, scratch: &'a mut Scratch) -> Option<Value<'a>> {
    let owned = evaluate(cx, operand, scratch, true)?;
    Some(match keep(owned, scratch) {
        Value::Text(text) => Value::Text(until_nul(text)),
        value => value,
    })
}

fn keep(owned: Owned, scratch: &mut Scratch) -> Value<'_> {
    match owned {
        Owned::Text(text) => {
            scratch.text = text;
            Value::Text(&scratch.text)
        }
        Owned::Bytes(bytes) => {
            scratch.text = bytes;
            Value::Bytes(&scratch.text)
        }
        Owned::Number(number) => Value::Uint(number),
        Owned::List(list) => {
            scratch.list = list;
            Value::List(&scratch.list)
        }
    }
}

fn evaluate(cx: &Context<'_>, operand: &Operand, scratch: &mut Scratch, printable: bool) -> Option<Owned> {
    match &operand.source {
        Source::Text(text) => Some(Owned::Text(text.to_vec())),
        Source::Field(_) => {
            let value = super::value(cx, operand, scratch)?;
            Some(own(value, operand, printable))
        }
        Source::List(parts) => {
            let mut list = Vec::new();
            for part in parts {
                match evaluate(cx, part, scratch, printable)? {
                    Owned::Text(text) | Owned::Bytes(text) => list.push(text.into()),
                    Owned::Number(number) => list.push(number.to_string().into_bytes().into()),
                    Owned::List(more) => list.extend(more),
                }
            }
            Some(Owned::List(list))
        }
        Source::Transform(transformer, parts) => {
            let mut values = Vec::with_capacity(parts.len());
            for part in parts {
                values.push(evaluate(cx, part, scratch, printable)?);
            }
            apply(transformer, values)
        }
    }
}

/// A copy of a field's value; numbers become the text that an output would show.
fn own(value: Value<'_>, operand: &Operand, printable: bool) -> Owned {
    match value {
        Value::Text(text) if printable => {
            let mut out = Vec::with_capacity(text.len());
            sanitize(&mut out, text);
            Owned::Text(out)
        }
        Value::Text(text) => Owned::Text(text.to_vec()),
        Value::Bytes(bytes) => Owned::Bytes(bytes.to_vec()),
        Value::List(list) => Owned::List(list.to_vec()),
        Value::Int(_) | Value::Uint(_) | Value::Bool(_) | Value::Double(_) | Value::Ip(_) => {
            let mut out = Vec::new();
            push_value(&mut out, value, operand.ty, operand.format);
            Owned::Text(out)
        }
    }
}

fn apply(transformer: &Transformer, mut values: Vec<Owned>) -> Option<Owned> {
    match transformer {
        Transformer::ToLower => each(values.pop()?, |text| Some(text.to_ascii_lowercase())),
        Transformer::ToUpper => each(values.pop()?, |text| Some(text.to_ascii_uppercase())),
        Transformer::Basename => {
            each(values.pop()?, |text| Some(text.rsplit(|byte| *byte == b'/').next()?.to_vec()))
        }
        Transformer::Base64 => each(values.pop()?, decode_base64),
        Transformer::Len => Some(Owned::Number(match values.pop()? {
            Owned::List(list) => list.len() as u64,
            Owned::Text(text) => until_nul(&text).len() as u64,
            Owned::Bytes(bytes) => bytes.len() as u64,
            Owned::Number(_) => return None,
        })),
        Transformer::Join => {
            let (Owned::List(list), separator) = (values.pop()?, text_of(values.pop()?)?) else {
                return None;
            };
            let parts: Vec<&[u8]> = list.iter().map(|part| until_nul(part)).collect();
            Some(Owned::Text(parts.join(&separator[..])))
        }
        Transformer::Concat => {
            let mut out = Vec::new();
            for value in values {
                out.extend_from_slice(until_nul(&text_of(value)?));
            }
            Some(Owned::Text(out))
        }
        Transformer::Getopt(wanted) => {
            let options = text_of(values.pop()?)?;
            let Owned::List(arguments) = values.pop()? else { return None };
            getopt(&arguments, &options, *wanted)
        }
    }
}

fn text_of(value: Owned) -> Option<Vec<u8>> {
    match value {
        Owned::Text(text) | Owned::Bytes(text) => Some(text),
        Owned::Number(number) => Some(number.to_string().into_bytes()),
        Owned::List(_) => None,
    }
}

/// Applies a function to a text or to each of a list, without NULs at the end (reference language 6.1).
fn each(value: Owned, function: impl Fn(&[u8]) -> Option<Vec<u8>>) -> Option<Owned> {
    let apply = |text: &[u8]| {
        let end = text.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        function(&text[..end])
    };
    Some(match value {
        Owned::Text(text) => Owned::Text(apply(&text)?),
        Owned::Bytes(bytes) => Owned::Bytes(apply(&bytes)?),
        Owned::Number(_) => return None,
        Owned::List(list) => {
            let list: Option<Vec<_>> =
                list.iter().map(|text| apply(text).map(Vec::into_boxed_slice)).collect();
            Owned::List(list?)
        }
    })
}

/// Decodes base64 with or without padding; bits that are left over must be zero.
fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    let text = text.strip_suffix(b"=").map_or(text, |text| text.strip_suffix(b"=").unwrap_or(text));
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut held) = (0u32, 0u32);
    for byte in text {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(digit)) & 0xfff;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    let left_over = bits & ((1 << held) - 1);
    (text.len() % 4 != 1 && left_over == 0).then_some(out)
}

/// `getopt(list, options)`: short options as POSIX reads them, each followed by its value where it takes one; with an
/// option in brackets the last value of that option (reference language 6.6, 6.7).
fn getopt(arguments: &[Box<[u8]>], options: &[u8], wanted: Option<u8>) -> Option<Owned> {
    let mut found: Vec<Box<[u8]>> = Vec::new();
    let mut last: Option<Box<[u8]>> = None;
    let mut emit = |name: &[u8], value: Option<&[u8]>| match wanted {
        Some(_) => last = Some(value.unwrap_or(name).into()),
        None => found.extend(std::iter::once(name).chain(value).map(Box::from)),
    };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let argument: &[u8] = argument;
        if argument == b"--" || argument.len() < 2 || !argument.starts_with(b"-") {
            break;
        }
        if argument.starts_with(b"--") {
            continue;
        }
        for (index, option) in argument.iter().enumerate().skip(1) {
            let asked = wanted.is_none_or(|wanted| wanted == *option);
            let name = &argument[index..=index];
            match takes_value(options, *option) {
                None if wanted.is_none() => emit(b"?", None),
                None => {}
                Some(false) if asked => emit(name, None),
                Some(false) => {}
                Some(true) => {
                    let attached = argument.get(index + 1..).filter(|value| !value.is_empty());
                    let value = attached.or_else(|| rest.next().map(|value| &**value));
                    match value {
                        Some(value) if asked => emit(name, Some(value)),
                        None if asked => emit(b"", None),
                        _ => {}
                    }
                    break;
                }
            }
        }
    }
    match wanted {
        Some(_) => last.map(|value| Owned::Text(value.into_vec())),
        None => Some(Owned::List(found)),
    }
}

/// Whether an option takes a value; `None` if there is no such option. An option that is listed twice takes one when
/// either does.
fn takes_value(options: &[u8], option: u8) -> Option<bool> {
    if option == b':' {
        return None;
    }
    let places = options.iter().enumerate().filter(|(_, listed)| **listed == option);
    places.map(|(place, _)| options.get(place + 1) == Some(&b':')).reduce(|a, b| a || b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(elements: &[&str]) -> Vec<Box<[u8]>> {
        elements.iter().map(|element| element.as_bytes().into()).collect()
    }

    fn text(text: &str) -> Owned {
        Owned::Text(text.as_bytes().to_vec())
    }

    #[test]
    fn base64_is_decoded() {
        let rows: [(&str, Option<&str>); 9] = [
            ("", Some("")),
            ("Zg==", Some("f")),
            ("Zg", Some("f")),
            ("Zm9v", Some("foo")),
            ("Zm9vYg=", Some("foob")),
            ("Zm9", None),
            ("Z", None),
            ("Zm 9v", None),
            ("====", None),
        ];
        for (encoded, expected) in rows {
            let decoded = decode_base64(encoded.as_bytes());
            assert_eq!(decoded.as_deref(), expected.map(str::as_bytes), "{encoded}");
        }
    }

    #[test]
    fn options_are_found() {
        type Row<'a> = (&'a [&'a str], &'a str, Option<u8>, Option<Owned>);
        let rows: [Row<'_>; 9] = [
            (&["-n", "-t", "5", "file"], "nt:", None, Some(Owned::List(list(&["n", "t", "5"])))),
            (&["-nt5"], "nt:", None, Some(Owned::List(list(&["n", "t", "5"])))),
            (&["--long", "-x", "-n"], "n", None, Some(Owned::List(list(&["?", "n"])))),
            (&["file", "-n"], "n", None, Some(Owned::List(list(&[])))),
            (&["--", "-n"], "n", None, Some(Owned::List(list(&[])))),
            (&["-t"], "t:", None, Some(Owned::List(list(&[""])))),
            (&["-t1", "-t2"], "t:", Some(b't'), Some(text("2"))),
            (&["-n"], "nt:", Some(b't'), None),
            (&["-n"], "n", Some(b'n'), Some(text("n"))),
        ];
        for (arguments, options, wanted, expected) in rows {
            assert_eq!(getopt(&list(arguments), options.as_bytes(), wanted), expected, "{arguments:?}");
        }
    }

    #[test]
    fn texts_are_transformed() {
        let rows = [
            (Transformer::ToUpper, vec![text("aB/c")], Some(text("AB/C"))),
            (Transformer::ToLower, vec![text("aB/c")], Some(text("ab/c"))),
            (Transformer::Basename, vec![text("/usr/bin/cat")], Some(text("cat"))),
            (Transformer::Basename, vec![text("cat")], Some(text("cat"))),
            (Transformer::Basename, vec![text("dir/")], Some(text(""))),
            (Transformer::Len, vec![text("abc")], Some(Owned::Number(3))),
            (Transformer::Len, vec![Owned::List(list(&["a", "b"]))], Some(Owned::Number(2))),
            (Transformer::Len, vec![Owned::Bytes(b"a\0b".to_vec())], Some(Owned::Number(3))),
            (Transformer::Join, vec![text(", "), Owned::List(list(&["a", "b"]))], Some(text("a, b"))),
            (Transformer::Concat, vec![text("a"), text("b"), text("c")], Some(text("abc"))),
            (Transformer::Base64, vec![text("not base64!")], None),
        ];
        for (transformer, values, expected) in rows {
            assert_eq!(apply(&transformer, values), expected, "{transformer:?}");
        }
    }
}
