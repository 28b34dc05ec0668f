//! What is made of captures besides alerts: open captures enter, [summaries](summary) and [tables] leave; blocks enter, [redacted](redact)
//! blocks leave. Nothing here knows the command line, and nothing prints.
#![forbid(unsafe_code)]

pub mod summary;

pub mod tables;

pub mod redact;
