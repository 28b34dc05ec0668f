//! What is made of captures besides alerts: open captures enter, [summaries](summary), [data] of streams, [tables] and
//! [reports](report) leave; blocks enter, [redacted](redact)
//! blocks leave. Nothing here knows the command line, and nothing prints.
#![forbid(unsafe_code)]

pub mod summary;

pub mod data;

pub mod tables;

pub mod report;

pub mod redact;
