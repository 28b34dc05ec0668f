//! Verification of keyframes: a trace is scanned from its start without them, and each is compared with the state that it
//! should give. The state engine is not compared with anything: it is what made the keyframes.

use tercel_format::trace::{Chunk, KeyframeKind, Storage, Trace, TraceError, Unpacker};

use super::seed::{Events, starts_section, take};
use crate::state::{STATE_VERSION, State};

/// What a comparison of keyframes found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyframeVerdict {
    /// Keyframes that give the state that a replay has there.
    pub right: u64,
    /// Keyframes of other versions of the state engine, which are never used.
    pub foreign: u64,
    /// The first one that is wrong: number of its chunk, and why.
    pub first_wrong: Option<(u64, String)>,
}

/// Compares the keyframes of a native trace with a replay, up to the first that is wrong. `progress` gets the offset of each
/// chunk before it is read.
///
/// # Errors
/// It is no native trace, it cannot be read, or a chunk of it is damaged.
pub fn verify_keyframes(
    storage: impl Storage + 'static,
    mut progress: impl FnMut(u64),
) -> Result<KeyframeVerdict, TraceError> {
    let trace = &Trace::open(storage)?;
    let mut verdict = KeyframeVerdict::default();
    let mut unpacker = Unpacker::new();
    let mut state = State::new();
    // What the keyframes give, if they have given something since the start of the section.
    let mut told: Option<State> = None;
    for (index, chunk) in trace.chunks().iter().enumerate() {
        progress(chunk.offset);
        if starts_section(trace.chunks(), index) {
            (state, told) = (State::new(), None);
        } else if is_first_with_events(trace.chunks(), index) {
            // Deltas count from here.
            told = Some(state.clone());
        }
        if chunk.descriptor.keyframe().is_some() {
            match compare(trace, index, &state, &mut told)? {
                Some(Ok(())) => verdict.right += 1,
                Some(Err(reason)) => {
                    verdict.first_wrong = Some((chunk.descriptor.sequence, reason));
                    return Ok(verdict);
                }
                None => verdict.foreign += 1,
            }
        }
        if let Events::Damaged(damage) = take(trace, chunk, &mut unpacker, &mut state)? {
            let (sequence, offset) = (chunk.descriptor.sequence, chunk.offset);
            return Err(TraceError::Chunk { sequence, offset, damage });
        }
    }
    Ok(verdict)
}

/// Whether a chunk follows the head of its section.
fn is_first_with_events(chunks: &[Chunk], index: usize) -> bool {
    let is_head = |index: usize| chunks.get(index).is_some_and(Chunk::is_head);
    !is_head(index) && index.checked_sub(1).is_some_and(is_head)
}

/// Whether the keyframe of a chunk gives `state`; `None` if it is of another version.
fn compare(
    trace: &Trace,
    index: usize,
    state: &State,
    told: &mut Option<State>,
) -> Result<Option<Result<(), String>>, TraceError> {
    let before = told.take();
    let Some(keyframe) = trace.keyframe(index)?.filter(|keyframe| keyframe.engine == STATE_VERSION) else {
        return Ok(None);
    };
    let made = match (keyframe.kind, before) {
        (KeyframeKind::Snapshot, _) => State::restore(&keyframe.state).map_err(|error| error.to_string()),
        (KeyframeKind::Delta, Some(mut before)) => {
            before.apply_delta(&keyframe.state).map(|()| before).map_err(|error| error.to_string())
        }
        (KeyframeKind::Delta, None) => Err("it is a delta, but there is no state before it".to_owned()),
    };
    Ok(Some(made.and_then(|made| {
        if made.snapshot() != state.snapshot() {
            return Err("its state differs from that of a replay".to_owned());
        }
        *told = Some(made);
        Ok(())
    })))
}
