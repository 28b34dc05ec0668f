//! Questions with constant answers: a literal or a set of literals, prepared once, that values are compared with
//! (reference language sections 4 and 5). A value enters, yes or no leaves; where values come from is not known here.

use std::net::IpAddr;
use std::sync::Arc;

use aho_corasick::AhoCorasick;
use memchr::memmem::Finder;
use regex::bytes::Regex;
use tercel_rules::program::{Literal, Op, Quantifier, Shared};

use super::glob::Glob;
use super::paths::PathTree;
use super::set::{MANY, Net, Set};
use crate::fields::Value;

/// A prepared question about one value.
#[derive(Debug)]
pub enum Question {
    /// Always the same answer.
    Fixed(bool),
    /// Comparison with a number or a truth value; the value decides whether the bits are signed.
    Number(Order, u64),
    /// Comparison of text by bytes.
    TextOrder(Order, Box<[u8]>),
    /// The address is this one (`true`) or another.
    Address(bool, IpAddr),
    /// Membership in a network (`true`) or its contrary.
    Net(bool, Net),
    /// The literal occurs somewhere.
    Contains(Finder<'static>),
    /// One of several literals occurs, or one regardless of case.
    ContainsAny(AhoCorasick),
    /// The value starts with the literal.
    StartsWith(Box<[u8]>),
    /// The value ends with the literal.
    EndsWith(Box<[u8]>),
    /// A shell pattern matches the whole value.
    Glob(Glob),
    /// A regular expression matches the whole value.
    Regex(Regex),
    /// One of the paths is a prefix.
    Paths(PathTree),
    /// The value is one of these.
    Set(Set),
    /// One of the literals of a long list, which all checks against it share.
    Shared(Arc<Question>),
    /// Exactly one, any or all of the questions are answered with yes.
    Several(Quantifier, Box<[Question]>),
}

/// Comparison operators that need an order.
#[allow(missing_docs)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Order {
    /// The order operator that `op` is, if it is one.
    pub fn of(op: Op) -> Option<Order> {
        Some(match op {
            Op::Eq => Order::Eq,
            Op::Ne => Order::Ne,
            Op::Lt => Order::Lt,
            Op::Le => Order::Le,
            Op::Gt => Order::Gt,
            Op::Ge => Order::Ge,
            Op::Contains
            | Op::IContains
            | Op::BContains
            | Op::StartsWith
            | Op::BStartsWith
            | Op::EndsWith
            | Op::Glob
            | Op::IGlob
            | Op::Regex => return None,
        })
    }

    /// Whether `left op right` holds.
    #[inline]
    pub fn holds<T: PartialOrd>(self, left: &T, right: &T) -> bool {
        match self {
            Order::Eq => left == right,
            Order::Ne => left != right,
            Order::Lt => left < right,
            Order::Le => left <= right,
            Order::Gt => left > right,
            Order::Ge => left >= right,
        }
    }
}

impl Question {
    /// `op literal`. A pair that the compiler of rules never lets through is answered with no.
    pub fn new(op: Op, literal: &Literal) -> Question {
        match (Order::of(op), literal) {
            (Some(order), Literal::Int(v)) => Question::Number(order, *v as u64),
            (Some(order), Literal::Uint(v)) => Question::Number(order, *v),
            (Some(order), Literal::Bool(v)) => Question::Number(order, u64::from(*v)),
            (Some(order), Literal::Bytes(bytes)) => Question::TextOrder(order, bytes.clone()),
            (Some(Order::Eq), Literal::Ip(ip)) => Question::Address(true, *ip),
            (Some(Order::Ne), Literal::Ip(ip)) => Question::Address(false, *ip),
            (Some(Order::Eq), Literal::Net(ip, bits)) => Question::Net(true, Net::new(*ip, *bits)),
            (Some(Order::Ne), Literal::Net(ip, bits)) => Question::Net(false, Net::new(*ip, *bits)),
            (Some(_), Literal::Ip(_) | Literal::Net(..)) => Question::Fixed(false),
            (None, Literal::Bytes(bytes)) => Question::of_text(op, bytes),
            (None, _) => Question::Fixed(false),
        }
    }

    fn of_text(op: Op, literal: &[u8]) -> Question {
        match op {
            Op::Contains | Op::BContains => Question::Contains(Finder::new(literal).into_owned()),
            Op::IContains => any_of_texts([literal], true),
            Op::StartsWith | Op::BStartsWith => Question::StartsWith(literal.into()),
            Op::EndsWith => Question::EndsWith(literal.into()),
            Op::Glob => Question::Glob(Glob::new(literal, false)),
            Op::IGlob => Question::Glob(Glob::new(literal, true)),
            Op::Regex => whole_match(literal).map_or(Question::Fixed(false), Question::Regex),
            Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge => Question::Fixed(false),
        }
    }

    /// `op` with one, any or all of several literals (language 5.10).
    pub fn several(op: Op, quantifier: Quantifier, literals: &[Literal]) -> Question {
        match (op, quantifier) {
            _ if literals.is_empty() => Question::Fixed(false),
            (Op::Eq, Quantifier::AnyOf) => Question::Set(Set::new(literals)),
            (Op::Contains, Quantifier::AnyOf) => any_of_texts(literals.iter().filter_map(bytes_of), false),
            (Op::IContains, Quantifier::AnyOf) => any_of_texts(literals.iter().filter_map(bytes_of), true),
            _ => Question::Several(quantifier, literals.iter().map(|l| Question::new(op, l)).collect()),
        }
    }

    /// One of the paths is a prefix of the value by components.
    pub(crate) fn of_paths<'a>(paths: impl IntoIterator<Item = &'a [u8]>) -> Question {
        Question::Paths(PathTree::new(paths))
    }

    /// The value is one of the literals.
    pub(crate) fn of_set(literals: &Shared<Literal>) -> Question {
        Question::of_list(literals, |literals| Question::Set(Set::new(literals)))
    }

    /// One of the paths of a list is a prefix of the value by components.
    pub(crate) fn of_path_list(paths: &Shared<Box<[u8]>>) -> Question {
        Question::of_list(paths, |paths| Question::of_paths(paths.iter().map(|path| &**path)))
    }

    /// The question about a list; all checks against a long one share it.
    fn of_list<T>(list: &Shared<T>, question: impl Fn(&[T]) -> Question) -> Question {
        if list.len() > MANY { Question::Shared(list.derived(question)) } else { question(list) }
    }

    /// Whether the value has to be one of several.
    pub(crate) fn is_set(&self) -> bool {
        match self {
            Question::Set(_) => true,
            Question::Shared(shared) => shared.is_set(),
            _ => false,
        }
    }

    /// The answer for one value.
    #[inline]
    pub fn ask(&self, value: &Value<'_>) -> bool {
        match (self, value) {
            (Question::Fixed(answer), _) => *answer,
            (Question::Set(set), _) => set.contains(value),
            (Question::Shared(shared), _) => shared.ask(value),
            (Question::Several(quantifier, questions), _) => several(*quantifier, questions, value),
            (_, Value::Text(bytes) | Value::Bytes(bytes)) => self.ask_bytes(bytes),
            (Question::Number(order, bits), Value::Int(v)) => order.holds(v, &(*bits as i64)),
            (Question::Number(order, bits), Value::Uint(v)) => order.holds(v, bits),
            (Question::Number(order, bits), Value::Bool(v)) => order.holds(&u64::from(*v), bits),
            (Question::Number(order, bits), Value::Double(v)) => order.holds(v, &(*bits as i64 as f64)),
            (Question::Address(same, ip), Value::Ip(v)) => (ip == v) == *same,
            (Question::Net(inside, net), Value::Ip(v)) => net.contains(*v) == *inside,
            _ => false,
        }
    }

    /// The answer for a text or a byte buffer.
    #[inline]
    pub(crate) fn ask_bytes(&self, value: &[u8]) -> bool {
        match self {
            Question::TextOrder(Order::Eq, literal) => *value == **literal,
            Question::TextOrder(order, literal) => order.holds(&value, &&**literal),
            Question::Contains(finder) => finder.find(value).is_some(),
            Question::ContainsAny(automaton) => automaton.is_match(value),
            Question::StartsWith(literal) => value.starts_with(literal),
            Question::EndsWith(literal) => value.ends_with(literal),
            Question::Glob(glob) => glob.matches(value),
            // Bytes that are not UTF-8 match no character, as in Falco 0.44.1 (reference language 5.9 describes a later version).
            Question::Regex(regex) => regex.is_match(value),
            Question::Paths(tree) => tree.matches(value),
            Question::Shared(shared) => shared.ask_bytes(value),
            Question::Fixed(_)
            | Question::Number(..)
            | Question::Address(..)
            | Question::Net(..)
            | Question::Set(_)
            | Question::Several(..) => false,
        }
    }
}

fn several(quantifier: Quantifier, questions: &[Question], value: &Value<'_>) -> bool {
    match quantifier {
        Quantifier::OneOf => questions.iter().filter(|q| q.ask(value)).take(2).count() == 1,
        Quantifier::AnyOf => questions.iter().any(|q| q.ask(value)),
        Quantifier::AllOf => questions.iter().all(|q| q.ask(value)),
    }
}

fn bytes_of(literal: &Literal) -> Option<&[u8]> {
    match literal {
        Literal::Bytes(bytes) => Some(bytes),
        Literal::Int(_) | Literal::Uint(_) | Literal::Bool(_) | Literal::Ip(_) | Literal::Net(..) => None,
    }
}

fn any_of_texts<'a>(texts: impl IntoIterator<Item = &'a [u8]>, fold: bool) -> Question {
    let built = AhoCorasick::builder().ascii_case_insensitive(fold).build(texts);
    built.map_or(Question::Fixed(false), Question::ContainsAny)
}

/// A pattern that the compiler of rules has translated and anchored at both ends.
fn whole_match(pattern: &[u8]) -> Option<Regex> {
    Regex::new(std::str::from_utf8(pattern).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(literal: &str) -> Literal {
        Literal::Bytes(literal.as_bytes().into())
    }

    fn net(literal: &str) -> Literal {
        let (address, bits) = literal.split_once('/').expect("a network");
        Literal::Net(address.parse().expect("an address"), bits.parse().expect("a length"))
    }

    #[test]
    fn checks_share_the_question_about_a_long_list() {
        let shared = |one: Question, other: Question| match (one, other) {
            (Question::Shared(one), Question::Shared(other)) => Arc::ptr_eq(&one, &other),
            _ => false,
        };
        for (len, expected) in [(MANY, false), (MANY + 1, true)] {
            let names = || (0..len).map(|number| format!("/{number}"));
            let literals: Shared<Literal> = names().map(|name| text(&name)).collect();
            let paths: Shared<Box<[u8]>> = names().map(|name| name.into_bytes().into()).collect();
            assert_eq!(shared(Question::of_set(&literals), Question::of_set(&literals)), expected, "{len}");
            let paths = (Question::of_path_list(&paths), Question::of_path_list(&paths));
            assert!(paths.0.ask_bytes(b"/7/file") && !paths.0.ask_bytes(b"/seven"));
            assert_eq!(shared(paths.0, paths.1), expected, "{len}");
        }
    }

    #[test]
    fn operators_on_text() {
        use Op::*;
        for (value, op, literal, expected) in [
            ("cat", Eq, "cat", true),
            ("cat", Eq, "ca", false),
            ("", Eq, "", true),
            ("cat", Ne, "dog", true),
            ("abc", Lt, "abd", true),
            ("ab", Lt, "abc", true),
            ("abc", Le, "abc", true),
            ("\u{80}", Gt, "z", true),
            ("abc", Ge, "abd", false),
            ("/etc/passwd", Contains, "pass", true),
            ("/etc/passwd", Contains, "", true),
            ("", Contains, "x", false),
            ("/ETC/Passwd", IContains, "PASS", true),
            ("GR\u{dc}N", IContains, "gr\u{fc}n", false),
            ("/etc", StartsWith, "/e", true),
            ("/etc", StartsWith, "etc", false),
            ("/etc", EndsWith, "tc", true),
            ("tc", EndsWith, "etc", false),
            ("/home/u/.ssh/id", Glob, "/home/*/.ssh/*", true),
            ("/HOME/u", Glob, "/home/*", false),
            ("/HOME/u", IGlob, "/home/*", true),
            ("cat", Regex, "\\A(?:c.t)\\z", true),
            ("scat", Regex, "\\A(?:c.t)\\z", false),
        ] {
            let question = Question::new(op, &text(literal));
            assert_eq!(question.ask(&Value::Text(value.as_bytes())), expected, "{value} {op:?} {literal}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_match_no_character() {
        let question = Question::new(Op::Regex, &text("\\A(?:a.b)\\z"));
        assert!(question.ask(&Value::Text("a\u{e9}b".as_bytes())));
        assert!(!question.ask(&Value::Text(b"a\xffb")));
    }

    #[test]
    fn operators_on_buffers() {
        let check = |value: &[u8], op, literal: &[u8], expected: bool| {
            let question = Question::new(op, &Literal::Bytes(literal.into()));
            assert_eq!(question.ask(&Value::Bytes(value)), expected, "{value:?} {op:?} {literal:?}");
        };
        check(b"a\0b", Op::Eq, b"a\0b", true);
        check(b"a\0b", Op::Eq, b"a", false);
        check(b"a\0b", Op::BContains, b"\0b", true);
        check(b"\xca\xfe\0", Op::BStartsWith, b"\xca\xfe", true);
        check(b"ab\0", Op::EndsWith, b"b", false);
    }

    #[test]
    fn operators_on_numbers() {
        use Op::*;
        for (value, op, literal, expected) in [
            (Value::Int(-1), Lt, Literal::Int(0), true),
            (Value::Int(-1), Eq, Literal::Int(-1), true),
            (Value::Uint(u64::MAX), Gt, Literal::Uint(0), true),
            (Value::Uint(5), Ge, Literal::Uint(5), true),
            (Value::Uint(5), Ne, Literal::Uint(5), false),
            (Value::Uint(443), Eq, Literal::Int(443), true),
            (Value::Bool(true), Eq, Literal::Bool(true), true),
            (Value::Bool(false), Ne, Literal::Bool(true), true),
            (Value::Double(1.5), Gt, Literal::Int(1), true),
        ] {
            let question = Question::new(op, &literal);
            assert_eq!(question.ask(&value), expected, "{value:?} {op:?} {literal:?}");
        }
    }

    #[test]
    fn addresses_and_networks() {
        let check = |value: &str, op, literal: Literal, expected: bool| {
            let value = Value::Ip(value.parse().expect("an address"));
            let question = Question::new(op, &literal);
            assert_eq!(question.ask(&value), expected, "{value:?} {op:?} {literal:?}");
        };
        let ip = |text: &str| Literal::Ip(text.parse().expect("an address"));
        check("127.0.0.1", Op::Eq, ip("127.0.0.1"), true);
        check("127.0.0.1", Op::Ne, ip("127.0.0.1"), false);
        check("127.0.0.1", Op::Eq, ip("::1"), false);
        check("127.0.0.1", Op::Ne, ip("::1"), true);
        check("10.1.2.3", Op::Eq, net("10.0.0.0/8"), true);
        check("10.1.2.3", Op::Eq, net("10.9.9.9/8"), true);
        check("11.1.2.3", Op::Eq, net("10.0.0.0/8"), false);
        check("11.1.2.3", Op::Eq, net("0.0.0.0/0"), true);
        check("10.1.2.3", Op::Eq, net("10.1.2.3/32"), true);
        check("::1", Op::Eq, net("10.0.0.0/8"), false);
        check("::1", Op::Ne, net("10.0.0.0/8"), true);
        check("fe80::1", Op::Eq, net("fe80::/10"), true);
        check("fe80::1", Op::Eq, net("fe80::2/128"), false);
    }

    #[test]
    fn several_literals() {
        use Quantifier::*;
        for (value, op, quantifier, literals, expected) in [
            ("abc", Op::Contains, OneOf, &["a", "x"][..], true),
            ("abc", Op::Contains, OneOf, &["a", "b"], false),
            ("abc", Op::Contains, AnyOf, &["x", "b"], true),
            ("abc", Op::Contains, AnyOf, &["x", "y"], false),
            ("ABC", Op::IContains, AnyOf, &["x", "b"], true),
            ("abc", Op::Contains, AllOf, &["a", "b"], true),
            ("abc", Op::Contains, AllOf, &["a", "x"], false),
            ("abc", Op::Eq, AnyOf, &["x", "abc"], true),
            ("abc", Op::Ne, AllOf, &["x", "abc"], false),
            ("abc", Op::Ne, AllOf, &["x", "y"], true),
            ("abc", Op::StartsWith, AnyOf, &["b", "ab"], true),
            ("abc", Op::Eq, AllOf, &[], false),
            ("abc", Op::Ne, AllOf, &[], false),
        ] {
            let literals: Vec<Literal> = literals.iter().map(|l| text(l)).collect();
            let question = Question::several(op, quantifier, &literals);
            assert_eq!(
                question.ask(&Value::Text(value.as_bytes())),
                expected,
                "{value} {op:?} {quantifier:?} {literals:?}"
            );
        }
    }
}
