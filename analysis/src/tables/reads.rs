//! What tables look at of events: a type of events enters, the parameters leave that rows are made of. Of traces in columns nothing else is put
//! together; events that no table looks at change the state only.

use tercel_format::catalogue::{EventFlags, EventInfo, ParamType, code};

/// The parameters of events of a type as bits; `None` if a table does not look at them. The result and the fd are always there.
pub(super) type Reads = Option<u32>;

/// All of them.
pub(super) const ALL: Reads = Some(u32::MAX);

/// The result and the fd.
pub(super) const RESULT: Reads = Some(0);

/// Whether calls of a type work on an fd.
pub(super) fn is_on_fd(info: &EventInfo) -> bool {
    info.any(EventFlags::USES_FD | EventFlags::CREATES_FD | EventFlags::DESTROYS_FD)
}

/// The data that calls of a type move.
pub(super) fn data(info: &EventInfo) -> u32 {
    let moves = info.any(EventFlags::READS_FROM_FD | EventFlags::WRITES_TO_FD);
    bits(info, |index| moves && info.params[index].name == "data")
}

/// All parameters but data.
pub(super) fn plain(info: &EventInfo) -> u32 {
    bits(info, |index| !matches!(info.params[index].ty, ParamType::ByteBuf))
}

fn bits(info: &EventInfo, is_meant: impl Fn(usize) -> bool) -> u32 {
    (0..info.params.len().min(32)).filter(|index| is_meant(*index)).fold(0, |bits, index| bits | 1 << index)
}

/// Of every call whether it failed, and of what describes threads everything.
pub(super) fn of_calls(info: &EventInfo) -> Reads {
    match info.code {
        code::PROCINFO_E | code::PROCEXIT_1_E | code::GENERIC_E | code::GENERIC_X => ALL,
        _ => RESULT,
    }
}

/// Messages of the domain name system: the data of calls that move some.
pub(super) fn messages(info: &EventInfo) -> Reads {
    Some(data(info)).filter(|data| *data != 0)
}
