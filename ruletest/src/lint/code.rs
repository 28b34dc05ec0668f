//! The kinds of findings: each has a code that stays, a name, a level, what it means and what to do. docs/lint.md has the same
//! table, which a test compares.

use tercel_rules::WarningCode;

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The rule cannot do what it says.
    Error,
    /// Probably not meant so.
    Warning,
    /// A matter of order.
    Note,
}

impl Level {
    /// Its word, that of SARIF.
    pub const fn name(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        }
    }
}

macro_rules! codes {
    ($($id:ident $code:literal $name:literal $level:ident $means:literal $fix:literal;)*) => {
        /// A kind of finding.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $means] $id,)*
        }

        impl Code {
            /// All of them, by their codes.
            pub const ALL: &[Code] = &[$(Code::$id,)*];

            /// The code that stays, for `#nolint`: `L101`.
            pub const fn code(self) -> &'static str {
                match self { $(Code::$id => $code,)* }
            }

            /// A name for people: `never-matches`.
            pub const fn name(self) -> &'static str {
                match self { $(Code::$id => $name,)* }
            }

            /// How grave it is.
            pub const fn level(self) -> Level {
                match self { $(Code::$id => Level::$level,)* }
            }

            /// What it means.
            pub const fn means(self) -> &'static str {
                match self { $(Code::$id => $means,)* }
            }

            /// What to do.
            pub const fn fix(self) -> &'static str {
                match self { $(Code::$id => $fix,)* }
            }
        }
    };
}

#[rustfmt::skip]
codes! {
    NeverMatches "L101" "never-matches" Error "A condition can never hold: two of its checks exclude each other, or a check holds on no event" "remove one of the two checks, or join them with 'or'";
    DeadAlternative "L102" "dead-alternative" Warning "One side of an 'or' can never hold beside the checks around it" "remove it, or mend the check that it excludes";
    AlwaysHolds "L103" "always-holds" Warning "An 'or' holds whatever the value is, as in 'a != x or a != y'" "join the checks with 'and', or use 'not … in (…)'";
    EmptyList "L104" "empty-list" Warning "A rule can match only if a value is in a list, and the list has no items" "add items to the list, or disable the rule until it has some";
    PatternInEquality "L201" "pattern-in-equality" Error "A pattern stands where text is compared letter by letter" "use 'glob' or 'regex', or 'startswith', 'endswith' and 'contains' without the pattern";
    NameTooLong "L202" "name-too-long" Error "The kernel keeps 15 bytes of the name of a process; a longer one never occurs" "shorten it to 15 bytes, or compare proc.exepath";
    UnknownValue "L203" "unknown-value" Error "A value that the field never has: an unknown word, flag, signal, error, capability or kind" "use one of the words that the field has";
    WrongShape "L204" "wrong-shape" Error "A value in a form that the field never has: a slash at the end of a directory, a path as a name, a letter in the wrong case" "write it in the form that the field has";
    OutOfRange "L205" "out-of-range" Error "A number that the field never has, such as a port above 65535" "mend the number";
    LooksLikeName "L301" "looks-like-name" Warning "A value looks like the misspelt name of a list or macro, or is the name of one that is not put in there" "write the name as it is defined, and define it before it is used";
    UnusedMacro "L302" "unused-macro" Note "No rule or macro uses the macro" "remove it, or mark its file as a library with '# tercel: library'";
    UnusedList "L303" "unused-list" Note "No rule, macro or list uses the list" "remove it, or mark its file as a library with '# tercel: library'";
    UnusedException "L304" "unused-exception" Warning "An exception can never apply: the condition of its rule excludes its values" "remove the values, or mend them";
    DefinedTwice "L305" "defined-twice" Warning "A file defines a rule, macro or list twice; only the last definition counts" "rename or remove one of them, or append to the first with 'override'";
    InvalidCondition "L306" "invalid-condition" Error "A macro that no rule uses cannot be compiled: it names an unknown field or has a value of the wrong type" "mend it, or remove the macro";
    FieldNotSet "L401" "field-not-set" Error "A check looks at a field that has no value on any event type for which it is asked" "use a field that these events have, or another event type";
    FieldNeverSet "L402" "field-never-set" Warning "A field that has no value on any event" "use another field";
    OutputNotSet "L403" "output-not-set" Note "An output shows a field that has no value on any event type of the rule: it prints <NA> always" "remove the field from the output, or use one that these events have";
    ManyEventTypes "L501" "many-event-types" Warning "A rule is evaluated for more than 100 event types, which costs time" "add a check of evt.type";
    Shadowed "L502" "shadowed" Warning "An earlier rule matches whenever this one does, and only the first that matches raises an alert" "move it before the other, or make the other narrower";
    MissingTags "L503" "missing-tags" Note "A rule has no tags, so it cannot be selected by them and is in no matrix" "add tags: for example 'host' or 'container', the tactic, and the technique";
    Source "L601" "unknown-source" Warning "A rule is for another event source and never runs" "remove the rule, or its 'source'";
    UnsafeComparison "L602" "unsafe-comparison" Warning "A comparison with the text <NA>" "use 'exists'";
    UnknownFilter "L603" "unknown-filter" Warning "A rule names an unknown field or event type and is skipped" "mend the name";
    UnknownItem "L604" "unknown-item" Warning "An item that is neither rule, macro, list nor requirement" "mend its first key";
    Deprecated "L605" "deprecated" Note "Something deprecated" "use what replaces it";
    ExceptionValues "L606" "exception-values" Warning "An exception is appended without values, or two exceptions of a rule have one name" "give it values, and each exception a name of its own";
    InvalidName "L607" "invalid-name" Warning "The name of a macro or list that conditions cannot refer to" "use letters, digits and underscores";
    DoubtfulLiteral "L608" "doubtful-literal" Note "A literal that is a field or transformer, or a regular expression that needs none" "use val(…) for a field, or a simpler operator";
    UnknownKey "L609" "unknown-key" Warning "A key that the item does not know; it is ignored" "mend or remove it";
    NolintUnknown "L901" "nolint-unknown" Warning "A #nolint comment names an unknown code" "use a code of this table";
    NolintEmpty "L902" "nolint-empty" Warning "A #nolint comment names no code" "write the code: #nolint L203";
    NolintUnused "L903" "nolint-unused" Note "A #nolint comment for something that is not found there" "remove the comment";
}

impl Code {
    /// The kind of this code.
    ///
    /// ```
    /// use tercel_ruletest::lint::Code;
    ///
    /// assert_eq!(Code::of("L202"), Some(Code::NameTooLong));
    /// assert_eq!(Code::of("L000"), None);
    /// ```
    pub fn of(text: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.code() == text)
    }

    /// The kind of a warning of the loader.
    pub(super) fn of_warning(code: WarningCode) -> Code {
        match code {
            WarningCode::UnknownSource => Code::Source,
            WarningCode::UnsafeNaCheck => Code::UnsafeComparison,
            WarningCode::NoEvtType => Code::ManyEventTypes,
            WarningCode::UnknownFilter => Code::UnknownFilter,
            WarningCode::UnusedMacro => Code::UnusedMacro,
            WarningCode::UnusedList => Code::UnusedList,
            WarningCode::UnknownItem => Code::UnknownItem,
            WarningCode::DeprecatedItem => Code::Deprecated,
            WarningCode::AppendNoValues | WarningCode::ExceptionNameNotUnique => Code::ExceptionValues,
            WarningCode::InvalidMacroName | WarningCode::InvalidListName => Code::InvalidName,
            WarningCode::CompileCondition => Code::DoubtfulLiteral,
            WarningCode::UnknownKey => Code::UnknownKey,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_and_each_stands_once() {
        assert!(Code::ALL.is_sorted_by(|a, b| a.code() < b.code()));
        let names: std::collections::BTreeSet<&str> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
    }

    #[test]
    fn the_documentation_has_the_same_table() {
        let page = include_str!("../../../docs/lint.md");
        let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| L")).collect();
        let expected: Vec<String> = Code::ALL
            .iter()
            .map(|code| {
                let (level, means) = (code.level().name(), code.means().replace('|', "\\|"));
                format!("| {} | {} | {level} | {means} | {} |", code.code(), code.name(), code.fix())
            })
            .collect();
        assert_eq!(rows, expected, "docs/lint.md\n{}", expected.join("\n"));
    }
}
