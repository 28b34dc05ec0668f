//! Arguments of events as text (reference state 9.20 to 9.23): a parameter enters, its plain text and, where there is
//! one, its resolved text leave: `res=-2` and `ENOENT`, `fd=3` and `<f>/etc/passwd`.

use tercel_format::catalogue::{DynamicRow, Extra, FlagTable, ParamInfo, ParamType, PrintFormat, code};
use tercel_format::until_nul;

use super::opening::AT_FDCWD;
use super::print::{MISSING, push_general, sanitize};
use super::width::masked;
use super::{Buffers, Context, Scratch, Value, names, parameters, time};
use crate::state::path::concatenate;
use crate::state::{L4, sockets};

/// Longest text of an fd and of a list of fds: the reference's buffer of 1024 bytes less its NUL.
const MAX_TEXT: usize = 1023;

/// Texts of one argument.
struct Texts<'b> {
    plain: &'b mut Vec<u8>,
    resolved: &'b mut Vec<u8>,
    buffers: Buffers,
}

/// Writes the plain text of argument `index` to `scratch.text` and the resolved one to `scratch.part`.
pub(super) fn one(cx: &Context<'_>, index: usize, scratch: &mut Scratch) {
    let offset = scratch.utc_offset(cx.event.ts);
    let Scratch { text, part, settings, .. } = scratch;
    text.clear();
    part.clear();
    describe(cx, index, offset, &mut Texts { plain: text, resolved: part, buffers: settings.buffers });
}

/// `evt.args`: `name=text` or `name=text(resolved)` of every argument; nothing for generic system calls.
pub(super) fn all<'a>(cx: &Context<'a>, scratch: &'a mut Scratch) -> Option<Value<'a>> {
    let offset = scratch.utc_offset(cx.event.ts);
    let Scratch { text, part, settings, .. } = scratch;
    text.clear();
    if cx.event.code() == code::GENERIC_X {
        return Some(Value::Text(b""));
    }
    for (index, param) in parameters::present(cx).iter().enumerate() {
        if index > 0 {
            text.push(b' ');
        }
        text.extend_from_slice(param.name.as_bytes());
        text.push(b'=');
        part.clear();
        describe(cx, index, offset, &mut Texts { plain: text, resolved: part, buffers: settings.buffers });
        if !part.is_empty() {
            text.push(b'(');
            text.extend_from_slice(part);
            text.push(b')');
        }
    }
    Value::text(text)
}

fn describe(cx: &Context<'_>, index: usize, utc_offset: i32, texts: &mut Texts<'_>) {
    let (Some(info), Some(bytes)) = (cx.event.info.params.get(index), cx.event.param(index)) else {
        return;
    };
    match info.ty {
        ParamType::CharBuf => texts.plain.extend_from_slice(cx.event.text(index).unwrap_or(MISSING)),
        ParamType::FsPath | ParamType::FsRelPath => path(cx, index, info, texts),
        ParamType::ByteBuf
        | ParamType::SockTuple
        | ParamType::FdList
        | ParamType::CharBufArray
        | ParamType::CharBufPairArray
        | ParamType::Dyn
            if bytes.is_empty() =>
        {
            texts.plain.extend_from_slice(b"NULL");
        }
        _ if bytes.is_empty() => texts.plain.extend_from_slice(MISSING),
        ParamType::Dyn => dynamic(cx, info, bytes, utc_offset, texts),
        ty => typed(cx, ty, info, bytes, utc_offset, texts),
    }
}

/// A parameter whose first byte is the type of the rest. Numbers print in the format of the parameter, not of the row.
fn dynamic(cx: &Context<'_>, info: &ParamInfo, bytes: &[u8], utc_offset: i32, texts: &mut Texts<'_>) {
    let Extra::Dynamic(rows) = info.extra else { return };
    let Some((first, rest)) = bytes.split_first() else { return };
    match rows.get(usize::from(*first)) {
        Some(DynamicRow { ty: ParamType::CharBuf, .. }) => texts.plain.extend_from_slice(until_nul(rest)),
        Some(row) => typed(cx, row.ty, info, rest, utc_offset, texts),
        None => texts.plain.extend_from_slice(b"INVALID DYNAMIC PARAMETER"),
    }
}

/// A parameter that is not empty, by its type.
fn typed(
    cx: &Context<'_>,
    ty: ParamType,
    info: &ParamInfo,
    bytes: &[u8],
    utc_offset: i32,
    texts: &mut Texts<'_>,
) {
    match ty {
        ParamType::ByteBuf => return texts.buffers.push(texts.plain, bytes),
        ParamType::SockAddr => return sockets::sockaddr_text(texts.plain, bytes),
        ParamType::SockTuple => return sockets::tuple_text(texts.plain, bytes),
        ParamType::FdList => return fd_list(cx, bytes, texts.plain),
        _ => {}
    }
    let Some(number) = unsigned(bytes) else {
        // A width that no number has: the reference stops here, an analysis must not.
        texts.plain.extend_from_slice(MISSING);
        return;
    };
    match ty {
        ParamType::Int8
        | ParamType::Int16
        | ParamType::Int32
        | ParamType::Int64
        | ParamType::Uint8
        | ParamType::Uint16
        | ParamType::Uint32
        | ParamType::Uint64 => push_number(texts.plain, number, ty, info.format),
        ParamType::Fd | ParamType::Fd32 => fd(cx, signed(number, bytes), texts),
        ParamType::Pid | ParamType::Pid32 => pid(cx, signed(number, bytes), texts),
        ParamType::Errno => {
            let value = signed(number, bytes);
            put!(texts.plain, "{value}");
            if value < 0 {
                texts.resolved.extend_from_slice(names::error(value).unwrap_or_default().as_bytes());
            }
        }
        ParamType::SyscallId => match names::syscall(number as u16) {
            Some(name) => {
                put!(texts.plain, "{}", number as u16);
                texts.resolved.extend_from_slice(name.as_bytes());
            }
            None => texts.plain.extend_from_slice(b"<unknown syscall>"),
        },
        ParamType::SigType => {
            put!(texts.plain, "{}", number as u8);
            texts.resolved.extend_from_slice(names::signal(number as u8).unwrap_or_default().as_bytes());
        }
        ParamType::SigSet => signal_set(number as u32, texts.plain),
        ParamType::RelTime => relative_time(number, texts),
        ParamType::AbsTime => time::local(texts.plain, number, utc_offset, true, true),
        ParamType::Flags8 | ParamType::Flags16 | ParamType::Flags32 => {
            flags(masked(number, ty) as u32, info.extra, texts);
        }
        ParamType::EnumFlags8 | ParamType::EnumFlags16 | ParamType::EnumFlags32 => {
            enumerants(masked(number, ty) as u32, info.extra, texts);
        }
        ParamType::Mode => mode(number as u32, info, texts),
        ParamType::Uid => account(cx, number as u32, true, texts),
        ParamType::Gid => account(cx, number as u32, false, texts),
        _ => texts.plain.extend_from_slice(b"(n.a.)"),
    }
}

/// A number of 1, 2, 4 or 8 bytes.
fn unsigned(bytes: &[u8]) -> Option<u64> {
    match *bytes {
        [a] => Some(u64::from(a)),
        [a, b] => Some(u64::from(u16::from_le_bytes([a, b]))),
        [a, b, c, d] => Some(u64::from(u32::from_le_bytes([a, b, c, d]))),
        _ => Some(u64::from_le_bytes(bytes.try_into().ok()?)),
    }
}

/// The signed reading of a number of the width of `bytes`.
fn signed(number: u64, bytes: &[u8]) -> i64 {
    let unused = 64 - 8 * bytes.len().clamp(1, 8) as u32;
    (number << unused) as i64 >> unused
}

/// A number. Unlike in outputs of fields, octal numbers have a zero in front and decimal ones of 32 and 64 bits are signed
/// whatever their type: the user number 4294967295 shows as -1. Narrower numbers are widened by their type first, so an
/// unsigned 255 stays 255.
fn push_number(out: &mut Vec<u8>, number: u64, ty: ParamType, format: PrintFormat) {
    let (signed, unsigned) = match ty {
        ParamType::Int8 => widened(i32::from(number as i8)),
        ParamType::Uint8 => widened(i32::from(number as u8)),
        ParamType::Int16 => widened(i32::from(number as i16)),
        ParamType::Uint16 => widened(i32::from(number as u16)),
        ParamType::Int32 | ParamType::Uint32 => widened(number as i32),
        _ => (number as i64, number),
    };
    match format {
        PrintFormat::Oct if unsigned == 0 => out.push(b'0'),
        PrintFormat::Oct => put!(out, "0{unsigned:o}"),
        PrintFormat::Hex => put!(out, "{unsigned:X}"),
        PrintFormat::PaddedDec => put!(out, "{signed:09}"),
        PrintFormat::Na | PrintFormat::Dec | PrintFormat::Id | PrintFormat::Dir => put!(out, "{signed}"),
    }
}

/// A number of 32 bits, read as signed and as unsigned.
fn widened(number: i32) -> (i64, u64) {
    (i64::from(number), u64::from(number as u32))
}

/// A path, and the absolute path where it is relative (reference state 9.22).
fn path(cx: &Context<'_>, index: usize, info: &ParamInfo, texts: &mut Texts<'_>) {
    let path = cx.event.text(index).unwrap_or(MISSING);
    sanitize(texts.plain, path);
    if path == MISSING || path.is_empty() || path.starts_with(b"/") {
        return;
    }
    let Some(slot) = cx.slot() else { return };
    let directory = match (info.ty, info.extra) {
        (ParamType::FsRelPath, Extra::DirFd(fd)) => cx.event.int(usize::from(fd)).unwrap_or(AT_FDCWD),
        _ => AT_FDCWD,
    };
    let mut full = Vec::with_capacity(path.len() + 64);
    if directory == AT_FDCWD {
        concatenate(&mut full, cx.state.threads.cwd(slot), path);
    } else {
        let mut base = Vec::new();
        let name = cx.state.threads.fd(slot, directory).map_or(&b""[..], |fd| &fd.name);
        sanitize(&mut base, name);
        if !base.is_empty() && !base.ends_with(b"/") {
            base.push(b'/');
        }
        concatenate(&mut full, &base, path);
    }
    sanitize(texts.resolved, &full);
}

/// An fd: `<` its letters `>` and its name, the working directory, or an error.
fn fd(cx: &Context<'_>, fd: i64, texts: &mut Texts<'_>) {
    put!(texts.plain, "{fd}");
    let Some(slot) = cx.slot() else { return };
    if fd >= 0 {
        let Some(entry) = cx.state.threads.fd(slot, fd) else { return };
        let start = texts.resolved.len();
        texts.resolved.extend([b'<', names::fd_letter(entry.kind)]);
        match names::transport(entry) {
            L4::Tcp => texts.resolved.push(b't'),
            L4::Udp => texts.resolved.push(b'u'),
            L4::Icmp => texts.resolved.push(b'i'),
            L4::Raw => texts.resolved.push(b'r'),
            L4::Unknown | L4::Na => {}
        }
        texts.resolved.push(b'>');
        sanitize(texts.resolved, &entry.name);
        texts.resolved.truncate(start + MAX_TEXT.max(entry.name.len()));
    } else if fd == AT_FDCWD {
        texts.resolved.extend_from_slice(b"AT_FDCWD");
    } else {
        texts.resolved.extend_from_slice(names::error(fd).unwrap_or_default().as_bytes());
    }
}

fn pid(cx: &Context<'_>, pid: i64, texts: &mut Texts<'_>) {
    put!(texts.plain, "{pid}");
    if let Some(slot) = cx.state.threads.by_tid(pid) {
        texts.resolved.extend_from_slice(&cx.state.threads.get(slot).image.comm);
    }
}

/// A list of polled fds: `fd:letter` and the events in hexadecimal, with a space between.
fn fd_list(cx: &Context<'_>, bytes: &[u8], out: &mut Vec<u8>) {
    let Some(slot) = cx.slot() else { return };
    let start = out.len();
    for (fd, events) in polled(bytes) {
        if out.len() > start {
            out.push(b' ');
        }
        let letter = cx.state.threads.fd(slot, fd).map_or(b'?', |entry| names::fd_letter(entry.kind));
        put!(out, "{}:{}{:x}", fd as u64, char::from(letter), i32::from(events) as u32);
        if out.len() - start > MAX_TEXT {
            out.truncate(start + MAX_TEXT);
            break;
        }
    }
}

/// Fds and events of a list of polled fds (reference types.json `fdlist`).
pub(super) fn polled(bytes: &[u8]) -> impl Iterator<Item = (i64, i16)> {
    let (count, rest) = bytes.split_first_chunk::<2>().unwrap_or((&[0, 0], &[]));
    let (rows, _) = rest.as_chunks::<10>();
    rows.iter().take(usize::from(u16::from_le_bytes(*count))).map(|row| {
        let [a, b, c, d, e, f, g, h, i, j] = *row;
        (i64::from_le_bytes([a, b, c, d, e, f, g, h]), i16::from_le_bytes([i, j]))
    })
}

/// Signals of a set, with a space between; bit 0 is signal 1.
fn signal_set(set: u32, out: &mut Vec<u8>) {
    let start = out.len();
    for number in (1..=32u8).filter(|number| set >> (number - 1) & 1 == 1) {
        let Some(name) = names::signal(number) else { continue };
        if out.len() > start {
            out.push(b' ');
        }
        out.extend_from_slice(name.as_bytes());
    }
}

fn relative_time(nanoseconds: u64, texts: &mut Texts<'_>) {
    if nanoseconds == u64::MAX {
        texts.plain.extend_from_slice(b"none");
        return;
    }
    put!(texts.plain, "{nanoseconds}");
    push_general(texts.resolved, nanoseconds as f64 / 1e9);
    texts.resolved.push(b's');
}

/// Names of flags, joined by `|`: down the table, each taking its bits away (reference state 9.21).
fn flags(number: u32, extra: Extra, texts: &mut Texts<'_>) {
    put!(texts.plain, "{number}");
    let Extra::Flags(FlagTable { rows, .. }) = extra else { return };
    let mut left = number;
    for (name, bits) in *rows {
        let holds = if *bits == 0 { number == 0 } else { left != 0 && left & bits == *bits };
        if holds {
            left &= !bits;
            push_name(texts.resolved, name);
            if *bits == number {
                break;
            }
        }
    }
}

/// All names of a value, joined by `|`.
fn enumerants(number: u32, extra: Extra, texts: &mut Texts<'_>) {
    put!(texts.plain, "{number}");
    let Extra::Flags(FlagTable { rows, .. }) = extra else { return };
    rows.iter().filter(|(_, value)| *value == number).for_each(|(name, _)| push_name(texts.resolved, name));
}

/// Names of the bits of a mode, joined by `|`. A row that equals the whole number ends the walk with its name.
fn mode(number: u32, info: &ParamInfo, texts: &mut Texts<'_>) {
    push_number(texts.plain, u64::from(number), ParamType::Uint32, info.format);
    let Extra::Flags(FlagTable { rows, .. }) = info.extra else { return };
    let mut left = number;
    for (name, bits) in *rows {
        if *bits == number {
            push_name(texts.resolved, name);
            return;
        }
        if *bits != 0 && left != 0 && left & bits == *bits {
            push_name(texts.resolved, name);
            left &= !bits;
        }
    }
}

fn push_name(out: &mut Vec<u8>, name: &str) {
    if !out.is_empty() {
        out.push(b'|');
    }
    out.extend_from_slice(name.as_bytes());
}

/// A user or group number with its name in the thread's container.
fn account(cx: &Context<'_>, number: u32, user: bool, texts: &mut Texts<'_>) {
    put!(texts.plain, "{}", number as i32);
    if number == u32::MAX {
        texts.resolved.extend_from_slice(b"<NONE>");
        return;
    }
    let accounts = &cx.state.accounts;
    let name = cx.thread().and_then(|thread| match user {
        true => accounts.user(&thread.container, number).map(|user| &*user.name),
        false => accounts.group(&thread.container, number).map(|group| &*group.name),
    });
    sanitize(texts.resolved, name.filter(|name| !name.is_empty()).unwrap_or(MISSING));
}
