//! Any events through the upgrade: what comes out is an event of the newest schema whose lengths and parameters agree.
//!
//! The bytes are a list of events: code, thread, number of parameters, their lengths, their bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tercel_format::catalogue::{EVENTS, EventFlags};
use tercel_format::upgrade::{RawEvent, Upgrade, Upgraded};

fuzz_target!(|bytes: &[u8]| {
    let (mut upgrade, mut rest) = (Upgrade::new(), bytes);
    while let Some(([low, high, tid, count], after)) = rest.split_first_chunk() {
        let code = u16::from_le_bytes([*low, *high]) % EVENTS.len() as u16;
        let width = if EVENTS[usize::from(code)].has(EventFlags::LARGE_PAYLOAD) { 4 } else { 2 };
        let count = usize::from(*count % 32).min(after.len());
        let (sizes, after) = after.split_at(count);
        let total: usize = sizes.iter().map(|size| usize::from(*size)).sum();
        if total > after.len() {
            return;
        }
        let (data, after) = after.split_at(total);
        rest = after;
        let lengths: Vec<u8> =
            sizes.iter().flat_map(|size| u32::from(*size).to_le_bytes()[..width].to_vec()).collect();
        let raw = RawEvent {
            ts: 1,
            tid: i64::from(*tid),
            code,
            cpu: 0,
            flags: 0,
            number: None,
            extras: &[],
            lengths: &lengths,
            data,
        };
        if upgrade.apply(&raw) == Ok(Upgraded::Rebuilt) {
            let (code, lengths, data) = upgrade.rebuilt();
            let wide = EVENTS[usize::from(code)].has(EventFlags::LARGE_PAYLOAD);
            let claimed: usize = if wide {
                lengths
                    .chunks(4)
                    .map(|bytes| u32::from_le_bytes(bytes.try_into().expect("four bytes")) as usize)
                    .sum()
            } else {
                lengths
                    .chunks(2)
                    .map(|bytes| usize::from(u16::from_le_bytes(bytes.try_into().expect("two bytes"))))
                    .sum()
            };
            assert_eq!(claimed, data.len(), "{}", EVENTS[usize::from(code)].name);
        }
    }
});
