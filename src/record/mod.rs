//! `tercel record`: the system calls of the host leave as a trace. The arguments are checked here and the parts are connected; blocks
//! come from the source of the capture crate, as they would come from a file.

mod command;
mod containers;
mod processes;
mod rights;
mod status;

use std::path::Path;
use std::sync::mpsc::Receiver;
use std::time::Instant;

use jiff::tz::TimeZone;
use tercel_capture::{Engines, Options, ProcessScope, Source};
use tercel_format::LiveSource;
use tercel_format::series::{Names, Rotation, Series, SeriesError};
use tercel_live::LostExits;
use tercel_recording::{Broken, Control, Counts, DumpRequest, Error, Files, Limits, Recorder, Sums, Watcher};
use tercel_replay::keep::{Follow, OF_OTHERS, Scope};
use tercel_replay::state::State;

use crate::diagnostics::counted;
use crate::exit::{Failure, Outcome};
use crate::host;
use crate::intent::{FollowFrom, Record};
use crate::privileges;
use crate::redaction::{self, Recorded};
use crate::snaplen;
use crate::stop;
use crate::target;
use command::Starter;
use rights::Kept;
use status::{Lost, Status};

/// Records until a limit, a signal or the end of the command.
pub fn run(args: &Record) -> Result<Outcome, Failure> {
    let limits = Limits { count: args.count, seconds: args.duration };
    let chosen = processes::chosen(args)?;
    let scope = scope(args, chosen.as_deref())
        .filtered(args.filter.as_ref().map(|filter| &filter.program))
        .with_notices();
    let series = series(args).map_err(Error::from)?;
    let rotates = series.rotates();
    let writer = if rotates { target::writer_of_series } else { target::writer };
    let engines = Engines {
        first: privileges::give_up_in_thread,
        ..Engines::and(&args.sockets.docker, &args.sockets.cri)
    };
    // A command may make the container.
    if args.command.is_empty() {
        containers::check(&args.containers, &engines)?;
    }
    command::check(&args.command)?;
    let redaction = args.redaction.as_ref();
    redaction.map_or(Ok(()), |redaction| redaction::refuse_overwriting(&args.write.path, redaction))?;
    let redactor = redaction.map(redaction::redactor).transpose()?;
    let mut writer = writer(&args.write, &[])?;
    let options = Options { wanted: scope.event_types(), ..options(args, chosen) };
    let stopper = stop::watch().map_err(Failure::io)?;
    // Before the host is read, so that the trace has the parent of the command, and before rights are given up: threads inherit them.
    let starter = Starter::new(&args.command, args.write.path == Path::new("-")).map_err(Failure::io)?;
    let asked = Instant::now();
    let mut source = Source::start(&options, &engines, stopper).map_err(Failure::io)?;
    let filter = args.filter.as_ref().map_or("", |filter| filter.text.as_str());
    writer
        .describe(host::header(source.machine(), source.coverage(), filter, options.snaplen), String::new());
    if args.flight.is_some() && !writer.has_keyframes() {
        return Err(Failure::usage("--ring writes native traces only; 'tercel convert' writes other kinds"));
    }
    let mut files = Files::new(writer, series);
    if let Some(limits) = args.flight {
        files = files.keep_newest(limits)?;
    }
    let started = source.started();
    files.create_first(started)?;
    let rights = Kept::of(args, rotates || args.flight.is_some());
    if let Err(reason) = rights.give_up_rest() {
        eprintln!("warning: cannot drop privileges: {reason}");
    }
    let asked_to_dump = stop::watch_for_dumps().map_err(Failure::io)?;
    // The control socket is there as long as the first half.
    let (_control, requests) = control(args.control.as_deref())?.unzip();
    let mut recorder = Recorder::new(scope, files, limits).dump_when(asked_to_dump).requests_from(requests);
    if let Some(redactor) = redactor {
        recorder = recorder.transformed(Box::new(Recorded(redactor)));
    }
    let found = recorder.begin(&mut source, started)?;
    if source.uring().reason.is_some() && !args.quiet && !args.verbose {
        eprintln!("warning: {}", source.uring().text());
    }
    if args.verbose {
        let (machine, paths, uring) = (source.machine(), source.paths().text(), source.uring().text());
        let hooks = source.hooks();
        let coverage = [&*hooks, &paths, &uring];
        eprint!("{}", status::beginning(machine, &options, &found, coverage, asked.elapsed()));
        eprintln!("{}", rights.text());
    }
    let mut command = match starter.start() {
        Ok(command) => command,
        Err(failure) => {
            recorder.finish().map_err(broken)?;
            return Err(failure);
        }
    };
    recorder.add(command.pid());
    // The terminal belongs to the command, if there is one.
    let mut status = Status::new(args.quiet || !args.command.is_empty());
    let mut watch = Watch {
        command: (!args.command.is_empty()).then_some(&mut command),
        until_idle: args.until_idle,
        status: &mut status,
        lost_exits: LostExits::new(Instant::now()),
    };
    let followed = recorder.follow(&mut source, &mut watch);
    let elapsed = status.finish();
    while !command.end() {
        source.wait();
    }
    if args.only_failures && command.outcome() == Outcome::Command(0) {
        recorder.discard();
    }
    // A file that was recorded before an error is closed as well.
    let (counts, sums) = match followed {
        Ok(()) => recorder.finish(),
        Err(error) => Err(recorder.abandon(error)),
    }
    .map_err(broken)?;
    if !args.quiet {
        let lost =
            Lost { drops: source.drops(), by_cpu: source.drops_by_cpu(), rings: source.unseen_rings() };
        eprint!("{}", status::summary(&counts, &sums, &lost, elapsed));
    }
    if sums.unsigned > 0 {
        let files = counted(sums.unsigned, "file");
        return Err(Failure::io(format!("{files} not signed to the end: the key could not sign")));
    }
    Ok(command.outcome())
}

/// The control socket, if one is asked for.
fn control(path: Option<&Path>) -> Result<Option<(Control, Receiver<DumpRequest>)>, Failure> {
    let Some(path) = path else { return Ok(None) };
    Control::start(path).map(Some).map_err(|error| Failure::io(format!("{}: {error}", path.display())))
}

/// The options of the probe.
fn options(args: &Record, chosen: Option<Vec<i64>>) -> Options {
    let (snaplen, warning) = snaplen::within_limit("-s", args.snaplen);
    warning.iter().filter(|_| !args.quiet).for_each(|warning| eprintln!("warning: {warning}"));
    // Which processes are in a container, the kernel does not say.
    let scope = chosen.filter(|_| args.containers.is_empty()).map(|pids| ProcessScope {
        pids,
        descendants: args.follow != FollowFrom::Alone,
        children: !args.command.is_empty() && !args.all,
        of_others: OF_OTHERS,
    });
    let max_args = args.max_args.unwrap_or(Options::USUAL_ARGS);
    Options {
        snaplen,
        max_args,
        ring: args.ring,
        classic: args.classic,
        scope,
        latency: args.latency,
        btf: args.btf.clone(),
        resources: args.resources,
        ..Options::default()
    }
}

/// What is recorded: everything, unless processes, containers or a command are named.
fn scope(args: &Record, chosen: Option<&[i64]>) -> Scope {
    let scope = Scope::default().of_containers(&args.containers);
    let Some(pids) = chosen else { return scope };
    let follow = match args.follow {
        FollowFrom::Alone => Follow::Processes,
        FollowFrom::Descendants | FollowFrom::Session => Follow::Descendants,
    };
    scope.of_processes(pids, follow).without(std::process::id().into())
}

/// The failure of a recording, with what is left of it.
fn broken(broken: Broken) -> Failure {
    let failure = Failure::from(broken.error);
    let safe = broken.safe.filter(|_| !failure.message.is_empty()).map(status::safe).unwrap_or_default();
    Failure { message: failure.message + &safe, ..failure }
}

/// The files that it goes into.
fn series(args: &Record) -> Result<Series, SeriesError> {
    let rotation = Rotation { size: args.rotate_size, age: args.rotate_age };
    let path = &args.write.path;
    let names = Names::new(path, TimeZone::system(), rotation.rotates(), args.rotate_count)?;
    Series::new(names, rotation, args.write.creation)
}

/// Shows how far the recording is, and ends it with its command or its processes.
struct Watch<'a> {
    command: Option<&'a mut command::Command>,
    /// The processes have to end, too.
    until_idle: bool,
    status: &'a mut Status,
    lost_exits: LostExits,
}

impl Watcher<Source> for Watch<'_> {
    fn is_enough(&mut self, is_idle: bool) -> bool {
        match &mut self.command {
            None => is_idle,
            // A command that has ended is waited for at once: what it started may wait for it to be gone.
            Some(command) => command.has_ended() && (is_idle || !self.until_idle),
        }
    }

    fn progress(&mut self, counts: &Counts, sums: &Sums, source: &mut Source, state: Option<&State>) {
        if let Some(state) = state {
            // A process whose end was lost would keep the recording going.
            let ended = self.lost_exits.look(&state.threads, source.drops().unintended(), Instant::now());
            source.have_ended(ended);
        }
        self.status.draw(counts, sums, source.drops());
    }

    fn dumping(&mut self, name: &str) {
        self.status.report(&format!("{name}: writing the events in memory"));
    }
}
