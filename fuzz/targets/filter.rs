//! Any text as a filter.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tercel_replay::{Filter, Settings};

fuzz_target!(|text: &str| match tercel_rules::filter::filter(text) {
    Ok(program) => drop(Filter::new(&program, Settings::default())),
    Err(error) => assert!(!error.to_string().is_empty()),
});
