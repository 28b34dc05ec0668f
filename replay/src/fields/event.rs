//! Fields about what an event is and carries: type, category, arguments.

use tercel_format::catalogue::{Category, EVENTS, EventFlags, EventSource, code};
use tercel_format::until_nul;
use tercel_rules::fields::{Arg, EventField as E};

use super::io::{self, Errors, FdClass, Way};
use super::nature::{Apart, DeltaPart, Rendering};
use super::opening::{self, Opening};
use super::parameters::{buffer, position, present, raw_value};
use super::{Comparison, Context, Dependency, Nature, Scratch, Value, arguments, real, time};
use crate::state::FdKind;

/// The fields that say what the kernel did beside what the parameters say.
macro_rules! of_kernel {
    () => {
        E::EvtRealpath
            | E::EvtRealpathInside
            | E::EvtRealpathSecond
            | E::EvtRealpathSecondInside
            | E::EvtEntryPath
            | E::EvtEntryPathSecond
            | E::EvtFileIno
            | E::EvtFileDev
            | E::EvtFileMode
            | E::EvtIsUring
            | E::EvtIsArgChanged
            | E::EvtIsArgsCut
            | E::EvtIsEnvCut
    };
}

/// The value of a field of the class `evt` for system calls.
pub(super) fn value<'a>(
    cx: &Context<'a>,
    field: E,
    arg: &'a Arg,
    scratch: &'a mut Scratch,
) -> Option<Value<'a>> {
    let event = cx.event;
    let info = event.info;
    match field {
        E::EvtType => name(cx).map(Value::Text),
        E::SyscallType if !info.source.contains(EventSource::SYSCALL) => None,
        E::SyscallType => name(cx).map(Value::Text),
        E::EvtTypeIs => Some(Value::Uint(u64::from(is_type(cx, arg)))),
        E::EvtDir => Some(Value::Text(if info.is_exit() { b"<" } else { b">" })),
        E::EvtCategory => Some(Value::Text(category(cx).as_bytes())),
        E::EvtCpu => Some(Value::Int(i64::from(event.cpu as i16))),
        E::EvtArgs | E::EvtInfo => arguments::all(cx, scratch),
        E::EvtArg => argument(cx, arg, scratch),
        E::EvtRawarg => raw_value(cx, arg)?.0,
        E::EvtBuffer => buffer(cx).map(Value::Bytes),
        // A comparison of times, which has no value of its own.
        E::EvtAround => None,
        E::EvtLatency => Some(Value::Uint(latency(cx))),
        E::EvtLatencyS => Some(Value::Uint(latency(cx) / time::SECOND)),
        E::EvtLatencyNs => Some(Value::Uint(latency(cx) % time::SECOND)),
        E::EvtLatencyQuantized | E::EvtWaitLatency => Some(Value::Uint(0)),
        E::EvtLatencyHuman => Some(human(latency(cx), scratch)),
        E::EvtDeltatime => Some(Value::Uint(scratch.memory.delta(DeltaPart::Whole, event.num, event.ts))),
        E::EvtDeltatimeS => Some(Value::Uint(scratch.memory.delta(DeltaPart::Seconds, event.num, event.ts))),
        E::EvtDeltatimeNs => {
            Some(Value::Uint(scratch.memory.delta(DeltaPart::Nanoseconds, event.num, event.ts)))
        }
        E::EvtOutputtime => {
            let offset = scratch.utc_offset(event.ts);
            scratch.text.clear();
            time::local(&mut scratch.text, event.ts, offset, false, true);
            Value::text(&scratch.text)
        }
        E::EvtRes => result(cx, scratch),
        E::EvtRawres => event.return_value().map(Value::Int),
        E::EvtFailed => io::failed(cx).map(Value::Bool),
        E::EvtAbspath => opening::absolute_path(cx, arg, scratch),
        E::EvtIsOpenRead => Some(Value::Bool(opening::is_open(cx, Opening::Read))),
        E::EvtIsOpenWrite => Some(Value::Bool(opening::is_open(cx, Opening::Write))),
        E::EvtIsOpenExec => Some(Value::Bool(opening::is_open(cx, Opening::Exec))),
        E::EvtCapture => scratch.cut.as_ref().map(|cut| Value::Text(cut.file.as_bytes())),
        E::EvtIsOpenCreate => Some(Value::Bool(opening::is_open(cx, Opening::Create))),

        of_kernel!() => real::value(event, field),

        E::EvtIsIo => Some(Value::Bool(info.any(EventFlags::READS_FROM_FD | EventFlags::WRITES_TO_FD))),
        E::EvtIsIoRead => Some(Value::Bool(info.any(EventFlags::READS_FROM_FD))),
        E::EvtIsIoWrite => Some(Value::Bool(info.any(EventFlags::WRITES_TO_FD))),
        E::EvtIoDir if info.any(EventFlags::WRITES_TO_FD) => Some(Value::Text(b"write")),
        E::EvtIoDir if info.any(EventFlags::READS_FROM_FD) => Some(Value::Text(b"read")),
        E::EvtIoDir => None,
        E::EvtIsWait => Some(Value::Bool(info.any(EventFlags::WAITS))),
        E::EvtIsSyslog => Some(Value::Bool(io::is_syslog(cx))),
        E::EvtCount => Some(Value::Uint(1)),
        E::EvtCountExit => info.is_exit().then_some(Value::Uint(1)),
        E::EvtCountError => io::count_error(cx, Errors::All),
        E::EvtCountErrorFile => io::count_error(cx, Errors::OfFiles),
        E::EvtCountErrorNet => io::count_error(cx, Errors::OfSockets),
        E::EvtCountErrorMemory => io::count_error(cx, Errors::OfMemory),
        E::EvtCountErrorOther => io::count_error(cx, Errors::Other),
        E::EvtCountThreadinfo => Some(Value::Uint(u64::from(event.code() == code::PROCINFO_E))),
        E::EvtCountProcinfo => {
            let main = event.code() == code::PROCINFO_E && cx.thread().is_some_and(|t| t.is_main());
            Some(Value::Uint(u64::from(main)))
        }
        E::EvtBuflen => io::length(cx, None, None),
        E::EvtBuflenIn => io::length(cx, None, Some(Way::In)),
        E::EvtBuflenOut => io::length(cx, None, Some(Way::Out)),
        E::EvtBuflenFile => io::length(cx, Some(FdClass::File), None),
        E::EvtBuflenFileIn => io::length(cx, Some(FdClass::File), Some(Way::In)),
        E::EvtBuflenFileOut => io::length(cx, Some(FdClass::File), Some(Way::Out)),
        E::EvtBuflenNet => io::length(cx, Some(FdClass::Inet), None),
        E::EvtBuflenNetIn => io::length(cx, Some(FdClass::Inet), Some(Way::In)),
        E::EvtBuflenNetOut => io::length(cx, Some(FdClass::Inet), Some(Way::Out)),

        E::EvtInfraDockerName => infrastructure(cx, b"Event", usize::MAX),
        E::EvtInfraDockerContainerId => infrastructure(cx, b"ID", 12),
        E::EvtInfraDockerContainerName => infrastructure(cx, b"name", usize::MAX),
        E::EvtInfraDockerContainerImage => infrastructure(cx, b"Image", usize::MAX),
    }
}

/// The row of a field of the class `evt` for system calls.
pub(super) fn nature(field: E) -> Nature {
    match field {
        E::EvtLatency | E::EvtLatencyS | E::EvtLatencyNs => Nature::shown(Rendering::Number),
        E::EvtOutputtime => Nature::shown(Rendering::Time),
        E::EvtDeltatime => Nature::of_delta(DeltaPart::Whole),
        E::EvtDeltatimeS => Nature::of_delta(DeltaPart::Seconds),
        E::EvtDeltatimeNs => Nature::of_delta(DeltaPart::Nanoseconds),
        E::EvtBuffer => Nature::shown(Rendering::Buffer),
        E::EvtDir | E::EvtTypeIs | E::EvtIsIo | E::EvtIsIoRead | E::EvtIsIoWrite | E::EvtIsWait => {
            Nature::of_code(Apart::Nothing)
        }
        E::EvtType | E::SyscallType => Nature::of_code(Apart::Named),
        E::EvtIsOpenRead | E::EvtIsOpenWrite | E::EvtIsOpenCreate => Nature::of_code(Apart::Opens),
        E::EvtIsOpenExec => Nature::of_code(Apart::OpensAndCreates),
        E::EvtCapture => Nature::EVENT,
        E::EvtArgs | E::EvtInfo | E::EvtAbspath => Nature::COMPOSED,
        E::EvtArg => Nature { dependency: Dependency::Parameter, ..Nature::COMPOSED },
        E::EvtRawarg => Nature {
            dependency: Dependency::Parameter,
            comparison: Comparison::Raw,
            rendering: Rendering::RawArgument,
            ..Nature::EVENT
        },
        E::EvtAround => Nature { comparison: Comparison::Around, ..Nature::EVENT },
        of_kernel!()
        | E::EvtLatencyQuantized
        | E::EvtLatencyHuman
        | E::EvtCategory
        | E::EvtCpu
        | E::EvtBuflen
        | E::EvtRes
        | E::EvtRawres
        | E::EvtFailed
        | E::EvtIoDir
        | E::EvtWaitLatency
        | E::EvtIsSyslog
        | E::EvtCount
        | E::EvtCountError
        | E::EvtCountErrorFile
        | E::EvtCountErrorNet
        | E::EvtCountErrorMemory
        | E::EvtCountErrorOther
        | E::EvtCountExit
        | E::EvtCountProcinfo
        | E::EvtCountThreadinfo
        | E::EvtBuflenIn
        | E::EvtBuflenOut
        | E::EvtBuflenFile
        | E::EvtBuflenFileIn
        | E::EvtBuflenFileOut
        | E::EvtBuflenNet
        | E::EvtBuflenNetIn
        | E::EvtBuflenNetOut
        | E::EvtInfraDockerName
        | E::EvtInfraDockerContainerId
        | E::EvtInfraDockerContainerName
        | E::EvtInfraDockerContainerImage => Nature::EVENT,
    }
}

/// How long the call took, in nanoseconds; 0 where the capture does not say.
fn latency(cx: &Context<'_>) -> u64 {
    cx.event.extras().latency().unwrap_or(0)
}

/// A time with the largest unit that it has one of.
fn human<'a>(nanoseconds: u64, scratch: &'a mut Scratch) -> Value<'a> {
    let (unit, name) = match nanoseconds {
        0..1_000 => (1, "ns"),
        1_000..1_000_000 => (1_000, "us"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        _ => (1_000_000_000, "s"),
    };
    scratch.text.clear();
    match unit {
        1 => put!(scratch.text, "{nanoseconds}{name}"),
        _ => put!(scratch.text, "{:.2}{name}", nanoseconds as f64 / f64::from(unit)),
    }
    Value::Text(&scratch.text)
}

/// Name of the event; of the system call where the event is a generic one (reference state 9.12).
fn name<'a>(cx: &Context<'a>) -> Option<&'a [u8]> {
    match cx.event.code() {
        code::ASYNCEVENT_E => cx.event.text(1),
        _ => Some(cx.type_name().as_bytes()),
    }
}

/// Whether the event has the code that was asked for, or is of the first pair of codes with that name.
fn is_type(cx: &Context<'_>, arg: &Arg) -> bool {
    let own = cx.event.code();
    match arg {
        Arg::Index(number) => u64::from(own) == *number,
        Arg::Key(key) => match key.parse::<u32>() {
            Ok(number) => u32::from(own) == number,
            Err(_) => {
                let first = EVENTS.iter().find(|row| *row.name == **key).map(|row| row.code);
                first.is_some_and(|first| own == first || own == first + 1)
            }
        },
        Arg::None => false,
    }
}

/// Word for the category; reads and writes count by what the fd is (reference fields.json `evt.category`).
/// The words of [`category`].
#[rustfmt::skip]
pub(super) const CATEGORIES: [&str; 17] = [
    "unknown", "other", "file", "net", "IPC", "memory", "process", "sleep", "system", "signal", "user", "time",
    "processing", "wait", "scheduler", "internal", "ipc",
];

fn category(cx: &Context<'_>) -> &'static str {
    match cx.event.info.category {
        Category::Unknown => "unknown",
        Category::Other => "other",
        Category::File => "file",
        Category::Net => "net",
        Category::Ipc => "IPC",
        Category::Memory => "memory",
        Category::Process => "process",
        Category::Sleep => "sleep",
        Category::System => "system",
        Category::Signal => "signal",
        Category::User => "user",
        Category::Time => "time",
        Category::Processing => "processing",
        Category::Wait => "wait",
        Category::Scheduler => "scheduler",
        Category::Internal => "internal",
        Category::IoRead | Category::IoWrite | Category::IoOther => match cx.bound_fd().map(|fd| fd.kind) {
            Some(FdKind::File | FdKind::FileV2 | FdKind::Directory) => "file",
            Some(FdKind::Ipv4 | FdKind::Ipv6 | FdKind::Ipv4Server | FdKind::Ipv6Server) => "net",
            Some(
                FdKind::Fifo
                | FdKind::Unix
                | FdKind::Event
                | FdKind::Signal
                | FdKind::Inotify
                | FdKind::Userfault,
            ) => "ipc",
            _ => "unknown",
        },
    }
}

/// `evt.arg`: the resolved text of a parameter if it has one, its plain text otherwise.
fn argument<'a>(cx: &Context<'a>, arg: &Arg, scratch: &'a mut Scratch) -> Option<Value<'a>> {
    let index = match arg {
        Arg::Index(index) => usize::try_from(*index).ok().filter(|index| *index < present(cx).len())?,
        Arg::Key(name) => position(cx, name)?,
        Arg::None => return None,
    };
    if let Some(path) = real::argument(cx.event, index, scratch.view) {
        return Some(Value::Text(path));
    }
    arguments::one(cx, index, scratch);
    Value::text(if scratch.part.is_empty() { &scratch.text } else { &scratch.part })
}

/// `evt.res`: `SUCCESS`, or the name of the error.
fn result<'a>(cx: &Context<'a>, scratch: &'a mut Scratch) -> Option<Value<'a>> {
    if cx.event.return_value()? >= 0 {
        return Some(Value::Text(b"SUCCESS"));
    }
    arguments::one(cx, 0, scratch);
    Value::text(if scratch.part.is_empty() { &scratch.text } else { &scratch.part })
}

/// Parts of the description of an infrastructure event: `key: value` pairs between semicolons.
fn infrastructure<'a>(cx: &Context<'a>, key: &[u8], most: usize) -> Option<Value<'a>> {
    if cx.event.code() != code::INFRASTRUCTURE_EVENT_E {
        return None;
    }
    let description = until_nul(cx.event.param(2)?);
    let pair =
        description.split(|byte| *byte == b';').map(<[u8]>::trim_ascii).find(|e| e.starts_with(key))?;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    let mut part = &pair[colon + 1..];
    if key == b"Image" && memchr::memmem::find(part, b"sha256").is_none() || part.contains(&b'@') {
        part = part.split(|byte| *byte == b'@').next()?;
    }
    if key != b"Image" {
        part = part.split(|byte| *byte == b':').next()?;
    }
    let part = part.trim_ascii();
    Some(Value::Text(part.get(..most).unwrap_or(part)))
}
