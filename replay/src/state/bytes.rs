//! How keyframes hold texts: the length, then the bytes as one piece. That is the encoding of a list of bytes, without the
//! walk over each of them.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, Visitor};
use serde::{Deserializer, Serializer};

/// Writes a text.
pub(super) fn serialize<S: Serializer>(text: &impl AsRef<[u8]>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(text.as_ref())
}

/// Reads a text.
pub(super) fn deserialize<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + for<'t> From<&'t [u8]>,
{
    deserializer.deserialize_bytes(Bytes(PhantomData))
}

struct Bytes<T>(PhantomData<T>);

impl<'de, T: Default + for<'t> From<&'t [u8]>> Visitor<'de> for Bytes<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("bytes")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<T, E> {
        // The default of a shared text takes no memory.
        Ok(if bytes.is_empty() { T::default() } else { bytes.into() })
    }
}
