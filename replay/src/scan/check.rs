//! Verification with states: a native trace is read from start to end without its keyframes, and each of them is compared with the
//! state that it should give. The state engine is not compared with anything: it is what made the keyframes.

use tercel_format::Block;
use tercel_format::trace::{
    Chunk, Damage, Depth, Inspector, Keyframe, KeyframeKind, Storage, Trace, TraceError, Verdict,
};

use crate::state::{Base, STATE_VERSION, State};

/// What verification found, the states included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// What was found in the file.
    pub verdict: Verdict,
    /// Keyframes that give the state that a replay has there.
    pub right: u64,
    /// Keyframes of other versions of the state engine, which are never used, and the version of the first of them.
    pub foreign: (u64, u32),
}

/// Verifies a native trace. Contents include the states of the keyframes. `progress` gets the offset of each chunk before it is
/// read.
///
/// # Errors
/// It is no native trace, or it cannot be read. Damage is part of the verdict.
pub fn verify(
    storage: impl Storage + 'static,
    depth: Depth,
    progress: &mut dyn FnMut(u64),
) -> Result<Proof, TraceError> {
    verify_trace(&Trace::open(storage)?, depth, progress)
}

/// As [`verify`], of a trace that is open.
///
/// # Errors
/// It cannot be read.
pub fn verify_trace(trace: &Trace, depth: Depth, progress: &mut dyn FnMut(u64)) -> Result<Proof, TraceError> {
    let mut comparison = Comparison::default();
    let verdict = trace.verify(depth, &mut comparison, progress)?;
    Ok(Proof { verdict, right: comparison.right, foreign: comparison.foreign })
}

/// Compares keyframes with a replay.
#[derive(Default)]
struct Comparison {
    /// The state of the replay.
    state: State,
    /// What its deltas count from.
    base: Base,
    /// What the keyframes give, if they have given something since the start of the section.
    told: Option<State>,
    right: u64,
    foreign: (u64, u32),
}

impl Inspector for Comparison {
    fn chunk(
        &mut self,
        chunk: &Chunk,
        before: Option<&Chunk>,
        keyframe: Option<&Keyframe>,
    ) -> Result<(), Damage> {
        let section = |chunk: &Chunk| chunk.descriptor.section;
        if chunk.is_head() && before.map(section) != Some(section(chunk)) {
            (self.state, self.told) = (State::new(), None);
        } else if !chunk.is_head() && before.is_some_and(Chunk::is_head) {
            // Deltas count from here.
            self.base.start(&mut self.state);
            self.told = Some(self.state.clone());
        }
        let Some(keyframe) = keyframe else {
            if !chunk.is_head() && !before.is_some_and(Chunk::is_head) {
                // Only a snapshot can follow.
                self.told = None;
            }
            return Ok(());
        };
        if keyframe.engine != STATE_VERSION {
            self.told = None;
            self.foreign =
                (self.foreign.0 + 1, if self.foreign.0 == 0 { keyframe.engine } else { self.foreign.1 });
            return Ok(());
        }
        self.compare(keyframe).map_err(Damage::Keyframe)?;
        self.right += 1;
        Ok(())
    }

    fn block(&mut self, block: &Block<'_>) {
        self.state.take(block);
    }
}

impl Comparison {
    /// Whether a keyframe gives the state.
    fn compare(&mut self, keyframe: &Keyframe) -> Result<(), String> {
        let before = self.told.take();
        let (due, made) = match keyframe.kind {
            KeyframeKind::Snapshot => {
                self.base.start(&mut self.state);
                (self.state.snapshot(), State::restore(&keyframe.state))
            }
            KeyframeKind::Delta => {
                let mut made = before.ok_or("it is a delta, but there is no state before it")?;
                let applied = made.apply_delta(&keyframe.state);
                (self.base.delta(&mut self.state), applied.map(|()| made))
            }
        };
        let made = made.map_err(|error| error.to_string())?;
        // Equal states have equal bytes; only where these differ, the states have to be compared.
        if due.as_ref() != Some(&keyframe.state) && made.snapshot() != self.state.snapshot() {
            return Err("its state differs from that of a replay".to_owned());
        }
        self.told = Some(made);
        Ok(())
    }
}
