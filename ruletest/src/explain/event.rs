//! An event in one line: its number, time and type, the process and what the call was about.

use std::sync::Arc;

use serde_json::{Value, json};
use tercel_format::trace::Zone;
use tercel_replay::fields::{Context, Scratch, render_text};
use tercel_replay::{Settings, push_message};
use tercel_rules::output::{Piece, Template};
use tercel_rules::program::Operand;

use crate::visible::{shortened, visible};

/// What is shown besides number, time and type, where it has a value; of a line only the first that has one.
const FIELDS: [&[&str]; 3] = [&["%proc.name"], &["%proc.cmdline"], &["%fd.name", "%fs.path.name"]];

/// Characters of a value that a line shows.
const SHOWN: usize = 120;

/// What a missing value looks like.
pub(crate) const MISSING: &str = "<NA>";

/// An event as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its number.
    pub number: u64,
    /// Its time, nanoseconds since the epoch.
    pub ts: u64,
    /// Its time of day.
    pub time: String,
    /// Its type.
    pub kind: String,
    /// Fields that say what it was about, with their values.
    pub fields: Vec<(String, String)>,
}

impl Shown {
    /// The line.
    pub(crate) fn line(&self) -> String {
        let mut line = format!("#{} {} {}", self.number, self.time, self.kind);
        for (field, value) in &self.fields {
            line.push_str(&format!(" {field}={}", shortened(value, SHOWN)));
        }
        line
    }

    pub(crate) fn json(&self) -> Value {
        let fields: serde_json::Map<String, Value> =
            self.fields.iter().map(|(field, value)| (field.clone(), Value::from(value.as_str()))).collect();
        json!({ "number": self.number, "time": self.ts, "type": self.kind, "fields": fields })
    }
}

/// Shows events.
#[derive(Debug)]
pub(crate) struct Shower {
    time: Template,
    kind: Template,
    fields: Vec<Vec<(String, Operand)>>,
    scratch: Scratch,
}

impl Shower {
    pub(crate) fn new(settings: Settings) -> Shower {
        let parsed = |text: &str| Template::parse(text).unwrap_or_default();
        let operands = |texts: &[&str]| texts.iter().filter_map(|text| operand(&parsed(text))).collect();
        Shower {
            time: parsed("%evt.time"),
            kind: parsed("%evt.type"),
            fields: FIELDS.iter().map(|texts| operands(texts)).collect(),
            scratch: Scratch::new(settings),
        }
    }

    pub(crate) fn set_zone(&mut self, zone: Option<&Arc<Zone>>) {
        self.scratch.zone = zone.cloned();
    }

    /// An event as it is shown.
    pub(crate) fn event(&mut self, cx: &Context<'_>) -> Shown {
        let fields = self.fields.iter().filter_map(|choices| {
            let mut shown = choices.iter().map(|(field, operand)| {
                let mut bytes = Vec::new();
                render_text(cx, operand, &mut bytes, &mut self.scratch);
                (field.clone(), shortened(&visible(&bytes), 4 * SHOWN).into_owned())
            });
            shown.find(|(_, value)| !value.is_empty() && value != MISSING)
        });
        let fields = fields.collect();
        let mut text = |template: &Template| {
            let mut bytes = Vec::new();
            push_message(cx, template, &mut bytes, &mut self.scratch);
            visible(&bytes)
        };
        let (time, kind) = (text(&self.time), text(&self.kind));
        Shown { number: cx.event.num, ts: cx.event.ts, time, kind, fields }
    }
}

/// The one value of a template, with its name.
fn operand(template: &Template) -> Option<(String, Operand)> {
    template.pieces.iter().find_map(|piece| match piece {
        Piece::Value { operand, key, .. } => Some((key.clone(), operand.clone())),
        Piece::Text(_) => None,
    })
}
