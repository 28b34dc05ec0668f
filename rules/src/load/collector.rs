//! Everything that the files read so far define, append, replace and require.

use std::collections::HashSet;

use super::context::Context;
use super::exceptions::validate;
use super::failure::{Caution, Failure, did_you_mean};
use super::history::{ChangeKind, Changed};
use super::info::{Defined, ListInfo, MacroInfo, Numbered, PluginRequirement, RuleInfo, RuleUpdate};
use super::options::NEXT_ENGINE;
use super::report::WarningCode;
use super::version::Version;
use crate::fields::StaticFields;
use crate::nearest::nearest;
use crate::program::SYSCALL;

/// An item that a later one of its name replaced as a whole.
#[derive(Debug, Clone)]
pub(super) struct Redefined {
    pub(super) first: Context,
    pub(super) second: Context,
    /// Whether both say the same.
    pub(super) is_same: bool,
}

/// Definitions of all files.
#[derive(Debug)]
pub(super) struct Collector {
    pub(super) lists: Defined<ListInfo>,
    pub(super) macros: Defined<MacroInfo>,
    pub(super) rules: Defined<RuleInfo>,
    pub(super) plugins: Vec<PluginRequirement>,
    pub(super) redefined: Vec<Redefined>,
    engine: Version,
    /// Whether a file requires the next engine.
    pub(super) is_next: bool,
    statics: StaticFields,
    next: usize,
}

impl Collector {
    pub(super) fn new(engine: Version, statics: StaticFields) -> Collector {
        Collector {
            lists: Defined::default(),
            macros: Defined::default(),
            rules: Defined::default(),
            plugins: Vec::new(),
            redefined: Vec::new(),
            engine,
            is_next: false,
            statics,
            next: 0,
        }
    }

    fn number(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }

    pub(super) fn require_engine(&mut self, version: Version, ctx: &Context) -> Result<(), Failure> {
        match self.engine.satisfies(version) || NEXT_ENGINE.satisfies(version) {
            true => {
                self.is_next |= !self.engine.satisfies(version);
                Ok(())
            }
            false => {
                let ours = self.engine;
                let message = format!("Rules require engine version {version}, but engine version is {ours}");
                Err(Failure::invalid(message, ctx))
            }
        }
    }

    pub(super) fn require_plugin(&mut self, requirement: PluginRequirement) -> Result<(), Failure> {
        let mut names = HashSet::new();
        for wanted in &requirement.alternatives {
            if Version::parse(&wanted.version).is_none() {
                let message =
                    format!("Invalid required version '{}' for plugin '{}'", wanted.version, wanted.name);
                return Err(Failure::invalid(message, &requirement.ctx));
            }
            if !names.insert(&wanted.name) {
                let message =
                    format!("Defined multiple alternative version requirements for plugin '{}'", wanted.name);
                return Err(Failure::invalid(message, &requirement.ctx));
            }
        }
        self.plugins.push(requirement);
        Ok(())
    }

    pub(super) fn define_list(&mut self, info: ListInfo) {
        if let Some(first) = self.lists.get(&info.name).map(|entry| &entry.info) {
            self.redefined.push(Redefined {
                first: first.ctx.clone(),
                second: info.ctx.clone(),
                is_same: first.items == info.items,
            });
        }
        let (number, name, ctx) = (self.number(), info.name.clone(), info.ctx.clone());
        self.lists.define(&name, info, number);
        self.lists.note_definition(&name, ctx);
    }

    pub(super) fn append_list(&mut self, info: ListInfo) -> Result<(), Failure> {
        let number = self.next;
        let Some(entry) = self.lists.get_mut(&info.name) else {
            let message =
                "List uses 'append' or 'override.items: append' but no list by that name already exists";
            return Err(unknown(message, &info.ctx, &info.name, self.lists.names()));
        };
        entry.info.items.extend(info.items);
        entry.visibility = number;
        entry.changes.push(Changed { kind: ChangeKind::Appended, keys: vec!["items"], ctx: info.ctx });
        self.next += 1;
        Ok(())
    }

    pub(super) fn define_macro(&mut self, info: MacroInfo) {
        if let Some(first) = self.macros.get(&info.name).map(|entry| &entry.info) {
            self.redefined.push(Redefined {
                first: first.ctx.clone(),
                second: info.ctx.clone(),
                is_same: first.cond.text == info.cond.text,
            });
        }
        let (number, name, ctx) = (self.number(), info.name.clone(), info.ctx.clone());
        self.macros.define(&name, info, number);
        self.macros.note_definition(&name, ctx);
    }

    pub(super) fn append_macro(&mut self, info: MacroInfo) -> Result<(), Failure> {
        let number = self.next;
        let Some(entry) = self.macros.get_mut(&info.name) else {
            let message = "Macro uses 'append' or 'override.condition: append' but no macro by that name already exists";
            return Err(unknown(message, &info.ctx, &info.name, self.macros.names()));
        };
        entry.info.cond.append(&info.cond);
        entry.visibility = number;
        entry.changes.push(Changed { kind: ChangeKind::Appended, keys: vec!["condition"], ctx: info.ctx });
        self.next += 1;
        Ok(())
    }

    pub(super) fn define_rule(
        &mut self,
        mut info: RuleInfo,
        cautions: &mut Vec<Caution>,
    ) -> Result<(), Failure> {
        self.same_source(&info.name, &info.source, &info.ctx)?;
        info.unknown_source = info.source != SYSCALL;
        if info.unknown_source {
            let message = format!("Unknown source {}, skipping", info.source);
            let mut caution = Caution::new(WarningCode::UnknownSource, message, &info.ctx);
            caution.hint = did_you_mean(nearest(&info.source, [SYSCALL].into_iter()));
            cautions.push(caution);
        }
        for exception in &mut info.exceptions {
            if !exception.fields.is_given() {
                let message = "Rule exception item must have fields property with a list of fields";
                return Err(Failure::invalid(message, &exception.ctx));
            }
            validate(exception, Some(&self.statics).filter(|_| !info.unknown_source))?;
        }
        if let Some(first) = self.rules.get(&info.name).map(|entry| &entry.info) {
            self.redefined.push(Redefined {
                first: first.ctx.clone(),
                second: info.ctx.clone(),
                is_same: first.cond.text == info.cond.text && first.output.text == info.output.text,
            });
        }
        let (number, name, ctx) = (self.number(), info.name.clone(), info.ctx.clone());
        self.rules.define(&name, info, number);
        self.rules.note_definition(&name, ctx);
        Ok(())
    }

    pub(super) fn append_rule(&mut self, update: RuleUpdate) -> Result<(), Failure> {
        self.same_source(&update.name, &update.source, &update.ctx)?;
        let number = self.next;
        let Some(entry) = self.rules.get_mut(&update.name) else {
            let message =
                "Rule uses 'append' or 'override.<key>: append' but no rule by that name already exists";
            return Err(unknown(message, &update.ctx, &update.name, self.rules.names()));
        };
        if update.is_empty() {
            let message = "Appended rule must have exceptions or condition property";
            return Err(Failure::invalid(message, &update.ctx));
        }
        let change = Changed::of_update(ChangeKind::Appended, &update);
        append_to(entry, update, &self.statics)?;
        entry.changes.push(change);
        entry.visibility = number;
        self.next += 1;
        Ok(())
    }

    pub(super) fn replace_rule(&mut self, update: RuleUpdate) -> Result<(), Failure> {
        self.same_source(&update.name, &update.source, &update.ctx)?;
        let number = self.next;
        let Some(entry) = self.rules.get_mut(&update.name) else {
            let message = "An 'override.<key>: replace' to a rule was requested but no rule by that name already exists";
            return Err(unknown(message, &update.ctx, &update.name, self.rules.names()));
        };
        entry.changes.push(Changed::of_update(ChangeKind::Replaced, &update));
        replace_in(&mut entry.info, update);
        entry.visibility = number;
        self.next += 1;
        Ok(())
    }

    pub(super) fn enable_rule(&mut self, name: &str, enabled: bool, ctx: &Context) -> Result<(), Failure> {
        let Some(entry) = self.rules.get_mut(name) else {
            let message = "Rule has 'enabled' key but no rule by that name already exists";
            return Err(unknown(message, ctx, name, self.rules.names()));
        };
        entry.info.enabled = enabled;
        let kind = if enabled { ChangeKind::Enabled } else { ChangeKind::Disabled };
        entry.changes.push(Changed { kind, keys: Vec::new(), ctx: ctx.clone() });
        Ok(())
    }

    fn same_source(&self, name: &str, source: &str, ctx: &Context) -> Result<(), Failure> {
        let other = |entry: &Numbered<RuleInfo>| {
            !entry.info.source.is_empty() && !source.is_empty() && entry.info.source != source
        };
        match self.rules.get(name).is_some_and(other) {
            true => Err(Failure::invalid("Rule has been re-defined with a different source", ctx)),
            false => Ok(()),
        }
    }
}

fn unknown<'n>(message: &str, ctx: &Context, name: &str, names: impl Iterator<Item = &'n str>) -> Failure {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    Failure::invalid(message, ctx).hint(did_you_mean(nearest(name, names.into_iter())))
}

fn append_to(
    entry: &mut Numbered<RuleInfo>,
    update: RuleUpdate,
    statics: &StaticFields,
) -> Result<(), Failure> {
    let rule = &mut entry.info;
    if let Some(cond) = &update.cond {
        rule.cond.append(cond);
    }
    if let Some(output) = &update.output {
        rule.output.append(output);
    }
    if let Some(desc) = &update.desc {
        rule.desc.push(' ');
        rule.desc.push_str(desc);
    }
    rule.tags.extend(update.tags.unwrap_or_default());
    for mut exception in update.exceptions.unwrap_or_default() {
        let fail = |message: &str| Err(Failure::invalid(message, &exception.ctx));
        let known = rule.exceptions.iter_mut().find(|known| known.name == exception.name);
        match known {
            None if !exception.fields.is_given() => {
                return fail("Rule exception must have fields property with a list of fields");
            }
            None if exception.values.is_empty() => {
                return fail("Rule exception must have values property with a list of values");
            }
            None => {
                validate(&mut exception, Some(statics).filter(|_| !rule.unknown_source))?;
                rule.exceptions.push(exception);
            }
            Some(_) if exception.fields.is_given() => {
                return fail("Can not append exception fields to existing exception, only values");
            }
            Some(_) if exception.comps.is_given() => {
                return fail("Can not append exception comps to existing exception, only values");
            }
            Some(known) => known.values.extend(exception.values),
        }
    }
    Ok(())
}

fn replace_in(rule: &mut RuleInfo, update: RuleUpdate) {
    fn set<T>(place: &mut T, value: Option<T>) {
        if let Some(value) = value {
            *place = value;
        }
    }
    set(&mut rule.cond, update.cond);
    set(&mut rule.output, update.output);
    set(&mut rule.desc, update.desc);
    set(&mut rule.tags, update.tags);
    set(&mut rule.exceptions, update.exceptions);
    set(&mut rule.priority, update.priority);
    set(&mut rule.capture, update.capture);
    set(&mut rule.capture_duration, update.capture_duration);
    if update.capture_before.is_some() {
        rule.capture_before = update.capture_before;
    }
    set(&mut rule.enabled, update.enabled);
    set(&mut rule.warn_evttypes, update.warn_evttypes);
    set(&mut rule.skip_if_unknown_filter, update.skip_if_unknown_filter);
}
