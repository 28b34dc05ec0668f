//! Keyframes: a state enters and bytes leave that restore it, whole or as the difference to an earlier state (design D3). The
//! bytes depend on what the state says, not on how it came about. They may come from anywhere: bytes that are no keyframe
//! give an error, and memory is bounded whatever they say.
//!
//! A snapshot is the difference to the empty state, so that there is one encoding: [`STATE_VERSION`] as 4 bytes, then the
//! difference.

mod apply;
mod base;
mod cost;
mod difference;
mod encoding;
mod kin;
pub(in crate::state) mod list;
mod record;
mod relink;
mod shared;
#[cfg(test)]
mod tests;

pub use base::Base;

use tercel_format::trace::KEYFRAME_LIMIT;

use super::State;
use super::needs::Topics;
use list::Allowance;

/// Version of the state engine and of the encoding of its keyframes. It changes whenever one of them does: whenever the same
/// events give another state, or a state other bytes. A keyframe of another version is not to be trusted.
pub const STATE_VERSION: u32 = 6;

/// Why bytes are no keyframe.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyframeError {
    /// It was written by another version of the state engine.
    #[error("the keyframe is of version {0} of the state engine, this program has version {STATE_VERSION}")]
    Version(u32),
    /// The bytes cannot be decoded.
    #[error("the keyframe cannot be decoded: {0}")]
    Encoding(String),
    /// They contradict themselves, or do not follow the state that they are added to.
    #[error("the keyframe contradicts itself or the one before: {0}")]
    Contradiction(&'static str),
}

/// What comes of bytes that may not be a keyframe.
type Result<T> = std::result::Result<T, KeyframeError>;

impl State {
    /// The whole state as bytes; `None` where these are more than a trace can hold.
    pub fn snapshot(&self) -> Option<Vec<u8>> {
        self.delta(&State::new())
    }

    /// As [`snapshot`](State::snapshot), of a part of the state: two states that were given the events which that part needs have the
    /// same one.
    pub(crate) fn snapshot_of(&self, topics: Topics) -> Option<Vec<u8>> {
        encoded(&difference::difference_in(self, &State::new(), None, topics)?)
    }

    /// The state of a [`snapshot`](State::snapshot).
    ///
    /// # Errors
    /// The bytes are no snapshot of this version.
    pub fn restore(bytes: &[u8]) -> std::result::Result<State, KeyframeError> {
        let mut state = State::new();
        state.apply_delta(bytes)?;
        Ok(state)
    }

    /// What changed since `base`, an earlier state of the same section, as bytes; `None` where these are more than a trace
    /// can hold.
    pub fn delta(&self, base: &State) -> Option<Vec<u8>> {
        encoded(&difference::difference(self, base, None)?)
    }

    /// Makes this state, which was the `base` of a [`delta`](State::delta), the one that the delta was taken of.
    ///
    /// # Errors
    /// The bytes are no delta of this version, or one to another state. The state is not to be used then.
    pub fn apply_delta(&mut self, bytes: &[u8]) -> std::result::Result<(), KeyframeError> {
        let Some((version, rest)) = bytes.split_first_chunk::<4>() else {
            return Err(KeyframeError::Encoding("too short".to_owned()));
        };
        let version = u32::from_le_bytes(*version);
        if version != STATE_VERSION {
            return Err(KeyframeError::Version(version));
        }
        let allowance = Allowance::new(cost::MEMORY_LIMIT);
        let difference = encoding::decode(rest, &allowance).map_err(KeyframeError::Encoding)?;
        apply::apply(self, difference)
    }
}

/// The bytes of a keyframe, if neither they nor what comes of them is too much.
fn encoded(difference: &record::Difference) -> Option<Vec<u8>> {
    if !difference.fits() {
        return None;
    }
    let mut bytes = STATE_VERSION.to_le_bytes().to_vec();
    encoding::encode(&mut bytes, difference, KEYFRAME_LIMIT).then_some(bytes)
}
