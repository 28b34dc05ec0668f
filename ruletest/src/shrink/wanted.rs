//! The alerts that are to stay: a capture enters, the alert lines of a rule leave, with the processes that they depend on.

use std::io;

use tercel_format::Block;
use tercel_replay::keep::Kin;
use tercel_replay::scan::Visitor;
use tercel_replay::state::{ResumePoint, State};
use tercel_replay::{Alert, Formatter, Member, Sink, Style};

use super::{Ask, Size};

/// Bytes that the lines may take.
const MOST_BYTES: usize = 16 << 20;

/// Alerts of other events that a message names.
const NAMED: usize = 5;

/// An alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Number of its event.
    pub(super) num: u64,
    /// Its line of text, times in ISO 8601.
    pub(super) text: Vec<u8>,
    /// Its line of JSON, which holds all values.
    json: Vec<u8>,
}

/// Collects the alerts of a rule.
pub(super) struct Lines {
    formatters: [Formatter; 2],
    rule: usize,
    event: Option<u64>,
    /// The lines so far.
    pub(super) found: Vec<Line>,
    /// Numbers of other events that gave an alert of the rule, the first ones.
    pub(super) elsewhere: Vec<u64>,
    /// Alerts of other rules.
    pub(super) of_others: u64,
    /// What the alerts depend on.
    pub(super) kin: Kin,
    bytes: usize,
}

impl Lines {
    /// The alerts of the rule at this position of the program.
    pub(super) fn new(ask: &Ask<'_>, rule: usize) -> Lines {
        let style = Style { iso8601: true, settings: ask.options.settings, ..Style::default() };
        let styles = [style, Style { json: true, ..style }];
        Lines {
            formatters: styles.map(|style| Formatter::new(ask.program, style)),
            rule,
            event: ask.event,
            found: Vec::new(),
            elsewhere: Vec::new(),
            of_others: 0,
            kin: Kin::default(),
            bytes: 0,
        }
    }

    /// All alerts, whatever the event.
    pub(super) fn of_all_events(self) -> Lines {
        Lines { event: None, ..self }
    }
}

impl Sink for Lines {
    fn alert(&mut self, alert: &Alert<'_>) -> io::Result<()> {
        if alert.index != self.rule {
            self.of_others += 1;
            return Ok(());
        }
        let num = alert.context.event.num;
        if self.event.is_some_and(|event| event != num) {
            if self.elsewhere.len() < NAMED {
                self.elsewhere.push(num);
            }
            return Ok(());
        }
        let [text, json] = self.formatters.each_mut().map(|formatter| {
            let mut line = Vec::new();
            formatter.push_line(alert, &mut line);
            line
        });
        self.bytes += text.len() + json.len() + size_of::<Line>();
        if self.bytes > MOST_BYTES {
            return Err(io::Error::other("the rule gives too many alerts"));
        }
        let context = &alert.context;
        self.kin.see(context.state, context.event);
        self.found.push(Line { num, text, json });
        Ok(())
    }
}

/// Counts what a visitor gets.
pub(super) struct Sized<V> {
    /// The visitor.
    pub(super) visitor: V,
    /// What it got.
    pub(super) size: Size,
}

impl<V: Visitor> Visitor for Sized<V> {
    type Error = V::Error;

    fn block(&mut self, block: &Block<'_>) -> Result<bool, V::Error> {
        match block {
            Block::Event(_) => self.size.events += 1,
            Block::Processes(list) => self.size.processes += list.len() as u64,
            Block::Fds(list) => self.size.fds += list.fds.len() as u64,
            Block::Section(_)
            | Block::Machine(_)
            | Block::Interfaces(_)
            | Block::Accounts(_)
            | Block::State(_) => {}
        }
        self.visitor.block(block)
    }

    fn resume(&mut self, state: State, point: ResumePoint) -> Result<(), V::Error> {
        self.visitor.resume(state, point)
    }
}

/// The rules as they are evaluated.
pub(super) fn member<'p>(ask: &Ask<'p>) -> Member<'p> {
    Member { rules: ask.prepared.clone(), filter: None, options: ask.options }
}
