//! Cuts, flipped bytes and gaps: what is whole is read, and what is not is named.

use super::*;

/// A trace of some chunks, and what each chunk says.
fn trace() -> (Vec<u8>, Vec<Chunk>, Vec<Vec<String>>) {
    let bytes = native(&capture(2, 60, 11), &options(4 << 10));
    let trace = open(&bytes);
    let lines = trace.chunks().iter().map(|chunk| read_chunk(&trace, chunk)).collect();
    let chunks = trace.chunks().to_vec();
    assert!(chunks.len() >= 4, "{}", chunks.len());
    (bytes, chunks, lines)
}

#[test]
fn every_cut_leaves_the_whole_chunks_before_it() {
    let (bytes, chunks, lines) = trace();
    let header = chunks[0].offset;
    let last = chunks[chunks.len() - 1].end();
    for cut in 0..bytes.len() as u64 {
        let part = bytes[..cut as usize].to_vec();
        let trace = match Trace::open(part.clone()) {
            Ok(trace) => trace,
            Err(TraceError::NotNative) if cut < 16 => continue,
            Err(error) => panic!("cut at {cut}: {error}"),
        };
        let whole: Vec<Chunk> = chunks.iter().filter(|chunk| chunk.end() <= cut).cloned().collect();
        assert_eq!(trace.chunks(), whole, "cut at {cut}");
        let (read, losses) = read_trace(&trace);
        assert_eq!(read, lines[..whole.len()].concat(), "cut at {cut}");
        assert!(losses.is_empty());
        assert!(trace.without_index().is_some(), "cut at {cut}");
        let boundary = cut == header || chunks.iter().any(|chunk| chunk.end() == cut);
        let is_told = trace.losses().len() == 1 && trace.losses()[0].to == cut;
        let is_index = cut > last;
        assert!(
            boundary && trace.losses().is_empty() || is_told || is_index,
            "cut at {cut}: {:?}",
            trace.losses()
        );
        if let Some(chunk) = chunks.iter().find(|chunk| chunk.extra() <= cut && cut < chunk.end()) {
            assert_eq!(trace.cut(), Some(chunk));
            assert_eq!(trace.losses()[0].events, Some(chunk.descriptor.events));
            let rescued = trace.read_cut().expect("memory");
            let raw = rescued.bytes();
            let whole = open(&bytes);
            let expected = Unpacker::new().bytes(&whole, chunk).expect("a whole chunk").to_vec();
            assert!(expected.starts_with(raw) && (raw.len() < expected.len() || cut + 8 > chunk.end()));
        }
        let is_incomplete = verdict(&part).is_some();
        assert!(is_incomplete, "cut at {cut}");
    }
}

#[test]
fn every_flipped_byte_is_found() {
    let (bytes, chunks, lines) = trace();
    let all = lines.concat();
    for place in 0..bytes.len() {
        for bit in [0, 3, 7] {
            let mut damaged = bytes.clone();
            damaged[place] ^= 1 << bit;
            let found = match verify(damaged.clone(), |_| {}) {
                Ok(verdict) => verdict.first_break,
                Err(error) => {
                    assert!(place < 16, "byte {place}: {error}");
                    continue;
                }
            };
            let found = found.unwrap_or_else(|| panic!("byte {place}, bit {bit} is not found"));
            if let Some(hit) =
                chunks.iter().find(|chunk| chunk.offset <= place as u64 && (place as u64) < chunk.end())
            {
                let is_near = hit.offset <= found.offset && found.offset < hit.end();
                assert!(is_near, "byte {place}: {found}");
            }
            // Whatever else is read of it, it is nothing that was not written.
            let (read, _) = read_trace(&open(&damaged));
            let mut rest = all.iter();
            assert!(read.iter().all(|line| rest.any(|other| other == line)), "byte {place}");
        }
    }
}

#[test]
fn the_next_section_is_searched_for_over_several_windows() {
    let (bytes, chunks, lines) = trace();
    // A hole of zeros after the first chunk, larger than what is looked at at first, and in which nothing looks like a section.
    let hole = 40 << 10;
    let start = chunks[0].end();
    let (before, after) = bytes.split_at(start as usize);
    let damaged = [before, &vec![0; hole], after].concat();
    let trace = open(&damaged);
    let offsets: Vec<u64> = trace.chunks().iter().map(|chunk| chunk.offset).collect();
    let moved = chunks[1..].iter().map(|chunk| chunk.offset + hole as u64);
    assert_eq!(offsets, std::iter::once(chunks[0].offset).chain(moved).collect::<Vec<_>>());
    assert_eq!(read_trace(&trace).0, lines.concat());
    let [loss] = trace.losses() else { panic!("{:?}", trace.losses()) };
    assert_eq!((loss.from, loss.to), (start, start + hole as u64));
}

#[test]
fn the_room_of_the_index_holds_entries_that_cannot_be_made_smaller() {
    let mut numbers = Numbers(7);
    for head_size in [0, 1 << 10, 4 << 10, 1 << 20] {
        let entry = numbers.bytes(u64::from(head_size) + 64);
        let packed = zstd::bulk::compress(&entry, 9).expect("memory");
        let room = index::room(head_size) + index::BASE;
        assert!(packed.len() as u64 <= room, "{head_size}: {} of {room}", packed.len());
    }
}

#[test]
fn an_index_that_is_lost_is_found_again() {
    let (bytes, chunks, _) = trace();
    let last = chunks[chunks.len() - 1].end() as usize;
    for end in [last, bytes.len() - 1, bytes.len() - 72] {
        let trace = open(&bytes[..end]);
        assert_eq!(trace.chunks(), chunks);
        assert_eq!(trace.header(), open(&bytes).header());
        assert!(trace.without_index().is_some() && trace.seal().is_none());
    }
    assert!(open(&bytes).seal().is_some());
}

#[test]
fn a_damaged_chunk_costs_that_chunk() {
    let (bytes, chunks, lines) = trace();
    for (index, chunk) in chunks.iter().enumerate() {
        let mut damaged = bytes.clone();
        damaged[chunk.data() as usize + 12] ^= 0x10;
        let (read, losses) = read_trace(&open(&damaged));
        let mut left = lines.clone();
        left[index].clear();
        let expected = left.concat();
        assert_eq!(read, expected, "chunk {index}");
        assert_eq!(losses.len(), 1);
        assert_eq!((losses[0].from, losses[0].to), (chunk.offset, chunk.end()));
        assert_eq!(losses[0].events, Some(chunk.descriptor.events));
    }
}

#[test]
fn a_gap_is_jumped_over_and_measured() {
    let (bytes, chunks, lines) = trace();
    let gap = (chunks[2].offset - 5, chunks[3].offset + 3);
    let mut damaged = bytes[..bytes.len() - 1].to_vec();
    damaged[gap.0 as usize..gap.1 as usize].fill(0);
    let trace = open(&damaged);
    let whole: Vec<Chunk> = [&chunks[..2], &chunks[4..]].concat();
    assert_eq!(trace.chunks(), whole, "the second is there, but damaged at its end");
    let (read, losses) = read_trace(&trace);
    assert_eq!(read, [lines[0].clone(), lines[4..].concat()].concat());
    assert_eq!(losses.len(), 1);
    let events = chunks[2].descriptor.events + chunks[3].descriptor.events;
    let expected =
        Loss { from: chunks[2].offset, to: chunks[4].offset, damage: Damage::Unknown, events: Some(events) };
    assert_eq!(trace.losses()[0], expected);
    assert_eq!(
        expected.to_string(),
        format!(
            "bytes {} to {}: neither a section nor a chunk; {events} events lost",
            chunks[2].offset, chunks[4].offset
        )
    );
}

#[test]
fn a_trace_without_its_start_is_salvaged() {
    let (bytes, chunks, lines) = trace();
    let rest = bytes[chunks[1].offset as usize - 9..].to_vec();
    assert!(matches!(Trace::open(rest.clone()), Err(TraceError::NotNative)));
    let trace = Trace::salvage(rest).expect("chunks are there");
    assert_eq!(read_trace(&trace).0, lines[1..].concat());
    assert!(matches!(Trace::salvage(vec![0; 100]), Err(TraceError::NotNative)));
}

#[test]
fn joined_traces_are_read_as_a_stream() {
    let (bytes, chunks, _) = trace();
    let both = [bytes.clone(), bytes.clone()].concat();
    let place = bytes.len() as u64;
    assert!(matches!(Trace::open(both.clone()), Err(TraceError::Joined { offset }) if offset == place));
    let plain = zstd::decode_all(&both[..]).expect("zstd");
    assert_eq!(read(&both), read(&plain));
    assert!(chunks[0].offset > 0);
}

#[test]
fn doubled_chunks_are_refused() {
    let (bytes, chunks, lines) = trace();
    let chunk = &bytes[chunks[1].offset as usize..chunks[1].end() as usize];
    let end = chunks[2].end() as usize;
    let trace = open(&[&bytes[..end], chunk].concat());
    assert_eq!(trace.chunks(), &chunks[..3]);
    let damage = Damage::Order { expected: 3, found: 1 };
    assert_eq!(trace.losses()[0].damage, damage);
    assert_eq!(read_trace(&trace).0, lines[..3].concat());
}

/// Numbers of events jump in slices; what is lost is counted all the same.
#[test]
fn lost_events_are_counted_where_numbers_jump() {
    let mut writer = TraceWriter::new(Vec::new(), &Header::default(), options(4 << 10)).expect("memory");
    writer.block(&Block::Section(Section::NEWEST)).expect("memory");
    for num in 1..=20u64 {
        let event = EventBuilder::new(DROP_E, num, 0).push(2).encode().expect("event");
        let mut event = event.event();
        event.num = num * 1000;
        writer.block(&Block::Event(event)).expect("memory");
    }
    let bytes = writer.finish().expect("memory").0;
    let chunk = open(&bytes).chunks()[1].clone();
    let raw = Unpacker::new().bytes(&open(&bytes), &chunk).expect("whole").to_vec();
    // The eighth event claims to have no length, in a frame that is whole.
    let length = |at: usize| u32::from_le_bytes(raw[at + 4..at + 8].try_into().expect("four bytes")) as usize;
    let eighth = (1..8).fold(0, |at, _| at + length(at));
    let mut damaged = raw.clone();
    damaged[eighth + 4..eighth + 8].fill(0);
    let packed = zstd::bulk::compress(&damaged, 1).expect("memory");
    let mut descriptor = chunk.descriptor.clone();
    descriptor.data_size = packed.len() as u64;
    let (frame, _) = super::super::descriptor::encode(&descriptor, &[0; 32], &[], &packed).expect("memory");
    let broken = [&bytes[..chunk.offset as usize], &frame, &packed].concat();
    let (read, losses) = read_trace(&open(&broken));
    assert_eq!((read.len(), losses.len()), (8, 1), "a section and seven events: {losses:?}");
    assert_eq!(losses[0].events, Some(13));
}
