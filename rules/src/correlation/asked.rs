//! Which values the alerts of rules bring along: names of fields enter, positions leave, each value once per rule.

use crate::output::{Piece, Template};
use crate::program::Operand;

/// Values per rule of a program.
#[derive(Debug, Default)]
pub(super) struct Asked(pub(super) Vec<Vec<Operand>>);

impl Asked {
    /// Of a program of this many rules.
    pub(super) fn of(rules: usize) -> Asked {
        Asked(vec![Vec::new(); rules])
    }

    /// The position of a value among those of a rule.
    pub(super) fn position(&mut self, rule: usize, operand: &Operand) -> usize {
        let Some(known) = self.0.get_mut(rule) else { return 0 };
        known.iter().position(|other| other == operand).unwrap_or_else(|| {
            known.push(operand.clone());
            known.len() - 1
        })
    }
}

/// The value that the name of a field, or a transformer, stands for in outputs.
pub(super) fn operand(name: &str) -> Option<Operand> {
    let template = Template::parse(&format!("%{name}")).ok()?;
    match template.pieces.as_slice() {
        [Piece::Value { operand, width: None, .. }] => Some(operand.clone()),
        _ => None,
    }
}
