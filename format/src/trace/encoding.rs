//! The encoding of structures in a native trace: bincode 1.3 with numbers of fixed width in little-endian order
//! (FORMAT.md section 3). Values enter, bytes leave, and back. The only file that knows bincode, so that another
//! implementation of the same bytes can take its place.

use bincode::Options;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io;

/// Encodes a value.
pub(super) fn encode(value: &impl Serialize) -> io::Result<Vec<u8>> {
    options().serialize(value).map_err(io::Error::other)
}

/// Decodes a value from the start of `bytes`. Bytes after it belong to newer versions and are ignored. Memory is
/// bounded by the number of bytes, whatever lengths they claim.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    options().with_limit(bytes.len() as u64).deserialize(bytes).ok()
}

fn options() -> impl Options {
    bincode::DefaultOptions::new().with_fixint_encoding().with_little_endian().allow_trailing_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What FORMAT.md promises about the encoding.
    #[test]
    fn the_bytes_are_those_of_the_description() {
        let value = (1u8, 2u16, -3i64, Some(4u32), None::<u8>, "ab".to_owned(), vec![(5u16, 6u64)], [7u8; 3]);
        let bytes = encode(&value).expect("memory");
        let expected = [
            &[1][..],
            &[2, 0],
            &[0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[1, 4, 0, 0, 0],
            &[0],
            &[2, 0, 0, 0, 0, 0, 0, 0, b'a', b'b'],
            &[1, 0, 0, 0, 0, 0, 0, 0, 5, 0, 6, 0, 0, 0, 0, 0, 0, 0],
            &[7, 7, 7],
        ];
        assert_eq!(bytes, expected.concat());
        assert_eq!(decode(&bytes), Some(value));
    }

    #[test]
    fn claims_beyond_the_bytes_are_refused() {
        assert_eq!(decode::<Vec<u64>>(&u64::MAX.to_le_bytes()), None);
        assert_eq!(decode::<String>(&[&(1u64 << 40).to_le_bytes()[..], b"short"].concat()), None);
        assert_eq!(decode::<u32>(&[1, 2, 3]), None);
        assert_eq!(decode::<u16>(&[1, 2, 3]), Some(513), "what follows is for younger versions");
    }
}
