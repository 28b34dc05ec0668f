//! What of the events of a capture is put together where their parts are stored apart: the event types that rules or the state look
//! at, and of these the parameters. All other events are passed over.

use tercel_format::catalogue::EVENTS;

use crate::state::is_hidden_type;
use crate::state::needs::{Outcome, Topics, need_of};

/// Which events are put together, and which of their parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    choices: Box<[Choice]>,
    /// The parts of the state that are of interest.
    pub(crate) topics: Topics,
}

/// What is done with the events of one type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Which of them are put together.
    pub(crate) which: Which,
    /// The parameters that are looked at, as bits.
    pub(crate) params: u32,
    /// Whether somebody looks at them besides the state.
    pub(crate) is_looked_at: bool,
    /// Whether those that nobody looks at count as evaluated.
    pub(crate) counts: bool,
}

/// Which events of a type are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// None.
    Nothing,
    /// Calls that have an effect.
    Effective(Outcome),
    /// All.
    All,
}

/// What the rules want of events of one type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wish {
    /// The parameters that they look at, as bits; `None` if they do not look at the events.
    pub(crate) params: Option<u32>,
    /// Whether the events count as evaluated although nobody looks at them.
    pub(crate) counts: bool,
}

impl Selection {
    /// What the wishes for each type need, and the state for `topics`.
    pub(crate) fn new(topics: Topics, wish: impl Fn(u16) -> Wish) -> Selection {
        let choices = EVENTS.iter().map(|info| {
            let wish = wish(info.code);
            let need = need_of(info.code, topics);
            let of_state = need.map_or(0, |need| need.params());
            let (which, params) = match (wish.params, need) {
                // The result and the fd are of interest to whoever looks at an event.
                (Some(params), _) => {
                    (Which::All, params | of_state | 1 | crate::state::needs::fd_param(info))
                }
                (None, Some(need)) if need.outcome == Outcome::Any => (Which::All, of_state),
                (None, Some(need)) => (Which::Effective(need.outcome), of_state),
                (None, None) => (Which::Nothing, 0),
            };
            let is_looked_at = wish.params.is_some();
            Choice { which, params, is_looked_at, counts: wish.counts && !is_hidden_type(info.code) }
        });
        Selection { choices: choices.collect(), topics }
    }

    /// What is done with events of a type.
    pub(crate) fn of(&self, code: u16) -> Choice {
        let all = Choice { which: Which::All, params: u32::MAX, is_looked_at: true, counts: false };
        self.choices.get(usize::from(code)).copied().unwrap_or(all)
    }
}
