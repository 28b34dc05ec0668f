//! What shared trees became: a macro that many conditions name is compiled once. Trees enter, what was found of them leaves.

use std::collections::HashMap;

use super::error::{CompileError, EventsError, Warning};
use super::events::Invariants;
use super::warnings::Found;
use crate::ast::{Pos, SharedExpr};
use crate::program::{EventSet, NodeId};

/// The node of a tree with the warnings about it, or why there is none.
pub(super) type Outcome = Result<(NodeId, Vec<Warning>), (CompileError, Pos)>;

/// What is known of shared trees, by their address. Each is kept, so that no other tree gets its address.
#[derive(Debug, Default)]
pub(super) struct Memo(HashMap<usize, Known>);

/// What is known of one tree.
#[derive(Debug)]
struct Known {
    #[expect(dead_code, reason = "keeps the address")]
    tree: SharedExpr,
    node: Option<Outcome>,
    found: Option<Found>,
    events: Vec<((Invariants, bool), Result<EventSet, EventsError>)>,
}

impl Memo {
    pub(super) fn node(&self, tree: &SharedExpr) -> Option<&Outcome> {
        self.0.get(&tree.address())?.node.as_ref()
    }

    pub(super) fn keep_node(&mut self, tree: &SharedExpr, outcome: Outcome) {
        self.known(tree).node = Some(outcome);
    }

    pub(super) fn found(&self, tree: &SharedExpr) -> Option<Found> {
        self.0.get(&tree.address())?.found
    }

    pub(super) fn keep_found(&mut self, tree: &SharedExpr, found: Found) {
        self.known(tree).found = Some(found);
    }

    /// The events of a tree, below an odd number of `not`s or an even one.
    pub(super) fn events(
        &self,
        tree: &SharedExpr,
        asked: (Invariants, bool),
    ) -> Option<Result<EventSet, EventsError>> {
        let known = self.0.get(&tree.address())?;
        known.events.iter().find(|(kept, _)| *kept == asked).map(|(_, events)| events.clone())
    }

    pub(super) fn keep_events(
        &mut self,
        tree: &SharedExpr,
        asked: (Invariants, bool),
        events: Result<EventSet, EventsError>,
    ) {
        self.known(tree).events.push((asked, events));
    }

    fn known(&mut self, tree: &SharedExpr) -> &mut Known {
        let known = || Known { tree: tree.clone(), node: None, found: None, events: Vec::new() };
        self.0.entry(tree.address()).or_insert_with(known)
    }
}
