//! What is made of captures besides alerts: blocks enter, redacted blocks leave. Nothing here knows the command line, and
//! nothing prints.
#![forbid(unsafe_code)]

pub mod redact;
