//! Keyframes come back as they were handed over, and lead to the state before any chunk.

use super::*;

fn states(trace: &Trace, path: &[StateStep]) -> Vec<String> {
    let state = |index| {
        let keyframe = trace.keyframe(index).expect("no damage").expect("a keyframe");
        assert_eq!(keyframe.engine, 7);
        String::from_utf8(keyframe.state).expect("text")
    };
    path.iter()
        .map(|step| match step {
            StateStep::Head(index) => {
                assert!(trace.chunks()[*index].is_head());
                assert_eq!(trace.keyframe(*index).expect("no damage"), None);
                "head".to_owned()
            }
            StateStep::Snapshot(index) | StateStep::Delta(index) => state(*index),
        })
        .collect()
}

#[test]
fn a_path_leads_to_every_chunk() {
    let options = Options { snapshots: 3, ..options(4 << 10) };
    let trace = open(&native(&capture(2, 900, 5), &options));
    let first = |index: usize| {
        let number = read_chunk(&trace, &trace.chunks()[index])[0].clone();
        number.split(' ').next().expect("number").to_owned()
    };
    let mut section = 0;
    for (index, chunk) in trace.chunks().iter().enumerate() {
        let path = states(&trace, &trace.path(index, 7).expect("a path"));
        if chunk.is_head() {
            section = index;
            assert_eq!(path, Vec::<String>::new());
            continue;
        }
        let nth = index - section - 1;
        let mut expected = match nth / 3 {
            0 => vec!["head".to_owned()],
            whole => vec![format!("Snapshot before {}", first(section + 1 + whole * 3))],
        };
        let deltas = section + 2 + nth / 3 * 3..=index;
        expected.extend(deltas.map(|index| format!("Delta before {}", first(index))));
        assert_eq!(path, expected, "chunk {index}");
    }
    assert_eq!(trace.path(trace.chunks().len(), 7), None);
    assert_eq!(trace.path(3, 8), None, "of another version");
    assert_eq!(trace.path(1, 8), Some(vec![StateStep::Head(0)]), "needs no keyframe");
}

#[test]
fn a_long_start_is_several_chunks() {
    let mut writer = Writer::new(Vec::new()).expect("memory");
    let process = |tid| ProcessRecord { tid, env: vec![b'x'; 3000], ..ProcessRecord::default() };
    for tid in 0..10 {
        writer.processes(&[process(tid)]).expect("memory");
    }
    let event = EventBuilder::new(DROP_E, 5, 0).push(2).encode().expect("event");
    writer.event(&event.event()).expect("memory");
    let trace = open(&native(&writer.finish().expect("memory"), &options(4 << 10)));
    let heads = trace.chunks().len() - 1;
    assert_eq!(heads, 5);
    let expected: Vec<StateStep> = (0..heads).map(StateStep::Head).collect();
    assert_eq!(trace.path(heads, 7), Some(expected.clone()));
    assert_eq!(trace.path(2, 7), Some(expected[..2].to_vec()));
}

/// After a gap only a snapshot tells the state again.
#[test]
fn a_lost_chunk_breaks_the_path() {
    let options = Options { snapshots: 3, ..options(4 << 10) };
    let mut bytes = native(&capture(1, 900, 5), &options);
    let lost = open(&bytes).chunks()[2].clone();
    let start = lost.offset as usize;
    bytes[start..start + 16].fill(0);
    let without_index = &bytes[..bytes.len() - 1];
    let trace = open(without_index);
    assert_eq!(trace.chunks()[2].descriptor.sequence, 3);
    assert_eq!(trace.path(1, 7), Some(vec![StateStep::Head(0)]));
    assert_eq!(trace.path(2, 7), None);
    let snapshot = (0..trace.chunks().len())
        .find(|index| trace.chunks()[*index].descriptor.keyframe() == Some(KeyframeKind::Snapshot))
        .expect("a snapshot");
    assert_eq!(snapshot, 3);
    assert_eq!(trace.path(4, 7), Some(vec![StateStep::Snapshot(3), StateStep::Delta(4)]));
    assert_eq!(trace.losses()[0].events, Some(lost.descriptor.events));
}

#[test]
fn a_damaged_keyframe_costs_no_events() {
    let mut bytes = native(&capture(1, 900, 5), &options(4 << 10));
    let chunk = open(&bytes).chunks()[3].clone();
    bytes[chunk.extra() as usize + 20] ^= 1;
    let trace = open(&bytes);
    let error = trace.keyframe(3).expect_err("damage").to_string();
    assert!(error.ends_with("the checksum of the keyframe does not match"), "{error}");
    assert_eq!(read_chunk(&trace, &chunk).len() as u64, chunk.descriptor.events);
    let place = format!("chunk 3 at offset {}: the digest of the chunk does not match", chunk.offset);
    assert_eq!(verdict(&bytes), Some(place.clone()));
    bytes[chunk.extra() as usize + 20] ^= 1;
    for at in chunk.extra()..chunk.data() {
        let mut damaged = bytes.clone();
        damaged[at as usize] ^= 1;
        assert_eq!(
            verdict(&damaged),
            Some(place.clone()),
            "byte {at}, without a look at what the keyframe says"
        );
    }
}
