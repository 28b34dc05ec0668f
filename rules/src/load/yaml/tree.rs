//! Documents as trees of nodes, made from tokens.

use std::collections::HashMap;
use std::rc::Rc;

use super::scanner::{Scanner, Token, TokenKind};
use super::{Error, Kind, Mark, Node};

/// Nodes may be nested this deep.
const MAX_DEPTH: usize = 499;

/// What aliases may add to a file, in bytes: a few aliases of aliases can stand for more text than there is memory.
const MAX_ALIASED: usize = 64 << 20;

/// Bytes counted for a node in addition to its text.
const NODE_WEIGHT: usize = 16;

/// Reads all documents of a text. As with yaml-cpp, an empty document ends the list.
pub fn parse(text: &str) -> Result<Vec<Rc<Node>>, Error> {
    let mut documents = Vec::new();
    let mut aliased = 0;
    let mut scanner = Scanner::new(text);
    loop {
        while matches!(scanner.peek()?, Some(token) if token.kind == TokenKind::Directive) {
            scanner.pop();
        }
        if scanner.peek()?.is_none() {
            return Ok(documents);
        }
        let mut builder = Builder { scanner, anchors: HashMap::new(), open: Vec::new(), depth: 0, aliased };
        let root = builder.document()?;
        aliased = builder.aliased;
        scanner = builder.scanner;
        if root.is_null() {
            return Ok(documents);
        }
        documents.push(root);
    }
}

/// The collections around a node decide what ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Around {
    Block,
    FlowSequence,
    FlowMapping,
}

/// A node with the bytes that it stands for.
type Weighed = (Rc<Node>, usize);

struct Builder<'a> {
    scanner: Scanner<'a>,
    anchors: HashMap<String, Weighed>,
    /// Anchors of collections that are not complete.
    open: Vec<String>,
    depth: usize,
    aliased: usize,
}

impl Builder<'_> {
    fn document(&mut self) -> Result<Rc<Node>, Error> {
        if self.at(&TokenKind::DocumentStart)? {
            self.scanner.pop();
        }
        let (root, _) = self.node(Around::Block)?;
        while self.at(&TokenKind::DocumentEnd)? {
            self.scanner.pop();
        }
        Ok(root)
    }

    fn at(&mut self, kind: &TokenKind) -> Result<bool, Error> {
        Ok(self.scanner.peek()?.is_some_and(|token| token.kind == *kind))
    }

    /// The next token or an error at the end of the text.
    fn need(&mut self, message: &str) -> Result<Token, Error> {
        match self.scanner.peek()? {
            Some(token) => Ok(token.clone()),
            None => Err(Error::new(self.scanner.mark(), message)),
        }
    }

    fn node(&mut self, around: Around) -> Result<Weighed, Error> {
        if self.depth >= MAX_DEPTH {
            return Err(Error::new(self.scanner.mark(), "bad file"));
        }
        self.depth += 1;
        let node = self.node_inside(around);
        self.depth -= 1;
        node
    }

    fn node_inside(&mut self, around: Around) -> Result<Weighed, Error> {
        let Some(first) = self.scanner.peek()? else {
            return Ok(weigh(Kind::Null, self.scanner.mark(), 0));
        };
        let mark = first.mark;
        match &first.kind {
            TokenKind::Value => return self.pair(mark),
            TokenKind::Alias(name) => {
                let name = name.clone();
                self.scanner.pop();
                return self.alias(mark, name);
            }
            _ => {}
        }
        let (anchor, tagged) = self.properties()?;
        if let Some(name) = &anchor {
            self.open.push(name.clone());
        }
        let node = self.content(mark, tagged, around);
        if let Some(name) = anchor {
            self.open.pop();
            if let Ok((node, weight)) = &node {
                self.anchors.insert(name, (Rc::clone(node), *weight));
            }
        }
        node
    }

    fn alias(&mut self, mark: Mark, name: String) -> Result<Weighed, Error> {
        if self.open.contains(&name) {
            return Err(Error::new(mark, format!("the alias stands inside its own anchor: {name}")));
        }
        let Some((node, weight)) = self.anchors.get(&name) else {
            return Err(Error::new(mark, format!("the referenced anchor is not defined: {name}")));
        };
        let (node, weight) = (Rc::clone(node), *weight);
        self.aliased = self.aliased.saturating_add(weight);
        if self.aliased > MAX_ALIASED {
            return Err(Error::new(mark, format!("aliases stand for more than {MAX_ALIASED} bytes")));
        }
        Ok((node, weight))
    }

    fn properties(&mut self) -> Result<(Option<String>, bool), Error> {
        let (mut anchor, mut tagged) = (None, false);
        while let Some(token) = self.scanner.peek()? {
            match &token.kind {
                TokenKind::Tag if tagged => {
                    return Err(Error::new(token.mark, "cannot assign multiple tags to the same node"));
                }
                TokenKind::Anchor(_) if anchor.is_some() => {
                    return Err(Error::new(token.mark, "cannot assign multiple anchors to the same node"));
                }
                TokenKind::Tag => tagged = true,
                TokenKind::Anchor(name) => anchor = Some(name.clone()),
                _ => break,
            }
            self.scanner.pop();
        }
        Ok((anchor, tagged))
    }

    fn content(&mut self, mark: Mark, tagged: bool, around: Around) -> Result<Weighed, Error> {
        let absent = if tagged { Kind::Scalar(String::new()) } else { Kind::Null };
        let Some(token) = self.scanner.peek()? else {
            return Ok(weigh(Kind::Null, mark, 0));
        };
        match token.kind {
            TokenKind::Plain(_) | TokenKind::Quoted(_) => {
                Ok(match self.scanner.pop().map(|token| token.kind) {
                    Some(TokenKind::Plain(text)) if !tagged && is_null(&text) => weigh(Kind::Null, mark, 0),
                    Some(TokenKind::Plain(text) | TokenKind::Quoted(text)) => weigh_text(text, mark),
                    _ => weigh(absent, mark, 0),
                })
            }
            TokenKind::FlowSequenceStart => self.flow_sequence(mark),
            TokenKind::SequenceStart => self.block_sequence(mark),
            TokenKind::FlowMappingStart => self.flow_mapping(mark),
            TokenKind::MappingStart => self.block_mapping(mark),
            TokenKind::Key if around == Around::FlowSequence => self.pair(mark),
            _ => Ok(weigh(absent, mark, 0)),
        }
    }

    fn block_sequence(&mut self, mark: Mark) -> Result<Weighed, Error> {
        const MESSAGE: &str = "end of sequence not found";
        self.scanner.pop();
        let (mut items, mut weight) = (Vec::new(), 0);
        loop {
            let token = self.need(MESSAGE)?;
            match token.kind {
                TokenKind::SequenceEnd => {
                    self.scanner.pop();
                    return Ok(weigh(Kind::Sequence(items), mark, weight));
                }
                TokenKind::Entry => {
                    self.scanner.pop();
                }
                _ => return Err(Error::new(token.mark, MESSAGE)),
            }
            let empty = match self.scanner.peek()? {
                Some(next) if matches!(next.kind, TokenKind::Entry | TokenKind::SequenceEnd) => {
                    Some(next.mark)
                }
                _ => None,
            };
            let (item, more) = match empty {
                Some(mark) => weigh(Kind::Null, mark, 0),
                None => self.node(Around::Block)?,
            };
            items.push(item);
            weight += more;
        }
    }

    fn flow_sequence(&mut self, mark: Mark) -> Result<Weighed, Error> {
        const MESSAGE: &str = "end of sequence flow not found";
        self.scanner.pop();
        let (mut items, mut weight) = (Vec::new(), 0);
        loop {
            if self.at(&TokenKind::FlowSequenceEnd)? {
                self.scanner.pop();
                return Ok(weigh(Kind::Sequence(items), mark, weight));
            }
            if self.scanner.peek()?.is_none() {
                return Err(Error::new(self.scanner.mark(), MESSAGE));
            }
            let (item, more) = self.node(Around::FlowSequence)?;
            items.push(item);
            weight += more;
            let token = self.need(MESSAGE)?;
            match token.kind {
                TokenKind::FlowEntry => {
                    self.scanner.pop();
                }
                TokenKind::FlowSequenceEnd => {}
                _ => return Err(Error::new(token.mark, MESSAGE)),
            }
        }
    }

    fn block_mapping(&mut self, mark: Mark) -> Result<Weighed, Error> {
        const MESSAGE: &str = "end of map not found";
        self.scanner.pop();
        let (mut pairs, mut weight) = (Vec::new(), 0);
        loop {
            let token = self.need(MESSAGE)?;
            match token.kind {
                TokenKind::MappingEnd => {
                    self.scanner.pop();
                    return Ok(weigh(Kind::Mapping(pairs), mark, weight));
                }
                TokenKind::Key | TokenKind::Value => {}
                _ => return Err(Error::new(token.mark, MESSAGE)),
            }
            weight += self.key_and_value(&token, Around::Block, &mut pairs)?;
        }
    }

    fn flow_mapping(&mut self, mark: Mark) -> Result<Weighed, Error> {
        const MESSAGE: &str = "end of map flow not found";
        self.scanner.pop();
        let (mut pairs, mut weight) = (Vec::new(), 0);
        loop {
            let token = self.need(MESSAGE)?;
            if token.kind == TokenKind::FlowMappingEnd {
                self.scanner.pop();
                return Ok(weigh(Kind::Mapping(pairs), mark, weight));
            }
            weight += self.key_and_value(&token, Around::FlowMapping, &mut pairs)?;
            let token = self.need(MESSAGE)?;
            match token.kind {
                TokenKind::FlowEntry => {
                    self.scanner.pop();
                }
                TokenKind::FlowMappingEnd => {}
                _ => return Err(Error::new(token.mark, MESSAGE)),
            }
        }
    }

    /// A mapping of one pair without brackets.
    fn pair(&mut self, mark: Mark) -> Result<Weighed, Error> {
        let token = self.need("end of map not found")?;
        let mut pairs = Vec::new();
        let weight = self.key_and_value(&token, Around::FlowMapping, &mut pairs)?;
        Ok(weigh(Kind::Mapping(pairs), mark, weight))
    }

    /// Reads a pair that starts with `token`; what is missing is null.
    fn key_and_value(
        &mut self,
        token: &Token,
        around: Around,
        pairs: &mut Vec<(Rc<Node>, Rc<Node>)>,
    ) -> Result<usize, Error> {
        let (key, key_weight) = match token.kind {
            TokenKind::Key => {
                self.scanner.pop();
                self.node(around)?
            }
            _ => weigh(Kind::Null, token.mark, 0),
        };
        let (value, value_weight) = match self.at(&TokenKind::Value)? {
            true => {
                self.scanner.pop();
                self.node(around)?
            }
            false => weigh(Kind::Null, token.mark, 0),
        };
        pairs.push((key, value));
        Ok(key_weight + value_weight)
    }
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

fn weigh(kind: Kind, mark: Mark, content: usize) -> Weighed {
    (Rc::new(Node { kind, mark }), content.saturating_add(NODE_WEIGHT))
}

fn weigh_text(text: String, mark: Mark) -> Weighed {
    let weight = text.len();
    weigh(Kind::Scalar(text), mark, weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree in one line: `line:column` before each node.
    fn show(node: &Node) -> String {
        let place = format!("{}:{}", node.mark.line, node.mark.column);
        match &node.kind {
            Kind::Null => format!("{place} null"),
            Kind::Scalar(text) => format!("{place} {text:?}"),
            Kind::Sequence(items) => {
                let items: Vec<String> = items.iter().map(|item| show(item)).collect();
                format!("{place} [{}]", items.join(", "))
            }
            Kind::Mapping(pairs) => {
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
        check("-\n- a\n", &["0:0 [1:0 null, 1:2 \"a\"]"]);
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
        let at = |place: &str, message: &str| format!("! yaml-cpp: error at {place}: {message}");
        let cases = [
            ("- a: b\n c: [x\n", "line 2, column 2", "end of sequence not found"),
            ("- a: b\n\tc: d\n", "line 2, column 1", "illegal tab when looking for indentation"),
            ("a: [b", "line 1, column 1", "end of sequence flow not found"),
            ("a: {b", "line 1, column 1", "end of map flow not found"),
            ("a: b: c", "line 1, column 5", "illegal map value"),
            ("a: \"b", "line 1, column 6", "illegal EOF in scalar"),
            ("a: \"\\d\"", "line 1, column 7", "unknown escape character: d"),
            ("a: @b", "line 1, column 4", "unknown token"),
            ("a: \"b\" \"c\"", "line 1, column 8", "unexpected scalar"),
            ("a: *b", "line 1, column 4", "the referenced anchor is not defined: b"),
            ("a: &b [*b]", "line 1, column 8", "the alias stands inside its own anchor: b"),
            ("a: >x\n b", "line 1, column 5", "unexpected character in block scalar"),
            ("a: b]", "line 1, column 5", ""),
        ];
        for (text, place, message) in cases {
            match message {
                "" => check(text, &["0:0 {0:0 \"a\": 0:3 \"b]\"}"]),
                _ => check(text, &[&at(place, message)]),
            }
        }
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
        assert!(parse(&laughs).unwrap_err().message.starts_with("aliases stand for more than"));
    }
}
