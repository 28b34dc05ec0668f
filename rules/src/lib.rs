//! Falco's rule language: rule files enter, a compiled [`Program`] and a report of errors and warnings leave. Knows names
//! and types of fields and events, and nothing of threads, fds or values.
//!
//! ```
//! use tercel_rules::{Loader, Options, RuleState};
//!
//! let mut loader = Loader::new(Options::default());
//! let report = loader.file(
//!     "rules.yaml",
//!     "- list: shells
//!   items: [bash, zsh]
//! - rule: Shell
//!   desc: A shell starts
//!   condition: evt.type = execve and proc.name in (shells)
//!   output: started %proc.cmdline
//!   priority: NOTICE
//! ",
//! );
//! assert!(report.successful());
//! let loaded = loader.finish();
//! assert_eq!(loaded.program.rules[0].name, "Shell");
//! assert_eq!(loaded.rules[0].state, RuleState::Enabled);
//! ```
//!
//! What is wrong has a code, a message, and the place in the file; as text, with the line and a caret.
//!
//! ```
//! use tercel_rules::{ErrorCode, Loader, Options};
//!
//! let mut loader = Loader::new(Options::default());
//! let report = loader.file("macros.yaml", "- macro: shell\n  condition: proc.name startwith ba\n");
//! let error = &report.errors[0];
//! assert_eq!(error.code, ErrorCode::CompileCondition);
//! assert_eq!(error.place.to_string(), "macros.yaml:2:24");
//! assert_eq!(error.hint.as_deref(), Some("did you mean 'startswith'?"));
//! ```
//!
//! The command line has conditions without rules, and outputs without them.
//!
//! ```
//! use tercel_rules::{Piece, Template, filter};
//!
//! let program = filter("proc.name = cat and fd.name startswith /etc")?;
//! assert_eq!(program.checks.len(), 2);
//! let error = filter("proc.nmae = cat").unwrap_err().to_string();
//! assert!(error.ends_with("did you mean 'proc.name'?"));
//!
//! let template = Template::parse("%proc.name wrote")?;
//! assert!(matches!(template.pieces[0], Piece::Value { .. }));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Code that gives values to fields, or evaluates conditions, uses the tables in [`fields`] and [`program`].
#![deny(unsafe_code)]
#![warn(unreachable_pub)]

pub mod ast;
mod caret;
mod compile;
pub mod correlation;
pub mod fields;
pub mod files;
pub mod filter;
mod lang;
pub mod load;
mod nearest;
pub mod output;
pub mod program;
pub mod select;
mod shared;
pub mod shipped;

pub use compile::{
    CompileError, Compiler, Condition, ConditionError, EventsError, LiteralError, OperatorError, RegexError,
    RightError, TermError,
};
pub use fields::{Field, FieldRef};
pub use files::RuleFile;
pub use filter::{FilterError, filter};
pub use lang::{EscapeError, ParseError, SyntaxError, parse};
pub use load::{ErrorCode, Loaded, Loader, Options, Place, Report, RuleInfo, RuleState, WarningCode};
pub use output::TemplateError;
pub use program::{Piece, Priority, Program, Rule, Template};
pub use select::Selection;
