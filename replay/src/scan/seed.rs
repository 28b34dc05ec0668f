//! The state before a chunk, made from keyframes: a trace and a place enter, a state leaves. A keyframe that is damaged
//! is replaced by the events that it would have spared.

use tercel_format::trace::{Chunk, KeyframeKind, StateStep, Trace, TraceError, Unpacker};

use super::report::Report;
use crate::state::{STATE_VERSION, State};

/// How many damaged keyframes on the way to one chunk are replaced by replaying; more would take too long.
const DETOURS: usize = 4;

/// Whether a chunk follows the one before without a gap. Nothing comes before the first one.
pub(super) fn follows(chunks: &[Chunk], index: usize) -> bool {
    let sequence = |index: usize| chunks.get(index).map(|chunk| chunk.descriptor.sequence);
    match index.checked_sub(1) {
        None => false,
        Some(before) => sequence(before).and_then(|before| before.checked_add(1)) == sequence(index),
    }
}

/// Whether a chunk is the first of a section, so that nothing needs to be known before it.
pub(super) fn starts_section(chunks: &[Chunk], index: usize) -> bool {
    let section = |index: usize| chunks.get(index).map(|chunk| chunk.descriptor.section);
    let is_head = chunks.get(index).is_some_and(Chunk::is_head);
    is_head && index.checked_sub(1).and_then(section) != section(index)
}

/// The state before chunk `index`; `None` if the keyframes do not give it. If chunks on the way are damaged, too, it is
/// what a replay that skips the damage knows there.
pub(super) fn state_at(
    trace: &Trace,
    index: usize,
    report: &mut Report,
) -> Result<Option<Found>, TraceError> {
    walk(trace, index, DETOURS, report)
}

/// A state that was found.
pub(super) struct Found {
    pub(super) state: State,
    /// Whether nothing is missing in it, so that deltas can be added.
    pub(super) exact: bool,
}

/// Whether the state before a chunk stands in its keyframe as a whole.
pub(super) fn has_snapshot(chunk: &Chunk) -> bool {
    let descriptor = &chunk.descriptor;
    descriptor.keyframe() == Some(KeyframeKind::Snapshot) && descriptor.engine == STATE_VERSION
}

fn walk(
    trace: &Trace,
    index: usize,
    detours: usize,
    report: &mut Report,
) -> Result<Option<Found>, TraceError> {
    let Some(steps) = trace.path(index, STATE_VERSION) else { return Ok(None) };
    let mut found = Found { state: State::new(), exact: true };
    // The chunk before which the state is.
    let mut at = index;
    for step in steps {
        let taken = match step {
            StateStep::Head(chunk) => {
                at = chunk + 1;
                // Its damage is reported where it is evaluated.
                found.exact &= blocks(trace, chunk, &mut found.state)?;
                continue;
            }
            StateStep::Snapshot(chunk) | StateStep::Delta(chunk) => chunk,
        };
        if !found.exact {
            break;
        }
        at = taken;
        let is_delta = matches!(step, StateStep::Delta(_));
        let Err(reason) = keyframe(trace, taken, is_delta, &mut found.state)? else { continue };
        report.keyframe(trace.chunks().get(taken).map_or(0, |chunk| chunk.descriptor.sequence), reason);
        if detours == 0 || !follows(trace.chunks(), taken) {
            return Ok(None);
        }
        // The state before the chunk whose events lead to the damaged keyframe, and these events.
        let Some(detour) = walk(trace, taken - 1, detours - 1, report)? else { return Ok(None) };
        found = detour;
        found.exact &= blocks(trace, taken - 1, &mut found.state)?;
    }
    if !found.exact {
        for chunk in at..index {
            blocks(trace, chunk, &mut found.state)?;
        }
    }
    Ok(Some(found))
}

/// Applies the keyframe of a chunk; the inner error says why this is not possible.
fn keyframe(
    trace: &Trace,
    chunk: usize,
    is_delta: bool,
    state: &mut State,
) -> Result<Result<(), String>, TraceError> {
    let bytes = match trace.keyframe(chunk) {
        Ok(Some(keyframe)) => keyframe.state,
        Ok(None) => return Ok(Err("it is of an unknown kind".to_owned())),
        Err(TraceError::Chunk { damage, .. }) => return Ok(Err(damage.to_string())),
        Err(error) => return Err(error),
    };
    let applied = if is_delta {
        state.apply_delta(&bytes)
    } else {
        State::restore(&bytes).map(|restored| *state = restored)
    };
    Ok(applied.map_err(|error| error.to_string()))
}

/// Lets a state take in the blocks of a chunk; `false` if not all of them can be read.
fn blocks(trace: &Trace, chunk: usize, state: &mut State) -> Result<bool, TraceError> {
    let Some(chunk) = trace.chunks().get(chunk) else { return Ok(true) };
    let mut unpacker = Unpacker::new();
    let mut blocks = match unpacker.blocks(trace, chunk) {
        Ok(blocks) => blocks,
        Err(TraceError::Chunk { .. }) => return Ok(false),
        Err(error) => return Err(error),
    };
    loop {
        match blocks.next() {
            Ok(Some(block)) => state.take(&block),
            Ok(None) => return Ok(blocks.left_out().is_none()),
            Err(_) => return Ok(false),
        }
    }
}
