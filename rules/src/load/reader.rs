//! Items of a rule file: nodes enter, definitions go to the collector (reference language section 7).

use std::collections::BTreeSet;
use std::rc::Rc;

use super::collector::Collector;
use super::context::{Context, Item};
use super::decode::{self, as_text, condition, optional, part_ctx, priority, required, text, texts};
use super::exceptions::read_exceptions;
use super::failure::{Caution, Failure, did_you_mean};
use super::info::{ListInfo, MacroInfo, PluginRequirement, Requirement, RuleInfo, RuleUpdate};
use super::overrides::{Overrides, update_rule};
use super::report::{ErrorCode, WarningCode};
use super::version::Version;
use super::yaml::Node;
use crate::nearest::nearest;
use crate::program::SYSCALL;

pub(super) const APPEND_DEPRECATED: &str =
    "'append' key is deprecated. Add an 'append' entry (e.g. 'condition: append') under 'override' instead.";
const ENABLED_DEPRECATED: &str = "The standalone 'enabled' key usage is deprecated. The correct approach requires also a 'replace' entry under the 'override' key (i.e. 'enabled: replace').";
const OVERRIDE_AND_APPEND: &str = "Keys 'override' and 'append: true' cannot be used together. Add an 'append' entry (e.g. 'condition: append') under 'override' instead.";

const LIST_KEYS: &[&str] = &["list", "items", "append", "override"];
const MACRO_KEYS: &[&str] = &["macro", "condition", "append", "override"];
const RULE_KEYS: &[&str] = &[
    "rule",
    "condition",
    "output",
    "desc",
    "priority",
    "source",
    "enabled",
    "capture",
    "capture_duration",
    "capture_before",
    "warn_evttypes",
    "skip-if-unknown-filter",
    "tags",
    "exceptions",
    "override",
    "append",
];
/// The keys that say what an item is, in the order in which they are checked.
const ITEM_KEYS: &[&str] = &["required_engine_version", "required_plugin_versions", "list", "macro", "rule"];

/// Reads items into a collector.
pub(super) struct Reader<'a> {
    pub(super) collector: &'a mut Collector,
    pub(super) cautions: &'a mut Vec<Caution>,
}

impl Reader<'_> {
    /// Reads a document.
    pub(super) fn document(&mut self, root: &Node, file: &Context) -> Result<(), Failure> {
        items(root, file)?.iter().filter(|item| !item.is_null()).try_for_each(|item| self.item(item, file))
    }

    /// Reads a document and goes on after errors: all of them, as far as they do not follow from others.
    pub(super) fn survey(&mut self, root: &Node, file: &Context, failures: &mut Vec<Failure>) {
        let items = match items(root, file) {
            Ok(items) => items,
            Err(failure) => return failures.push(failure),
        };
        for item in items.iter().filter(|item| !item.is_null()) {
            let Err(failure) = self.item(item, file) else { continue };
            let is_rule = item.get("rule").is_some() && item.get("override").is_none();
            let is_whole = failure.code == ErrorCode::YamlValidate && is_rule && item.get("append").is_none();
            let first = failure.message.clone();
            failures.push(failure);
            if is_whole {
                failures
                    .extend(incomplete(item, file).into_iter().filter(|failure| failure.message != first));
            }
        }
    }

    pub(super) fn warn(&mut self, code: WarningCode, message: impl Into<String>, ctx: &Context) {
        self.cautions.push(Caution::new(code, message, ctx));
    }

    fn item(&mut self, item: &Rc<Node>, file: &Context) -> Result<(), Failure> {
        if item.mapping().is_none() {
            return Err(Failure::shape(
                "Unexpected element type. Each element should be a yaml associative array.",
                &file.with(item.mark, Item::RulesContentItem, ""),
            ));
        }
        match ITEM_KEYS.iter().find(|key| item.get(key).is_some()) {
            Some(&"required_engine_version") => self.engine_version(item, file),
            Some(&"required_plugin_versions") => self.plugin_versions(item, file),
            Some(&"list") => self.list(item, file),
            Some(&"macro") => self.macro_item(item, file),
            Some(&"rule") => self.rule(item, file),
            _ => {
                let ctx = file.with(item.mark, Item::RulesContentItem, "");
                let mut caution = Caution::new(WarningCode::UnknownItem, "Unknown top level item", &ctx);
                let keys = item.mapping().unwrap_or_default().iter().filter_map(|(key, _)| key.scalar());
                let meant = keys.filter_map(|key| nearest(key, ITEM_KEYS.iter().copied())).next();
                caution.hint = did_you_mean(meant);
                self.cautions.push(caution);
                Ok(())
            }
        }
    }

    fn unknown_keys(&mut self, item: &Node, known: &[&str], ctx: &Context) -> Result<(), Failure> {
        for (key, _) in item.mapping().unwrap_or_default() {
            let name = as_text(key, ctx)?;
            if !known.contains(&name) {
                let message = format!("Unknown key '{name}'. The key will be ignored.");
                let mut caution = Caution::new(WarningCode::UnknownKey, message, ctx);
                caution.spot = Some((ctx.name(), key.mark.offset));
                caution.hint = did_you_mean(nearest(name, known.iter().copied()));
                self.cautions.push(caution);
            }
        }
        Ok(())
    }

    fn engine_version(&mut self, item: &Node, file: &Context) -> Result<(), Failure> {
        const KEY: &str = "required_engine_version";
        let ctx = file.with(item.mark, Item::RequiredEngineVersion, "");
        let version = match required(item, KEY, &ctx, decode::u32) {
            Ok(minor) => Version { major: 0, minor, patch: 0 },
            Err(_) => {
                let text = required(item, KEY, &ctx, decode::any)?;
                Version::parse(&text).ok_or_else(|| {
                    let reason = "as a semver string. Expected \"x.y.z\" semver format.";
                    Failure::shape(format!("Unable to parse engine version '{text}' {reason}"), &ctx)
                })?
            }
        };
        self.collector.require_engine(version, &ctx)?;
        self.unknown_keys(item, &[KEY], &ctx)
    }

    fn plugin_versions(&mut self, item: &Node, file: &Context) -> Result<(), Failure> {
        const KEY: &str = "required_plugin_versions";
        let Some(value) = item.get(KEY) else { return Ok(()) };
        let ctx = file.with(value.mark, Item::RequiredPluginVersions, "");
        let Some(plugins) = value.sequence() else {
            return Err(Failure::shape("Value of required_plugin_versions must be a sequence", &ctx));
        };
        for plugin in plugins {
            let requirement = plugin_requirement(plugin, &ctx)?;
            self.collector.require_plugin(requirement)?;
        }
        self.unknown_keys(item, &[KEY], &file.with(item.mark, Item::RequiredPluginVersions, ""))
    }

    fn list(&mut self, item: &Node, file: &Context) -> Result<(), Failure> {
        let name = required(item, "list", &file.with(item.mark, Item::List, ""), decode::any)?;
        let ctx = file.with(item.mark, Item::List, &name);
        if name.contains(['(', ')', '"', '\'', '=', ',']) || name.contains(is_space) {
            let message = "List has an invalid name. List names should match a regular expression: \
                           ([^()\"'[:space:]=,]+)";
            self.warn(WarningCode::InvalidListName, message, &ctx);
        }
        let items = texts(item, "items", &ctx, true)?;
        let append = self.append_or_override(item, &["items"], &ctx)?;
        let info = ListInfo { ctx: ctx.clone(), name, items };
        match append {
            true => self.collector.append_list(info)?,
            false => self.collector.define_list(info),
        }
        self.unknown_keys(item, LIST_KEYS, &ctx)
    }

    fn macro_item(&mut self, item: &Node, file: &Context) -> Result<(), Failure> {
        let name = required(item, "macro", &file.with(item.mark, Item::Macro, ""), decode::any)?;
        let ctx = file.with(item.mark, Item::Macro, &name);
        if !is_identifier(&name) {
            let message = "Macro has an invalid name. Macro names should match a regular expression: \
                           ([a-zA-Z]+[a-zA-Z0-9_]*)";
            self.warn(WarningCode::InvalidMacroName, message, &ctx);
        }
        let (cond, cond_ctx) = condition(item, Item::MacroCondition, &ctx)?;
        let append = self.append_or_override(item, &["condition"], &ctx)?;
        let info = MacroInfo { ctx: ctx.clone(), cond_ctx, name, cond };
        match append {
            true => self.collector.append_macro(info)?,
            false => self.collector.define_macro(info),
        }
        self.unknown_keys(item, MACRO_KEYS, &ctx)
    }

    /// Whether a list or macro is appended to: by the old key or by an override. An override that replaces is a
    /// definition.
    fn append_or_override(&mut self, item: &Node, keys: &[&str], ctx: &Context) -> Result<bool, Failure> {
        let append = self.old_append(item, ctx)?;
        let overrides = Overrides::read(item, keys, keys, ctx)?;
        if append && !overrides.is_empty() {
            return Err(Failure::shape(OVERRIDE_AND_APPEND, ctx));
        }
        Ok(append || keys.iter().any(|key| overrides.append.contains(*key)))
    }

    fn old_append(&mut self, item: &Node, ctx: &Context) -> Result<bool, Failure> {
        let append = optional(item, "append", ctx, decode::bool)?.unwrap_or(false);
        if append {
            self.warn(WarningCode::DeprecatedItem, APPEND_DEPRECATED, ctx);
        }
        Ok(append)
    }

    fn rule(&mut self, item: &Node, file: &Context) -> Result<(), Failure> {
        let name = required(item, "rule", &file.with(item.mark, Item::Rule, ""), decode::any)?;
        let ctx = file.with(item.mark, Item::Rule, &name);
        let source = decode::text_or_nothing(item, "source", &ctx)?;
        let append = self.old_append(item, &ctx)?;
        let overrides = Overrides::of_rule(item, &ctx)?;
        if append && !overrides.is_empty() {
            return Err(Failure::shape(OVERRIDE_AND_APPEND, &ctx));
        }
        if !overrides.is_empty() {
            update_rule(self.collector, self.cautions, item, &name, source, &overrides, &ctx)?;
        } else if append {
            self.append_rule(item, &name, source, &ctx)?;
        } else {
            self.define_rule(item, name, &ctx)?;
        }
        self.unknown_keys(item, RULE_KEYS, &ctx)
    }

    fn append_rule(&mut self, item: &Node, name: &str, source: String, ctx: &Context) -> Result<(), Failure> {
        let mut update = RuleUpdate::new(ctx, name);
        update.source = source;
        if item.get("condition").is_some() {
            update.cond = Some(condition(item, Item::RuleCondition, ctx)?.0);
        }
        if item.get("exceptions").is_some() {
            update.exceptions = Some(read_exceptions(self.cautions, item, ctx, true)?);
        }
        self.collector.append_rule(update)
    }

    fn define_rule(&mut self, item: &Node, name: String, ctx: &Context) -> Result<(), Failure> {
        if ["condition", "output", "desc", "priority"].iter().all(|key| item.get(key).is_none()) {
            let enabled = required(item, "enabled", ctx, decode::bool)?;
            self.warn(WarningCode::DeprecatedItem, ENABLED_DEPRECATED, ctx);
            return self.collector.enable_rule(&name, enabled, ctx);
        }
        let (cond, cond_ctx) = condition(item, Item::RuleCondition, ctx)?;
        let mut output = text(item, "output", ctx)?;
        output.text = output.text.trim_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']).to_owned();
        let desc = required(item, "desc", ctx, decode::any)?;
        let priority = priority(item, ctx)?;
        let flag =
            |key, default| Ok::<_, Failure>(optional(item, key, ctx, decode::bool)?.unwrap_or(default));
        let source = optional(item, "source", ctx, decode::any)?.unwrap_or_else(|| SYSCALL.to_owned());
        let mut info = RuleInfo {
            ctx: ctx.clone(),
            cond_ctx,
            output_ctx: part_ctx(item, "output", Item::RuleOutput, ctx),
            name,
            cond,
            source,
            unknown_source: false,
            desc,
            output,
            tags: BTreeSet::new(),
            exceptions: Vec::new(),
            priority,
            enabled: flag("enabled", true)?,
            capture: flag("capture", false)?,
            capture_duration: optional(item, "capture_duration", ctx, decode::u32)?.unwrap_or(0),
            capture_before: optional(item, "capture_before", ctx, decode::milliseconds)?,
            warn_evttypes: flag("warn_evttypes", true)?,
            skip_if_unknown_filter: flag("skip-if-unknown-filter", false)?,
        };
        info.tags = texts(item, "tags", ctx, false)?.into_iter().collect();
        info.exceptions = read_exceptions(self.cautions, item, ctx, false)?;
        self.collector.define_rule(info, self.cautions)
    }
}

/// The items of a document.
fn items<'n>(root: &'n Node, file: &Context) -> Result<&'n [Rc<Node>], Failure> {
    if root.mapping().is_none() && root.sequence().is_none() {
        return Err(Failure::shape("Rules content is not yaml", file));
    }
    root.sequence().ok_or_else(|| Failure::shape("Rules content is not yaml array of objects", file))
}

/// The keys that a rule lacks, and a priority that is none.
fn incomplete(item: &Node, file: &Context) -> Vec<Failure> {
    let Ok(name) = required(item, "rule", &file.with(item.mark, Item::Rule, ""), decode::any) else {
        return Vec::new();
    };
    let ctx = file.with(item.mark, Item::Rule, &name);
    let keys = ["condition", "output", "desc"].into_iter();
    let wrong = keys.filter_map(|key| required(item, key, &ctx, decode::any).err());
    wrong.chain(priority(item, &ctx).err()).collect()
}

fn plugin_requirement(plugin: &Node, ctx: &Context) -> Result<PluginRequirement, Failure> {
    let unnamed = ctx.with(plugin.mark, Item::RequiredPluginVersionsEntry, "");
    if plugin.mapping().is_none() {
        return Err(Failure::shape("Plugin version must be a mapping", &unnamed));
    }
    let name = required(plugin, "name", &unnamed, decode::any)?;
    let ctx = ctx.with(plugin.mark, Item::RequiredPluginVersionsEntry, &name);
    let version = required(plugin, "version", &ctx, decode::any)?;
    let mut alternatives = vec![Requirement { name, version }];
    if let Some(others) = plugin.get("alternatives") {
        let Some(others) = others.sequence() else {
            return Err(Failure::shape("Value of plugin version alternatives must be a sequence", &ctx));
        };
        for other in others {
            let unnamed = ctx.with(other.mark, Item::RequiredPluginVersionsAlternative, "");
            if other.mapping().is_none() {
                return Err(Failure::shape("Plugin version alternative must be a mapping", &unnamed));
            }
            let name = required(other, "name", &unnamed, decode::any)?;
            let named = ctx.with(other.mark, Item::RequiredPluginVersionsAlternative, &name);
            let version = required(other, "version", &named, decode::any)?;
            alternatives.push(Requirement { name, version });
        }
    }
    Ok(PluginRequirement { ctx, alternatives })
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}
