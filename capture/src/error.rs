//! Why capture cannot start or go on.

use std::io;

/// What went wrong, with the remedy where there is one.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The kernel does not tell its types.
    #[error("{path}: {cause}; the kernel must be built with CONFIG_DEBUG_INFO_BTF (Linux 5.8 or newer)", path = crate::btf::KERNEL)]
    NoBtf {
        /// Why it cannot be read.
        cause: io::Error,
    },
    /// What the kernel tells of its types makes no sense.
    #[error("{path}: malformed type information", path = crate::btf::KERNEL)]
    BadBtf,
    /// A kernel structure has no such member.
    #[error("this kernel has no {path}, which the probe needs as {field}; kernels from 5.8 on are supported")]
    NoField {
        /// Name in the probe.
        field: &'static str,
        /// Path in the kernel's types.
        path: &'static str,
    },
    /// The process may not do it.
    #[error("{what} is not allowed: run as root, or with CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE")]
    NotAllowed {
        /// What was tried.
        what: String,
    },
    /// The kernel refused the probe or a part of it.
    #[error("{what}: {cause}")]
    Refused {
        /// What was tried.
        what: String,
        /// The kernel's answer, with the last lines of its log.
        cause: String,
    },
    /// The object lacks a part; it does not belong to this program.
    #[error("the probe's object has no {0}")]
    NoPart(&'static str),
    /// A file of the host cannot be read.
    #[error("{path}: {cause}")]
    Host {
        /// Path.
        path: String,
        /// Why.
        cause: io::Error,
    },
}
