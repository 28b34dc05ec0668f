//! Any text as the output of a rule.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tercel_rules::output::Template;

fuzz_target!(|text: &str| {
    if let Ok(template) = Template::parse(text) {
        assert_eq!(template.text, text);
    }
});
