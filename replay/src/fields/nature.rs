//! The properties of a field besides its value: what the value changes with, how a comparison reads it, how outputs
//! show it and what it costs. A field enters, its [`Nature`] leaves. The rows are next to the values, in a `nature` per
//! class of fields without a catch-all arm, so that a new field does not compile until it has one.

use tercel_format::catalogue::{EventFlags, EventInfo, code};
use tercel_rules::fields::{Arg, Field};

use super::time;

/// The row of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Nature {
    /// What the value changes with.
    pub(crate) dependency: Dependency,
    /// How a comparison reads it.
    pub(crate) comparison: Comparison,
    /// How outputs show it.
    pub(super) rendering: Rendering,
    /// Rough price of finding it, next to that of one comparison.
    pub(crate) cost: u32,
}

/// What the value of a field can change with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dependency {
    /// Only the [`Image`](crate::state::Image) of the event's thread; missing if there is no thread.
    Image,
    /// Only the event's code, apart from events of some codes.
    Code(Apart),
    /// The parameters of the event; missing if the event's type has none of this name.
    Parameter,
    /// The event's fd; missing where the event's type has nothing to do with fds (reference state 9.1).
    Fd,
    /// Nothing but the number of the event, which is never 0.
    Number,
    /// The event or the state.
    Event,
    /// The event, and what the thread was when the field was last asked for.
    Growth,
    /// Evaluations before this one, besides the event.
    Evaluations,
}

/// Events whose code alone does not decide the value of a field that otherwise depends on the code only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Apart {
    /// None.
    Nothing,
    /// Generic calls and asynchronous events: their names stand in their parameters (reference state 9.12).
    Named,
    /// Calls that open files (reference state 9.15).
    Opens,
    /// Calls that open or create files.
    OpensAndCreates,
}

/// How a comparison reads the value of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// There is one value.
    One,
    /// One of each ancestor process.
    EachAncestor(Shown),
    /// One of each process that led to this one.
    EachForebear(Shown),
    /// One of each end of a connection.
    EachEnd(EndPart),
    /// It has the type of the parameter that it names.
    Raw,
    /// There is no value: the event's time is compared with the argument.
    Around,
    /// A name by DNS of the address that this field has.
    NameOf(Field),
}

/// What a field of several processes shows of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    Pid,
    Name,
    Exe,
    Exepath,
    CommandLine,
    Arguments,
    Environment,
}

/// Which part of the ends of a connection a comparison looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndPart {
    Address,
    Network,
    Port,
}

/// How outputs show a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rendering {
    /// As its value.
    Value,
    /// As its value; in JSON as nanoseconds since the epoch.
    Time,
    /// As its value; in JSON as a number, whatever its print format.
    Number,
    /// As the time since the output was last rendered.
    Delta(DeltaPart),
    /// As the number of times that the output was rendered.
    Count,
    /// As the data of the event.
    Buffer,
    /// By the type of the parameter that it names.
    RawArgument,
    /// As its value; in JSON a list, also of one.
    List,
}

/// The part of a time between evaluations that a field shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum DeltaPart {
    /// Nanoseconds.
    Whole,
    /// Whole seconds.
    Seconds,
    /// Nanoseconds within the second.
    Nanoseconds,
}

/// Fields that have to be put together from several places.
const COMPOSED: u32 = 20;
/// Fields with a value per ancestor or per end.
const SEVERAL: u32 = 40;

impl Nature {
    /// One value that the event or the state decides, shown as it is.
    pub(super) const EVENT: Nature = Nature {
        dependency: Dependency::Event,
        comparison: Comparison::One,
        rendering: Rendering::Value,
        cost: 6,
    };
    /// One value that the image of the event's thread decides.
    pub(super) const IMAGE: Nature = Nature { dependency: Dependency::Image, cost: 1, ..Nature::EVENT };
    /// One value of the event's fd.
    pub(super) const FD: Nature = Nature { dependency: Dependency::Fd, ..Nature::EVENT };
    /// One value that is put together from several places.
    pub(super) const COMPOSED: Nature = Nature { cost: COMPOSED, ..Nature::EVENT };

    /// A value that only the event's code decides, apart from events of some codes.
    pub(super) const fn of_code(apart: Apart) -> Nature {
        Nature { dependency: Dependency::Code(apart), ..Nature::EVENT }
    }

    /// A value per ancestor.
    pub(super) const fn of_ancestors(shown: Shown) -> Nature {
        Nature { comparison: Comparison::EachAncestor(shown), cost: SEVERAL, ..Nature::EVENT }
    }

    /// A value per process that led to this one.
    pub(super) const fn of_lineage(shown: Shown) -> Nature {
        Nature { comparison: Comparison::EachForebear(shown), cost: SEVERAL, ..Nature::EVENT }
    }

    /// A value per end of a connection.
    pub(super) const fn of_ends(part: EndPart) -> Nature {
        Nature { comparison: Comparison::EachEnd(part), cost: SEVERAL, ..Nature::FD }
    }

    /// The name of an address.
    pub(super) const fn name_of(address: Field) -> Nature {
        Nature { comparison: Comparison::NameOf(address), ..Nature::FD }
    }

    /// The time since an evaluation before.
    pub(super) const fn of_delta(part: DeltaPart) -> Nature {
        let rendering = Rendering::Delta(part);
        Nature { dependency: Dependency::Evaluations, rendering, ..Nature::EVENT }
    }

    /// One value that shows what grew since it was last asked for.
    pub(super) const GROWTH: Nature = Nature { dependency: Dependency::Growth, ..Nature::EVENT };

    /// One value of the event, which outputs print in a special form.
    pub(super) const fn shown(rendering: Rendering) -> Nature {
        Nature { rendering, ..Nature::EVENT }
    }
}

impl Dependency {
    /// Whether the field has no value on any event of the type.
    pub(crate) fn is_missing_on(self, info: &EventInfo, arg: &Arg) -> bool {
        match (self, arg) {
            (Dependency::Fd, _) => {
                !info.any(EventFlags::CREATES_FD | EventFlags::USES_FD | EventFlags::DESTROYS_FD)
            }
            // Reference language 5.21; state 9.20.
            (Dependency::Parameter, Arg::Key(name)) => !info.params.iter().any(|param| param.name == &**name),
            (
                Dependency::Image
                | Dependency::Code(_)
                | Dependency::Parameter
                | Dependency::Number
                | Dependency::Event
                | Dependency::Growth
                | Dependency::Evaluations,
                _,
            ) => false,
        }
    }

    /// Whether the value depends on when the field was asked for before.
    pub(crate) fn remembers(self) -> bool {
        match self {
            Dependency::Growth | Dependency::Evaluations => true,
            Dependency::Image
            | Dependency::Code(_)
            | Dependency::Parameter
            | Dependency::Fd
            | Dependency::Number
            | Dependency::Event => false,
        }
    }

    /// Whether the field has the same value on every event of the code.
    pub(crate) fn is_fixed_on(self, code: u16) -> bool {
        match self {
            Dependency::Code(apart) => !apart.contains(code),
            Dependency::Image
            | Dependency::Parameter
            | Dependency::Fd
            | Dependency::Number
            | Dependency::Event
            | Dependency::Growth
            | Dependency::Evaluations => false,
        }
    }
}

impl Apart {
    pub(super) fn contains(self, code: u16) -> bool {
        let is_open = matches!(
            code,
            code::SYSCALL_OPEN_X
                | code::SYSCALL_OPENAT_2_X
                | code::SYSCALL_OPENAT2_X
                | code::SYSCALL_OPEN_BY_HANDLE_AT_X
        );
        match self {
            Apart::Nothing => false,
            Apart::Named => {
                matches!(code, code::GENERIC_E | code::GENERIC_X | code::ASYNCEVENT_E | code::ASYNCEVENT_X)
            }
            Apart::Opens => is_open,
            Apart::OpensAndCreates => is_open || code == code::SYSCALL_CREAT_X,
        }
    }
}

impl DeltaPart {
    /// The part of a number of nanoseconds.
    pub(super) fn of(self, nanoseconds: u64) -> u64 {
        match self {
            DeltaPart::Whole => nanoseconds,
            DeltaPart::Seconds => nanoseconds / time::SECOND,
            DeltaPart::Nanoseconds => nanoseconds % time::SECOND,
        }
    }
}
