//! The configuration: files with Falco's keys and overrides like `json_output=true` enter, one checked structure leaves. Errors are
//! reported with their places; keys without effect are listed. Must not know how the command line is read, and opens none of
//! the outputs that it describes.
//!
//! Data walks down the list of modules: texts become trees of values with places (`tree`), several of them are merged
//! (`files`), every key is looked up in one table (`keys`), values are read by their keys (`read`, `outputs`) into [`Config`].
//!
//! ```
//! use tercel_config::{Config, load};
//! use tercel_outputs::Kind;
//!
//! let path = std::env::temp_dir().join(format!("tercel-config-example-{}", std::process::id()));
//! std::fs::write(&path, "json_output: true\nfile_output: {enabled: true, filename: /var/log/alerts}\njson_ouput: true\n")?;
//! let loaded = load(Some(&path), &["file_output.keep_alive=true".to_owned()])?;
//!
//! let Config { lines, outputs, .. } = &loaded.config;
//! assert!(lines.json && !lines.iso8601);
//! assert_eq!(*outputs, [Kind::File { path: "/var/log/alerts".into(), keep_open: true }]);
//! let warning = &loaded.remarks.warnings[0];
//! assert_eq!(warning.place.spot, Some((3, 13)));
//! assert_eq!(warning.text, "unknown key 'json_ouput'; did you mean 'json_output'?");
//!
//! let error = load(Some(&path), &["priority=loud".to_owned()]).unwrap_err().to_string();
//! assert!(error.starts_with("-o priority=loud: priority must be one of emergency, "));
//! # std::fs::remove_file(&path)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod error;

mod tree;

mod files;

mod keys;

mod reader;

mod read;

mod outputs;

mod captures;

mod settings;

pub use error::Error;
pub use files::{DEFAULT_FILE, Loaded, default_file, load};
pub use keys::Remarks;
pub use settings::{Calls, Capture, Config, Drops, Lines, Log, Metrics, Schema, SeenPaths, Web};
pub use tree::{Place, Remark};

#[cfg(test)]
mod tests;
