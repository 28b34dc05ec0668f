//! One check of a condition: both sides, the operator, and whether they go together (reference language 3.6 to 3.13).

use std::collections::HashSet;

use tercel_format::catalogue::ParamType;

use super::error::{CompileError, LiteralError, RightError, Warning, WarningCode};
use super::forms::{Form, FormKey, Forms, Reading};
use super::literal;
use super::operators::{self, Operator};
use super::regex;
use super::term::{self, Typed};
use super::warnings;
use crate::ast::{LARGE, Part, Pos, Right, Term, Values};
use crate::fields::{self, Field, FieldFlags, StaticFields};
use crate::program::{Check, Literal, Op, Quantifier, Shared, Test};

/// `left exists`
#[inline(never)]
pub(super) fn exists(left: &Term, statics: &StaticFields) -> Result<Check, CompileError> {
    Ok(Check { left: term::call(left, statics)?.operand, test: Test::Exists })
}

/// What a comparison becomes.
pub(super) enum Built {
    /// One check.
    One(Check),
    /// A list in parts: one of the checks holds.
    Any(Vec<Check>),
    /// A list in parts: all checks hold.
    All(Vec<Check>),
}

/// `left op right`; warnings about literals are added even if a later literal is refused.
#[inline(never)]
pub(super) fn binary(
    left: &Term,
    op: &str,
    right: &Right,
    (forms, statics): (&Forms, &StaticFields),
    warnings: &mut Vec<Warning>,
) -> Result<Built, CompileError> {
    let left = term::call(left, statics)?;
    let operator = Operator::parse(op)?;
    operators::check(operator, left.operand.ty, left.operand.list)?;
    let mut warn = |form: &mut Form, pos: Pos| {
        let warn = |message| Warning { code: WarningCode::CompileCondition, message, pos };
        warnings.extend(form.warnings.drain(..).map(warn));
    };
    match right {
        Right::Term(right) => Ok(Built::One(with_operand(left, operator, term::call(right, statics)?)?)),
        Right::Value(value, pos) => {
            let (mut form, refused) = form(&left, operator, std::iter::once(value.as_slice()));
            warn(&mut form, *pos);
            match refused {
                Some(reason) => Err(reason.into()),
                None => Ok(Built::One(Check { left: left.operand, test: test(operator, form) })),
            }
        }
        Right::List(values, pos) => {
            let mut tests = Vec::new();
            // What is not large is one check, which comes first: it is the quickest.
            let mut rest = None;
            for part in divided(&left, operator, values) {
                let (mut form, refused) = list(&left, operator, &part, forms);
                warn(&mut form, *pos);
                if let Some(reason) = refused {
                    return Err(reason.into());
                }
                match rest.as_mut() {
                    _ if part.len() >= LARGE => tests.push(test(operator, form)),
                    None => rest = Some(form),
                    Some(rest) => join(rest, &form, operator),
                }
            }
            let first = rest.map(|form| test(operator, form));
            let tests = first.into_iter().chain(tests);
            let mut checks: Vec<Check> =
                tests.map(|test| Check { left: left.operand.clone(), test }).collect();
            Ok(match (checks.pop(), operator) {
                (Some(only), _) if checks.is_empty() => Built::One(only),
                (last, Operator::Plain(_, Some(Quantifier::AllOf))) => {
                    checks.extend(last);
                    Built::All(checks)
                }
                (last, _) => {
                    checks.extend(last);
                    Built::Any(checks)
                }
            })
        }
    }
}

/// The parts of a list that are checks of their own: all of them where the check of the whole list is that of its parts
/// joined by `or` or `and`, else one.
fn divided(left: &Typed, operator: Operator, values: &Values) -> Vec<Part> {
    let parts = values.parts();
    match parts {
        [] => vec![Part::default()],
        [only] => vec![Part::clone(only)],
        _ if is_divisible(left, operator) => parts.to_vec(),
        _ => vec![values.iter().map(Box::from).collect()],
    }
}

/// Whether a check with a list is as good as several with its parts. It is not where each value of a list on the left has to
/// be a member, where values are counted, and where the reference looks at the first literal only (reference language
/// 5.14 to 5.19). Fields that depend on how often they are evaluated have other types.
fn is_divisible(left: &Typed, operator: Operator) -> bool {
    use ParamType as T;
    let is_constant = matches!(
        left.operand.ty,
        T::CharBuf | T::FsPath | T::FsRelPath | T::IpAddr | T::Ipv4Addr | T::Ipv6Addr | T::IpNet | T::Port
    );
    let has_several = matches!(
        left.field,
        Some(Field::EvtRawarg | Field::FdIp | Field::FdNet | Field::FdPort | Field::FdProto)
    ) || left.name.starts_with("proc.a");
    let is_joined = match operator {
        Operator::In | Operator::Intersects | Operator::Pmatch => left.field != Some(Field::FdNet),
        Operator::Plain(_, Some(Quantifier::AnyOf | Quantifier::AllOf)) => !has_several,
        Operator::Plain(_, Some(Quantifier::OneOf) | None) => false,
    };
    is_constant && is_joined && !left.operand.list && left.field != Some(Field::EvtRawarg)
}

/// Adds the literals of another part.
fn join(form: &mut Form, other: &Form, operator: Operator) {
    let mut literals: Vec<Literal> = form.literals.iter().chain(other.literals.iter()).cloned().collect();
    if operator.reading() == Reading::Set {
        keep_first(&mut literals);
    }
    *form = Form { paths: None, literals: literals.into(), warnings: Vec::new() };
}

/// What a part of a list is compiled to, with the reason if one of its values is refused.
fn list(left: &Typed, operator: Operator, values: &Part, forms: &Forms) -> (Form, Option<LiteralError>) {
    let key = FormKey {
        ty: left.operand.ty,
        field: left.field.filter(|field| matches!(field, Field::EvtType | Field::EvtRawarg)),
        reading: operator.reading(),
    };
    let literals = || values.iter().map(|value| &**value);
    // Around a time only one operator is allowed, and lists are not.
    if left.field == Some(Field::EvtAround) {
        return form(left, operator, literals());
    }
    let kept = forms.get(values, key);
    let asked = |form: &Form| operator != Operator::Pmatch || form.paths.is_some();
    if let Some(form) = kept.filter(asked) {
        return (form, None);
    }
    let (mut form, refused) = form(left, operator, literals());
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
) -> (Form, Option<LiteralError>) {
    let is_regex = operator.reading() == Reading::Regex;
    let mut literals = Vec::with_capacity(values.len());
    let (mut found, mut refused) = (Vec::new(), None);
    for value in values {
        warnings::of_literal(value, is_regex, &mut found);
        match constant(left, operator, value) {
            Ok(literal) => literals.push(literal),
            Err(reason) => {
                refused = Some(reason);
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
fn constant(left: &Typed, operator: Operator, value: &[u8]) -> Result<Literal, LiteralError> {
    let ty = left.operand.ty;
    let parsed = match operator {
        Operator::Plain(Op::BContains | Op::BStartsWith, _) => literal::parse(&literal::hex(value)?, ty)?,
        // Raw arguments go past the special case for byte buffers.
        _ if left.field == Some(Field::EvtRawarg) && ty == ParamType::ByteBuf => {
            return Err(LiteralError::Type(ty));
        }
        _ => literal::parse(value, ty)?,
    };
    match left.field {
        Some(Field::EvtType) => {
            let name = String::from_utf8_lossy(value);
            if !fields::is_event_name(&name) {
                return Err(LiteralError::UnknownEventType(name.into_owned()));
            }
        }
        Some(Field::EvtAround) if !matches!(operator, Operator::Plain(Op::Eq, _)) => {
            return Err(LiteralError::AroundOperator);
        }
        _ => {}
    }
    match (operator, parsed) {
        (Operator::Plain(Op::Regex, _), Literal::Bytes(pattern)) => {
            let pattern = String::from_utf8_lossy(&pattern);
            let translated = regex::translate(&pattern)?;
            Ok(Literal::Bytes(translated.into_bytes().into()))
        }
        (_, parsed) => Ok(parsed),
    }
}

/// A comparison with another value (reference language 3.10).
fn with_operand(left: Typed, operator: Operator, right: Typed) -> Result<Check, RightError> {
    let op = match operator {
        Operator::Pmatch => return Err(RightError::Operator("PMATCH")),
        Operator::Plain(Op::Regex, _) => return Err(RightError::Operator("REGEX")),
        Operator::Plain(op, _) => Some(op),
        Operator::In | Operator::Intersects => None,
    };
    if matches!(left.operand.ty, ParamType::IpNet | ParamType::Ipv4Net | ParamType::Ipv6Net) {
        return Err(RightError::Network);
    }
    if left.flags.contains(FieldFlags::NO_RHS) {
        return Err(RightError::Left(left.name));
    }
    if right.flags.contains(FieldFlags::NO_RHS) {
        return Err(RightError::Right(right.name));
    }
    let (left_type, right_type) =
        ((left.operand.ty, left.operand.list), (right.operand.ty, right.operand.list));
    if !left.multivalue && left_type != right_type {
        return Err(RightError::Types { left: left.name, left_type, right: right.name, right_type });
    }
    let test = match op {
        Some(op) => Test::CompareOperand(op, right.operand),
        None if operator == Operator::In => Test::InOperand(right.operand),
        None => Test::IntersectsOperand(right.operand),
    };
    Ok(Check { left: left.operand, test })
}
