//! Evaluation: a compiled program and the context of an event enter, the rules that match leave. Knows operators and rules;
//! how a field finds its value is the business of [`crate::fields`].

mod answers;
mod files;
mod fold;
mod glob;
mod memory;
mod notes;
mod order;
mod paths;
mod plan;
mod predicate;
mod profile;
mod question;
mod ranges;
mod set;
mod terms;
mod texts;
mod values;
mod watch;

use std::sync::Arc;

use tercel_rules::program::Program;

use crate::fields::{Context, Settings, View, views_of};
use plan::{PlanStep, Plans};
use terms::{Recall, TermId, TermKind};
use watch::{Unwatched, Watch};

pub use memory::Memory;
pub(crate) use notes::operands;
pub use order::depends_on_order;
pub use profile::{CheckCost, CodeCost, Cost, Costs, Profile, RuleCost};

/// Which of several matching rules give an alert (reference language 9.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Matching {
    /// The first in load order.
    #[default]
    First,
    /// Each.
    All,
}

/// A program, ready to be evaluated. Shared between threads; each brings its own [`Memory`].
#[derive(Debug, Clone)]
pub struct Matcher {
    plans: Arc<Plans>,
    matching: Matching,
}

impl Matcher {
    /// Prepares the rules of a program.
    pub fn new(program: &Program, matching: Matching) -> Matcher {
        Matcher { plans: Arc::new(Plans::new(program)), matching }
    }

    /// The same rules, asked otherwise. What was prepared is shared.
    pub(crate) fn with(&self, matching: Matching) -> Matcher {
        Matcher { plans: Arc::clone(&self.plans), matching }
    }

    /// Memory for evaluations of this matcher.
    pub fn memory(&self, settings: Settings) -> Memory {
        Memory::new(&self.plans, settings)
    }

    /// Whether any rule can match an event of this code.
    #[inline]
    pub fn watches(&self, code: u16) -> bool {
        self.plans.of(code).is_some()
    }

    /// The rules that match, as indices into [`Program::rules`] in load order.
    #[inline]
    pub fn matches<'m>(&self, cx: &Context<'_>, memory: &'m mut Memory) -> &'m [u32] {
        self.found(cx, memory).0
    }

    /// The same, and those of them that match with the paths of the kernel only.
    #[inline]
    pub fn found<'m>(&self, cx: &Context<'_>, memory: &'m mut Memory) -> (&'m [u32], &'m [u32]) {
        self.watched(cx, memory, &mut Unwatched)
    }

    /// The same, and counts what was asked.
    pub fn profiled<'m>(
        &self,
        cx: &Context<'_>,
        memory: &'m mut Memory,
        profile: &mut Profile,
    ) -> (&'m [u32], &'m [u32]) {
        self.watched(cx, memory, profile)
    }

    #[inline]
    fn watched<'m>(
        &self,
        cx: &Context<'_>,
        memory: &'m mut Memory,
        watch: &mut impl Watch,
    ) -> (&'m [u32], &'m [u32]) {
        let Some(plan) = self.plans.of(cx.event.code()) else { return (&[], &[]) };
        self.run(plan, cx, memory, watch);
        if memory.sees_both()
            && let views @ [_, ..] = views_of(cx)
        {
            self.run_again(plan, cx, memory, views, watch);
        }
        (&memory.found, &memory.by_kernel)
    }

    /// Asks in each view of the paths that the settings want: first in that of the callers, then in those of the kernel that
    /// differ. `visit` gets the view and the rules that match in it.
    pub fn each_view(&self, cx: &Context<'_>, memory: &mut Memory, visit: &mut dyn FnMut(View, &[u32])) {
        let first = memory.view();
        let others = if memory.sees_both() { views_of(cx) } else { &[] };
        let plan = self.plans.of(cx.event.code());
        for view in std::iter::once(&first).chain(others) {
            memory.set_view(*view);
            match plan {
                Some(plan) => {
                    self.run(plan, cx, memory, &mut Unwatched);
                    visit(*view, &memory.found);
                }
                None => visit(*view, &[]),
            }
        }
        memory.set_view(first);
    }

    /// The rules that match with the paths of other views, beside those that match with the paths of the callers. A condition sees
    /// the paths of one view only, so that what nobody did is not put together from what one says and what another says. Where
    /// one alert is wanted, it is one of each view: that of the callers is Falco's.
    #[cold]
    fn run_again(
        &self,
        plan: &plan::Plan,
        cx: &Context<'_>,
        memory: &mut Memory,
        views: &[View],
        watch: &mut impl Watch,
    ) {
        let mut found = std::mem::take(&mut memory.found);
        let by_caller = found.len();
        for view in views {
            memory.set_view(*view);
            self.run(plan, cx, memory, watch);
            for rule in &memory.found {
                if !found.contains(rule) {
                    found.push(*rule);
                }
            }
        }
        memory.set_view(View::Caller);
        memory.by_kernel.extend_from_slice(&found[by_caller..]);
        found.sort_unstable();
        memory.found = found;
    }

    fn run(&self, plan: &plan::Plan, cx: &Context<'_>, memory: &mut Memory, watch: &mut impl Watch) {
        watch.start(cx.event);
        memory.start(cx.facts.thread.map(|slot| &*cx.state.threads.get(slot).image));
        let mut at = 0;
        while let Some(step) = plan.steps.get(at) {
            watch.step(at);
            at += 1;
            match *step {
                PlanStep::Need(term, otherwise) => {
                    if !self.holds(term, cx, memory, watch) {
                        at = otherwise as usize;
                    }
                }
                PlanStep::Found(rule) => {
                    watch.found();
                    memory.found.push(rule);
                    if plan.ordered && self.matching == Matching::First {
                        break;
                    }
                }
            }
        }
        if memory.found.len() > 1 {
            memory.found.sort_unstable();
            if self.matching == Matching::First {
                memory.found.truncate(1);
            }
        }
    }

    fn holds(&self, id: TermId, cx: &Context<'_>, memory: &mut Memory, watch: &mut impl Watch) -> bool {
        let index = id.0 as usize;
        let Some(term) = self.plans.terms.get(index) else { return false };
        let known = match term.memory {
            Recall::No => None,
            Recall::Event => memory.answer(index),
            Recall::Image(bit) => memory.image_answer(bit),
            Recall::File(bit) if watch.recalls_files() => memory.file_answer(bit, index, cx),
            Recall::File(_) => memory.answer(index),
        };
        if let Some(answer) = known {
            return answer;
        }
        let answer = match &term.kind {
            TermKind::Check(check) => match self.plans.predicates.get(check.0 as usize) {
                Some(predicate) => watch.check(*check, || predicate.holds(cx, &mut memory.values)),
                None => false,
            },
            TermKind::Not(inner) => !self.holds(*inner, cx, memory, watch),
            TermKind::All(parts) => parts.iter().all(|part| self.holds(*part, cx, memory, watch)),
            TermKind::Any(parts) => parts.iter().any(|part| self.holds(*part, cx, memory, watch)),
        };
        match term.memory {
            Recall::No => {}
            Recall::Event => memory.remember(index, answer),
            Recall::Image(bit) => memory.remember_image(bit, answer),
            Recall::File(bit) if watch.recalls_files() => memory.remember_file(bit, index, answer),
            Recall::File(_) => memory.remember(index, answer),
        }
        answer
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod views;
