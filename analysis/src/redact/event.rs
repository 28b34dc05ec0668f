//! Events: each parameter by its type. A new type does not compile until it is decided here what becomes of it.

use std::borrow::Cow;
use std::net::IpAddr;

use tercel_format::catalogue::{EventFlags, EventInfo, Extra, ParamInfo, ParamType, code};
use tercel_format::extras::{ExtrasBuilder, FdFile, FileId, Item, Resources, kind};
use tercel_format::{Event, until_nul};
use tercel_replay::state::State;

use super::container;
use super::text::Texts;

/// Families of addresses, `PPM_AF_*`.
const UNIX: u8 = 1;
const INET: u8 = 2;
const INET6: u8 = 10;

/// Gives the redacted event to `give`. `state` is what was known before it: the directories that paths are relative to.
pub(super) fn with_redacted<E>(
    texts: &mut Texts,
    state: Option<&State>,
    event: &Event<'_>,
    give: &mut dyn FnMut(&Event<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let wide = event.info.has(EventFlags::LARGE_PAYLOAD);
    let (mut lengths, mut data) = (Vec::new(), Vec::new());
    learn(texts, event);
    for index in 0..event.nparams() {
        let value = event.param(index).unwrap_or_default();
        let mut new = match event.info.params.get(index) {
            Some(param) => parameter(texts, state, event, param, value),
            // Parameters that the catalogue does not know are not let through.
            None => Vec::new(),
        };
        if wide {
            lengths.extend((new.len() as u32).to_le_bytes());
        } else {
            new.truncate(usize::from(u16::MAX));
            lengths.extend((new.len() as u16).to_le_bytes());
        }
        data.extend(new);
    }
    let mut redacted = Event::from_parts(event.info, &lengths, &data);
    (redacted.num, redacted.ts, redacted.tid, redacted.cpu) = (event.num, event.ts, event.tid, event.cpu);
    (redacted.state_only, redacted.initial) = (event.state_only, event.initial);
    let extras = beside(texts, event);
    redacted.set_extras(extras.extras());
    give(&redacted)
}

/// What the kernel says beside the parameters: its paths are whole, and are redacted like any others. Items that are not known here are
/// not let through.
fn beside(texts: &mut Texts, event: &Event<'_>) -> ExtrasBuilder {
    let mut builder = ExtrasBuilder::default();
    for Item { kind, flags, value } in event.extras() {
        match kind {
            _ if kind::is_path(kind) => builder.add(kind, flags, &texts.path(until_nul(value))),
            kind::ENTRY_ADDRESS if !value.is_empty() => {
                builder.add(kind, flags, &socket_address(texts, value))
            }
            kind::FD => match FdFile::read(value) {
                Some(file) => {
                    let path = texts.path(file.path);
                    builder.add(kind, flags, &FdFile { path: &path, ..file }.bytes())
                }
                None => continue,
            },
            kind::FILE | kind::SECOND_FILE => {
                builder.add(kind, flags, value.get(..FileId::SIZE).unwrap_or_default())
            }
            kind::FACTS => builder.add(kind, flags, value.get(..4).unwrap_or_default()),
            kind::RESOURCES => builder.add(kind, flags, value.get(..Resources::SIZE).unwrap_or_default()),
            kind::LATENCY => builder.add(kind, flags, value.get(..8).unwrap_or_default()),
            _ => continue,
        };
    }
    builder
}

/// Users and groups that are made while a capture runs.
fn learn(texts: &mut Texts, event: &Event<'_>) {
    if let Some((id, name)) = account(event)
        && texts.is_secret(id, name)
    {
        texts.learn(name);
    }
}

/// Number and name of the user or group that an event is about.
fn account<'a>(event: &Event<'a>) -> Option<(u32, &'a [u8])> {
    let is_user = matches!(event.code(), code::USER_ADDED_E | code::USER_DELETED_E);
    if !is_user && !matches!(event.code(), code::GROUP_ADDED_E | code::GROUP_DELETED_E) {
        return None;
    }
    let id = position(event.info, if is_user { "uid" } else { "gid" })?;
    Some((event.u32(id)?, event.text(position(event.info, "name")?)?))
}

fn position(info: &EventInfo, name: &str) -> Option<usize> {
    info.params.iter().position(|param| param.name == name)
}

fn parameter(
    texts: &mut Texts,
    state: Option<&State>,
    event: &Event<'_>,
    param: &ParamInfo,
    value: &[u8],
) -> Vec<u8> {
    if value.is_empty() {
        return Vec::new();
    }
    let base = state.map_or(Cow::Borrowed(&b""[..]), |state| base(state, event, param));
    if let Extra::Dynamic(rows) = param.extra {
        let row = rows.get(usize::from(value[0])).map(|row| row.ty);
        let inner =
            row.map(|ty| of_type(texts, &base, event, ty, param.name, &value[1..])).unwrap_or_default();
        return [&value[..1], &inner].concat();
    }
    of_type(texts, &base, event, param.ty, param.name, value)
}

/// What a path in this parameter is relative to.
fn base<'s>(state: &'s State, event: &Event<'s>, param: &ParamInfo) -> Cow<'s, [u8]> {
    if param.name == "args"
        && let Some(cwd) = position(event.info, "cwd").and_then(|index| event.text(index))
        && !cwd.is_empty()
    {
        return Cow::Borrowed(cwd);
    }
    let dirfd = match param.extra {
        Extra::DirFd(index) => event.int(usize::from(index)),
        _ => None,
    };
    state.directory(event.tid, dirfd)
}

fn of_type(
    texts: &mut Texts,
    base: &[u8],
    event: &Event<'_>,
    ty: ParamType,
    name: &str,
    value: &[u8],
) -> Vec<u8> {
    match ty {
        ParamType::CharBuf => char_buf(texts, base, event, name, value),
        ParamType::ByteBuf => byte_buf(texts, base, event, name, value),
        ParamType::FsPath | ParamType::FsRelPath => ended(value, |path| texts.path_from(base, path)),
        ParamType::CharBufArray | ParamType::CharBufPairArray => match name {
            "env" => texts.environment(value),
            "cgroups" => texts.list(value),
            _ => texts.arguments(base, b"", value),
        },
        ParamType::SockAddr => socket_address(texts, value),
        ParamType::SockTuple => socket_tuple(texts, value),
        ParamType::Ipv4Addr | ParamType::Ipv6Addr | ParamType::IpAddr => address(texts, value),
        // Networks exist in fields only.
        ParamType::Ipv4Net | ParamType::Ipv6Net | ParamType::IpNet | ParamType::None => Vec::new(),
        // Without its rows the type of the value is not known.
        ParamType::Dyn => Vec::new(),
        ParamType::Int8
        | ParamType::Int16
        | ParamType::Int32
        | ParamType::Int64
        | ParamType::Uint8
        | ParamType::Uint16
        | ParamType::Uint32
        | ParamType::Uint64
        | ParamType::Errno
        | ParamType::Fd
        | ParamType::Fd32
        | ParamType::Pid
        | ParamType::Pid32
        | ParamType::FdList
        | ParamType::SyscallId
        | ParamType::SigType
        | ParamType::RelTime
        | ParamType::AbsTime
        | ParamType::Port
        | ParamType::L4Proto
        | ParamType::SockFamily
        | ParamType::Bool
        | ParamType::Flags8
        | ParamType::Flags16
        | ParamType::Flags32
        | ParamType::Uid
        | ParamType::Gid
        | ParamType::Double
        | ParamType::SigSet
        | ParamType::Mode
        | ParamType::EnumFlags8
        | ParamType::EnumFlags16
        | ParamType::EnumFlags32 => value.to_vec(),
    }
}

/// A text up to its NUL; what stands after it is not let through.
fn ended(value: &[u8], redact: impl FnOnce(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let text = until_nul(value);
    let mut new = redact(text);
    if text.len() < value.len() {
        new.push(0);
    }
    new
}

fn char_buf(texts: &mut Texts, base: &[u8], event: &Event<'_>, name: &str, value: &[u8]) -> Vec<u8> {
    match name {
        "json" => ended(value, |text| container::json(texts, text)),
        "name" => match account(event) {
            Some((id, name)) if texts.is_secret(id, name) => ended(value, |name| texts.name(name)),
            _ => ended(value, |name| texts.path(name)),
        },
        // As chdir and symlink have them.
        "path" | "target" => ended(value, |path| texts.path_from(base, path)),
        // What a program wrote on a line of its own.
        "args" | "uargs" | "val" | "value_charbuf" => ended(value, |text| texts.text(text)),
        _ => ended(value, |text| texts.path(text)),
    }
}

fn byte_buf(texts: &mut Texts, base: &[u8], event: &Event<'_>, name: &str, value: &[u8]) -> Vec<u8> {
    match name {
        "args" => {
            let exe = position(event.info, "exe").and_then(|index| event.text(index)).unwrap_or_default();
            texts.arguments(base, exe, value)
        }
        "env" => texts.environment(value),
        "cgroups" => texts.list(value),
        "msgcontrol" => control(texts, value),
        "data" if event.code() == code::ASYNCEVENT_E => {
            match position(event.info, "name").and_then(|index| event.text(index)) {
                Some(b"container" | b"container_removed") => {
                    ended(value, |text| container::json(texts, text))
                }
                _ => texts.buffer(value),
            }
        }
        _ => texts.buffer(value),
    }
}

/// Fds that are handed over are numbers, which the state needs; other control messages are as buffers.
fn control(texts: &mut Texts, value: &[u8]) -> Vec<u8> {
    const SOL_SOCKET_RIGHTS: [u8; 8] = [1, 0, 0, 0, 1, 0, 0, 0];
    let length = value.first_chunk::<8>().map_or(0, |length| u64::from_le_bytes(*length));
    let alone = length.next_multiple_of(8) >= value.len() as u64 && length <= value.len() as u64;
    if alone && value.get(8..16) == Some(&SOL_SOCKET_RIGHTS) { value.to_vec() } else { texts.buffer(value) }
}

/// An address of 4 or 16 bytes; what is of another length is none.
fn address(texts: &mut Texts, bytes: &[u8]) -> Vec<u8> {
    let mut map = |address: IpAddr| match texts.addresses.map(address) {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        map(bytes.into())
    } else if let Ok(bytes) = <[u8; 16]>::try_from(bytes) {
        map(bytes.into())
    } else {
        Vec::new()
    }
}

fn width(family: u8) -> usize {
    if family == INET { 4 } else { 16 }
}

fn socket_address(texts: &mut Texts, value: &[u8]) -> Vec<u8> {
    let (family, rest) = (value[0], &value[1..]);
    match family {
        UNIX => [&value[..1], &ended(rest, |path| texts.path(path))].concat(),
        INET | INET6 if rest.len() == width(family) + 2 => {
            let (ip, port) = rest.split_at(width(family));
            [&value[..1], &address(texts, ip), port].concat()
        }
        INET | INET6 => value[..1].to_vec(),
        _ => value.to_vec(),
    }
}

fn socket_tuple(texts: &mut Texts, value: &[u8]) -> Vec<u8> {
    let (family, rest) = (value[0], &value[1..]);
    match family {
        UNIX if rest.len() >= 16 => [&value[..17], &ended(&rest[16..], |path| texts.path(path))].concat(),
        INET | INET6 if rest.len() == 2 * (width(family) + 2) => {
            let (source, destination) = rest.split_at(width(family) + 2);
            let mut new = vec![family];
            for end in [source, destination] {
                let (ip, port) = end.split_at(width(family));
                new.extend(address(texts, ip));
                new.extend(port);
            }
            new
        }
        UNIX | INET | INET6 => value[..1].to_vec(),
        _ => value.to_vec(),
    }
}
