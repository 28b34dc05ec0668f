//! Some chunks of a native trace by themselves: their blocks enter a visitor, without the state before them. For what blocks say
//! alone, as process lists and reports of containers do.

use tercel_format::trace::{Trace, TraceError, Unpacker};

use super::drain::{Drained, drain};
use super::{Defect, ScanError, Visitor};

/// How a look at some chunks ended.
#[derive(Debug, Default)]
pub struct ChunkFindings {
    /// Chunks that cannot be read. What can be read of one that is damaged further on was visited.
    pub damaged: Vec<TraceError>,
    /// Why the look ended early.
    pub error: Option<ScanError>,
}

/// Visits the chunks of these places in the trace. The visitor is never resumed.
///
/// # Errors
/// The visitor cannot go on. Whatever is wrong with the trace stands in the findings.
pub fn scan_chunks<V: Visitor>(
    trace: &Trace,
    chunks: impl Iterator<Item = usize>,
    visitor: &mut V,
) -> Result<ChunkFindings, V::Error> {
    let mut findings = ChunkFindings::default();
    let mut unpacker = Unpacker::new();
    for chunk in chunks.filter_map(|index| trace.chunks().get(index)) {
        let mut blocks = match unpacker.blocks(trace, chunk) {
            Ok(blocks) => blocks,
            Err(error) if error.is_damage() => {
                findings.damaged.push(error);
                continue;
            }
            Err(error) => {
                findings.error = Some(ScanError::Trace(error));
                break;
            }
        };
        let drained = drain(&mut blocks, visitor);
        if let Some((_, damage)) = blocks.left_out() {
            let (sequence, offset, damage) = (chunk.descriptor.sequence, chunk.offset, damage.clone());
            findings.damaged.push(TraceError::Chunk { sequence, offset, damage });
        }
        match drained {
            (_, Drained::End | Drained::Source(_)) => {}
            (_, Drained::Enough) => break,
            (_, Drained::Visitor(error)) => return Err(error),
            (done, Drained::Panicked(message)) => {
                let (first, last) = chunk.descriptor.numbers();
                let evaluated = done.saturating_sub(1);
                findings.error = Some(ScanError::Defect(Defect { first, last, evaluated, message }));
                break;
            }
        }
    }
    Ok(findings)
}
