//! The plan of a run as a list of lines: `tercel config check` prints each with "would" before it, `tercel live` when it starts.

use std::path::{Path, PathBuf};

use tercel_config::{Config, Schema};
use tercel_outputs::Kind;
use tercel_rules::load::{Loaded, RuleState};

use super::rules::Found;

/// One line for each rule file, output and server, and for each named file that does not exist.
pub fn lines(
    config: &Config,
    absent: &[PathBuf],
    sources: &[(&Path, Found)],
    rules: &Loaded,
    correlations: &[PathBuf],
    kinds: &[Kind],
) -> Vec<String> {
    let mut lines = Vec::new();
    for (path, found) in sources {
        match found {
            Found::Nothing => {
                lines.push(format!("load nothing from {}: it contains no rule file", path.display()))
            }
            Found::Files(files) => {
                lines.extend(
                    files.iter().map(|file| format!("load {}: {}", file.name, counted(rules, &file.name))),
                );
            }
        }
    }
    lines.extend(correlations.iter().map(|path| format!("load the correlations of {}", path.display())));
    lines.extend(absent.iter().map(|path| format!("skip {}: it does not exist", path.display())));
    let form = match (config.lines.json, config.lines.schema) {
        (false, _) => "text",
        (true, Schema::Falco) => "JSON",
        (true, Schema::Ecs) => "ECS JSON",
        (true, Schema::Ocsf) => "OCSF JSON",
    };
    let threshold = format!("run no rule less urgent than {}", config.priority.name());
    if let Some(capture) = &config.capture_file {
        let capture = capture.display();
        lines.push(format!("read the capture {capture}, write alerts as {form} to standard output, and end"));
        lines.push(threshold);
        return lines;
    }
    lines.extend(kinds.iter().map(|kind| match (kind, kind.obstacle()) {
        (Kind::Otlp(_), _) => format!("send alerts as log records to {}", kind.target()),
        (_, None) => format!("write alerts as {form} to {}", kind.target()),
        (_, Some(reason)) => {
            format!(
                "keep alerts until {} can be written, and lose those that are too many: {reason}",
                kind.target()
            )
        }
    }));
    if config.capture.enabled {
        let which = if config.capture.all_rules { "all rules" } else { "rules with 'capture: true'" };
        let prefix = config.capture.prefix.display();
        lines.push(format!("write the events around alerts of {which} to {prefix}_TIME_EVENT.scap"));
    }
    if let Some(file) = config.metrics.output_file.as_ref().filter(|_| config.metrics.enabled) {
        lines.push(format!("write metrics to the file {}", file.display()));
    }
    lines.push(threshold);
    lines.extend(config.web.iter().map(|web| format!("serve {} on {}", web.scheme(), web.address)));
    lines
}

/// What is loaded from a file.
fn counted(rules: &Loaded, name: &str) -> String {
    match rules.reports.iter().find(|report| &*report.name == name) {
        None => "not read, because a file before it has errors".to_owned(),
        Some(report) if !report.successful() => "it has errors".to_owned(),
        Some(_) => {
            let of_file = || rules.rules.iter().filter(|rule| &*rule.place.file == name);
            let run = of_file().filter(|rule| rule.state == RuleState::Enabled).count();
            let all = of_file().count();
            let (noun, verb) =
                (if all == 1 { "rule" } else { "rules" }, if run == 1 { "runs" } else { "run" });
            format!("{run} of {all} {noun} {verb}")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tercel_config as config;
    use tercel_rules::load::Options;

    use super::*;
    use crate::live::rules::Plan;

    /// Falco's package installs an empty `rules.d` and names a local file that does not exist; neither is an error.
    #[test]
    fn the_list_says_what_becomes_of_each_file_and_output() {
        let directory = std::env::temp_dir().join(format!("tercel-intent-{}", std::process::id()));
        fs::create_dir_all(directory.join("rules.d")).expect("a directory");
        let rule = "- rule: A\n  desc: x\n  condition: evt.type=open\n  output: x\n  priority: INFO\n";
        fs::write(directory.join("r.yaml"), rule).expect("a file");
        let d = directory.display();
        let text = format!("rules_files: [{d}/r.yaml, {d}/rules.d, {d}/r.local.yaml]\n");
        let file = directory.join("falco.yaml");
        fs::write(&file, text).expect("a file");

        let loaded = config::load(Some(&file), &[]).expect("a configuration");
        let plan = Plan::new(None, Options::default(), &loaded.config).expect("a plan");
        let rules = plan.read().expect("rules");
        let sources = plan.sources().expect("files");
        let kinds = loaded.config.kinds();
        let lines = lines(&loaded.config, &loaded.absent, &sources, &rules, &[], &kinds);
        assert_eq!(rules.program.rules.len(), 1);
        assert_eq!(
            lines,
            [
                format!("load {d}/r.yaml: 1 of 1 rule runs"),
                format!("load nothing from {d}/rules.d: it contains no rule file"),
                format!("skip {d}/r.local.yaml: it does not exist"),
                "write alerts as text to standard output".to_owned(),
                "run no rule less urgent than Debug".to_owned(),
            ]
        );
        // A directory on the command line has to contain rules.
        let plan = Plan::new(Some(vec![directory.join("rules.d")]), Options::default(), &loaded.config);
        assert!(plan.expect("a plan").read().is_err());
        fs::remove_dir_all(&directory).expect("a directory");
    }
}
