//! What is made of captures besides alerts: open captures enter, [summaries](summary), [data] of streams, [events], [tables] and
//! [reports](report) leave; blocks enter, [redacted](redact)
//! blocks leave. Nothing here knows the command line, and nothing prints.
#![forbid(unsafe_code)]

pub mod summary;

pub mod data;

pub mod events;

pub mod tables;

pub mod report;

pub mod activity;

pub mod baseline;

pub mod redact;
