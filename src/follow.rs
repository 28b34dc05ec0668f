//! `tercel follow`: the data of files, connections, pipes and terminals, in order of time and in both directions, as far as they were
//! captured. What is missing is said where it is missing.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use console::style;
use tercel_analysis::data::Data;
use tercel_analysis::tables::{Cell, push_harmless, push_text};
use tercel_format::Event;
use tercel_format::trace::Zone;
use tercel_replay::fields::Direction;
use tercel_replay::scan::{Needs, scan};
use tercel_replay::{Context, Filter, Position, Settings, Window};

use crate::captures::{self, Next};
use crate::diagnostics::{self, counted};
use crate::each_event::{EachEvent, Prints, Reading};
use crate::exit::{Failure, Outcome};
use crate::inputs::paths;
use crate::intent::{Follow, Form};
use crate::nothing::{self, CODES, Counts};
use crate::target::refuse_overwriting;

/// Runs the verb.
pub fn run(args: &Follow) -> Result<Outcome, Failure> {
    let filter = args.filter.as_ref().map(|filter| Filter::new(&filter.program, Settings::default()));
    let mut each = EachEvent(Printer {
        args,
        reading: Reading { filter, ..Reading::default() },
        left: args.limit.unwrap_or(u64::MAX),
        zone: None,
        out: BufWriter::with_capacity(1 << 16, output(args)?),
        is_reached: false,
        counts: Box::new([0; CODES]),
        missing: (0, 0),
        lost: 0,
    });
    let needs = Needs::span(args.window);
    let outcome = captures::each(&args.traces, args.quiet, |name, mut capture, progress| {
        each.0.reading.is_over = each.0.left == 0;
        each.0.zone = capture.header().filter(|_| !args.utc).map(|header| header.zone.clone());
        let findings = scan(&mut capture, &needs, &mut each, &|bytes| progress.advance(bytes))?;
        let ended = diagnostics::ended(name, &findings.report, findings.error.as_ref(), args.verbose);
        let is_enough = each.0.reading.is_closed || each.0.left == 0;
        Ok((ended, if is_enough { Next::Stop } else { Next::GoOn }))
    })?;
    let written = each.0.out.flush();
    each.0.remark();
    crate::finish(written).map(|done| done.max(outcome))
}

fn output(args: &Follow) -> Result<Box<dyn Write>, Failure> {
    match &args.output {
        None => {
            refuse_overwriting(Path::new("-"), paths(&args.traces))?;
            Ok(Box::new(io::stdout()))
        }
        Some(path) => {
            refuse_overwriting(path, paths(&args.traces))?;
            let created = File::create(path).map(|file| Box::new(file) as Box<dyn Write>);
            created.map_err(|error| Failure::io(format!("{}: {error}", path.display())))
        }
    }
}

/// Takes the blocks of captures in and prints data.
struct Printer<'a> {
    args: &'a Follow,
    reading: Reading,
    /// Calls that may still be printed.
    left: u64,
    zone: Option<Zone>,
    out: BufWriter<Box<dyn Write>>,
    /// An event lies in the window and matches the filter.
    is_reached: bool,
    /// Events of the window, by their codes.
    counts: Box<Counts>,
    /// Bytes that were not captured, and the calls that they are of.
    missing: (u64, u64),
    /// Events that the recorder lost.
    lost: u64,
}

impl Prints for Printer<'_> {
    const WHAT: &'static str = "data";

    fn reading(&mut self) -> &mut Reading {
        &mut self.reading
    }

    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        let facts = self.reading.state.apply(event);
        let position = self.args.window.position(event, self.reading.state.first_ts());
        if event.lost() > 0 && position == Position::Inside {
            self.lost += event.lost();
            self.gap(&format!("{} lost here", diagnostics::events(event.lost())))?;
        }
        let Some(facts) = &facts else { return Ok(()) };
        match position {
            Position::Before | Position::Behind => return Ok(()),
            Position::End => {
                self.reading.is_over = true;
                return Ok(());
            }
            Position::Inside => {}
        }
        self.counts[usize::from(event.code()) % CODES] += 1;
        let context = Context { state: &self.reading.state, event, facts };
        if self.reading.filter.as_mut().is_some_and(|filter| !filter.holds(&context)) {
            return Ok(());
        }
        let Some(data) = Data::of(&context) else { return Ok(()) };
        if self.args.direction.is_some_and(|only| only != data.direction) {
            return Ok(());
        }
        self.is_reached = true;
        if self.args.form != Form::Raw {
            let head = head(&context, &data, self.zone.as_ref());
            let way =
                if data.direction == Direction::In { style(head).cyan() } else { style(head).magenta() };
            let plain = self.args.output.is_some();
            writeln!(self.out, "{}", way.force_styling(!plain && console::colors_enabled()))?;
        }
        write_data(&mut self.out, self.args.form, data.bytes)?;
        if data.missing() > 0 {
            self.missing = (self.missing.0 + data.missing(), self.missing.1 + 1);
            self.gap(&format!("{} not captured", counted(data.missing(), "byte")))?;
        }
        self.left -= 1;
        self.reading.is_over |= self.left == 0;
        Ok(())
    }

    fn resumed(&mut self) -> io::Result<()> {
        if self.is_reached {
            self.gap("a part of the capture is missing or was left out here")
        } else {
            Ok(())
        }
    }
}

impl Printer<'_> {
    /// Says that something is missing, where that is no part of the data.
    fn gap(&mut self, text: &str) -> io::Result<()> {
        if self.args.form == Form::Raw { Ok(()) } else { writeln!(self.out, "… {text}") }
    }

    /// Says on standard error what was missing in all, or why there is nothing.
    fn remark(&self) {
        let args = self.args;
        if args.quiet {
            return;
        }
        if !self.is_reached {
            let text = args.filter.as_ref().map(|filter| filter.text.as_str());
            let reason =
                nothing::text(&args.traces, args.window != Window::default(), text, Some(&self.counts));
            eprintln!("warning: no data: {reason}, or those that do move no data");
        }
        let (bytes, calls) = self.missing;
        if bytes > 0 {
            let (bytes, calls) = (counted(bytes, "byte"), counted(calls, "call"));
            eprintln!(
                "warning: {bytes} of {calls} not captured; 'tercel record -s SIZE' keeps more of each call"
            );
        }
        if self.lost > 0 {
            eprintln!("warning: {} lost by the recorder", diagnostics::events(self.lost));
        }
    }
}

/// Who moved how much, and where.
fn head(context: &Context<'_>, data: &Data<'_>, zone: Option<&Zone>) -> String {
    let mut line = String::new();
    push_text(&Cell::Time(context.event.ts), zone, &mut line);
    let (name, pid) = context
        .process()
        .map_or((&b"<NA>"[..], context.event.tid), |(_, leader)| (&leader.image.comm[..], leader.pid));
    line.push(' ');
    push_harmless(name, &mut line);
    let (number, fd) = context.descriptor().unwrap_or((-1, None));
    let way = if data.direction == Direction::In { "<- read" } else { "-> write" };
    line.push_str(&format!(" ({pid}) {way} {} fd {number} ", counted(data.length, "byte")));
    push_harmless(fd.map_or(b"", |fd| &fd.name), &mut line);
    line.trim_end().to_owned()
}

/// The captured bytes. In text they end with a line end.
fn write_data(out: &mut dyn Write, form: Form, bytes: &[u8]) -> io::Result<()> {
    match form {
        Form::Raw => out.write_all(bytes),
        Form::Hex => bytes.chunks(16).enumerate().try_for_each(|(row, bytes)| {
            let pairs: String = bytes.iter().map(|byte| format!("{byte:02x} ")).collect();
            let text: String = bytes.iter().map(|byte| printable(*byte)).collect();
            writeln!(out, "{:08x}  {pairs:<48} |{text}|", row * 16)
        }),
        Form::Text => {
            let mut text = String::new();
            for line in bytes.split_inclusive(|byte| *byte == b'\n') {
                let line = line.strip_suffix(b"\n").unwrap_or(line);
                for (index, part) in
                    line.strip_suffix(b"\r").unwrap_or(line).split(|byte| *byte == b'\t').enumerate()
                {
                    if index > 0 {
                        text.push('\t');
                    }
                    push_harmless(part, &mut text);
                }
                text.push('\n');
            }
            out.write_all(text.as_bytes())
        }
    }
}

fn printable(byte: u8) -> char {
    if matches!(byte, b' '..=b'~') { char::from(byte) } else { '.' }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_have_three_forms_and_no_control_characters_but_in_one() {
        let bytes = b"one\r\ntwo\t\x1b[31m\xe2\x80\xae\xff";
        for (form, expected) in [
            (Form::Raw, bytes.to_vec()),
            (Form::Text, "one\ntwo\t\u{fffd}[31m\u{fffd}\u{fffd}\n".into()),
            (
                Form::Hex,
                "00000000  6f 6e 65 0d 0a 74 77 6f 09 1b 5b 33 31 6d e2 80  |one..two..[31m..|\n00000010  ae ff                                            |..|\n"
                    .into(),
            ),
        ] {
            let mut out = Vec::new();
            write_data(&mut out, form, bytes).expect("memory");
            assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&expected), "{form:?}");
        }
    }
}
