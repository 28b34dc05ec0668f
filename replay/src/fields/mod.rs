//! The values of fields: state, event and what the state engine found out enter, a value per operand leaves, and its text
//! or JSON. Knows nothing of operators, rules or alerts, and never looks at the host it runs on: a field that only the
//! recorded host could answer (names by DNS) is missing (design D5).

/// Appends formatted text to a byte vector, which cannot fail.
macro_rules! put {
    ($out:expr, $($format:tt)*) => {{
        use std::io::Write as _;
        let _never_fails: std::io::Result<()> = write!($out, $($format)*);
    }};
}

mod account;
mod ancestors;
mod arguments;
mod buffer;
mod capture;
mod composed;
mod container;
pub mod domain;
mod event;
mod fd;
mod fdlist;
mod fspath;
mod io;
mod json;
mod lineage;
mod names;
mod nature;
mod opening;
mod parameters;
mod print;
mod process;
mod reads;
mod real;
mod scratch;
mod text;
mod time;
mod transform;
mod typed;
mod width;

use std::net::IpAddr;
use std::sync::Arc;

use tercel_format::Event;
use tercel_format::catalogue::EventFlags;
use tercel_rules::fields::{Arg, ClassField, FieldRef, UtilField};
use tercel_rules::program::{Operand, Source};

use crate::state::{Facts, Fd, Slot, State, Thread};

pub use buffer::Buffers;
pub use json::render_json;
pub(crate) use nature::{Comparison, Dependency, EndPart, Nature, Shown};
pub(crate) use reads::{parameters_read, topics_of};
pub(crate) use real::views_of;
pub use real::{Paths, View};
pub use scratch::{Scratch, Settings};
pub use text::{render_compared, render_text};
pub(crate) use time::{iso8601, seconds_between};
pub use typed::{Direction, FdClass, Socket, SocketRole};

/// Everything that a field may look at.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The recorded host after the event.
    pub state: &'a State,
    /// The event.
    pub event: &'a Event<'a>,
    /// What the state engine found out about it.
    pub facts: &'a Facts,
}

/// A value, borrowed from state, event or [`Scratch`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// Text without a NUL; not necessarily UTF-8.
    Text(&'a [u8]),
    /// Any bytes.
    Bytes(&'a [u8]),
    /// A signed number.
    Int(i64),
    /// An unsigned number, port or time in nanoseconds.
    Uint(u64),
    /// Yes or no.
    Bool(bool),
    /// A number with a fraction.
    Double(f64),
    /// An address.
    Ip(IpAddr),
    /// Several texts.
    List(&'a [Box<[u8]>]),
}

/// The value of an operand, `None` if it is missing (reference language 5.1).
///
/// Fields that compare several values at once (`Comparison`) have the value that an output shows, if any. Fields that
/// count evaluations (`evt.deltatime`, `util.cnt`) count one per event.
pub fn value<'a>(cx: &Context<'a>, operand: &'a Operand, scratch: &'a mut Scratch) -> Option<Value<'a>> {
    match &operand.source {
        Source::Field(field) => of_field(cx, field, scratch),
        Source::Text(text) => Some(Value::Text(text)),
        Source::List(_) | Source::Transform(..) => transform::value(cx, operand, scratch),
    }
}

/// The value of a field, `None` if it is missing.
pub(crate) fn of_field<'a>(
    cx: &Context<'a>,
    field: &'a FieldRef,
    scratch: &'a mut Scratch,
) -> Option<Value<'a>> {
    match field.field.in_class() {
        ClassField::GenEvent(of_class) => capture::value(cx, of_class, scratch),
        ClassField::Event(of_class) => event::value(cx, of_class, &field.arg, scratch),
        ClassField::Process(of_class) => process::value(cx, of_class, &field.arg, scratch),
        ClassField::User(of_class) => account::user(cx, of_class),
        ClassField::Group(of_class) => account::group(cx, of_class),
        ClassField::Fd(of_class) => fd::value(cx, of_class, &field.arg, scratch),
        ClassField::FsPath(of_class) => fspath::value(cx, of_class, scratch),
        ClassField::Util(UtilField::UtilCnt) => Some(Value::Uint(scratch.memory.count(cx.event.num))),
        ClassField::FdList(of_class) => fdlist::value(cx, of_class, scratch),
        ClassField::Container(of_class) => container::value(cx, of_class, &field.arg, scratch),
    }
}

/// Whether the value of a field says only how an existing fd is called, by its name, its raw name and its kind.
pub(crate) fn is_of_file(field: &FieldRef) -> bool {
    matches!(field.field.in_class(), ClassField::Fd(of_class) if fd::is_of_name(of_class))
        && field.arg == Arg::None
}

/// The row of a field with its argument.
pub(crate) fn nature(field: &FieldRef) -> Nature {
    let nature = match field.field.in_class() {
        ClassField::GenEvent(of_class) => capture::nature(of_class),
        ClassField::Event(of_class) => event::nature(of_class),
        ClassField::Process(of_class) => process::nature(of_class),
        ClassField::User(of_class) => account::nature_of_user(of_class),
        ClassField::Group(of_class) => account::nature_of_group(of_class),
        ClassField::Fd(of_class) => fd::nature(of_class),
        ClassField::FsPath(of_class) => fspath::nature(of_class),
        ClassField::Util(UtilField::UtilCnt) => {
            let rendering = nature::Rendering::Count;
            Nature { dependency: Dependency::Evaluations, rendering, ..Nature::EVENT }
        }
        ClassField::FdList(of_class) => fdlist::nature(of_class),
        ClassField::Container(of_class) => container::nature(of_class),
    };
    let one_ancestor = match nature.comparison {
        // The reference knows no nth ancestor when it compares environments: any will do.
        Comparison::EachAncestor(Shown::Environment) => matches!(field.arg, Arg::Key(_)),
        Comparison::EachAncestor(_) | Comparison::EachForebear(_) => field.arg != Arg::None,
        Comparison::One
        | Comparison::EachEnd(_)
        | Comparison::Raw
        | Comparison::Around
        | Comparison::NameOf(_) => false,
    };
    if one_ancestor {
        Nature { cost: Nature::EVENT.cost, comparison: Comparison::One, ..nature }
    } else {
        nature
    }
}

/// Calls `visit` with each value of a field of several (`Comparison`) until it answers `true`; `Some` with the last
/// answer, `None` if the field is missing altogether.
///
/// Ancestors come nearest first, beginning with the parent; a test holds when it holds for any of them, `!=` included
/// (reference language 5.19). `fd.ip`, `fd.port`, `fd.proto` and `fd.net` yield the client's side, then the server's, or
/// the one address of a listening socket; `=` holds for either, `!=` only for both, which the caller gets by turning `=`
/// (5.14 to 5.16). An fd that is no IP socket yields nothing: `Some(false)` without a call, which `!=` must not turn.
pub(crate) fn visit(
    cx: &Context<'_>,
    field: &FieldRef,
    scratch: &mut Scratch,
    visit: &mut dyn FnMut(Value<'_>) -> bool,
) -> Option<bool> {
    match nature(field).comparison {
        Comparison::EachEnd(part) => fd::visit(cx, part, visit),
        Comparison::EachAncestor(shown) => ancestors::visit(cx, shown, scratch, visit),
        Comparison::EachForebear(shown) => lineage::visit(cx, shown, scratch, visit),
        Comparison::One | Comparison::Raw | Comparison::Around | Comparison::NameOf(_) => {
            of_field(cx, field, scratch).map(visit)
        }
    }
}

impl<'a> Context<'a> {
    /// The event's thread; for events that are not bound to one, the thread of that id if there is one.
    #[inline]
    fn slot(&self) -> Option<Slot> {
        self.facts.thread.or_else(|| self.state.threads.by_tid(self.event.tid))
    }

    /// The entry of [`Context::slot`].
    #[inline]
    pub(crate) fn thread(&self) -> Option<&'a Thread> {
        self.slot().map(|slot| self.state.threads.get(slot))
    }

    /// The fd entry that the event is bound to.
    #[inline]
    fn bound_fd(&self) -> Option<&'a Arc<Fd>> {
        if !self.facts.has_fd {
            return None;
        }
        self.state.threads.fd(self.facts.thread?, self.facts.fd_num)
    }

    /// The fd number and entry that `fd.*` fields show; `None` for events that have nothing to do with fds and events
    /// without a thread (reference state 9.1).
    #[inline]
    pub(crate) fn fd(&self) -> Option<(i64, Option<&'a Arc<Fd>>)> {
        if !self.event.info.any(EventFlags::CREATES_FD | EventFlags::USES_FD | EventFlags::DESTROYS_FD) {
            return None;
        }
        let slot = self.slot()?;
        let number = self.facts.fd_num;
        let entry = if number == -1 { None } else { self.state.threads.fd(slot, number) };
        Some((number, entry))
    }
}

impl<'a> Value<'a> {
    /// The text in a buffer that was filled for this value.
    fn text(buffer: &'a [u8]) -> Option<Value<'a>> {
        Some(Value::Text(buffer))
    }
}

/// The elements of a list of texts with a NUL between and after, as the reference splits them: one NUL at the end is
/// dropped, nothing left means no element.
fn elements(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let bytes = bytes.strip_suffix(b"\0").unwrap_or(bytes);
    bytes.split(|byte| *byte == 0).take(if bytes.is_empty() { 0 } else { usize::MAX })
}

#[cfg(test)]
mod tests;
