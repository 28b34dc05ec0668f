//! The native trace (FORMAT.md): a scap stream divided into chunks, each one zstd frame, with skippable frames between them for
//! what scap lacks. Blocks and state bytes enter [`TraceWriter`]; [`Trace`] gives both back, chunk by chunk in any order
//! and by several threads at once. Nothing here knows what a state is, or a rule.
//!
//! Files come from outside, and may be damaged: every length is checked before it is used, damage costs no more than its chunk, and every
//! loss is reported.

mod encoding;
mod error;
mod section;

mod descriptor;
mod header;
mod index;
mod keyframe;

mod signature;
mod summary;

mod append;
pub(crate) mod columns;
mod pack;
mod pipeline;
mod ring;
mod writer;

mod contents;

mod blocks;
mod reader;
mod sign;
mod storage;
mod totals;
mod unpack;
mod verify;
mod walk;

#[cfg(test)]
mod tests;

pub use append::Output;
pub use blocks::Blocks;
pub use descriptor::{Chunk, Descriptor, Digest};
pub use error::{Damage, Loss, TraceError};
pub use header::{Cut, Header, Zone};
pub use keyframe::{KEYFRAME_LIMIT, Keyframe, KeyframeKind};
pub use reader::{CutChunk, StateStep, Trace, is_native};
pub use ring::{Ring, RingLimits, RingOutput, RingPart, RingReader, RingUsage};
pub use sign::{SignError, countersign};
pub use signature::{Covered, SignWith, Signature, Signer};
pub use storage::Storage;
pub use summary::Summary;
pub use totals::Totals;
pub use unpack::Unpacker;
pub use verify::{Break, Depth, Inspector, Verdict, verify};
pub use writer::{Boundary, CHUNK_LIMITS, LEVEL_MAX, Layout, Options, TraceWriter};
