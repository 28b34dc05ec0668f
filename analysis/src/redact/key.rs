//! The key: equal things become equal replacements under it, and without it nothing can be found by trying. It is never
//! written.

/// A key of 256 bits.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl Key {
    /// The key that follows from these bytes: random ones, or the content of a file.
    pub fn of(bytes: &[u8]) -> Key {
        Key(blake3::derive_key("tercel redaction 1", bytes))
    }

    /// The replacement of a secret.
    pub(super) fn token(&self, secret: &[u8]) -> Vec<u8> {
        let digest = blake3::keyed_hash(&self.0, secret).to_hex();
        [b"REDACTED-", &digest.as_bytes()[..12]].concat()
    }

    /// Replaces a secret and keeps its length.
    pub(super) fn same_length(&self, secret: &mut [u8]) {
        let token = self.token(secret);
        let filled = token.iter().chain(std::iter::repeat(&b'x'));
        secret.iter_mut().zip(filled).for_each(|(byte, new)| *byte = *new);
    }

    /// Whether the bit after the first `length` bits of an address is turned.
    pub(super) fn turns(&self, wide: bool, prefix: u128, length: u32) -> bool {
        let mut input = [0; 21];
        input[0] = u8::from(wide);
        input[1..17].copy_from_slice(&prefix.to_be_bytes());
        input[17..].copy_from_slice(&length.to_be_bytes());
        blake3::keyed_hash(&self.0, &input).as_bytes()[0] & 1 == 1
    }
}
