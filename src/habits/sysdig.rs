//! sysdig's flags: the words of `tercel events` and `tercel record` enter as sysdig's users type them, the words that the command line
//! knows leave, or what to use instead.

use std::ffi::OsString;

use super::chisels;
use crate::exit::Failure;

/// Flags without a value that change nothing here: captures are always compressed, buffered and complete in their state, ports are
/// always numbers.
const IDLE: [&str; 9] = ["-z", "--compress", "-F", "--fatfile", "-N", "-D", "--debug", "--unbuffered", "-P"];

/// Flags that mean something else or nothing, and what to use instead.
const REFUSED: &[(&[&str], &str)] = &[
    (&["-S", "--summary"], "use 'tercel info TRACE': it counts events by type"),
    (
        &["-cl", "--list-chisels"],
        "use 'tercel table': tables stand for chisels; docs/from-sysdig.md says which for which",
    ),
    (
        &["-w", "--write"],
        "use 'tercel slice TRACE FILTER -w FILE', which keeps the state that later events need; of this host, 'tercel record -w FILE'",
    ),
    (&["-G", "-C", "-W"], "use 'tercel slice -G' or -C for a capture, 'tercel record' for this host"),
    (
        &["-k", "--k8s-api", "-m", "--mesos-api"],
        "names of pods come from the container engines, not from a server",
    ),
    (&["-R"], "ports are shown as numbers; fd.sport.name and the like have names"),
    (&["-T", "-Y"], "the filter is written after the capture; -p FORMAT says what is printed"),
    (&["-pm", "-pmesos"], "fields of mesos are gone from Falco's libraries, too"),
    (
        &["-pp"],
        "the default format is \"*%evt.num %evt.outputtime %evt.cpu %proc.name (%thread.tid) %evt.dir %evt.type %evt.info\"",
    ),
];

/// Whether sysdig's flags were typed without a verb: `tercel -r FILE`.
pub fn is_typed(words: &[OsString]) -> bool {
    const FLAGS: [&str; 6] = ["-r", "--read", "-c", "-cl", "-l", "-zr"];
    words.get(1).and_then(|word| word.to_str()).is_some_and(|word| FLAGS.contains(&word))
}

/// Dashes that a text processor made of hyphens.
///
/// # Errors
/// A word begins with one.
pub fn refuse_dashes(words: &[OsString]) -> Result<(), Failure> {
    let typed = |word: &&OsString| {
        word.to_str().is_some_and(|word| word.starts_with(['\u{2013}', '\u{2014}', '\u{2212}']))
    };
    match words.iter().skip(1).take(8).find(typed) {
        None => Ok(()),
        Some(word) => Err(Failure::usage(format!(
            "{}: begins with a typographic dash; type a hyphen: -",
            word.to_string_lossy()
        ))),
    }
}

/// The words of a program called `sysdig`, with `events` among them: without a capture it prints the events of this host.
///
/// # Errors
/// As for [`events`].
pub fn named(words: Vec<OsString>) -> Result<Vec<OsString>, Failure> {
    let asks = ["-r", "--read", "-zr", "-L", "--list-events", "-l"];
    let is_live = !words.iter().any(|word| asks.iter().any(|flag| word == flag));
    let mut words = events(words)?;
    if is_live && words.get(1).is_some_and(|verb| verb == "events") {
        words.insert(2, "--live".into());
    }
    Ok(words)
}

/// The words of `tercel events`: `-r FILE` names the capture, `-t` the form of times; for a chisel the message names the command to
/// use instead.
///
/// # Errors
/// A flag has no meaning here; the message says what to use instead.
pub fn events(words: Vec<OsString>) -> Result<Vec<OsString>, Failure> {
    let (mut kept, mut traces): (Vec<OsString>, Vec<OsString>) = (Vec::new(), Vec::new());
    let mut words = words.into_iter();
    kept.extend(words.by_ref().take(2));
    while let Some(word) = words.next() {
        let text = word.to_str().unwrap_or_default().to_owned();
        if let Some((flags, instead)) = REFUSED.iter().find(|(flags, _)| flags.contains(&text.as_str())) {
            return Err(Failure::usage(format!("{}: {instead}", flags.join(", "))));
        }
        match text.as_str() {
            "-r" | "--read" => traces.extend(words.next()),
            "-zr" => traces.extend(words.next()),
            "-l" | "--list-fields" => return Ok(vec![kept.swap_remove(0), "fields".into()]),
            "-c" | "--chisel" | "-i" | "--chisel-info" => {
                let chisel = words.next().unwrap_or_default();
                let rest: Vec<OsString> = words.by_ref().collect();
                let after = rest.iter().position(|word| word == "-r").and_then(|at| rest.get(at + 1));
                let argument = rest.first().and_then(|word| word.to_str()).unwrap_or_default();
                let instead = chisel.to_str().and_then(|chisel| chisels::instead(chisel, argument));
                let instead = instead.unwrap_or("docs/from-sysdig.md lists what answers them");
                let trace = traces.first().or(after).map_or("TRACE".into(), |trace| trace.to_string_lossy());
                let instead = instead.replace("TRACE", &trace);
                return Err(Failure::usage(format!("chisels cannot be run; instead of this one: {instead}")));
            }
            "-t" | "--timetype" => kept.extend(times(&words.next().unwrap_or_default().to_string_lossy())?),
            "-ta" | "-tr" | "-td" | "-tD" | "-th" => kept.extend(times(&text[2..])?),
            _ if IDLE.contains(&text.as_str()) => {}
            _ => kept.push(word),
        }
    }
    // What captures can contain is the same for all.
    if kept.iter().any(|word| word == "-L" || word == "--list" || word == "--list-events") {
        traces.clear();
    }
    // Captures come before the filter.
    let at = 2.min(kept.len());
    kept.splice(at..at, traces);
    Ok(kept)
}

/// The format of lines whose times have this form.
fn times(form: &str) -> Result<Vec<OsString>, Failure> {
    let time = match form {
        "h" => return Ok(Vec::new()),
        "a" => "%evt.rawtime.s.%evt.rawtime.ns",
        "r" => "%evt.reltime.s.%evt.reltime.ns",
        "D" => "%evt.deltatime.s.%evt.deltatime.ns",
        "d" => {
            return Err(Failure::usage(
                "-t d: -p '*%evt.num %evt.latency …' prints how long calls took, where 'record --latency' measured it; -t D is the time since the event before",
            ));
        }
        _ => {
            return Err(Failure::usage(
                "-t takes h (time of day), a (since 1970), r (since the first event) or D (since the event before)",
            ));
        }
    };
    let format = format!("*%evt.num {time} %evt.cpu %proc.name (%thread.tid) %evt.dir %evt.type %evt.info");
    Ok(vec!["-p".into(), format.into()])
}

/// The words of `tercel record`: what it always does, it need not be told.
///
/// # Errors
/// A flag has no meaning here; the message says what to use instead.
pub fn record(words: Vec<OsString>) -> Result<Vec<OsString>, Failure> {
    let mut kept: Vec<OsString> = Vec::new();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        match word.to_str().unwrap_or_default() {
            "--" => {
                kept.push(word);
                kept.extend(words.by_ref());
            }
            "-z" | "--compress" | "-F" | "--fatfile" => {}
            "-e" => return Err(Failure::usage("-e: files are split by size (-C) or by time (-G)")),
            _ => kept.push(word),
        }
    }
    Ok(kept)
}
