//! `tercel collect`: what the host offers, a recording of it, what rules say of that, and a report leave as one file. Each part is made by the
//! verb that a user would type; here they are put in a row, in a directory next to the bundle.

mod pack;

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::thread;

use tercel_capture::Engines;
use tercel_format::bundle::TRACE;
use tercel_format::series::Destination;
use tercel_rules::load::Options;
use tercel_rules::shipped;

use crate::cli;
use crate::doctor;
use crate::exit::{Failure, Outcome};
use crate::inputs;
use crate::intent::{Collect, Rules};
use crate::redaction;
use crate::rules;
use crate::sign::read_key;
use crate::target::{refuse_overwriting, refused};
use pack::Workplace;

pub use pack::{SIGNATURE, SUMS, sum_of};

/// The files that a bundle has beside its trace.
const RULES: &str = "rules";
const DOCTOR: [&str; 2] = ["doctor.txt", "doctor.json"];
const ALERTS: [&str; 2] = ["alerts.txt", "alerts.jsonl"];
const REPORT: &str = "report.html";
const README: &str = "README.txt";

/// Runs the verb.
pub fn run(intent: &Collect) -> Result<Outcome, Failure> {
    let destination = Destination::new(&intent.path).created(intent.creation);
    destination.look().map_err(|error| refused(&destination.name(), &error))?;
    let key = intent.sign.as_deref().map(read_key).transpose()?;
    intent.sign.iter().try_for_each(|key| refuse_overwriting(&intent.path, [key.as_path()]))?;
    if let Some(redaction) = &intent.redaction {
        redaction::refuse_overwriting(&intent.path, redaction)?;
    }
    let rules = rule_files(intent)?;
    let place = Workplace::create(&intent.path)?;
    place.directory(RULES)?;
    for (name, text) in &rules {
        place.write(&format!("{RULES}/{name}"), text)?;
    }
    let engines = Engines::and(&intent.sockets.docker, &intent.sockets.cri);
    let [text, json] = doctor::report(&engines);
    place.write(DOCTOR[0], text.as_bytes())?;
    place.write(DOCTOR[1], json.as_bytes())?;
    place.write(README, readme().as_bytes())?;
    let outcome = made(intent, place.path());
    if !place.path().join(TRACE).exists() {
        place.remove();
        return outcome.and_then(|_| Err(Failure::io("nothing was recorded")));
    }
    // What there is of a recording that broke is evidence, too; the failure shows in the exit code.
    let outcome = outcome.unwrap_or_else(|failure| crate::diagnostics::failed(&failure));
    let packed = place.pack(&intent.path, intent.creation, key.as_ref())?;
    if !intent.quiet {
        eprintln!("{}: {packed}", intent.path.display());
    }
    Ok(outcome)
}

/// The rule files that are used, under names that keep their order and that a directory of rules has.
///
/// # Errors
/// They have errors, which nobody wants to hear after the recording.
fn rule_files(intent: &Collect) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    if intent.rules.is_empty() {
        return Ok(shipped::FILES
            .iter()
            .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()))
            .collect());
    }
    let given = Rules { files: intent.rules.clone(), options: Options::default(), tags: Vec::new() };
    rules::load(&given, intent.quiet, false)?;
    let files = inputs::rule_files(&intent.rules)?;
    let named = files.into_iter().enumerate().map(|(at, file)| {
        let name = Path::new(&file.name).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_yaml = name.ends_with(".yaml") || name.ends_with(".yml");
        (format!("{at:03}-{name}{}", if is_yaml { "" } else { ".yaml" }), file.bytes)
    });
    Ok(named.collect())
}

/// Makes the trace, and what is made of it, in a thread of its own: recording gives rights up, and only for the thread that does it.
fn made(intent: &Collect, place: &Path) -> Result<Outcome, Failure> {
    let record = record(intent, place);
    let (trace, rules) = (place.join(TRACE), place.join(RULES));
    let asked = |verb: &str, output: &str, more: &[&str]| {
        let words = [
            verb.as_ref(),
            trace.as_os_str(),
            "--rules".as_ref(),
            rules.as_os_str(),
            "-q".as_ref(),
            "--output".as_ref(),
        ];
        let output = place.join(output);
        let words = words.iter().copied().chain([output.as_os_str()]).chain(more.iter().map(AsRef::as_ref));
        words.map(OsString::from).collect::<Vec<_>>()
    };
    let questions = [
        asked("replay", ALERTS[0], &[]),
        asked("replay", ALERTS[1], &["--json"]),
        asked("report", REPORT, &[]),
    ];
    let verbs = move || {
        let mut outcome = typed(record)?;
        for words in questions {
            outcome = outcome.max(typed(words)?);
        }
        Ok(outcome)
    };
    let joined = thread::scope(|scope| scope.spawn(verbs).join());
    joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// The words that record as this intent says.
fn record(intent: &Collect, place: &Path) -> Vec<OsString> {
    let mut words: Vec<OsString> = ["record", "-M"].map(OsString::from).into();
    words.push(format!("{}ms", intent.duration.as_millis()).into());
    words.extend(["-s".into(), intent.snaplen.to_string().into()]);
    words.extend(["-w".into(), literal(&place.join(TRACE))]);
    let mut option = |name: &str, value: Option<&Path>| {
        words
            .extend(value.into_iter().flat_map(|value| [OsString::from(name), value.as_os_str().to_owned()]));
    };
    option("--sign", intent.sign.as_deref());
    if let Some(redaction) = &intent.redaction {
        option("--redact", Some(redaction.policy.as_deref().unwrap_or(Path::new("default"))));
        option("--redact-key", redaction.key.as_deref());
    }
    intent.sockets.docker.iter().for_each(|socket| option("--docker", Some(socket)));
    intent.sockets.cri.iter().for_each(|socket| option("--cri", Some(socket)));
    words.extend(intent.quiet.then(|| "-q".into()));
    words
}

/// A path as record takes it, to whom % sequences are times.
fn literal(path: &Path) -> OsString {
    let parts = path.as_os_str().as_encoded_bytes().split(|byte| *byte == b'%');
    OsString::from_vec(parts.collect::<Vec<_>>().join(&b"%%"[..]))
}

/// Runs a verb as if it had been typed.
fn typed(words: Vec<OsString>) -> Result<Outcome, Failure> {
    cli::parse(std::iter::once("tercel".into()).chain(words).collect()).and_then(|intent| crate::run(&intent))
}

/// What is said in the bundle about the bundle.
fn readme() -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!(
        "Collected on {} by {} {}.\n\n\
         {TRACE}     what the host did; 'tercel ps', 'files', 'net', 'timeline', 'events' and others read it\n\
         doctor.*       what the host offered, and what the recording lacks for that\n\
         {RULES}/         the rules that were used\n\
         alerts.*       what they say: lines as Falco prints them, and as JSON\n\
         {REPORT}    a page for a browser: alerts, processes, connections, files\n\
         {}     checksums; 'sha256sum -c' in this directory checks them, and {} signs them if it is there:\n\
         \x20              ssh-keygen -Y verify -n {} -f ALLOWED_SIGNERS -I NAME -s {} < {}\n\n\
         'tercel verify' of the bundle checks all of it, and every verb that reads captures reads the bundle as it is.\n",
        host.trim(),
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_VERSION"),
        pack::SUMS,
        pack::SIGNATURE,
        tercel_signing::NAMESPACE,
        pack::SIGNATURE,
        pack::SUMS,
    )
}
