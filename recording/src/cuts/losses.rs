//! Cuts in which events are missing: what their descriptors count is what their drop events say, wherever these stand.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use tercel_format::catalogue::code;
use tercel_format::trace;
use tercel_format::writer::{EncodedEvent, EventBuilder, Value};
use tercel_replay::scan;
use tercel_test_support::Place;

use super::*;

const SECOND: u64 = 1_000_000_000;
const NO_LIMITS: CutLimits =
    CutLimits { file_bytes: 0, files: u64::MAX, bytes: u64::MAX, per_minute: u32::MAX };

fn event(code: u16, set: (&str, i64)) -> EncodedEvent {
    EventBuilder::new(code, 0, 1).set(set.0, set.1).encode().expect("a known code")
}

fn recorded() -> Header {
    Header { writer: "a recorder".to_owned(), ..Header::default() }
}

/// A host with its state and the number of its events.
struct Host {
    state: State,
    events: u64,
}

impl Host {
    fn event(&mut self, cuts: &mut Cuts, encoded: &EncodedEvent, ts: u64) {
        self.events += 1;
        let mut event = encoded.event();
        (event.num, event.ts) = (self.events, ts);
        let block = Block::Event(event);
        cuts.block(&block, &mut self.state).expect("memory");
        self.state.take(&block);
    }

    /// Seconds with ten events each, of which some say that two were lost before them.
    fn feed(&mut self, cuts: &mut Cuts, seconds: std::ops::Range<u64>, lossy: impl Fn(u64, u64) -> bool) {
        let (drop, close) = (event(code::DROP_E, ("ratio", 2)), event(code::SYSCALL_CLOSE_X, ("res", 0)));
        for second in seconds {
            for tenth in 0..10 {
                let encoded = if lossy(second, tenth) { &drop } else { &close };
                self.event(cuts, encoded, second * SECOND + tenth * SECOND / 10);
            }
        }
    }
}

fn start(place: &Place, ring: RingLimits) -> (Cuts, Host) {
    let (cuts, _) = Cuts::new(recorded(), ring, &place.path("cut"), NO_LIMITS).expect("a directory");
    (cuts, Host { state: State::new(), events: 0 })
}

/// Verifies the only file; how many events are missing in it leaves, and how many events are there.
fn verified(place: &Place) -> (u64, u64) {
    let names: Vec<_> = std::fs::read_dir(place.directory()).expect("a directory").flatten().collect();
    let [name] = &names[..] else { panic!("{names:?}") };
    proven(&name.path())
}

fn proven(path: &Path) -> (u64, u64) {
    let proof = scan::verify(File::open(path).expect("a file"), trace::Depth::Contents, &mut |_| ());
    let verdict = proof.expect("a trace").verdict;
    assert_eq!(verdict.first_break, None);
    let trace = trace::Trace::open(File::open(path).expect("a file")).expect("a trace");
    assert!(trace.header().is_recording());
    let totals = trace::Totals::of(trace.chunks());
    (totals.dropped, totals.events)
}

/// A second is a chunk, and begins with a drop event: the one before it is full, and may leave the ring without it.
#[test]
fn a_drop_event_counts_in_its_own_chunk() {
    let place = Place::new("boundary");
    let (mut cuts, mut host) = start(&place, RingLimits { bytes: u64::MAX, time: 10 * SECOND });
    let drop = event(code::DROP_E, ("ratio", 2));
    let large = EventBuilder::new(code::SYSCALL_WRITE_X, 0, 1).set("data", Value::Bytes(vec![0; 64_000]));
    let large = large.encode().expect("a known code");
    for second in 0..100 {
        host.event(&mut cuts, &drop, second * SECOND);
        for number in 1..18 {
            host.event(&mut cuts, &large, second * SECOND + number);
        }
    }
    let now = Instant::now();
    cuts.request(DumpRequest::default(), now);
    cuts.tick(now + UNDER_WAY, 0).expect("memory");
    cuts.finish().expect("memory");
    assert!(cuts.usage().forgotten > 0, "{:?}", cuts.usage());
    let (dropped, events) = verified(&place);
    assert_eq!(dropped / 2, events / 18, "one of 18");
    assert!(dropped > 0);
}

#[test]
fn a_cut_counts_only_the_drop_events_in_it() {
    let place = Place::new("inside");
    let (mut cuts, mut host) = start(&place, RingLimits { bytes: u64::MAX, time: u64::MAX });
    // One chunk has losses before the cut begins, and after that.
    host.feed(&mut cuts, 0..20, |second, tenth| [3, 8, 17].contains(&second) && tenth == 5);
    let (ts, event) = cuts.last;
    let trigger = Trigger { rule: "r", event, ts, starts: true, before: 10 * SECOND, duration: 5 * SECOND };
    cuts.alert(&trigger).expect("memory").expect("a cut");
    host.feed(&mut cuts, 20..40, |second, tenth| [22, 30].contains(&second) && tenth == 5);
    cuts.finish().expect("memory");
    assert_eq!(verified(&place).0, 4, "of the seconds 17 and 22");
}

/// Whoever reads too slowly finds an event in the place of those that have left.
#[test]
fn what_a_slow_cut_loses_is_a_drop_event_of_it() {
    let place = Place::new("slow");
    let small = RingLimits { bytes: 2000, time: u64::MAX };
    let (mut cuts, mut host) = start(&place, small);
    let mut follower = cuts.recorder.follow(0);
    let path = place.path("trace.scap");
    let mut writer = writer(
        Cut { file: path.display().to_string(), ..Cut::default() },
        (&recorded(), &Options::default()),
    );
    writer.open_now().expect("a file");
    let mut way = follower.way_to(writer);
    let mut end = 0;
    for round in 0..6 {
        for second in 0..20 {
            let at = round * 20 + second;
            host.feed(&mut cuts, at..at + 1, |second, tenth| second == 50 && tenth == 1);
            end = cuts.recorder.end().expect("memory");
        }
        while cuts.recorder.usage().events < end {
            std::thread::yield_now();
        }
        if round % 2 == 0 {
            let advanced = follower.advance(&mut way, u64::MAX, Duration::ZERO);
            assert_eq!(advanced.expect("a group"), tercel_replay::flight::Progress::Advanced);
        }
    }
    while follower.advance(&mut way, end, Duration::ZERO).expect("groups")
        != tercel_replay::flight::Progress::Ended
    {}
    way.finish().finish().expect("a file");
    assert!(follower.lost() > 200, "{}", follower.lost());
    let (dropped, events) = proven(&path);
    let of_host = dropped - follower.lost();
    assert!([0, 2].contains(&of_host), "{dropped}, and {} of them here", follower.lost());
    assert!(events + follower.lost() >= host.events, "each is there, or counted as lost");
}
