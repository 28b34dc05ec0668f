//! A thousand random edits of index, descriptors and keyframes by a forger, who makes all digests right again. Each is reported by
//! `verify`; and by every question that reads the part, unless its answer is the same, or it says what it left out unread. The questions are
//! asked of the libraries, as the verbs ask them.

use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tercel_analysis::summary::Summary;
use tercel_format::trace::{Depth, Header, Options as Packing};
use tercel_format::{Block, Capture, Reader};
use tercel_replay::scan::{Ended, Findings, Needs, Opened, Supply, Threads, Visitor, scan, scan_all, verify};
use tercel_replay::state::{ResumePoint, State};
use tercel_replay::{Alerts, KeyedWriter, Options, Origin, Point, Style, Window};
use tercel_rules::load::{Loader, Options as Loading};
use tercel_rules::program::Program;

use super::parts::{Entry, Parts};

/// Each of these has a random number of its own, from which it follows.
const EDITS: u64 = 1100;

/// Numbers that look random and are the same in each run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    /// Changes one to four bytes, not before `from`.
    fn change(&mut self, bytes: &mut [u8], from: usize) {
        for _ in 0..=self.below(4) {
            let at = from + self.below(bytes.len() - from);
            bytes[at] = match self.below(4) {
                0 => 0xff,
                1 => bytes[at].wrapping_add(1),
                2 => bytes[at] ^ 1 << self.below(8),
                _ => self.next() as u8,
            };
        }
    }
}

/// What a question answers, and whether it says that something is wrong or was left out.
#[derive(PartialEq, Eq)]
struct Answer {
    text: String,
    is_reported: bool,
    left_out: u64,
}

/// The questions, and what they are about.
struct Questions {
    telling: Program,
    rare: Program,
}

impl Questions {
    fn new() -> Questions {
        let telling = "%evt.num %evt.time %proc.name %proc.aname[2] %fd.name";
        let program = |condition: &str, output: &str| {
            let text = format!(
                "- {{rule: r, desc: d, condition: {condition}, output: '{output}', priority: ERROR}}\n"
            );
            let mut loader = Loader::new(Loading::default());
            loader.bytes("r.yaml", text.as_bytes());
            let loaded = loader.finish();
            assert!(loaded.successful(), "{text}");
            loaded.program
        };
        Questions { telling: program("evt.num > 0", telling), rare: program("evt.type = connect", telling) }
    }

    /// All answers about a trace, by name.
    fn ask(&self, bytes: &Arc<Vec<u8>>) -> Vec<(&'static str, Answer)> {
        let window = Window { from: Some(Point::Event(500)), to: Some(Point::Event(700)) };
        vec![
            ("events", listed(bytes, &Needs::ALL)),
            ("slice", listed(bytes, &Needs::span(window))),
            ("info", summary(bytes)),
            ("replay", alerts(bytes, &self.telling, Options::default(), 1)),
            ("replay -j 4", alerts(bytes, &self.telling, Options::default(), 4)),
            ("replay of rare events", alerts(bytes, &self.rare, Options::default(), 1)),
            (
                "replay of a window",
                alerts(
                    bytes,
                    &self.telling,
                    Options { from: window.from, to: window.to, ..Options::default() },
                    4,
                ),
            ),
        ]
    }
}

fn open(bytes: &Arc<Vec<u8>>) -> Option<Capture> {
    Capture::of_storage(bytes.clone(), &|bytes| bytes).ok()
}

/// What cannot be opened is reported.
fn refused() -> Answer {
    Answer { text: String::new(), is_reported: true, left_out: 0 }
}

/// A hash of the blocks, and of the state where it does not come from blocks: what `events`, `convert`, `index`, `merge` and `redact`
/// read, and `slice`.
#[derive(Default)]
struct Listed(DefaultHasher);

impl Visitor for Listed {
    type Error = Infallible;

    fn block(&mut self, block: &Block<'_>) -> Result<bool, Infallible> {
        match block {
            Block::Event(event) => {
                let mut parts = Vec::new();
                event.append_to(&mut parts);
                (event.num, event.ts, event.tid, event.code(), parts, event.extras()).hash(&mut self.0);
            }
            other => format!("{other:?}").hash(&mut self.0),
        }
        Ok(true)
    }

    fn resume(&mut self, state: State, point: ResumePoint) -> Result<(), Infallible> {
        (format!("{point:?}"), state.snapshot()).hash(&mut self.0);
        Ok(())
    }

    fn dropped(&mut self, count: u64) {
        count.hash(&mut self.0);
    }
}

fn listed(bytes: &Arc<Vec<u8>>, needs: &Needs<'_>) -> Answer {
    let Some(mut capture) = open(bytes) else { return refused() };
    let mut listed = Listed::default();
    let Ok(Findings { report, error, skipped, .. }) = scan(&mut capture, needs, &mut listed, &|_| ());
    let text = listed.0.finish().to_string();
    Answer { text, is_reported: report.places() > 0 || error.is_some(), left_out: skipped.chunks }
}

fn summary(bytes: &Arc<Vec<u8>>) -> Answer {
    let Some(mut capture) = open(bytes) else { return refused() };
    let summary = Summary::of(&mut capture, None).expect("memory");
    // What is in chunks that it does not read, it knows from the index only, and says so.
    let left_out = u64::from(summary.native.is_some());
    Answer { text: format!("{:?}", summary.totals), is_reported: !summary.damage.is_empty(), left_out }
}

/// One capture, and how its scan ended.
struct One(Option<Capture>, Option<Ended>);

impl Supply for One {
    fn next(&mut self) -> Option<Opened> {
        self.0.take().map(|capture| Opened { origin: Origin::default(), capture })
    }

    fn ended(&mut self, ended: Ended) {
        self.1 = Some(ended);
    }
}

fn alerts(bytes: &Arc<Vec<u8>>, program: &Program, options: Options, threads: usize) -> Answer {
    let Some(capture) = open(bytes) else { return refused() };
    let alerts = Alerts::new(program, None, options, Style::default());
    let (mut one, mut lines) = (One(Some(capture), None), Vec::new());
    let mut merge = alerts.lines_to(&mut lines);
    scan_all(&alerts, &mut one, Threads::new(threads), &mut merge, &|_| ()).expect("memory");
    let left_out = merge.into_counters().skipped.chunks;
    let ended = one.1.expect("a capture");
    Answer {
        text: String::from_utf8_lossy(&lines).into_owned(),
        is_reported: ended.report.places() > 0 || ended.error.is_some(),
        left_out,
    }
}

/// A recording of several chunks with keyframes, in parts.
fn recording() -> Parts {
    let path = tercel_test_support::root().join("testdata/traces/classic.scap");
    let mut reader = Reader::new(std::fs::File::open(path).expect("readable")).expect("a capture");
    let packing = Packing { chunk: 4 << 10, threads: 0, snapshots: 4, level: 1, ..Packing::default() };
    let header = Header { writer: "a test".to_owned(), ..Header::default() };
    let mut writer = KeyedWriter::new(Vec::new(), &header, packing).expect("memory");
    let mut state = State::new();
    while let Some(block) = reader.next().expect("undamaged") {
        if matches!(&block, Block::Event(event) if event.num > 1000) {
            break;
        }
        writer.block(&block, &mut state).expect("memory");
        state.take(&block);
    }
    let parts = Parts::of(&writer.finish().expect("memory").0);
    assert!(parts.chunks.len() > 20, "{}", parts.chunks.len());
    parts
}

/// Edits a trace, and says how; `None` if that changes nothing.
fn edited(parts: &Parts, random: &mut Random) -> Option<(&'static str, Vec<u8>)> {
    let mut forged = parts.clone();
    let count = forged.chunks.len();
    let at = random.below(count);
    let what = ["index", "entry", "descriptor", "number", "keyframe", "chunks"][random.below(6)];
    let told = parts.descriptors();
    let bytes = match what {
        "index" => forged.write_with(|entries| list(entries, random)),
        "entry" => forged.write_with(|entries| entry(&mut entries[at], random)),
        "descriptor" => {
            random.change(&mut forged.chunks[at].descriptor, 0);
            either(&forged, &told, random)
        }
        "number" => {
            // A number that was there before, or the same of another chunk.
            let other = forged.chunks[random.below(count)].descriptor.clone();
            let descriptor = &mut forged.chunks[at].descriptor;
            let place = random.below(descriptor.len() - 8);
            let number = u64::from_le_bytes(descriptor[place..place + 8].try_into().expect("eight bytes"));
            let number = match random.below(4) {
                0 => number.wrapping_add(1),
                1 => number.wrapping_sub(1),
                2 => 0,
                _ => other
                    .get(place..place + 8)
                    .map_or(1, |bytes| u64::from_le_bytes(bytes.try_into().expect("eight bytes"))),
            };
            descriptor[place..place + 8].copy_from_slice(&number.to_le_bytes());
            either(&forged, &told, random)
        }
        "keyframe" => {
            let (kind, mut state) = forged.chunks[at].keyframe()?;
            let mut kind = kind;
            match random.below(8) {
                0 => state[4..].fill(0xff),
                1 => kind = 3 - kind,
                2 => state = forged.chunks[random.below(count)].keyframe()?.1,
                3 => state.truncate(random.below(state.len())),
                _ => random.change(&mut state, 4),
            }
            forged.chunks[at].set_keyframe(kind, &state);
            forged.write(&forged.descriptors())
        }
        _ => {
            let other = random.below(count);
            match random.below(3) {
                0 => forged.chunks.swap(at, other),
                // A trace without its last chunks is a trace.
                1 => drop(forged.chunks.remove(at.min(count - 2))),
                _ => {
                    let chunk = forged.chunks[at].clone();
                    forged.chunks.insert(other, chunk);
                }
            }
            forged.write(&forged.descriptors())
        }
    };
    (bytes != parts.write(&told)).then_some((what, bytes))
}

/// The edited descriptor stands before its chunk, in the index, or in both.
fn either(forged: &Parts, told: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    if random.below(3) == 0 { forged.write(told) } else { forged.write(&forged.descriptors()) }
}

fn list(entries: &mut Vec<Entry>, random: &mut Random) {
    let (at, other) = (random.below(entries.len()), random.below(entries.len()));
    match random.below(4) {
        0 => entries.truncate(at),
        1 => drop(entries.remove(at)),
        2 => entries.swap(at, other),
        _ => {
            let entry = entries[at].clone();
            entries.insert(other, entry);
        }
    }
}

fn entry(entry: &mut Entry, random: &mut Random) {
    match random.below(4) {
        0 => entry.offset = entry.offset.wrapping_add(1 + random.next() % 64),
        1 => entry.head_size ^= 1 << random.below(12),
        2 => random.change(&mut entry.digest, 0),
        _ => random.change(&mut entry.descriptor, 0),
    }
}

#[test]
fn every_edit_is_reported() {
    let (parts, questions) = (recording(), Questions::new());
    let honest = Arc::new(parts.write(&parts.descriptors()));
    assert_eq!(first_break(&honest), None);
    let expected = questions.ask(&honest);
    for (name, answer) in &expected {
        assert!(!answer.is_reported && answer.text.lines().count() > 0, "{name}");
    }
    let (next, made) = (AtomicU64::new(0), AtomicU64::new(0));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= EDITS {
                return;
            }
            let Some((what, bytes)) = edited(&parts, &mut Random(seed)) else { continue };
            made.fetch_add(1, Ordering::Relaxed);
            let bytes = Arc::new(bytes);
            let is_verified = first_break(&bytes).is_none();
            // A keyframe may be written in another way and still give the same state; only sizes are others then.
            assert!(!is_verified || what == "keyframe", "edit {seed} of the {what}: verify says nothing");
            for ((name, answer), (_, expected)) in questions.ask(&bytes).iter().zip(&expected) {
                let is_told = answer.is_reported || answer.left_out > 0;
                let is_same = answer.text == expected.text;
                assert!(
                    is_same || (is_told && !is_verified) || (is_verified && *name == "info"),
                    "edit {seed} of the {what}: '{name}' gives another answer and says nothing"
                );
            }
        }
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        (0..threads).for_each(|_| drop(scope.spawn(work)));
    });
    assert!(made.into_inner() >= 1000);
}

/// What `verify` reports.
fn first_break(bytes: &Arc<Vec<u8>>) -> Option<String> {
    match verify(bytes.clone(), Depth::Contents, &mut |_| ()) {
        Ok(proof) if proof.foreign.0 > 0 => Some("keyframes of another version".to_owned()),
        Ok(proof) => proof.verdict.first_break.map(|first| first.to_string()),
        Err(error) => Some(error.to_string()),
    }
}
