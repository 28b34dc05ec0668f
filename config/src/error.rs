//! Why a configuration cannot be read.

use std::fmt::Write;
use std::io;
use std::path::PathBuf;

use crate::tree::Remark;

/// Why a configuration cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not text.
    #[error("{}: not UTF-8", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
    },
    /// Values are invalid: every place, one per line.
    #[error("{}", lines(.0))]
    Wrong(Vec<Remark>),
}

impl From<Remark> for Error {
    fn from(remark: Remark) -> Error {
        Error::Wrong(vec![remark])
    }
}

fn lines(remarks: &[Remark]) -> String {
    let mut text = String::new();
    for (index, remark) in remarks.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{}{remark}", if index == 0 { "" } else { "\n" });
    }
    text
}
