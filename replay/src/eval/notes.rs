//! What the arrangement of conditions has to know of a check: what its answer depends on, what it costs, how often it holds.

use tercel_format::catalogue::ParamType;
use tercel_rules::program::{Check, Op, Operand, Source, Test};

use super::texts::Texts;
use crate::fields::{Comparison, Dependency, is_of_file, nature};

/// What is known of a check without evaluating it.
#[derive(Debug, Clone, Copy)]
pub struct Notes {
    /// It looks at only the process image.
    pub image: bool,
    /// It looks at only the name and the kind of the fd.
    pub(crate) file: bool,
    /// A field of it counts its evaluations or remembers when it was asked before.
    pub counting: bool,
    /// Most events pass it.
    pub(crate) weak: bool,
    /// It can be asked together with others about the same text.
    pub(crate) joins: bool,
    /// Rough price.
    pub cost: u32,
}

impl Notes {
    /// The notes of a check.
    pub fn new(check: &Check) -> Notes {
        let image = operands(check).into_iter().all(depends_on_image);
        Notes {
            image,
            file: !image && operands(check).into_iter().all(depends_on_file),
            counting: operands(check).into_iter().any(is_counting),
            weak: is_weak(check),
            joins: !image && is_plain_text(&check.left) && Texts::takes(&check.test),
            cost: value_cost(&check.left) + test_cost(&check.test),
        }
    }

    /// The notes of several checks of one text that are asked together.
    pub fn joined(checks: &[&Check]) -> Notes {
        let value = checks.first().map_or(0, |check| value_cost(&check.left));
        let tests: u32 = checks.iter().map(|check| test_cost(&check.test)).sum();
        Notes {
            image: false,
            file: checks.iter().all(|check| depends_on_file(&check.left)),
            counting: false,
            weak: false,
            joins: false,
            cost: value + tests.div_ceil(2),
        }
    }
}

/// Whether the operand looks at the process image alone.
pub(crate) fn depends_on_image(operand: &Operand) -> bool {
    match &operand.source {
        Source::Field(field) => nature(field).dependency == Dependency::Image,
        Source::Text(_) => true,
        Source::List(parts) | Source::Transform(_, parts) => parts.iter().all(depends_on_image),
    }
}

/// Whether the operand looks at the name and the kind of the fd alone.
fn depends_on_file(operand: &Operand) -> bool {
    match &operand.source {
        Source::Field(field) => is_of_file(field),
        Source::Text(_) => true,
        Source::List(parts) | Source::Transform(_, parts) => parts.iter().all(depends_on_file),
    }
}

/// A text with one value, compared as it is.
fn is_plain_text(operand: &Operand) -> bool {
    let text = matches!(operand.ty, ParamType::CharBuf | ParamType::FsPath | ParamType::FsRelPath);
    text && !operand.list
        && match &operand.source {
            Source::Field(field) => nature(field).comparison == Comparison::One,
            Source::Text(_) | Source::List(_) | Source::Transform(..) => true,
        }
}

/// Whether a field of it counts its evaluations.
fn is_counting(operand: &Operand) -> bool {
    match &operand.source {
        Source::Field(field) => nature(field).dependency == Dependency::Evaluations,
        Source::Text(_) => false,
        Source::List(parts) | Source::Transform(_, parts) => parts.iter().any(is_counting),
    }
}

/// The values that a check looks at.
pub fn operands(check: &Check) -> Vec<&Operand> {
    match &check.test {
        Test::CompareOperand(_, right) | Test::InOperand(right) | Test::IntersectsOperand(right) => {
            vec![&check.left, right]
        }
        Test::Exists
        | Test::Compare(..)
        | Test::Quantified(..)
        | Test::In(_)
        | Test::Intersects(_)
        | Test::Pmatch(_) => vec![&check.left],
    }
}

/// Checks that most events pass.
fn is_weak(check: &Check) -> bool {
    matches!(check.test, Test::Exists | Test::Compare(Op::Ne | Op::Gt | Op::Ge, _))
}

/// What it takes to find the value.
fn value_cost(operand: &Operand) -> u32 {
    match &operand.source {
        Source::Field(field) => nature(field).cost,
        Source::Text(_) | Source::List(_) | Source::Transform(..) => 30,
    }
}

/// What it takes to compare it.
fn test_cost(test: &Test) -> u32 {
    match test {
        Test::Exists => 0,
        Test::Compare(Op::Regex, _) | Test::Quantified(..) => 10,
        Test::Compare(Op::Contains | Op::IContains | Op::BContains | Op::Glob | Op::IGlob, _) => 4,
        Test::Compare(..) => 1,
        Test::In(_) | Test::Intersects(_) => 2,
        Test::Pmatch(_) => 6,
        Test::CompareOperand(..) | Test::InOperand(_) | Test::IntersectsOperand(_) => 10,
    }
}

#[cfg(test)]
mod tests {
    use super::Notes;

    #[test]
    fn dear_tests_cost_more() {
        let cost = |condition: &str| {
            let program =
                tercel_rules::filter(condition).unwrap_or_else(|error| panic!("{condition}: {error}"));
            Notes::new(&program.checks[0]).cost
        };
        let ascending = [
            "proc.name exists",
            "proc.name = cat",
            "proc.name in (cat, dog)",
            "proc.name contains cat",
            "proc.name regex c.t",
            "toupper(proc.name) regex C.T",
        ];
        for pair in ascending.windows(2) {
            assert!(cost(pair[0]) < cost(pair[1]), "{pair:?}");
        }
    }
}
