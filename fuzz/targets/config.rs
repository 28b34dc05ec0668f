//! Any text as a configuration and as an override: it is read, or there is an error with a message.
#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tercel_config::load;

/// A file of this process.
static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = PathBuf::from("/dev/shm");
    let parent = if memory.is_dir() { memory } else { std::env::temp_dir() };
    parent.join(format!("tercel-fuzz-{}.yaml", std::process::id()))
});

fuzz_target!(|text: &str| {
    // Further files of a configuration are those of this machine.
    if text.contains("config_files") {
        return;
    }
    fs::write(&*FILE, text).expect("a file");
    for overrides in [&[][..], &[text.to_owned()]] {
        if let Err(error) = load(Some(&FILE), overrides) {
            assert!(!error.to_string().is_empty());
        }
    }
});
