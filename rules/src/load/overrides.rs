//! The `override` key of an item, and rules that are changed by it (reference language 7.15 to 7.17).

use std::collections::BTreeSet;

use super::collector::Collector;
use super::context::{Context, Item};
use super::decode::{self, as_text, condition, priority, required, text, texts, whole_file};
use super::exceptions::read_exceptions;
use super::failure::{Caution, Failure, did_you_mean};
use super::info::RuleUpdate;
use super::yaml::{Node, NodeKind};
use crate::nearest::nearest;

const RULE_APPEND: &[&str] = &["condition", "output", "desc", "tags", "exceptions"];
const RULE_REPLACE: &[&str] = &[
    "condition",
    "output",
    "desc",
    "priority",
    "capture",
    "capture_duration",
    "capture_before",
    "tags",
    "exceptions",
    "enabled",
    "warn_evttypes",
    "skip-if-unknown-filter",
];

/// Keys to append to and keys to replace.
#[derive(Debug, Default)]
pub(super) struct Overrides {
    pub(super) append: BTreeSet<String>,
    pub(super) replace: BTreeSet<String>,
}

impl Overrides {
    pub(super) fn is_empty(&self) -> bool {
        self.append.is_empty() && self.replace.is_empty()
    }

    /// Reads the key of a rule.
    pub(super) fn of_rule(item: &Node, ctx: &Context) -> Result<Overrides, Failure> {
        Overrides::read(item, RULE_APPEND, RULE_REPLACE, ctx)
    }

    /// Reads the key of an item whose keys `append` and `replace` can be changed.
    pub(super) fn read(
        item: &Node,
        append: &[&str],
        replace: &[&str],
        ctx: &Context,
    ) -> Result<Overrides, Failure> {
        let mut overrides = Overrides::default();
        let Some(value) = item.get("override") else { return Ok(overrides) };
        let ctx = ctx.with(item.mark, Item::Override, "");
        let pairs = match &value.kind {
            NodeKind::Mapping(pairs) => pairs.as_slice(),
            NodeKind::Sequence(items) if !items.is_empty() => {
                let message = "invalid node; this may result from using a map iterator as a sequence iterator, or vice-versa";
                let spot = Some((ctx.name(), value.mark.offset));
                return Err(Failure::invalid(message, &whole_file(&ctx)).spot(spot));
            }
            _ => &[],
        };
        for (key, operation) in pairs {
            let name = as_text(key, &ctx)?;
            let key_ctx = ctx.with(key.mark, Item::Override, name);
            let (can_append, can_replace) = (append.contains(&name), replace.contains(&name));
            let meant = || match can_append || can_replace {
                true => None,
                false => did_you_mean(nearest(name, replace.iter().copied())),
            };
            match as_text(operation, &ctx)? {
                "append" if can_append => overrides.append.insert(name.to_owned()),
                "append" => {
                    let message = format!("Key '{name}' cannot be appended to, use 'replace' instead");
                    return Err(Failure::shape(message, &key_ctx).hint(meant()));
                }
                "replace" if can_replace => overrides.replace.insert(name.to_owned()),
                "replace" => {
                    let message = format!("Key '{name}' cannot be replaced");
                    return Err(Failure::shape(message, &key_ctx).hint(meant()));
                }
                other => {
                    let append = if can_append { "append " } else { "" };
                    let replace = if can_replace { "replace " } else { "" };
                    let message = format!(
                        "Invalid override operation for key '{name}': '{other}'. Allowed values are: {append}{replace}"
                    );
                    let ctx = ctx.with(operation.mark, Item::ValueFor, name);
                    let meant = nearest(other, ["append", "replace"].into_iter());
                    return Err(Failure::shape(message, &ctx).hint(did_you_mean(meant)));
                }
            };
        }
        Ok(overrides)
    }
}

/// Changes a rule as its overrides say: what is appended first, then what is replaced. Every key that can be changed
/// must be listed, and every listed key must be there.
pub(super) fn update_rule(
    collector: &mut Collector,
    cautions: &mut Vec<Caution>,
    item: &Node,
    name: &str,
    source: String,
    overrides: &Overrides,
    ctx: &Context,
) -> Result<(), Failure> {
    let given = |keys: &[&'static str]| {
        keys.iter().copied().filter(|key| item.get(key).is_some()).collect::<Vec<_>>()
    };
    let mut present: BTreeSet<&str> = given(RULE_APPEND).into_iter().chain(given(RULE_REPLACE)).collect();
    if !overrides.append.is_empty() {
        let mut listed = Listed { keys: &overrides.append, present: &mut present, operation: "append", ctx };
        let update = read_update(cautions, item, name, &source, &mut listed, true)?;
        collector.append_rule(update)?;
    }
    if !overrides.replace.is_empty() {
        let mut listed =
            Listed { keys: &overrides.replace, present: &mut present, operation: "replace", ctx };
        let update = read_update(cautions, item, name, &source, &mut listed, false)?;
        collector.replace_rule(update)?;
    }
    match present.first() {
        Some(key) => {
            let mark = item.get(key).map_or(item.mark, |value| value.mark);
            let message =
                format!("Unexpected key '{key}': no corresponding entry under 'override' is defined.");
            Err(Failure::shape(message, &ctx.with(mark, Item::Override, key)))
        }
        None => Ok(()),
    }
}

/// The keys of one operation, struck off the list of those that are present as they are read.
struct Listed<'a> {
    keys: &'a BTreeSet<String>,
    present: &'a mut BTreeSet<&'static str>,
    operation: &'static str,
    ctx: &'a Context,
}

impl Listed<'_> {
    fn take(&mut self, key: &str) -> Result<bool, Failure> {
        if !self.keys.contains(key) {
            return Ok(false);
        }
        match self.present.remove(key) {
            true => Ok(true),
            false => {
                let operation = self.operation;
                let message =
                    format!("An {operation} override for '{key}' was specified but '{key}' is not defined");
                Err(Failure::shape(message, self.ctx))
            }
        }
    }
}

fn read_update(
    cautions: &mut Vec<Caution>,
    item: &Node,
    name: &str,
    source: &str,
    listed: &mut Listed,
    append: bool,
) -> Result<RuleUpdate, Failure> {
    let ctx = listed.ctx;
    let mut update = RuleUpdate::new(ctx, name);
    if listed.take("condition")? {
        update.source = source.to_owned();
        update.cond = Some(condition(item, Item::RuleCondition, ctx)?.0);
    }
    if listed.take("exceptions")? {
        update.exceptions = Some(read_exceptions(cautions, item, ctx, append)?);
    }
    if listed.take("output")? {
        update.output = Some(text(item, "output", ctx)?);
    }
    if listed.take("desc")? {
        update.desc = Some(required(item, "desc", ctx, decode::any)?);
    }
    if listed.take("tags")? {
        update.tags = Some(texts(item, "tags", ctx, false)?.into_iter().collect());
    }
    if append {
        return Ok(update);
    }
    if listed.take("priority")? {
        update.priority = Some(priority(item, ctx)?);
    }
    if listed.take("capture")? {
        update.capture = Some(required(item, "capture", ctx, decode::bool)?);
    }
    if listed.take("capture_duration")? {
        update.capture_duration = Some(required(item, "capture_duration", ctx, decode::u32)?);
    }
    if listed.take("capture_before")? {
        update.capture_before = Some(required(item, "capture_before", ctx, decode::milliseconds)?);
    }
    if listed.take("enabled")? {
        update.enabled = Some(required(item, "enabled", ctx, decode::bool)?);
    }
    if listed.take("warn_evttypes")? {
        update.warn_evttypes = Some(required(item, "warn_evttypes", ctx, decode::bool)?);
    }
    if listed.take("skip-if-unknown-filter")? {
        update.skip_if_unknown_filter = Some(required(item, "skip-if-unknown-filter", ctx, decode::bool)?);
    }
    Ok(update)
}
