//! The catalogue of fields: names, types and arguments of everything that a condition or an output may mention.
//!
//! What enters is a field's text, what leaves is a typed [`FieldRef`]. Nothing here knows how a value is found: that is
//! the work of the replay crate.

mod lookup;
mod statics;
mod table;

use tercel_format::catalogue::{ParamType, PrintFormat};

pub use crate::nearest::nearest;
pub use lookup::FieldError;
pub(crate) use lookup::{is_event_name, may_be_field};
pub use statics::StaticFields;
pub use table::{
    ClassField, ContainerField, EventField, FIELDS, FdField, FdListField, Field, FsPathField, GenEventField,
    GroupField, ProcessField, UserField, UtilField,
};

/// Names of the container plugin's asynchronous events, which `evt.type` accepts besides those of the catalogue.
pub(crate) const ASYNC_EVENT_NAMES: &[&str] = &["container", "container_removed"];

/// One row of the catalogue of fields.
#[derive(Debug)]
pub struct FieldInfo {
    /// The field itself.
    pub field: Field,
    /// The class it belongs to; look-up walks the classes in order (reference language 3.1).
    pub class: Class,
    /// Name without argument.
    pub name: &'static str,
    /// Type of its value.
    pub ty: ParamType,
    /// How a number is printed.
    pub format: PrintFormat,
    /// Whether it takes an argument.
    pub arg: ArgRule,
    /// What else is peculiar to it.
    pub flags: FieldFlags,
    /// What it means, in a few words.
    pub description: &'static str,
}

impl FieldInfo {
    /// Whether the value is a list.
    pub const fn is_list(&self) -> bool {
        self.flags.contains(FieldFlags::IS_LIST)
    }
}

impl Field {
    /// The row of the field.
    pub fn info(self) -> &'static FieldInfo {
        &FIELDS[self as usize]
    }
}

/// Families of fields, in look-up order.
#[allow(missing_docs)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    GenEvent,
    Event,
    Process,
    User,
    Group,
    Fd,
    FsPath,
    Util,
    FdList,
    Container,
}

/// Whether a field takes an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgRule {
    /// Never.
    No,
    /// It may.
    Optional,
    /// Always.
    Required,
}

impl ArgRule {
    /// The name in the catalogue that is printed.
    pub const fn name(self) -> &'static str {
        match self {
            ArgRule::No => "no",
            ArgRule::Optional => "optional",
            ArgRule::Required => "required",
        }
    }
}

bitflags::bitflags! {
    /// What is peculiar to fields (reference fields.json `epf`).
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct FieldFlags: u32 {
        /// Only for conditions.
        const FILTER_ONLY = 1;
        /// Only for outputs.
        const PRINT_ONLY = 1 << 1;
        /// Never without an argument.
        const ARG_REQUIRED = 1 << 2;
        /// Only for tables of the reference's user interface; neither conditions nor outputs know it.
        const TABLE_ONLY = 1 << 3;
        /// Summarizes the event.
        const INFO = 1 << 4;
        /// Tells conversations apart.
        const CONVERSATION = 1 << 5;
        /// Its value is a list.
        const IS_LIST = 1 << 6;
        /// With an argument or without.
        const ARG_ALLOWED = 1 << 7;
        /// Its argument may be a number.
        const ARG_INDEX = 1 << 8;
        /// Its argument may be a name.
        const ARG_KEY = 1 << 9;
        /// Another field is to be used instead.
        const DEPRECATED = 1 << 10;
        /// No transformer takes it.
        const NO_TRANSFORMER = 1 << 11;
        /// Never on the right of a comparison.
        const NO_RHS = 1 << 12;
        /// Its value is overwritten by the next look at a field.
        const NO_PTR_STABILITY = 1 << 13;
        /// Suggested for outputs.
        const FORMAT_SUGGESTED = 1 << 14;
    }
}

/// A field with its argument, as a condition or an output names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FieldRef {
    /// Which field.
    pub field: Field,
    /// Its argument.
    pub arg: Arg,
}

/// The argument of a field.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Arg {
    /// None was given.
    None,
    /// A number: `proc.aname[2]`, `proc.args[0]`, `evt.arg[1]`, `evt.around[TS]`, `container.mount[0]`.
    Index(u64),
    /// A name: `proc.env[HOME]`, `evt.arg.flags` (`flags`), `thread.cgroup.cpu` (`cpu`), `container.label[app]`,
    /// `evt.type.is.open`, `evt.abspath.src` (`src`).
    Key(Box<str>),
}

/// The field whose name is nearest to `name`, if any is near enough to be meant.
pub fn suggest(name: &str) -> Option<&'static str> {
    let name = name.split('[').next().unwrap_or("");
    nearest(name, FIELDS.iter().map(|row| row.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_numbers_or_names() {
        let key = |name: &str| Arg::Key(name.into());
        for (text, field, arg) in [
            ("proc.name", Field::ProcName, Arg::None),
            ("proc.aname[2]", Field::ProcAname, Arg::Index(2)),
            ("proc.aname[-1]", Field::ProcAname, Arg::None),
            ("proc.env[HOME]", Field::ProcEnv, key("HOME")),
            ("proc.env[1]", Field::ProcEnv, Arg::None),
            ("thread.cgroup.cpu", Field::ThreadCgroup, key("cpu")),
            ("evt.arg[1]", Field::EvtArg, Arg::Index(1)),
            ("evt.arg.flags", Field::EvtArg, key("flags")),
            ("evt.around[5]", Field::EvtAround, Arg::Index(5)),
            ("evt.abspath.dst", Field::EvtAbspath, key("dst")),
            ("evt.type.is.open", Field::EvtTypeIs, key("open")),
            ("evt.type.is.3", Field::EvtTypeIs, Arg::Index(3)),
            ("fd.types", Field::FdTypes, Arg::None),
            ("fd.types[3]", Field::FdTypes, Arg::Index(3)),
            ("fd.types[-1]", Field::FdTypes, Arg::None),
            ("container.mount[0]", Field::ContainerMount, Arg::Index(0)),
            ("container.mount[01]", Field::ContainerMount, key("01")),
            ("container.label[app]", Field::ContainerLabel, key("app")),
        ] {
            assert_eq!(FieldRef::parse(text), Ok(FieldRef { field, arg }), "{text}");
        }
    }

    #[test]
    fn misspelt_names_find_their_field() {
        for (word, expected) in [
            ("proc.nmae", Some("proc.name")),
            ("proc.cmdlin", Some("proc.cmdline")),
            ("fd.naem", Some("fd.name")),
            ("container.imag", Some("container.image")),
            ("evt.tpye[3]", Some("evt.type")),
            ("proc.name", Some("proc.name")),
            ("completely.different", None),
            ("", None),
        ] {
            assert_eq!(suggest(word), expected, "{word}");
        }
    }
}
