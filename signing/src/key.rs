//! The private key that signs: a file of OpenSSH enters, signatures leave. Keys with a passphrase are refused: nobody is asked for
//! it while a recording runs.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use ssh_key::{Algorithm, EcdsaCurve, HashAlg, LineEnding, PrivateKey};
use tercel_format::trace::Signer;

use crate::NAMESPACE;
use crate::short;

/// A private key.
pub struct Key {
    key: PrivateKey,
}

/// Why a key cannot sign.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read.
    #[error("{0}")]
    Io(io::Error),
    /// It is no private key of OpenSSH.
    #[error("not a private key of OpenSSH ('ssh-keygen -t ed25519 -f FILE' makes one): {0}")]
    Form(ssh_key::Error),
    /// It has a passphrase.
    #[error("the key has a passphrase; 'ssh-keygen -p -N \"\" -f FILE' removes it from a copy")]
    Encrypted,
    /// It is of another kind.
    #[error("keys of type {0} are not supported; ssh-ed25519 and ecdsa-sha2-nistp256 are")]
    Kind(String),
}

impl Key {
    /// Reads a key from its file.
    ///
    /// # Errors
    /// There is none, or none that can sign.
    pub fn read(path: &Path) -> Result<Key, KeyError> {
        /// Keys have a few hundred bytes; devices have no end.
        const LONGEST: u64 = 1 << 20;
        let mut bytes = Vec::new();
        File::open(path).and_then(|file| file.take(LONGEST).read_to_end(&mut bytes)).map_err(KeyError::Io)?;
        Key::parse(&bytes)
    }

    /// Reads a key.
    ///
    /// # Errors
    /// It cannot sign.
    pub fn parse(text: &[u8]) -> Result<Key, KeyError> {
        let key = PrivateKey::from_openssh(text)
            .or_else(|error| {
                short::filled_up(text).map_or(Err(error), |bytes| PrivateKey::from_bytes(&bytes))
            })
            .map_err(KeyError::Form)?;
        if key.is_encrypted() {
            return Err(KeyError::Encrypted);
        }
        match key.algorithm() {
            Algorithm::Ed25519 | Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 } => Ok(Key { key }),
            other => Err(KeyError::Kind(other.to_string())),
        }
    }

    /// Names the key: type and fingerprint.
    pub fn name(&self) -> String {
        let public = self.key.public_key();
        format!("{} {}", public.algorithm(), public.fingerprint(HashAlg::Sha256))
    }
}

impl Signer for Key {
    fn sign(&self, statement: &str) -> Option<Vec<u8>> {
        let signature = self.key.sign(NAMESPACE, HashAlg::Sha512, statement.as_bytes()).ok()?;
        signature.to_pem(LineEnding::LF).ok().map(String::into_bytes)
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Key").field(&self.name()).finish()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Keys that exist for these tests only.
    pub(crate) const ED25519: &str = "\
-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACClRocab43XxiRGOFQswDdRWjFcaX9QWf8Z9g4C0aG9eQAAAIhY32o8WN9q
PAAAAAtzc2gtZWQyNTUxOQAAACClRocab43XxiRGOFQswDdRWjFcaX9QWf8Z9g4C0aG9eQ
AAAEBOz4zIDd5dhupx3dvv6Iv1BZuPQe74hF3ZBLXEJ2CdCqVGhxpvjdfGJEY4VCzAN1Fa
MVxpf1BZ/xn2DgLRob15AAAABHRlc3QB
-----END OPENSSH PRIVATE KEY-----\n";
    const ECDSA: &str = "\
-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAaAAAABNlY2RzYS
1zaGEyLW5pc3RwMjU2AAAACG5pc3RwMjU2AAAAQQT1oKTtR6yItJSC6iLY2P3OkcuLv42V
NiG0WAmWW2SmdDpO++CYMqTbCqFNuH3OoscmjUNH6CC0T30A44V1xVBHAAAAoOHLEkzhyx
JMAAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBPWgpO1HrIi0lILq
ItjY/c6Ry4u/jZU2IbRYCZZbZKZ0Ok774JgypNsKoU24fc6ixyaNQ0foILRPfQDjhXXFUE
cAAAAgNUE1IxTc1R1NKV2V2gCQD8oP/Ev4NOSF6ImRSsDj2aEAAAAEdGVzdAECAwQ=
-----END OPENSSH PRIVATE KEY-----\n";
    /// Its private number begins with a zero byte, which OpenSSH leaves out.
    const SHORT: &str = "\
-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAaAAAABNlY2RzYS
1zaGEyLW5pc3RwMjU2AAAACG5pc3RwMjU2AAAAQQTWTrNetxlybGpy+axmZ5x3YZ0lk/qP
LHsIU3JDHFQQGyQ9IXB4MkANI4tsKC7fRIseUU0VeihVnR5lVxSUUXFwAAAAmA3K6EYNyu
hGAAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBNZOs163GXJsanL5
rGZnnHdhnSWT+o8sewhTckMcVBAbJD0hcHgyQA0ji2woLt9Eix5RTRV6KFWdHmVXFJRRcX
AAAAAfGREIfJbXWsdXTARXXRjwT4F9C6mm8330vS66992D0gAAAAAB
-----END OPENSSH PRIVATE KEY-----\n";
    const ENCRYPTED: &str = "\
-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABBU2l1QSX
A5UCbspK83aHRqAAAAEAAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIOf2mMCXNF9kMrdi
oGM+3MTtEoh9+dRnXkcYnOyvxQR9AAAAkCtGdDLgV35RVpV0HZpGhcXG+yU3fgq6LUv7Nw
gVVP59Yo6ZoLHakv10UcMlLtpLqvVnGnJOwNzxPGtpOr4mR84sNDrqELZJ44+1X9sKfAgS
sHK+q+tKDd7J2CokbZzuBX3Ci7jT/sE8sWFkEg1ihYIQDLpRgiby/ih8hE3Gc60aQxcOQI
Zl273E6wH35ptuJQ==
-----END OPENSSH PRIVATE KEY-----\n";

    #[test]
    fn keys_sign_or_say_why_not() {
        let ecdsa = "ecdsa-sha2-nistp256 SHA256:";
        for (text, kind) in [(ED25519, "ssh-ed25519 SHA256:"), (ECDSA, ecdsa), (SHORT, ecdsa)] {
            let key = Key::parse(text.as_bytes()).expect("a key");
            assert!(key.name().starts_with(kind), "{key:?}");
            let signature = key.sign("something").expect("a signature");
            let parsed = ssh_key::SshSig::from_pem(&signature).expect("a signature");
            key.key.public_key().verify(NAMESPACE, b"something", &parsed).expect("by this key");
        }
        let refused = |text: &str| Key::parse(text.as_bytes()).expect_err("refused").to_string();
        assert!(refused(ENCRYPTED).contains("has a passphrase"));
        assert!(refused("nothing").contains("not a private key of OpenSSH"));
        assert!(refused(&SHORT.replacen("b3Bl", "b3Bm", 1)).contains("not a private key of OpenSSH"));
        assert!(matches!(Key::read(Path::new("/nonexistent")), Err(KeyError::Io(_))));
    }
}
