//! What values a field can have at all, for those who judge conditions without a capture: fields and types of events enter,
//! words and verdicts leave. What a field shows of one event is the business of its class.

use tercel_format::ContainerEngine;
use tercel_format::catalogue::{
    EVENTS, EventFlags, EventInfo, EventSource, Extra, ParamInfo, ParamType, code,
};
use tercel_rules::fields::{
    Arg, ClassField, ContainerField, EventField as E, FdField, Field, FieldRef, GenEventField,
    ProcessField as P,
};

use super::nature::Apart;
use super::{Comparison, fspath, names, nature};

/// The texts that a field can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Words {
    /// One of these.
    OneOf(Vec<&'static str>),
    /// Some of these, with this between; what has no name is a number.
    SomeOf(Vec<&'static str>, char),
}

/// The texts that a field can have on events of these types, if they are few; nothing for a field that may have any.
///
/// ```
/// use tercel_replay::fields::domain::{Words, words};
/// use tercel_rules::FieldRef;
///
/// let kinds = words(&FieldRef::parse("fd.type")?, |_| true);
/// assert!(matches!(kinds, Some(Words::OneOf(kinds)) if kinds.contains(&"pipe")));
/// assert_eq!(words(&FieldRef::parse("proc.name")?, |_| true), None);
/// # Ok::<(), tercel_rules::fields::FieldError>(())
/// ```
pub fn words(field: &FieldRef, events: impl Fn(&EventInfo) -> bool) -> Option<Words> {
    let one_of = |words: &[&'static str]| Some(Words::OneOf(words.to_vec()));
    match field.field.in_class() {
        ClassField::Event(E::EvtDir) => one_of(&[">", "<"]),
        ClassField::Event(E::EvtIoDir) => one_of(&["read", "write"]),
        ClassField::Event(E::EvtCategory) => one_of(&super::event::CATEGORIES),
        ClassField::Event(E::SyscallType) => Some(Words::OneOf(syscalls())),
        ClassField::Event(E::EvtRes) => {
            Some(Words::OneOf(std::iter::once("SUCCESS").chain(names::errors()).collect()))
        }
        ClassField::Event(E::EvtArg) => argument(&field.arg, events),
        ClassField::GenEvent(GenEventField::EvtSource) => one_of(&["syscall"]),
        ClassField::Fd(FdField::FdType) => one_of(&names::FD_KINDS),
        ClassField::Fd(FdField::FdTypechar) => one_of(&names::FD_LETTERS),
        ClassField::Fd(FdField::FdL4proto) => one_of(&["tcp", "udp", "icmp", "raw", "<NA>"]),
        ClassField::Fd(FdField::FdSockfamily) => one_of(&["ip", "unix"]),
        ClassField::Process(P::ThreadCapPermitted | P::ThreadCapInheritable | P::ThreadCapEffective) => {
            Some(Words::SomeOf(names::CAPABILITIES.to_vec(), ' '))
        }
        ClassField::Container(ContainerField::ContainerType) => {
            Some(Words::OneOf(ContainerEngine::words().collect()))
        }
        _ => None,
    }
}

/// Names of events and of system calls without events of their own.
fn syscalls() -> Vec<&'static str> {
    let events = EVENTS.iter().filter(|info| info.source.contains(EventSource::SYSCALL));
    let names = tercel_format::catalogue::syscalls::SYSCALL_NAMES.iter().copied();
    events.map(|info| info.name).chain(names).collect()
}

/// The words of a parameter that is written in words by all these events.
fn argument(arg: &Arg, events: impl Fn(&EventInfo) -> bool) -> Option<Words> {
    let Arg::Key(name) = arg else { return None };
    let of_name = |info: &'static EventInfo| info.params.iter().find(|param| param.name == &**name);
    let mut words: Vec<&'static str> = Vec::new();
    let mut some = false;
    for param in EVENTS.iter().filter(|info| is_current(info) && events(info)).filter_map(of_name) {
        match (param.ty, param.extra) {
            (ParamType::SigType, _) => words.extend(names::SIGNALS),
            (_, Extra::Flags(table)) => {
                some |= is_joined(param);
                words.extend(table.rows.iter().map(|(name, _)| *name));
            }
            _ => return None,
        }
    }
    words.sort_unstable();
    words.dedup();
    (!words.is_empty()).then_some(if some { Words::SomeOf(words, '|') } else { Words::OneOf(words) })
}

fn is_joined(param: &ParamInfo) -> bool {
    !matches!(param.ty, ParamType::EnumFlags8 | ParamType::EnumFlags16 | ParamType::EnumFlags32)
}

/// Whether there are events of a type: neither was it replaced by another, nor is it the entry of a system call, which no event
/// is any more.
pub fn is_current(info: &EventInfo) -> bool {
    let is_entry = !info.is_exit() && info.source.contains(EventSource::SYSCALL);
    !is_entry && !info.any(EventFlags::OLD_VERSION | EventFlags::UNUSED)
}

/// Whether the field can have a value on events of a type; a yes or no that is always no there counts as none.
///
/// ```
/// use tercel_format::catalogue::{code, event};
/// use tercel_replay::fields::domain::is_set_on;
/// use tercel_rules::FieldRef;
///
/// let clone = event(code::SYSCALL_CLONE_20_X).expect("a type");
/// assert!(!is_set_on(&FieldRef::parse("fd.name")?, clone));
/// assert!(is_set_on(&FieldRef::parse("proc.name")?, clone));
/// # Ok::<(), tercel_rules::fields::FieldError>(())
/// ```
pub fn is_set_on(field: &FieldRef, info: &EventInfo) -> bool {
    if nature(field).dependency.is_missing_on(info, &field.arg) {
        return false;
    }
    match field.field.in_class() {
        ClassField::FsPath(of_class) => fspath::is_set_on(of_class, info.code),
        ClassField::Event(E::EvtBuffer) => info.params.iter().any(|param| param.name == "data"),
        ClassField::Event(E::EvtIsOpenRead | E::EvtIsOpenWrite | E::EvtIsOpenCreate) => {
            Apart::Opens.contains(info.code)
        }
        ClassField::Event(E::EvtIsOpenExec) => Apart::OpensAndCreates.contains(info.code),
        ClassField::Event(E::EvtIoDir) => info.any(EventFlags::WRITES_TO_FD | EventFlags::READS_FROM_FD),
        ClassField::Event(E::EvtArg) => match field.arg {
            Arg::Index(index) => usize::try_from(index).is_ok_and(|index| index < info.params.len()),
            Arg::None | Arg::Key(_) => true,
        },
        ClassField::FdList(_) => matches!(info.code, code::SYSCALL_POLL_X | code::SYSCALL_PPOLL_X),
        _ => true,
    }
}

/// Why the field has no value on any event, if it has none.
pub fn is_never_set(field: Field) -> Option<&'static str> {
    let info = field.info();
    if info.name.starts_with("evt.wait_latency") {
        return Some("events do not say how long a call waited");
    }
    if info.description.contains("never has a value") {
        return Some("no container engine reports it");
    }
    if info.description.contains("missing, since plugins are not loaded") {
        return Some("plugins are not loaded");
    }
    if info.description.contains("missing, since replay asks no name server") {
        return Some("no name server is asked");
    }
    None
}

/// Whether a comparison looks at one value, which stays the same however often it is asked for.
pub fn is_single(field: &FieldRef) -> bool {
    let nature = nature(field);
    nature.comparison == Comparison::One && !nature.dependency.remembers() && !field.field.info().is_list()
}

/// Whether asking twice on one event gives the same answer.
pub fn is_steady(field: &FieldRef) -> bool {
    !nature(field).dependency.remembers()
}

/// Whether the field is the name of a process, of which the kernel keeps 15 bytes.
pub fn is_process_name(field: Field) -> bool {
    matches!(
        field,
        Field::ProcName
            | Field::ProcPname
            | Field::ProcAname
            | Field::ProcSname
            | Field::ProcVpgidName
            | Field::ProcPgidName
            | Field::ProcOriginName
    )
}
