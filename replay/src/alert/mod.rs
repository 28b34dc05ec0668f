//! Alerts: a rule that matched and the context of the event enter, a line of text or of JSON leaves, equal to that of Falco
//! (reference language section 10). Where the line goes is not known here.

mod by_kernel;
mod cut;
mod escape;
mod finding;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};
use tercel_format::trace::{Cut, Zone};
use tercel_rules::fields::{Arg, Field, FieldRef};
use tercel_rules::output::{Piece, Template};
use tercel_rules::program::{Operand, Program, Rule, Source};

use crate::fields::{self, Context, Scratch, Settings};
pub use by_kernel::push_kernel_paths;
use escape::push_string;
pub use finding::{Finding, JsonSchema, Values, put};

/// A rule that matched an event.
#[derive(Debug, Clone, Copy)]
pub struct Alert<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// Its index in [`Program::rules`].
    pub index: usize,
    /// The event and the state that it met.
    pub context: Context<'a>,
    /// The rule matches with the paths that the kernel resolved, and not with those that the callers gave.
    pub by_kernel: bool,
}

/// Where events come from, as far as their lines show it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// Name of the capture, for lines that are to bear it: in text it stands before the line, with a colon after it; in
    /// JSON under `file`, the first key.
    pub label: Option<Arc<str>>,
    /// Zone in which times are shown; without one, that of the settings.
    pub zone: Option<Arc<Zone>>,
    /// The cut of a flight recorder that the capture is; its alerts say so.
    pub cut: Option<Arc<Cut>>,
}

/// How alerts look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// One JSON object per line instead of text.
    pub json: bool,
    /// JSON: the schema of the object. What stands in it of the parts below is chosen for Falco's only.
    pub schema: JsonSchema,
    /// Times as `YYYY-MM-DDTHH:MM:SS.nnnnnnnnn+0000` instead of the time of day.
    pub iso8601: bool,
    /// How values are shown.
    pub settings: Settings,
    /// JSON: the whole text line under `output`.
    pub json_output: bool,
    /// JSON: the rule's tags under `tags`.
    pub json_tags: bool,
    /// JSON: the text without time and priority under `message`.
    pub json_message: bool,
    /// JSON: the values of the output's fields under `output_fields`.
    pub json_fields: bool,
}

impl Default for Style {
    /// Falco's defaults.
    fn default() -> Style {
        Style {
            json: false,
            schema: JsonSchema::Falco,
            iso8601: false,
            settings: Settings::default(),
            json_output: true,
            json_tags: true,
            json_message: false,
            json_fields: true,
        }
    }
}

/// The value of an entry of the JSON's `output_fields`.
#[derive(Debug)]
enum Shown {
    /// A value with its type.
    Typed(Operand),
    /// A text with values in it.
    Text(Template),
}

/// Writes the lines of a program's alerts.
#[derive(Debug)]
pub struct Formatter {
    style: Style,
    time: Operand,
    utc: Operand,
    /// Per rule the fields of its output by their names.
    fields: Vec<BTreeMap<String, Shown>>,
    scratch: Scratch,
    message: Vec<u8>,
    line: Vec<u8>,
    origin: Origin,
    cut: cut::InCut,
}

impl Formatter {
    /// Prepares the outputs of the rules.
    pub fn new(program: &Program, style: Style) -> Formatter {
        let time = if style.iso8601 { Field::EvtTimeIso8601 } else { Field::EvtTime };
        let fields = program.rules.iter().map(|rule| {
            let typed = rule.output.fields.iter().cloned();
            let texts = rule.output.texts.iter().cloned();
            let mut fields: BTreeMap<String, Shown> = typed
                .map(|(key, operand)| (key, Shown::Typed(operand)))
                .chain(texts.map(|(key, template)| (key, Shown::Text(template))))
                .collect();
            // The time of the line is among the fields (reference language 10.11).
            fields.insert(time.info().name.to_owned(), Shown::Typed(plain(time)));
            fields
        });
        Formatter {
            style,
            time: plain(time),
            utc: plain(Field::EvtTimeIso8601),
            fields: fields.collect(),
            scratch: Scratch::new(style.settings),
            message: Vec::new(),
            line: Vec::new(),
            origin: Origin::default(),
            cut: cut::InCut::default(),
        }
    }

    /// Tells where the alerts that follow come from.
    pub fn set_origin(&mut self, origin: &Origin) {
        self.scratch.zone.clone_from(&origin.zone);
        self.origin = origin.clone();
        self.cut = cut::InCut::default();
    }

    /// Sets the cut that contains the alerts that follow.
    pub fn set_cut(&mut self, cut: Option<&Arc<Cut>>) {
        if self.origin.cut.as_ref() != cut {
            self.origin.cut = cut.cloned();
            self.cut = cut::InCut::default();
        }
    }

    /// Appends the line of an alert, without a line end.
    pub fn push_line(&mut self, alert: &Alert<'_>, out: &mut Vec<u8>) {
        self.cut.look(self.origin.cut.as_deref(), &alert.rule.name, alert.context.event.num);
        self.scratch.cut = self.origin.cut.clone().filter(|_| self.cut.contains());
        self.message.clear();
        push_message(&alert.context, &alert.rule.output, &mut self.message, &mut self.scratch);
        by_kernel::push(alert, &mut self.message);
        self.line.clear();
        fields::render_text(&alert.context, &self.time, &mut self.line, &mut self.scratch);
        self.line.extend_from_slice(b": ");
        self.line.extend_from_slice(alert.rule.priority.name().as_bytes());
        self.line.push(b' ');
        self.line.extend_from_slice(&self.message);
        if self.style.json {
            match self.style.schema {
                JsonSchema::Falco => self.push_json(alert, out),
                JsonSchema::Ecs => out.extend_from_slice(self.finding(alert).ecs().to_string().as_bytes()),
                JsonSchema::Ocsf => out.extend_from_slice(self.finding(alert).ocsf().to_string().as_bytes()),
            }
        } else {
            if let Some(label) = &self.origin.label {
                out.extend_from_slice(label.as_bytes());
                out.extend_from_slice(b": ");
            }
            // Falco 0.44.1 escapes nothing here; the escaping of reference language 10.8 is newer.
            out.extend_from_slice(&self.line);
        }
    }

    /// Name of the file of the cut that contains the alert that was looked at last.
    fn cut_file(&self) -> Option<&str> {
        self.origin.cut.as_deref().filter(|_| self.cut.contains()).map(|cut| cut.file.as_str())
    }

    /// The alert in its parts.
    pub fn finding<'a>(&mut self, alert: &Alert<'a>) -> Finding<'a> {
        let Alert { rule, context, .. } = alert;
        let output_fields = self.output_fields(alert);
        let mut timestamp = Vec::new();
        fields::render_text(context, &self.utc, &mut timestamp, &mut self.scratch);
        self.message.clear();
        push_message(context, &rule.output, &mut self.message, &mut self.scratch);
        by_kernel::push(alert, &mut self.message);
        let timestamp = text(&timestamp);
        Finding {
            rule: &rule.name,
            description: &rule.desc,
            priority: rule.priority,
            tags: &rule.tags,
            source: &rule.source,
            time: context.event.ts,
            timestamp: timestamp.strip_suffix("+0000").unwrap_or(&timestamp).to_owned() + "Z",
            number: Some(context.event.num),
            hostname: text(&context.state.machine.hostname),
            capture: self.origin.label.as_deref().map(str::to_owned),
            capture_file: self.cut_file().map(str::to_owned),
            message: text(&self.message),
            values: Values::of(context, &mut self.scratch),
            output_fields,
        }
    }

    fn output_fields(&mut self, alert: &Alert<'_>) -> Map<String, Value> {
        let mut values = Map::new();
        for (key, shown) in self.fields.get(alert.index).into_iter().flatten() {
            let value = match shown {
                Shown::Typed(operand) => fields::render_json(&alert.context, operand, &mut self.scratch),
                Shown::Text(template) => {
                    self.message.clear();
                    push_message(&alert.context, template, &mut self.message, &mut self.scratch);
                    Value::from(text(&self.message))
                }
            };
            values.insert(key.clone(), value);
        }
        let paths = by_kernel::paths(alert).into_iter();
        values.extend(paths.map(|(field, path)| (field.info().name.to_owned(), Value::from(text(path)))));
        values
    }

    /// The keys stand in alphabetical order (reference language 10.9).
    fn push_json(&mut self, alert: &Alert<'_>, out: &mut Vec<u8>) {
        let rule = alert.rule;
        out.push(b'{');
        if let Some(file) = self.cut_file() {
            out.extend_from_slice(b"\"capture_file\":");
            push_string(out, file.as_bytes());
            out.push(b',');
        }
        if let Some(label) = &self.origin.label {
            out.extend_from_slice(b"\"file\":");
            push_string(out, label.as_bytes());
            out.push(b',');
        }
        out.extend_from_slice(b"\"hostname\":");
        push_string(out, &alert.context.state.machine.hostname);
        if self.style.json_message {
            out.extend_from_slice(b",\"message\":");
            push_string(out, &self.message);
        }
        if self.style.json_output {
            out.extend_from_slice(b",\"output\":");
            push_string(out, &self.line);
        }
        if self.style.json_fields {
            out.extend_from_slice(b",\"output_fields\":");
            self.push_fields(alert, out);
        }
        out.extend_from_slice(b",\"priority\":\"");
        out.extend_from_slice(rule.priority.name().as_bytes());
        out.extend_from_slice(b"\",\"rule\":");
        push_string(out, rule.name.as_bytes());
        out.extend_from_slice(b",\"source\":");
        push_string(out, rule.source.as_bytes());
        if self.style.json_tags {
            out.extend_from_slice(b",\"tags\":[");
            for (index, tag) in rule.tags.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                push_string(out, tag.as_bytes());
            }
            out.push(b']');
        }
        out.extend_from_slice(b",\"time\":\"");
        fields::render_text(&alert.context, &self.utc, out, &mut self.scratch);
        // The field ends in "+0000", the key's value in "Z" (reference language 10.10).
        out.truncate(out.len().saturating_sub(b"+0000".len()));
        out.extend_from_slice(b"Z\"}");
    }

    fn push_fields(&mut self, alert: &Alert<'_>, out: &mut Vec<u8>) {
        if alert.by_kernel {
            let fields = Value::from(self.output_fields(alert));
            out.extend_from_slice(fields.to_string().as_bytes());
            return;
        }
        out.push(b'{');
        for (count, (key, shown)) in self.fields.get(alert.index).into_iter().flatten().enumerate() {
            if count > 0 {
                out.push(b',');
            }
            push_string(out, key.as_bytes());
            out.push(b':');
            match shown {
                Shown::Typed(operand) => {
                    let value = fields::render_json(&alert.context, operand, &mut self.scratch);
                    out.extend_from_slice(value.to_string().as_bytes());
                }
                Shown::Text(template) => {
                    self.message.clear();
                    push_message(&alert.context, template, &mut self.message, &mut self.scratch);
                    push_string(out, &self.message);
                }
            }
        }
        out.push(b'}');
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Appends the text of an output. Missing values show as `<NA>` (reference language 10.3).
pub fn push_message(cx: &Context<'_>, template: &Template, out: &mut Vec<u8>, scratch: &mut Scratch) {
    for piece in &template.pieces {
        match piece {
            Piece::Text(text) => out.extend_from_slice(text),
            Piece::Value { operand, width, .. } => {
                let start = out.len();
                fields::render_text(cx, operand, out, scratch);
                if let Some(width) = width {
                    out.resize(start + width, b' ');
                }
            }
        }
    }
}

/// A field without argument as an operand.
pub(crate) fn plain(field: Field) -> Operand {
    let info = field.info();
    let source = Source::Field(FieldRef { field, arg: Arg::None });
    Operand { source, ty: info.ty, format: info.format, list: info.is_list() }
}

#[cfg(test)]
mod tests;
