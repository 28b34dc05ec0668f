//! Signatures (FORMAT.md section 10): a statement about chunks, or about a whole trace, is signed by whoever holds a key, and its
//! signature stands in a section of its own. What keys and signatures are is not known here.

use std::fmt::Write;
use std::sync::Arc;

use super::descriptor::Digest;
use super::error::Damage;
use super::section::{self, SectionKind};

/// Version of the body.
const VERSION: u16 = 1;

/// Largest section of a signature that is read.
pub(super) const LIMIT: u64 = 16 << 10;

/// Bytes that are kept free for the last signature of a trace, so that it can be closed on a full disk.
pub(super) const ROOM: u64 = 4 << 10;

/// After how many chunks a recording is signed.
pub(super) const EVERY: u64 = 4;

/// Most signatures in a row.
pub(super) const IN_A_ROW: usize = 16;

/// Signs statements.
pub trait Signer: Send + Sync {
    /// The signature of a statement; `None` if there is none. The trace then goes on without signatures, and its summary says so.
    fn sign(&self, statement: &str) -> Option<Vec<u8>>;
}

/// A signer among the options of a writer.
#[derive(Clone)]
pub struct SignWith(pub Arc<dyn Signer>);

impl std::fmt::Debug for SignWith {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SignWith")
    }
}

impl PartialEq for SignWith {
    fn eq(&self, other: &SignWith) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for SignWith {}

/// What a signature covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Covered {
    /// The chunks so far, and the header.
    Chunks,
    /// The whole trace, with its end.
    Whole,
}

impl Covered {
    const fn code(self) -> u8 {
        match self {
            Covered::Chunks => 1,
            Covered::Whole => 2,
        }
    }
}

/// A signature in a trace whose digests are right up to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Where its section starts in the file.
    pub offset: u64,
    /// What it covers.
    pub covered: Covered,
    /// The chunks that it covers.
    pub chunks: u64,
    /// What was signed.
    pub statement: String,
    /// The signature, in the signer's form.
    pub bytes: Vec<u8>,
}

/// What is signed: text, so that people can read it. `digest` is that of the last of `chunks` chunks, or the seal.
pub(super) fn statement(covered: Covered, chunks: u64, digest: &Digest) -> String {
    let what = match covered {
        Covered::Chunks => "digest",
        Covered::Whole => "seal",
    };
    let mut text = format!("tercel-trace 1\nchunks {chunks}\n{what} ");
    for byte in digest {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.push('\n');
    text
}

/// Makes the signatures of a trace. A signer that has failed once is not asked again: the rest of the trace is without signatures.
#[derive(Debug, Default)]
pub(super) struct Signing {
    signer: Option<SignWith>,
    has_failed: bool,
}

impl Signing {
    /// By this signer, if there is one.
    pub(super) fn by(signer: Option<SignWith>) -> Signing {
        Signing { signer, has_failed: false }
    }

    /// Whether somebody signs.
    pub(super) fn is_wanted(&self) -> bool {
        self.signer.is_some()
    }

    /// Whether a signature is missing.
    pub(super) fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// The section of a signature; empty without a signer.
    pub(super) fn section(&mut self, covered: Covered, chunks: u64, digest: &Digest) -> Vec<u8> {
        let Some(signer) = &self.signer else { return Vec::new() };
        match signer.0.sign(&statement(covered, chunks, digest)) {
            Some(bytes) => {
                let body = [&[covered.code()][..], &bytes].concat();
                section::build(SectionKind::Signature, VERSION, &body)
            }
            None => {
                (self.signer, self.has_failed) = (None, true);
                Vec::new()
            }
        }
    }
}

/// Reads a whole section: what is covered, and the signature.
pub(super) fn decode(frame: &[u8]) -> Result<(Covered, &[u8]), Damage> {
    match section::body(frame, SectionKind::Signature)?.split_first() {
        Some((1, bytes)) => Ok((Covered::Chunks, bytes)),
        Some((2, bytes)) => Ok((Covered::Whole, bytes)),
        _ => Err(Damage::Encoding(SectionKind::Signature.name())),
    }
}
