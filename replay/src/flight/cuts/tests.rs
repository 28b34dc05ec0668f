//! Every moment that was asked for lies in a cut, and no cut is longer than the ring.

use super::*;

const LIMITS: CutLimits = CutLimits { longest: 100, files: 1000, bytes: 1 << 40, per_minute: 1000 };

fn request(ts: u64, number: u64) -> CutRequest {
    CutRequest { ts, number, before: 30, after: 10 }
}

fn all(cuts: &mut Cuts) -> Vec<(u64, u64, u64)> {
    std::iter::from_fn(|| cuts.close()).map(|cut| (cut.from, cut.to, cut.alerts)).collect()
}

#[test]
fn stretches_that_overlap_become_one() {
    let mut cuts = Cuts::new(LIMITS);
    assert_eq!(cuts.ask(&request(1000, 1)), Ok((1000, 1)));
    assert_eq!(cuts.ask(&request(1005, 2)), Ok((1000, 1)));
    assert_eq!(cuts.ask(&request(1040, 3)), Ok((1000, 1)));
    // Behind the end of what was asked for, but not behind its past.
    assert_eq!(cuts.ask(&request(1081, 4)), Ok((1081, 4)));
    assert_eq!(cuts.due(1050), None);
    assert_eq!(cuts.needed(), Some(970));
    assert_eq!(cuts.due(1051).map(|cut| (cut.from, cut.to, cut.alerts)), Some((970, 1050, 3)));
    assert_eq!(all(&mut cuts), [(1051, 1091, 1)]);
}

#[test]
fn what_is_too_long_goes_on_in_another_file_without_a_gap() {
    let mut cuts = Cuts::new(LIMITS);
    let mut asked = Vec::new();
    for number in 0..200 {
        let ts = 1000 + number * 7 % 1300;
        asked.push(ts);
        cuts.ask(&request(ts, number)).expect("no limit");
        // The oldest leaves when its time has come.
    }
    let cuts = all(&mut cuts);
    assert!(cuts.len() > 3);
    assert!(cuts.iter().all(|(from, to, _)| to - from <= LIMITS.longest), "{cuts:?}");
    assert_eq!(cuts.iter().map(|cut| cut.2).sum::<u64>(), 200);
    for ts in asked {
        for moment in ts - 30..=ts + 10 {
            assert!(cuts.iter().any(|(from, to, _)| (*from..=*to).contains(&moment)), "{moment} of {cuts:?}");
        }
    }
}

#[test]
fn limits_are_errors() {
    let mut cuts = Cuts::new(CutLimits { files: 3, per_minute: 2, ..LIMITS });
    assert!(cuts.ask(&request(1000, 1)).is_ok());
    assert!(cuts.ask(&request(2000, 2)).is_ok());
    assert_eq!(cuts.ask(&request(3000, 3)), Err(CutRefusal::PerMinute(2)));
    assert_eq!(cuts.ask(&request(2005, 3)), Ok((2000, 2)), "a file that is begun takes more");
    assert!(cuts.ask(&request(MINUTE + 3000, 4)).is_ok());
    assert_eq!(cuts.ask(&request(3 * MINUTE, 5)), Err(CutRefusal::Files(3)));

    let mut cuts = Cuts::new(CutLimits { bytes: 10, ..LIMITS });
    assert!(cuts.ask(&request(1000, 1)).is_ok());
    cuts.written(11);
    assert_eq!(cuts.ask(&request(2000, 2)), Err(CutRefusal::Bytes(11)));
    assert_eq!(CutRefusal::Bytes(11).to_string(), "the files have 11 bytes, the limit of this run");
}

#[test]
fn the_event_itself_is_kept_when_its_past_is_too_long() {
    let mut cuts = Cuts::new(LIMITS);
    let long = CutRequest { ts: 1000, number: 1, before: 500, after: 10 };
    cuts.ask(&long).expect("no limit");
    let long = CutRequest { ts: 5000, number: 2, before: 500, after: 400 };
    cuts.ask(&long).expect("no limit");
    assert_eq!(all(&mut cuts), [(910, 1010, 1), (5000, 5400, 1)]);
}
