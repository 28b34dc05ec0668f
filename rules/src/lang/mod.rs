//! The condition language: text enters, a syntax tree leaves (reference language sections 1 and 2).
//!
//! Nothing here knows which fields exist or what types they have; names and literals stay text.

mod cursor;
pub mod escape;
mod names;
pub mod number;
mod operands;
mod parser;
#[cfg(test)]
mod tests;

pub use names::{
    BINARY_LIST_OPERATORS, BINARY_NUMBER_OPERATORS, BINARY_TEXT_OPERATORS, MODIFIERS, TRANSFORMERS,
    UNARY_OPERATORS, operators, suggest_operator,
};

use crate::ast::{Expr, Pos, Term};
use parser::Parser;

/// Why a text is not a condition, with the message that Falco gives for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// Falco's message.
    pub message: String,
    /// How far the parser came.
    pub pos: Pos,
}

/// Parses a whole condition; `max_depth` bounds the nesting of parentheses.
pub fn parse(text: &str, max_depth: usize) -> Result<Expr, SyntaxError> {
    let mut parser = Parser::new(text, max_depth);
    parser.condition().map_err(|message| SyntaxError { message, pos: parser.pos() })
}

/// The beginning of a text as a field or a transformer, or why it is none.
pub(crate) struct Prefix {
    /// The term and the number of bytes it takes.
    pub term: Result<(Term, usize), String>,
    /// The outcome is the same for every shorter text of at least this many bytes.
    pub reach: usize,
}

/// Parses the field or transformer that the text begins with, as a token of an output does (reference language 10.2).
pub(crate) fn parse_prefix(text: &str) -> Prefix {
    let mut parser = Parser::new(text, operands::MAX_CALLS);
    let term = parser.term_only();
    let end = parser.pos().offset;
    Prefix { term: term.map(|term| (term, end)), reach: parser.reach() }
}
