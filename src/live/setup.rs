//! The set-up of a run: options of the command line and the configuration enter, a checked whole leaves, at the start and after each
//! change of the files.

use std::path::{Path, PathBuf};

use tercel_config::{self as config, Config, Loaded, Remarks};
use tercel_outputs::Kind;
use tercel_replay::{Options, Style};

use super::reload::Files;
use super::rules::{Found, Plan};
use crate::configured;
use crate::exit::Failure;
use crate::intent::Live;
use crate::redaction;
use crate::target;

/// The set-up of a run.
pub struct Setup {
    /// The configuration, with the overrides of the command line.
    pub config: Config,
    /// Which rules run.
    pub plan: Plan,
    /// Rule files that the configuration names and that do not exist.
    pub absent: Vec<PathBuf>,
    /// The files of the configuration.
    configuration: Vec<PathBuf>,
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
            config::load(args.config.as_deref().or(config::default_file()), &args.overrides)
                .map_err(Failure::usage)?;
        let plan = Plan::of(args, &config)?;
        let configuration = files;
        let files = plan.files().iter().chain(plan.correlations()).chain(&configuration).chain(&absent);
        let files = Files::new(files.cloned().collect());
        Ok((Setup { config, plan, absent, configuration, files }, remarks))
    }

    /// The files of the configuration.
    pub fn configuration(&self) -> &[PathBuf] {
        &self.configuration
    }

    /// The outputs that are configured; without any, standard output.
    pub fn kinds(&self, args: &Live) -> Vec<Kind> {
        match &args.output {
            Some(path) => vec![Kind::File { path: path.clone(), keep_open: true }],
            None => self.config.kinds(),
        }
    }

    /// Refuses a trace and files of alerts and metrics that are one file, or one of those that are read.
    ///
    /// # Errors
    /// There is such a file.
    pub fn refuse_overwriting(&self, args: &Live, kinds: &[Kind]) -> Result<(), Failure> {
        let sources = self.plan.sources()?;
        let rules = sources.iter().flat_map(|(_, found)| match found {
            Found::Files(files) => files.as_slice(),
            Found::Nothing => &[],
        });
        let rules = rules.map(|file| Path::new(&file.name));
        let settings = self.plan.correlations().iter().chain(&self.configuration).map(PathBuf::as_path);
        let keys = args.sign.iter().chain(&self.config.capture.sign_key).map(PathBuf::as_path);
        let redaction = args.redaction.iter().flat_map(redaction::files);
        let read: Vec<&Path> = rules.chain(settings).chain(keys).chain(redaction).collect();
        let files = kinds.iter().filter_map(|kind| match kind {
            Kind::File { path, .. } => Some(path.as_path()),
            _ => None,
        });
        let metrics = self.config.metrics.output_file.as_deref().filter(|_| self.config.metrics.enabled);
        let appended: Vec<&Path> = files.chain(metrics).collect();
        for output in &appended {
            target::refuse_overwriting(output, read.iter().copied())?;
        }
        args.write
            .as_deref()
            .map_or(Ok(()), |trace| target::refuse_overwriting(trace, read.iter().chain(&appended).copied()))
    }

    /// The form of the lines.
    pub fn style(&self) -> Style {
        configured::style(self.config.lines)
    }

    /// How rules are evaluated, where `seen` events were evaluated before.
    pub fn options(&self, args: &Live, seen: u64) -> Options {
        Options {
            matching: configured::matching(&self.config),
            limit: args.limit.map(|limit| limit.saturating_sub(seen)),
            settings: self.style().settings,
            ..Options::default()
        }
    }

    /// Keys that `next` has changed and that take effect only at the start of a run.
    pub fn held(&self, next: &Setup) -> Vec<&'static str> {
        let (old, new) = (&self.config, &next.config);
        let changed = [
            ("webserver", old.web != new.web),
            ("capture", old.capture != new.capture),
            ("falco_libs.snaplen", old.snaplen != new.snaplen),
            ("engine.modern_ebpf.buf_size_preset", old.ring != new.ring),
            ("log_stderr, log_syslog, log_level or libs_logger", old.log != new.log),
        ];
        changed.into_iter().filter_map(|(key, changed)| changed.then_some(key)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io;

    use tercel_format::catalogue::code;
    use tercel_format::{Block, Event};
    use tercel_replay::{Alert, Formatter, Replay, Sink};
    use tercel_rules::load;

    use super::*;

    struct Lines(Formatter, Vec<String>);

    impl Sink for Lines {
        fn alert(&mut self, alert: &Alert<'_>) -> io::Result<()> {
            let mut line = Vec::new();
            self.0.push_line(alert, &mut line);
            self.1.push(String::from_utf8_lossy(&line).into_owned());
            Ok(())
        }
    }

    /// The lines of a rule under a configuration.
    fn lines(name: &str, rule: &str, config: &str) -> Result<Vec<String>, String> {
        let directory = std::env::temp_dir().join(format!("tercel-setup-{}-{name}", std::process::id()));
        fs::create_dir_all(&directory).expect("a directory");
        let (rules, file) = (directory.join("rules.yaml"), directory.join("falco.yaml"));
        fs::write(&rules, rule).expect("a file");
        fs::write(&file, format!("rules_files: [{}]\n{config}", rules.display())).expect("a file");
        let loaded = config::load(Some(&file), &[]).map_err(|error| error.to_string());
        let plan = loaded.and_then(|loaded| {
            assert_eq!(loaded.remarks, Remarks::default());
            let plan = Plan::new(None, load::Options::default(), &loaded.config);
            Ok((
                plan.map_err(|failure| failure.message)?.reload().map_err(|errors| errors.concat())?.program,
                loaded.config,
            ))
        });
        fs::remove_dir_all(&directory).expect("a directory");
        let (program, config) = plan?;
        let mut lines = Lines(Formatter::new(&program, configured::style(config.lines)), Vec::new());
        let event = Event::new(code::SYSCALL_GETCWD_E, &[], &[]).expect("a known code");
        let mut replay = Replay::new(&program, None, Options::default());
        replay.block(&Block::Event(event), &mut lines).expect("a block");
        Ok(lines.1)
    }

    const RULE: &str = "- {rule: R, desc: x, condition: evt.type = getcwd and static.stage = test, output: 'o %static.stage', \
        priority: INFO}\n";

    #[test]
    fn fields_of_the_configuration_are_conditions_outputs_and_json() {
        let fields = "static_fields: {stage: test, site.name: a b}\n";
        let text = format!("{fields}append_output: [{{suggested_output: true}}]\n");
        assert_eq!(
            lines("text", RULE, &text).expect("lines"),
            [
                "00:00:00.000000000: Informational o test static_site_name=a b static_stage=test container_id=host container_name=host \
              container_image_repository= container_image_tag= k8s_pod_name=<NA> k8s_ns_name=<NA>"
            ]
        );
        let json = format!(
            "{fields}json_output: true\njson_include_output_property: false\njson_include_tags_property: false\n\
            append_output: [{{extra_fields: [static.site.name, evt.type, {{about: '%static.stage of %evt.type'}}]}}]\n"
        );
        assert_eq!(
            lines("json", RULE, &json).expect("lines"),
            [
                "{\"hostname\":\"\",\"output_fields\":{\"about\":\"test of getcwd\",\"evt.time\":0,\"evt.type\":\"getcwd\",\
              \"static.site.name\":\"a b\",\"static.stage\":\"test\"},\"priority\":\"Informational\",\"rule\":\"R\",\
              \"source\":\"syscall\",\"time\":\"1970-01-01T00:00:00.000000000Z\"}"
            ]
        );
        assert_eq!(lines("other", RULE, "static_fields: {stage: other}\n").expect("lines"), [""; 0]);
        let error = lines("unknown", RULE, "static_fields: {site: x}\n").expect_err("no such field");
        assert!(error.contains("'static.stage' needs 'stage'"), "{error}");
    }
}
