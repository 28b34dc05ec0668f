//! Damage in traces of columns: what does not depend on it is read with its numbers, and what is lost is counted.

use std::collections::BTreeSet;

use super::*;

/// A trace of large enough chunks of columns, and what it says.
fn trace() -> (Vec<u8>, Vec<String>) {
    let options = Options { layout: Layout::Columns, ..options(256 << 10) };
    let bytes = native(&capture(1, 12_000, 17), &options);
    let trace = open(&bytes);
    let columns = trace.chunks().iter().filter(|chunk| chunk.descriptor.is_columns()).count();
    assert!(columns >= 3, "{columns}");
    (bytes.clone(), trace.chunks().iter().flat_map(|chunk| read_chunk(&trace, chunk)).collect())
}

#[test]
fn a_flipped_bit_costs_what_depends_on_it() {
    let (bytes, _) = trace();
    let whole = open(&bytes);
    let chunks: Vec<(&Chunk, BTreeSet<String>)> = whole
        .chunks()
        .iter()
        .filter(|chunk| chunk.descriptor.is_columns())
        .map(|chunk| (chunk, read_chunk(&whole, chunk).into_iter().collect()))
        .collect();
    let (mut numbers, mut partly, mut harmless) = (Numbers(3), 0, 0);
    for round in 0..1000 {
        let (chunk, known) = &chunks[numbers.below(chunks.len() as u64) as usize];
        let place = (chunk.data() + numbers.below(chunk.end() - chunk.data())) as usize;
        let mut copy = bytes.clone();
        copy[place] ^= 1 << numbers.below(8);
        assert!(round % 50 != 0 || verdict(&copy).is_some(), "byte {place}");
        let mut unpacker = Unpacker::new();
        let trace = open(&copy);
        let Ok(mut blocks) = unpacker.blocks(&trace, chunk) else { continue };
        let mut read = 0;
        while let Some(block) = blocks.next().expect("rows are whole") {
            read += 1;
            assert!(known.contains(&show(&block)), "byte {place}: nothing but the truth");
        }
        let lost = blocks.left_out().map_or(0, |(events, _)| events);
        assert_eq!(read + lost, chunk.descriptor.events, "byte {place}");
        partly += u64::from(read > 0 && lost > 0);
        harmless += u64::from(lost == 0);
    }
    // The note is not read.
    assert!(partly > 300 && harmless < 100, "{partly} {harmless}");
}

#[test]
fn a_cut_leaves_what_is_whole() {
    let (bytes, all) = trace();
    let known: BTreeSet<&String> = all.iter().collect();
    let whole = open(&bytes);
    let last = whole.chunks().last().expect("chunks").end();
    let (mut numbers, mut rescued) = (Numbers(5), 0);
    for _ in 0..200 {
        let cut = 200 + numbers.below(last - 200);
        let trace = open(&bytes[..cut as usize]);
        let lines: Vec<String> = trace.chunks().iter().flat_map(|chunk| read_chunk(&trace, chunk)).collect();
        assert!(all.starts_with(&lines), "cut at {cut}");
        let part = trace.read_cut().expect("memory");
        let mut blocks = part.blocks();
        while let Ok(Some(block)) = blocks.next() {
            rescued += 1;
            assert!(known.contains(&show(&block)), "cut at {cut}");
        }
    }
    assert!(rescued > 1000, "{rescued}");
}

#[test]
fn rows_and_columns_say_the_same_of_themselves() {
    let capture = capture(2, 3000, 7);
    let rows = open(&native(&capture, &options(256 << 10)));
    let columns = open(&native(&capture, &Options { layout: Layout::Columns, ..options(256 << 10) }));
    assert_eq!(rows.chunks().len(), columns.chunks().len());
    for (index, (row, column)) in rows.chunks().iter().zip(columns.chunks()).enumerate() {
        assert_eq!(row.descriptor.counts, column.descriptor.counts);
        assert_eq!(row.descriptor.raw_size, column.descriptor.raw_size);
        assert_eq!(rows.keyframe(index).expect("good"), columns.keyframe(index).expect("good"));
        let sizes = columns.column_sizes(index).expect("good");
        assert_eq!(sizes.is_empty(), !column.descriptor.is_columns());
        let packed: u64 = sizes.iter().map(|size| size.packed).sum();
        assert!(packed <= column.descriptor.data_size);
    }
}
