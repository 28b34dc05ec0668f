//! Marks: what stands in the text of a condition for a list whose values are not written into it.

use crate::ast::Values;

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

/// Start, end and number of the first mark from a byte on.
pub(crate) fn next_mark(text: &str, from: usize) -> Option<(usize, usize, usize)> {
    let start = from + text.get(from..)?.find(MARK)?;
    let number = text.get(start + 1..)?.split(MARK).next()?;
    Some((start, start + number.len() + 2, number.parse().ok()?))
}
