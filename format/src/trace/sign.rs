//! A signature for a trace that is closed: the trace and a signer enter, a copy of the trace with one signature more leaves. Chunks, index
//! and seal stay the same.

use std::io::{self, Write};

use super::error::TraceError;
use super::index::{self, TRAILER, Trailer};
use super::reader::Trace;
use super::signature::{Covered, SignWith, Signing};
use super::storage;

/// How much is copied at once.
const PIECE: u64 = 1 << 20;

/// Why a trace was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// It cannot be read.
    #[error("{0}")]
    Trace(TraceError),
    /// It has no index, or the index is not that of the chunks.
    #[error("the trace was not closed, or its end is damaged; sign what 'tercel recover' makes of it")]
    Open,
    /// The signer gave no signature.
    #[error("the key cannot sign")]
    Unsigned,
    /// The copy cannot be written.
    #[error("{0}")]
    Output(io::Error),
}

/// Copies a trace with a signature of its seal. The caller has verified it.
///
/// # Errors
/// It cannot be signed, read or written.
pub fn countersign(trace: &Trace, signer: &SignWith, output: &mut dyn Write) -> Result<(), SignError> {
    let storage = trace.storage();
    let (Some(seal), None) = (trace.seal(), trace.without_index()) else { return Err(SignError::Open) };
    let start = trace.length().saturating_sub(TRAILER as u64);
    let mut frame = Vec::new();
    storage::load(storage, &mut frame, start, TRAILER as u64).map_err(SignError::Trace)?;
    let distance = Trailer::decode(&frame).map_err(|_| SignError::Open)?.distance;
    let place = start.checked_sub(distance).ok_or(SignError::Open)?;
    let signature =
        Signing::by(Some(signer.clone())).section(Covered::Whole, trace.chunks().len() as u64, seal);
    if signature.is_empty() {
        return Err(SignError::Unsigned);
    }
    let mut copy = |from: u64, to: u64, output: &mut dyn Write| {
        let mut at = from;
        while at < to {
            let size = PIECE.min(to - at);
            storage::load(storage, &mut frame, at, size).map_err(SignError::Trace)?;
            if frame.len() as u64 != size {
                return Err(SignError::Open);
            }
            output.write_all(&frame).map_err(SignError::Output)?;
            at += size;
        }
        Ok(())
    };
    copy(0, place, output)?;
    output.write_all(&signature).map_err(SignError::Output)?;
    copy(place, start, output)?;
    let length = trace.length() + signature.len() as u64;
    output.write_all(&index::trailer(distance, length, seal)).map_err(SignError::Output)
}
