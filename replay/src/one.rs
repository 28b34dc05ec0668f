//! One capture, or a part of a trace, on the calling thread, its alerts one by one: for those who write lines of their own.

use std::io;

use crate::alert::Alert;
use crate::alerts::{Alerts, Judge, LineSink};
use crate::engine::{Counters, Evaluation, Sink};
use crate::scan::{Advance, Ended, Opened, scan};

impl Alerts<'_> {
    /// Replays a capture and gives every alert to `sink`. Of a native trace, only the chunks of `part`: the first, and the one after the
    /// last; both are [`seams`](crate::scan::seams) or ends of the trace. The alerts of all parts are those of the whole, unless their
    /// rules depend on the order of evaluation (see [`Question::is_divisible`](crate::scan::Question::is_divisible)) or the window ends
    /// at a time.
    ///
    /// # Errors
    /// Those of the sink. Whatever is wrong with the capture is in what is returned.
    pub fn of_one(
        &self,
        opened: Opened,
        part: Option<(usize, usize)>,
        sink: &mut dyn Sink,
        advance: Advance<'_>,
    ) -> io::Result<(Ended, Counters)> {
        let Opened { origin, mut capture } = opened;
        let setup = self.setup();
        let mut evaluation = Evaluation::new(setup);
        evaluation.set_zone(origin.zone.as_ref());
        let mut judge = Judge::new(setup, &mut evaluation, Whole(sink));
        let findings = scan(&mut capture, &setup.needs().within(part), &mut judge, advance)?;
        judge.count_forgotten();
        let mut counters = evaluation.take_counters(setup);
        counters.skipped.add(findings.skipped);
        Ok((Ended { capture, report: findings.report, error: findings.error }, counters))
    }
}

/// A sink to which alerts are given whole, so that there is nothing to take back.
struct Whole<'s>(&'s mut dyn Sink);

impl Sink for Whole<'_> {
    fn alert(&mut self, alert: &Alert<'_>) -> io::Result<()> {
        self.0.alert(alert)
    }
}

impl LineSink for Whole<'_> {
    fn truncate(&mut self) {}
}
