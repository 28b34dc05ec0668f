//! Forged traces: all digests and the seal are right, but the index leaves chunks out, or descriptors say something else than is
//! in their chunks. Every verb that reads the part reports it, and no event is lost without a word.

mod edits;
mod parts;

use std::process::Stdio;

use tercel_test_support::{Place, Ran, ran, tercel};

use parts::{Parts, number};

/// Where the list of event types starts in a descriptor: after ten numbers, of which one may be missing.
fn counts(descriptor: &[u8]) -> usize {
    const INITIAL: usize = 8 + 4 + 8 + 8 + 8;
    INITIAL + 1 + 8 * usize::from(descriptor[INITIAL]) + 5 * 8
}

/// Removes the list of event types from a descriptor.
fn uncounted(descriptor: &mut Vec<u8>) {
    let at = counts(descriptor);
    let rows = number(descriptor, at);
    descriptor.drain(at + 8..at + 8 + rows * 10);
    descriptor[at..at + 8].fill(0);
}

/// Says of each event that it is of a type that no rule needs, one after the other.
fn renamed(descriptor: &mut [u8]) {
    let at = counts(descriptor);
    for row in 0..number(descriptor, at) {
        let code = (row as u16 * 2).to_le_bytes();
        descriptor[at + 8 + row * 10..][..2].copy_from_slice(&code);
    }
}

/// A trace of many chunks with keyframes, and its parts.
fn honest(place: &Place) -> (String, Parts) {
    let path = place.name("honest.scap");
    ran(&["convert", "-q", "--chunk", "16KiB", "-w", &path, "testdata/traces/classic.scap"], 0);
    let bytes = std::fs::read(&path).expect("a trace");
    let parts = Parts::of(&bytes);
    assert!(parts.chunks.len() > 5 && bytes == parts.write(&parts.descriptors()), "{}", parts.chunks.len());
    (path, parts)
}

fn events(path: &str) -> Ran {
    tercel(&["events", path]).stdin(Stdio::null()).output().expect("the binary runs").into()
}

fn alerts(path: &str, threads: &str) -> Ran {
    let arguments = ["replay", "-j", threads, "-r", "rules", path];
    tercel(&arguments).output().expect("the binary runs").into()
}

#[test]
fn chunks_that_the_index_leaves_out_are_read() {
    let place = Place::new("forged-index");
    let (honest, parts) = honest(&place);
    let all = events(&honest);
    for left in [1, parts.chunks.len() - 1] {
        let forged =
            place.file("forged.scap", parts.write(&parts.descriptors()[..left])).display().to_string();
        let found = events(&forged);
        assert_eq!((found.code, &found.out), (3, &all.out), "{}", found.err);
        assert!(found.err.contains(&format!("entry {left} of the index")), "{}", found.err);
        for verb in ["verify", "info"] {
            ran(&[verb, &forged], 3);
        }
        let written = place.name("written.scap");
        for verb in ["recover", "convert", "slice"] {
            ran(&[verb, "-q", "--force", "-w", &written, &forged], 3);
            assert_eq!(events(&written).out.lines().count(), all.out.lines().count(), "{verb}");
        }
    }
}

#[test]
fn descriptors_that_count_no_events_hide_none() {
    let place = Place::new("forged-counts");
    let (honest, mut parts) = honest(&place);
    parts.chunks.iter_mut().for_each(|chunk| uncounted(&mut chunk.descriptor));
    let forged = place.file("forged.scap", parts.write(&parts.descriptors())).display().to_string();
    for threads in ["1", "4"] {
        let (expected, found) = (alerts(&honest, threads), alerts(&forged, threads));
        assert!(expected.out.lines().count() > 3);
        assert_eq!((found.code, found.out), (3, expected.out), "-j {threads}: {}", found.err);
        assert!(found.err.contains("does not match the types of the chunk's events"), "{}", found.err);
    }
    for verb in ["verify", "info", "events"] {
        ran(&[verb, &forged], 3);
    }
}

/// Only reading a chunk tells; what is left out is left out with a word about it.
#[test]
fn descriptors_that_lie_are_reported_by_whoever_reads_the_chunks() {
    let place = Place::new("forged-types");
    let (_, mut parts) = honest(&place);
    let told = parts.descriptors();
    parts.chunks.iter_mut().for_each(|chunk| renamed(&mut chunk.descriptor));
    let forged = place.file("forged.scap", parts.write(&parts.descriptors())).display().to_string();
    for verb in ["verify", "events"] {
        ran(&[verb, &forged], 3);
    }
    let found = alerts(&forged, "1");
    assert!(found.err.contains("left out by their descriptors"), "{}", found.err);
    // What only events can disprove, info does not call a fact.
    let text = ran(&["info", &forged], 0).out;
    assert!(text.contains("from the index; 'tercel verify' proves them"), "{text}");
    // The index says the truth, and the descriptors before the chunks do not.
    let forged = place.file("forged.scap", parts.write(&told)).display().to_string();
    let found = events(&forged);
    assert_eq!(found.code, 3, "{}", found.err);
    assert!(found.err.contains("the descriptor does not match the index"), "{}", found.err);
    let text = ran(&["info", &forged], 3).out;
    let differ = text.lines().filter(|line| line.contains("the descriptor does not match the index")).count();
    assert_eq!(
        differ,
        parts.chunks.iter().zip(&told).filter(|(chunk, told)| chunk.descriptor != **told).count()
    );
    let json: Ran = tercel(&["info", "--json", &forged]).output().expect("the binary runs").into();
    assert!(json.code == 3 && json.out.contains("does not match the index"), "{}", json.out);
}

/// Another version of the program wrote the trace: that is said, and what makes it provable.
#[test]
fn keyframes_of_another_version_are_no_forgery() {
    let place = Place::new("foreign-keyframes");
    let old = "format/src/trace/tests/version_1.scap";
    let found = ran(&["verify", old], 3).out;
    let lines: Vec<&str> = found.lines().collect();
    let [failed, proved, hint] = lines[..] else { panic!("{found}") };
    assert!(failed.contains("FAILED: 2 keyframes are of version ") && failed.contains("no sign of forgery"));
    assert!(
        proved.contains("proved: everything but these keyframes: 6 chunks, 120 events, 0 keyframes, seal ")
    );
    assert!(hint.contains("'tercel index -w NEW' makes them again"), "{hint}");
    let new = place.name("new.scap");
    ran(&["index", "-q", "-w", &new, old], 0);
    let keyed = ran(&["verify", &new], 0).out;
    assert!(keyed.contains(": intact: "), "{keyed}");
}

/// Keyframes that cannot be read, and such that can be read and are wrong. Only a replay on several threads uses them.
#[test]
fn wrong_keyframes_are_reported() {
    let place = Place::new("forged-keyframes");
    let (honest, parts) = honest(&place);
    let expected = alerts(&honest, "1");
    let keyed = |index: &usize| parts.chunks[*index].keyframe().is_some();
    let chunks: Vec<usize> = (0..parts.chunks.len()).filter(keyed).collect();
    let filled = |mut state: Vec<u8>| {
        state[4..].fill(0xff);
        state
    };
    let renamed = |state: Vec<u8>| {
        let swapped = |byte: u8| if byte == b's' { b't' } else { byte };
        let (version, rest) = state.split_at(4);
        [version.to_vec(), rest.iter().map(|byte| swapped(*byte)).collect()].concat()
    };
    for change in [&filled as &dyn Fn(Vec<u8>) -> Vec<u8>, &renamed] {
        let mut forged = parts.clone();
        for index in &chunks {
            let (kind, state) = forged.chunks[*index].keyframe().expect("a keyframe");
            forged.chunks[*index].set_keyframe(kind, &change(state));
        }
        let forged = place.file("forged.scap", forged.write(&forged.descriptors())).display().to_string();
        let found = ran(&["verify", &forged], 3);
        assert!(found.out.contains(": FAILED: chunk"), "{}", found.out);
        assert!(found.out.contains("the keyframe is wrong"), "{}", found.out);
        ran(&["verify", "--keyframes", &forged], 3);
        ran(&["verify", "--fast", &forged], 0);
        let several = alerts(&forged, "4");
        assert_eq!(several.code, 3, "{}", several.err);
        let verified = ["replay", "--verify", "-j", "4", "-r", "rules", &forged];
        let verified: Ran = tercel(&verified).output().expect("the binary runs").into();
        assert_eq!((verified.code, &verified.out), (3, &expected.out), "{}", verified.err);
        assert!(verified.err.contains("FAILED: chunk"), "{}", verified.err);
        let one = alerts(&forged, "1");
        assert!(one.err.contains("left out by their descriptors"), "{}", one.err);
    }
}

#[test]
fn replay_verifies_what_it_leaves_out() {
    let place = Place::new("forged-verified");
    let (honest, mut parts) = honest(&place);
    let expected = alerts(&honest, "1");
    parts.chunks.iter_mut().for_each(|chunk| renamed(&mut chunk.descriptor));
    let forged = place.file("forged.scap", parts.write(&parts.descriptors())).display().to_string();
    let replay = |path: &str| {
        Ran::from(tercel(&["replay", "--verify", "-r", "rules", path]).output().expect("it runs"))
    };
    let found = replay(&forged);
    assert_eq!((found.code, &found.out), (3, &expected.out), "{}", found.err);
    assert!(found.err.contains("FAILED: chunk"), "{}", found.err);
    let found = replay(&honest);
    assert_eq!((found.code, &found.out), (0, &expected.out), "{}", found.err);
    // What has no digests cannot be verified.
    assert_eq!(replay("testdata/traces/classic.scap").code, 3);
}

/// A test that reads all chunks in their order uses no keyframe.
#[test]
fn tests_verify_their_traces() {
    let place = Place::new("forged-tested");
    let (_, mut parts) = honest(&place);
    let keyed = parts.chunks.iter_mut().rev().find_map(|chunk| Some((chunk.keyframe()?, chunk)));
    let ((kind, mut state), chunk) = keyed.expect("a keyframe");
    state[4..].fill(0xff);
    chunk.set_keyframe(kind, &state);
    place.file("forged.scap", parts.write(&parts.descriptors()));
    place.file("rules.yaml", "- {rule: r, desc: d, condition: evt.num < 1, output: o, priority: ERROR}\n");
    let test = place.file("forged.test.yaml", "rules: rules.yaml\ntrace: forged.scap\nexpect:\n  r: none\n");
    let test = test.display().to_string();
    assert!(ran(&["test", &test], 3).out.contains("the keyframe is wrong"));
    ran(&["test", "--no-verify", &test], 0);
}

/// What is recovered is what a walk over the file finds, even if the index says less and its seal is right.
#[test]
fn recovering_uses_no_index() {
    let place = Place::new("forged-recovered");
    let (honest, parts) = honest(&place);
    let all = events(&honest);
    let recovered = place.name("recovered.scap");
    // Of an index that is right there is nothing to say.
    assert_eq!(ran(&["recover", "-w", &recovered, &honest], 0).err.matches("warning").count(), 0);
    let told = parts.descriptors();
    let mut lies = told.clone();
    lies.iter_mut().for_each(|descriptor| renamed(descriptor));
    for index in [&lies[..], &told[..3], &[]] {
        let forged = place.file("forged.scap", parts.write(index)).display().to_string();
        let found = ran(&["recover", "--force", "-w", &recovered, &forged], 3);
        assert!(found.err.contains("of the index does not match the file"), "{}", found.err);
        assert_eq!(events(&recovered).out.lines().count(), all.out.lines().count());
        ran(&["verify", &recovered], 0);
    }
}
