//! Numbers of events: section headers and event codes enter in the order of the capture, the number of each event leaves
//! (reference state 1.5, 1.9). Nothing here knows where events come from, so that every reader and the writer of native
//! traces count in the same way.

use crate::catalogue::code;

/// The numbers of the events of a capture so far. Numbers that only a hostile trace can reach stop at the largest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Numbering {
    /// Section headers seen.
    pub sections: u64,
    /// Number of the last event that counts.
    pub counted: u64,
    /// The number of events that build the initial state of the section, as long as there were no others.
    pub initial: Option<u64>,
}

impl Numbering {
    /// A section header has come.
    pub fn section(&mut self) {
        self.leave_initial();
        self.sections = self.sections.saturating_add(1);
        self.initial = Some(0);
    }

    /// Counts an event; returns its number and whether it is one of those that come before all others in a section. They
    /// only build state (reference state 1.5); from the second section on they do not count (`sinsp::restart_capture` in
    /// libs restores the number that it had before them).
    #[inline]
    pub fn event(&mut self, code: u16) -> (u64, bool) {
        if let Some(initial) = &mut self.initial {
            if is_initial(code) {
                *initial = initial.saturating_add(1);
                return (*initial, true);
            }
            self.leave_initial();
        }
        self.counted = self.counted.saturating_add(1);
        (self.counted, false)
    }

    /// The section that just began continues another capture (FORMAT.md section 8). Its initial events repeat what is known, and do
    /// not count, as in all sections but the first.
    pub fn resume(&mut self, sections: u64, counted: u64) {
        if self.initial == Some(0) {
            self.sections = sections.saturating_add(1).max(2);
            self.counted = counted;
        }
    }

    /// The next event has this number, according to its option.
    pub fn jump(&mut self, number: u64) {
        self.leave_initial();
        self.counted = number.saturating_sub(1);
    }

    /// The number that the next event has, unless it builds the initial state.
    pub fn next(&self) -> u64 {
        let initial = if self.sections == 1 { self.initial.unwrap_or(0) } else { 0 };
        self.counted.saturating_add(initial).saturating_add(1)
    }

    /// An event that does not build the initial state has arrived, delivered or not.
    pub(crate) fn leave_initial(&mut self) {
        if let Some(count) = self.initial.take()
            && self.sections == 1
        {
            self.counted = self.counted.saturating_add(count);
        }
    }
}

/// Whether events of this code build the initial state of a section when they come first (reference state 1.5).
pub(crate) const fn is_initial(code: u16) -> bool {
    matches!(
        code,
        code::CONTAINER_JSON_2_E
            | code::USER_ADDED_E
            | code::USER_DELETED_E
            | code::GROUP_ADDED_E
            | code::GROUP_DELETED_E
            | code::ASYNCEVENT_E
    )
}
