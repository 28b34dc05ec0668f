//! Any bytes as a rule file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tercel_replay::{Matcher, Matching};
use tercel_rules::load::{Loader, Options};

fuzz_target!(|bytes: &[u8]| {
    let mut loader = Loader::new(Options::default());
    loader.bytes("rules.yaml", bytes);
    let loaded = loader.finish();
    if loaded.successful() {
        let _ = Matcher::new(&loaded.program, Matching::All);
    }
});
