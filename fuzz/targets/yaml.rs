//! Any text as YAML, as rule files, configurations and tests are read: every place lies inside of the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tercel_rules::load::yaml::{self, Node};

fuzz_target!(|text: &str| match yaml::parse(text) {
    Ok(documents) => documents.iter().for_each(|root| look(root, text)),
    Err(error) => assert!(error.mark.offset <= text.len()),
});

fn look(node: &Node, text: &str) {
    assert!(node.mark.offset <= node.end && node.end <= text.len());
    node.sequence().unwrap_or_default().iter().for_each(|item| look(item, text));
    for (key, value) in node.mapping().unwrap_or_default() {
        look(key, text);
        look(value, text);
    }
}
