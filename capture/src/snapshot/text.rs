//! Texts of /proc and of databases: paths enter, the bytes of each leave, up to a limit. What a process shows of itself may be as
//! long as it likes (prctl(2), PR_SET_MM_MAP, moves its environment over all of its memory), and need not be UTF-8.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

/// Longest text of one thing: a process, an fd, a setting.
pub(super) const SHORT: u64 = 64 << 10;
/// Longest table of many things: sockets, accounts.
pub(super) const TABLE: u64 = 64 << 20;

/// The first bytes of a file.
pub(super) fn bytes(path: &str, limit: u64) -> io::Result<Vec<u8>> {
    let mut found = Vec::new();
    File::open(path)?.take(limit).read_to_end(&mut found)?;
    Ok(found)
}

/// The first bytes of a file as text; what is not UTF-8 becomes U+FFFD.
pub(super) fn text(path: &str) -> io::Result<String> {
    bytes(path, SHORT).map(|found| String::from_utf8_lossy(&found).into_owned())
}

/// The lines of a table, one by one and without their ends; none if there is no such file.
pub(super) fn lines(path: &str) -> impl Iterator<Item = Vec<u8>> + use<> {
    let file = File::open(path).ok().map(|file| BufReader::new(file.take(TABLE)));
    file.into_iter().flat_map(|file| file.split(b'\n').map_while(Result::ok))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_without_an_end_are_read_in_part() {
        assert_eq!(bytes("/dev/zero", 4096).expect("zeros").len(), 4096);
        assert_eq!(text("/dev/zero").expect("zeros").len(), SHORT as usize);
        assert_eq!(lines("/dev/zero").map(|line| line.len()).collect::<Vec<_>>(), [TABLE as usize]);
        assert_eq!(lines("/nowhere").count(), 0);
    }
}
