//! What a recording prints: a status line on a terminal during it, and a summary on standard error after it.

use std::fmt::Write;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tercel_capture::{Drops, Options};
use tercel_format::record::MachineInfo;
use tercel_recording::{Counts, Found, Safe, Sums};

use crate::diagnostics::{self, counted};

/// Events that did not reach the recorder.
#[derive(Debug, Clone, Copy)]
pub struct Lost<'a> {
    /// In total.
    pub drops: &'a Drops,
    /// On each CPU.
    pub by_cpu: &'a [Drops],
    /// Rings of io_uring whose operations were not recorded.
    pub rings: u64,
}

/// The status line.
pub struct Status {
    bar: ProgressBar,
    /// Whether lines are printed one below the other, because standard error is not a terminal.
    is_plain: bool,
    started: Instant,
    /// When it was drawn last, and how many events there were.
    drawn: (Instant, u64),
}

/// How often a line is printed where it cannot be drawn again.
const PLAIN: Duration = Duration::from_secs(30);

impl Status {
    /// A line that starts now; a silent one is never drawn. On a terminal it is drawn in place; elsewhere a line is printed now and then.
    pub fn new(silent: bool) -> Status {
        let style = ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::no_length().with_style(style);
        bar.set_draw_target(if silent { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() });
        let now = Instant::now();
        let is_plain = !silent && !std::io::stderr().is_terminal();
        Status { bar, is_plain, started: now, drawn: (now, 0) }
    }

    /// Draws the line again.
    pub fn draw(&mut self, counts: &Counts, sums: &Sums, drops: &Drops) {
        let (last, before) = self.drawn;
        if self.bar.is_hidden() && !self.is_plain || self.is_plain && last.elapsed() < PLAIN {
            return;
        }
        self.drawn = (Instant::now(), counts.events);
        let rate = (counts.events - before) as f64 / last.elapsed().as_secs_f64().max(1e-9);
        let text = line(counts.events, rate as u64, sums, drops.lost(), self.started.elapsed());
        if self.is_plain {
            eprintln!("{text}");
            return;
        }
        self.bar.set_message(text);
        self.bar.tick();
    }

    /// Prints a line above the status line.
    pub fn report(&self, text: &str) {
        self.bar.suspend(|| eprintln!("{text}"));
    }

    /// Removes the line; returns how long it was there.
    pub fn finish(&self) -> Duration {
        self.bar.finish_and_clear();
        self.started.elapsed()
    }
}

/// The text of the status line. `rate` is in events per second.
fn line(events: u64, rate: u64, sums: &Sums, lost: u64, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    format!(
        "{:02}:{:02}:{:02}  {} events ({}/s), {} ({}), {} lost",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        HumanCount(events),
        HumanCount(rate),
        HumanBytes(sums.bytes),
        percent(sums),
        HumanCount(lost)
    )
}

/// The lines about the start of a recording; `took` is how long the start lasted.
pub fn beginning(
    machine: &MachineInfo,
    options: &Options,
    found: &Found,
    coverage: [&str; 3],
    took: Duration,
) -> String {
    let host = String::from_utf8_lossy(&machine.hostname);
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    format!(
        "Host: {host}, kernel {release}, {}; {} with {}\n\
         Probe: recording after {:.2} s, ring buffers of {} per CPU, {} bytes of each buffer\n\
         {}\n",
        counted(u64::from(machine.cpus), "CPU"),
        counted(found.threads as u64, "thread"),
        counted(found.fds as u64, "open file"),
        took.as_secs_f64(),
        HumanBytes(u64::from(options.ring)),
        options.snaplen,
        coverage.join("\n"),
    )
}

/// The size relative to scap.
fn percent(sums: &Sums) -> String {
    format!("{:.1} % of the scap size", sums.bytes as f64 * 100.0 / sums.raw_bytes.max(1) as f64)
}

/// Appends one line; writing to a string cannot fail.
macro_rules! line {
    ($out:expr, $($argument:tt)*) => {
        let _ = writeln!($out, $($argument)*);
    };
}

/// What is left of a recording that ended with an error: a line after the error.
pub fn safe(safe: Safe) -> String {
    let Safe { files, events, lost } = safe;
    let is_lost = if lost > 0 { format!("; lost: {}", diagnostics::events(lost)) } else { String::new() };
    format!("\nsafe: {} in {}{is_lost}", diagnostics::events(events), counted(files, "file"))
}

/// The summary; lines about things that did not happen are left out.
pub fn summary(counts: &Counts, sums: &Sums, lost: &Lost<'_>, elapsed: Duration) -> String {
    let mut out = String::new();
    let seconds = elapsed.as_secs_f64().max(1e-9);
    let all = counts.events + counts.state_only;
    line!(
        out,
        "Events: {} in {seconds:.2} s ({:.0} per second)",
        counts.events,
        counts.events as f64 / seconds
    );
    for (count, what) in [
        (counts.state_only, "out of scope, recorded as state only"),
        (counts.left_out, "out of scope, not recorded"),
    ] {
        if count > 0 {
            line!(out, "Events {what}: {count}");
        }
    }
    let each = sums.bytes as f64 / all.saturating_sub(sums.forgotten).max(1) as f64;
    line!(out, "Size: {} bytes ({each:.1} per event), {}", sums.bytes, percent(sums));
    if sums.forgotten > 0 {
        line!(out, "Older events removed from memory: {}", sums.forgotten);
    }
    if sums.files > 1 {
        line!(out, "Files: {}", sums.files);
    }
    if sums.keyframes_left_out > 0 {
        line!(out, "Keyframes left out because the state is too large: {}", sums.keyframes_left_out);
    }
    losses(&mut out, lost);
    if lost.rings > 0 {
        line!(out, "Rings of io_uring whose operations were not recorded: {}", lost.rings);
    }
    if lost.drops.cut > 0 {
        line!(out, "Parameters truncated at their limit: {}", lost.drops.cut);
    }
    out
}

fn losses(out: &mut String, lost: &Lost<'_>) {
    let drops = lost.drops;
    if drops.lost() == 0 {
        return;
    }
    let reasons = [
        (drops.full, "ring full"),
        (drops.skipped, "skipped by the kernel"),
        (drops.busy, "CPU busy"),
        (drops.large, "too large"),
        (drops.faults, "other"),
    ];
    let reasons: Vec<String> = reasons
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, reason)| format!("{count} {reason}"))
        .collect();
    line!(out, "Events lost: {} ({})", drops.lost(), reasons.join(", "));
    for (cpu, drops) in lost.by_cpu.iter().enumerate().filter(|(_, drops)| drops.lost() > 0) {
        line!(out, "  CPU {cpu}: {}", drops.lost());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_line_tells_how_far_it_is() {
        let sums = Sums { bytes: 3 << 20, raw_bytes: 30 << 20, ..Sums::default() };
        assert_eq!(
            line(1_234_567, 16_204, &sums, 1000, Duration::from_secs(3725)),
            "01:02:05  1,234,567 events (16,204/s), 3.00 MiB (10.0 % of the scap size), 1,000 lost"
        );
        assert_eq!(
            line(0, 0, &Sums::default(), 0, Duration::ZERO),
            "00:00:00  0 events (0/s), 0 B (0.0 % of the scap size), 0 lost"
        );
    }

    #[test]
    fn what_is_left_of_a_recording_is_told() {
        let told = |files, events, lost| safe(Safe { files, events, lost });
        assert_eq!(told(1, 5, 0), "\nsafe: 5 events in 1 file");
        assert_eq!(told(2, 1, 7), "\nsafe: 1 event in 2 files; lost: 7 events");
    }

    #[test]
    fn summaries_tell_what_happened() {
        let sums = Sums { files: 1, bytes: 900, raw_bytes: 9000, ..Sums::default() };
        let counts = Counts { events: 100, ..Counts::default() };
        let second = Duration::from_secs(1);
        assert_eq!(
            summary(&counts, &sums, &Lost { drops: &Drops::default(), by_cpu: &[], rings: 0 }, second),
            "Events: 100 in 1.00 s (100 per second)\nSize: 900 bytes (9.0 per event), 10.0 % of the scap size\n"
        );
        let counts = Counts { events: 60, state_only: 40, left_out: 7 };
        let drops = Drops { full: 5, skipped: 2, cut: 3, ..Drops::default() };
        let by_cpu = [Drops { cut: 3, ..Drops::default() }, Drops { full: 5, ..Drops::default() }];
        assert_eq!(
            summary(
                &counts,
                &Sums { files: 2, forgotten: 10, keyframes_left_out: 4, ..sums },
                &Lost { drops: &drops, by_cpu: &by_cpu, rings: 0 },
                second
            ),
            "Events: 60 in 1.00 s (60 per second)\n\
             Events out of scope, recorded as state only: 40\n\
             Events out of scope, not recorded: 7\n\
             Size: 900 bytes (10.0 per event), 10.0 % of the scap size\n\
             Older events removed from memory: 10\n\
             Files: 2\n\
             Keyframes left out because the state is too large: 4\n\
             Events lost: 7 (5 ring full, 2 skipped by the kernel)\n\
             \x20 CPU 1: 5\n\
             Parameters truncated at their limit: 3\n"
        );
    }
}
