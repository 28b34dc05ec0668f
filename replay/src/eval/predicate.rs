//! One check of a condition, ready to run: where the value comes from and the prepared question about it. A context enters, yes
//! or no leaves. A missing value answers every question with no (reference language 5.1).

use std::cmp::Ordering;
use std::net::IpAddr;
use std::sync::Arc;

use memchr::memmem::Finder;
use tercel_rules::fields::{Arg, Field, FieldRef};
use tercel_rules::program::{Check, Literal, Op, Operand, Source, Test};

use super::glob::Glob;
use super::question::{Order, Question};
use super::set::Set;
use super::texts::Texts;
use super::values::{Values, Wanted};
use crate::fields::{self, Comparison, Context, EndPart, Shown, Value, nature};

/// A check, ready to run.
#[derive(Debug)]
pub(crate) enum Predicate {
    /// The answer is known without looking.
    Fixed(bool),
    /// There is a value.
    Exists(Wanted),
    /// The question is asked of the value.
    One(Wanted, Question),
    /// One of several questions about the same text is answered with yes.
    AnyText(Wanted, Box<Texts>),
    /// Every element of the list is in the set.
    Every(Operand, Arc<Set>),
    /// An element of the list is in the set.
    Some(Operand, Arc<Set>),
    /// The field has at least one value.
    AnyExists(FieldRef),
    /// The answer is yes for one of the field's values.
    Any(FieldRef, Question),
    /// The field has values, and the answer is no for each.
    NoneOf(FieldRef, Question),
    /// The value of `evt.rawarg`, whose length the reference drops on the way: numbers are in no set, byte buffers are empty.
    Raw(Operand, Question),
    /// The event is within this number of nanoseconds of the time.
    Around {
        /// Nanoseconds since the epoch.
        time: u64,
        /// Nanoseconds.
        distance: u64,
    },
    /// Comparison with another value.
    Compare(Operand, Op, Operand),
    /// Membership in another value: of each element (`true`) or of any.
    Member(Operand, bool, Operand),
}

impl Predicate {
    /// Prepares a check.
    pub fn new(check: &Check) -> Predicate {
        if let Source::Field(field) = &check.left.source {
            match nature(field).comparison {
                Comparison::One => {}
                Comparison::Around => return around(field, &check.test),
                Comparison::Raw => return Predicate::raw(&check.left, &check.test),
                Comparison::NameOf(address) => return domain(address, &check.test),
                Comparison::EachForebear(_) => return Predicate::of_any(field, &check.test),
                Comparison::EachAncestor(_) | Comparison::EachEnd(_) => {
                    return Predicate::of_several(field, &check.test);
                }
            }
        }
        Predicate::of_one(&check.left, &check.test)
    }

    /// One of several checks of the same text holds.
    pub(crate) fn of_texts(checks: &[&Check]) -> Option<Predicate> {
        let left = checks.first()?.left.clone();
        let texts = Texts::new(checks.iter().map(|check| &check.test));
        Some(Predicate::AnyText(Wanted::new(left), Box::new(texts)))
    }

    fn of_one(left: &Operand, test: &Test) -> Predicate {
        let left = left.clone();
        match test {
            Test::Exists => Predicate::Exists(Wanted::new(left)),
            Test::Compare(op, literal) => Predicate::One(Wanted::new(left), Question::new(*op, literal)),
            Test::Quantified(op, quantifier, literals) => {
                Predicate::One(Wanted::new(left), Question::several(*op, *quantifier, literals))
            }
            Test::In(literals) if left.list => Predicate::Every(left, literals.derived(Set::new)),
            Test::Intersects(literals) if left.list => Predicate::Some(left, literals.derived(Set::new)),
            Test::In(literals) | Test::Intersects(literals) if literals.is_empty() => Predicate::Fixed(false),
            Test::In(literals) | Test::Intersects(literals) => {
                Predicate::One(Wanted::new(left), Question::of_set(literals))
            }
            Test::Pmatch(paths) => Predicate::One(Wanted::new(left), Question::of_path_list(paths)),
            Test::CompareOperand(op, right) => Predicate::Compare(left, *op, right.clone()),
            Test::InOperand(right) => Predicate::Member(left, true, right.clone()),
            Test::IntersectsOperand(right) => Predicate::Member(left, false, right.clone()),
        }
    }

    /// Fields with several values. The reference compares each on its own and drops the length and the modifier on the way:
    /// of several literals only the first counts, and a number or an address is in no set (reference language 5.14-5.19).
    fn of_several(field: &FieldRef, test: &Test) -> Predicate {
        let comparison = nature(field).comparison;
        let pair = matches!(comparison, Comparison::EachEnd(_));
        let in_no_set = comparison == Comparison::EachEnd(EndPart::Address)
            || comparison == Comparison::EachAncestor(Shown::Pid);
        let field = field.clone();
        let compare = |field, op, literal: &Literal| match op {
            Op::Ne if pair => Predicate::NoneOf(field, Question::new(Op::Eq, literal)),
            _ => Predicate::Any(field, Question::new(op, literal)),
        };
        match test {
            Test::Exists if pair => Predicate::Exists(Wanted::new(plain(Field::FdType))),
            Test::Exists => Predicate::AnyExists(field),
            Test::Compare(op, literal) => compare(field, *op, literal),
            Test::Quantified(op, _, literals) => match literals.first() {
                Some(literal) => compare(field, *op, literal),
                None => Predicate::Fixed(false),
            },
            Test::In(_) if in_no_set => Predicate::Fixed(false),
            Test::In(literals) if comparison == Comparison::EachEnd(EndPart::Network) => {
                match literals.first() {
                    Some(literal) => compare(field, Op::Eq, literal),
                    None => Predicate::Fixed(false),
                }
            }
            Test::In(literals) => Predicate::Any(field, Question::of_set(literals)),
            Test::Intersects(_) if pair || in_no_set => Predicate::Fixed(false),
            Test::Intersects(literals) => Predicate::Any(field, Question::of_set(literals)),
            Test::Pmatch(paths) => Predicate::Any(field, Question::of_path_list(paths)),
            Test::CompareOperand(..) | Test::InOperand(_) | Test::IntersectsOperand(_) => {
                Predicate::Fixed(false)
            }
        }
    }

    /// A field of several values, of which one has to pass.
    fn of_any(field: &FieldRef, test: &Test) -> Predicate {
        let field = field.clone();
        match test {
            Test::Exists => Predicate::AnyExists(field),
            Test::Compare(op, literal) => Predicate::Any(field, Question::new(*op, literal)),
            Test::Quantified(op, quantifier, literals) => {
                Predicate::Any(field, Question::several(*op, *quantifier, literals))
            }
            Test::In(literals) | Test::Intersects(literals) => {
                Predicate::Any(field, Question::of_set(literals))
            }
            Test::Pmatch(paths) => Predicate::Any(field, Question::of_path_list(paths)),
            Test::CompareOperand(..) | Test::InOperand(_) | Test::IntersectsOperand(_) => {
                Predicate::Fixed(false)
            }
        }
    }

    /// `evt.rawarg`: as with [`Predicate::of_several`], modifiers are dropped, and byte buffers count as empty.
    fn raw(left: &Operand, test: &Test) -> Predicate {
        let left = left.clone();
        match test {
            Test::Exists => Predicate::Exists(Wanted::new(left)),
            Test::Compare(op, literal) => Predicate::Raw(left, Question::new(*op, literal)),
            Test::Quantified(op, _, literals) => match literals.first() {
                Some(literal) => Predicate::Raw(left, Question::new(*op, literal)),
                None => Predicate::Fixed(false),
            },
            Test::In(literals) | Test::Intersects(literals) => {
                Predicate::Raw(left, Question::of_set(literals))
            }
            Test::Pmatch(paths) => Predicate::Raw(left, Question::of_path_list(paths)),
            Test::CompareOperand(..) | Test::InOperand(_) | Test::IntersectsOperand(_) => {
                Predicate::Fixed(false)
            }
        }
    }

    /// The operand whose value may be kept for other checks of the same event.
    pub(crate) fn wanted_mut(&mut self) -> Option<&mut Wanted> {
        match self {
            Predicate::Exists(wanted) | Predicate::One(wanted, _) | Predicate::AnyText(wanted, _) => {
                Some(wanted)
            }
            Predicate::Fixed(_)
            | Predicate::Every(..)
            | Predicate::Some(..)
            | Predicate::AnyExists(_)
            | Predicate::Any(..)
            | Predicate::NoneOf(..)
            | Predicate::Raw(..)
            | Predicate::Around { .. }
            | Predicate::Compare(..)
            | Predicate::Member(..) => None,
        }
    }

    /// The answer for the event of `cx`.
    pub fn holds(&self, cx: &Context<'_>, values: &mut Values) -> bool {
        // Values are borrowed: to move one right after it was written part by part stalls the processor.
        match self {
            Predicate::Fixed(answer) => *answer,
            Predicate::Exists(wanted) => values.value(cx, wanted).is_some(),
            Predicate::One(wanted, question) => {
                let value = values.value(cx, wanted);
                value.as_ref().is_some_and(|value| question.ask(value))
            }
            Predicate::AnyText(wanted, texts) => match &values.value(cx, wanted) {
                Some(Value::Text(text) | Value::Bytes(text)) => texts.matches(text),
                _ => false,
            },
            Predicate::Every(operand, set) => match &fields::value(cx, operand, &mut values.left) {
                Some(Value::List(list)) => list.iter().all(|element| set.contains_bytes(element)),
                Some(value) => set.contains(value),
                None => false,
            },
            Predicate::Some(operand, set) => match &fields::value(cx, operand, &mut values.left) {
                Some(Value::List(list)) => list.iter().any(|element| set.contains_bytes(element)),
                Some(value) => set.contains(value),
                None => false,
            },
            Predicate::AnyExists(field) => {
                fields::visit(cx, field, &mut values.left, &mut |_| true) == Some(true)
            }
            Predicate::Any(field, question) => {
                fields::visit(cx, field, &mut values.left, &mut |value| question.ask(&value)) == Some(true)
            }
            Predicate::NoneOf(field, question) => {
                let mut some = false;
                let found = fields::visit(cx, field, &mut values.left, &mut |value| {
                    some = true;
                    question.ask(&value)
                });
                some && found == Some(false)
            }
            Predicate::Raw(operand, question) => match &fields::value(cx, operand, &mut values.left) {
                Some(Value::Bytes(_)) => question.ask(&Value::Bytes(b"")),
                Some(value @ Value::Text(_)) => question.ask(value),
                Some(value) => !question.is_set() && question.ask(value),
                None => false,
            },
            Predicate::Around { time, distance } => {
                let ts = cx.event.ts;
                (ts.wrapping_sub(*distance)..=ts.wrapping_add(*distance)).contains(time)
            }
            Predicate::Compare(left, op, right) => {
                let Some(left) = fields::value(cx, left, &mut values.left) else { return false };
                fields::value(cx, right, &mut values.right).is_some_and(|right| compare(&left, *op, &right))
            }
            Predicate::Member(left, each, right) => {
                let Some(left) = fields::value(cx, left, &mut values.left) else { return false };
                fields::value(cx, right, &mut values.right).is_some_and(|right| member(&left, *each, &right))
            }
        }
    }
}

/// `evt.around[TIME] = MILLISECONDS`; the operator does not matter.
fn around(field: &FieldRef, test: &Test) -> Predicate {
    let milliseconds = match test {
        Test::Compare(_, Literal::Uint(v)) => *v,
        Test::Compare(_, Literal::Int(v)) => *v as u64,
        _ => return Predicate::Fixed(false),
    };
    match field.arg {
        Arg::Index(time) => Predicate::Around { time, distance: milliseconds.wrapping_mul(1_000_000) },
        Arg::None | Arg::Key(_) => Predicate::Fixed(false),
    }
}

/// Host names of addresses. No name is ever known offline, so that every address differs from every name (language 5.18).
fn domain(address: Field, test: &Test) -> Predicate {
    match test {
        Test::Exists => Predicate::Exists(Wanted::new(plain(Field::FdType))),
        Test::Compare(Op::Ne, _) => Predicate::Exists(Wanted::new(plain(address))),
        _ => Predicate::Fixed(false),
    }
}

/// A field without an argument.
fn plain(field: Field) -> Operand {
    let source = Source::Field(FieldRef { field, arg: Arg::None });
    Operand { source, ty: field.info().ty, format: field.info().format, list: false }
}

/// `left op right` for two values of the same type.
fn compare(left: &Value<'_>, op: Op, right: &Value<'_>) -> bool {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) | (Value::Bytes(left), Value::Bytes(right)) => {
            compare_texts(left, op, right)
        }
        (Value::Int(left), Value::Int(right)) => holds(op, left, right),
        (Value::Uint(left), Value::Uint(right)) => holds(op, left, right),
        (Value::Bool(left), Value::Bool(right)) => holds(op, left, right),
        (Value::Double(left), Value::Double(right)) => holds(op, left, right),
        (Value::Ip(left), Value::Ip(right)) => holds::<IpAddr>(op, left, right),
        // Numbers of different signedness are compared as the left one is.
        (Value::Int(left), Value::Uint(right)) => holds(op, left, &(*right as i64)),
        (Value::Uint(left), Value::Int(right)) => holds(op, left, &(*right as u64)),
        _ => false,
    }
}

fn holds<T: PartialOrd>(op: Op, left: &T, right: &T) -> bool {
    Order::of(op).is_some_and(|order| order.holds(left, right))
}

fn compare_texts(left: &[u8], op: Op, right: &[u8]) -> bool {
    match op {
        Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge => {
            Order::of(op).is_some_and(|order| order.holds(&left.cmp(right), &Ordering::Equal))
        }
        Op::Contains | Op::BContains => Finder::new(right).find(left).is_some(),
        Op::IContains => {
            right.is_empty() || left.windows(right.len()).any(|window| window.eq_ignore_ascii_case(right))
        }
        Op::StartsWith | Op::BStartsWith => left.starts_with(right),
        Op::EndsWith => left.ends_with(right),
        Op::Glob => Glob::new(right, false).matches(left),
        Op::IGlob => Glob::new(right, true).matches(left),
        Op::Regex => false,
    }
}

/// Membership of the left value, or of each or any of its elements, in the right one.
fn member(left: &Value<'_>, each: bool, right: &Value<'_>) -> bool {
    match left {
        Value::List(list) if each => list.iter().all(|element| is_element(&Value::Text(element), right)),
        Value::List(list) => list.iter().any(|element| is_element(&Value::Text(element), right)),
        value => is_element(value, right),
    }
}

fn is_element(value: &Value<'_>, right: &Value<'_>) -> bool {
    match (value, right) {
        (Value::Text(text), Value::List(list)) => list.iter().any(|element| **element == **text),
        (_, Value::List(_)) => false,
        (value, right) => compare(value, Op::Eq, right),
    }
}
