//! Paths as the kernel has them, beside those that callers gave: an event, an fd or an image and a view enter, the path that the
//! view shows leaves. Captures of other recorders have only those of the callers.

use tercel_format::Event;
use tercel_format::catalogue::{ParamInfo, ParamType};
use tercel_format::extras::{fact, flag, kind};
use tercel_rules::fields::EventField as E;

use super::{Context, Value};
use crate::state::{Fd, Image, RealPath, Text};

/// Which paths conditions see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Paths {
    /// Those that callers gave, as Falco does.
    Caller,
    /// Those that the kernel resolved, where the capture has them. Outputs show them, too.
    Kernel,
    /// Both: a rule matches if it does with the paths of the callers or with those of the kernel.
    #[default]
    Both,
}

/// Whose paths fields show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum View {
    /// The callers'.
    #[default]
    Caller,
    /// The kernel's, from the root of the host.
    Kernel,
    /// The kernel's, from the root directories of the processes.
    Inside,
}

/// Views of an event that show other paths than the callers' do.
#[inline]
pub(crate) fn views_of(cx: &Context<'_>) -> &'static [View] {
    let fd = cx.fd().and_then(|(_, fd)| fd);
    let by_fd = match fd.map(|fd| &fd.real) {
        None | Some(RealPath::Unknown | RealPath::Named) => &[],
        Some(RealPath::Other { inside, .. }) => of_other(fd.is_some_and(|fd| fd.name == *inside), inside),
    };
    if !by_fd.is_empty() {
        return by_fd;
    }
    let by_event = if cx.event.extras().is_empty() { &[] } else { of_event(cx.event, fd.is_some()) };
    match by_event {
        [] if cx.thread().is_some_and(|thread| !thread.image.real.is_empty()) => &[View::Kernel],
        _ => by_event,
    }
}

fn of_other(is_named: bool, inside: &Text) -> &'static [View] {
    if inside.is_empty() || is_named { &[View::Kernel] } else { &[View::Kernel, View::Inside] }
}

/// The paths of an open are those of its fd, if it has one.
#[cold]
fn of_event(event: &Event<'_>, has_fd: bool) -> &'static [View] {
    let differs = |kind| event.extras().get(kind).is_some_and(|item| !item.has(flag::SAME));
    let (first, inside) = (!has_fd && differs(kind::PATH), !has_fd && differs(kind::PATH_INSIDE));
    if inside || differs(kind::SECOND_PATH_INSIDE) {
        &[View::Kernel, View::Inside]
    } else if first || differs(kind::SECOND_PATH) {
        &[View::Kernel]
    } else {
        &[]
    }
}

/// The name of an fd.
pub(super) fn name(fd: &Fd, view: View) -> &Text {
    let real = match view {
        View::Caller => None,
        View::Kernel => fd.real_path(),
        View::Inside => fd.real_path_inside(),
    };
    real.unwrap_or(&fd.name)
}

/// The path of an executable.
pub(super) fn exepath(image: &Image, view: View) -> &Text {
    if view == View::Kernel && !image.real.is_empty() { &image.real } else { &image.exepath }
}

/// The path that an event is about; `None` in the view of the callers, who gave it in their own way.
pub(super) fn event_path<'a>(event: &Event<'a>, view: View) -> Option<&'a [u8]> {
    nth_path(event, false, view)
}

/// The same of the first or the second object.
pub(super) fn nth_path<'a>(event: &Event<'a>, second: bool, view: View) -> Option<&'a [u8]> {
    let (path, inside) = match second {
        false => (kind::PATH, kind::PATH_INSIDE),
        true => (kind::SECOND_PATH, kind::SECOND_PATH_INSIDE),
    };
    match view {
        View::Caller => None,
        View::Kernel => event.kernel_path(path),
        View::Inside => event.kernel_path(inside).or_else(|| event.kernel_path(path)),
    }
}

/// A parameter of an event that is a path, the first or the second of them.
pub(super) fn argument<'a>(event: &Event<'a>, index: usize, view: View) -> Option<&'a [u8]> {
    if view == View::Caller {
        return None;
    }
    let is_path = |param: &ParamInfo| matches!(param.ty, ParamType::FsPath | ParamType::FsRelPath);
    let (before, rest) = event.info.params.split_at_checked(index)?;
    rest.first().filter(|param| is_path(param))?;
    match before.iter().filter(|param| is_path(param)).count() {
        0 => nth_path(event, false, view),
        1 => nth_path(event, true, view),
        _ => None,
    }
}

/// The fields of what the kernel says of an event.
pub(super) fn value<'a>(event: &Event<'a>, field: E) -> Option<Value<'a>> {
    let extras = event.extras();
    let is = |fact| Some(Value::Bool(extras.is(fact)));
    match field {
        E::EvtRealpath => nth_path(event, false, View::Kernel).map(Value::Text),
        E::EvtRealpathInside => nth_path(event, false, View::Inside).map(Value::Text),
        E::EvtRealpathSecond => nth_path(event, true, View::Kernel).map(Value::Text),
        E::EvtRealpathSecondInside => nth_path(event, true, View::Inside).map(Value::Text),
        E::EvtEntryPath => event.kernel_path(kind::ENTRY_PATH).map(Value::Text),
        E::EvtEntryPathSecond => event.kernel_path(kind::SECOND_ENTRY_PATH).map(Value::Text),
        E::EvtFileIno => extras.file().map(|file| Value::Int(file.ino as i64)),
        E::EvtFileDev => extras.file().map(|file| Value::Int(i64::from(file.dev))),
        E::EvtFileMode => extras.file().map(|file| Value::Uint(u64::from(file.mode))),
        E::EvtIsUring => is(fact::IO_URING),
        E::EvtIsArgChanged => is(fact::CHANGED),
        E::EvtIsArgsCut => is(fact::ARGUMENTS_CUT),
        E::EvtIsEnvCut => is(fact::ENVIRONMENT_CUT),
        _ => None,
    }
}
