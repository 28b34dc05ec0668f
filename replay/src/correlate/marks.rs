//! What an alert brings along to correlations: an alert enters where it is found, its rule, time and asked values leave.

use tercel_rules::correlation::Correlations;
use tercel_rules::fields::Field;
use tercel_rules::program::{Operand, Program};

use crate::alert::{Alert, Origin, Style, plain};
use crate::fields::{self, Scratch};

/// Longest value, in bytes. Longer ones are truncated, and those that are the same up to here count as the same.
const LONGEST: usize = 1024;

/// Values that every alert brings along before those that are asked of its rule.
pub(super) const STAMP: usize = 3;

/// Marks of alerts, back to back.
#[derive(Debug, Default)]
pub struct Marks {
    heads: Vec<Head>,
    /// Where the values end.
    ends: Vec<usize>,
    bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Head {
    ts: u64,
    num: u64,
    rule: usize,
    /// Where the line of the alert ends.
    line_end: usize,
    /// The number of values so far.
    values: usize,
}

/// An alert as correlations see it.
#[derive(Debug, Clone, Copy)]
pub struct Mark<'a> {
    /// Time of the event, nanoseconds since the epoch.
    pub ts: u64,
    /// Its number.
    pub num: u64,
    /// Position of the rule in the program.
    pub rule: usize,
    /// Where the line of the alert ends among those that came with it.
    pub line_end: usize,
    ends: &'a [usize],
    start: usize,
    bytes: &'a [u8],
}

impl<'a> Mark<'a> {
    fn any(&self, index: usize) -> &'a [u8] {
        let end = self.ends.get(index).copied().unwrap_or(self.start);
        let start =
            index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(self.start);
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// A value that is asked of the rule.
    #[inline]
    pub fn value(&self, index: usize) -> &'a [u8] {
        self.any(index + STAMP)
    }

    /// The time as lines show it.
    pub(super) fn time(&self) -> &'a [u8] {
        self.any(0)
    }

    /// Name of the host.
    pub(super) fn hostname(&self) -> &'a [u8] {
        self.any(1)
    }

    /// Name of the capture, where lines bear it.
    pub(super) fn label(&self) -> &'a [u8] {
        self.any(2)
    }
}

impl Marks {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// The mark at a position.
    pub fn get(&self, index: usize) -> Option<Mark<'_>> {
        let head = self.heads.get(index)?;
        let first =
            index.checked_sub(1).and_then(|before| self.heads.get(before)).map_or(0, |head| head.values);
        let start = first.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        Some(Mark {
            ts: head.ts,
            num: head.num,
            rule: head.rule,
            line_end: head.line_end,
            ends: self.ends.get(first..head.values).unwrap_or_default(),
            start,
            bytes: &self.bytes,
        })
    }

    /// All of them in order.
    pub fn iter(&self) -> impl Iterator<Item = Mark<'_>> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// Appends one; `values` are the time as shown, the host, the label, and what is asked of the rule.
    pub fn push<'v>(
        &mut self,
        (ts, num, rule): (u64, u64, usize),
        line_end: usize,
        values: impl IntoIterator<Item = &'v [u8]>,
    ) {
        for value in values {
            self.bytes.extend_from_slice(value.get(..LONGEST).unwrap_or(value));
            self.ends.push(self.bytes.len());
        }
        self.heads.push(Head { ts, num, rule, line_end, values: self.ends.len() });
    }

    /// Removes the newest ones until this many are left.
    pub fn truncate(&mut self, count: usize) {
        self.heads.truncate(count);
        self.ends.truncate(self.heads.last().map_or(0, |head| head.values));
        self.bytes.truncate(self.ends.last().copied().unwrap_or(0));
    }

    /// Memory that they take, in bytes and roughly.
    pub fn weight(&self) -> usize {
        self.heads.len() * size_of::<Head>() + self.ends.len() * size_of::<usize>() + self.bytes.len()
    }
}

/// Marks the alerts of a program.
#[derive(Debug)]
pub struct Marker {
    asked: Vec<Vec<Operand>>,
    time: Operand,
    scratch: Scratch,
    label: Vec<u8>,
    values: Vec<Vec<u8>>,
}

impl Marker {
    /// Marks what `correlations` ask of the alerts of `program`, whose lines have this style.
    pub fn new(program: &Program, correlations: &Correlations, style: Style) -> Marker {
        let mut asked = correlations.asked.clone();
        asked.resize(program.rules.len(), Vec::new());
        let time = if style.iso8601 { Field::EvtTimeIso8601 } else { Field::EvtTime };
        let scratch = Scratch::new(style.settings);
        Marker { asked, time: plain(time), scratch, label: Vec::new(), values: Vec::new() }
    }

    /// Where the alerts come from that follow.
    pub fn set_origin(&mut self, origin: &Origin) {
        self.scratch.zone.clone_from(&origin.zone);
        self.label = origin.label.as_deref().unwrap_or_default().as_bytes().to_vec();
    }

    /// Appends the mark of an alert, whose line ends at `line_end`.
    pub fn push(&mut self, alert: &Alert<'_>, line_end: usize, marks: &mut Marks) {
        let Marker { asked, time, scratch, label, values } = self;
        let context = &alert.context;
        let asked = asked.get(alert.index).map_or(&[][..], Vec::as_slice);
        values.resize(values.len().max(asked.len() + 1), Vec::new());
        for (value, operand) in values.iter_mut().zip(std::iter::once(&*time).chain(asked)) {
            value.clear();
            fields::render_text(context, operand, value, scratch);
        }
        let (time, values) = values.split_first().map_or((&[][..], &[][..]), |(time, values)| (time, values));
        let stamp = [time, &context.state.machine.hostname, &label[..]];
        let values = values.iter().take(asked.len()).map(Vec::as_slice);
        let event = context.event;
        marks.push((event.ts, event.num, alert.index), line_end, stamp.into_iter().chain(values));
    }
}
