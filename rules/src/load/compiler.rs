//! From collected definitions to resolved conditions and outputs: lists, then macros, then rules, until the first error
//! (reference language section 8).

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::collector::Collector;
use super::context::Context;
use super::exceptions::{Expanded, expand};
use super::failure::{Caution, Failure, Spot};
use super::hints;
use super::info::{MacroInfo, Numbered, RuleInfo};
use super::lists::{Lists, Origins, TooLong};
use super::macros::{Macros, Resolver, each_part, left_fields, shared_in, unknown_in};
use super::options::Options;
use super::origin::Text;
use super::report::{ErrorCode, WarningCode};
use super::yaml::Mark;
use crate::ast::{Expr, Pos, SharedExpr};
use crate::compile::{self, ConditionError, DEPRECATED_FIELDS, Forms};
use crate::lang::{self, SharedList};
use crate::output::{TemplateError, TemplateReason};
use crate::program::{EventSet, Template};

/// The nesting of parentheses that a rule's condition may have.
pub(super) const MAX_DEPTH: usize = 1000;

/// An output may hold this; it means nothing since containers are a plugin's.
const CONTAINER_INFO: &str = "%container.info";

/// A rule with everything put in.
#[derive(Debug)]
pub(super) struct Compiled {
    /// The rule's name.
    pub(super) name: String,
    /// Its condition without macros.
    pub(super) condition: Expr,
    /// Its output.
    pub(super) output: Template,
    /// Events on which it can fire, the asynchronous event not counted.
    pub(super) events: EventSet,
    /// Whether Falco warns that there are too many of them.
    too_many_events: bool,
    /// What the compiler warned of.
    warnings: Vec<compile::Warning>,
}

/// Gives the text of a file by its name.
pub(super) type Source<'s> = &'s dyn Fn(&str) -> Arc<str>;

/// What is kept from one file to the next: lists and macros that did not change, and what lists were compiled to.
#[derive(Debug, Default)]
pub(super) struct Kept {
    lists: HashMap<String, SharedList>,
    macros: HashMap<String, SharedExpr>,
    pub(super) forms: Forms,
}

/// Compiles everything that was collected. Warnings found before an error stay. A rule whose condition is the same as
/// after the file before is not compiled again.
pub(super) fn compile(
    collector: &Collector,
    options: &Options,
    before: &[Compiled],
    kept: &mut Kept,
    source: Source,
    cautions: &mut Vec<Caution>,
) -> Result<Vec<Compiled>, Failure> {
    let mut work = Work::new(collector, options, before, source, cautions);
    work.lists.keep(&mut kept.lists);
    kept.forms.forget_unused();
    work.compiler = compile::Compiler::knowing(&kept.forms, &options.static_fields);
    work.macros(&mut kept.macros)?;
    let mut rules = Vec::with_capacity(collector.rules.len());
    for entry in collector.rules.iter().filter(|entry| !entry.info.unknown_source) {
        rules.extend(work.rule(&entry.info)?);
    }
    work.unused();
    Ok(rules)
}

/// Everything that is wrong with what was collected, as far as it does not follow from items that `failed`, by name.
pub(super) fn survey(
    collector: &Collector,
    options: &Options,
    source: Source,
    failed: &mut HashSet<String>,
    failures: &mut Vec<Failure>,
) {
    let mut cautions = Vec::new();
    let mut work = Work::new(collector, options, &[], source, &mut cautions);
    for Numbered { info, .. } in collector.macros.iter() {
        match work.parse(&Written::alone(&info.cond), &info.cond_ctx) {
            Ok(tree) => {
                work.macros.add(info.name.clone(), tree);
            }
            Err(failure) => {
                failed.insert(info.name.clone());
                failures.push(failure);
            }
        }
    }
    for Numbered { info, visibility, .. } in collector.macros.iter() {
        let Some(tree) = work.macros.written(&info.name) else { continue };
        let sees = |name: &str| collector.macros.get(name).is_some_and(|other| other.index < *visibility);
        match work.resolve(&tree, &sees, &Written::alone(&info.cond), &info.ctx) {
            Ok(resolved) => work.macros.share(info.name.clone(), SharedExpr::of(resolved)),
            Err(failure) => {
                work.macros.remove(&info.name);
                let follows = unknown_in(&failure.message).is_some_and(|name| failed.contains(name));
                failed.insert(info.name.clone());
                failures.extend(Some(failure).filter(|_| !follows));
            }
        }
    }
    for info in collector.rules.iter().map(|entry| &entry.info).filter(|info| !info.unknown_source) {
        let expanded = match expand(&info.cond.text, &info.exceptions) {
            Ok(expanded) => expanded,
            Err(failure) => {
                failures.push(failure);
                continue;
            }
        };
        failures.extend(work.output(info).err());
        let refused = work.condition(info, &expanded, Template::default()).err();
        let follows =
            |failure: &Failure| unknown_in(&failure.message).is_some_and(|name| failed.contains(name));
        failures.extend(refused.filter(|failure| !follows(failure)));
    }
}

pub(super) struct Work<'w> {
    collector: &'w Collector,
    options: &'w Options,
    source: Source<'w>,
    cautions: &'w mut Vec<Caution>,
    lists: Lists<'w>,
    macros: Macros,
    /// Checks that conditions have from macros so far.
    copied: usize,
    /// Whether a macro stands in another one as a copy.
    has_copies: bool,
    used_macros: HashSet<String>,
    before: HashMap<&'w str, &'w Compiled>,
    /// Compiles one condition after the other, the shared parts once.
    compiler: compile::Compiler,
}

/// A macro that a condition holds, compiled on its own.
struct Home<'c> {
    written: Written<'c>,
    warnings: HashSet<compile::Warning>,
    error: Option<ConditionError>,
}

/// A condition with the places of its parts.
pub(super) struct Written<'c> {
    /// As it is given to the substitution of lists.
    text: Arc<str>,
    /// For each byte of the text with lists substituted, the byte it comes from; worked out for the first finding.
    origins: OnceCell<Origins>,
    /// As it stands in the files.
    cond: &'c Text,
    /// A rule's exceptions.
    expanded: Option<&'c Expanded>,
}

impl<'c> Written<'c> {
    pub(super) fn alone(cond: &'c Text) -> Written<'c> {
        Written { text: cond.text.as_str().into(), origins: OnceCell::new(), cond, expanded: None }
    }

    pub(super) fn of_rule(cond: &'c Text, expanded: &'c Expanded) -> Written<'c> {
        let text = expanded.text.as_str().into();
        Written { text, origins: OnceCell::new(), cond, expanded: Some(expanded) }
    }
}

impl<'w> Work<'w> {
    pub(super) fn new(
        collector: &'w Collector,
        options: &'w Options,
        before: &'w [Compiled],
        source: Source<'w>,
        cautions: &'w mut Vec<Caution>,
    ) -> Work<'w> {
        Work {
            collector,
            options,
            source,
            cautions,
            lists: Lists::new(&collector.lists),
            macros: Macros::default(),
            copied: 0,
            has_copies: false,
            used_macros: HashSet::new(),
            before: before.iter().map(|rule| (rule.name.as_str(), rule)).collect(),
            compiler: compile::Compiler::knowing(&Forms::default(), &options.static_fields),
        }
    }

    /// Puts these lists in from now on; answers those from before.
    pub(super) fn with_lists(&mut self, lists: Lists<'w>) -> Lists<'w> {
        std::mem::replace(&mut self.lists, lists)
    }

    /// A macro as its file has it.
    pub(super) fn macro_info(&self, name: &str) -> Option<&'w MacroInfo> {
        self.collector.macros.get(name).map(|entry| &entry.info)
    }

    /// Reads all macros and resolves each; those that are the same as `before` are that one.
    fn macros(&mut self, before: &mut HashMap<String, SharedExpr>) -> Result<(), Failure> {
        let collector = self.collector;
        for Numbered { info, .. } in collector.macros.iter() {
            let tree = self.parse(&Written::alone(&info.cond), &info.cond_ctx)?;
            self.macros.add(info.name.clone(), tree);
        }
        for Numbered { info, visibility, .. } in collector.macros.iter() {
            let Some(tree) = self.macros.written(&info.name) else { continue };
            let sees = |name: &str| collector.macros.get(name).is_some_and(|other| other.index < *visibility);
            let resolved = self.resolve(&tree, &sees, &Written::alone(&info.cond), &info.ctx)?;
            let mut resolved = SharedExpr::of(resolved);
            match before.get(&info.name).filter(|before| **before == resolved) {
                Some(before) => resolved = before.clone(),
                None => drop(before.insert(info.name.clone(), resolved.clone())),
            }
            self.macros.share(info.name.clone(), resolved);
        }
        Ok(())
    }

    /// Puts lists in and parses. What cannot be parsed is tried again with all items written out, as Falco does it: a
    /// list may stand where only its text makes sense, and messages quote that text.
    pub(super) fn parse(&mut self, written: &Written, ctx: &Context) -> Result<Expr, Failure> {
        let too_long = |TooLong { list }| {
            let message = format!("list '{list}' has more items than fit into a condition");
            Failure::new(ErrorCode::CompileCondition, message, ctx)
        };
        let marked = self.lists.marked(&written.text).map_err(too_long)?;
        let lists = &self.lists;
        let first = match lang::parse_marked(&marked, MAX_DEPTH, &|number| lists.shared(number)) {
            Ok(expr) => return Ok(expr),
            Err(error) => error,
        };
        let (text, error) = match self.lists.written_out(&written.text) {
            Ok(text) => match lang::parse(&text, MAX_DEPTH) {
                Ok(expr) => return Ok(expr),
                Err(error) => (Some(text), error),
            },
            Err(_) => (None, first),
        };
        let hint = text.as_ref().and_then(|text| hints::of_syntax(text, &error, *text != written.cond.text));
        let text = text.map_or_else(|| Arc::clone(&written.text), Arc::from);
        let condition_ctx = ctx.with_condition(mark(error.pos), &text);
        Err(Failure::new(ErrorCode::CompileCondition, error.reason.to_string(), &condition_ctx)
            .spot(self.spot(written, error.pos.offset))
            .hint(hint))
    }

    /// Puts macros in.
    fn resolve(
        &mut self,
        tree: &Expr,
        sees: &dyn Fn(&str) -> bool,
        written: &Written,
        ctx: &Context,
    ) -> Result<Expr, Failure> {
        let mut resolver = Resolver::new(&self.macros, sees, self.copied);
        let resolved = resolver.resolve(tree);
        self.copied = resolver.copied;
        self.has_copies |= resolver.has_copies;
        self.used_macros.extend(std::mem::take(&mut resolver.used));
        resolved.map_err(|error| {
            let spot = self.spot(written, error.pos().offset);
            let condition_ctx = ctx.with_condition(mark(error.pos()), &written.text);
            let hint = hints::of_macro(&error, self.collector, sees);
            Failure::invalid(error.message(), &condition_ctx).spot(spot).hint(hint)
        })
    }

    /// Where a byte of a condition, lists substituted, stands in its file.
    pub(super) fn spot(&mut self, written: &Written, offset: usize) -> Option<Spot> {
        let origins = written.origins.get_or_init(|| self.lists.origins(&written.text));
        let at = origins.get(offset).unwrap_or(written.text.len());
        if let Some(expanded) = written.expanded {
            let in_cond = at.checked_sub(expanded.lead)?;
            if in_cond >= written.cond.text.len()
                && let Some(ctx) = expanded.exception_at(at)
            {
                return Some((ctx.name(), ctx.mark_in_file().offset));
            }
            return written.cond.locate(in_cond, self.source);
        }
        written.cond.locate(at, self.source)
    }

    /// The exception that wrote a byte of a condition, lists substituted.
    pub(super) fn exception(&mut self, written: &Written, offset: usize) -> Option<String> {
        let origins = written.origins.get_or_init(|| self.lists.origins(&written.text));
        let at = origins.get(offset).unwrap_or(written.text.len());
        let expanded = written.expanded?;
        at.checked_sub(expanded.lead).filter(|in_cond| *in_cond >= written.cond.text.len())?;
        let ctx = expanded.exception_at(at)?;
        ctx.locations.last().map(|location| location.item_name.clone())
    }

    /// Where a byte of an output stands in its file.
    pub(super) fn spot_in(&self, text: &Text, offset: usize) -> Option<Spot> {
        text.locate(offset, self.source)
    }

    fn rule(&mut self, rule: &RuleInfo) -> Result<Option<Compiled>, Failure> {
        let expanded = expand(&rule.cond.text, &rule.exceptions)?;
        let Some(output) = self.output(rule)? else { return Ok(None) };
        self.condition(rule, &expanded, output)
    }

    fn condition(
        &mut self,
        rule: &RuleInfo,
        expanded: &Expanded,
        output: Template,
    ) -> Result<Option<Compiled>, Failure> {
        let written = Written::of_rule(&rule.cond, expanded);
        let tree = self.parse(&written, &rule.cond_ctx)?;
        let condition = self.resolve(&tree, &|_| true, &written, &rule.ctx)?;
        let compiled =
            match self.before.get(rule.name.as_str()).filter(|before| before.condition == condition) {
                Some(before) => Compiled {
                    name: rule.name.clone(),
                    condition,
                    output,
                    events: before.events.clone(),
                    too_many_events: before.too_many_events,
                    warnings: before.warnings.clone(),
                },
                None => match self.compiler.condition(&condition) {
                    Ok(compiled) => Compiled {
                        name: rule.name.clone(),
                        condition,
                        output,
                        events: compiled.events,
                        too_many_events: compiled.too_many_events,
                        warnings: compiled.warnings,
                    },
                    Err(error) => {
                        self.condition_warnings(&error.warnings, &condition, &written, rule);
                        return self.refused(error, &condition, &written, rule).map(|()| None);
                    }
                },
            };
        self.condition_warnings(&compiled.warnings, &compiled.condition, &written, rule);
        // The next engine looks at evt.num, and does not warn of conditions that nothing satisfies.
        let too_many_events = match self.collector.is_next {
            true => compiled.events.len() > compile::MANY_EVENTS,
            false => compiled.too_many_events,
        };
        if rule.warn_evttypes && too_many_events {
            let message =
                "Rule matches too many evt.type values. This has a significant performance penalty.";
            self.cautions.push(Caution::new(WarningCode::NoEvtType, message, &rule.ctx));
        }
        Ok(Some(compiled))
    }

    /// The parsed output, nothing if the rule is skipped because of it.
    fn output(&mut self, rule: &RuleInfo) -> Result<Option<Template>, Failure> {
        let mut text = rule.output.text.clone();
        let mut fields = Vec::new();
        for append in self.options.append_output.iter().filter(|append| append.applies_to(rule)) {
            if !append.format.is_empty() {
                text.push(' ');
                text.push_str(&append.format);
            }
            fields.extend(&append.fields);
        }
        if text.contains(CONTAINER_INFO) {
            let message = "%container.info is deprecated and no more useful, and will be dropped by Falco 1.0.0. \
                           The container plugin will automatically add required fields to the output message.";
            self.cautions.push(Caution::new(WarningCode::DeprecatedItem, message, &rule.ctx));
            text = text.replace(CONTAINER_INFO, "");
        }
        let mut template = match Template::parse_with(&text, &self.options.static_fields) {
            Ok(template) => template,
            Err(error) => return self.bad_output(rule, &text, &error).map(|()| None),
        };
        for field in fields {
            if let Err(error) = template.add_field(field, &self.options.static_fields) {
                return self.bad_output(rule, "", &error).map(|()| None);
            }
        }
        for field in DEPRECATED_FIELDS.into_iter().filter(|field| text.contains(field)) {
            let message = format!("usage of deprecated field '{field}' has been detected in the rule output");
            let mut caution = Caution::new(WarningCode::DeprecatedItem, message, &rule.output_ctx);
            caution.deprecated_field = Some(field);
            self.cautions.push(caution);
        }
        Ok(Some(template))
    }

    /// An output that cannot be parsed is an error, or a rule less. What `append_output` added has no place in the rule's
    /// file, which is said.
    fn bad_output(&mut self, rule: &RuleInfo, text: &str, error: &TemplateError) -> Result<(), Failure> {
        let is_own = error.offset < rule.output.text.len() && !text.is_empty();
        let (spot, hint) = match is_own {
            true => (rule.output.locate(error.offset, self.source), hints::of_output(text, error)),
            false => (None, Some("this is the output of the rule with the text of append_output".to_owned())),
        };
        let message = error.to_string();
        if rule.skip_if_unknown_filter && matches!(error.reason, TemplateReason::UnknownField(_)) {
            let mut caution = Caution::new(WarningCode::UnknownFilter, message, &rule.output_ctx);
            caution.hint = hint;
            caution.spot = spot;
            self.cautions.push(caution);
            return Ok(());
        }
        Err(Failure::new(ErrorCode::CompileOutput, message, &rule.output_ctx).hint(hint).spot(spot))
    }

    fn condition_warnings(
        &mut self,
        warnings: &[compile::Warning],
        condition: &Expr,
        written: &Written,
        rule: &RuleInfo,
    ) {
        if warnings.is_empty() {
            return;
        }
        let mut deprecated = deprecated_fields(condition).into_iter();
        let homes = self.homes(condition);
        for warning in warnings {
            let ctx = rule.cond_ctx.with_condition(mark(warning.pos), &written.text);
            let (code, whole) = match warning.code {
                compile::WarningCode::UnsafeNaCheck => (WarningCode::UnsafeNaCheck, true),
                compile::WarningCode::DeprecatedItem => (WarningCode::DeprecatedItem, true),
                compile::WarningCode::CompileCondition => (WarningCode::CompileCondition, false),
            };
            let mut caution = Caution::new(code, warning.message.clone(), &ctx);
            if code == WarningCode::DeprecatedItem {
                caution.deprecated_field = deprecated.next();
            }
            if !whole {
                let home = homes.iter().find(|home| home.warnings.contains(warning));
                let written = home.map_or(written, |home| &home.written);
                caution.spot = self.spot(written, warning.pos.offset);
            }
            self.cautions.push(caution);
        }
    }

    /// A condition that cannot be compiled is an error, or a rule less.
    fn refused(
        &mut self,
        error: ConditionError,
        condition: &Expr,
        written: &Written,
        rule: &RuleInfo,
    ) -> Result<(), Failure> {
        let ctx = rule.cond_ctx.with_condition(mark(error.pos), &written.text);
        let homes = self.homes(condition);
        let home = homes.iter().find(|home| {
            home.error.as_ref().is_some_and(|own| own.reason == error.reason && own.pos == error.pos)
        });
        let spot = self.spot(home.map_or(written, |home| &home.written), error.pos.offset);
        let hint = hints::of_compile(&error.reason);
        let message = error.reason.to_string();
        if rule.skip_if_unknown_filter && error.reason.is_unknown_name() {
            let mut caution = Caution::new(WarningCode::UnknownFilter, message, &ctx);
            caution.spot = spot;
            caution.hint = hint;
            self.cautions.push(caution);
            return Ok(());
        }
        Err(Failure::new(ErrorCode::CompileCondition, message, &ctx).spot(spot).hint(hint))
    }

    /// The macros that a resolved condition holds, each compiled on its own: a finding that shows there too stands in
    /// the first of them.
    fn homes(&mut self, condition: &Expr) -> Vec<Home<'w>> {
        let collector: &'w Collector = self.collector;
        let shared = shared_in(condition);
        let infos = collector.macros.iter().map(|entry| &entry.info);
        let mut homes = Vec::new();
        for info in infos.filter(|info| self.used_macros.contains(&info.name)) {
            let Some(tree) = self.macros.shared(&info.name) else { continue };
            if shared.contains(&tree.address()) || (self.has_copies && contains(condition, tree)) {
                let (warnings, error) = match self.compiler.condition(&tree.expr()) {
                    Ok(own) => (own.warnings.into_iter().collect(), None),
                    Err(error) => (HashSet::new(), Some(error)),
                };
                homes.push(Home { written: Written::alone(&info.cond), warnings, error });
            }
        }
        homes
    }

    fn unused(&mut self) {
        for Numbered { info, .. } in self.collector.macros.iter() {
            if !self.used_macros.contains(&info.name) {
                let message = "Macro not referred to by any other rule/macro";
                self.cautions.push(Caution::new(WarningCode::UnusedMacro, message, &info.ctx));
            }
        }
        for name in self.lists.unused() {
            if let Some(Numbered { info, .. }) = self.collector.lists.get(name) {
                let message = "List not referred to by any other rule/macro";
                self.cautions.push(Caution::new(WarningCode::UnusedList, message, &info.ctx));
            }
        }
    }
}

/// Whether `part` is `whole` or a part of it.
fn contains(whole: &Expr, part: &Expr) -> bool {
    let mut found = false;
    each_part(whole, &mut |inner| found |= inner == part);
    found
}

/// The deprecated fields of a condition, in Falco's order.
fn deprecated_fields(condition: &Expr) -> Vec<&'static str> {
    let mut seen: HashSet<&str> = HashSet::new();
    left_fields(condition, &mut |name| {
        seen.extend(DEPRECATED_FIELDS.iter().find(|field| **field == name));
    });
    DEPRECATED_FIELDS.into_iter().filter(|field| seen.contains(field)).collect()
}

fn mark(pos: Pos) -> Mark {
    Mark { offset: pos.offset, line: pos.line, column: pos.column }
}
