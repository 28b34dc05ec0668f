//! Falco's rule language: rule files enter, a compiled [`program::Program`] and a report of errors and warnings leave.
//! Knows names and types of fields and events, and nothing of threads, fds or values.
#![deny(unsafe_code)]

pub mod ast;
mod caret;
pub mod compile;
pub mod fields;
pub mod files;
pub mod filter;
pub mod lang;
pub mod load;
mod nearest;
pub mod output;
pub mod program;
pub mod select;
mod shared;
