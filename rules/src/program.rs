//! The compiled form of a set of rules: what the compiler hands to the evaluation.
//!
//! Conditions are a directed graph of nodes without duplicates, so that a macro that stands in fifty rules is evaluated
//! once per event. Nothing here knows how values are found or compared.

use std::net::IpAddr;

use tercel_format::catalogue::{EVENTS, ParamType, PrintFormat};

use crate::fields::FieldRef;
pub use crate::shared::Shared;

/// The only event source there is: system calls.
pub(crate) const SYSCALL: &str = "syscall";

/// Index into [`Program::nodes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

/// Index into [`Program::checks`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CheckId(pub u32);

/// Compiled rules, and the conditions they share.
#[derive(Debug, Default)]
pub struct Program {
    /// Enabled rules in load order.
    pub rules: Vec<Rule>,
    /// Conditions; a node refers only to nodes before it.
    pub nodes: Vec<Node>,
    /// Single checks, each different from every other.
    pub checks: Vec<Check>,
}

/// One rule, ready to run.
#[derive(Debug)]
pub struct Rule {
    /// Name, unique in a program.
    pub name: String,
    /// Description.
    pub desc: String,
    /// Priority of its alerts.
    pub priority: Priority,
    /// Tags, sorted and without duplicates.
    pub tags: Vec<String>,
    /// Event source, `syscall` for system calls.
    pub source: String,
    /// When it fires.
    pub condition: NodeId,
    /// What it prints.
    pub output: Template,
    /// Codes of the events on which the condition can be true (reference language section 9).
    pub events: EventSet,
    /// What its alerts ask of a flight recorder.
    pub capture: Capture,
}

/// What the alerts of a rule ask of a flight recorder, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Capture {
    /// Whether they start a cut.
    pub starts: bool,
    /// How long it goes on after the alert; the default if this is `None`.
    pub duration: Option<u32>,
    /// How long before the alert it begins; the default if this is `None`.
    pub before: Option<u32>,
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Node {
    /// A single check.
    Check(CheckId),
    /// True if the node is false.
    Not(NodeId),
    /// All, left to right, until one is false.
    And(Box<[NodeId]>),
    /// Any, left to right, until one is true.
    Or(Box<[NodeId]>),
}

/// A comparison of a value with constants or with another value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Check {
    /// What is looked at.
    pub left: Operand,
    /// What is asked of it. A missing left value makes every test false (reference language 5.1).
    pub test: Test,
}

/// Something that has a value at an event.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Operand {
    /// Where the value comes from.
    pub source: Source,
    /// Its type; for `evt.rawarg.X` the type of the first parameter of that name.
    pub ty: ParamType,
    /// How a number is printed.
    pub format: PrintFormat,
    /// Whether the value is a list.
    pub list: bool,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Source {
    /// A field.
    Field(FieldRef),
    /// A literal argument of a transformer.
    Text(Box<[u8]>),
    /// Several values as one list (a parenthesised argument of a transformer): lists among them are spread out, and
    /// values of the types `Pid`, `Int64` and `Uint64` stand for their decimal text (reference language 6.5).
    List(Box<[Operand]>),
    /// A function of other values.
    Transform(Transformer, Box<[Operand]>),
}

/// Functions on values (reference language section 6).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Transformer {
    /// ASCII lower case.
    ToLower,
    /// ASCII upper case.
    ToUpper,
    /// Base64 decoding.
    Base64,
    /// Text after the last slash.
    Basename,
    /// Number of elements or bytes.
    Len,
    /// `join(separator, list)`.
    Join,
    /// `concat(a, b, …)`.
    Concat,
    /// `getopt(list, options)`, with the option asked for in brackets, if any.
    Getopt(Option<u8>),
}

/// What a check asks of its left value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Test {
    /// There is a value.
    Exists,
    /// `op` holds with one literal.
    Compare(Op, Literal),
    /// `op` holds with exactly one, any or all of the literals.
    Quantified(Op, Quantifier, Shared<Literal>),
    /// `in`: membership; for a list, every element is a member.
    In(Shared<Literal>),
    /// `intersects`: membership; for a list, of any element.
    Intersects(Shared<Literal>),
    /// `pmatch`: one of the paths is a prefix by components.
    Pmatch(Shared<Box<[u8]>>),
    /// `op` holds with another value.
    CompareOperand(Op, Operand),
    /// `in` another value.
    InOperand(Operand),
    /// Intersects another value.
    IntersectsOperand(Operand),
}

/// Comparison operators with one right side. The literal of `Regex` is a pattern of the `regex` crate, anchored at both
/// ends and known to compile; those of `BContains` and `BStartsWith` are the bytes after the hexadecimal text.
#[allow(missing_docs)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Contains,
    IContains,
    BContains,
    StartsWith,
    BStartsWith,
    EndsWith,
    Glob,
    IGlob,
    Regex,
}

impl Test {
    /// What a test of `evt.num` answers on every event, where that does not depend on the event: events count from 1. Rule
    /// files write `evt.num = 0` for what is never true (reference language 9.4).
    pub fn of_event_number(&self) -> Option<bool> {
        match self {
            Test::Compare(op, Literal::Uint(number)) => match (op, number) {
                (Op::Eq | Op::Lt | Op::Le, 0) | (Op::Lt, 1) => Some(false),
                (Op::Ne | Op::Gt | Op::Ge, 0) | (Op::Ge, 1) => Some(true),
                _ => None,
            },
            Test::In(literals) if literals.iter().all(|literal| *literal == Literal::Uint(0)) => Some(false),
            Test::Exists
            | Test::Compare(..)
            | Test::Quantified(..)
            | Test::In(_)
            | Test::Intersects(_)
            | Test::Pmatch(_)
            | Test::CompareOperand(..)
            | Test::InOperand(_)
            | Test::IntersectsOperand(_) => None,
        }
    }
}

/// How many of several literals have to satisfy the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quantifier {
    /// Exactly one.
    OneOf,
    /// At least one.
    AnyOf,
    /// Every one.
    AllOf,
}

/// A constant, parsed by the type of the field it stands against.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Literal {
    /// Text or bytes, unescaped.
    Bytes(Box<[u8]>),
    /// A signed number; the literal of a `Double` is one as well, since only whole numbers can be written.
    Int(i64),
    /// An unsigned number, port or time.
    Uint(u64),
    /// `true` or `false`.
    Bool(bool),
    /// An address.
    Ip(IpAddr),
    /// A network: address and prefix length in bits.
    Net(IpAddr, u8),
}

/// Priority of an alert, most urgent first (reference language 8.16).
#[allow(missing_docs)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Priority {
    Emergency,
    Alert,
    Critical,
    Error,
    Warning,
    Notice,
    Informational,
    Debug,
}

impl Priority {
    /// All of them, most urgent first.
    pub const ALL: [Priority; 8] = [
        Priority::Emergency,
        Priority::Alert,
        Priority::Critical,
        Priority::Error,
        Priority::Warning,
        Priority::Notice,
        Priority::Informational,
        Priority::Debug,
    ];

    /// Name as alerts show it (reference language 10.7).
    pub const fn name(self) -> &'static str {
        match self {
            Priority::Emergency => "Emergency",
            Priority::Alert => "Alert",
            Priority::Critical => "Critical",
            Priority::Error => "Error",
            Priority::Warning => "Warning",
            Priority::Notice => "Notice",
            Priority::Informational => "Informational",
            Priority::Debug => "Debug",
        }
    }

    /// Its number in syslog messages: 0 for emergencies, 7 for debugging (RFC 5424, section 6.2.1).
    pub const fn severity(self) -> u8 {
        self as u8
    }
}

/// A parsed output.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    /// The text as written, trimmed.
    pub text: String,
    /// Literal text and values, in order.
    pub pieces: Vec<Piece>,
    /// The fields of the JSON's `output_fields` in order of appearance, each name once: fields that stand alone and
    /// fields inside transformers (reference language 10.11, 10.13).
    pub fields: Vec<(String, Operand)>,
    /// Further entries of `output_fields`, whose values are texts (reference language 10.14).
    pub texts: Vec<(String, Template)>,
}

/// A part of an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text that is printed as it is.
    Text(Box<[u8]>),
    /// A value.
    Value {
        /// What to print.
        operand: Operand,
        /// Name in the JSON's `output_fields` (field with argument); transformers have the text as written.
        key: String,
        /// Pads or cuts the value to this many bytes.
        width: Option<usize>,
    },
}

/// A set of event codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSet {
    bits: [u64; WORDS],
}

/// Words of 64 bits that have room for every code of the catalogue, which are its positions.
const WORDS: usize = EVENTS.len().div_ceil(64);

impl EventSet {
    /// No event.
    pub const NONE: EventSet = EventSet { bits: [0; WORDS] };

    /// Every event of the catalogue.
    pub fn all() -> EventSet {
        let mut set = EventSet::NONE;
        for row in EVENTS.iter() {
            set.insert(row.code);
        }
        set
    }

    /// Adds a code of the catalogue; there is no event of any other.
    pub fn insert(&mut self, code: u16) {
        debug_assert!(usize::from(code) < EVENTS.len(), "{code} is not in the catalogue");
        if let Some(word) = self.bits.get_mut(usize::from(code >> 6)) {
            *word |= 1 << (code & 63);
        }
    }

    /// Whether `code` is in the set.
    pub fn contains(&self, code: u16) -> bool {
        self.bits.get(usize::from(code >> 6)).is_some_and(|word| word >> (code & 63) & 1 == 1)
    }

    /// Codes in both sets.
    pub fn intersection(&self, other: &EventSet) -> EventSet {
        self.zip(other, |a, b| a & b)
    }

    /// Codes in either set.
    pub fn union(&self, other: &EventSet) -> EventSet {
        self.zip(other, |a, b| a | b)
    }

    /// Codes of the catalogue that are not in the set.
    pub fn complement(&self) -> EventSet {
        EventSet::all().zip(self, |a, b| a & !b)
    }

    /// Number of codes.
    pub fn len(&self) -> usize {
        self.bits.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether there is no code.
    pub fn is_empty(&self) -> bool {
        self.bits.iter().all(|word| *word == 0)
    }

    fn zip(&self, other: &EventSet, f: impl Fn(u64, u64) -> u64) -> EventSet {
        let mut bits = self.bits;
        bits.iter_mut().zip(other.bits).for_each(|(a, b)| *a = f(*a, b));
        EventSet { bits }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities_have_their_names() {
        let names = Priority::ALL.map(Priority::name);
        let expected =
            ["Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug"];
        assert_eq!(names, expected);
        assert!(Priority::ALL.is_sorted());
    }

    #[test]
    fn sets_hold_what_was_put_in() {
        let last = EVENTS.len() as u16 - 1;
        let mut set = EventSet::NONE;
        for code in [0, 63, 64, last] {
            assert!(!set.contains(code));
            set.insert(code);
            assert!(set.contains(code));
        }
        assert!(!set.contains(1) && !set.contains(u16::MAX));
        assert_eq!(set.len(), 4);
        assert_eq!(set.complement().len(), EVENTS.len() - 4);
        assert!(set.intersection(&set.complement()).is_empty());
        assert_eq!(set.union(&set.complement()), EventSet::all());
        assert!(EVENTS.iter().enumerate().all(|(at, row)| usize::from(row.code) == at));
    }
}
