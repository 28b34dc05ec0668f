//! Rows become columns and rows again, whatever the rows.

use super::*;
use crate::block::code;
use crate::catalogue::EVENTS;

/// Numbers that look random and are always the same.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit.max(1)
    }

    fn bytes(&mut self, count: u64, alphabet: u64) -> Vec<u8> {
        (0..count).map(|_| self.below(alphabet) as u8).collect()
    }
}

/// A block around a body, which is padded.
fn block(code: u32, mut body: Vec<u8>) -> Vec<u8> {
    body.resize(body.len().next_multiple_of(4), 0);
    let length = (body.len() as u32 + 12).to_le_bytes();
    [&code.to_le_bytes()[..], &length, &body, &length].concat()
}

/// The block of an event of a type of the catalogue with any values, most of which are as the catalogue says.
fn event(random: &mut Random) -> Vec<u8> {
    let info = &EVENTS
        [[7, 9, 307, 5, 311, 324, 187, random.below(EVENTS.len() as u64) as usize][random.below(8) as usize]];
    let wide = info.has(crate::catalogue::EventFlags::LARGE_PAYLOAD);
    let missing = if random.below(20) == 0 { random.below(4) as usize } else { 0 };
    let (mut lengths, mut data) = (Vec::new(), Vec::new());
    let nparams = info.params.len().saturating_sub(missing);
    for param in &info.params[..nparams] {
        let length = match param.ty.width() {
            crate::catalogue::Width::Fixed(width) if random.below(9) > 0 => u64::from(width),
            _ => random.below(30),
        };
        let alphabet = 1 + random.below(3) * 120;
        data.extend(random.bytes(length, alphabet));
        match wide {
            false => lengths.extend_from_slice(&(length as u16).to_le_bytes()),
            true => lengths.extend_from_slice(&(length as u32).to_le_bytes()),
        }
    }
    let is_flagged = random.below(9) == 0;
    let mut body = (random.below(5) as u16).to_le_bytes().to_vec();
    if random.below(99) == 0 {
        body = 999u16.to_le_bytes().to_vec();
    }
    if is_flagged {
        body.extend_from_slice(&(1 + random.below(5) as u32 / 4).to_le_bytes());
    }
    body.extend_from_slice(&(1_700_000_000_000_000_000 + random.below(1 << 30)).to_le_bytes());
    body.extend_from_slice(&random.below(400).wrapping_sub(3).to_le_bytes());
    let slack = u64::from(random.below(40) == 0);
    let length = 26 + lengths.len() as u64 + data.len() as u64 + slack;
    body.extend_from_slice(&(length as u32).to_le_bytes());
    body.extend_from_slice(&info.code.to_le_bytes());
    body.extend_from_slice(&(nparams as u32).to_le_bytes());
    body.extend(lengths);
    body.extend(data);
    body.extend(vec![7; slack as usize]);
    if random.below(6) == 0 {
        body.resize(body.len().next_multiple_of(4), u8::from(random.below(30) == 0));
        let size = 1 + random.below(20);
        body.extend(random.bytes(size, 256));
    }
    let codes = [code::EVENT_V2, code::EVENT_FLAGS_V2, code::EVENT_V2_LARGE, code::EVENT_FLAGS_V2_LARGE];
    block(codes[usize::from(is_flagged) + 2 * usize::from(wide)], body)
}

fn rows(random: &mut Random, count: u64) -> Vec<u8> {
    (0..count)
        .flat_map(|_| match random.below(30) {
            0 => {
                let size = random.below(99);
                let bytes = random.bytes(size, 256);
                block(random.below(1 << 32) as u32, bytes)
            }
            _ => event(random),
        })
        .collect()
}

/// Columns that were made of rows.
fn columns(rows: &[u8]) -> Columns {
    let mut transposer = Transposer::new(1).expect("memory");
    let packed = transposer.pack(rows, 0).expect("memory").expect("blocks");
    let mut columns = Columns::default();
    *columns.packed() = packed.frames;
    columns.open(&packed.directory, 0, rows.len() as u64).expect("good columns");
    columns
}

#[test]
fn rows_come_back() {
    let mut random = Random(5);
    for count in [0, 1, 2, 3, 20, 100, 700, 3000] {
        for _ in 0..6 {
            let rows = rows(&mut random, count);
            let mut back = Vec::new();
            assert_eq!(columns(&rows).rows(&mut back).expect("good columns"), None);
            assert!(back == rows, "{count} blocks");
        }
    }
}

#[test]
fn the_bytes_do_not_depend_on_earlier_chunks() {
    let mut random = Random(9);
    let (first, second) = (rows(&mut random, 300), rows(&mut random, 300));
    let pack = |transposer: &mut Transposer, rows: &[u8]| {
        let packed = transposer.pack(rows, 0).expect("memory").expect("blocks");
        (packed.directory, packed.frames)
    };
    let mut used = Transposer::new(3).expect("memory");
    pack(&mut used, &first);
    let after = pack(&mut used, &second);
    assert!(after == pack(&mut Transposer::new(3).expect("memory"), &second));
}

#[test]
fn what_is_no_block_is_not_packed() {
    let mut random = Random(3);
    let rows = rows(&mut random, 5);
    for end in 0..rows.len() {
        let mut transposer = Transposer::new(1).expect("memory");
        let packed = transposer.pack(&rows[..end], 0).expect("memory");
        if let Some(packed) = packed {
            let (mut columns, mut back) = (Columns::default(), Vec::new());
            *columns.packed() = packed.frames;
            columns.open(&packed.directory, 0, end as u64).expect("good columns");
            columns.rows(&mut back).expect("good columns");
            assert!(back == rows[..end]);
        }
    }
}

#[test]
fn a_damaged_directory_is_survived() {
    let mut random = Random(11);
    let rows = rows(&mut random, 400);
    let packed = Transposer::new(1).expect("memory").pack(&rows, 0).expect("memory").expect("blocks");
    for _ in 0..3000 {
        let mut directory = packed.directory.clone();
        for _ in 0..=random.below(3) {
            let place = random.below(directory.len() as u64) as usize;
            directory[place] = random.below(256) as u8;
        }
        let (mut columns, mut back) = (Columns::default(), Vec::new());
        columns.packed().clone_from(&packed.frames);
        if columns.open(&directory, 0, rows.len() as u64).is_ok() {
            let _ = columns.rows(&mut back);
            assert!(back.len() < 4 * rows.len() + 100_000);
        }
    }
}

#[test]
fn a_damaged_frame_costs_the_kinds_that_have_a_part_in_it() {
    let mut random = Random(13);
    let rows: Vec<u8> = (0..20_000).flat_map(|_| event(&mut random)).collect();
    let packed = Transposer::new(1).expect("memory").pack(&rows, 0).expect("memory").expect("blocks");
    let (mut lost, mut some) = (0, 0);
    for _ in 0..60 {
        let (mut columns, mut back) = (Columns::default(), Vec::new());
        columns.packed().clone_from(&packed.frames);
        let place = random.below(packed.frames.len() as u64) as usize;
        columns.packed()[place] ^= 1 << random.below(8);
        let opened = columns.open(&packed.directory, 0, rows.len() as u64);
        match opened.and_then(|()| columns.rows(&mut back)) {
            Ok(Some(gap)) => {
                assert!(gap.events > 0 && gap.events <= 20_000);
                some += 1;
            }
            Ok(None) => panic!("byte {place} is not missed"),
            Err(_) => lost += 1,
        }
    }
    assert!(some > 10 && lost > 0, "{some} {lost}");
}
