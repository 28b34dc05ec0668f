//! What a process runs: name, argv and executable. Shared between threads and forks until one of them executes something
//! else, so that a predicate over it is evaluated once per image and a fork copies nothing.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Text shared between the entries of the state; never assumed to be UTF-8.
pub type Text = Arc<[u8]>;

/// The process image of a thread.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Image {
    /// Number of the image, unique within one state; equal numbers mean equal images.
    pub id: u32,
    /// Name of the thread (`proc.name`).
    #[serde(with = "super::bytes")]
    pub comm: Text,
    /// argv\[0\].
    #[serde(with = "super::bytes")]
    pub exe: Text,
    /// Path of the executable, as the kernel has it.
    #[serde(with = "super::bytes")]
    pub exepath: Text,
    /// Path of the executable from the root of the host, where the kernel said that it is another one.
    #[serde(with = "super::bytes")]
    pub(crate) real: Text,
    /// argv\[1..\], NUL between and after.
    #[serde(with = "super::bytes")]
    pub args: Text,
}
