//! Documents as trees of nodes, made from the parser's events.
//!
//! A stack of open collections takes the place of recursion, so that nesting costs memory only where text paid for it.

use std::collections::HashMap;
use std::rc::Rc;

use super::super::lines::Lines;
use super::events::{EventKind, Events, Problem};
use super::separators::{separated, starts_empty};
use super::{Mark, Node, NodeKind, OpenQuote, YamlError};

/// Collections may be nested this deep, as in yaml-cpp.
const MAX_DEPTH: usize = 499;

/// What aliases may add to a file, in bytes: a few aliases of aliases can stand for more text than there is memory.
const MAX_ALIASED: usize = 64 << 20;

/// Bytes counted for a node in addition to its text.
const NODE_WEIGHT: usize = 16;

/// Reads all documents of a text. As with yaml-cpp, an empty document ends the list.
///
/// # Errors
/// The text is no YAML, is nested too deeply, or stands for too much.
pub fn parse(text: &str) -> Result<Vec<Rc<Node>>, YamlError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if starts_empty(text) {
        return Ok(Vec::new());
    }
    let places = Places::of(text);
    let out_of_memory = || YamlError::new(Mark::default(), "out of memory");
    let separated = separated(text);
    let mut events = Events::of(&separated).ok_or_else(out_of_memory)?;
    let mut builder = Builder::default();
    let mut next = events.next();
    let mut quoted = None;
    loop {
        let event = next.map_err(|problem| places.error(problem, quoted))?;
        quoted = match event.kind {
            EventKind::Scalar { quoted: true, .. } => Some((event.start, event.end)),
            _ => None,
        };
        next = match event.kind {
            EventKind::StreamEnd => return Ok(builder.documents),
            _ => events.next(),
        };
        // What is not there stands where the text goes on.
        let start = match &next {
            Ok(next) if is_absent(&event.kind) => next.start,
            _ => event.start,
        };
        if builder.take(event.kind, places.mark(start), event.end)? == Progress::End {
            return Ok(builder.documents);
        }
    }
}

/// Whether an event stands for a value that was left out.
fn is_absent(event: &EventKind) -> bool {
    matches!(event, EventKind::Scalar { value, plain: true, .. } if value.is_empty())
}

/// Lines and columns of byte offsets.
struct Places {
    /// Bytes of the text.
    end: usize,
    lines: Lines,
}

impl Places {
    fn of(text: &str) -> Places {
        Places { end: text.len(), lines: Lines::of(text) }
    }

    fn mark(&self, offset: usize) -> Mark {
        let offset = offset.min(self.end);
        let (line, start) = self.lines.line(offset);
        Mark { offset, line, column: offset - start }
    }

    /// An error, with the text in quotes that was read last.
    fn error(&self, problem: Problem, quoted: Option<(usize, usize)>) -> YamlError {
        let mark = self.mark(problem.at);
        let within = problem.within.map(|(what, at)| (what, self.mark(at)));
        let unclosed = within.as_ref().filter(|_| problem.unclosed);
        let unclosed = unclosed.map(|(_, began)| OpenQuote { mark: *began, closed: None });
        let closed = quoted.map(|(start, end)| (self.mark(start), self.mark(end)));
        let closed = closed.filter(|(start, end)| start.line < end.line && end.line == mark.line);
        let closed = closed.map(|(start, end)| OpenQuote { mark: start, closed: Some(end) });
        let open_quote = unclosed.or(closed).map(Box::new);
        YamlError { mark, message: problem.message, within, open_quote }
    }
}

/// Whether there is more to read.
#[derive(Debug, PartialEq, Eq)]
enum Progress {
    More,
    End,
}

/// A node with the bytes that it stands for.
type Weighed = (Rc<Node>, usize);

/// A collection that is not complete.
struct Open {
    mark: Mark,
    anchor: Option<String>,
    mapping: bool,
    items: Vec<Weighed>,
}

#[derive(Default)]
struct Builder {
    documents: Vec<Rc<Node>>,
    open: Vec<Open>,
    anchors: HashMap<String, Weighed>,
    aliased: usize,
}

impl Builder {
    fn take(&mut self, event: EventKind, mark: Mark, end: usize) -> Result<Progress, YamlError> {
        match event {
            EventKind::StreamStart | EventKind::DocumentEnd => Ok(Progress::More),
            EventKind::StreamEnd => Ok(Progress::End),
            EventKind::DocumentStart => {
                self.anchors.clear();
                Ok(Progress::More)
            }
            EventKind::Alias(anchor) => self.alias(mark, &anchor),
            EventKind::Scalar { anchor, value, plain, .. } => {
                let weight = NODE_WEIGHT + value.len();
                let kind = if plain && is_null(&value) { NodeKind::Null } else { NodeKind::Scalar(value) };
                Ok(self.complete(Rc::new(Node { kind, mark, end: end.max(mark.offset) }), weight, anchor))
            }
            EventKind::SequenceStart(anchor) => self.start(mark, anchor, false),
            EventKind::MappingStart(anchor) => self.start(mark, anchor, true),
            EventKind::CollectionEnd => Ok(self.end(end)),
        }
    }

    fn alias(&mut self, mark: Mark, anchor: &str) -> Result<Progress, YamlError> {
        let Some((node, weight)) = self.anchors.get(anchor) else {
            return Err(YamlError::new(mark, format!("the referenced anchor is not defined: {anchor}")));
        };
        let (node, weight) = (Rc::clone(node), *weight);
        self.aliased = self.aliased.saturating_add(weight);
        if self.aliased > MAX_ALIASED {
            return Err(YamlError::new(mark, format!("aliases expand to more than {MAX_ALIASED} bytes")));
        }
        Ok(self.add(node, weight))
    }

    fn start(&mut self, mark: Mark, anchor: Option<String>, mapping: bool) -> Result<Progress, YamlError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(YamlError::new(mark, "bad file"));
        }
        // Until it is complete, an anchor of this name stands for nothing: a node cannot stand inside itself.
        if let Some(anchor) = &anchor {
            self.anchors.remove(anchor);
        }
        self.open.push(Open { mark, anchor, mapping, items: Vec::new() });
        Ok(Progress::More)
    }

    fn end(&mut self, end: usize) -> Progress {
        let Some(open) = self.open.pop() else { return Progress::More };
        let weight = open.items.iter().fold(NODE_WEIGHT, |sum, (_, weight)| sum.saturating_add(*weight));
        let mut items = open.items.into_iter().map(|(node, _)| node);
        let kind = if open.mapping {
            let mut pairs = Vec::new();
            while let (Some(key), Some(value)) = (items.next(), items.next()) {
                pairs.push((key, value));
            }
            NodeKind::Mapping(pairs)
        } else {
            NodeKind::Sequence(items.collect())
        };
        self.complete(Rc::new(Node { kind, mark: open.mark, end }), weight, open.anchor)
    }

    fn complete(&mut self, node: Rc<Node>, weight: usize, anchor: Option<String>) -> Progress {
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, (Rc::clone(&node), weight));
        }
        self.add(node, weight)
    }

    fn add(&mut self, node: Rc<Node>, weight: usize) -> Progress {
        match self.open.last_mut() {
            Some(open) => open.items.push((node, weight)),
            None if node.is_null() => return Progress::End,
            None => self.documents.push(node),
        }
        Progress::More
    }
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree in one line: `line:column` before each node.
    fn show(node: &Node) -> String {
        let place = format!("{}:{}", node.mark.line, node.mark.column);
        match &node.kind {
            NodeKind::Null => format!("{place} null"),
            NodeKind::Scalar(text) => format!("{place} {text:?}"),
            NodeKind::Sequence(items) => {
                let items: Vec<String> = items.iter().map(|item| show(item)).collect();
                format!("{place} [{}]", items.join(", "))
            }
            NodeKind::Mapping(pairs) => {
                let pairs: Vec<String> =
                    pairs.iter().map(|(key, value)| format!("{}: {}", show(key), show(value))).collect();
                format!("{place} {{{}}}", pairs.join(", "))
            }
        }
    }

    fn check(text: &str, expected: &[&str]) {
        match parse(text) {
            Ok(documents) => {
                let shown: Vec<String> = documents.iter().map(|root| show(root)).collect();
                assert_eq!(shown, expected, "{text:?}");
            }
            Err(error) => assert_eq!(vec![format!("! {error}")], expected, "{text:?}"),
        }
    }

    #[test]
    fn collections_and_places() {
        check("", &[]);
        check("# only\n", &[]);
        check("- a\n- b: c\n", &["0:0 [0:2 \"a\", 1:2 {1:2 \"b\": 1:5 \"c\"}]"]);
        check("- k:\n    - x\n", &["0:0 [0:2 {0:2 \"k\": 1:4 [1:6 \"x\"]}]"]);
        check("- k:\n  - x\n  m: y\n", &["0:0 [0:2 {0:2 \"k\": 1:2 [1:4 \"x\"], 2:2 \"m\": 2:5 \"y\"}]"]);
        check("k: [a,\n b\n]\n", &["0:0 {0:0 \"k\": 0:3 [0:4 \"a\", 1:1 \"b\"]}"]);
        check("k: [a, ]", &["0:0 {0:0 \"k\": 0:3 [0:4 \"a\"]}"]);
        check("k: {a: b, c}", &["0:0 {0:0 \"k\": 0:3 {0:4 \"a\": 0:7 \"b\", 0:10 \"c\": 0:11 null}}"]);
        check("[a: b]", &["0:0 [0:1 {0:1 \"a\": 0:4 \"b\"}]"]);
        check("? a\n: b\n", &["0:0 {0:2 \"a\": 1:2 \"b\"}"]);
        check("a: 1\na: 2\n", &["0:0 {0:0 \"a\": 0:3 \"1\", 1:0 \"a\": 1:3 \"2\"}"]);
    }

    #[test]
    fn nulls() {
        check(
            "a: ~\nb: null\nc: 'null'\n",
            &["0:0 {0:0 \"a\": 0:3 null, 1:0 \"b\": 1:3 null, 2:0 \"c\": 2:3 \"null\"}"],
        );
        check("a:\nb: !!str null\n", &["0:0 {0:0 \"a\": 1:0 null, 1:0 \"b\": 1:3 \"null\"}"]);
        check("-\n- a\n", &["0:0 [1:2 null, 1:2 \"a\"]"]);
    }

    #[test]
    fn scalars() {
        check("a: b c # d\n", &["0:0 {0:0 \"a\": 0:3 \"b c\"}"]);
        check("a: b\n  c\n\n  d\n", &["0:0 {0:0 \"a\": 0:3 \"b c\\nd\"}"]);
        check("a: >\n  b\n  c\n\n  d\n", &["0:0 {0:0 \"a\": 0:3 \"b c\\nd\\n\"}"]);
        check("a: >-\n  b\n    c\n  d\n", &["0:0 {0:0 \"a\": 0:3 \"b\\n  c\\nd\"}"]);
        check("a: |\n  b\n   c\nd: e", &["0:0 {0:0 \"a\": 0:3 \"b\\n c\\n\", 3:0 \"d\": 3:3 \"e\"}"]);
        check("a: |+\n  b\n\n", &["0:0 {0:0 \"a\": 0:3 \"b\\n\\n\"}"]);
        check("a: \"b\\n\\x41\\\n  c\"", &["0:0 {0:0 \"a\": 0:3 \"b\\nAc\"}"]);
        check("a: 'it''s\n b'", &["0:0 {0:0 \"a\": 0:3 \"it's b\"}"]);
        check("- [=, a:b, (c]", &["0:0 [0:2 [0:3 \"=\", 0:6 \"a:b\", 0:11 \"(c\"]]"]);
        check("a:\tb\n", &["0:0 {0:0 \"a\": 0:3 \"b\"}"]);
        check("a: \u{e9}b\nc: d", &["0:0 {0:0 \"a\": 0:3 \"\u{e9}b\", 1:0 \"c\": 1:3 \"d\"}"]);
        check("a: b\r\nc: d\r\n", &["0:0 {0:0 \"a\": 0:3 \"b\", 1:0 \"c\": 1:3 \"d\"}"]);
        check("\u{feff}a: b", &["0:0 {0:0 \"a\": 0:3 \"b\"}"]);
    }

    #[test]
    fn documents_and_aliases() {
        check("a\n---\nb\n...\n---\nc", &["0:0 \"a\"", "2:0 \"b\"", "5:0 \"c\""]);
        check("---\n---\na", &[]);
        check("%YAML 1.2\n---\na", &["2:0 \"a\""]);
        check("- &x a\n- *x\n", &["0:0 [0:2 \"a\", 0:2 \"a\"]"]);
    }

    #[test]
    fn errors() {
        for (text, place) in [
            ("- a: b\n c: [x\n", (1, 1)),
            ("- a: b\n\tc: d\n", (1, 0)),
            ("a: b: c", (0, 4)),
            ("a: \"\\d\"", (0, 4)),
            ("a: @b", (0, 3)),
            ("a: \"b\" \"c\"", (0, 7)),
            ("a: *b", (0, 3)),
            ("a: &b [*b]", (0, 7)),
            ("a: >x\n b", (0, 4)),
        ] {
            let error = parse(text).expect_err(text);
            assert_eq!((error.mark.line, error.mark.column), place, "{text:?}: {error}");
        }
        // An open quote is where people have to look, wherever the parser noticed.
        for (text, noticed, began) in [
            ("a: \"b\nc: d\n", 2, Some((0, 3))),
            ("a: 'b\nc: d\n---\n", 2, Some((0, 3))),
            ("a: \"b\nc: d\ne: \"f\"\n", 2, Some((0, 3))),
            ("- a: 'b\n  c: d\n  e: it's\n", 2, Some((0, 5))),
            ("a: \"b\" \"c\"\n", 0, None),
            ("a: \"b\"\nc: d: e\n", 1, None),
            ("a: \"b\n  c\"\nd: [\n", 3, None),
        ] {
            let error = parse(text).expect_err(text);
            assert_eq!(
                (error.mark.line, error.open_quote.map(|quote| (quote.mark.line, quote.mark.column))),
                (noticed, began),
                "{text:?}"
            );
        }
        assert!(parse("a: [b").is_err());
        assert!(parse("a: \"b").is_err());
        check("a: b]", &["0:0 {0:0 \"a\": 0:3 \"b]\"}"]);
    }

    #[test]
    fn hostile_texts_end() {
        let deep = "[".repeat(1 << 20);
        assert_eq!(parse(&deep).unwrap_err().message, "bad file");
        let deep = "- ".repeat(1 << 19);
        assert_eq!(parse(&deep).unwrap_err().message, "bad file");
        let mut laughs = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for i in 1..30 {
            let last = format!("*a{}", i - 1);
            laughs += &format!("a{i}: &a{i} [{}]\n", [last.as_str(); 10].join(", "));
        }
        assert!(parse(&laughs).unwrap_err().message.starts_with("aliases expand to more than"));
    }
}
