//! Any events as rows: they become columns and rows again. Then the directory of the columns is changed in some places, and everything that
//! it describes is unpacked. The first byte of each group says what a part of the input becomes: an event of the catalogue with any
//! values, or any block.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tercel_format::catalogue::{EVENTS, EventFlags, Width};

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let count = usize::from(input.byte()) * 3;
    let changes = input.take(count).to_vec();
    let mut rows = Vec::new();
    while !input.0.is_empty() && rows.len() < 1 << 20 {
        let body = if input.byte() < 240 { event(&mut input) } else { other(&mut input) };
        rows.extend(body);
    }
    tercel_format::columns::fuzz(&rows, &changes);
});

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }
}

fn event(input: &mut Input<'_>) -> Vec<u8> {
    let info = &EVENTS[usize::from(u16::from_le_bytes([input.byte(), input.byte()])) % EVENTS.len()];
    let (how, wide) = (input.byte(), info.has(EventFlags::LARGE_PAYLOAD));
    let (mut lengths, mut data) = (Vec::new(), Vec::new());
    let nparams = info.params.len().saturating_sub(usize::from(how >> 6));
    for param in &info.params[..nparams] {
        let size = match param.ty.width() {
            Width::Fixed(width) if how & 1 == 0 => usize::from(width),
            _ => usize::from(input.byte() % 40),
        };
        let value = input.take(size);
        let size = (value.len() as u32).to_le_bytes();
        lengths.extend_from_slice(if wide { &size } else { &size[..2] });
        data.extend_from_slice(value);
    }
    let mut body = vec![input.byte(), if how & 2 == 0 { 0 } else { input.byte() }];
    if how & 4 != 0 {
        body.extend_from_slice(&[1, 0, 0, 0]);
    }
    body.extend_from_slice(&[0; 4]);
    body.extend([input.byte(), input.byte(), input.byte(), how & 0x30]);
    body.extend([input.byte(), if how & 2 == 0 { 0 } else { input.byte() }, 0, 0, 0, 0, 0, 0]);
    let length = 26 + lengths.len() + data.len() + usize::from(how & 0x38 == 0x38);
    body.extend_from_slice(&(length as u32).to_le_bytes());
    body.extend_from_slice(&info.code.to_le_bytes());
    body.extend_from_slice(&(nparams as u32).to_le_bytes());
    body.extend(lengths);
    body.extend(data);
    if how & 8 != 0 {
        body.resize(body.len().next_multiple_of(4), 0);
        let size = usize::from(input.byte() % 30);
        body.extend_from_slice(input.take(size));
    }
    let code = match (how & 4 != 0, wide) {
        (false, false) => 0x216u32,
        (true, false) => 0x217,
        (false, true) => 0x221,
        (true, true) => 0x222,
    };
    block(code, body)
}

fn other(input: &mut Input<'_>) -> Vec<u8> {
    let code = u32::from_le_bytes([input.byte(), input.byte(), input.byte(), input.byte()]);
    let size = usize::from(input.byte());
    block(code, input.take(size).to_vec())
}

fn block(code: u32, mut body: Vec<u8>) -> Vec<u8> {
    body.resize(body.len().next_multiple_of(4), 0);
    let length = (body.len() as u32 + 12).to_le_bytes();
    [&code.to_le_bytes()[..], &length, &body, &length].concat()
}
