//! A restored state goes on like the one that it was taken of, and deltas add up to it.

use std::path::PathBuf;

use tercel_format::{Block, Reader};

use super::difference::difference;
use super::list::List;
use super::record::Difference;
use super::shared::SharedText;
use super::{Base, KeyframeError, STATE_VERSION, encoded, encoding};
use crate::state::{Container, Fd, FdKind, State, Text};

fn traces() -> Vec<PathBuf> {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../testdata/traces");
    let entries = std::fs::read_dir(directory).expect("part of the repository");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

/// Calls `each` after every block of a capture, with the state.
fn walk(path: &PathBuf, mut each: impl FnMut(&mut State)) {
    let mut reader = Reader::new(std::fs::File::open(path).expect("readable")).expect("a capture");
    let mut state = State::new();
    while let Some(block) = reader.next().expect("undamaged") {
        match &block {
            Block::Event(event) => {
                state.apply(event);
            }
            block => state.block(block),
        }
        each(&mut state);
    }
}

fn bytes(state: &State) -> Vec<u8> {
    state.snapshot().expect("not too large")
}

#[test]
fn deltas_add_up_to_the_snapshot() {
    for path in traces() {
        let (mut base, mut old, mut sum, mut count) = (Base::new(), State::new(), State::new(), 0u64);
        walk(&path, |state| {
            count += 1;
            // Steps of changing length, none of them regular.
            if count.is_power_of_two() || count.is_multiple_of(97) {
                let delta = base.delta(state).expect("small");
                assert!(
                    Some(&delta) == state.delta(&old).as_ref(),
                    "{path:?} behind block {count}: touched but not marked"
                );
                sum.apply_delta(&delta).expect("a delta");
                assert!(sum.snapshot() == state.snapshot(), "{path:?} behind block {count}");
                old = state.clone();
            }
        });
    }
}

#[test]
fn a_restored_state_goes_on_alike() {
    for path in traces() {
        let mut plain = Vec::new();
        let mut count = 0u64;
        walk(&path, |state| {
            count += 1;
            if count.is_multiple_of(50) {
                plain.push(state.snapshot());
            }
        });
        count = 0;
        walk(&path, |state| {
            count += 1;
            if count.is_multiple_of(61) || count < 20 {
                *state = State::restore(&bytes(state)).expect("a snapshot");
            }
            if count.is_multiple_of(50) {
                assert!(plain[(count / 50) as usize - 1] == state.snapshot(), "{path:?} at block {count}");
            }
        });
    }
}

#[test]
fn other_bytes_are_refused() {
    let path = &traces()[0];
    let mut snapshot = Vec::new();
    walk(path, |state| {
        if state.threads.len() > 3 && snapshot.is_empty() {
            snapshot = bytes(state);
        }
    });
    assert_eq!(State::restore(&[]).err(), Some(KeyframeError::Encoding("too short".to_owned())));
    assert_eq!(State::restore(&[9, 0, 0, 0]).err(), Some(KeyframeError::Version(9)));
    for end in 4..snapshot.len().min(4000) {
        assert!(State::restore(&snapshot[..end]).is_err(), "cut at {end}");
    }
    let mut seed = 0x9E37_79B9_7F4A_7C15u64;
    for _ in 0..2000 {
        let mut bytes = snapshot.clone();
        for _ in 0..3 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = 4 + (seed >> 33) as usize % (bytes.len() - 4);
            bytes[at] = (seed >> 24) as u8;
        }
        // Whatever is not refused has to be usable.
        if let Ok(mut state) = State::restore(&bytes) {
            let slots: Vec<_> = state.threads.iter().collect();
            for slot in slots {
                let tid = state.threads.get(slot).tid;
                state.threads.remove(tid);
            }
        }
    }
}

/// A small keyframe of a large state: `fill` changes the difference between two states that know nothing.
#[track_caller]
fn check_too_large(what: &str, fill: impl FnOnce(&mut Difference)) {
    let (one, other) = (State::new(), State::new());
    let mut difference = difference(&one, &other, None).expect("small");
    fill(&mut difference);
    assert!(encoded(&difference).is_none(), "{what}: it is written");
    let mut bytes = STATE_VERSION.to_le_bytes().to_vec();
    assert!(encoding::encode(&mut bytes, &difference, usize::MAX));
    let Err(KeyframeError::Encoding(error)) = State::restore(&bytes) else { panic!("{what}: it is read") };
    assert!(error.contains("too much memory"), "{what}: {error}");
    assert!(bytes.len() < 12 << 20, "{what}: {} bytes", bytes.len());
}

#[test]
fn keyframes_that_unpack_to_far_more_are_refused() {
    check_too_large("texts", |difference| {
        difference.shared.texts = List((0..2_090_000).map(|_| SharedText(b"x"[..].into())).collect());
    });
    check_too_large("fds", |difference| {
        let fd = Fd::new(FdKind::Unknown, Text::default());
        difference.shared.fds = List((0..700_000).map(|_| fd.clone().into()).collect());
    });
    check_too_large("free slots of threads", |difference| {
        difference.threads = List((0..400_000).map(|slot| (slot, None)).collect());
    });
    check_too_large("containers", |difference| {
        let container = || Container { env: vec![Vec::new(); 60_000], ..Container::default() };
        difference.containers = List((0..60).map(|_| (Text::default(), Some(container().into()))).collect());
    });
}
