//! The set-up of a run: options of the command line and the configuration enter, a checked whole leaves, at the start and after each
//! change of the files.

use std::path::PathBuf;

use tercel_config::{self as config, Config, Loaded, Remarks};
use tercel_outputs::Kind;
use tercel_replay::{Buffers, Matching, Options, Settings, Style};

use super::reload::Files;
use super::rules::Plan;
use crate::exit::Failure;
use crate::intent::Live;

/// The set-up of a run.
pub struct Setup {
    /// The configuration, with the overrides of the command line.
    pub config: Config,
    /// Which rules run.
    pub plan: Plan,
    /// Rule files that the configuration names and that do not exist.
    pub absent: Vec<PathBuf>,
    /// The files and directories of rules and configuration, as they were before any rule was read.
    pub files: Files,
}

impl Setup {
    /// Reads the configuration, with remarks on it. Rules are not loaded yet.
    ///
    /// # Errors
    /// The configuration is invalid; the message names every place.
    pub fn read(args: &Live) -> Result<(Setup, Remarks), Failure> {
        let Loaded { config, remarks, files, absent } =
            config::load(args.config.as_deref(), &args.overrides).map_err(Failure::usage)?;
        let plan = Plan::of(args, &config)?;
        let files = Files::new(plan.files().iter().chain(&files).chain(&absent).cloned().collect());
        Ok((Setup { config, plan, absent, files }, remarks))
    }

    /// The outputs that are configured; without any, standard output.
    pub fn kinds(&self, args: &Live) -> Vec<Kind> {
        match &args.output {
            Some(path) => vec![Kind::File { path: path.clone(), keep_open: true }],
            None => self.config.kinds(),
        }
    }

    /// The form of the lines.
    pub fn style(&self) -> Style {
        let lines = self.config.lines;
        let buffers = if lines.base64 { Buffers::Base64 } else { Buffers::Dotted };
        Style {
            settings: Settings { buffers, ..Settings::default() },
            json: lines.json,
            iso8601: lines.iso8601,
            json_output: lines.output,
            json_tags: lines.tags,
            json_message: lines.message,
            json_fields: lines.fields,
        }
    }

    /// How rules are evaluated, where `seen` events were evaluated before.
    pub fn options(&self, args: &Live, seen: u64) -> Options {
        Options {
            matching: if self.config.all_matching { Matching::All } else { Matching::First },
            limit: args.limit.map(|limit| limit.saturating_sub(seen)),
            ..Options::default()
        }
    }

    /// Keys that `next` has changed and that take effect only at the start of a run.
    pub fn held(&self, next: &Setup) -> Vec<&'static str> {
        let (old, new) = (&self.config, &next.config);
        let changed = [
            ("webserver", old.web != new.web),
            ("falco_libs.snaplen", old.snaplen != new.snaplen),
            ("engine.modern_ebpf.buf_size_preset", old.ring != new.ring),
            ("log_stderr, log_syslog or log_level", old.log != new.log),
        ];
        changed.into_iter().filter_map(|(key, changed)| changed.then_some(key)).collect()
    }
}
