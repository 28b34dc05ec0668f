//! Several questions about one text, answered together: whether the text is one of these, begins with one of those, and so on.
//! Rules ask dozens of them about the name of a file, mostly in vain.

use tercel_rules::program::{Literal, Op, Quantifier, Test};

use super::question::Question;
use super::set::{MANY, Set};

/// Questions of which one has to be answered with yes.
#[derive(Debug)]
pub struct Texts {
    prefixes: Box<[Prefix]>,
    set: Set,
    others: Box<[Question]>,
}

/// The beginning of a text. Its first eight bytes are compared as one number.
#[derive(Debug)]
struct Prefix {
    mask: u64,
    head: u64,
    rest: Box<[u8]>,
}

impl Texts {
    /// Whether a test can be one of several about a text.
    pub fn takes(test: &Test) -> bool {
        match test {
            Test::Compare(op, Literal::Bytes(_)) => !matches!(op, Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge),
            // Long lists are not copied: their set is shared.
            Test::In(several) => several.len() <= MANY,
            Test::Pmatch(several) => several.len() <= MANY,
            Test::Quantified(_, Quantifier::AnyOf, _) => true,
            Test::Exists
            | Test::Compare(..)
            | Test::Quantified(..)
            | Test::Intersects(_)
            | Test::CompareOperand(..)
            | Test::InOperand(_)
            | Test::IntersectsOperand(_) => false,
        }
    }

    /// Puts tests together that [`Texts::takes`] accepts.
    pub fn new<'t>(tests: impl IntoIterator<Item = &'t Test>) -> Texts {
        let (mut prefixes, mut literals, mut paths, mut others) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for test in tests {
            match test {
                Test::Compare(Op::StartsWith, Literal::Bytes(bytes)) => prefixes.push(Prefix::new(bytes)),
                Test::Compare(Op::Eq, literal) => literals.push(literal.clone()),
                Test::In(several) => literals.extend_from_slice(several),
                Test::Pmatch(several) => paths.extend(several.iter().map(|path| &**path)),
                Test::Compare(op, literal) => others.push(Question::new(*op, literal)),
                Test::Quantified(op, quantifier, several) => {
                    others.push(Question::several(*op, *quantifier, several));
                }
                Test::Exists
                | Test::Intersects(_)
                | Test::CompareOperand(..)
                | Test::InOperand(_)
                | Test::IntersectsOperand(_) => {}
            }
        }
        if !paths.is_empty() {
            others.push(Question::of_paths(paths));
        }
        Texts { prefixes: prefixes.into(), set: Set::new(&literals), others: others.into() }
    }

    /// Whether one of the questions is answered with yes.
    #[inline]
    pub fn matches(&self, text: &[u8]) -> bool {
        let head = head(text);
        self.prefixes.iter().any(|prefix| prefix.begins(head, text))
            || self.set.contains_bytes(text)
            || self.others.iter().any(|question| question.ask_bytes(text))
    }
}

impl Prefix {
    fn new(literal: &[u8]) -> Prefix {
        let bits = literal.len().min(8) as u32 * 8;
        Prefix {
            mask: u64::MAX.checked_shr(64 - bits).unwrap_or(0),
            head: head(literal),
            rest: literal.get(8..).unwrap_or_default().into(),
        }
    }

    /// Whether `text`, whose first bytes are `head`, begins with the prefix. Text holds no NUL, so that a text which is too short
    /// differs in the number.
    #[inline]
    fn begins(&self, head: u64, text: &[u8]) -> bool {
        head & self.mask == self.head
            && (self.rest.is_empty() || text.get(8..).is_some_and(|behind| behind.starts_with(&self.rest)))
    }
}

/// The first eight bytes as a number, with zeros for those that are not there.
#[inline]
fn head(text: &[u8]) -> u64 {
    match text.first_chunk::<8>() {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => text.iter().rev().fold(0, |head, byte| head << 8 | u64::from(*byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(literal: &str) -> Literal {
        Literal::Bytes(literal.as_bytes().into())
    }

    #[test]
    fn one_of_several_questions() {
        let tests = [
            Test::Compare(Op::StartsWith, text("/etc/")),
            Test::Compare(Op::StartsWith, text("/usr/local/bin")),
            Test::Compare(Op::StartsWith, text("/devices")),
            Test::Compare(Op::Eq, text("/a")),
            Test::In([text("/b"), text("/c/d")].into()),
            Test::Compare(Op::EndsWith, text(".conf")),
            Test::Pmatch([b"/lib".as_slice().into()].into()),
            Test::Quantified(Op::Contains, Quantifier::AnyOf, [text("xx"), text("yy")].into()),
        ];
        assert!(tests.iter().all(Texts::takes));
        let texts = Texts::new(&tests);
        for (value, expected) in [
            ("/etc/passwd", true),
            ("/etc/", true),
            ("/etc", false),
            ("/usr/local/bin/x", true),
            ("/usr/local/lib", false),
            ("/usr/loc", false),
            ("/devices", true),
            ("/device", false),
            ("/a", true),
            ("/aa", false),
            ("/b", true),
            ("/c/d", true),
            ("/x.conf", true),
            ("/lib/x", true),
            ("/lib64", false),
            ("/xyyx", true),
            ("", false),
        ] {
            assert_eq!(texts.matches(value.as_bytes()), expected, "{value}");
        }
    }

    #[test]
    fn an_empty_prefix_begins_every_text() {
        let texts = Texts::new(&[Test::Compare(Op::StartsWith, text(""))]);
        assert!(texts.matches(b""));
        assert!(texts.matches(b"x"));
    }

    #[test]
    fn order_and_difference_stay_alone() {
        assert!(!Texts::takes(&Test::Compare(Op::Ne, text("a"))));
        assert!(!Texts::takes(&Test::Compare(Op::Lt, text("a"))));
        assert!(!Texts::takes(&Test::Exists));
        assert!(!Texts::takes(&Test::Quantified(Op::Eq, Quantifier::AllOf, [text("a")].into())));
    }
}
