//! `tercel live`: events of the running host enter, alerts leave through the outputs as they happen. The engine is that of replay;
//! with `-w` the same blocks are written to a trace, whose replay gives the same lines.
//!
//! One thread takes blocks from the probe, keeps the state and evaluates; at intervals it does everything else.
//! Every output has a thread of its own, and so has the web server.

mod check;
mod correlating;
mod flight;
mod intent;
mod lines;
mod log;
mod recordings;
mod reload;
mod replayed;
mod rules;
mod setup;
mod signals;
mod tally;
mod watch;
mod writer;

use rustix::thread::CapabilitySet;
use tercel_capture::{Engines, Options as Probing, Source};
use tercel_config::Config;
use tercel_format::trace::{Options as Packing, SignWith};
use tercel_live::{Snapshots, SyscallSelection, WebError, WebServer};
use tercel_outputs::{Kind, Level, Outputs};

use crate::exit::{Failure, Outcome};
use crate::host;
use crate::intent::Live;
use crate::privileges;
use crate::redaction::{self, Beside};
use crate::rules as rule_files;
use crate::snaplen;
use crate::stop;
use crate::target;

pub use check::run as check;
use flight::Flight;
use log::Log;
use recordings::Recordings;
use rules::Running;
use setup::Setup;
use signals::Signals;
use watch::{Parts, Watch};
use writer::Writer;

/// Watches the host until something asks to stop.
pub fn run(args: &Live) -> Result<Outcome, Failure> {
    let (setup, remarks) = Setup::read(args)?;
    let config = &setup.config;
    let mut log = Log::new(config, args.quiet)?;
    log.remarks(&remarks);
    if let Some(capture) = &config.capture_file {
        return replayed::run(args, &setup, capture, &log);
    }
    let kinds = setup.kinds(args);
    flight::check(config)?;
    let rules = setup.plan.read()?;
    setup.plan.unmatched(&rules).iter().for_each(|line| log.tell(Level::Warning, line));
    setup.refuse_overwriting(args, &kinds)?;
    let (sources, correlations) = (setup.plan.sources()?, setup.plan.correlations());
    for line in intent::lines(config, &setup.absent, &sources, &rules, correlations, &kinds) {
        log.tell(Level::Info, &line);
    }
    let redaction = redaction(args, config)?;
    // While files that only root can read still can be read.
    let signer = signer(args, config)?;
    let correlations = setup.plan.correlate(&rules).map_err(|errors| Failure::usage(errors.join("\n")))?;
    correlations.remarks.iter().for_each(|remark| log.tell(Level::Warning, &remark.to_string()));
    let program = rule_files::program(rules, args.quiet, args.verbose)?;
    let filter = args.filter.as_ref().map(|filter| &filter.program);
    let stopper = stop::watch_without_hangup().map_err(Failure::io)?;
    let signals = Signals::watch().map_err(Failure::io)?;
    let calls = SyscallSelection::of(&program, &config.calls, args.write.is_some());
    let (option, asked) = args.snaplen.map_or(("falco_libs.snaplen", config.snaplen), |asked| ("-s", asked));
    let (snaplen, warning) = snaplen::within_limit(option, asked);
    warning.iter().for_each(|warning| log.tell(Level::Warning, warning));
    let probing = Probing {
        wanted: calls.wanted(),
        snaplen,
        max_args: args.max_args.unwrap_or(Probing::USUAL_ARGS),
        ring: args.ring.unwrap_or(config.ring),
        latency: args.latency,
        btf: args.btf.clone(),
        resources: args.resources,
        ..Probing::default()
    };
    let engines = Engines {
        first: privileges::give_up_in_thread,
        ..Engines::and(&args.sockets.docker, &args.sockets.cri)
    };
    let source = Source::start(&probing, &engines, stopper).map_err(Failure::io)?;
    log.tell_of_capture(Level::Info, &source.hooks());
    log.tell_of_capture(Level::Info, &source.paths().text());
    let uring = source.uring();
    let level = if uring.reason.is_some() { Level::Warning } else { Level::Info };
    log.tell_of_capture(level, &uring.text());
    let file = args.write.as_deref().map(|path| writer::create(path, args.creation)).transpose()?;
    // Threads inherit the capabilities of the thread that starts them: all others start after this line.
    let has_programs = kinds.iter().any(|kind| matches!(kind, Kind::Program { .. }));
    if let Err(reason) = privileges::give_up(CapabilitySet::empty(), has_programs) {
        log.tell(Level::Error, &format!("cannot drop privileges: {reason}"));
    }
    log.renew(config)?;
    let header = host::header(source.machine(), source.coverage(), "", probing.snaplen);
    let writer = args.write.as_deref().zip(file);
    let packing = Packing { layout: args.layout, signer: signer.clone(), ..Packing::default() };
    let writer = writer.map(|(path, file)| Writer::new(path, file, header.clone(), packing));
    let flight = Flight::start(args, config, &program, (header.clone(), signer), &log)?;
    let recordings = Recordings::start(writer, flight, redaction, header)?;
    let outputs = Outputs::start(&kinds, config.limits).map_err(Failure::usage)?;
    let web = config.web.as_ref().map(WebServer::start).transpose().map_err(web_failed)?;
    let snapshots = Snapshots::new(&config.metrics).map_err(Failure::io)?;
    let parts = Parts { calls, source, recordings, outputs, log, web, snapshots };
    Watch::new(args, setup, parts).run(Running { program, correlations }, filter, &signals)
}

/// What redacts whatever is recorded.
fn redaction(args: &Live, config: &Config) -> Result<Option<Beside>, Failure> {
    let Some(asked) = &args.redaction else { return Ok(None) };
    if args.write.is_none() && args.flight.is_none() && !config.capture.enabled {
        return Err(Failure::usage("--redact needs -w, --ring or capture.enabled: alerts are not redacted"));
    }
    Ok(Some(Beside::new(redaction::redactor(asked)?)))
}

/// Who signs whatever is recorded.
fn signer(args: &Live, config: &Config) -> Result<Option<SignWith>, Failure> {
    let Some(key) = args.sign.as_ref().or(config.capture.sign_key.as_ref()) else { return Ok(None) };
    if args.sign.is_some() && args.write.is_none() && args.flight.is_none() && !config.capture.enabled {
        return Err(Failure::usage("--sign needs -w, --ring or capture.enabled: alerts are not signed"));
    }
    target::signer_of(key).map(Some)
}

/// Certificates are a matter of the configuration, the rest is one of the host.
fn web_failed(error: WebError) -> Failure {
    match error {
        WebError::Certificate { .. } => Failure::usage(error),
        WebError::Listen { .. } | WebError::Thread(_) => Failure::io(error),
    }
}
