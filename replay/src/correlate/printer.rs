//! Lines with correlations among them: lines of alerts and their marks enter in order, what is printed leaves.

use std::io::{self, Write};

use tercel_rules::correlation::Correlations;
use tercel_rules::program::Program;

use super::{Correlator, Mark, Raised, Totals};
use crate::alert::Style;

/// Prints alerts of rules and of correlations.
#[derive(Debug)]
pub(crate) struct Printer<'c> {
    correlator: Correlator<'c>,
    program: &'c Program,
    style: Style,
    raised: Vec<Raised>,
    line: Vec<u8>,
}

impl<'c> Printer<'c> {
    pub(crate) fn new(correlations: &'c Correlations, program: &'c Program, style: Style) -> Printer<'c> {
        let correlator = Correlator::new(correlations);
        Printer { correlator, program, style, raised: Vec::new(), line: Vec::new() }
    }

    /// Prints the line of an alert, unless it is held back, and after it those of correlations that it completes.
    pub(crate) fn print(&mut self, mark: &Mark<'_>, line: &[u8], out: &mut dyn Write) -> io::Result<()> {
        self.correlator.advance(mark.ts, &mut self.raised);
        self.flush(out)?;
        if self.correlator.see(mark, &mut self.raised) {
            out.write_all(line)?;
        }
        self.flush(out)
    }

    /// Nothing follows; the last event had this time.
    pub(crate) fn finish(&mut self, last: Option<u64>, out: &mut dyn Write) -> io::Result<Totals> {
        if let Some(last) = last {
            self.correlator.finish(last, &mut self.raised);
        }
        self.flush(out)?;
        Ok(self.correlator.totals().clone())
    }

    fn flush(&mut self, out: &mut dyn Write) -> io::Result<()> {
        for raised in self.raised.drain(..) {
            self.line.clear();
            raised.push_line(self.correlator.correlations(), self.program, &self.style, &mut self.line);
            self.line.push(b'\n');
            out.write_all(&self.line)?;
        }
        Ok(())
    }
}
