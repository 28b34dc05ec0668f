//! Parameters as the state engine reads them: what is absent, empty or of the wrong width is missing, never an error.

use std::borrow::Cow;

use tercel_format::Event;

/// Whether a parameter is there and not empty.
#[inline]
pub(super) fn given(event: &Event<'_>, index: usize) -> bool {
    event.param(index).is_some_and(|bytes| !bytes.is_empty())
}

/// A parameter as text, `<NA>` where it is missing.
pub(super) fn text<'a>(event: &Event<'a>, index: usize) -> &'a [u8] {
    event.text(index).unwrap_or(b"<NA>")
}

/// A parameter as a list of strings, each ended by a NUL; empty for an empty list.
pub(super) fn strings<'a>(event: &Event<'a>, index: usize) -> Cow<'a, [u8]> {
    ended(event.param(index).unwrap_or_default())
}

/// A list of strings with a NUL after the last one. A lone NUL is an empty list, as in the reference.
pub(super) fn ended(bytes: &[u8]) -> Cow<'_, [u8]> {
    match bytes {
        [] | [0] => Cow::Borrowed(b""),
        [.., 0] => Cow::Borrowed(bytes),
        _ => {
            let mut owned = bytes.to_vec();
            owned.push(0);
            Cow::Owned(owned)
        }
    }
}

/// A path without the mark that the kernel puts after the path of a deleted file.
pub(super) fn without_deleted(path: &[u8]) -> &[u8] {
    match path.strip_suffix(b" (deleted)") {
        Some(rest) if !rest.is_empty() => rest,
        _ => path,
    }
}

/// Whether every string of a list has a name and a path; the reference ignores a list of cgroups where one lacks them.
pub(super) fn are_cgroups(list: &[u8]) -> bool {
    list.strip_suffix(b"\0").unwrap_or(list).split(|byte| *byte == 0).all(|entry| entry.contains(&b'='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_end_with_a_nul() {
        for (bytes, expected) in
            [(&b""[..], &b""[..]), (b"\0", b""), (b"a\0b", b"a\0b\0"), (b"a\0", b"a\0"), (b"a\0\0", b"a\0\0")]
        {
            assert_eq!(&*ended(bytes), expected);
        }
    }

    #[test]
    fn the_mark_of_deleted_files_goes() {
        assert_eq!(without_deleted(b"/bin/x (deleted)"), b"/bin/x");
        assert_eq!(without_deleted(b" (deleted)"), b" (deleted)");
    }

    #[test]
    fn cgroups_need_an_equals_sign() {
        assert!(are_cgroups(b"cpu=/a\0mem=/b\0"));
        assert!(!are_cgroups(b"cpu=/a\0mem\0"));
    }
}
