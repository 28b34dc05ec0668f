//! Delta debugging: a draft that gives the wanted alerts enters, a smaller one that gives the same leaves. Every step is tried by a
//! replay; the order of the steps is fixed, so that the same draft always becomes the same trace.

use std::io;

use tercel_format::Block;
use tercel_replay::Group;
use tercel_replay::scan::Visitor as _;

use super::draft::{Draft, Part};
use super::wanted::{Line, Lines, member};
use super::{Ask, Progress, texts};

/// Blocks that all replays together may evaluate.
const MOST_WORK: u64 = 30_000_000;

/// What a replay costs besides its blocks.
const REPLAY: u64 = 200;

/// Makes a draft smaller.
pub(super) struct Reducer<'a, 'p> {
    ask: &'a Ask<'p>,
    rule: usize,
    wanted: &'a [Line],
    group: Group<'p>,
    watch: &'a mut dyn FnMut(Progress),
    draft: Draft,
    work: u64,
    replays: u64,
}

impl<'a, 'p> Reducer<'a, 'p> {
    /// Prepares to keep these alerts of a rule.
    pub(super) fn new(
        ask: &'a Ask<'p>,
        rule: usize,
        wanted: &'a [Line],
        watch: &'a mut dyn FnMut(Progress),
    ) -> Reducer<'a, 'p> {
        let (group, draft) = (Group::new([member(ask)]), Draft::default());
        Reducer { ask, rule, wanted, group, watch, draft, work: 0, replays: 0 }
    }

    /// Begins with a draft, if it gives the wanted alerts.
    pub(super) fn begin(&mut self, draft: Draft) -> bool {
        let holds = self.holds(&draft);
        if holds {
            self.draft = draft;
        }
        holds
    }

    /// Whether a draft gives the wanted alerts of the rule, and no other ones of it.
    pub(super) fn holds(&mut self, draft: &Draft) -> bool {
        self.replays += 1;
        self.work += REPLAY + draft.events() as u64;
        (self.watch)(Progress { replays: self.replays, events: self.draft.events() });
        // What rules remember of other events is not forgotten with a section.
        if self.ask.is_ordered {
            self.group = Group::new([member(self.ask)]);
        }
        let mut sinks = [Lines::new(self.ask, self.rule).of_all_events()];
        let mut visitor = self.group.visitor(&mut sinks);
        let given = draft.give::<io::Error>(&mut |block: &Block<'_>| visitor.block(block).map(drop));
        let [lines] = sinks;
        given.is_ok() && lines.found == self.wanted
    }

    /// Whether no more may be tried.
    pub(super) fn is_exhausted(&self) -> bool {
        self.work >= MOST_WORK
    }

    /// The draft as it is now.
    pub(super) fn draft(&self) -> &Draft {
        &self.draft
    }

    /// Takes out everything that is not needed, and gives the draft back with the number of replays.
    pub(super) fn reduce(mut self) -> (Draft, u64, bool) {
        for at in 0..self.draft.parts.len() {
            if self.draft.parts.get(at).is_some_and(Part::is_exact) {
                // The lists only repeat the state, for readers that do not know it.
                self.change(|draft| draft.parts[at].clear_lists());
            }
            self.items(|draft| &mut draft.parts[at].accounts, |_| true);
            self.items(|draft| &mut draft.parts[at].interfaces, |_| true);
            self.items(|draft| &mut draft.parts[at].fds, |_| true);
            self.items(|draft| &mut draft.parts[at].processes, |_| true);
            self.items(|draft| &mut draft.parts[at].events, |event| !event.is_shown());
            texts::reduce(&mut self, at);
        }
        // What needed each other before may be of no use by now.
        for at in 0..self.draft.parts.len() {
            self.items(|draft| &mut draft.parts[at].fds, |_| true);
            self.items(|draft| &mut draft.parts[at].processes, |_| true);
            self.items(|draft| &mut draft.parts[at].events, |event| !event.is_shown());
        }
        let is_minimal = !self.is_exhausted();
        (self.draft, self.replays, is_minimal)
    }

    /// Makes a change if the alerts stay; `false` if they do not.
    pub(super) fn change(&mut self, change: impl FnOnce(&mut Draft)) -> bool {
        if self.is_exhausted() {
            return false;
        }
        let mut trial = self.draft.clone();
        change(&mut trial);
        let holds = self.holds(&trial);
        if holds {
            self.draft = trial;
        }
        holds
    }

    /// Takes out as many items of a list as possible: halves of it first, single ones at last, until all that are left are needed.
    pub(super) fn items<T: Clone>(
        &mut self,
        list: impl Fn(&mut Draft) -> &mut Vec<T>,
        may_go: impl Fn(&T) -> bool,
    ) {
        let removable = |draft: &mut Draft| -> Vec<usize> {
            let items = list(draft).iter().enumerate();
            items.filter(|(_, item)| may_go(item)).map(|(index, _)| index).collect()
        };
        let mut size = removable(&mut self.draft).len();
        while size > 0 {
            let (mut at, mut went) = (0, false);
            loop {
                let indices = removable(&mut self.draft);
                let Some(chosen) =
                    indices.get(at..indices.len().min(at + size)).filter(|some| !some.is_empty())
                else {
                    break;
                };
                let goes = self.change(|draft| {
                    let mut index = 0;
                    list(draft).retain(|_| {
                        index += 1;
                        chosen.binary_search(&(index - 1)).is_err()
                    });
                });
                went |= goes;
                at += if goes { 0 } else { size };
            }
            size = match size {
                _ if self.is_exhausted() => 0,
                1 if went => 1,
                1 => 0,
                size => size.div_ceil(2),
            };
        }
    }
}
