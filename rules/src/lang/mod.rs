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

use crate::ast::{Expr, Pos, Term, Values};
use cursor::Cursor;
use parser::Parser;

/// Stands on both sides of the number of a list whose values are not written into the text.
pub(crate) const MARK: char = '\u{1}';

/// A list that a mark stands for.
#[derive(Debug, Clone)]
pub(crate) struct SharedList {
    /// Its values.
    pub(crate) values: Values,
    /// The bytes that its items take as text.
    pub(crate) width: usize,
}

/// Gives the list of a mark's number.
pub(crate) type Shared<'l> = &'l dyn Fn(usize) -> Option<&'l SharedList>;

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

/// Parses a condition with marks. An error may be due to a mark that stands where no list may.
pub(crate) fn parse_marked<'t>(
    text: &'t str,
    max_depth: usize,
    shared: Shared<'t>,
) -> Result<Expr, SyntaxError> {
    let mut parser = Parser::new(text, max_depth);
    parser.cursor.shared = Some(shared);
    let condition = parser.condition().map_err(|message| SyntaxError { message, pos: parser.pos() });
    match parser.cursor.misplaced {
        // Not every place passes an error on.
        true => Err(SyntaxError { message: "a list stands inside quotes".to_owned(), pos: parser.pos() }),
        false => condition,
    }
}

/// Start, end and number of the first mark from a byte on.
pub(crate) fn next_mark(text: &str, from: usize) -> Option<(usize, usize, usize)> {
    let start = from + text.get(from..)?.find(MARK)?;
    let number = text.get(start + 1..)?.split(MARK).next()?;
    Some((start, start + number.len() + 2, number.parse().ok()?))
}

/// The value of an item, if it is exactly one value of a list, on one line.
pub(crate) fn list_value(item: &str) -> Option<Box<[u8]>> {
    if cursor::is_bare(item) {
        return Some(item.as_bytes().into());
    }
    let mut cursor = Cursor::new(item);
    let complete = cursor.quoted().ok()? && cursor.at_end() && !item.contains(['\n', '\r', MARK]);
    complete.then(|| cursor.last().as_bytes().into())
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
