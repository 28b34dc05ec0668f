//! Which parameters of an event fields are made of, so that others need not be there: a field and an event type enter, a set of parameters
//! leaves.

use tercel_format::catalogue::{EventFlags, EventInfo, EventSource, ParamType};
use tercel_rules::fields::{ClassField, EventField, Field, FieldRef, ProcessField};

use super::nature;
use super::nature::{Apart, Dependency};
use crate::state::needs::Topics;

/// Parameters that the value of a field is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reads {
    /// None.
    Nothing,
    /// Some that are no data.
    Plain,
    /// Any.
    All,
}

/// The parameters of events of a type that fields are made of, as bits; what the event is bound to does not count.
pub(crate) fn parameters_read<'f>(fields: impl IntoIterator<Item = &'f FieldRef>, info: &EventInfo) -> u32 {
    match fields.into_iter().map(|field| reads(field, info)).max() {
        None | Some(Reads::Nothing) => 0,
        Some(Reads::Plain) => {
            let is_plain = |ty: ParamType| !matches!(ty, ParamType::ByteBuf);
            let params = (0u32..32).zip(info.params);
            params.filter(|(_, param)| is_plain(param.ty)).fold(0, |bits, (index, _)| bits | 1 << index)
        }
        Some(Reads::All) => u32::MAX,
    }
}

fn reads(field: &FieldRef, info: &EventInfo) -> Reads {
    let dependency = nature(field).dependency;
    if dependency.is_missing_on(info, &field.arg) {
        return Reads::Nothing;
    }
    if !info.source.intersects(EventSource::SYSCALL.union(EventSource::TRACEPOINT)) {
        // There are few of them, and fields of any class look at what they carry.
        return Reads::All;
    }
    match dependency {
        Dependency::Image | Dependency::Number | Dependency::Code(Apart::Nothing) => return Reads::Nothing,
        Dependency::Parameter => return Reads::All,
        Dependency::Code(_) | Dependency::Fd | Dependency::Event => {}
        Dependency::Growth | Dependency::Evaluations => return Reads::All,
    }
    match field.field.in_class() {
        // The names of fds of calls that failed stand in their parameters.
        ClassField::Fd(_) if !info.any(EventFlags::CREATES_FD) => Reads::Nothing,
        ClassField::Fd(_) | ClassField::FsPath(_) | ClassField::FdList(_) => Reads::Plain,
        ClassField::Event(
            EventField::EvtArgs
            | EventField::EvtInfo
            | EventField::EvtArg
            | EventField::EvtRawarg
            | EventField::EvtBuffer
            | EventField::EvtInfraDockerName
            | EventField::EvtInfraDockerContainerId
            | EventField::EvtInfraDockerContainerName
            | EventField::EvtInfraDockerContainerImage,
        ) => Reads::All,
        ClassField::Event(_) => Reads::Plain,
        ClassField::Process(_)
        | ClassField::GenEvent(_)
        | ClassField::User(_)
        | ClassField::Group(_)
        | ClassField::Util(_)
        | ClassField::Container(_) => Reads::Nothing,
    }
}

/// The parts of a state that only this field shows.
pub(crate) fn topics_of(field: Field) -> Topics {
    use ProcessField as P;
    let nothing = Topics::default();
    match field.in_class() {
        ClassField::Process(
            P::ProcVmsize
            | P::ProcVmrss
            | P::ProcVmswap
            | P::ThreadPfmajor
            | P::ThreadPfminor
            | P::ThreadVmsize
            | P::ThreadVmrss
            | P::ThreadVmsizeB
            | P::ThreadVmrssB,
        ) => Topics { memory: true, ..nothing },
        ClassField::Process(P::ThreadExectime | P::ThreadTotexectime) => Topics { run: true, ..nothing },
        ClassField::Fd(tercel_rules::fields::FdField::FdConnected) => Topics { connection: true, ..nothing },
        _ => nothing,
    }
}
