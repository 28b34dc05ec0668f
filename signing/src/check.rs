//! The check of a signature: a statement and its signature enter, the key that made it leaves.

use ssh_key::{HashAlg, PublicKey, SshSig};
use tercel_format::trace::Signature;

use crate::NAMESPACE;

/// A signature that is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The key.
    pub(crate) key: PublicKey,
}

impl Signed {
    /// Names the key: type and fingerprint, as `ssh-keygen -l` prints it.
    pub fn name(&self) -> String {
        format!("{} {}", self.key.algorithm(), self.key.fingerprint(HashAlg::Sha256))
    }
}

/// Checks a signature.
///
/// # Errors
/// It is not one of the statement, in words.
pub fn check(signature: &Signature) -> Result<Signed, String> {
    let parsed = SshSig::from_pem(&signature.bytes)
        .map_err(|error| format!("the signature cannot be read: {error}"))?;
    if parsed.namespace() != NAMESPACE {
        return Err("the signature is one for another purpose".to_owned());
    }
    let key = PublicKey::from(parsed.public_key().clone());
    let checked = key.verify(NAMESPACE, signature.statement.as_bytes(), &parsed);
    checked.map_err(|_| "the signature is not that of the trace".to_owned()).map(|()| Signed { key })
}
