//! Conditions as the linter looks at them: negations stand at the checks, macros are open, and every check knows what it was
//! compiled to and which definition it stands in. Definitions enter, trees leave.

use tercel_rules::ast::{Expr, ExprKind, Pos};
use tercel_rules::fields::{Field, FieldRef};
use tercel_rules::filter::NumberedError;
use tercel_rules::load::{Definitions, TooLarge};
use tercel_rules::program::{Check, EventSet, Node, NodeId, Program, Source, Test};

/// Checks that all open trees together may have.
const MOST_CHECKS: usize = 1_000_000;

/// The definition that a check stands in, by its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Home {
    Rule(usize),
    Macro(usize),
}

/// A check.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) home: Home,
    pub(super) pos: Pos,
    pub(super) expr: Expr,
    /// What it was compiled to; equal checks have equal nodes.
    pub(super) node: NodeId,
    /// The comparison; nothing for those of long lists, which are several.
    pub(super) check: Option<Check>,
    /// Events on which it can hold, and on which it can fail to.
    events: [EventSet; 2],
}

/// A condition with its macros open. `bool` says whether the check has to hold or has to fail.
#[derive(Debug)]
pub(super) enum Tree {
    And(Vec<Tree>),
    /// Whether it is written as an `or`, or comes from an `and` that has to fail.
    Or(Vec<Tree>, bool),
    Leaf(usize, bool),
}

/// A condition as it is written.
#[derive(Debug)]
enum Own {
    And(Vec<Own>),
    Or(Vec<Own>),
    Not(Box<Own>),
    Macro(Option<usize>),
    Leaf(usize),
}

/// All conditions.
#[derive(Debug)]
pub(super) struct Forest {
    pub(super) leaves: Vec<Leaf>,
    pub(super) program: Program,
    /// Checks that cannot be compiled.
    pub(super) refused: Vec<NumberedError>,
    rules: Vec<Own>,
    macros: Vec<Own>,
}

impl Forest {
    /// The conditions of all definitions. The program has a rule for each check, then one for each condition of a rule.
    pub(super) fn of(definitions: &Definitions<'_>) -> Result<Forest, TooLarge> {
        let mut written = Vec::new();
        let rules = definitions.rules.iter().enumerate();
        let rules = rules.map(|(at, rule)| own(&rule.tree, Home::Rule(at), definitions, &mut written));
        let rules: Vec<Own> = rules.collect();
        let macros = definitions.macros.iter().enumerate();
        let macros = macros.map(|(at, found)| own(&found.tree, Home::Macro(at), definitions, &mut written));
        let macros: Vec<Own> = macros.collect();
        let whole = definitions.rules.iter().map(|rule| rule.condition);
        let exprs = written.iter().map(|(_, expr)| expr).chain(whole);
        // A macro that no rule uses is not compiled when files are loaded, so it may be wrong.
        let (program, refused) = tercel_rules::filter::each(exprs);
        let mut leaves = Vec::with_capacity(written.len());
        for (number, (home, expr)) in written.into_iter().enumerate() {
            let Some(rule) = program.rules.get(number) else { continue };
            let check = comparison(&program, rule.condition).cloned();
            let fails = match check.as_ref().is_some_and(names_events) {
                true => rule.events.complement(),
                false => EventSet::all(),
            };
            let (pos, node) = (expr.pos, rule.condition);
            leaves.push(Leaf { home, pos, expr, node, check, events: [rule.events.clone(), fails] });
        }
        let forest = Forest { leaves, program, refused, rules, macros };
        forest.measure()?;
        Ok(forest)
    }

    /// Refuses macros of macros that become too large.
    fn measure(&self) -> Result<(), TooLarge> {
        let mut sizes: Vec<usize> = Vec::with_capacity(self.macros.len());
        // A macro uses only those before it.
        for own in &self.macros {
            sizes.push(size(own, &sizes));
        }
        let all = self.rules.iter().map(|own| size(own, &sizes)).chain(sizes.iter().copied());
        match all.fold(0, usize::saturating_add) {
            sum if sum <= MOST_CHECKS => Ok(()),
            _ => Err(TooLarge),
        }
    }

    /// The condition of a definition.
    pub(super) fn open(&self, home: Home) -> Tree {
        let own = match home {
            Home::Rule(at) => self.rules.get(at),
            Home::Macro(at) => self.macros.get(at),
        };
        own.map_or(Tree::And(Vec::new()), |own| self.opened(own, true))
    }

    /// A rule's condition without its exceptions, and each exception as what it lets through; `count` exceptions were written
    /// after it.
    pub(super) fn parted(&self, rule: usize, count: usize) -> Option<(Tree, Vec<Tree>)> {
        let Own::And(members) = self.rules.get(rule)? else { return None };
        let (own, exceptions) = members.split_at_checked(members.len().checked_sub(count)?)?;
        let condition = Tree::And(own.iter().map(|member| self.opened(member, true)).collect());
        let exceptions = exceptions.iter().map(|member| match member {
            Own::Not(inner) => Some(self.opened(inner, true)),
            _ => None,
        });
        Some((condition, exceptions.collect::<Option<_>>()?))
    }

    fn opened(&self, own: &Own, holds: bool) -> Tree {
        let all = |members: &[Own]| members.iter().map(|member| self.opened(member, holds)).collect();
        match own {
            Own::And(members) if holds => Tree::And(all(members)),
            Own::And(members) => Tree::Or(all(members), false),
            Own::Or(members) if holds => Tree::Or(all(members), true),
            Own::Or(members) => Tree::And(all(members)),
            Own::Not(inner) => self.opened(inner, !holds),
            Own::Macro(at) => match at.and_then(|at| self.macros.get(at)) {
                Some(inner) => self.opened(inner, holds),
                None => Tree::And(Vec::new()),
            },
            Own::Leaf(at) => Tree::Leaf(*at, holds),
        }
    }

    /// Events on which a tree can hold.
    pub(super) fn events(&self, tree: &Tree) -> EventSet {
        match tree {
            Tree::And(members) => {
                members.iter().fold(EventSet::all(), |set, member| set.intersection(&self.events(member)))
            }
            Tree::Or(members, _) => {
                members.iter().fold(EventSet::NONE, |set, member| set.union(&self.events(member)))
            }
            Tree::Leaf(at, holds) => match self.leaves.get(*at).map(|leaf| &leaf.events) {
                Some([held, failed]) => if *holds { held } else { failed }.clone(),
                None => EventSet::all(),
            },
        }
    }
}

impl Leaf {
    /// The field on the left, if it is one and nothing is done with it.
    pub(super) fn field(&self) -> Option<&FieldRef> {
        match &self.check.as_ref()?.left.source {
            Source::Field(field) => Some(field),
            _ => None,
        }
    }
}

fn own(expr: &Expr, home: Home, definitions: &Definitions<'_>, written: &mut Vec<(Home, Expr)>) -> Own {
    match &expr.kind {
        ExprKind::And(members) => {
            Own::And(members.iter().map(|member| own(member, home, definitions, written)).collect())
        }
        ExprKind::Or(members) => {
            Own::Or(members.iter().map(|member| own(member, home, definitions, written)).collect())
        }
        ExprKind::Not(inner) => Own::Not(Box::new(own(inner, home, definitions, written))),
        ExprKind::Macro(name) => Own::Macro(definitions.position(name)),
        ExprKind::Shared(inner) => own(inner, home, definitions, written),
        ExprKind::Exists(_) | ExprKind::Binary { .. } => {
            written.push((home, expr.clone()));
            Own::Leaf(written.len() - 1)
        }
    }
}

fn size(own: &Own, macros: &[usize]) -> usize {
    match own {
        Own::And(members) | Own::Or(members) => {
            members.iter().map(|member| size(member, macros)).fold(1, usize::saturating_add)
        }
        Own::Not(inner) => size(inner, macros),
        Own::Macro(at) => at.and_then(|at| macros.get(at)).copied().unwrap_or(1),
        Own::Leaf(_) => 1,
    }
}

fn comparison(program: &Program, node: NodeId) -> Option<&Check> {
    match program.nodes.get(node.0 as usize)? {
        Node::Check(check) => program.checks.get(check.0 as usize),
        Node::Not(_) | Node::And(_) | Node::Or(_) => None,
    }
}

/// Whether a check says on which events it holds and on which it does not.
fn names_events(check: &Check) -> bool {
    use tercel_rules::program::Op;
    let Source::Field(field) = &check.left.source else { return false };
    matches!(field.field, Field::EvtType | Field::SyscallType)
        && matches!(check.test, Test::Compare(Op::Eq | Op::Ne, _) | Test::In(_))
}
