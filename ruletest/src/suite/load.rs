//! What a case expects of loading its rules: nodes enter, expected errors and warnings leave, and tests of what was found.

use tercel_rules::load::Finding;
use tercel_rules::load::yaml::{Node, NodeKind};

use super::document::{Document, Read};
use super::matcher::Matcher;

/// Keys of `load`.
pub(crate) const LOAD_KEYS: [&str; 2] = ["errors", "warnings"];

/// Keys of an expected error or warning.
pub(crate) const FINDING_KEYS: [&str; 3] = ["code", "message", "file"];

/// What loading is expected to say.
#[derive(Debug, Default)]
pub(crate) struct LoadExpectation {
    /// Errors; without any the rules have to load.
    pub(crate) errors: Vec<Wanted>,
    /// Warnings: exactly these, in any order; nothing is asked if there is no such key.
    pub(crate) warnings: Option<Vec<Wanted>>,
}

/// An error or a warning.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// Falco's name of the code.
    pub(crate) code: String,
    /// A test of the message.
    pub(crate) message: Option<Matcher>,
    /// A test of the file's name.
    pub(crate) file: Option<Matcher>,
    /// Where it is expected.
    pub(crate) offset: usize,
}

impl LoadExpectation {
    /// Reads the value of `load`.
    pub(crate) fn read(document: &Document, node: &Node) -> Read<LoadExpectation> {
        let table = document.table(node, "load", &LOAD_KEYS)?;
        let wanted = |key: &str| match table.get(key) {
            None => Ok(None),
            Some(value) if value.scalar() == Some("none") => Ok(Some(Vec::new())),
            Some(value) => {
                let items = document.list(value, key)?;
                items.iter().map(|item| Wanted::read(document, item)).collect::<Read<Vec<_>>>().map(Some)
            }
        };
        Ok(LoadExpectation { errors: wanted("errors")?.unwrap_or_default(), warnings: wanted("warnings")? })
    }

    /// Whether nothing is expected.
    pub(crate) fn is_empty(&self) -> bool {
        self.errors.is_empty() && self.warnings.is_none()
    }
}

impl Wanted {
    fn read(document: &Document, node: &Node) -> Read<Wanted> {
        let offset = node.mark.offset;
        if let NodeKind::Scalar(code) = &node.kind {
            return Ok(Wanted { code: code.clone(), message: None, file: None, offset });
        }
        let table = document.table(node, "an expected finding", &FINDING_KEYS)?;
        let Some(code) = table.get("code") else {
            return Err(document.problem(node, "an expected finding needs its code"));
        };
        let matcher = |key| table.get(key).map(|node| Matcher::read(document, node)).transpose();
        Ok(Wanted {
            code: document.text(code, "code")?.to_owned(),
            message: matcher("message")?,
            file: matcher("file")?,
            offset,
        })
    }

    /// Whether a finding of this code is meant.
    pub(crate) fn holds<C>(&self, code: &str, finding: &Finding<C>) -> bool {
        self.code == code
            && self.message.as_ref().is_none_or(|matcher| matcher.holds(&finding.message))
            && self.file.as_ref().is_none_or(|matcher| matcher.holds(&finding.place.file))
    }

    /// It in a line.
    pub(crate) fn shown(&self) -> String {
        let part = |name: &str, matcher: &Option<Matcher>| {
            matcher.as_ref().map(|matcher| format!(" {name}: {matcher}")).unwrap_or_default()
        };
        format!("{}{}{}", self.code, part("message", &self.message), part("file", &self.file))
    }
}
