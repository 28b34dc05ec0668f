//! Any bytes as a capture: they are read, the state takes them in, and fields are shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tercel_format::{Block, Reader};
use tercel_replay::fields::Scratch;
use tercel_replay::state::State;
use tercel_replay::{Context, push_message};
use tercel_rules::output::Template;

const OUTPUT: &str = "%evt.num %evt.type %evt.args %proc.cmdline %proc.cwd %proc.aname[2] %proc.env %proc.duration \
                      %fd.name %fd.nameraw %fd.cip %fd.rip %fd.types %fs.path.name %fs.path.source %user.name \
                      %container.name %container.mounts %k8s.pod.labels";

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut reader) = Reader::new(std::io::Cursor::new(bytes.to_vec())) else { return };
    let template = Template::parse(OUTPUT).expect("known fields");
    let (mut state, mut scratch, mut text) = (State::new(), Scratch::default(), Vec::new());
    while let Ok(Some(block)) = reader.next() {
        match &block {
            Block::Event(event) => {
                if let (Some(facts), _) = state.apply_noting(event) {
                    text.clear();
                    let context = Context { state: &state, event, facts: &facts };
                    push_message(&context, &template, &mut text, &mut scratch);
                }
            }
            block => state.block(block),
        }
    }
});
