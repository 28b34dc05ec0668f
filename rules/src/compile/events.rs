//! On which events a condition can be true at all (reference language section 9).

use std::collections::HashMap;
use std::sync::LazyLock;

use tercel_format::catalogue::syscalls::SYSCALL_NAMES;
use tercel_format::catalogue::{EVENTS, code};

use super::error::EventsError;
use super::memo::Memo;
use super::operators::Operator;
use crate::ast::{CallArg, Expr, ExprKind, Right, SharedExpr, Term, TermKind};
use crate::fields::{ASYNC_EVENT_NAMES, Field};
use crate::lang::number;
use crate::program::{EventSet, Literal, Test};

/// Whether `evt.num`, which is never 0, may decide a condition (reference language 9.4). Falco 0.44.1 does not look at it,
/// which shows in its warning about too many events; later revisions do, and skip rules that can never fire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Invariants {
    /// As Falco 0.44.1 has it.
    Ignored,
    /// As small as can be.
    Used,
}

/// Codes of the events on which `expr` can be true, or why that cannot be said.
pub(super) fn analyse(expr: &Expr, invariants: Invariants, memo: &mut Memo) -> Result<EventSet, EventsError> {
    Analysis { invariants, memo }.expr(expr, false)
}

struct Analysis<'m> {
    invariants: Invariants,
    memo: &'m mut Memo,
}

impl Analysis<'_> {
    /// `negated` says whether an odd number of `not`s stands above; they are pushed down to the checks.
    fn expr(&mut self, expr: &Expr, negated: bool) -> Result<EventSet, EventsError> {
        match &expr.kind {
            ExprKind::And(members) if negated => self.any(members, negated),
            ExprKind::And(members) => self.all(members, negated),
            ExprKind::Or(members) if negated => self.all(members, negated),
            ExprKind::Or(members) => self.any(members, negated),
            ExprKind::Not(inner) => self.expr(inner, !negated),
            ExprKind::Macro(_) => Ok(EventSet::all()),
            ExprKind::Shared(shared) => self.shared(shared, negated),
            ExprKind::Exists(left) => {
                let known = is_event_type(left)?;
                Ok(if known { inverted(EventSet::all(), negated) } else { EventSet::all() })
            }
            ExprKind::Binary { left, op, right, .. } => self.binary(left, op, right, negated),
        }
    }

    fn all(&mut self, members: &[Expr], negated: bool) -> Result<EventSet, EventsError> {
        let mut set = EventSet::all();
        for member in members {
            set = set.intersection(&self.expr(member, negated)?);
        }
        Ok(set)
    }

    fn any(&mut self, members: &[Expr], negated: bool) -> Result<EventSet, EventsError> {
        let mut set = EventSet::NONE;
        for member in members {
            set = set.union(&self.expr(member, negated)?);
        }
        Ok(set)
    }

    fn shared(&mut self, shared: &SharedExpr, negated: bool) -> Result<EventSet, EventsError> {
        let asked = (self.invariants, negated);
        if let Some(known) = self.memo.events(shared, asked) {
            return known;
        }
        let events = self.expr(shared, negated);
        self.memo.keep_events(shared, asked, events.clone());
        events
    }

    #[inline(never)]
    fn binary(&self, left: &Term, op: &str, right: &Right, negated: bool) -> Result<EventSet, EventsError> {
        if self.invariants == Invariants::Used
            && let Some(holds) = event_number(left, op, right)
        {
            return Ok(if holds != negated { EventSet::all() } else { EventSet::NONE });
        }
        if !matches!(op, "==" | "=" | "!=" | "in") || !is_event_type(left)? {
            return Ok(EventSet::all());
        }
        let names: Vec<&[u8]> = match right {
            Right::Value(value, _) => vec![value],
            Right::List(values, _) => values.iter().collect(),
            Right::Term(_) => return Err(EventsError::RightField),
        };
        Ok(inverted(codes(&names), negated != (op == "!=")))
    }
}

fn inverted(set: EventSet, invert: bool) -> EventSet {
    if invert { set.complement() } else { set }
}

/// Whether the term is `evt.type` or `syscall.type`; below a transformer they cannot be analysed.
fn is_event_type(term: &Term) -> Result<bool, EventsError> {
    match &term.kind {
        TermKind::Field { name, arg } => {
            Ok(arg.is_none() && matches!(name.as_str(), "evt.type" | "syscall.type"))
        }
        TermKind::Call { args, .. } => {
            refuse_event_types(args)?;
            Ok(false)
        }
    }
}

fn refuse_event_types(args: &[CallArg]) -> Result<(), EventsError> {
    for arg in args {
        let found = match arg {
            CallArg::Term(term) => is_event_type(term)?,
            CallArg::List(values, _) => {
                refuse_event_types(values)?;
                false
            }
            CallArg::Text(..) => false,
        };
        if found {
            return Err(EventsError::Transformed);
        }
    }
    Ok(())
}

/// Codes of events of these names; for names of system calls without events of their own, the generic events.
fn codes(names: &[&[u8]]) -> EventSet {
    let mut set = EventSet::NONE;
    for name in names {
        CODES.get(name).into_iter().flatten().for_each(|code| set.insert(*code));
    }
    set
}

/// The codes of every name, made once: lists of names may be long.
static CODES: LazyLock<HashMap<&[u8], Vec<u16>>> = LazyLock::new(|| {
    let mut codes: HashMap<&[u8], Vec<u16>> = HashMap::new();
    for row in EVENTS.iter().filter(|row| row.code > code::GENERIC_X) {
        codes.entry(row.name.as_bytes()).or_default().push(row.code);
    }
    for name in ASYNC_EVENT_NAMES {
        codes.entry(name.as_bytes()).or_default().push(code::ASYNCEVENT_E);
    }
    for name in SYSCALL_NAMES {
        codes.entry(name.as_bytes()).or_insert_with(|| vec![code::GENERIC_E, code::GENERIC_X]);
    }
    codes
});

/// The truth of a comparison of `evt.num` with literals, if it follows from `evt.num` being at least 1.
fn event_number(left: &Term, op: &str, right: &Right) -> Option<bool> {
    match &left.kind {
        TermKind::Field { name, arg: None } if name == Field::EvtNum.info().name => {}
        _ => return None,
    }
    let literal = |bytes: &[u8]| number::unsigned(std::str::from_utf8(bytes).ok()?).map(Literal::Uint);
    let test = match (Operator::parse(op).ok()?, right) {
        (Operator::In, Right::List(values, _)) => {
            Test::In(values.iter().map(literal).collect::<Option<Vec<_>>>()?.into())
        }
        (Operator::Plain(op, None), Right::Value(bytes, _)) => Test::Compare(op, literal(bytes)?),
        _ => return None,
    };
    test.of_event_number()
}
