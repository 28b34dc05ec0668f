//! Any bytes as a keyframe: what is not refused has to be a state that can be shown, changed, exported and kept again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tercel_format::catalogue::code;
use tercel_format::{Event, Numbering};
use tercel_replay::state::{ResumePoint, STATE_VERSION, State};

fuzz_target!(|bytes: &[u8]| {
    let bytes = [&STATE_VERSION.to_le_bytes()[..], bytes].concat();
    let Ok(mut state) = State::restore(&bytes) else { return };
    let Some(again) = state.snapshot() else { return };
    let restored = State::restore(&again).expect("what was written is read");
    assert!(restored.snapshot() == Some(again));
    let cut = ResumePoint { numbering: Numbering::default(), ts: 1 };
    let mut fresh = State::new();
    let _ = state.export::<()>(cut, &mut |block| {
        fresh.take(block);
        Ok(())
    });
    let tids: Vec<i64> = state.threads.iter().map(|slot| state.threads.get(slot).tid).collect();
    for (tid, code) in
        tids.iter().zip([code::PROCEXIT_1_E, code::SYSCALL_CLOSE_X, code::SYSCALL_CHDIR_X].iter().cycle())
    {
        let (lengths, data) = ([8u8, 0, 8, 0], [0u8; 16]);
        if let Some(mut event) = Event::new(*code, &lengths, &data) {
            (event.tid, event.ts) = (*tid, 2);
            state.apply(&event);
        }
    }
    state.snapshot();
});
