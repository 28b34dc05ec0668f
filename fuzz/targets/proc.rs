//! Any bytes as the texts of /proc and of the databases of users.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tercel_capture::fuzzing::any_text;

fuzz_target!(|bytes: &[u8]| any_text(bytes));
