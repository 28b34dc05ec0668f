//! What a case expects of a rule: nodes enter, counts and patterns of alerts leave. Whether there is such a rule is not known
//! here; fields are known.

use std::rc::Rc;

use tercel_format::catalogue::{ParamType, PrintFormat};
use tercel_rules::fields::{StaticFields, suggest};
use tercel_rules::load::parse_priority;
use tercel_rules::load::yaml::{Node, NodeKind};
use tercel_rules::output::{Piece, Template};
use tercel_rules::program::{Operand, Priority, Source};

use super::document::{Document, Read};
use super::matcher::{Count, Matcher};
use super::{Span, Window};

/// Keys of a pattern; every other key is a field.
pub(crate) const PATTERN_KEYS: [&str; 5] = ["count", "from", "to", "priority", "output"];

/// What is expected of a rule.
#[derive(Debug)]
pub(crate) struct Expectation {
    /// The rule's name.
    pub(crate) rule: String,
    /// Where the name stands.
    pub(crate) offset: usize,
    /// Line of the name, from 1.
    pub(crate) line: usize,
    /// Every alert of the rule has to match one of them, and each has to have its count.
    pub(crate) patterns: Vec<Pattern>,
}

/// A kind of alerts, and how many there have to be.
#[derive(Debug)]
pub(crate) struct Pattern {
    /// How many.
    pub(crate) count: Count,
    /// Where the count stands; nothing if it is not written.
    pub(crate) count_at: Option<Span>,
    /// Where the pattern stands.
    pub(crate) span: Span,
    /// Only alerts inside are meant.
    pub(crate) window: Window,
    /// Priority.
    pub(crate) priority: Option<(Priority, Span)>,
    /// The text after time and priority.
    pub(crate) output: Option<Matcher>,
    /// Values of fields.
    pub(crate) fields: Vec<FieldMatcher>,
}

/// What is asked of a field.
#[derive(Debug)]
pub(crate) struct FieldMatcher {
    /// The field as written.
    pub(crate) key: String,
    /// How its value is found.
    pub(crate) operand: Operand,
    /// The test.
    pub(crate) matcher: Matcher,
    /// Where the test stands.
    pub(crate) span: Span,
}

/// Bytes that a node takes.
pub(crate) fn span(node: &Node) -> Span {
    Span { from: node.mark.offset, to: node.end }
}

impl Expectation {
    /// Reads what stands after a rule's name.
    pub(crate) fn read(document: &Document, rule: &str, name: &Node, node: &Rc<Node>) -> Read<Expectation> {
        let patterns = match &node.kind {
            NodeKind::Sequence(items) if items.is_empty() => {
                return Err(document.problem(node, "an empty list expects nothing; write 'none'"));
            }
            NodeKind::Sequence(items) => {
                items.iter().map(|item| Pattern::read(document, item)).collect::<Read<_>>()?
            }
            _ => vec![Pattern::read(document, node)?],
        };
        let (offset, line) = (name.mark.offset, name.mark.line + 1);
        Ok(Expectation { rule: rule.to_owned(), offset, line, patterns })
    }

    /// Expects a rule to be silent.
    pub(crate) fn silent(rule: &str, name: &Node) -> Expectation {
        let pattern = Pattern::counting(Count::NONE, name);
        let (offset, line) = (name.mark.offset, name.mark.line + 1);
        Expectation { rule: rule.to_owned(), offset, line, patterns: vec![pattern] }
    }

    /// Whether no alert at all is expected.
    pub(crate) fn is_silence(&self) -> bool {
        self.patterns.iter().all(|pattern| pattern.count == Count::NONE && pattern.is_plain())
    }

    /// Whether alerts are demanded.
    pub(crate) fn is_firing(&self) -> bool {
        self.patterns.iter().any(|pattern| pattern.count.least > 0)
    }
}

impl Pattern {
    fn counting(count: Count, node: &Node) -> Pattern {
        Pattern {
            count,
            count_at: None,
            span: span(node),
            window: Window::default(),
            priority: None,
            output: None,
            fields: Vec::new(),
        }
    }

    /// Whether it is a count and nothing more.
    pub(crate) fn is_plain(&self) -> bool {
        self.window == Window::default()
            && self.priority.is_none()
            && self.output.is_none()
            && self.fields.is_empty()
    }

    fn read(document: &Document, node: &Node) -> Read<Pattern> {
        if node.mapping().is_none() {
            let count = Count::read(document, node)?;
            return Ok(Pattern { count_at: Some(span(node)), ..Pattern::counting(count, node) });
        }
        let mut pattern = Pattern::counting(Count::SOME, node);
        for (key, key_node, value) in document.pairs(node, "an expectation")? {
            match key {
                "count" => {
                    pattern.count = Count::read(document, value)?;
                    pattern.count_at = Some(span(value));
                }
                "from" => pattern.window.from = Some(document.point(value)?),
                "to" => pattern.window.to = Some(document.point(value)?),
                "priority" => pattern.priority = Some((priority(document, value)?, span(value))),
                "output" => pattern.output = Some(Matcher::read(document, value)?),
                _ => pattern.fields.push(field(document, key, key_node, value)?),
            }
        }
        Ok(pattern)
    }
}

/// Reads a priority.
pub(crate) fn priority(document: &Document, node: &Node) -> Read<Priority> {
    let text = document.text(node, "a priority")?;
    parse_priority(text).ok_or_else(|| {
        let names: Vec<&str> = Priority::ALL.iter().map(|priority| priority.name()).collect();
        let message =
            format!("unknown priority '{text}'; the priorities are {}", names.join(", ").to_lowercase());
        document.problem(node, message)
    })
}

fn field(document: &Document, key: &str, node: &Node, value: &Rc<Node>) -> Read<FieldMatcher> {
    let Some(operand) = operand(key) else {
        let message = if key.contains(['.', '(']) {
            format!("unknown field '{key}'")
        } else {
            format!(
                "unknown key '{key}' in an expectation; the keys are {}, and fields",
                PATTERN_KEYS.join(", ")
            )
        };
        let known = tercel_rules::fields::nearest(key, PATTERN_KEYS.into_iter());
        return Err(document.problem(node, message).meant(suggest(key).or(known)));
    };
    let matcher = Matcher::read(document, value)?;
    Ok(FieldMatcher { key: key.to_owned(), operand, matcher, span: span(value) })
}

/// The value that a field's name or a transformer stands for in outputs.
fn operand(key: &str) -> Option<Operand> {
    if key.strip_prefix("correlation.").is_some_and(StaticFields::is_name) {
        // Correlations know their values by name; of alerts of rules there is none.
        let source = Source::Text(Box::default());
        return Some(Operand { source, ty: ParamType::CharBuf, format: PrintFormat::Na, list: false });
    }
    let template = Template::parse(&format!("%{key}")).ok()?;
    match template.pieces.as_slice() {
        [Piece::Value { operand, width: None, .. }] => Some(operand.clone()),
        _ => None,
    }
}
