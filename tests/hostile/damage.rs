//! Damaged captures: cut at many places, and with flipped bytes. Whatever is in a file, replay ends, does not panic, gives
//! every alert of what can still be read, and says what is wrong.
//!
//! Every eighth of the shipped captures is damaged in this process; with a corpus (`../shared/corpus` or `$TERCEL_CORPUS`) its
//! small captures are, too. The exit codes and messages are those of the built binary.

use std::io::{Cursor, Read};
use std::path::Path;
use std::process::Stdio;

use tercel_format::Reader;
use tercel_format::trace::{Trace, Unpacker};
use tercel_replay::{Alert, Options, Replay, Sink};
use tercel_rules::load::Loader;
use tercel_rules::program::Program;
use tercel_test_support::{Ran, captures_of, corpus, require, root, tercel};

/// Captures of more decompressed bytes than this are left out: each is damaged hundreds of times.
const SMALL: usize = 2 << 20;

/// How many damaged copies of each capture are replayed; `TERCEL_ROUNDS` asks for more.
fn rounds() -> usize {
    std::env::var("TERCEL_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(100)
}

fn captures() -> Vec<(String, Vec<u8>)> {
    let mut paths: Vec<_> = captures_of(&root().join("testdata/traces")).into_iter().step_by(8).collect();
    let corpus = require("hostile captures of the corpus", corpus());
    paths.extend(corpus.into_iter().flat_map(|corpus| captures_of(&corpus.join("captures"))));
    let plain = paths.iter().map(|path| (path.display().to_string(), plain(path)));
    plain.filter(|(_, bytes)| bytes.len() <= SMALL).collect()
}

/// The capture without its compression, so that damage reaches the blocks.
fn plain(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).expect("readable capture");
    if let Ok(trace) = Trace::open(bytes.clone()) {
        let mut unpacker = Unpacker::new();
        let chunks = trace.chunks().iter();
        return chunks
            .flat_map(|chunk| unpacker.bytes(&trace, chunk).expect("a whole chunk").to_vec())
            .collect();
    }
    let mut plain = Vec::new();
    match flate2::read::MultiGzDecoder::new(Cursor::new(&bytes)).read_to_end(&mut plain) {
        Ok(_) => plain,
        Err(_) => bytes,
    }
}

fn program() -> Program {
    let mut loader = Loader::new(tercel_rules::load::Options::default());
    let path = root().join("rules/tercel_rules.yaml");
    loader.bytes("tercel_rules.yaml", &std::fs::read(path).expect("shipped rules"));
    let loaded = loader.finish();
    assert!(loaded.successful());
    loaded.program
}

#[derive(Default)]
struct Count(u64);

impl Sink for Count {
    fn alert(&mut self, alert: &Alert<'_>) -> std::io::Result<()> {
        assert!(!alert.rule.name.is_empty());
        self.0 += 1;
        Ok(())
    }
}

/// What came of a capture: events, alerts, and whether it was found damaged.
struct Outcome {
    events: u64,
    alerts: u64,
    damaged: bool,
}

fn replay(program: &Program, bytes: Vec<u8>) -> Outcome {
    let Ok(mut reader) = Reader::new(Cursor::new(bytes)) else {
        return Outcome { events: 0, alerts: 0, damaged: true };
    };
    let mut replay = Replay::new(program, None, Options::default());
    let mut count = Count::default();
    let ran = replay.run(&mut reader, &mut count);
    let statistics = reader.statistics();
    Outcome { events: statistics.events, alerts: count.0, damaged: ran.is_err() || statistics.incidents > 0 }
}

/// A sequence of numbers that looks random and is the same in every run (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % limit as u64) as usize
    }
}

#[test]
fn a_capture_that_is_cut_gives_everything_before_the_cut() {
    let program = program();
    let mut numbers = Numbers(1);
    for (name, bytes) in captures() {
        let whole = replay(&program, bytes.clone());
        let mut cuts: Vec<usize> = (0..200).map(|_| numbers.below(bytes.len())).collect();
        cuts.sort_unstable();
        let (mut events, mut alerts) = (0, 0);
        for cut in cuts {
            let part = replay(&program, bytes[..cut].to_vec());
            assert!(
                part.events >= events && part.alerts >= alerts,
                "{name} cut at {cut}: something was lost"
            );
            assert!(
                part.events <= whole.events && part.alerts <= whole.alerts,
                "{name} cut at {cut}: too much"
            );
            (events, alerts) = (part.events, part.alerts);
        }
    }
}

#[test]
fn flipped_bytes_never_stop_the_program() {
    let program = program();
    let mut numbers = Numbers(2);
    for (name, bytes) in captures() {
        let mut damaged = 0;
        for round in 0..rounds() {
            let mut copy = bytes.clone();
            for _ in 0..=round % 8 {
                let at = numbers.below(copy.len());
                copy[at] ^= 1 << numbers.below(8);
            }
            damaged += usize::from(replay(&program, copy).damaged);
        }
        assert!(damaged > 0, "{name}: none of the damaged copies was found damaged");
    }
}

#[test]
fn many_flips_in_one_capture() {
    let program = program();
    let mut numbers = Numbers(3);
    for (name, bytes) in captures() {
        for flips in [1000, bytes.len() / 2] {
            let mut copy = bytes.clone();
            for _ in 0..flips {
                let at = numbers.below(copy.len());
                copy[at] ^= 1 << numbers.below(8);
            }
            assert!(replay(&program, copy).damaged, "{name}: {flips} flips were not noticed");
        }
    }
}

/// Runs the binary with a capture on standard input.
fn run(bytes: &[u8]) -> Ran {
    let mut child = tercel(&["replay", "-r", "rules", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut input = child.stdin.take().expect("piped");
    let bytes = bytes.to_vec();
    // A reader that has seen enough closes the pipe; that is not this test's failure.
    let writer = std::thread::spawn(move || std::io::Write::write_all(&mut input, &bytes).is_ok());
    let output = child.wait_with_output().expect("the binary ends");
    let _ = writer.join();
    output.into()
}

#[track_caller]
fn check(what: &str, bytes: &[u8], code: i32, message: &str) {
    let ran = run(bytes);
    assert_eq!(ran.code, code, "{what}: {}", ran.all());
    assert!(ran.err.contains(message), "{what}: '{message}' is not in: {}", ran.err);
}

#[test]
fn the_binary_says_what_is_wrong_with_a_capture() {
    let classic = plain(&root().join("testdata/traces/classic.scap"));
    let mut broken = classic.clone();
    let middle = broken.len() / 2;
    broken.truncate(middle);
    check("the capture", &classic, 0, "Events read: ");
    check("an empty file", b"", 3, "not a capture");
    check("a text", b"evt.type=open\n", 3, "not a capture");
    check("a picture", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 3, "not a capture");
    check("a cut capture", &broken, 3, "truncated at offset");
    check("a cut gzip", &gzip(&classic)[..200], 3, "error: <stdin>:");
    check("a gzip of text", &gzip(b"no capture"), 3, "not a capture");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, bytes).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}
