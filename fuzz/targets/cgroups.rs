//! Any bytes as the cgroups of a process: what container it is in, if it is in one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tercel_format::Block;
use tercel_format::record::ProcessRecord;
use tercel_replay::state::State;

fuzz_target!(|bytes: &[u8]| {
    let mut state = State::new();
    let process = ProcessRecord { tid: 7, pid: 7, cgroups: bytes.to_vec(), ..ProcessRecord::default() };
    state.block(&Block::Processes(vec![process]));
    let slot = state.threads.iter().next().expect("the process");
    assert!(state.threads.get(slot).container.len() <= bytes.len().max(4));
});
