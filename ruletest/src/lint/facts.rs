//! What follows from one check for another: two comparisons of the same value enter, it leaves whether both can hold. Only what is
//! certain is said.

use std::net::IpAddr;

use regex::bytes::Regex;
use tercel_format::catalogue::ParamType;
use tercel_replay::fields::domain;
use tercel_rules::program::{Check, Literal, Op, Operand, Quantifier, Source, Test};

/// Values that are tried one by one.
const MOST_VALUES: usize = 512;

/// Whether a check has a value of its own that does not change with how often it is asked for.
pub(super) fn is_single(operand: &Operand) -> bool {
    // A network is a set of addresses, so unequal ones may overlap.
    let is_network = matches!(operand.ty, ParamType::IpNet | ParamType::Ipv4Net | ParamType::Ipv6Net);
    !operand.list
        && !is_network
        && match &operand.source {
            Source::Field(field) => domain::is_single(field),
            Source::Text(_) => true,
            Source::List(_) => false,
            Source::Transform(_, operands) => operands.iter().all(is_single),
        }
}

/// Whether two checks cannot both have these outcomes. A check that holds has a value; one that fails may lack it.
pub(super) fn exclude(a: (&Check, bool), b: (&Check, bool)) -> bool {
    let ((first, first_holds), (second, second_holds)) = (a, b);
    if first.left != second.left || !is_single(&first.left) {
        return false;
    }
    match (first_holds, second_holds) {
        (false, false) => false,
        (true, false) => certain(&first.test, &second.test, true),
        (false, true) => certain(&second.test, &first.test, true),
        (true, true) => {
            certain(&first.test, &second.test, false)
                || certain(&second.test, &first.test, false)
                || prefixes_differ(&first.test, &second.test)
                || ranges_differ(&first.test, &second.test)
        }
    }
}

/// Whether the second check holds whenever the first does.
pub(super) fn implies(first: &Check, second: &Check) -> bool {
    first == second
        || (first.left == second.left && is_single(&first.left) && certain(&first.test, &second.test, true))
}

/// Whether one of the two holds on every event that has a value: what the first excludes the second has.
pub(super) fn exhaust(a: (&Check, bool), b: (&Check, bool)) -> bool {
    let ((first, first_holds), (second, second_holds)) = (a, b);
    if first.left != second.left || !is_single(&first.left) {
        return false;
    }
    let (Some(first), Some(second)) =
        (excluded(&first.test, first_holds), excluded(&second.test, second_holds))
    else {
        return false;
    };
    first.iter().all(|value| !second.contains(value))
}

/// The values for which a check fails although there is one, if they are few.
fn excluded(test: &Test, holds: bool) -> Option<Vec<&Literal>> {
    match (test, holds) {
        (Test::Compare(Op::Ne, value), true) => Some(vec![value]),
        (Test::Compare(Op::Eq, _) | Test::In(_), false) => values(test).filter(|values| !values.is_empty()),
        _ => None,
    }
}

/// The values for which a check holds, if they are few.
pub(super) fn values(test: &Test) -> Option<Vec<&Literal>> {
    match test {
        Test::Compare(Op::Eq, value) => Some(vec![value]),
        Test::In(values) | Test::Intersects(values) | Test::Quantified(Op::Eq, Quantifier::AnyOf, values)
            if values.len() <= MOST_VALUES =>
        {
            Some(values.iter().collect())
        }
        _ => None,
    }
}

/// Whether the second test has this outcome for every value for which the first holds.
fn certain(first: &Test, second: &Test, outcome: bool) -> bool {
    let Some(values) = values(first).filter(|values| !values.is_empty()) else { return false };
    let decide = Decider::of(second);
    values.into_iter().all(|value| decide.holds(value) == Some(outcome))
}

/// A test with what it needs to be asked often.
struct Decider<'t> {
    test: &'t Test,
    pattern: Option<Regex>,
}

impl<'t> Decider<'t> {
    fn of(test: &'t Test) -> Decider<'t> {
        let pattern = match test {
            Test::Compare(Op::Regex, Literal::Bytes(pattern)) => {
                std::str::from_utf8(pattern).ok().and_then(|pattern| Regex::new(pattern).ok())
            }
            _ => None,
        };
        Decider { test, pattern }
    }

    /// Whether the test holds for a value; nothing if that is not worked out here.
    fn holds(&self, value: &Literal) -> Option<bool> {
        match self.test {
            Test::Exists => Some(true),
            Test::Compare(Op::Regex, _) => match value {
                Literal::Bytes(text) => self.pattern.as_ref().map(|pattern| pattern.is_match(text)),
                _ => None,
            },
            Test::Compare(op, literal) => compare(*op, value, literal),
            Test::In(literals) | Test::Intersects(literals) => {
                Some(literals.iter().any(|literal| literal == value))
            }
            Test::Quantified(op, quantifier, literals) => {
                let each = literals.iter().map(|literal| compare(*op, value, literal));
                let each = each.collect::<Option<Vec<bool>>>()?;
                let count = each.iter().filter(|holds| **holds).count();
                Some(match quantifier {
                    Quantifier::OneOf => count == 1,
                    Quantifier::AnyOf => count > 0,
                    Quantifier::AllOf => count == each.len(),
                })
            }
            Test::Pmatch(_) | Test::CompareOperand(..) | Test::InOperand(_) | Test::IntersectsOperand(_) => {
                None
            }
        }
    }
}

fn compare(op: Op, value: &Literal, literal: &Literal) -> Option<bool> {
    if let (Some(value), Some(literal)) = (number(value), number(literal)) {
        return Some(match op {
            Op::Eq => value == literal,
            Op::Ne => value != literal,
            Op::Lt => value < literal,
            Op::Le => value <= literal,
            Op::Gt => value > literal,
            Op::Ge => value >= literal,
            _ => return None,
        });
    }
    match (value, literal, op) {
        (_, _, Op::Eq) => Some(value == literal),
        (_, _, Op::Ne) => Some(value != literal),
        (Literal::Bytes(text), Literal::Bytes(part), _) => match op {
            Op::Contains => Some(holds_part(text, part)),
            Op::IContains => Some(holds_part(&text.to_ascii_lowercase(), &part.to_ascii_lowercase())),
            Op::StartsWith => Some(text.starts_with(part)),
            Op::EndsWith => Some(text.ends_with(part)),
            _ => None,
        },
        _ => None,
    }
}

fn holds_part(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || text.windows(part.len()).any(|window| window == part)
}

fn number(literal: &Literal) -> Option<i128> {
    match literal {
        Literal::Int(number) => Some(i128::from(*number)),
        Literal::Uint(number) => Some(i128::from(*number)),
        Literal::Bytes(_)
        | Literal::Bool(_)
        | Literal::Net(..)
        | Literal::Ip(IpAddr::V4(_) | IpAddr::V6(_)) => None,
    }
}

/// Whether no text begins, or ends, with both.
fn prefixes_differ(first: &Test, second: &Test) -> bool {
    match (first, second) {
        (
            Test::Compare(Op::StartsWith, Literal::Bytes(a)),
            Test::Compare(Op::StartsWith, Literal::Bytes(b)),
        ) => !a.starts_with(b) && !b.starts_with(a),
        (Test::Compare(Op::EndsWith, Literal::Bytes(a)), Test::Compare(Op::EndsWith, Literal::Bytes(b))) => {
            !a.ends_with(b) && !b.ends_with(a)
        }
        _ => false,
    }
}

/// Whether no number is in both ranges.
fn ranges_differ(first: &Test, second: &Test) -> bool {
    let (Some((low, high)), Some((other_low, other_high))) = (range(first), range(second)) else {
        return false;
    };
    low.max(other_low) > high.min(other_high)
}

fn range(test: &Test) -> Option<(i128, i128)> {
    let Test::Compare(op, literal) = test else { return None };
    let limit = number(literal)?;
    Some(match op {
        Op::Eq => (limit, limit),
        Op::Lt => (i128::MIN, limit - 1),
        Op::Le => (i128::MIN, limit),
        Op::Gt => (limit + 1, i128::MAX),
        Op::Ge => (limit, i128::MAX),
        _ => return None,
    })
}
