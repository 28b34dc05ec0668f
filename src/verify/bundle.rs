//! What verification says of a bundle around its trace: an archive enters, what its checksums and their signature are worth leaves.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Arc;

use jiff::Timestamp;
use tercel_format::trace::{Covered, Signature, Storage};
use tercel_format::{bundle, visible};
use tercel_signing::{AllowedSigners, check as check_signature};

use super::Found;
use crate::collect::{SIGNATURE, SUMS, sum_of};
use crate::diagnostics::counted;
use crate::exit::Outcome;

/// Largest list of checksums, and signature, that is read.
const LONGEST: u64 = 1 << 20;

/// Most files in a bundle.
const FILES: usize = 10_000;

/// What an archive holds.
#[derive(Default)]
struct Held {
    /// Checksums by path.
    found: BTreeMap<String, String>,
    sums: String,
    signature: Vec<u8>,
}

/// Compares the files of a bundle with its checksums, and these with their signature.
pub fn check(storage: &Arc<dyn Storage>, allowed: Option<&AllowedSigners>) -> Found {
    let mut held = Held::default();
    let read = bundle::members(storage, |path, bytes| held.take(path, bytes));
    let mut lines = Vec::new();
    if let Err(error) = read {
        lines.push(format!("FAILED: the bundle ends early or is damaged: {error}"));
    }
    let mut listed: BTreeMap<&str, &str> =
        held.sums.lines().filter_map(|line| line.split_once("  ")).map(|(sum, path)| (path, sum)).collect();
    let (mut right, mut wrong) = (0, Vec::new());
    for (path, sum) in &held.found {
        match listed.remove(path.as_str()) {
            Some(expected) if expected == sum => right += 1,
            Some(_) => wrong.push(format!("FAILED: {} is not what {SUMS} says", visible(path.as_bytes()))),
            None => wrong.push(format!("FAILED: {} is not in {SUMS}", visible(path.as_bytes()))),
        }
    }
    wrong.extend(
        listed.keys().map(|path| format!("FAILED: {} of {SUMS} is missing", visible(path.as_bytes()))),
    );
    lines.extend(wrong);
    lines.push(format!("{} as {SUMS} says", counted(right, "file")));
    lines.extend(signed(held, allowed));
    let failed = lines.iter().any(|line| line.starts_with("FAILED"));
    (if failed { Outcome::Damaged } else { Outcome::Done }, lines)
}

impl Held {
    fn take(&mut self, path: &str, bytes: &mut dyn Read) -> io::Result<()> {
        match path {
            SUMS if self.sums.is_empty() => bytes.take(LONGEST).read_to_string(&mut self.sums).map(drop),
            SIGNATURE if self.signature.is_empty() => {
                bytes.take(LONGEST).read_to_end(&mut self.signature).map(drop)
            }
            _ if self.found.len() == FILES => Err(io::Error::other(format!("more than {FILES} files"))),
            _ => {
                // A second file of this path is none that the checksums can speak of.
                let path =
                    if self.found.contains_key(path) { format!("{path} (again)") } else { path.to_owned() };
                self.found.insert(path, sum_of(bytes)?);
                Ok(())
            }
        }
    }
}

/// Who signed the checksums.
fn signed(held: Held, allowed: Option<&AllowedSigners>) -> Option<String> {
    if held.signature.is_empty() {
        return allowed.map(|_| format!("FAILED: {SUMS} is not signed"));
    }
    let signature = Signature {
        offset: 0,
        covered: Covered::Whole,
        chunks: 0,
        statement: held.sums,
        bytes: held.signature,
    };
    Some(match check_signature(&signature) {
        Err(_) => format!("FAILED: {SIGNATURE} is not a signature of {SUMS}"),
        Ok(signed) => match allowed.map(|allowed| allowed.principals(&signed, Timestamp::now())) {
            None => format!("{SUMS} signed by a key that --allowed-signers can check ({})", signed.name()),
            Some(None) => format!("FAILED: {SUMS} is signed by an unknown signer ({})", signed.name()),
            Some(Some(principals)) => {
                format!("{SUMS} signed by {} ({})", visible(principals.as_bytes()), signed.name())
            }
        },
    })
}
