//! The output of `strace -f -X raw -xx`: text enters, the calls of every thread leave, in the order in which they returned.

use std::collections::HashMap;

/// A call as strace shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub name: String,
    pub args: Vec<Arg>,
    /// What the kernel returned; `None` if the call did not return.
    pub ret: Option<i64>,
}

/// An argument.
#[derive(Debug, Clone, PartialEq)]
pub enum Arg {
    Number(i64),
    Bytes(Vec<u8>),
    /// A structure, an array or what else there is, as text.
    Other(String),
}

/// Names of the errors that strace shows, with the kernel's numbers (asm-generic/errno.h, linux/errno.h).
#[rustfmt::skip]
const ERRORS: [(&str, i64); 67] = [
    ("EPERM", 1), ("ENOENT", 2), ("ESRCH", 3), ("EINTR", 4), ("EIO", 5), ("ENXIO", 6), ("E2BIG", 7), ("ENOEXEC", 8),
    ("EBADF", 9), ("ECHILD", 10), ("EAGAIN", 11), ("ENOMEM", 12), ("EACCES", 13), ("EFAULT", 14), ("ENOTBLK", 15),
    ("EBUSY", 16), ("EEXIST", 17), ("EXDEV", 18), ("ENODEV", 19), ("ENOTDIR", 20), ("EISDIR", 21), ("EINVAL", 22),
    ("ENFILE", 23), ("EMFILE", 24), ("ENOTTY", 25), ("ETXTBSY", 26), ("EFBIG", 27), ("ENOSPC", 28), ("ESPIPE", 29),
    ("EROFS", 30), ("EMLINK", 31), ("EPIPE", 32), ("ERANGE", 34), ("EDEADLK", 35), ("ENAMETOOLONG", 36), ("ENOSYS", 38),
    ("ENOTEMPTY", 39), ("ELOOP", 40), ("ENODATA", 61), ("EPROTO", 71), ("EOVERFLOW", 75), ("ENOTSOCK", 88),
    ("EDESTADDRREQ", 89), ("EMSGSIZE", 90), ("ENOPROTOOPT", 92), ("EPROTONOSUPPORT", 93), ("EOPNOTSUPP", 95),
    ("EAFNOSUPPORT", 97), ("EADDRINUSE", 98), ("EADDRNOTAVAIL", 99), ("ENETUNREACH", 101), ("ECONNABORTED", 103),
    ("ECONNRESET", 104), ("EISCONN", 106), ("ENOTCONN", 107), ("ETIMEDOUT", 110), ("ECONNREFUSED", 111),
    ("EHOSTUNREACH", 113), ("EALREADY", 114), ("EINPROGRESS", 115), ("ESTALE", 116), ("ECANCELED", 125), ("ENOKEY", 126),
    ("ERESTARTSYS", 512), ("ERESTARTNOINTR", 513), ("ERESTARTNOHAND", 514), ("ERESTART_RESTARTBLOCK", 516),
];

/// All calls by thread.
pub fn calls(text: &str) -> HashMap<i64, Vec<Call>> {
    let mut calls: HashMap<i64, Vec<Call>> = HashMap::new();
    // Calls that another thread's line interrupted.
    let mut begun: HashMap<i64, String> = HashMap::new();
    for line in text.lines() {
        let Some((tid, rest)) = line.split_once(' ') else { continue };
        let Ok(tid) = tid.parse() else { continue };
        let rest = rest.trim_start();
        let whole = if let Some(start) = rest.strip_suffix("<unfinished ...>") {
            begun.insert(tid, start.to_owned());
            continue;
        } else if let Some((_, end)) = rest.split_once(" resumed>").filter(|_| rest.starts_with("<... ")) {
            begun.remove(&tid).unwrap_or_default() + end
        } else {
            rest.to_owned()
        };
        if let Some(call) = call(&whole) {
            calls.entry(tid).or_default().push(call);
        }
    }
    calls
}

/// `name(arguments) = result`; other lines are about signals and exits.
fn call(line: &str) -> Option<Call> {
    if line.starts_with(['-', '+']) {
        return None;
    }
    let (name, rest) = line.split_once('(')?;
    // Strings are in hexadecimal: nothing in them looks like the end of the call.
    let (args, ret) =
        rest.rsplit_once(" = ").filter(|(args, _)| args.trim_end().ends_with(')')).or_else(|| {
            // A result with a comment may itself hold the sign.
            let at = rest.find(") ")?;
            let (args, ret) = rest.split_at(at + 1);
            Some((args, ret.trim_start().strip_prefix("= ")?))
        })?;
    let args = args.trim_end().strip_suffix(')')?;
    Some(Call { name: name.to_owned(), args: arguments(args), ret: result(ret) })
}

fn result(text: &str) -> Option<i64> {
    let mut words = text.split_ascii_whitespace();
    let first = words.next()?;
    let name = words.next().filter(|name| name.starts_with('E'));
    let error = name.map(|name| {
        ERRORS.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("the number of {name}"))
    });
    match (first, error) {
        ("-1" | "?", Some((_, number))) => Some(-number),
        ("?", None) => None,
        _ => number(first),
    }
}

/// Decimal, octal or hexadecimal; `NULL` is 0.
fn number(text: &str) -> Option<i64> {
    if text == "NULL" {
        return Some(0);
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return u64::from_str_radix(digits, 16).ok().map(|value| value as i64);
    }
    match text.strip_prefix('0') {
        Some(digits) if !digits.is_empty() => i64::from_str_radix(digits, 8).ok(),
        _ => text.parse().ok().or_else(|| text.parse::<u64>().ok().map(|value| value as i64)),
    }
}

/// Splits at the commas that stand outside of brackets and strings.
fn arguments(text: &str) -> Vec<Arg> {
    let (mut depth, mut quoted, mut start) = (0, false, 0);
    let mut parts = Vec::new();
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'{' | b'[' | b'(' if !quoted => depth += 1,
            b'}' | b']' | b')' if !quoted => depth -= 1,
            b',' if !quoted && depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts.into_iter().map(|part| argument(part.trim())).collect()
}

fn argument(text: &str) -> Arg {
    let bare = text.split(" /* ").next().unwrap_or(text);
    if let Some(number) = number(bare) {
        return Arg::Number(number);
    }
    match text.strip_prefix('"').and_then(|text| text.split_once('"')) {
        Some((digits, "" | "...")) => Arg::Bytes(bytes(digits)),
        _ => Arg::Other(text.to_owned()),
    }
}

/// `\x41\x42`.
pub fn bytes(text: &str) -> Vec<u8> {
    text.split("\\x").skip(1).filter_map(|digits| u8::from_str_radix(digits, 16).ok()).collect()
}

#[test]
fn lines_are_taken_apart() {
    let text = r#"7 openat(-100, "\x2f\x61", 0x80000) = -1 ENOENT (No such file or directory)
7 read(3,  <unfinished ...>
8 futex(0x10, 0x81, 1) = 0
7 <... read resumed>"\x41"..., 017) = 1
7 --- SIGCHLD {si_signo=17} ---
7 exit_group(0) = ?
7 +++ exited with 0 +++
"#;
    let found = calls(text);
    let call = |name: &str, args: Vec<Arg>, ret| Call { name: name.into(), args, ret };
    let expected = vec![
        call("openat", vec![Arg::Number(-100), Arg::Bytes(b"/a".to_vec()), Arg::Number(0x80000)], Some(-2)),
        call("read", vec![Arg::Number(3), Arg::Bytes(b"A".to_vec()), Arg::Number(15)], Some(1)),
        call("exit_group", vec![Arg::Number(0)], None),
    ];
    assert_eq!(found[&7], expected);
    assert_eq!(found[&8].len(), 1);
}
