//! The names of an output's fields in the JSON of an alert (reference language 10.11, 10.13, 10.19).

use std::collections::BTreeMap;

use tercel_rules::fields::{Arg, Field, FieldRef};
use tercel_rules::output::{Piece, Template};
use tercel_rules::program::{Operand, Source};

/// The fields of an output by their names. Of a transformer its inner fields count, not its result.
pub fn of_template(template: &Template) -> BTreeMap<String, Operand> {
    let mut fields = BTreeMap::new();
    for piece in &template.pieces {
        if let Piece::Value { operand, key, .. } = piece {
            match &operand.source {
                Source::Field(_) => {
                    fields.insert(key.clone(), operand.clone());
                }
                Source::Text(_) | Source::List(_) | Source::Transform(..) => collect(operand, &mut fields),
            }
        }
    }
    fields
}

fn collect(operand: &Operand, fields: &mut BTreeMap<String, Operand>) {
    match &operand.source {
        Source::Field(field) => {
            fields.insert(name(field), operand.clone());
        }
        Source::Text(_) => {}
        Source::List(parts) | Source::Transform(_, parts) => {
            parts.iter().for_each(|part| collect(part, fields))
        }
    }
}

/// A field's name with its argument, as it is written.
fn name(field: &FieldRef) -> String {
    let name = field.field.info().name;
    match &field.arg {
        Arg::None => name.to_owned(),
        Arg::Index(index) => format!("{name}[{index}]"),
        Arg::Key(key) if is_dotted(field.field) => format!("{name}.{key}"),
        Arg::Key(key) if needs_quotes(key) => format!("{name}[\"{key}\"]"),
        Arg::Key(key) => format!("{name}[{key}]"),
    }
}

fn is_dotted(field: Field) -> bool {
    matches!(
        field,
        Field::EvtArg | Field::EvtRawarg | Field::EvtTypeIs | Field::EvtAbspath | Field::ThreadCgroup
    )
}

fn needs_quotes(key: &str) -> bool {
    key.chars().any(|c| matches!(c, ' ' | '"' | '\'' | '=' | '\\') || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_their_arguments() {
        let check = |field, arg, expected: &str| assert_eq!(name(&FieldRef { field, arg }), expected);
        check(Field::ProcName, Arg::None, "proc.name");
        check(Field::ProcAname, Arg::Index(2), "proc.aname[2]");
        check(Field::EvtArg, Arg::Index(1), "evt.arg[1]");
        check(Field::EvtArg, Arg::Key("flags".into()), "evt.arg.flags");
        check(Field::ProcEnv, Arg::Key("HOME".into()), "proc.env[HOME]");
        check(Field::ProcEnv, Arg::Key("A B".into()), "proc.env[\"A B\"]");
    }
}
