//! The output of a correlation: text with tokens enters, its parts leave. `%correlation.NAME` is what the correlation itself knows; every
//! other token is a field of the last alert.

use crate::fields::suggest;
use crate::nearest::nearest;
use crate::output::{Piece, Template, TemplateError};
use crate::program::Operand;

/// What a correlation says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Own {
    /// Its name.
    Name,
    /// What was counted: alerts, values or rules.
    Count,
    /// Names of the rules that contributed, in the order of the correlation.
    Rules,
    /// Values that were counted, in order of time.
    Values,
    /// Time of the first alert that contributed, in ISO 8601.
    First,
    /// Time of the last one.
    Last,
    /// Seconds between the two.
    Seconds,
    /// Numbers of the events of the alerts, in order of time.
    Events,
    /// Fields of the group with their values.
    Group,
}

/// Names of what a correlation says of itself, after `correlation.`.
const OWN: [(&str, Own); 9] = [
    ("name", Own::Name),
    ("count", Own::Count),
    ("rules", Own::Rules),
    ("values", Own::Values),
    ("first", Own::First),
    ("last", Own::Last),
    ("seconds", Own::Seconds),
    ("events", Own::Events),
    ("group", Own::Group),
];

/// What their tokens begin with.
const PREFIX: &str = "%correlation.";

impl Own {
    /// Everything in the order of the documentation.
    pub fn all() -> impl Iterator<Item = (&'static str, Own)> {
        OWN.into_iter()
    }
}

/// A part of an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text as it is.
    Text(Box<[u8]>),
    /// What the correlation knows.
    Own(Own),
    /// A value of the group, by its position.
    Group(usize),
    /// A field of the last alert, by its position in [`Output::fields`], and the least width.
    Field(usize, Option<usize>),
}

/// What an alert of a correlation says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Output {
    /// The parts in order.
    pub parts: Vec<Part>,
    /// Fields of the last alert that are shown, by their names.
    pub fields: Vec<(String, Operand)>,
}

/// Why a text is not an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OutputError {
    /// The reason.
    pub(super) message: String,
    /// What may have been meant.
    pub(super) meant: Option<String>,
}

impl Output {
    /// Reads an output; `group` are the names of the group, which `%correlation.NAME` may name if they are aliases.
    pub(super) fn parse(text: &str, group: &[String]) -> Result<Output, OutputError> {
        let mut output = Output::default();
        let mut rest = text;
        while let Some((before, token)) = rest.split_once(PREFIX) {
            output.push_fields(before)?;
            let length =
                token.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
            let (name, after) = token.split_at_checked(length).unwrap_or((token, ""));
            let own = OWN.iter().find(|(known, _)| *known == name).map(|(_, own)| Part::Own(*own));
            let alias = || group.iter().position(|known| known == name).map(Part::Group);
            let part = own.or_else(alias).ok_or_else(|| {
                let names = OWN.iter().map(|(known, _)| *known).chain(group.iter().map(String::as_str));
                OutputError {
                    message: format!("unknown field 'correlation.{name}'"),
                    meant: nearest(name, names).map(|name| format!("correlation.{name}")),
                }
            })?;
            output.parts.push(part);
            rest = after;
        }
        output.push_fields(rest)?;
        Ok(output)
    }

    fn push_fields(&mut self, text: &str) -> Result<(), OutputError> {
        if text.is_empty() {
            return Ok(());
        }
        // A template drops one '*' at its start.
        let text = format!("*{text}");
        let template = Template::parse(&text).map_err(|error| explained(&text, &error))?;
        for piece in template.pieces {
            let part = match piece {
                Piece::Text(text) => Part::Text(text),
                Piece::Value { operand, key, width } => {
                    let known = self.fields.iter().position(|(name, _)| *name == key);
                    let at = known.unwrap_or_else(|| {
                        self.fields.push((key, operand));
                        self.fields.len() - 1
                    });
                    Part::Field(at, width)
                }
            };
            self.parts.push(part);
        }
        Ok(())
    }
}

fn explained(text: &str, error: &TemplateError) -> OutputError {
    let token = text.get(error.offset + 1..).unwrap_or_default();
    let length =
        token.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"._".contains(byte)).count();
    let word = token.get(..length).unwrap_or_default();
    OutputError { message: error.to_string(), meant: suggest(word).map(str::to_owned) }
}
