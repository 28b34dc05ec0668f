//! Which programs have to see the events one after the other: those with fields whose value depends on when they were asked
//! before. All others can be evaluated in pieces, on several threads.

use tercel_rules::output::Piece;
use tercel_rules::program::{Operand, Program, Source};

use super::notes::operands;
use crate::fields::nature;

/// Whether the answers of a program depend on the order of evaluation. Its outputs count as well as its conditions.
pub fn depends_on_order(program: &Program) -> bool {
    let in_checks = || program.checks.iter().flat_map(operands).any(remembers);
    let in_outputs = || {
        program.rules.iter().any(|rule| {
            let pieces = rule.output.pieces.iter().any(|piece| match piece {
                Piece::Text(_) => false,
                Piece::Value { operand, .. } => remembers(operand),
            });
            pieces || rule.output.fields.iter().any(|(_, operand)| remembers(operand))
        })
    };
    in_checks() || in_outputs()
}

/// Whether a value depends on earlier evaluations: fields that count them, and the CPU time since the last one.
fn remembers(operand: &Operand) -> bool {
    match &operand.source {
        Source::Field(field) => nature(field).dependency.remembers(),
        Source::Text(_) => false,
        Source::List(parts) | Source::Transform(_, parts) => parts.iter().any(remembers),
    }
}
