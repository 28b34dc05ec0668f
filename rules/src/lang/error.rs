//! Why a text is not a condition or a term. `Display` gives Falco's message.

use super::escape::EscapeError;
use super::names::{quoted_operators, quoted_transformers};
use crate::ast::Pos;

/// A text is not a condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct SyntaxError {
    /// Why.
    pub reason: ParseError,
    /// How far the parser came.
    pub pos: Pos,
}

/// What the parser wanted, or found too much of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// There is no text.
    #[error("filter input string is empty")]
    Empty,
    /// The text goes on after a whole condition; with the last token.
    #[error("unexpected token after '{0}', expecting 'or', 'and'")]
    Trailing(String),
    /// Parentheses or transformers are nested too deeply; with the limit.
    #[error("exceeded max depth limit of {0}")]
    TooDeep(usize),
    /// A group was closed that was not open.
    #[error("parser fatal error: recursion is unbalanced")]
    Unbalanced,
    /// No check begins here.
    #[error("expected a '(' token, a field check, or an identifier")]
    NoCheck,
    /// A group is not closed.
    #[error("expected a ')' token")]
    NotClosed,
    /// `and` or `or` runs into what follows.
    #[error("expected blank or '(' after '{0}'")]
    NoBlankAfter(&'static str),
    /// A field without an operator.
    #[error("expected a valid check operator: one of {}", quoted_operators())]
    NoOperator,
    /// A modifier without a list.
    #[error("expected a list or an identifier")]
    NoListAfterModifier,
    /// Neither a field nor a transformer; with the last token.
    #[error("unexpected token after '{0}")]
    NoTerm(String),
    /// The right side of an operator on numbers is missing.
    #[error("expected a number value or a field with a valid transformer: {}", quoted_transformers())]
    NoNumber,
    /// The right side of an operator on text is missing.
    #[error("expected a string value or a field with a valid transformer: {}", quoted_transformers())]
    NoText,
    /// The right side of an operator on lists is missing.
    #[error("expected a list, an identifier, or a field with a valid transformer: {}", quoted_transformers())]
    NoList,
    /// A list goes on without a value.
    #[error("expected a string value")]
    NoListValue,
    /// `val()` without a field.
    #[error("expected a field within 'val' transformer")]
    NoFieldInVal,
    /// A transformer is not closed.
    #[error("expected a ')' token closing the transformer")]
    CallNotClosed,
    /// A transformer without an argument.
    #[error(
        "expected field transformer argument: field, transformer, quoted string, number, or transformer list"
    )]
    NoArgument,
    /// Bytes stand where only text can.
    #[error("expected text in UTF-8")]
    NotText,
    /// A list of arguments is not closed.
    #[error("expected ')'")]
    ArgumentsNotClosed,
    /// A list of arguments goes on without one.
    #[error("expected transformer list argument: field, transformer, quoted string, or number")]
    NoListArgument,
    /// Brackets without an argument.
    #[error("expected a valid field argument: a quoted string or a bare string")]
    NoFieldArgument,
    /// Brackets are not closed.
    #[error("expected a ']' token")]
    BracketNotClosed,
    /// A mark stands where only the text of its list makes sense.
    #[error("a list inside quotes")]
    ListInQuotes,
    /// A quoted string has an invalid escape.
    #[error(transparent)]
    Escape(#[from] EscapeError),
}
