//! What a check answers on every event of one code, whatever the event holds: what an event is called, which fields it can
//! have at all. A check and a code enter, an answer leaves if it is already certain.

use tercel_format::Event;
use tercel_format::catalogue::EventInfo;
use tercel_rules::program::{Check, Source};

use super::predicate::Predicate;
use super::values::Values;
use crate::fields::{Context, Dependency, nature};
use crate::state::{Facts, State};

/// The answer of `check`, whose prepared form is `predicate`, on all events of the code of `info`; `None` if it differs
/// from event to event.
pub fn constant(check: &Check, predicate: &Predicate, info: &EventInfo) -> Option<bool> {
    if let Predicate::Fixed(answer) = predicate {
        return Some(*answer);
    }
    let Source::Field(field) = &check.left.source else { return None };
    let dependency = nature(field).dependency;
    if dependency == Dependency::Number {
        return check.test.of_event_number();
    }
    if dependency.is_missing_on(info, &field.arg) {
        // A missing value answers every question with no (reference language 5.1).
        return Some(false);
    }
    if !dependency.is_fixed_on(info.code) {
        return None;
    }
    // The value depends on the code alone, so that any event of the code shows it.
    let event = Event::new(info.code, &[], &[])?;
    let (state, facts) = (State::new(), Facts::default());
    let context = Context { state: &state, event: &event, facts: &facts };
    Some(predicate.holds(&context, &mut Values::default()))
}
