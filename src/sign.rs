//! `tercel sign`: traces are verified, and each gets one signature more. A copy with it takes the place of the trace at once.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tercel_format::trace::{Covered, Depth, SignError, SignWith, Trace, countersign};
use tercel_replay::scan::verify_trace;
use tercel_signing::{Key, check};

use crate::diagnostics;
use crate::exit::{Failure, Outcome};
use crate::inputs::Input;
use crate::intent::Sign;

/// Runs the verb.
pub fn run(args: &Sign) -> Result<Outcome, Failure> {
    let key = Arc::new(read_key(&args.key)?);
    let mut outcome = Outcome::Done;
    for input in &args.traces {
        let Input::File(path) = input else {
            return Err(Failure::usage("sign needs files; it cannot sign standard input"));
        };
        match sign(path, &input.name(), &key) {
            Ok(line) if !args.quiet => eprintln!("{}: {line}", input.name()),
            Ok(_) => {}
            Err(failure) => outcome = outcome.max(diagnostics::failed(&failure)),
        }
    }
    Ok(outcome)
}

/// The key of a file.
///
/// # Errors
/// It cannot sign.
pub fn read_key(path: &Path) -> Result<Key, Failure> {
    Key::read(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

/// Signs one trace, and says what was done.
fn sign(path: &Path, name: &str, key: &Arc<Key>) -> Result<String, Failure> {
    let failed = |error: std::io::Error| Failure::io(format!("{name}: {error}"));
    let path = fs::canonicalize(path).map_err(failed)?;
    let file = File::open(&path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    let trace = Trace::open(file).map_err(|error| diagnostics::unread(name, &error))?;
    let proof = verify_trace(&trace, Depth::Contents, &mut |_| ());
    let verdict = proof.map_err(|error| diagnostics::unread(name, &error))?.verdict;
    if let Some(first) = &verdict.first_break {
        return Err(Failure::damaged(format!("{name}: FAILED: {first}; it was not signed")));
    }
    let mut whole = verdict.signatures.iter().filter(|signature| signature.covered == Covered::Whole);
    if whole.any(|signature| check(signature).is_ok_and(|signed| signed.name() == key.name())) {
        return Ok(format!("already signed by {}", key.name()));
    }
    let mut copy = path.clone().into_os_string();
    copy.push(".signing");
    let copy = PathBuf::from(copy);
    let created = OpenOptions::new().write(true).create_new(true).mode(metadata.mode() & 0o7777).open(&copy);
    let created = created.map_err(|error| Failure::io(format!("{}: {error}", copy.display())))?;
    let written = write(&trace, key, &created).and_then(|()| {
        // Only root can keep the owner of somebody else's file.
        let _ = fchown(&created, Some(metadata.uid()), Some(metadata.gid()));
        created.sync_all().and_then(|()| fs::rename(&copy, &path)).map_err(SignError::Output)
    });
    if let Err(error) = written {
        // The error that led here is reported.
        let _ = fs::remove_file(&copy);
        let message = format!("{name}: {error}");
        return Err(match error {
            SignError::Open => Failure::damaged(message),
            SignError::Trace(_) | SignError::Unsigned | SignError::Output(_) => Failure::io(message),
        });
    }
    Ok(format!("signed by {}: {}", key.name(), diagnostics::counted(verdict.chunks, "chunk")))
}

fn write(trace: &Trace, key: &Arc<Key>, file: &File) -> Result<(), SignError> {
    let mut output = BufWriter::new(file);
    countersign(trace, &SignWith(key.clone()), &mut output)?;
    output.flush().map_err(SignError::Output)
}
