//! Options of `tercel replay`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use tercel_config as config;
use tercel_replay::Options;
use tercel_rules::program::Priority;

use super::overrides::OverrideArgs;
use super::read::{POINTS, WindowArgs, captures};
use super::rules::SelectionArgs;
use super::values;
use crate::configured;
use crate::exit::Failure;
use crate::intent::Replay;

/// Options of `tercel replay`.
#[derive(Debug, Args)]
#[command(after_help = POINTS)]
pub struct ReplayArgs {
    /// Rule files or directories of them, in the order of loading [default: rules_files of --config]
    #[arg(long, short, value_name = "FILE", required_unless_present = "config")]
    rules: Vec<PathBuf>,
    /// Captures, directories of them, or - for standard input; then, optionally, a filter: rules see only the events for
    /// which it holds
    #[arg(value_name = "TRACE… [FILTER]", required = true)]
    traces: Vec<String>,
    /// The filter as an option, instead of words after the captures
    #[arg(long, value_name = "EXPRESSION")]
    filter: Option<String>,
    #[command(flatten)]
    selection: SelectionArgs,
    /// Files of correlations over the alerts, or directories of them: counts, values and sequences of alerts in a time, and which
    /// alerts are printed once (docs/correlations.md) [default: correlations_files of --config]
    #[arg(long, value_name = "FILE", help_heading = "Rule selection")]
    correlations: Vec<PathBuf>,
    /// Use the rules, their selection, appended outputs, static fields and the form of the lines of this configuration, as
    /// live does; outputs have no effect
    #[arg(short, long, value_name = "FILE", help_heading = "Configuration")]
    config: Option<PathBuf>,
    #[command(flatten)]
    overrides: OverrideArgs,
    #[command(flatten)]
    window: WindowArgs,
    /// Stop after this many events of the window
    #[arg(short = 'n', value_name = "EVENTS", help_heading = "Window")]
    limit: Option<u64>,
    /// Evaluate on this many threads; the output is the same for any number. Rules with evt.deltatime, util.cnt or
    /// thread.cpu, and -n, use one thread [default: one per CPU; one for a single capture without keyframes]
    #[arg(short, long, value_name = "THREADS")]
    jobs: Option<NonZeroUsize>,
    /// Verify native traces first, as 'tercel verify' does: every chunk is read, whatever the rules need. A trace that fails is
    /// replayed by its events alone, without index and keyframes; exit code 3
    #[arg(long)]
    verify: bool,
    /// Limit the memory for the state of a capture, as in 256MiB. Above it, fds, arguments and environments of the least
    /// recently used processes are dropped; the summary counts this [default: 512MiB]
    #[arg(long, value_name = "SIZE", value_parser = values::memory)]
    state_memory: Option<usize>,
    /// Print the alerts of several captures in order of time instead of capture by capture. Each capture is evaluated
    /// on a thread of its own
    #[arg(long, conflicts_with_all = ["limit", "jobs"], help_heading = "Output")]
    merge: bool,
    /// Print the name of the capture with each alert: before the line, or in JSON under "file"
    #[arg(long, help_heading = "Output")]
    with_file: bool,
    /// Print times in UTC instead of the time zone of the capture
    #[arg(long, help_heading = "Output")]
    utc: bool,
    /// Write the alerts to this file
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    /// Exit with code 1 if an alert has this priority or a more urgent one
    #[arg(long, value_name = "PRIORITY", value_parser = values::priority, help_heading = "Output")]
    fail_on: Option<Priority>,
    /// Print no summary, no progress and no warnings
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    quiet: bool,
    /// Show warnings of the rule files and every damaged place of the captures
    #[arg(short, long, help_heading = "Output")]
    verbose: bool,
}

impl ReplayArgs {
    /// The typed intent.
    ///
    /// # Errors
    /// Arguments contradict each other, or name something that does not exist.
    pub fn intent(self) -> Result<Replay, Failure> {
        let (traces, filter) = captures(&self.traces, self.filter)?;
        let window = self.window.intent(&traces, self.utc)?;
        let loaded = config::load(self.config.as_deref(), &self.overrides.pairs()).map_err(Failure::usage)?;
        if !self.quiet {
            loaded
                .remarks
                .warnings
                .iter()
                .for_each(|remark| eprintln!("{}: warning: {}", remark.place, remark.text));
        }
        let config = &loaded.config;
        let style = configured::style(config.lines);
        let rules = configured::rules(self.selection.of(self.rules)?, config)?;
        Ok(Replay {
            configuration: loaded.files,
            rules,
            correlations: configured::correlations(self.correlations, config),
            traces,
            filter,
            verify: self.verify,
            options: Options {
                matching: configured::matching(config),
                from: window.from,
                to: window.to,
                limit: self.limit,
                memory: self.state_memory,
                settings: style.settings,
            },
            style,
            jobs: self.jobs,
            merge: self.merge,
            with_file: self.with_file,
            utc: self.utc,
            output: self.output,
            fail_on: self.fail_on,
            quiet: self.quiet,
            verbose: self.verbose,
        })
    }
}
