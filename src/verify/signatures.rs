//! What verification says of signatures: those in the intact part of a trace and the allowed signers enter, lines and an outcome leave.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use jiff::Timestamp;
use tercel_format::trace::{Covered, Signature, Verdict};
use tercel_signing::{AllowedSigners, Signed, check};

use crate::diagnostics::counted;
use crate::exit::{Failure, Outcome};

/// Largest file of allowed signers that is read.
const LIMIT: u64 = 16 << 20;

/// Reads a file of allowed signers.
///
/// # Errors
/// It cannot be read.
pub fn allowed(path: &Path) -> Result<AllowedSigners, Failure> {
    let name = path.display();
    let failed = |error: std::io::Error| Failure::usage(format!("{name}: {error}"));
    let mut text = String::new();
    File::open(path).and_then(|file| file.take(LIMIT + 1).read_to_string(&mut text)).map_err(failed)?;
    if text.len() as u64 > LIMIT {
        return Err(Failure::usage(format!("{name}: more than {} MiB", LIMIT >> 20)));
    }
    AllowedSigners::parse(&text).map_err(|error| Failure::usage(format!("{name}: {error}")))
}

/// The furthest that a signer vouches for.
struct Vouched<'a> {
    signed: Signed,
    principals: Option<&'a str>,
    last: Signature,
}

/// Judges the signatures of a trace. Without allowed signers, whoever signed is only named.
pub fn judge(verdict: &Verdict, allowed: Option<&AllowedSigners>) -> (Outcome, Vec<String>) {
    let now = Timestamp::now();
    let (mut lines, mut vouched) = (Vec::new(), Vec::<Vouched<'_>>::new());
    let mut outcome = Outcome::Done;
    for signature in &verdict.signatures {
        match check(signature) {
            Err(reason) => {
                outcome = Outcome::Damaged;
                lines.push(format!("FAILED: signature at offset {}: {reason}", signature.offset));
            }
            Ok(signed) => {
                let principals = allowed.and_then(|allowed| allowed.principals(&signed, now));
                vouched.retain(|earlier| earlier.signed != signed);
                vouched.push(Vouched { signed, principals, last: signature.clone() });
            }
        }
    }
    for Vouched { signed, principals, last } in &vouched {
        let who = match (allowed, principals) {
            (None, _) => "a key that --allowed-signers can check".to_owned(),
            (Some(_), None) => "an unknown signer".to_owned(),
            (Some(_), Some(principals)) => visible(principals),
        };
        let what = match last.covered {
            Covered::Whole => "the whole trace".to_owned(),
            Covered::Chunks => format!("the first {}, not the rest", counted(last.chunks, "chunk")),
        };
        lines.push(format!("signed by {who} ({}): {what}", signed.name()));
    }
    let is_signed =
        |vouched: &Vouched<'_>| vouched.principals.is_some() && vouched.last.covered == Covered::Whole;
    if allowed.is_some() && !vouched.iter().any(is_signed) {
        outcome = Outcome::Damaged;
        lines.push("FAILED: no allowed signer signed the whole trace".to_owned());
    }
    (outcome, lines)
}

/// Writes what the last signature signs to a file, and the signature to another one next to it.
///
/// # Errors
/// There is none, or a file exists or cannot be written.
pub fn export(verdict: &Verdict, path: &Path) -> Result<(), Failure> {
    let Some(last) = verdict.signatures.last() else {
        return Err(Failure::damaged("--export-signature: nothing intact of the trace is signed"));
    };
    let mut name = path.as_os_str().to_owned();
    name.push(".sig");
    for (path, bytes) in [(path, last.statement.as_bytes()), (Path::new(&name), &last.bytes)] {
        let written = File::create_new(path).and_then(|mut file| file.write_all(bytes));
        written.map_err(|error| Failure::io(format!("{}: {error}", path.display())))?;
    }
    Ok(())
}

/// Text of a file, safe for a terminal.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
