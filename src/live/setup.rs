//! What a run is to do: options of the command line and the configuration enter, a checked whole leaves; the first time, and again
//! when files have changed.

use std::path::PathBuf;

use tercel_config::{self as config, Config, Loaded, Remarks};
use tercel_outputs::Kind;
use tercel_replay::{Buffers, Matching, Options, Settings, Style};

use super::reload::Files;
use super::rules::Plan;
use crate::exit::Failure;
use crate::intent::Live;

/// What a run is to do.
pub struct Setup {
    /// The configuration, with the overrides of the command line.
    pub config: Config,
    /// Which rules run.
    pub plan: Plan,
    /// Rule files that the configuration names and that do not exist.
    pub absent: Vec<PathBuf>,
    /// Files and directories that all this comes from, as they were before any rule was read.
    pub files: Files,
}

impl Setup {
    /// Reads the configuration, and what there is to remark on it. Rules are not loaded yet.
    ///
    /// # Errors
    /// The configuration is wrong; the text names every place.
    pub fn read(args: &Live) -> Result<(Setup, Remarks), Failure> {
        let Loaded { config, remarks, files, absent } =
            config::load(args.config.as_deref(), &args.overrides).map_err(Failure::usage)?;
        let plan = Plan::of(args, &config)?;
        let files = Files::new(plan.files().iter().chain(&files).chain(&absent).cloned().collect());
        Ok((Setup { config, plan, absent, files }, remarks))
    }

    /// The outputs asked for; without any, standard output.
    pub fn kinds(&self, args: &Live) -> Vec<Kind> {
        match &args.output {
            Some(path) => vec![Kind::File { path: path.clone(), keep_open: true }],
            None => self.config.kinds(),
        }
    }

    /// How lines look.
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

    /// Keys that `next` has changed and that are looked at only when a run begins.
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
