//! Any bytes as the answer of a container engine: what becomes of it is JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tercel_capture::fuzzing::any_answer;

fuzz_target!(|bytes: &[u8]| any_answer(bytes));
