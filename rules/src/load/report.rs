//! What loading a file found: errors and warnings with Falco's codes, the chain of items they stand in, and the place in
//! the file with its line.
//!
//! Two forms leave here: Falco's result object (`falco_load_results`, reference language 8.17), whose positions of
//! condition errors are sums of two places, and a text with the true `file:line:column`, the line and a caret.

use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};
use tercel_format::visible;

use super::context::{Context, Place};

/// Why a file is refused (reference language 8.15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The file cannot be read.
    FileRead,
    /// The text is no YAML.
    YamlParse,
    /// The YAML has the wrong shape.
    YamlValidate,
    /// A condition is wrong.
    CompileCondition,
    /// An output is wrong.
    CompileOutput,
    /// An item contradicts others or what the engine offers.
    Validate,
}

impl ErrorCode {
    /// Falco's name of the code.
    pub fn name(self) -> &'static str {
        match self {
            ErrorCode::FileRead => "LOAD_ERR_FILE_READ",
            ErrorCode::YamlParse => "LOAD_ERR_YAML_PARSE",
            ErrorCode::YamlValidate => "LOAD_ERR_YAML_VALIDATE",
            ErrorCode::CompileCondition => "LOAD_ERR_COMPILE_CONDITION",
            ErrorCode::CompileOutput => "LOAD_ERR_COMPILE_OUTPUT",
            ErrorCode::Validate => "LOAD_ERR_VALIDATE",
        }
    }

    /// What Falco's result object says about the code.
    pub fn description(self) -> &'static str {
        match self {
            ErrorCode::FileRead => "File read error",
            ErrorCode::YamlParse => "YAML parse error",
            ErrorCode::YamlValidate => "Error validating internal structure of YAML file",
            ErrorCode::CompileCondition => "Error compiling condition",
            ErrorCode::CompileOutput => "Error compiling output",
            ErrorCode::Validate => "Error validating rule/macro/list/exception objects",
        }
    }
}

/// What a file is warned of (reference language 8.15b); the order is Falco's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WarningCode {
    /// The rule's event source does not exist; it is skipped.
    UnknownSource,
    /// A comparison with the text `<NA>`.
    UnsafeNaCheck,
    /// The rule runs for too many kinds of events.
    NoEvtType,
    /// The rule names an unknown field or event and allows it; it is skipped.
    UnknownFilter,
    /// Nothing refers to the macro.
    UnusedMacro,
    /// Nothing refers to the list.
    UnusedList,
    /// An item that is no rule, macro, list or requirement.
    UnknownItem,
    /// Something deprecated.
    DeprecatedItem,
    /// An exception is appended without values.
    AppendNoValues,
    /// Two exceptions of a rule have one name.
    ExceptionNameNotUnique,
    /// A macro's name cannot be referred to.
    InvalidMacroName,
    /// A list's name cannot be referred to.
    InvalidListName,
    /// A condition is right but probably not meant so.
    CompileCondition,
    /// A key that the item does not know.
    UnknownKey,
}

impl WarningCode {
    /// Falco's name of the code.
    pub fn name(self) -> &'static str {
        match self {
            WarningCode::UnknownSource => "LOAD_UNKNOWN_SOURCE",
            WarningCode::UnsafeNaCheck => "LOAD_UNSAFE_NA_CHECK",
            WarningCode::NoEvtType => "LOAD_NO_EVTTYPE",
            WarningCode::UnknownFilter => "LOAD_UNKNOWN_FILTER",
            WarningCode::UnusedMacro => "LOAD_UNUSED_MACRO",
            WarningCode::UnusedList => "LOAD_UNUSED_LIST",
            WarningCode::UnknownItem => "LOAD_UNKNOWN_ITEM",
            WarningCode::DeprecatedItem => "LOAD_DEPRECATED_ITEM",
            WarningCode::AppendNoValues => "LOAD_APPEND_NO_VALUES",
            WarningCode::ExceptionNameNotUnique => "LOAD_EXCEPTION_NAME_NOT_UNIQUE",
            WarningCode::InvalidMacroName => "LOAD_INVALID_MACRO_NAME",
            WarningCode::InvalidListName => "LOAD_INVALID_LIST_NAME",
            WarningCode::CompileCondition => "LOAD_COMPILE_CONDITION",
            WarningCode::UnknownKey => "LOAD_UNKNOWN_KEY",
        }
    }

    /// What Falco's result object says about the code.
    pub fn description(self) -> &'static str {
        match self {
            WarningCode::UnknownSource => {
                "A rule has a unknown event source. This can occur when reading rules content without having a \
                 corresponding plugin loaded, etc. The rule will be silently ignored."
            }
            WarningCode::UnsafeNaCheck => {
                "Comparing a field value with <NA> is unsafe and can lead to unpredictable behavior of the rule \
                 condition. If you need to check for the existence of a field, consider using the 'exists' operator \
                 instead."
            }
            WarningCode::NoEvtType => {
                "A rule condition matches too many evt.type values. This has a significant performance penalty. Make \
                 the condition more specific by adding an evt.type field or further restricting the number of \
                 evt.type values in the condition."
            }
            WarningCode::UnknownFilter => {
                "A rule condition or output refers to a field or evt.type that does not exist. This is normally an \
                 error, but if a rule has a skip-if-unknown-filter property, the error is downgraded to a warning."
            }
            WarningCode::UnusedMacro => {
                "A macro is defined in the rules content but is not used by any other macro or rule."
            }
            WarningCode::UnusedList => {
                "A list is defined in the rules content but is not used by any other list, macro, or rule."
            }
            WarningCode::UnknownItem => {
                "An unknown top-level object is in the rules content. It will be ignored."
            }
            WarningCode::DeprecatedItem => "A deprecated item is employed by lists, macros, or rules.",
            WarningCode::AppendNoValues => "A rule exception is overriding/appending with no values",
            WarningCode::ExceptionNameNotUnique => {
                "A rule is defining multiple exceptions with the same name"
            }
            WarningCode::InvalidMacroName => "A macro is defined with an invalid name",
            WarningCode::InvalidListName => "A list is defined with an invalid name",
            WarningCode::CompileCondition => "A rule condition or output have been parsed with a warning",
            WarningCode::UnknownKey => {
                "An item in the rules content contains an unrecognized key. The key will be ignored. This may \
                 indicate a typo or a property placed on the wrong item type."
            }
        }
    }

    /// A few words, for a warning without a message.
    fn summary(self) -> &'static str {
        match self {
            WarningCode::UnknownSource => "unknown event source",
            WarningCode::UnsafeNaCheck => "unsafe comparison with <NA>: use 'exists' instead",
            WarningCode::NoEvtType => "the condition has no restriction to event types",
            WarningCode::UnknownFilter => "unknown field or event type",
            WarningCode::UnusedMacro => "unused macro",
            WarningCode::UnusedList => "unused list",
            WarningCode::UnknownItem => "unknown item",
            WarningCode::DeprecatedItem => "deprecated item",
            WarningCode::AppendNoValues => "exception without values",
            WarningCode::ExceptionNameNotUnique => "several exceptions of one name",
            WarningCode::InvalidMacroName => "invalid macro name",
            WarningCode::InvalidListName => "invalid list name",
            WarningCode::CompileCondition => "condition",
            WarningCode::UnknownKey => "unknown key",
        }
    }
}

/// When a warning was found: those of compiling are found again after the next file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// While the file was read.
    Read,
    /// While everything read so far was compiled.
    Compile,
}

/// What went wrong, and where.
#[derive(Debug, Clone)]
pub struct Finding<C> {
    /// The code.
    pub code: C,
    /// The message, Falco's where Falco has one.
    pub message: String,
    /// Where in the message the reason begins: after the place, if the message names one.
    pub reason: usize,
    /// The chain of items around the place.
    pub context: Context,
    /// What Falco shows of the text around the place, with a caret.
    pub snippet: String,
    /// The true place in the file.
    pub place: Place,
    /// What may have been meant.
    pub hint: Option<String>,
    /// When it was found.
    pub phase: Phase,
    /// The deprecated field that a warning is about.
    pub deprecated_field: Option<&'static str>,
}

/// An error.
pub type Error = Finding<ErrorCode>;

/// A warning.
pub type Warning = Finding<WarningCode>;

/// What loading one file found.
#[derive(Debug, Clone)]
pub struct Report {
    /// The file's name as it was given.
    pub name: Arc<str>,
    /// Result of the structural check, one entry per failure or `ok` per document; empty if there was no document.
    pub schema: Vec<String>,
    /// Errors; a file with errors gives no rules.
    pub errors: Vec<Error>,
    /// Errors beside the first of them; Falco reports none of these, and its result object has none.
    pub further: Vec<Error>,
    /// Warnings.
    pub warnings: Vec<Warning>,
    /// Additions to Falco's message; not part of its result object.
    pub notes: Vec<Note>,
}

/// A remark about a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The place.
    pub place: Place,
    /// The remark.
    pub message: String,
}

impl Report {
    /// A report without findings.
    pub fn new(name: &str) -> Report {
        Report {
            name: name.into(),
            schema: Vec::new(),
            errors: Vec::new(),
            further: Vec::new(),
            warnings: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Whether the file was loaded.
    pub fn successful(&self) -> bool {
        self.errors.is_empty()
    }

    /// Falco's result object of this file.
    pub fn to_json(&self) -> Value {
        let mut result = json!({
            "name": &*self.name,
            "successful": self.successful(),
            "errors": self.errors.iter().map(|e| e.to_json(e.code.name(), e.code.description())).collect::<Vec<_>>(),
            "warnings":
                self.warnings.iter().map(|w| w.to_json(w.code.name(), w.code.description())).collect::<Vec<_>>(),
        });
        if let Some(first) = self.schema.first() {
            let valid = first == "ok";
            let warnings: &[String] = if valid { &[] } else { &self.schema };
            result["schema_valid"] = valid.into();
            result["schema_warnings"] = warnings.into();
        }
        result
    }
}

/// Falco's result object of several files.
pub fn results_to_json<'a>(reports: impl IntoIterator<Item = &'a Report>) -> Value {
    let reports: Vec<Value> = reports.into_iter().map(Report::to_json).collect();
    json!({ "falco_load_results": reports })
}

impl<C> Finding<C> {
    fn to_json(&self, code: &str, description: &str) -> Value {
        let mut context = self.context.to_json();
        context["snippet"] = self.snippet.as_str().into();
        let mut result =
            json!({ "code": code, "codedesc": description, "context": context, "message": &*self.message });
        if let Some(field) = self.deprecated_field {
            result["deprecated_field"] = field.into();
        }
        result
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, kind: &str, code: &str, summary: &str) -> fmt::Result {
        let message = self.reason_or(summary);
        writeln!(f, "{}: {kind}[{code}]: {}", self.place, shown(message))?;
        f.write_str(&self.place.excerpt())?;
        if let Some(item) = self.context.item() {
            writeln!(f, "  in {}", shown(&item))?;
        }
        if let Some(hint) = &self.hint {
            writeln!(f, "  {}", shown(hint))?;
        }
        Ok(())
    }

    /// The message without the place that it may begin with.
    fn reason_or<'f>(&'f self, summary: &'f str) -> &'f str {
        let reason = self.message.get(self.reason..).unwrap_or_default();
        if reason.is_empty() { summary } else { reason }
    }
}

/// Text of a rule file, safe for a terminal.
fn shown(text: &str) -> String {
    visible(text.as_bytes())
}

impl Finding<WarningCode> {
    /// Why, in words: the message, or a few words for a warning without one.
    pub fn explained(&self) -> &str {
        self.reason_or(self.code.summary())
    }
}

impl fmt::Display for Finding<ErrorCode> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, "error", self.code.name(), self.code.description())
    }
}

impl fmt::Display for Finding<WarningCode> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, "warning", self.code.name(), self.code.summary())
    }
}

impl fmt::Display for Report {
    /// All findings as text: errors first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.errors.iter().chain(&self.further).try_for_each(|error| write!(f, "{error}"))?;
        self.warnings.iter().try_for_each(|warning| write!(f, "{warning}"))?;
        for note in &self.notes {
            write!(f, "{}: note: {}\n{}", note.place, shown(&note.message), note.place.excerpt())?;
        }
        let verdict = match (self.successful(), self.warnings.is_empty()) {
            (true, true) => "ok",
            (true, false) => "ok, with warnings",
            (false, _) => "invalid",
        };
        writeln!(f, "{}: {verdict}", shown(&self.name))
    }
}
