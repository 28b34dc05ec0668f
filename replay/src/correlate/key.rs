//! The values that make a group as one key: no two lists of values have the same.

use super::marks::Mark;

/// Writes the values at these positions of a mark over `key`.
#[inline]
pub(super) fn write(key: &mut Vec<u8>, mark: &Mark<'_>, positions: &[usize]) {
    key.clear();
    for position in positions {
        let value = mark.value(*position);
        // Values are at most 1024 bytes long.
        key.extend_from_slice(&(value.len() as u16).to_le_bytes());
        key.extend_from_slice(value);
    }
}

/// The values of a key.
pub(super) fn values(key: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = key;
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let (value, after) = after.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
        rest = after;
        Some(value)
    })
}
