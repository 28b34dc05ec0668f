//! Parameters: a matrix of values enters, the rows that it stands for leave, and nodes with `${name}` replaced. What the
//! texts mean is not known here.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use tercel_rules::fields::nearest;
use tercel_rules::load::yaml::{Node, NodeKind};

use super::document::{Document, Read};

/// Rows that a matrix may stand for.
const MOST_ROWS: usize = 100_000;

/// A value for each parameter, in the order of the file.
pub(crate) type Row = Vec<(String, String)>;

/// The rows of a matrix: a mapping of lists stands for every combination, a list of mappings for its rows.
pub(crate) fn rows(document: &Document, node: &Node) -> Read<Vec<Row>> {
    let rows = match &node.kind {
        NodeKind::Sequence(items) => items.iter().map(|item| row(document, item)).collect::<Read<_>>()?,
        _ => product(document, node)?,
    };
    if rows.is_empty() {
        return Err(document.problem(node, "the matrix has no rows"));
    }
    Ok(rows)
}

fn row(document: &Document, node: &Node) -> Read<Row> {
    let pairs = document.pairs(node, "a row of the matrix")?.into_iter();
    pairs.map(|(name, _, value)| Ok((name.to_owned(), document.text(value, name)?.to_owned()))).collect()
}

fn product(document: &Document, node: &Node) -> Read<Vec<Row>> {
    let mut rows: Vec<Row> = vec![Vec::new()];
    for (name, _, values) in document.pairs(node, "the matrix")? {
        let values = document.texts(values, name)?;
        if rows.len() * values.len() > MOST_ROWS {
            return Err(document.problem(node, format!("the matrix has more than {MOST_ROWS} rows")));
        }
        let with = |row: &Row, value: &str| {
            let mut row = row.clone();
            row.push((name.to_owned(), value.to_owned()));
            row
        };
        rows = rows.iter().flat_map(|row| values.iter().map(move |(value, _)| with(row, value))).collect();
    }
    Ok(rows)
}

/// Every row of one joined to every row of the other.
pub(crate) fn joined(outer: &[Row], inner: &[Row]) -> Vec<Row> {
    outer.iter().flat_map(|a| inner.iter().map(move |b| [a.as_slice(), b].concat())).collect()
}

/// The values of one row, and which of them were asked for.
pub(crate) struct Scope<'r> {
    row: &'r Row,
    used: RefCell<BTreeSet<String>>,
}

impl<'r> Scope<'r> {
    /// A scope with the values of a row.
    pub(crate) fn new(row: &'r Row) -> Scope<'r> {
        Scope { row, used: RefCell::default() }
    }

    /// A node with the values put in; places stay.
    pub(crate) fn fill(&self, document: &Document, node: &Rc<Node>) -> Read<Rc<Node>> {
        let kind = match &node.kind {
            NodeKind::Null => return Ok(Rc::clone(node)),
            NodeKind::Scalar(text) if !text.contains("${") => return Ok(Rc::clone(node)),
            NodeKind::Scalar(text) => NodeKind::Scalar(self.text(document, node, text)?),
            NodeKind::Sequence(items) => {
                NodeKind::Sequence(items.iter().map(|item| self.fill(document, item)).collect::<Read<_>>()?)
            }
            NodeKind::Mapping(pairs) => {
                let fill = |(key, value): &(Rc<Node>, Rc<Node>)| {
                    // The names of a matrix and its values are what they are.
                    if key.scalar() == Some("matrix") {
                        return Ok((Rc::clone(key), Rc::clone(value)));
                    }
                    Ok((self.fill(document, key)?, self.fill(document, value)?))
                };
                NodeKind::Mapping(pairs.iter().map(fill).collect::<Read<_>>()?)
            }
        };
        Ok(Rc::new(Node { kind, mark: node.mark, end: node.end }))
    }

    fn text(&self, document: &Document, node: &Node, text: &str) -> Read<String> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("${") {
            // A dollar doubled stands for itself.
            if let Some(before) = before.strip_suffix('$') {
                filled.push_str(before);
                filled.push_str("${");
                rest = behind;
                continue;
            }
            filled.push_str(before);
            let Some((name, behind)) = behind.split_once('}') else {
                return Err(document.problem(node, "'${' without '}'; write '$${' for the text '${'"));
            };
            let Some((_, value)) = self.row.iter().find(|(known, _)| known == name) else {
                let names = self.row.iter().map(|(known, _)| known.as_str());
                let problem = document.problem(node, format!("the matrix has no parameter '{name}'"));
                return Err(problem.meant(nearest(name, names)));
            };
            self.used.borrow_mut().insert(name.to_owned());
            filled.push_str(value);
            rest = behind;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// The first parameter that nothing asked for.
    pub(crate) fn unused(&self) -> Option<&str> {
        let used = self.used.borrow();
        self.row.iter().map(|(name, _)| name.as_str()).find(|name| !used.contains(*name))
    }

    /// The row in a case's name: `a=1, b=2`.
    pub(crate) fn shown(&self) -> String {
        let pairs: Vec<String> = self.row.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join(", ")
    }
}
