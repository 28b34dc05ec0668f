//! Arguments that several verbs share: captures with a filter after them, and a window.

use std::num::NonZeroUsize;

use clap::Args;
use tercel_replay::Window;

use super::overrides::PathsName;
use super::values;
use crate::exit::Failure;
use crate::inputs::{self, Input};
use crate::intent::{Asked, Filter};
use crate::rules;
use crate::span::Span;
use crate::window::{self, Edge};

/// The help on filters and points.
pub const POINTS: &str = "\
The filter is a condition in the rule language, written after the captures:
  proc.name=nginx and fd.type=ipv4

A point is a time (2026-11-23T13:01:15.5Z; UTC if no zone is given), a time of day as printed (13:01:15.5, the first in the \
captures), a time after the first event (+90s, 2m30s, 500ms) or before the last (-30s), or an event number (#1200). \
--from '#7-#9' is a whole window: events 7, 8 and 9.";

/// A window.
#[derive(Debug, Args)]
pub struct WindowArgs {
    /// Start at this point; earlier events are read for the state only
    #[arg(
        long,
        value_name = "POINT",
        value_parser = values::edge,
        allow_hyphen_values = true,
        help_heading = "Window"
    )]
    from: Option<Edge>,
    /// Stop before this point
    #[arg(
        long,
        value_name = "POINT",
        value_parser = values::edge,
        allow_hyphen_values = true,
        help_heading = "Window"
    )]
    to: Option<Edge>,
}

/// How captures are read, and what is said meanwhile.
#[derive(Debug, Args)]
pub struct ReadingArgs {
    /// Read on this many threads; the output is the same for any number [default: one per CPU]
    #[arg(short, long, value_name = "THREADS")]
    pub jobs: Option<NonZeroUsize>,
    /// Limit the memory for rows, as in 256MiB [default: 1GiB]
    #[arg(long, value_name = "SIZE", value_parser = values::memory)]
    pub memory: Option<usize>,
    /// Print no progress and no warnings
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,
    /// Show every damaged place of the captures, and warnings of rule files
    #[arg(short, long, help_heading = "Output")]
    pub verbose: bool,
}

/// Options of questions about captures.
#[derive(Debug, Args)]
pub struct AskArgs {
    /// The filter as an option, instead of words after the captures
    #[arg(long, value_name = "EXPRESSION")]
    filter: Option<String>,
    /// Which paths the filter and the conditions of rules see: those that callers gave, those that the kernel resolved, or both: an
    /// event matches with the ones or with the others. Columns show those of the callers [default: both]
    #[arg(long, value_enum, value_name = "WHOSE")]
    paths: Option<PathsName>,
    #[command(flatten)]
    window: WindowArgs,
    #[command(flatten)]
    reading: ReadingArgs,
}

impl AskArgs {
    /// The typed intent: these words name captures and the filter; times are in UTC, or as the captures say.
    ///
    /// # Errors
    /// Arguments contradict each other, or name something that does not exist.
    pub fn intent(self, words: &[String], utc: bool) -> Result<Asked, Failure> {
        let (traces, filter) = captures(words, self.filter)?;
        Ok(Asked {
            window: self.window.intent(&traces, utc)?,
            traces,
            filter,
            seen_paths: self.paths.map(PathsName::setting).unwrap_or_default(),
            jobs: self.reading.jobs,
            memory: self.reading.memory,
            quiet: self.reading.quiet,
            verbose: self.reading.verbose,
        })
    }
}

/// A moment.
#[derive(Debug, Args)]
pub struct MomentArgs {
    /// Show what existed at this point, instead of what happened
    #[arg(
        long,
        value_name = "POINT",
        value_parser = values::edge,
        allow_hyphen_values = true,
        conflicts_with_all = ["from", "to"],
        help_heading = "Window"
    )]
    at: Option<Edge>,
}

impl MomentArgs {
    /// The window that ends where it begins, at this point; `None` if none is given.
    ///
    /// # Errors
    /// The point cannot be placed in the captures.
    pub fn intent(&self, traces: &[Input], utc: bool) -> Result<Option<Window>, Failure> {
        let Some(at) = self.at else { return Ok(None) };
        let window = window::between(Some(at), None, || Span::of(traces, utc))?;
        Ok(Some(Window { to: window.from, ..window }))
    }
}

impl WindowArgs {
    /// The window in these captures, whose times are shown in UTC or as they say.
    ///
    /// # Errors
    /// It ends before it begins, or cannot be placed in the captures.
    pub fn intent(&self, traces: &[Input], utc: bool) -> Result<Window, Failure> {
        window::between(self.from, self.to, || Span::of(traces, utc))
    }
}

/// Captures and the filter, which may also be given as an option.
///
/// # Errors
/// No capture exists, the filter is invalid, or two filters are given.
pub fn captures(words: &[String], option: Option<String>) -> Result<(Vec<Input>, Option<Filter>), Failure> {
    let (traces, rest) = inputs::traces_and_rest(words)?;
    match (filter(rest, option, "after the captures"), rest) {
        (Err(_), [word, ..]) if inputs::begins_no_filter(word) => Err(inputs::missing(word)),
        (filter, _) => Ok((traces, filter?)),
    }
}

/// Captures alone.
///
/// # Errors
/// A capture does not exist.
pub fn captures_only(words: &[String]) -> Result<Vec<Input>, Failure> {
    match inputs::traces_and_rest(words)? {
        (traces, []) => Ok(traces),
        (_, [word, ..]) => Err(inputs::missing(word)),
    }
}

/// The one capture that is named.
///
/// # Errors
/// Several captures are named.
pub fn single(mut traces: Vec<Input>) -> Result<Input, Failure> {
    match (traces.pop(), traces.is_empty()) {
        (Some(trace), true) => Ok(trace),
        _ => Err(Failure::usage("one capture is expected, several are named; 'tercel merge' joins them")),
    }
}

/// The filter: words at the end, or an option.
///
/// # Errors
/// The filter is invalid, or two filters are given.
pub fn filter(words: &[String], option: Option<String>, place: &str) -> Result<Option<Filter>, Failure> {
    let text = match (words, option) {
        ([], option) => option,
        (words, None) => Some(words.join(" ")),
        (_, Some(_)) => {
            let message = format!("give the filter either {place} or with --filter, not both");
            return Err(Failure::usage(message));
        }
    };
    let Some(text) = text else { return Ok(None) };
    match rules::filter(&text) {
        Ok(program) => Ok(Some(Filter { text, program })),
        // A misspelt name of a capture is taken for the start of a filter; later on paths are what fields are compared with.
        Err(failure) => match words.first().filter(|word| inputs::looks_like_path(word)) {
            Some(word) => Err(inputs::missing(word)),
            None => Err(failure),
        },
    }
}
