//! The condition language: text enters, a syntax tree leaves (reference language sections 1 and 2).
//!
//! Nothing here knows which fields exist or what types they have; names and literals stay text.

mod cursor;
mod error;
pub(crate) mod escape;
mod marks;
mod names;
pub(crate) mod number;
mod operands;
mod parser;
#[cfg(test)]
mod tests;

pub(crate) use names::{
    BINARY_LIST_OPERATORS, BINARY_TEXT_OPERATORS, MODIFIERS, TRANSFORMERS, operators, suggest_operator,
};

pub use error::{ParseError, SyntaxError};
pub use escape::EscapeError;
pub(crate) use marks::{MARK, Shared, SharedList, next_mark};

use crate::ast::{Expr, Term};
use cursor::Cursor;
use parser::Parser;

/// Parses a whole condition; `max_depth` bounds the nesting of parentheses.
pub fn parse(text: &str, max_depth: usize) -> Result<Expr, SyntaxError> {
    let mut parser = Parser::new(text, max_depth);
    parser.condition().map_err(|reason| SyntaxError { reason, pos: parser.pos() })
}

/// Parses a condition with marks. An error may be due to a mark that stands where no list may.
pub(crate) fn parse_marked<'t>(
    text: &'t str,
    max_depth: usize,
    shared: Shared<'t>,
) -> Result<Expr, SyntaxError> {
    let mut parser = Parser::new(text, max_depth);
    parser.cursor.shared = Some(shared);
    let condition = parser.condition().map_err(|reason| SyntaxError { reason, pos: parser.pos() });
    match parser.cursor.misplaced {
        // Not every place passes an error on.
        true => Err(SyntaxError { reason: ParseError::ListInQuotes, pos: parser.pos() }),
        false => condition,
    }
}

/// The value of an item, if it is exactly one value of a list, on one line.
pub(crate) fn list_value(item: &str) -> Option<Box<[u8]>> {
    if cursor::is_bare(item) {
        return Some(item.as_bytes().into());
    }
    let mut cursor = Cursor::new(item);
    let complete = cursor.quoted().ok()? && cursor.at_end() && !item.contains(['\n', '\r', MARK]);
    complete.then(|| cursor.last_bytes().into())
}

/// The beginning of a text as a field or a transformer, or why it is none.
pub(crate) struct Prefix {
    /// The term and the number of bytes it takes.
    pub term: Result<(Term, usize), ParseError>,
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
