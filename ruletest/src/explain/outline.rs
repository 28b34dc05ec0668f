//! The order in which the parts of a condition are shown: a tree enters; its parts leave one by one with their depth, `not` joined
//! with what it stands before, and an `and` within the outermost one as a part of that.

use std::collections::{BTreeMap, BTreeSet};

use console::{Style, measure_text_width};
use tercel_rules::load::Place;

use super::label::label;
use super::tree::{Kind, Tree};
use crate::report::Paint;
use crate::visible::visible;

/// A part as it is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    /// Its node.
    pub(crate) node: usize,
    /// `not` stands before it.
    pub(crate) is_negated: bool,
    /// How far it is indented.
    pub(crate) depth: usize,
}

/// Calls `visit` with each part from the top; where it answers `false`, what is below is left out.
pub(crate) fn walk(tree: &Tree, visit: &mut dyn FnMut(Part) -> bool) {
    below(tree, 0, 0, visit);
}

fn below(tree: &Tree, at: usize, depth: usize, visit: &mut dyn FnMut(Part) -> bool) {
    let (mut at, mut is_negated) = (at, false);
    while let Some(node) = tree.nodes.get(at).filter(|node| node.kind == Kind::Not) {
        if node.named.is_some() && is_negated {
            break;
        }
        let Some(inner) = node.below.first() else { return };
        (at, is_negated) = (*inner, !is_negated);
    }
    let Some(node) = tree.nodes.get(at) else { return };
    let is_flat = depth == 0 && node.kind == Kind::All && node.named.is_none() && !is_negated;
    if is_flat && !node.below.is_empty() {
        node.below.iter().for_each(|inner| below(tree, *inner, depth, visit));
    } else if visit(Part { node: at, is_negated, depth }) {
        node.below.iter().for_each(|inner| below(tree, *inner, depth + 1, visit));
    }
}

/// The words of a part, indented.
pub(crate) fn words(tree: &Tree, part: Part) -> String {
    let label = tree.nodes.get(part.node).map(|node| label(tree, node, part.is_negated));
    format!("{}{}", "  ".repeat(part.depth), label.unwrap_or_default())
}

/// The whole condition as lines with places.
pub(crate) fn outline(tree: &Tree, paint: &Paint) -> String {
    /// Most columns of words before a place.
    const WIDEST: usize = 90;
    let names = ShortNames::of(tree);
    let mut lines = Vec::new();
    walk(tree, &mut |part| {
        let place = tree.nodes.get(part.node).map(|node| names.place(&node.place));
        lines.push((words(tree, part), place.unwrap_or_default()));
        true
    });
    let widest = lines.iter().map(|(words, _)| measure_text_width(words)).filter(|width| *width <= WIDEST);
    let widest = widest.max().unwrap_or(0);
    let mut out = String::new();
    for (words, place) in lines {
        let padding = " ".repeat(widest.saturating_sub(measure_text_width(&words)));
        out.push_str(&format!("  {words}{padding}  {}\n", paint.text(Style::new().dim(), &place)));
    }
    out
}

/// Rule files by the shortest names that tell them apart.
pub(crate) struct ShortNames(BTreeMap<String, String>);

impl ShortNames {
    /// The files of a condition.
    pub(crate) fn of(tree: &Tree) -> ShortNames {
        let files: BTreeSet<&str> = tree.nodes.iter().map(|node| &*node.place.file).collect();
        let last = |file: &str| file.rsplit('/').next().unwrap_or(file).to_owned();
        let is_only = |name: &str| files.iter().filter(|file| last(file) == name).count() == 1;
        let short = |file: &&str| {
            let name = last(file);
            let name = if is_only(&name) { name } else { (*file).to_owned() };
            ((*file).to_owned(), visible(name.as_bytes()))
        };
        ShortNames(files.iter().map(short).collect())
    }

    /// `file:line:column`.
    pub(crate) fn place(&self, place: &Place) -> String {
        let file = self.0.get(&*place.file).map_or("", String::as_str);
        format!("{file}:{}:{}", place.line, place.column)
    }
}
