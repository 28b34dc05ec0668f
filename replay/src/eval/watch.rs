//! Who watches an evaluation: what is asked enters. The ordinary evaluation is watched by [`Unwatched`], whose methods are empty and
//! inlined, so that the compiler makes one evaluation without and one with counters from the same text, and the first has no branch
//! for it.

use tercel_format::Event;
use tercel_rules::program::CheckId;

/// Sees what an evaluation asks.
pub(super) trait Watch {
    /// An event is evaluated, with one view of its paths.
    fn start(&mut self, event: &Event<'_>);

    /// A step of the plan begins.
    fn step(&mut self, at: usize);

    /// The step is that a rule is found.
    fn found(&mut self);

    /// Whether answers for files are remembered from one event to the next. Which are, depends on places in memory, and so would counts.
    fn recalls_files(&self) -> bool {
        false
    }

    /// A check is asked, by `ask`.
    fn check(&mut self, check: CheckId, ask: impl FnOnce() -> bool) -> bool;
}

/// Nobody watches.
pub(super) struct Unwatched;

impl Watch for Unwatched {
    #[inline(always)]
    fn start(&mut self, _event: &Event<'_>) {}

    #[inline(always)]
    fn step(&mut self, _at: usize) {}

    #[inline(always)]
    fn found(&mut self) {}

    #[inline(always)]
    fn recalls_files(&self) -> bool {
        true
    }

    #[inline(always)]
    fn check(&mut self, _check: CheckId, ask: impl FnOnce() -> bool) -> bool {
        ask()
    }
}
