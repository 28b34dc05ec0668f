//! The text of a file with the places of its nodes: typed reading of YAML enters, values or the first mistake leave, with its line, a
//! caret and what may have been meant. For files whose keys are tercel's own, such as tests and correlations; rule files are read as
//! Falco reads them.

use std::collections::HashSet;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use super::yaml::{Node, NodeKind};
use super::{Place, encoding};
use crate::nearest::nearest;

/// A file's name and text.
#[derive(Debug, Clone)]
pub struct Document {
    /// The name as messages show it.
    pub name: Arc<str>,
    /// The text, without a byte order mark.
    pub text: Arc<str>,
}

/// A mistake in a test file.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Where it is.
    pub place: Place,
    /// What is wrong.
    pub message: String,
    /// What may have been meant.
    pub hint: Option<String>,
}

impl Problem {
    /// The mistake with a suggestion.
    #[must_use]
    pub fn meant(mut self, name: Option<&str>) -> Problem {
        self.hint = name.map(|name| format!("did you mean '{name}'?"));
        self
    }

    /// The mistake with a remark.
    #[must_use]
    pub fn hint(mut self, text: impl Into<String>) -> Problem {
        self.hint = Some(text.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n{}", self.place, self.message, self.place.excerpt().trim_end_matches('\n'))?;
        self.hint.iter().try_for_each(|hint| write!(f, "\n  {hint}"))
    }
}

/// A value, or the first mistake.
pub type Read<T> = Result<T, Problem>;

impl Document {
    /// The text of a file.
    ///
    /// # Errors
    /// It is in none of the encodings of YAML.
    pub fn new(name: &str, bytes: &[u8]) -> Read<Document> {
        match encoding::text(bytes) {
            Ok(text) => Ok(Document {
                name: name.into(),
                text: text.strip_prefix('\u{feff}').unwrap_or(&text).into(),
            }),
            Err(error) => {
                let document = Document { name: name.into(), text: String::from_utf8_lossy(bytes).into() };
                Err(document.problem_at(error.valid_up_to(), "this byte is not UTF-8"))
            }
        }
    }

    /// A mistake at a byte of the text.
    pub fn problem_at(&self, offset: usize, message: impl Into<String>) -> Problem {
        let place = Place::of(Arc::clone(&self.name), &self.text, offset);
        Problem { place, message: message.into(), hint: None }
    }

    /// A mistake at a node.
    pub fn problem(&self, node: &Node, message: impl Into<String>) -> Problem {
        self.problem_at(node.mark.offset, message)
    }

    /// The pairs of a mapping whose keys are all known, each once. `what` names the mapping in messages.
    ///
    /// # Errors
    /// It is no mapping, or has a key that is unknown or given twice.
    pub fn table<'n>(&self, node: &'n Node, what: &str, known: &[&str]) -> Read<Table<'n>> {
        let pairs = self.pairs(node, what)?;
        for (key, key_node, _) in &pairs {
            if !known.contains(key) {
                let message = format!("unknown key '{key}' in {what}; the keys are {}", known.join(", "));
                return Err(self.problem(key_node, message).meant(nearest(key, known.iter().copied())));
            }
        }
        Ok(Table { pairs })
    }

    /// The pairs of a mapping; no key stands twice.
    ///
    /// # Errors
    /// It is no mapping, or has a key that is given twice.
    pub fn pairs<'n>(&self, node: &'n Node, what: &str) -> Read<Vec<Pair<'n>>> {
        let Some(pairs) = node.mapping() else {
            return Err(self.problem(node, format!("{what} must be a mapping (key: value), {}", found(node))));
        };
        let mut seen = HashSet::new();
        let mut read = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            let Some(name) = key.scalar() else {
                return Err(self.problem(key, format!("a key of {what} must be text, {}", found(key))));
            };
            if !seen.insert(name) {
                return Err(self.problem(key, format!("key '{name}' is given twice in {what}")));
            }
            read.push((name, &**key, value));
        }
        Ok(read)
    }

    /// The elements of a list.
    ///
    /// # Errors
    /// It is no list.
    pub fn list<'n>(&self, node: &'n Node, what: &str) -> Read<&'n [Rc<Node>]> {
        node.sequence().ok_or_else(|| self.problem(node, format!("{what} must be a list, {}", found(node))))
    }

    /// A text.
    ///
    /// # Errors
    /// It is no text, or empty.
    pub fn text<'n>(&self, node: &'n Node, what: &str) -> Read<&'n str> {
        match node.scalar() {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(self.problem(node, format!("{what} must be text, {}", found(node)))),
        }
    }

    /// One text or a list of texts, with their nodes.
    ///
    /// # Errors
    /// One of them is no text, or there is none.
    pub fn texts<'n>(&self, node: &'n Rc<Node>, what: &str) -> Read<Vec<(&'n str, &'n Node)>> {
        let nodes = match &node.kind {
            NodeKind::Sequence(nodes) => nodes.as_slice(),
            _ => std::slice::from_ref(node),
        };
        if nodes.is_empty() {
            return Err(self.problem(node, format!("{what} is an empty list")));
        }
        nodes.iter().map(|node| Ok((self.text(node, what)?, &**node))).collect()
    }

    /// One of several words.
    ///
    /// # Errors
    /// It is none of them.
    pub fn word<T: Copy>(&self, node: &Node, what: &str, words: &[(&str, T)]) -> Read<T> {
        let text = self.text(node, what)?;
        if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == text) {
            return Ok(*meaning);
        }
        let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let message = format!("invalid value '{text}' of {what}; the values are {}", names.join(", "));
        Err(self.problem(node, message).meant(nearest(text, names.into_iter())))
    }
}

/// A key, its node and its value.
pub type Pair<'n> = (&'n str, &'n Node, &'n Rc<Node>);

/// A mapping with known keys.
#[derive(Debug, Default)]
pub struct Table<'n> {
    pairs: Vec<Pair<'n>>,
}

impl<'n> Table<'n> {
    /// The value of a key; an empty one counts as none.
    pub fn get(&self, name: &str) -> Option<&'n Rc<Node>> {
        self.pair(name).map(|(_, value)| value)
    }

    /// The node of a key and its value; an empty one counts as none.
    pub fn pair(&self, name: &str) -> Option<(&'n Node, &'n Rc<Node>)> {
        let found = self.pairs.iter().find(|(key, _, value)| *key == name && !value.is_null());
        found.map(|(_, key, value)| (*key, *value))
    }

    /// All pairs.
    pub fn pairs(&self) -> &[Pair<'n>] {
        &self.pairs
    }
}

/// What stands there instead.
fn found(node: &Node) -> &'static str {
    match &node.kind {
        NodeKind::Null => "but the value is missing",
        NodeKind::Scalar(text) if text.is_empty() => "but it is empty",
        NodeKind::Scalar(_) => "not a single value",
        NodeKind::Sequence(_) => "not a list",
        NodeKind::Mapping(_) => "not a mapping",
    }
}
