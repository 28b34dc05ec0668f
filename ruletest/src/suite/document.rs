//! The text of a test file with the places of its nodes, and how its points in captures are read.

use std::ops::Deref;
use std::path::Path;

use tercel_replay::Point;
use tercel_rules::load::document;
use tercel_rules::load::yaml::Node;

use crate::options::ParsePoint;

pub(crate) use tercel_rules::load::document::{Problem, Read, Table};

/// A file's name and text.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    text: document::Document,
    parse_point: ParsePoint,
}

impl Deref for Document {
    type Target = document::Document;

    fn deref(&self) -> &document::Document {
        &self.text
    }
}

impl Document {
    /// The text of a file.
    pub(crate) fn new(path: &Path, bytes: &[u8], parse_point: ParsePoint) -> Read<Document> {
        let text = document::Document::new(&path.display().to_string(), bytes)?;
        Ok(Document { text, parse_point })
    }

    /// A point in a capture.
    pub(crate) fn point(&self, node: &Node) -> Read<Point> {
        (self.parse_point)(self.text(node, "a point")?).map_err(|message| self.problem(node, message))
    }
}
