//! Any text as a test file of `tercel test`: it runs, or its first mistake is reported.
#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tercel_replay::Point;
use tercel_ruletest::{Options, run};

/// A directory of this process that holds nothing but the test file, so that whatever it names is missing.
static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = PathBuf::from("/dev/shm");
    let parent = if memory.is_dir() { memory } else { std::env::temp_dir() };
    let directory = parent.join(format!("tercel-fuzz-{}", std::process::id()));
    fs::create_dir_all(&directory).expect("a directory");
    directory.join("any.test.yaml")
});

fuzz_target!(|text: &str| {
    // Devices and sockets of this machine are no captures to wait for.
    if text.contains("/dev") || text.contains("/proc") || text.contains("/sys") {
        return;
    }
    fs::write(&*FILE, text).expect("a test file");
    let point = |text: &str| {
        text.strip_prefix('#').and_then(|text| text.parse().ok()).map(Point::Event).ok_or("no".to_owned())
    };
    let _ = run(&Options::new(vec![FILE.clone()], point), &mut Vec::new(), &mut Vec::new());
});
