//! The state block (FORMAT.md section 8).

use super::Cursor;
use crate::error::Fault;
use crate::record::StateRecord;

/// The start of the body: other programs may use the code of the block.
pub(crate) const MAGIC: [u8; 4] = *b"TRCL";

/// Bytes before the state.
pub(crate) const HEAD: usize = 28;

/// Decodes the body of a state block; `None` for a block of another program.
pub(crate) fn state(body: &[u8]) -> Result<Option<StateRecord>, Fault> {
    let mut cursor = Cursor::new(body);
    cursor.enter("state");
    if cursor.array::<4>().ok() != Some(MAGIC) {
        return Ok(None);
    }
    let (sections, counted) = (cursor.u64()?, cursor.u64()?);
    let length = usize::try_from(cursor.u64()?).unwrap_or(usize::MAX);
    Ok(Some(StateRecord { sections, counted, state: cursor.take(length)?.to_vec() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_others_are_told_apart_from_damage() {
        assert_eq!(state(b"else"), Ok(None));
        assert_eq!(state(b""), Ok(None));
        assert_eq!(state(b"TRCL\x01"), Err(Fault::Short("state")));
        let long = [&MAGIC[..], &[0; 16], &u64::MAX.to_le_bytes(), b"abc"].concat();
        assert_eq!(state(&long), Err(Fault::Short("state")));
    }
}
