//! Names of operators, modifiers and transformers, in the order in which they are tried and listed in messages
//! (reference language 1.9, 1.11, 2.9).

use crate::nearest::nearest;

/// Operators without a right side.
pub(super) const UNARY_OPERATORS: &[&str] = &["exists"];

/// Operators whose right side is a number.
pub(super) const BINARY_NUMBER_OPERATORS: &[&str] = &["<=", "<", ">=", ">"];

/// Operators whose right side is a string; those in letters need a blank after them.
pub(crate) const BINARY_TEXT_OPERATORS: &[&str] = &[
    "==",
    "=",
    "!=",
    "glob",
    "iglob",
    "contains",
    "icontains",
    "bcontains",
    "startswith",
    "bstartswith",
    "endswith",
    "regex",
];

/// Operators whose right side is a list.
pub(crate) const BINARY_LIST_OPERATORS: &[&str] = &["intersects", "in", "pmatch"];

/// Words between a text operator and a list.
pub(crate) const MODIFIERS: &[&str] = &["oneof", "anyof", "allof"];

/// Transformers that may stand on either side.
pub(crate) const TRANSFORMERS: &[&str] =
    &["tolower", "toupper", "b64", "basename", "len", "join", "concat", "getopt"];

/// The transformer that marks a field on the right side and changes nothing.
pub(super) const VAL: &str = "val";

/// Every operator, in the order of messages.
pub(crate) fn operators() -> impl Iterator<Item = &'static str> {
    [UNARY_OPERATORS, BINARY_NUMBER_OPERATORS, BINARY_TEXT_OPERATORS, BINARY_LIST_OPERATORS]
        .into_iter()
        .flatten()
        .copied()
}

/// The operator that a misspelt word may have meant, for messages to people.
pub(crate) fn suggest_operator(word: &str) -> Option<&'static str> {
    nearest(word, operators().filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic())))
}

/// The end of messages that list the operators: `'exists', '<=', …`.
pub(super) fn quoted_operators() -> String {
    quoted(operators())
}

/// The end of messages that list the transformers, `val` first.
pub(super) fn quoted_transformers() -> String {
    quoted([VAL].into_iter().chain(TRANSFORMERS.iter().copied()))
}

fn quoted(names: impl Iterator<Item = &'static str>) -> String {
    names.map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
}
