//! Paths, put together as text; no link is followed and no root is applied (reference state 7).

use super::text::{REPLACEMENT, Sequence, sequence};

/// Longest path that is put together, its end included (reference state 7.1).
pub(super) const MAX_PATH: usize = 1024;

/// Appends `base ⊕ path` (reference state 7.1, 7.2): an absolute or empty `path` alone, another one after `base`; without
/// empty and dotted components and without a slash at the end. `base` is taken as it is and should end in a slash.
/// What is not printable UTF-8 in `path` becomes U+FFFD; a result that grows too long by that is cut.
pub(crate) fn concatenate(out: &mut Vec<u8>, base: &[u8], path: &[u8]) {
    if base.len() + path.len() + 1 > MAX_PATH {
        out.extend_from_slice(b"/DIR_TOO_LONG/FILENAME_TOO_LONG");
        return;
    }
    let start = out.len();
    if path.first().is_some_and(|first| *first != b'/') {
        out.extend_from_slice(base);
    }
    let after_slash = out.len() == start || out.last() == Some(&b'/');
    if is_normal(path, after_slash) {
        out.extend_from_slice(path);
    } else {
        normalize(out, start, path);
    }
}

/// Whether nothing in a path has to be changed: printable ASCII without empty components, components that begin with a dot, and
/// a slash at the end. Most paths are like that.
fn is_normal(path: &[u8], mut after_slash: bool) -> bool {
    // An absolute path stands alone, so its first slash is not one too many.
    let components = path.strip_prefix(b"/").unwrap_or(path);
    after_slash |= components.len() < path.len();
    let (Some(first), Some(last)) = (components.first(), components.last()) else { return false };
    if *last == b'/' || (after_slash && matches!(first, b'.' | b'/')) {
        return false;
    }
    // Without early exits: whole vectors of bytes are looked at together.
    let printable = components.iter().fold(true, |all, byte| all & (byte.wrapping_sub(0x20) <= 0x5E));
    let pairs = components.iter().zip(components.get(1..).unwrap_or_default());
    printable
        && pairs.fold(true, |all, (one, next)| all & !(*one == b'/' && (*next == b'/' || *next == b'.')))
}

/// Appends `path` to the path that begins at `start`.
fn normalize(out: &mut Vec<u8>, start: usize, path: &[u8]) {
    let empty_base = out.len() == start;
    let mut rest = path;
    while let Some(first) = rest.first().filter(|first| **first != 0) {
        let Sequence { len, printable } = sequence(rest);
        let after_slash = out.len() == start || out.last() == Some(&b'/');
        let piece = if !printable {
            REPLACEMENT
        } else if *first == b'.' && after_slash {
            if let Some(skipped) = dots(out, start, rest) {
                rest = &rest[skipped..];
                continue;
            }
            &rest[..1]
        } else if *first == b'/' && (out.len() > start || !empty_base) && after_slash {
            &[]
        } else {
            &rest[..len]
        };
        if out.len() - start + piece.len() >= MAX_PATH {
            return;
        }
        out.extend_from_slice(piece);
        rest = &rest[len.min(rest.len())..];
    }
    if out.len() - start > 1 && out.last() == Some(&b'/') {
        out.pop();
    }
}

/// Handles `.` and `..` components at the start of `rest`; answers how many bytes they take, or `None` for another name.
fn dots(out: &mut Vec<u8>, start: usize, rest: &[u8]) -> Option<usize> {
    let end = |index: usize| rest.get(index).is_none_or(|byte| *byte == 0);
    if rest.get(1) == Some(&b'.') && (rest.get(2) == Some(&b'/') || end(2)) {
        remove_last(out, start);
        Some(if end(2) { 2 } else { 3 })
    } else if rest.get(1) == Some(&b'/') {
        Some(2)
    } else if end(1) {
        Some(1)
    } else {
        None
    }
}

/// Removes the last component, never going above the first character.
fn remove_last(out: &mut Vec<u8>, start: usize) {
    if out.len() <= start + 1 {
        return;
    }
    out.pop();
    while out.len() > start && out.last() != Some(&b'/') {
        out.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(base: &str, path: &str, expected: &str) {
        let mut out = b"kept".to_vec();
        concatenate(&mut out, base.as_bytes(), path.as_bytes());
        assert_eq!(String::from_utf8_lossy(&out[4..]), expected, "{base} + {path}");
    }

    #[test]
    fn paths_are_joined_as_the_reference_joins_them() {
        check("/home/", "a/b", "/home/a/b");
        check("/home/", "/etc//passwd/", "/etc/passwd");
        check("/home/", "", "");
        check("/home/", "./x", "/home/x");
        check("/home/u/", "../x/../y", "/home/y");
        check("/home/u/", "..", "/home");
        check("/home/", "../../../etc", "/etc");
        check("/", "..", "/");
        check("", "/", "/");
        check("", "/a/..", "/");
        check("", "foo/../a", "a");
        check("/", "foo/../a", "/a");
        check("<UNKNOWN>", "a/b", "<UNKNOWN>a/b");
        check("<UNKNOWN>", "../b", "<UNKNOWN>../b");
        check("<UNKNOWN>", "a/../b", "b");
        check("/d/", ".", "/d");
        check("/d/", ".hidden", "/d/.hidden");
        check("/d/", "...", "/d/...");
        check("/d/", "a\u{1}b", "/d/a\u{FFFD}b");
    }

    #[test]
    fn too_long_paths_have_a_name_of_their_own() {
        check("/", &"a".repeat(1022), &format!("/{}", "a".repeat(1022)));
        check("/", &"a".repeat(1023), "/DIR_TOO_LONG/FILENAME_TOO_LONG");
        let grown = format!("/{}", "\u{FFFD}".repeat(340));
        check("", &format!("/{}", "\u{1}".repeat(1000)), &grown);
    }
}
