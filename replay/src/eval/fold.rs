//! What a check answers on every event of one code, whatever the event holds: what an event is called, which fields it can
//! have at all. A check and a code enter, an answer leaves if it is already certain.

use tercel_format::Event;
use tercel_format::catalogue::{EventInfo, code, flag};
use tercel_rules::fields::{Arg, Class, Field, FieldRef};
use tercel_rules::program::{Check, Literal, Op, Source, Test};

use super::predicate::Predicate;
use super::values::Values;
use crate::fields::Context;
use crate::state::{Facts, State};

/// The answer of `check`, whose prepared form is `predicate`, on all events of the code of `info`; `None` where it differs
/// from event to event.
pub fn constant(check: &Check, predicate: &Predicate, info: &EventInfo) -> Option<bool> {
    if let Predicate::Fixed(answer) = predicate {
        return Some(*answer);
    }
    let Source::Field(field) = &check.left.source else { return None };
    if field.field == Field::EvtNum {
        return of_number(&check.test);
    }
    if is_missing(field, info) {
        // A missing value answers every question with no (reference language 5.1).
        return Some(false);
    }
    if !is_fixed(field.field, info) {
        return None;
    }
    // The value hangs on the code alone, so that any event of the code shows it.
    let event = Event::new(info.code, &[], &[])?;
    let (state, facts) = (State::new(), Facts::default());
    let context = Context { state: &state, event: &event, facts: &facts };
    Some(predicate.holds(&context, &mut Values::default()))
}

/// What a test of `evt.num` answers whatever the number: events count from 1. Rule files write `evt.num = 0` for what is never
/// true (reference language 9.4).
fn of_number(test: &Test) -> Option<bool> {
    let zero = |literal: &Literal| matches!(literal, Literal::Uint(0));
    match test {
        Test::Compare(Op::Eq | Op::Lt | Op::Le, literal) if zero(literal) => Some(false),
        Test::Compare(Op::Lt, Literal::Uint(1)) => Some(false),
        Test::In(literals) if literals.iter().all(zero) => Some(false),
        Test::Compare(Op::Ne | Op::Gt | Op::Ge, literal) if zero(literal) => Some(true),
        Test::Compare(Op::Ge, Literal::Uint(1)) => Some(true),
        _ => None,
    }
}

/// Whether the field has no value on any event of the code.
fn is_missing(field: &FieldRef, info: &EventInfo) -> bool {
    match (field.field, &field.arg) {
        // Reference state 9.1.
        (any, _) if any.info().class == Class::Fd => {
            !info.any(flag::CREATES_FD | flag::USES_FD | flag::DESTROYS_FD)
        }
        // Reference language 5.21; state 9.20.
        (Field::EvtArg | Field::EvtRawarg, Arg::Key(name)) => {
            !info.params.iter().any(|param| param.name == &**name)
        }
        _ => false,
    }
}

/// Whether the field has the same value on every event of the code.
fn is_fixed(field: Field, info: &EventInfo) -> bool {
    match field {
        Field::EvtDir
        | Field::EvtTypeIs
        | Field::EvtIsIo
        | Field::EvtIsIoRead
        | Field::EvtIsIoWrite
        | Field::EvtIsWait => true,
        // The names of generic calls and of asynchronous events stand in their parameters (reference state 9.12).
        Field::EvtType | Field::SyscallType => {
            !matches!(info.code, code::GENERIC_E | code::GENERIC_X | code::ASYNCEVENT_E | code::ASYNCEVENT_X)
        }
        // Reference state 9.15.
        Field::EvtIsOpenRead | Field::EvtIsOpenWrite | Field::EvtIsOpenCreate => !is_open(info.code),
        Field::EvtIsOpenExec => !is_open(info.code) && info.code != code::SYSCALL_CREAT_X,
        _ => false,
    }
}

fn is_open(code: u16) -> bool {
    matches!(
        code,
        code::SYSCALL_OPEN_X
            | code::SYSCALL_OPENAT_2_X
            | code::SYSCALL_OPENAT2_X
            | code::SYSCALL_OPEN_BY_HANDLE_AT_X
    )
}
