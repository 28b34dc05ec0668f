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
    use std::io;
    use std::sync::Arc;

    use tercel_format::catalogue::code;
    use tercel_format::{Block, Event};
    use tercel_rules::load::{self, Loader};

    use super::*;
    use crate::{Alert, Formatter, Options, Replay, Sink, Style};

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

    struct Lines(Formatter, Vec<String>);

    impl Sink for Lines {
        fn alert(&mut self, alert: &Alert<'_>) -> io::Result<()> {
            let mut line = Vec::new();
            self.0.push_line(alert, &mut line);
            self.1.push(String::from_utf8_lossy(&line).into_owned());
            Ok(())
        }
    }

    /// `%evt.capture` has a value where the alert is in a cut; in conditions it has none.
    #[test]
    fn outputs_can_name_the_file() {
        let rule = "- {rule: b, desc: x, condition: evt.type = getcwd and not evt.capture exists, output: 'in %evt.capture', priority: INFO}";
        let mut loader = Loader::new(load::Options::default());
        assert!(loader.bytes("rules", rule.as_bytes()).successful());
        let program = loader.finish().program;
        for (json, expected) in [
            (false, ["in <NA>", "in f.scap"]),
            (true, ["\"evt.capture\":null", "\"evt.capture\":\"f.scap\""]),
        ] {
            let mut formatter = Formatter::new(&program, Style { json, ..Style::default() });
            let cut = Cut { file: "f.scap".to_owned(), rule: "b".to_owned(), event: 2 };
            formatter.set_cut(Some(&Arc::new(cut)));
            let mut lines = Lines(formatter, Vec::new());
            let mut replay = Replay::new(&program, None, Options::default());
            for num in 1..=2 {
                let mut event = Event::new(code::SYSCALL_GETCWD_E, &[], &[]).expect("a known code");
                event.num = num;
                replay.block(&Block::Event(event), &mut lines).expect("a block");
            }
            assert_eq!(lines.1.len(), 2);
            assert!(lines.1.iter().zip(expected).all(|(line, part)| line.contains(part)), "{:?}", lines.1);
        }
    }
}
