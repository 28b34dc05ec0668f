//! YAML with the place of every node.
//!
//! The text of a rule file enters, a tree of nodes per document leaves, or the first error with its place. The text is
//! read by unsafe-libyaml, which accepts what yaml-cpp, Falco's parser, accepts (a stricter one would reject rule files that
//! Falco loads). What counts as null, duplicate keys (the first one counts) and places (in bytes) are as in Falco.
//! Nothing here knows what a rule is.

mod events;
mod separators;
mod tree;

use std::rc::Rc;

pub use tree::parse;

/// A place in a file, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark {
    /// Bytes from the start of the file, a byte order mark left out.
    pub offset: usize,
    /// Line.
    pub line: usize,
    /// Column in bytes.
    pub column: usize,
}

/// A node of the tree. Aliases share the node of their anchor.
#[derive(Debug)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Where it starts.
    pub mark: Mark,
    /// The byte after it, counted as [`Mark::offset`] is. A collection without brackets ends where the next token starts.
    pub end: usize,
}

/// Kinds of nodes.
#[derive(Debug)]
pub enum NodeKind {
    /// Nothing, `~` or `null` without quotes.
    Null,
    /// Text.
    Scalar(String),
    /// A list.
    Sequence(Vec<Rc<Node>>),
    /// Pairs in the order of the file; a key may stand twice.
    Mapping(Vec<(Rc<Node>, Rc<Node>)>),
}

impl Node {
    /// The text of a scalar.
    pub fn scalar(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// The elements of a sequence.
    pub fn sequence(&self) -> Option<&[Rc<Node>]> {
        match &self.kind {
            NodeKind::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The pairs of a mapping.
    pub fn mapping(&self) -> Option<&[(Rc<Node>, Rc<Node>)]> {
        match &self.kind {
            NodeKind::Mapping(pairs) => Some(pairs),
            _ => None,
        }
    }

    /// Whether there is nothing.
    pub fn is_null(&self) -> bool {
        matches!(self.kind, NodeKind::Null)
    }

    /// The value of a key of a mapping; of a key that stands twice, the first value.
    pub fn get(&self, key: &str) -> Option<&Rc<Node>> {
        let found = self.mapping()?.iter().find(|(name, _)| name.scalar() == Some(key));
        found.map(|(_, value)| value)
    }
}

/// Why a text is no YAML, and where. The text begins as Falco's result object has it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("yaml-cpp: error at line {}, column {}: {message}", mark.line + 1, mark.column + 1)]
pub struct YamlError {
    /// The place.
    pub mark: Mark,
    /// The reason.
    pub message: String,
    /// What was being read, and where that began.
    pub within: Option<(String, Mark)>,
    /// The quote that most likely is to blame.
    pub open_quote: Option<Box<OpenQuote>>,
}

/// A quote that is closed further down than people meant: right before the text becomes unreadable, or never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenQuote {
    /// Where it opens.
    pub mark: Mark,
    /// The byte after the quote that closes it.
    pub closed: Option<Mark>,
}

impl YamlError {
    /// Where people have to look.
    pub fn place(&self) -> Mark {
        self.open_quote.as_deref().map_or(self.mark, |quote| quote.mark)
    }

    /// What helps people to find the mistake.
    pub fn hint(&self) -> Option<String> {
        let shown = |mark: &Mark| format!("line {}, column {}", mark.line + 1, mark.column + 1);
        match self.open_quote.as_deref() {
            Some(OpenQuote { closed: Some(end), .. }) => {
                return Some(format!("the quote that opens here is closed only at {}", shown(end)));
            }
            Some(OpenQuote { closed: None, .. }) => {
                return Some("the quote that opens here is never closed".to_owned());
            }
            None => {}
        }
        let is_far = |(what, began): &&(String, Mark)| began.line < self.mark.line || what.contains("flow");
        let (what, began) = self.within.as_ref().filter(is_far)?;
        Some(format!("{what} that begins at {}", shown(began)))
    }

    pub(crate) fn new(mark: Mark, message: impl Into<String>) -> YamlError {
        YamlError { mark, message: message.into(), within: None, open_quote: None }
    }
}
