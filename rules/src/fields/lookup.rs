//! From the text of a field to the field: classes are asked in order, the first that knows a prefix of the text decides,
//! and the whole text has to be used up (reference language 3.1 to 3.3).
//!
//! Messages are Falco's (libs 0.25.4 `filter_check_list.cpp` and the `parse_field_name` of each class).

use std::collections::BTreeSet;
use std::sync::LazyLock;

use tercel_format::catalogue::syscalls::SYSCALL_NAMES;
use tercel_format::catalogue::{EVENTS, ParamInfo, ParamType, PrintFormat};

use super::{ASYNC_EVENT_NAMES, Arg, Class, FIELDS, Field, FieldFlags, FieldRef};
use crate::lang::number;

/// Why a text names no field. `Display` gives Falco's message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// No class knows the text, or the class that knows its beginning does not know the rest.
    #[error("filter_check called with nonexistent field {0}")]
    Nonexistent(String),
    /// No event has a parameter of this name.
    #[error("unknown event argument {0}")]
    UnknownArgument(String),
    /// The argument is missing or in the wrong form.
    #[error("filter syntax error: {0}")]
    Syntax(String),
    /// The index is no number.
    #[error("{0} is not a valid number")]
    Number(String),
    /// Anything else, in Falco's words.
    #[error("{0}")]
    Other(String),
}

/// A field that the beginning of a text names.
struct Match {
    field: Field,
    arg: Arg,
    /// Bytes of the text that are used.
    length: usize,
}

type Lookup = Result<Option<Match>, FieldError>;

const CLASSES: [Class; 10] = [
    Class::GenEvent,
    Class::Event,
    Class::Process,
    Class::User,
    Class::Group,
    Class::Fd,
    Class::FsPath,
    Class::Util,
    Class::FdList,
    Class::Container,
];

/// Whether a text begins as some field does, up to its first dot; far quicker than looking for the field.
pub(crate) fn may_be_field(text: &str) -> bool {
    static HEADS: LazyLock<BTreeSet<&str>> =
        LazyLock::new(|| FIELDS.iter().filter_map(|info| info.name.split('.').next()).collect());
    text.split_once('.').is_some_and(|(head, _)| HEADS.contains(head))
}

impl FieldRef {
    /// The field that `text` (name and argument, the latter without quotes) names.
    pub fn parse(text: &str) -> Result<FieldRef, FieldError> {
        for class in CLASSES {
            let found = match class {
                Class::Event => event_class(text)?,
                Class::Process => process_class(text)?,
                Class::Fd => fd_class(text)?,
                Class::Container => container_class(text)?,
                Class::GenEvent
                | Class::User
                | Class::Group
                | Class::FsPath
                | Class::Util
                | Class::FdList => longest_name(class, text),
            };
            match found {
                Some(found) if found.length == text.len() => {
                    return Ok(FieldRef { field: found.field, arg: found.arg });
                }
                Some(_) => break,
                None => {}
            }
        }
        Err(FieldError::Nonexistent(text.to_owned()))
    }

    /// Type of the value; for `evt.rawarg.X` that of the first parameter of that name.
    pub fn ty(&self) -> ParamType {
        self.parameter().map_or(self.field.info().ty, |parameter| parameter.ty)
    }

    /// How a number is printed. Numbers made of fields that Falco has from its plugin print in decimal.
    pub fn format(&self) -> PrintFormat {
        match self.field.info().class {
            Class::Container => PrintFormat::Dec,
            _ => self.parameter().map_or(self.field.info().format, |parameter| parameter.format),
        }
    }

    fn parameter(&self) -> Option<&'static ParamInfo> {
        match (self.field, &self.arg) {
            (Field::EvtRawarg, Arg::Key(name)) => longest_parameter(name),
            _ => None,
        }
    }
}

/// The first parameter, of any event, with the longest name that `text` begins with.
fn longest_parameter(text: &str) -> Option<&'static ParamInfo> {
    let mut best: Option<&'static ParamInfo> = None;
    for parameter in EVENTS.iter().flat_map(|row| row.params) {
        let longer = best.is_none_or(|best| parameter.name.len() > best.name.len());
        if longer && !parameter.name.is_empty() && text.starts_with(parameter.name) {
            best = Some(parameter);
        }
    }
    best
}

/// The longest field name of a class that `text` begins with.
fn longest_name(class: Class, text: &str) -> Option<Match> {
    FIELDS
        .iter()
        .filter(|row| row.class == class && text.starts_with(row.name))
        .max_by_key(|row| row.name.len())
        .map(|row| Match { field: row.field, arg: Arg::None, length: row.name.len() })
}

fn event_class(text: &str) -> Lookup {
    let found = if text.starts_with("evt.arg") && !text.starts_with("evt.args") {
        event_argument(Field::EvtArg, text)?
    } else if text.starts_with("evt.rawarg") {
        event_argument(Field::EvtRawarg, text)?
    } else if text.starts_with("evt.around") {
        event_argument(Field::EvtAround, text)?
    } else if text.starts_with("evt.abspath") {
        absolute_path(text)
    } else if text.starts_with("evt.type.is") {
        event_type_is(text)?
    } else {
        return Ok(longest_name(Class::Event, text));
    };
    Ok(Some(found))
}

/// `evt.arg.NAME`, `evt.arg[N]`, `evt.rawarg.NAME`, `evt.around[TIME]`.
fn event_argument(field: Field, text: &str) -> Result<Match, FieldError> {
    let name = field.info().name;
    let rest = text.get(name.len()..).unwrap_or("");
    if let Some(inner) = rest.strip_prefix('[') {
        if field == Field::EvtRawarg {
            return Err(FieldError::Other("evt.arg fields must be expressed explicitly".to_owned()));
        }
        let (index, length) = bracketed(name, inner);
        let invalid = || FieldError::Number(index.to_owned());
        let arg = if field == Field::EvtAround {
            Arg::Index(number::unsigned(index).ok_or_else(invalid)?)
        } else {
            // No event has that many parameters, so a negative index finds nothing.
            Arg::Index(u64::try_from(number::signed32(index).ok_or_else(invalid)?).unwrap_or(u64::MAX))
        };
        return Ok(Match { field, arg, length });
    }
    let Some(argument) = rest.strip_prefix('.') else {
        return Err(FieldError::Syntax(text.to_owned()));
    };
    if field == Field::EvtAround {
        return Err(FieldError::Other("wrong syntax for evt.around".to_owned()));
    }
    let Some(parameter) = longest_parameter(argument) else {
        return Err(FieldError::UnknownArgument(argument.to_owned()));
    };
    let length = name.len() + 1 + parameter.name.len();
    Ok(Match { field, arg: Arg::Key(parameter.name.into()), length })
}

fn absolute_path(text: &str) -> Match {
    let field = Field::EvtAbspath;
    let name = field.info().name;
    for suffix in ["src", "dst"] {
        if text
            .get(name.len()..)
            .and_then(|rest| rest.strip_prefix('.'))
            .is_some_and(|rest| rest.starts_with(suffix))
        {
            return Match { field, arg: Arg::Key(suffix.into()), length: name.len() + 1 + suffix.len() };
        }
    }
    Match { field, arg: Arg::None, length: name.len() }
}

/// `evt.type.is.NAME` or `evt.type.is.CODE`; an unknown name uses nothing of the text.
fn event_type_is(text: &str) -> Result<Match, FieldError> {
    let field = Field::EvtTypeIs;
    let Some(wanted) = text.strip_prefix("evt.type.is.") else {
        return Err(FieldError::Syntax(text.to_owned()));
    };
    let (arg, length) = if let Some(code) = number::unsigned32(wanted) {
        (Arg::Index(u64::from(code)), text.len())
    } else if EVENTS.iter().any(|row| row.name == wanted) {
        (Arg::Key(wanted.into()), text.len())
    } else {
        (Arg::None, 0)
    };
    Ok(Match { field, arg, length })
}

/// Fields of processes whose argument is optional, longer names before their prefixes.
const PROCESS_ARGUMENTS: [Field; 13] = [
    Field::ProcApid,
    Field::ProcAname,
    Field::ProcAexepath,
    Field::ProcAexe,
    Field::ProcAcmdline,
    Field::ProcAargs,
    Field::ProcEnv,
    Field::ProcArgs,
    Field::ProcAenv,
    Field::ProcLineagePid,
    Field::ProcLineageExepath,
    Field::ProcLineageCmdline,
    Field::ProcLineage,
];

fn process_class(text: &str) -> Lookup {
    if text.starts_with("arg") {
        return Err(FieldError::Other("filter error: proc.arg filter not implemented yet".to_owned()));
    }
    for field in PROCESS_ARGUMENTS {
        if text.starts_with(field.info().name) {
            // A malformed argument counts as none, and its text then makes the field an unknown one.
            let none = Match { field, arg: Arg::None, length: field.info().name.len() };
            return Ok(Some(process_argument(field, text).unwrap_or(none)));
        }
    }
    if text.starts_with("thread.cgroup") && !text.starts_with("thread.cgroups") {
        return cgroup(text).map(Some);
    }
    Ok(longest_name(Class::Process, text))
}

fn process_argument(field: Field, text: &str) -> Option<Match> {
    let name = field.info().name;
    let inner = text.get(name.len()..)?.strip_prefix('[')?;
    inner.find(']')?;
    let (argument, length) = bracketed(name, inner);
    let keyed = matches!(field, Field::ProcEnv | Field::ProcAenv);
    let digits = !argument.is_empty() && argument.bytes().all(|byte| byte.is_ascii_digit());
    let arg = if keyed && !digits {
        if argument.is_empty() { Arg::None } else { Arg::Key(argument.into()) }
    } else {
        match number::signed32(argument)? {
            // The environment of the process itself takes names only: a number is dropped.
            _ if field == Field::ProcEnv => Arg::None,
            // An index of -1 is how the reference stores that there is none.
            -1 => Arg::None,
            index => Arg::Index(u64::try_from(index).unwrap_or(0)),
        }
    };
    Some(Match { field, arg, length })
}

fn cgroup(text: &str) -> Result<Match, FieldError> {
    let Some(rest) = text.strip_prefix("thread.cgroup.") else {
        return Err(FieldError::Syntax(text.to_owned()));
    };
    let end = rest.find(|c: char| !c.is_ascii_alphabetic() && c != '_').unwrap_or(rest.len());
    let subsystem = rest.get(..end).unwrap_or("");
    let length = text.len() - rest.len() + end;
    Ok(Match { field: Field::ThreadCgroup, arg: Arg::Key(subsystem.into()), length })
}

fn fd_class(text: &str) -> Lookup {
    let field = Field::FdTypes;
    let name = field.info().name;
    let Some(rest) = text.strip_prefix(name) else {
        return Ok(longest_name(Class::Fd, text));
    };
    let Some(inner) = rest.strip_prefix('[') else {
        return Ok(Some(Match { field, arg: Arg::None, length: name.len() }));
    };
    let (index, length) = bracketed(name, inner);
    let fd = number::signed(index).ok_or_else(|| FieldError::Number(index.to_owned()))?;
    let arg = if fd == -1 { Arg::None } else { Arg::Index(fd as u64) };
    Ok(Some(Match { field, arg, length }))
}

/// The text up to the first `]` of `inner`, and the length of name, brackets and argument together.
fn bracketed<'t>(name: &str, inner: &'t str) -> (&'t str, usize) {
    let end = inner.find(']').unwrap_or(inner.len());
    (inner.get(..end).unwrap_or(""), name.len() + 1 + end + 1)
}

/// Fields of the container plugin: the argument has to follow the name at once.
fn container_class(text: &str) -> Lookup {
    let Some(mut found) = longest_name(Class::Container, text) else {
        return Ok(None);
    };
    let info = found.field.info();
    let text = text.split(' ').next().unwrap_or("");
    let complain = |what: String| Err(FieldError::Other(format!("filter '{text}': {}{what}", info.name)));
    let takes_argument = info.flags.intersects(FieldFlags::ARG_ALLOWED | FieldFlags::ARG_REQUIRED);
    let Some(open) = text.find('[') else {
        if info.flags.contains(FieldFlags::ARG_REQUIRED) {
            return complain(" requires an argument but none provided".to_owned());
        }
        return Ok(Some(found));
    };
    if open != found.length {
        return Ok(None);
    }
    let inner = text.get(open + 1..).unwrap_or("");
    if inner.is_empty() {
        return complain(" terminates with incomplete argument brackets".to_owned());
    }
    if !inner.contains(']') {
        return complain(" has unbalanced argument brackets".to_owned());
    }
    let (argument, length) = bracketed(info.name, inner);
    if !takes_argument {
        return complain(format!(" does not allow nor require an argument but one is provided: {argument}"));
    }
    found.arg = match plain_index(argument) {
        Some(index) if info.flags.contains(FieldFlags::ARG_INDEX) => Arg::Index(index),
        _ => Arg::Key(argument.into()),
    };
    found.length = length;
    Ok(Some(found))
}

/// Digits without a leading zero.
fn plain_index(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || (text.len() > 1 && text.starts_with('0')) { None } else { text.parse().ok() }
}

/// Whether some event or system call is called `name` (reference language 3.4); names of the container plugin's
/// asynchronous events count.
pub(crate) fn is_event_name(name: &str) -> bool {
    EVENTS.iter().any(|row| row.name == name)
        || SYSCALL_NAMES.contains(&name)
        || ASYNC_EVENT_NAMES.contains(&name)
}
