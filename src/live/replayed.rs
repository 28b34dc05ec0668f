//! A capture in the place of the kernel, as with Falco's `engine.kind: replay` and `-e FILE`: what live was asked for enters, a replay of
//! the capture leaves.

use std::path::Path;

use tercel_outputs::{Kind, Level};
use tercel_replay::Options;

use super::log::Log;
use super::setup::Setup;
use crate::configured;
use crate::exit::{Failure, Outcome};
use crate::inputs;
use crate::intent::{Filter, Live, Replay};
use crate::replay;
use crate::rules;

/// Reads a capture to its end. Alerts go to standard output or to the file of `--output`, whatever outputs are configured.
///
/// # Errors
/// The rules are invalid, the capture cannot be read, or something is asked for that only the events of a host can give.
pub fn run(args: &Live, setup: &Setup, capture: &Path, log: &Log) -> Result<Outcome, Failure> {
    refuse(args)?;
    let config = &setup.config;
    if args.output.is_none() {
        let elsewhere = config.outputs.iter().filter(|kind| **kind != Kind::Stdout);
        let elsewhere: Vec<String> = elsewhere.map(Kind::target).collect();
        if !elsewhere.is_empty() {
            let text = format!("alerts of a capture go to standard output, not to {}", elsewhere.join(", "));
            log.tell(Level::Warning, &text);
        }
    }
    let (traces, _) = inputs::traces_and_rest(&[capture.to_string_lossy().into_owned()])?;
    let filter = args.filter.as_ref().map(|filter| {
        rules::filter(&filter.text).map(|program| Filter { text: filter.text.clone(), program })
    });
    let style = configured::style(config.lines);
    let options = Options {
        matching: configured::matching(config),
        limit: args.limit,
        settings: style.settings,
        ..Options::default()
    };
    replay::run(&Replay {
        rules: configured::rules(args.rules.clone(), config)?,
        correlations: configured::correlations(args.correlations.clone(), config),
        configuration: setup.configuration().to_vec(),
        traces,
        filter: filter.transpose()?,
        verify: false,
        options,
        style,
        jobs: None,
        merge: false,
        with_file: false,
        utc: args.utc,
        output: args.output.clone(),
        fail_on: None,
        quiet: args.quiet,
        verbose: args.verbose,
    })
}

/// Refuses options that a capture cannot follow.
fn refuse(args: &Live) -> Result<(), Failure> {
    let records = args.write.is_some() || args.flight.is_some();
    for (is_asked, flag, instead) in [
        (records, "-w, --ring", "'tercel convert' and 'tercel slice' rewrite captures"),
        (args.redaction.is_some(), "--redact", "'tercel redact' does it"),
        (args.sign.is_some(), "--sign", "'tercel sign' does it"),
        (args.duration.is_some(), "-M", "'tercel replay --to' ends earlier"),
    ] {
        if is_asked {
            return Err(Failure::usage(format!("{flag}: the events come from a capture; {instead}")));
        }
    }
    Ok(())
}
