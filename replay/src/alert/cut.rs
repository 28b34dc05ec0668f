//! Which alerts name the file of a cut: the alert that started it and all that follow. The same alerts do so as they happen and when
//! the cut is replayed.

use tercel_format::trace::Cut;

/// Whether an alert is in a cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct InCut {
    /// Number of the event of the last alert.
    event: u64,
    is_in: bool,
}

impl InCut {
    /// Looks at an alert of a rule on the event of this number. Of several alerts on the first event, those of rules before the one
    /// that started the cut are not in it.
    pub(super) fn look(&mut self, cut: Option<&Cut>, rule: &str, event: u64) {
        let is_same = self.event == event && self.is_in;
        self.event = event;
        self.is_in = cut.is_some_and(|cut| {
            let is_first = cut.event == event && cut.rule == rule;
            !cut.rule.is_empty() && (is_same || is_first || event > cut.event)
        });
    }

    /// Whether the last alert is in it.
    pub(super) fn contains(self) -> bool {
        self.is_in
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_has_its_alert_and_those_after_it() {
        let cut = Cut { file: "f".to_owned(), rule: "b".to_owned(), event: 7 };
        let mut found = InCut::default();
        for (rule, event, expected) in
            [("b", 6, false), ("a", 7, false), ("b", 7, true), ("c", 7, true), ("a", 8, true), ("b", 9, true)]
        {
            found.look(Some(&cut), rule, event);
            assert_eq!(found.contains(), expected, "{rule} {event}");
        }
        found.look(None, "b", 9);
        assert!(!found.contains());
        found.look(Some(&Cut { rule: String::new(), ..cut }), "", 9);
        assert!(!found.contains(), "nobody's alert started it");
    }
}
