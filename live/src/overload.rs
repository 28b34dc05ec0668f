//! How hard a run saves: the counts of every second enter, a step leaves. A second in which rings were full leads one step further. Without
//! losses the way back begins after a few seconds; each time that it was too early doubles the wait, so that it does not go to and fro.

/// Seconds without a loss after which it goes back.
pub(crate) const PATIENCE: u32 = 3;

/// Longest wait, in seconds.
const LONGEST: u32 = 48;

/// Losses this many seconds after a step back show that it was too early.
const TOO_EARLY: u32 = 10;

/// Seconds after which a step back to one that still saves is tried although the load is as high as it was, and after which earlier attempts
/// are forgotten.
const LONG: u32 = 60;

/// What happened in a second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Second {
    /// Events that arrived.
    pub seen: u64,
    /// Events lost because rings were full. Other losses do not come from the load.
    pub lost: u64,
    /// Events left out because their process had had its share.
    pub throttled: u64,
}

impl Second {
    fn offered(&self) -> u64 {
        self.seen + self.lost + self.throttled
    }
}

/// The policy.
#[derive(Debug)]
pub(crate) struct Overload {
    step: usize,
    last: usize,
    /// Seconds without a loss, since the last step.
    quiet: u32,
    /// How many of them it takes to go back.
    patience: u32,
    /// Seconds since it went back.
    back: u32,
    /// The smallest load of a second with losses since it began.
    too_much: u64,
}

impl Overload {
    /// Nothing is saved yet; `last` is the last step.
    pub(crate) fn new(last: usize) -> Overload {
        Overload { step: 0, last, quiet: 0, patience: PATIENCE, back: LONG, too_much: u64::MAX }
    }

    /// There are other steps.
    pub(crate) fn limit(&mut self, last: usize) {
        self.last = last;
        self.step = self.step.min(last);
    }

    /// Goes at least as far as this step.
    pub(crate) fn advance(&mut self, step: usize) {
        self.step = self.last.min(self.step.max(step));
    }

    /// 0: nothing is saved.
    pub(crate) fn step(&self) -> usize {
        self.step
    }

    /// A second has passed.
    pub(crate) fn second(&mut self, second: &Second) {
        self.back = self.back.saturating_add(1);
        if second.lost > 0 {
            self.quiet = 0;
            if self.back <= TOO_EARLY {
                self.patience = LONGEST.min(2 * self.patience);
                self.back = LONG;
            }
            self.too_much =
                if self.step == 0 { second.offered() } else { self.too_much.min(second.offered()) };
            self.step = self.last.min(self.step + 1);
            return;
        }
        self.quiet = self.quiet.saturating_add(1);
        if self.step == 0 {
            if self.quiet >= LONG {
                self.patience = PATIENCE;
            }
        } else if self.quiet >= self.patience {
            let is_low = second.throttled == 0 || second.offered() < self.too_much / 2;
            if is_low {
                self.go_back(0);
            } else if second.offered() < self.too_much || (self.step > 1 && self.quiet >= LONG) {
                self.go_back(self.step - 1);
            }
        }
    }

    fn go_back(&mut self, step: usize) {
        (self.step, self.quiet, self.back) = (step, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(overload: &mut Overload, seconds: u32, seen: u64, lost: u64, throttled: u64) -> usize {
        for _ in 0..seconds {
            overload.second(&Second { seen, lost, throttled });
        }
        overload.step()
    }

    #[test]
    fn a_flood_is_answered_at_once_and_forgotten_within_seconds() {
        let mut overload = Overload::new(5);
        assert_eq!(after(&mut overload, 100, 1000, 0, 0), 0);
        assert_eq!(after(&mut overload, 1, 50_000, 200_000, 0), 1);
        assert_eq!(after(&mut overload, 300, 50_000, 0, 900_000), 1, "as long as the flood goes on");
        assert_eq!(after(&mut overload, PATIENCE, 1000, 0, 0), 0);
        assert_eq!(after(&mut overload, 100, 1000, 0, 0), 0);
    }

    #[test]
    fn it_goes_further_while_events_are_lost() {
        let mut overload = Overload::new(3);
        for step in [1, 2, 3, 3, 3] {
            assert_eq!(after(&mut overload, 1, 50_000, 200_000, 100), step);
        }
        overload.limit(2);
        assert_eq!(overload.step(), 2);
    }

    #[test]
    fn a_load_that_comes_down_slowly_gets_one_step_back() {
        let mut overload = Overload::new(5);
        after(&mut overload, 3, 50_000, 50_000, 0);
        assert_eq!(after(&mut overload, PATIENCE, 60_000, 0, 10_000), 2);
        assert_eq!(after(&mut overload, PATIENCE, 40_000, 0, 1000), 0, "less than half of what was too much");
    }

    #[test]
    fn it_does_not_go_to_and_fro() {
        // The load is of kinds that are shed, so that it cannot be seen before they are captured again.
        let mut overload = Overload::new(2);
        let (mut begins, mut lossy) = (0, 0);
        for _ in 0..600 {
            let before = overload.step();
            let lost = if before < 2 { 1000 } else { 0 };
            lossy += u32::from(lost > 0);
            overload.second(&Second { seen: 50_000, lost, throttled: 0 });
            begins += u32::from(before == 0 && overload.step() > 0);
        }
        assert!(begins <= 16 && lossy <= 32, "{begins} {lossy}");
        // Once it is over, earlier attempts are forgotten.
        after(&mut overload, LONGEST + LONG, 1000, 0, 0);
        after(&mut overload, 1, 50_000, 1000, 0);
        assert_eq!(after(&mut overload, PATIENCE, 1000, 0, 0), 0);
    }

    #[test]
    fn processes_that_are_always_above_their_share_get_more_in_the_end() {
        let mut overload = Overload::new(4);
        after(&mut overload, 4, 1000, 1, 0);
        assert_eq!(after(&mut overload, LONG - 1, 1000, 0, 500), 4);
        assert_eq!(after(&mut overload, 1, 1000, 0, 500), 3);
    }
}
