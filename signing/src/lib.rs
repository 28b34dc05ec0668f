//! Signatures of traces with SSH keys: a private key and statements about a trace enter, signatures as `ssh-keygen -Y sign` makes them
//! leave (SSHSIG, namespace `tercel-trace`); signatures and a list of allowed signers enter, and who signed leaves. What a trace is, is
//! not known here, apart from what its reader says of signatures.
//!
//! ```
//! use tercel_signing::AllowedSigners;
//!
//! let text = "ops@example.org namespaces=\"tercel-trace\" ssh-ed25519 AAAA\n";
//! assert_eq!(AllowedSigners::parse(text).unwrap_err().to_string(), "line 1: the key cannot be read");
//! ```
#![forbid(unsafe_code)]

mod allowed;
mod check;
mod key;
mod short;

pub use allowed::{AllowedError, AllowedSigners};
pub use check::{Signed, check};
pub use key::{Key, KeyError};

/// What signatures are for; a signature of another namespace is none of a trace.
pub const NAMESPACE: &str = "tercel-trace";
