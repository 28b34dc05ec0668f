//! Exceptions of a rule: read, checked, and written into the condition (reference language 7.18 to 7.25).

use std::borrow::Cow;
use std::fmt::Write;

use super::context::{Context, Item};
use super::decode::{self, required};
use super::failure::{Caution, Failure, did_you_mean};
use super::info::{Entry, ExceptionInfo};
use super::report::WarningCode;
use super::yaml::{Node, NodeKind};
use crate::ast::ExprKind;
use crate::compile::{Compiler, Forms};
use crate::fields::{StaticFields, suggest};
use crate::lang::{self, BINARY_LIST_OPERATORS, BINARY_TEXT_OPERATORS, MODIFIERS};

/// Reads the exceptions of a rule; when they are appended, fields may be missing.
pub(super) fn read_exceptions(
    cautions: &mut Vec<Caution>,
    item: &Node,
    parent: &Context,
    append: bool,
) -> Result<Vec<ExceptionInfo>, Failure> {
    let Some(value) = item.get("exceptions").filter(|value| !value.is_null()) else { return Ok(Vec::new()) };
    let all_ctx = parent.with(value.mark, Item::Exceptions, "");
    let Some(items) = value.sequence() else {
        return Err(Failure::shape("Rule exceptions must be a sequence", &all_ctx));
    };
    let mut exceptions: Vec<ExceptionInfo> = Vec::with_capacity(items.len());
    for item in items {
        let unnamed = all_ctx.with(item.mark, Item::Exception, "");
        if item.mapping().is_none() {
            return Err(Failure::shape("Rule exception must be a mapping", &unnamed));
        }
        let name = required(item, "name", &unnamed, decode::any)?;
        let ctx = parent.with(item.mark, Item::Exception, &name);
        for _ in exceptions.iter().filter(|known| known.name == name) {
            let message = format!("Multiple definitions of exception '{name}' in the same rule");
            cautions.push(Caution::new(WarningCode::ExceptionNameNotUnique, message, &ctx));
        }
        let fields = key_entry(item, "fields", &ctx, append)?;
        let comps = key_entry(item, "comps", &ctx, true)?;
        let values = read_values(item, &ctx)?;
        if values.is_none() && append {
            let message = "Overriding/appending exception with no values";
            cautions.push(Caution::new(WarningCode::AppendNoValues, message, &ctx));
        }
        exceptions.push(ExceptionInfo { ctx, name, fields, comps, values: values.unwrap_or_default() });
    }
    Ok(exceptions)
}

fn key_entry(item: &Node, key: &str, ctx: &Context, optional: bool) -> Result<Entry, Failure> {
    match item.get(key) {
        None if optional => Ok(Entry::default()),
        None => Err(Failure::shape(format!("Item has no mapping for key '{key}'"), ctx)),
        Some(value) => entry(value, || ctx.with(value.mark, Item::ValueFor, key)),
    }
}

fn read_values(item: &Node, ctx: &Context) -> Result<Option<Vec<Entry>>, Failure> {
    let Some(value) = item.get("values") else { return Ok(None) };
    let values_ctx = ctx.with(value.mark, Item::ExceptionValues, "");
    let Some(values) = value.sequence() else {
        return Err(Failure::shape("Rule exception values must be a sequence", &values_ctx));
    };
    let read = |value: &std::rc::Rc<Node>| {
        entry(value, || {
            values_ctx.with(value.mark, Item::ExceptionValue, "").with(value.mark, Item::ValueFor, "")
        })
    };
    values.iter().map(read).collect::<Result<_, _>>().map(Some)
}

/// A scalar or a list; what is neither counts as nothing. The chain is needed for errors only.
fn entry(node: &Node, ctx: impl Fn() -> Context) -> Result<Entry, Failure> {
    fn inside(node: &Node, ctx: &dyn Fn() -> Context) -> Result<Entry, Failure> {
        match &node.kind {
            NodeKind::Scalar(text) if text.is_empty() => {
                Err(Failure::shape("Value must be non-empty", &ctx()))
            }
            NodeKind::Scalar(text) => Ok(Entry::Item(text.clone())),
            NodeKind::Sequence(items) => {
                let read = |item: &std::rc::Rc<Node>| {
                    let inner =
                        || ctx().with(item.mark, Item::Exception, "").with(item.mark, Item::ValueFor, "");
                    inside(item, &inner)
                };
                items.iter().map(read).collect::<Result<_, _>>().map(Entry::List)
            }
            NodeKind::Null | NodeKind::Mapping(_) => Ok(Entry::default()),
        }
    }
    inside(node, &ctx)
}

/// Checks fields and operators against each other and fills in operators that were left out. Fields are checked if there
/// are `statics`: where the rule's source is known.
pub(super) fn validate(exception: &mut ExceptionInfo, statics: Option<&StaticFields>) -> Result<(), Failure> {
    let given = exception.comps.is_given();
    let ctx = &exception.ctx;
    match (&exception.fields, &mut exception.comps) {
        (Entry::List(fields), comps) => {
            if !given {
                *comps = Entry::List(vec![Entry::Item("=".to_owned()); fields.len()]);
            }
            let Entry::List(comps) = comps else {
                return Err(Failure::invalid("Fields and comps lists must have equal length", ctx));
            };
            if comps.len() != fields.len() {
                return Err(Failure::invalid("Fields and comps lists must have equal length", ctx));
            }
            for comp in comps {
                let text = trim(comp.text()).to_owned();
                if !is_operator(&text) && !is_operator_with_modifier(&text) {
                    let message = format!("'{text}' is not a supported comparison operator");
                    let meant = lang::suggest_operator(&text);
                    return Err(Failure::invalid(message, ctx).hint(did_you_mean(meant)));
                }
                if let Entry::Item(item) = comp {
                    *item = text;
                }
            }
            if let Some(statics) = statics {
                fields.iter().try_for_each(|field| check_field(field.text(), statics, ctx))?;
            }
        }
        (Entry::Item(field), comps) => {
            if !given {
                *comps = Entry::Item("in".to_owned());
            }
            let Entry::Item(comp) = comps else {
                return Err(Failure::invalid("Fields and comps must both be strings", ctx));
            };
            *comp = trim(comp).to_owned();
            if !BINARY_LIST_OPERATORS.contains(&comp.as_str()) && !is_operator_with_modifier(comp) {
                let message = "When fields is a single value, comps must be one of (in, pmatch, intersects) or a \
                               modifier operator (e.g. startswith oneof)";
                return Err(Failure::invalid(message, ctx));
            }
            if let Some(statics) = statics {
                check_field(field, statics, ctx)?;
            }
        }
    }
    Ok(())
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

fn is_operator(text: &str) -> bool {
    lang::operators().any(|known| known == text)
}

fn is_operator_with_modifier(text: &str) -> bool {
    text.split_once(' ')
        .is_some_and(|(op, modifier)| BINARY_TEXT_OPERATORS.contains(&op) && MODIFIERS.contains(&modifier))
}

/// Whether an exception may look at a field: a field or transformers around one (reference language 7.20).
fn check_field(field: &str, statics: &StaticFields, ctx: &Context) -> Result<(), Failure> {
    let exists = lang::parse(&format!("{field} exists"), 100);
    let known = exists.is_ok_and(|expr| {
        matches!(expr.kind, ExprKind::Exists(_))
            && Compiler::knowing(&Forms::default(), statics).condition(&expr).is_ok()
    });
    match known {
        true => Ok(()),
        false => {
            let message = format!("'{field}' is not a supported filter field");
            Err(Failure::invalid(message, ctx).hint(did_you_mean(suggest(field))))
        }
    }
}

/// A condition with its exceptions after it.
#[derive(Debug)]
pub(super) struct Expanded {
    /// `(condition) and not …`, or the condition alone if there are no exceptions.
    pub(super) text: String,
    /// Bytes before the condition.
    pub(super) lead: usize,
    /// Where each exception ends, for those that are written.
    ends: Vec<(usize, Context)>,
}

impl Expanded {
    /// The chain of the exception that wrote a byte after the condition.
    pub(super) fn exception_at(&self, offset: usize) -> Option<&Context> {
        let found = self.ends.iter().find(|(end, _)| offset < *end);
        found.or(self.ends.last()).map(|(_, ctx)| ctx)
    }
}

/// Writes the exceptions after a condition.
pub(super) fn expand(condition: &str, exceptions: &[ExceptionInfo]) -> Result<Expanded, Failure> {
    if exceptions.is_empty() {
        return Ok(Expanded { text: condition.to_owned(), lead: 0, ends: Vec::new() });
    }
    let mut text = format!("({condition})");
    let mut ends = Vec::new();
    for exception in exceptions {
        let negated = match &exception.fields {
            Entry::Item(field) => expand_single(field, exception)?,
            Entry::List(fields) => expand_tuples(fields, exception)?,
        };
        if let Some(negated) = negated {
            text.push_str(" and not ");
            text.push_str(&negated);
            ends.push((text.len(), exception.ctx.clone()));
        }
    }
    Ok(Expanded { text, lead: 1, ends })
}

fn expand_single(field: &str, exception: &ExceptionInfo) -> Result<Option<String>, Failure> {
    let mut values = Vec::with_capacity(exception.values.len());
    for value in &exception.values {
        match value {
            Entry::Item(text) => values.push(quoted(text)),
            Entry::List(_) => {
                let message = "Expected values array to contain a list of strings";
                return Err(Failure::invalid(message, &exception.ctx));
            }
        }
    }
    let comp = exception.comps.text();
    Ok((!values.is_empty()).then(|| format!("({field} {comp} ({}))", values.join(", "))))
}

fn expand_tuples(fields: &[Entry], exception: &ExceptionInfo) -> Result<Option<String>, Failure> {
    let comps: &[Entry] = match &exception.comps {
        Entry::List(comps) => comps,
        Entry::Item(_) => &[],
    };
    let mut tuples = Vec::with_capacity(exception.values.len());
    for tuple in &exception.values {
        let items: &[Entry] = match tuple {
            Entry::List(items) => items,
            Entry::Item(_) => &[],
        };
        if items.len() != fields.len() {
            return Err(Failure::invalid("Fields and values lists must have equal length", &exception.ctx));
        }
        let mut text = String::from("(");
        for (number, ((field, comp), value)) in fields.iter().zip(comps).zip(items).enumerate() {
            let and = if number == 0 { "" } else { " and " };
            let (field, comp) = (field.text(), comp.text());
            let _ = write!(text, "{and} {field} {comp} {}", tuple_value(value, comp));
        }
        text.push(')');
        tuples.push(text);
    }
    Ok((!tuples.is_empty()).then(|| format!("({})", tuples.join(" or "))))
}

fn tuple_value(value: &Entry, comp: &str) -> String {
    match value {
        Entry::List(items) => {
            let items: Vec<_> = items.iter().map(|item| quoted(item.text())).collect();
            format!("({})", items.join(", "))
        }
        Entry::Item(text) => {
            let list = BINARY_LIST_OPERATORS.contains(&comp) || is_operator_with_modifier(comp);
            match list {
                true if text.starts_with('(') => text.clone(),
                true => format!("({text})"),
                false => quoted(text).into_owned(),
            }
        }
    }
}

/// A text in quotes if it holds a space and does not start with a quote; nothing is escaped (reference language 7.25).
pub(super) fn quoted(text: &str) -> Cow<'_, str> {
    match text.contains(' ') && !text.starts_with(['"', '\'']) {
        true => Cow::Owned(format!("\"{text}\"")),
        false => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn list(items: &[&str]) -> Entry {
        Entry::List(items.iter().map(|item| Entry::Item((*item).to_owned())).collect())
    }

    fn check(fields: Entry, comps: Entry, values: Vec<Entry>, expected: &str) {
        let ctx = Context::file(&Arc::from("f"));
        let mut exception = ExceptionInfo { ctx, name: "e".to_owned(), fields, comps, values };
        let text =
            validate(&mut exception, Some(&StaticFields::default())).and_then(|()| expand("c", &[exception]));
        match text {
            Ok(expanded) => assert_eq!(expanded.text, expected),
            Err(failure) => assert_eq!(failure.message, expected),
        }
    }

    #[test]
    fn exceptions_of_every_shape() {
        let item = |text: &str| Entry::Item(text.to_owned());
        let single = || vec![item("a"), item("b c"), item("'d e'")];
        check(
            item("proc.name"),
            Entry::default(),
            single(),
            "(c) and not (proc.name in (a, \"b c\", 'd e'))",
        );
        check(item("fd.name"), item(" pmatch "), vec![item("/a")], "(c) and not (fd.name pmatch (/a))");
        check(
            item("proc.name"),
            item("contains oneof"),
            vec![item("a")],
            "(c) and not (proc.name contains oneof (a))",
        );
        check(item("proc.name"), Entry::default(), vec![], "(c)");
        let two = || list(&["proc.name", "fd.name"]);
        check(
            two(),
            Entry::default(),
            vec![list(&["a", "b c"]), list(&["d", "e"])],
            "(c) and not (( proc.name = a and  fd.name = \"b c\") or ( proc.name = d and  fd.name = e))",
        );
        check(
            two(),
            list(&["in", "startswith"]),
            vec![
                Entry::List(vec![list(&["a", "b c"]), item("/x")]),
                list(&["(l)", "/y"]),
                list(&["l m", "/z"]),
            ],
            "(c) and not (( proc.name in (a, \"b c\") and  fd.name startswith /x) or ( proc.name in (l) and  fd.name \
             startswith /y) or ( proc.name in (l m) and  fd.name startswith /z))",
        );
        check(
            list(&["tolower(proc.name)"]),
            Entry::default(),
            vec![list(&["a"])],
            "(c) and not (( tolower(proc.name) = a))",
        );
        check(two(), list(&["="]), vec![], "Fields and comps lists must have equal length");
        check(two(), item("="), vec![], "Fields and comps lists must have equal length");
        check(two(), list(&["=", "like"]), vec![], "'like' is not a supported comparison operator");
        check(two(), Entry::default(), vec![list(&["a"])], "Fields and values lists must have equal length");
        check(two(), Entry::default(), vec![item("a")], "Fields and values lists must have equal length");
        check(list(&["proc.nmae"]), Entry::default(), vec![], "'proc.nmae' is not a supported filter field");
        check(item("a b"), Entry::default(), vec![], "'a b' is not a supported filter field");
        check(item("proc.name"), list(&["in"]), vec![], "Fields and comps must both be strings");
        check(
            item("proc.name"),
            item("="),
            vec![],
            "When fields is a single value, comps must be one of (in, pmatch, intersects) or a modifier operator (e.g. \
             startswith oneof)",
        );
        check(
            item("proc.name"),
            Entry::default(),
            vec![list(&["a"])],
            "Expected values array to contain a list of strings",
        );
    }
}
