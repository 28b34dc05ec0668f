//! One check of a condition: both sides, the operator, and whether they go together (reference language 3.6 to 3.13).

use std::collections::HashSet;

use tercel_format::catalogue::ParamType;

use super::forms::{Form, FormKey, Forms, Reading};
use super::literal;
use super::operators::{self, Operator};
use super::regex;
use super::term::{self, Typed, type_name};
use super::warnings;
use super::{Warning, WarningCode};
use crate::ast::{Right, Term, Values};
use crate::fields::{self, Field, epf};
use crate::program::{Check, Literal, Op, Shared, Test};

/// `left exists`
#[inline(never)]
pub fn exists(left: &Term) -> Result<Check, String> {
    Ok(Check { left: term::call(left)?.operand, test: Test::Exists })
}

/// `left op right`; warnings about literals are added even if a later literal is refused.
#[inline(never)]
pub fn binary(
    left: &Term,
    op: &str,
    right: &Right,
    forms: &Forms,
    warnings: &mut Vec<Warning>,
) -> Result<Check, String> {
    let left = term::call(left)?;
    let operator = Operator::parse(op)?;
    operators::check(operator, left.operand.ty, left.operand.list)?;
    let (form, pos) = match right {
        Right::Term(right) => return with_operand(left, operator, term::call(right)?),
        Right::Value(value, pos) => {
            let form = form(&left, operator, std::iter::once(value.as_slice()));
            (form, *pos)
        }
        Right::List(values, pos) => (list(&left, operator, values, forms), *pos),
    };
    let (form, refused) = form;
    let warn = |message| Warning { code: WarningCode::CompileCondition, message, pos };
    warnings.extend(form.warnings.iter().cloned().map(warn));
    match refused {
        Some(message) => Err(message),
        None => Ok(Check { left: left.operand, test: test(operator, form) }),
    }
}

/// What a list is compiled to, with the message if one of its values is refused.
fn list(left: &Typed, operator: Operator, values: &Values, forms: &Forms) -> (Form, Option<String>) {
    let key = FormKey {
        ty: left.operand.ty,
        field: left.field.filter(|field| matches!(field, Field::EvtType | Field::EvtRawarg)),
        reading: operator.reading(),
    };
    // Around a time only one operator is allowed, and lists are not.
    if left.field == Some(Field::EvtAround) {
        return form(left, operator, values.iter().map(|value| &**value));
    }
    let kept = forms.get(values, key);
    let asked = |form: &Form| operator != Operator::Pmatch || form.paths.is_some();
    if let Some(form) = kept.filter(asked) {
        return (form, None);
    }
    let (mut form, refused) = form(left, operator, values.iter().map(|value| &**value));
    if operator == Operator::Pmatch {
        form.paths = Some(paths(&form.literals));
    }
    if refused.is_none() {
        forms.keep(values, key, &form);
    }
    (form, refused)
}

fn form<'v>(
    left: &Typed,
    operator: Operator,
    values: impl ExactSizeIterator<Item = &'v [u8]>,
) -> (Form, Option<String>) {
    let is_regex = operator.reading() == Reading::Regex;
    let mut literals = Vec::with_capacity(values.len());
    let (mut found, mut refused) = (Vec::new(), None);
    for value in values {
        warnings::of_literal(value, is_regex, &mut found);
        match constant(left, operator, value) {
            Ok(literal) => literals.push(literal),
            Err(message) => {
                refused = Some(message);
                break;
            }
        }
    }
    // A modifier counts its literals, so those stay as they are; a set needs each one once.
    if operator.reading() == Reading::Set {
        keep_first(&mut literals);
    }
    (Form { literals: literals.into(), paths: None, warnings: found }, refused)
}

/// Drops literals that stand further to the front already.
fn keep_first(literals: &mut Vec<Literal>) {
    let mut seen = HashSet::with_capacity(literals.len());
    let first: Vec<bool> = literals.iter().map(|literal| seen.insert(literal)).collect();
    let mut first = first.into_iter();
    literals.retain(|_| first.next().unwrap_or(true));
}

fn paths(literals: &[Literal]) -> Shared<Box<[u8]>> {
    let paths = literals.iter().filter_map(|literal| match literal {
        Literal::Bytes(path) => Some(path.clone()),
        _ => None,
    });
    paths.collect()
}

fn test(operator: Operator, form: Form) -> Test {
    match operator {
        Operator::In => Test::In(form.literals),
        Operator::Intersects => Test::Intersects(form.literals),
        Operator::Pmatch => Test::Pmatch(form.paths.unwrap_or_else(|| paths(&form.literals))),
        Operator::Plain(op, Some(quantifier)) => Test::Quantified(op, quantifier, form.literals),
        Operator::Plain(op, None) => match form.literals.last() {
            Some(literal) => Test::Compare(op, literal.clone()),
            // The grammar gives these operators exactly one literal; none is never equal to anything.
            None => Test::In([].into()),
        },
    }
}

/// A literal by the type of the left side, with what single fields and operators demand of it.
fn constant(left: &Typed, operator: Operator, value: &[u8]) -> Result<Literal, String> {
    let ty = left.operand.ty;
    let parsed = match operator {
        Operator::Plain(Op::BContains | Op::BStartsWith, _) => literal::parse(&literal::hex(value)?, ty)?,
        // Raw arguments go past the special case for byte buffers.
        _ if left.field == Some(Field::EvtRawarg) && ty == ParamType::ByteBuf => {
            return Err(literal::wrong_type(ty));
        }
        _ => literal::parse(value, ty)?,
    };
    match left.field {
        Some(Field::EvtType) => {
            let name = String::from_utf8_lossy(value);
            if !fields::is_event_name(&name) {
                return Err(format!("unknown event type {name}"));
            }
        }
        Some(Field::EvtAround) if !matches!(operator, Operator::Plain(Op::Eq, _)) => {
            return Err("evt.around supports only '=' comparison operator".to_owned());
        }
        _ => {}
    }
    match (operator, parsed) {
        (Operator::Plain(Op::Regex, _), Literal::Bytes(pattern)) => {
            let pattern = String::from_utf8_lossy(&pattern);
            let translated =
                regex::translate(&pattern).map_err(|error| format!("invalid regex pattern: {error}"))?;
            Ok(Literal::Bytes(translated.into_bytes().into()))
        }
        (_, parsed) => Ok(parsed),
    }
}

/// A comparison with another value (reference language 3.10).
fn with_operand(left: Typed, operator: Operator, right: Typed) -> Result<Check, String> {
    let op = match operator {
        Operator::Pmatch => return Err("operator 'PMATCH' doesn't support right-hand side fields".to_owned()),
        Operator::Plain(Op::Regex, _) => {
            return Err("operator 'REGEX' doesn't support right-hand side fields".to_owned());
        }
        Operator::Plain(op, _) => Some(op),
        Operator::In | Operator::Intersects => None,
    };
    if matches!(left.operand.ty, ParamType::IpNet | ParamType::Ipv4Net | ParamType::Ipv6Net) {
        return Err("field type 'IPNET' doesn't support right-hand side fields".to_owned());
    }
    if left.flags & epf::NO_RHS != 0 {
        return Err(format!("field '{}' doesn't support right-hand side fields", left.name));
    }
    if right.flags & epf::NO_RHS != 0 {
        return Err(format!("field '{}' can't be used as a right-hand side field", right.name));
    }
    if !left.multivalue && (left.operand.ty, left.operand.list) != (right.operand.ty, right.operand.list) {
        let shown = |value: &Typed| {
            let list = if value.operand.list { " (list)" } else { "" };
            format!("type '{}'{list}", type_name(value.operand.ty))
        };
        return Err(format!(
            "field '{}' has {} while the right-hand side field '{}' has incompatible {}",
            left.name,
            shown(&left),
            right.name,
            shown(&right)
        ));
    }
    let test = match op {
        Some(op) => Test::CompareOperand(op, right.operand),
        None if operator == Operator::In => Test::InOperand(right.operand),
        None => Test::IntersectsOperand(right.operand),
    };
    Ok(Check { left: left.operand, test })
}
