//! Places: the chain of items that Falco reports with every finding, and the true place in a file.

use std::fmt;
use std::sync::Arc;

use super::library;
use super::lines::Lines;
use super::yaml::Mark;
use crate::caret::beneath;
use serde_json::{Value, json};
use tercel_format::visible;

/// Kinds of items in a chain.
#[allow(missing_docs)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item {
    ValueFor,
    Exceptions,
    Exception,
    ExceptionValues,
    ExceptionValue,
    RulesContent,
    RulesContentItem,
    RequiredEngineVersion,
    RequiredPluginVersions,
    RequiredPluginVersionsEntry,
    RequiredPluginVersionsAlternative,
    List,
    ListItem,
    Macro,
    MacroCondition,
    Rule,
    RuleCondition,
    ConditionExpression,
    RuleOutput,
    RulePriority,
    Override,
}

impl Item {
    /// Falco's name.
    pub fn name(self) -> &'static str {
        match self {
            Item::ValueFor => "value for",
            Item::Exceptions => "exceptions",
            Item::Exception => "exception",
            Item::ExceptionValues => "exception values",
            Item::ExceptionValue => "exception value",
            Item::RulesContent => "rules content",
            Item::RulesContentItem => "rules content item",
            Item::RequiredEngineVersion => "required_engine_version",
            Item::RequiredPluginVersions => "required plugin versions",
            Item::RequiredPluginVersionsEntry => "required plugin versions entry",
            Item::RequiredPluginVersionsAlternative => "required plugin versions alternative",
            Item::List => "list",
            Item::ListItem => "list item",
            Item::Macro => "macro",
            Item::MacroCondition => "macro condition",
            Item::Rule => "rule",
            Item::RuleCondition => "rule condition",
            Item::ConditionExpression => "condition expression",
            Item::RuleOutput => "rule output",
            Item::RulePriority => "rule priority",
            Item::Override => "overrides",
        }
    }
}

/// One link of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The file, or the start of a condition in quotes.
    pub name: Arc<str>,
    /// Where the item stands. In a condition, the sum of the condition's place and the place in its text.
    pub mark: Mark,
    /// What it is.
    pub item: Item,
    /// What it is called.
    pub item_name: String,
}

/// The chain of items from the file down to the place.
#[derive(Debug, Clone)]
pub struct Context {
    /// The links, the file first.
    pub locations: Vec<Location>,
    /// The text that the last place refers to, if that is not the file.
    condition: Option<Arc<str>>,
}

impl Context {
    /// A whole file.
    pub(super) fn file(name: &Arc<str>) -> Context {
        let whole = Location {
            name: Arc::clone(name),
            mark: Mark::default(),
            item: Item::RulesContent,
            item_name: String::new(),
        };
        Context { locations: vec![whole], condition: None }
    }

    /// The chain with an item of the same file added.
    pub(super) fn with(&self, mark: Mark, item: Item, item_name: &str) -> Context {
        let mut locations = self.locations.clone();
        locations.push(Location { name: self.name(), mark, item, item_name: item_name.to_owned() });
        Context { locations, condition: None }
    }

    /// The chain with a place in a condition's text added: offset from 0, line and column as the parser counts them,
    /// both added to those of the last item.
    pub(super) fn with_condition(&self, place: Mark, text: &Arc<str>) -> Context {
        let last = self.locations.last().map(|location| location.mark).unwrap_or_default();
        let mark = Mark {
            offset: place.offset + last.offset,
            line: place.line + last.line,
            column: place.column + last.column,
        };
        let mut locations = self.locations.clone();
        let name = condition_name(text).into();
        locations.push(Location { name, mark, item: Item::ConditionExpression, item_name: String::new() });
        let condition = (!text.is_empty()).then(|| Arc::clone(text));
        Context { locations, condition }
    }

    /// The file's name.
    pub(super) fn name(&self) -> Arc<str> {
        self.locations.first().map(|location| Arc::clone(&location.name)).unwrap_or_default()
    }

    /// Where the last item of the file stands.
    pub(super) fn mark_in_file(&self) -> Mark {
        let mut in_file = self.locations.iter().rev().filter(|at| at.item != Item::ConditionExpression);
        in_file.next().map(|location| location.mark).unwrap_or_default()
    }

    /// The name of the rule, macro or list.
    pub(super) fn item_name(&self) -> Option<String> {
        let is_item = |at: &&Location| matches!(at.item, Item::Rule | Item::Macro | Item::List);
        let name = self.locations.iter().find(is_item).map(|at| at.item_name.clone());
        name.filter(|name| !name.is_empty())
    }

    /// The chain down to the rule, macro or list.
    pub(super) fn of_item(&self) -> Context {
        let is_item = |at: &Location| matches!(at.item, Item::Rule | Item::Macro | Item::List);
        let end = self.locations.iter().position(is_item).map_or(self.locations.len(), |at| at + 1);
        let locations = self.locations.iter().take(end).cloned().collect();
        Context { locations, condition: None }
    }

    /// The innermost named rule, macro, list or exception: `rule 'x', exception 'y'`.
    pub fn item(&self) -> Option<String> {
        let named = self.locations.iter().filter(|at| {
            matches!(at.item, Item::Rule | Item::Macro | Item::List | Item::Exception)
                && !at.item_name.is_empty()
        });
        let parts: Vec<String> = named.map(|at| format!("{} '{}'", at.item.name(), at.item_name)).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// Falco's JSON of the chain.
    pub(super) fn to_json(&self) -> Value {
        let locations: Vec<Value> = self
            .locations
            .iter()
            .map(|at| {
                json!({
                    "item_type": at.item.name(),
                    "item_name": at.item_name,
                    "position": {
                        "name": &*at.name,
                        "line": at.mark.line,
                        "column": at.mark.column,
                        "offset": at.mark.offset,
                    },
                })
            })
            .collect();
        json!({ "locations": locations })
    }

    /// What Falco shows of the text around the place. In a condition it looks for the summed offset in the text of the
    /// condition alone, so the caret often stands at its end.
    pub(super) fn snippet(&self, file: &str) -> String {
        let text = self.condition.as_deref().unwrap_or(file);
        let offset = self.locations.last().map(|location| location.mark.offset).unwrap_or_default();
        snippet(text.as_bytes(), offset)
    }
}

fn condition_name(text: &str) -> String {
    const SHOWN: usize = 20;
    let bytes = text.as_bytes();
    let shown = match bytes.len() > SHOWN {
        true => format!("{}...", String::from_utf8_lossy(bytes.get(..SHOWN - 3).unwrap_or_default())),
        false => text.to_owned(),
    };
    format!("\"{}\"", shown.replace(['\n', '\r'], " "))
}

/// The line around `offset`, at most 80 bytes to either side, and a caret.
fn snippet(text: &[u8], offset: usize) -> String {
    const HALF: usize = 80;
    const NOTHING: &str = "<No context available>\n";
    let Some(last) = text.len().checked_sub(1) else { return NOTHING.to_owned() };
    let is_break = |at: usize| text.get(at) == Some(&b'\n');
    let mut at = offset.min(text.len());
    while at > 0 && (at > last || is_break(at)) {
        at -= 1;
    }
    let mut from = at;
    while from > 0 && !is_break(from) && at - from < HALF {
        from -= 1;
    }
    let mut to = at;
    while to < last && !is_break(to) && to - at < HALF {
        to += 1;
    }
    if is_break(from) {
        from += 1;
    }
    if is_break(to) {
        to = to.saturating_sub(1);
    }
    let mut line = text.get(from..=to).unwrap_or_default().to_vec();
    if line.is_empty() {
        return NOTHING.to_owned();
    }
    if at.saturating_sub(from) >= HALF
        && let Some(start) = line.get_mut(..3)
    {
        start.copy_from_slice(b"...");
    }
    let tail = line.len().saturating_sub(3);
    if to.saturating_sub(at) >= HALF
        && let Some(end) = line.get_mut(tail..)
    {
        end.copy_from_slice(b"...");
    }
    let mut result = String::from_utf8_lossy(&line).into_owned();
    result.push('\n');
    if at >= from && at - from <= line.len() {
        result.extend(std::iter::repeat_n(' ', at - from));
        result.push_str("^\n");
    }
    result
}

/// The text of a file, with its lines.
#[derive(Debug, Clone, Default)]
pub(super) struct Source {
    /// The whole text.
    pub(super) text: Arc<str>,
    /// Lines of the text without its byte order mark.
    lines: Lines,
    /// Whether the file offers its definitions to others.
    pub(super) is_library: bool,
}

impl Source {
    pub(super) fn of(text: &str) -> Source {
        let mut source =
            Source { text: text.into(), lines: Lines::default(), is_library: library::is_library(text) };
        source.lines = Lines::of(source.without_mark());
        source
    }

    fn without_mark(&self) -> &str {
        self.text.strip_prefix('\u{feff}').unwrap_or(&self.text)
    }
}

/// A place in a file as people count it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file's name.
    pub file: Arc<str>,
    /// Line from 1.
    pub line: usize,
    /// Column from 1, in characters.
    pub column: usize,
    /// The line's text; of a long line, what is around the place.
    pub text: String,
    /// Where the place is in `text`, in characters from 0.
    pub caret: usize,
}

impl Place {
    /// The place of a byte of a file, given its text.
    pub fn of(file: Arc<str>, text: &str, offset: usize) -> Place {
        Place::at(file, &Source::of(text), offset)
    }

    /// The place of a byte of a file.
    pub(super) fn at(file: Arc<str>, source: &Source, offset: usize) -> Place {
        const BEFORE: usize = 100;
        const BEHIND: usize = 60;
        let text = source.without_mark();
        let offset = text.floor_char_boundary(offset);
        let (line, start) = source.lines.line(offset);
        let before = source.lines.column(text, offset);
        let cut = before > BEFORE + BEHIND;
        let limit = if cut { BEFORE } else { BEFORE + BEHIND };
        let mut shown: Vec<char> =
            text.get(start..offset).unwrap_or_default().chars().rev().take(limit).collect();
        shown.reverse();
        let mut excerpt = String::from(if cut { "..." } else { "" });
        excerpt.extend(&shown);
        let caret = excerpt.chars().count();
        let after = text.get(offset..).unwrap_or_default();
        let mut rest = after.chars().take_while(|c| !matches!(c, '\n' | '\r'));
        excerpt.extend(rest.by_ref().take(BEFORE + BEHIND - shown.len()));
        if rest.next().is_some() {
            excerpt.push_str("...");
        }
        Place { file, line: line + 1, column: before + 1, text: excerpt, caret }
    }

    /// The line with a caret below.
    pub fn excerpt(&self) -> String {
        // A tab stays a tab so that the caret stands under the same column.
        let lead: String = self.text.chars().take(self.caret).collect();
        let lead = beneath(shown(&lead).chars());
        format!("    {}\n    {lead}^\n", shown(&self.text))
    }
}

/// A line of a file, safe for a terminal. Tabs stay, since they stand above the caret, too.
fn shown(line: &str) -> String {
    let parts: Vec<String> = line.split('\t').map(|part| visible(part.as_bytes())).collect();
    parts.join("\t")
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", shown(&self.file), self.line, self.column)
    }
}
