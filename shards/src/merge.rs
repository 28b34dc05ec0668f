//! The merge: streams of alerts, one per file, enter; all alerts leave in one order, by time, then by the order of the files. Few streams
//! are open at once, so that memory does not grow with their number: of more, groups are merged into files that are gone afterwards.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufWriter};

use crate::alerts::{AlertWriter, Record, Segment, Stream};
use crate::place::Place;

/// Streams that are open at once. Each has a block of records in memory.
pub const FAN_IN: usize = 512;

/// Gives every alert of the streams to `sink`: the earliest of the next ones first, of several that of the earlier stream. `false` from
/// the sink ends the merge. At most `fan_in` (at least 2) streams are open at once; files of groups are put into `spill`.
///
/// # Errors
/// Those of the places and of the sink, and outputs that are damaged.
pub fn merge(
    place: &dyn Place,
    streams: Vec<Vec<Segment>>,
    spill: &dyn Place,
    fan_in: usize,
    sink: &mut dyn FnMut(&Record<'_>) -> io::Result<bool>,
) -> io::Result<()> {
    let fan_in = fan_in.max(2);
    let mut streams = streams;
    streams.retain(|segments| segments.iter().any(|segment| segment.bytes > 0));
    let (mut level, mut from) = (0, place);
    while streams.len() > fan_in {
        let mut merged = Vec::new();
        for (number, group) in streams.chunks(fan_in).enumerate() {
            let mut writer = AlertWriter::new(BufWriter::new(tempfile::tempfile()?));
            run(from, group, &mut |record| writer.push(record).map(|()| true))?;
            let mut file: File = writer.finish()?.into_inner()?;
            let name = format!("{level}-{number}");
            spill.put(&name, &mut file)?;
            merged.push(vec![Segment { name, offset: 0, bytes: file.metadata()?.len(), file: None }]);
        }
        (streams, level, from) = (merged, level + 1, spill);
    }
    run(from, &streams, sink)
}

fn run(
    place: &dyn Place,
    streams: &[Vec<Segment>],
    sink: &mut dyn FnMut(&Record<'_>) -> io::Result<bool>,
) -> io::Result<()> {
    let mut open: Vec<Stream<'_>> =
        streams.iter().map(|segments| Stream::new(place, segments.iter().cloned())).collect();
    let mut next = BinaryHeap::new();
    for (index, stream) in open.iter_mut().enumerate() {
        next.extend(stream.advance()?.map(|key| Reverse((key, index))));
    }
    while let Some(Reverse((_, index))) = next.pop() {
        let Some(stream) = open.get_mut(index) else { continue };
        if let Some(record) = stream.record()
            && !sink(&record)?
        {
            return Ok(());
        }
        next.extend(stream.advance()?.map(|key| Reverse((key, index))));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Directory;

    /// Streams of times, each stream an output of one segment or of two, and the order in which a merge gives them.
    fn merged(streams: &[Vec<u64>], fan_in: usize, in_two: bool) -> Vec<(u64, u32)> {
        let directory = tempfile::tempdir().expect("a directory");
        let spilled = tempfile::tempdir().expect("a directory");
        let (place, spill) = (Directory::new(directory.path()), Directory::new(spilled.path()));
        let mut segments = Vec::new();
        for (index, times) in streams.iter().enumerate() {
            let mut of_stream = Vec::new();
            let halves = if in_two { times.split_at(times.len() / 2) } else { (&times[..], &[][..]) };
            for (number, half) in [halves.0, halves.1].into_iter().enumerate() {
                let mut writer = AlertWriter::new(tempfile::tempfile().expect("a file"));
                for time in half {
                    let text = vec![b'x'; 3000];
                    let record =
                        Record { key: 0, time: *time, number: 1, file: 0, rule: 0, text: &text, json: b"{}" };
                    writer.push(&record).expect("written");
                }
                let mut file = writer.finish().expect("written");
                let name = format!("{index}-{number}");
                place.put(&name, &mut file).expect("put");
                let bytes = file.metadata().expect("a size").len();
                of_stream.push(Segment { name, offset: 0, bytes, file: Some(index as u32) });
            }
            segments.push(of_stream);
        }
        let mut found = Vec::new();
        let mut sink = |record: &Record<'_>| {
            found.push((record.time, record.file));
            Ok(true)
        };
        merge(&place, segments, &spill, fan_in, &mut sink).expect("merged");
        found
    }

    /// What the merge of a replay does: the earliest of the next ones, of several that of the earlier stream.
    fn expected(streams: &[Vec<u64>]) -> Vec<(u64, u32)> {
        let mut at = vec![0; streams.len()];
        let mut found = Vec::new();
        while let Some((time, index)) = streams
            .iter()
            .enumerate()
            .filter_map(|(index, times)| times.get(at[index]).map(|time| (*time, index)))
            .min_by_key(|(time, _)| *time)
        {
            found.push((time, index as u32));
            at[index] += 1;
        }
        found
    }

    #[test]
    fn any_number_of_open_streams_gives_the_order_of_a_replay() {
        // Times that go back, equal times in several streams, streams without alerts, blocks of several records.
        let streams: Vec<Vec<u64>> = (0..23u64)
            .map(|stream| {
                (0..stream * 3 % 40)
                    .map(|event| (event * 7 + stream * 5 + event % 3 * 11) % 60 + event)
                    .collect()
            })
            .collect();
        let expected = expected(&streams);
        assert!(expected.len() > 300);
        for fan_in in [2, 3, 7, 512] {
            for in_two in [false, true] {
                assert_eq!(merged(&streams, fan_in, in_two), expected, "{fan_in} {in_two}");
            }
        }
    }

    #[test]
    fn a_damaged_output_is_named() {
        let directory = tempfile::tempdir().expect("a directory");
        let place = Directory::new(directory.path());
        let mut writer = AlertWriter::new(tempfile::tempfile().expect("a file"));
        let text = (0..200).map(|number| number as u8).collect::<Vec<_>>();
        let record = Record { key: 0, time: 5, number: 1, file: 0, rule: 0, text: &text, json: b"{}" };
        writer.push(&record).expect("written");
        let mut file = writer.finish().expect("written");
        place.put("one", &mut file).expect("put");
        let whole = place.read_whole("one").expect("read");
        let mut refused = 0;
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x41;
            std::fs::write(directory.path().join("one"), &bytes).expect("written");
            let segment = Segment { name: "one".into(), offset: 0, bytes: whole.len() as u64, file: None };
            let result = merge(&place, vec![vec![segment]], &place, 2, &mut |found| {
                assert_eq!(*found, Record { key: 5, ..record });
                Ok(true)
            });
            refused +=
                usize::from(result.is_err_and(|error| error.to_string().starts_with("one, offset 0: ")));
        }
        assert!(refused > whole.len() - 4, "{refused} of {}", whole.len());
    }
}
