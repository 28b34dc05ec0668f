//! From collected definitions to resolved conditions and outputs: lists, then macros, then rules, until the first error
//! (reference language section 8).

use std::collections::HashSet;
use std::sync::Arc;

use super::collector::Collector;
use super::context::Context;
use super::exceptions::expand;
use super::failure::{Caution, Failure, Spot};
use super::hints;
use super::info::{ExceptionInfo, Numbered, RuleInfo};
use super::lists::{Lists, MAX_TEXT};
use super::macros::{Macros, Resolver, left_fields};
use super::options::Options;
use super::origin::Text;
use super::report::{DEPRECATED_FIELDS, ErrorCode, WarningCode};
use super::yaml::Mark;
use crate::ast::{Expr, ExprKind, Pos};
use crate::compile::{self, ErrorKind};
use crate::lang;
use crate::output::Template;
use crate::program::EventSet;

/// The nesting of parentheses that a rule's condition may have.
const MAX_DEPTH: usize = 1000;

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
}

/// Gives the text of a file by its name.
pub(super) type Source<'s> = &'s dyn Fn(&str) -> Arc<str>;

/// Compiles everything that was collected. Warnings found before an error stay.
pub(super) fn compile(
    collector: &Collector,
    options: &Options,
    source: Source,
    cautions: &mut Vec<Caution>,
) -> Result<Vec<Compiled>, Failure> {
    let mut work = Work {
        collector,
        options,
        source,
        cautions,
        lists: Lists::new(&collector.lists),
        macros: Macros::default(),
        used_macros: HashSet::new(),
        compiler: compile::Compiler::new(),
    };
    work.macros()?;
    let mut rules = Vec::with_capacity(collector.rules.len());
    for entry in collector.rules.iter().filter(|entry| !entry.info.unknown_source) {
        rules.extend(work.rule(&entry.info)?);
    }
    work.unused();
    Ok(rules)
}

struct Work<'w> {
    collector: &'w Collector,
    options: &'w Options,
    source: Source<'w>,
    cautions: &'w mut Vec<Caution>,
    lists: Lists,
    macros: Macros,
    used_macros: HashSet<String>,
    compiler: compile::Compiler,
}

/// What compiling a condition gives.
type Outcome = Result<compile::Condition, compile::Error>;

/// A condition with the places of its parts.
struct Written<'c> {
    /// As it is given to the substitution of lists: with exceptions.
    text: &'c str,
    /// As it stands in the files.
    cond: &'c Text,
    /// Bytes before `cond` in `text`.
    lead: usize,
    /// The exceptions behind it.
    exceptions: &'c [ExceptionInfo],
}

impl Work<'_> {
    fn macros(&mut self) -> Result<(), Failure> {
        let collector = self.collector;
        for Numbered { info, .. } in collector.macros.iter() {
            let written = Written { text: &info.cond.text, cond: &info.cond, lead: 0, exceptions: &[] };
            let tree = self.parse(&written, &info.cond_ctx)?;
            self.macros.trees.insert(info.name.clone(), tree);
        }
        for Numbered { info, visibility, .. } in collector.macros.iter() {
            let Some(tree) = self.macros.trees.get(&info.name).cloned() else { continue };
            let sees = |name: &str| collector.macros.get(name).is_some_and(|other| other.index < *visibility);
            let written = Written { text: &info.cond.text, cond: &info.cond, lead: 0, exceptions: &[] };
            let resolved = self.resolve(&tree, &sees, &written, &info.ctx)?;
            self.macros.trees.insert(info.name.clone(), resolved);
        }
        Ok(())
    }

    /// Substitutes lists and parses.
    fn parse(&mut self, written: &Written, ctx: &Context) -> Result<Expr, Failure> {
        let text = self.lists.substitute(written.text).map_err(|too_long| {
            let message =
                format!("list '{}' makes the condition longer than {MAX_TEXT} bytes", too_long.list);
            Failure::new(ErrorCode::CompileCondition, message, ctx)
        })?;
        lang::parse(&text, MAX_DEPTH).map_err(|error| {
            let hint = hints::of_syntax(&text, &error);
            Failure::new(
                ErrorCode::CompileCondition,
                error.message,
                &ctx.with_condition(mark(error.pos), &text),
            )
            .spot(self.spot(written, error.pos.offset))
            .hint(hint)
        })
    }

    /// Puts macros in.
    fn resolve(
        &mut self,
        tree: &Expr,
        sees: &dyn Fn(&str) -> bool,
        written: &Written,
        ctx: &Context,
    ) -> Result<Expr, Failure> {
        let mut resolver = Resolver::new(&self.macros, sees);
        let resolved = resolver.resolve(tree);
        self.used_macros.extend(std::mem::take(&mut resolver.used));
        resolved.map_err(|error| {
            let spot = self.spot(written, error.pos().offset);
            let condition_ctx = ctx.with_condition(mark(error.pos()), written.text);
            let hint = hints::of_macro(&error, self.collector, sees);
            Failure::invalid(error.message(), &condition_ctx).spot(spot).hint(hint)
        })
    }

    /// Where a byte of a condition, lists substituted, stands in its file.
    fn spot(&mut self, written: &Written, offset: usize) -> Option<Spot> {
        let origins = self.lists.origins(written.text);
        let at = origins.get(offset).copied().unwrap_or(written.text.len());
        let at = at.checked_sub(written.lead)?;
        if at > written.cond.text.len() || at == written.cond.text.len() && !written.exceptions.is_empty() {
            let first = written.exceptions.first()?;
            return Some((first.ctx.name(), first.ctx.mark_in_file().offset));
        }
        written.cond.locate(at, self.source)
    }

    fn rule(&mut self, rule: &RuleInfo) -> Result<Option<Compiled>, Failure> {
        let text = match rule.exceptions.is_empty() {
            true => rule.cond.text.clone(),
            false => expand(&rule.cond.text, &rule.exceptions)?,
        };
        let Some(output) = self.output(rule)? else { return Ok(None) };
        let lead = usize::from(!rule.exceptions.is_empty());
        let written = Written { text: &text, cond: &rule.cond, lead, exceptions: &rule.exceptions };
        let tree = self.parse(&written, &rule.cond_ctx)?;
        let condition = self.resolve(&tree, &|_| true, &written, &rule.ctx)?;
        let compiled = self.compiler.condition(&condition);
        let warnings = match &compiled {
            Ok(compiled) => &compiled.warnings,
            Err(error) => &error.warnings,
        };
        self.condition_warnings(warnings, &condition, &written, rule);
        let compiled = match compiled {
            Ok(compiled) => compiled,
            Err(error) => return self.refused(error, &condition, &written, rule),
        };
        if rule.warn_evttypes && (compiled.too_many_events || compiled.events.is_empty()) {
            let message =
                "Rule matches too many evt.type values. This has a significant performance penalty.";
            self.cautions.push(Caution::new(WarningCode::NoEvtType, message, &rule.ctx));
        }
        Ok(Some(Compiled { name: rule.name.clone(), condition, output, events: compiled.events }))
    }

    /// The parsed output, nothing if the rule is skipped because of it.
    fn output(&mut self, rule: &RuleInfo) -> Result<Option<Template>, Failure> {
        let mut text = rule.output.clone();
        for append in &self.options.append_output {
            if append.applies_to(rule) {
                text.push(' ');
                text.push_str(&append.format);
            }
        }
        if text.contains(CONTAINER_INFO) {
            let message = "%container.info is deprecated and no more useful, and will be dropped by Falco 1.0.0. \
                           The container plugin will automatically add required fields to the output message.";
            self.cautions.push(Caution::new(WarningCode::DeprecatedItem, message, &rule.ctx));
            text = text.replace(CONTAINER_INFO, "");
        }
        let template = match Template::parse(&text) {
            Ok(template) => template,
            Err(error) => {
                let hint = hints::of_output(&text);
                if rule.skip_if_unknown_filter && ErrorKind::of(&error.message) == ErrorKind::Unknown {
                    let mut caution =
                        Caution::new(WarningCode::UnknownFilter, error.message, &rule.output_ctx);
                    caution.hint = hint;
                    self.cautions.push(caution);
                    return Ok(None);
                }
                let failure = Failure::new(ErrorCode::CompileOutput, error.message, &rule.output_ctx);
                return Err(failure.hint(hint));
            }
        };
        for field in DEPRECATED_FIELDS.into_iter().filter(|field| text.contains(field)) {
            let message = format!("usage of deprecated field '{field}' has been detected in the rule output");
            let mut caution = Caution::new(WarningCode::DeprecatedItem, message, &rule.output_ctx);
            caution.deprecated_field = Some(field);
            self.cautions.push(caution);
        }
        Ok(Some(template))
    }

    fn condition_warnings(
        &mut self,
        warnings: &[compile::Warning],
        condition: &Expr,
        written: &Written,
        rule: &RuleInfo,
    ) {
        let mut deprecated = deprecated_fields(condition).into_iter();
        for warning in warnings {
            let ctx = rule.cond_ctx.with_condition(mark(warning.pos), written.text);
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
                let found = |own: &Outcome| match own {
                    Ok(own) => own.warnings.contains(warning),
                    Err(_) => false,
                };
                caution.spot = self.spot_of(condition, warning.pos.offset, written, &found);
            }
            self.cautions.push(caution);
        }
    }

    /// A condition that cannot be compiled is an error, or a rule less.
    fn refused(
        &mut self,
        error: compile::Error,
        condition: &Expr,
        written: &Written,
        rule: &RuleInfo,
    ) -> Result<Option<Compiled>, Failure> {
        let ctx = rule.cond_ctx.with_condition(mark(error.pos), written.text);
        let found = |own: &Outcome| match own {
            Ok(_) => false,
            Err(own) => own.message == error.message && own.pos == error.pos,
        };
        let spot = self.spot_of(condition, error.pos.offset, written, &found);
        let hint = hints::of_compile(&error.message);
        if rule.skip_if_unknown_filter && error.kind == ErrorKind::Unknown {
            let mut caution = Caution::new(WarningCode::UnknownFilter, error.message, &ctx);
            caution.spot = spot;
            caution.hint = hint;
            self.cautions.push(caution);
            return Ok(None);
        }
        Err(Failure::new(ErrorCode::CompileCondition, error.message, &ctx).spot(spot).hint(hint))
    }

    /// Where a byte of a resolved condition stands: in the text of the first macro that shows the same finding on its
    /// own, or in the rule's.
    fn spot_of(
        &mut self,
        condition: &Expr,
        offset: usize,
        written: &Written,
        found: &dyn Fn(&Outcome) -> bool,
    ) -> Option<Spot> {
        let infos = self.collector.macros.iter().map(|entry| &entry.info);
        let mut used = infos.filter(|info| self.used_macros.contains(&info.name));
        let home = used.find(|info| {
            let tree = self.macros.trees.get(&info.name);
            tree.is_some_and(|tree| {
                contains(condition, tree) && found(&compile::Compiler::new().condition(tree))
            })
        });
        match home {
            Some(info) => {
                let written = Written { text: &info.cond.text, cond: &info.cond, lead: 0, exceptions: &[] };
                self.spot(&written, offset)
            }
            None => self.spot(written, offset),
        }
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
    whole == part
        || match &whole.kind {
            ExprKind::And(members) | ExprKind::Or(members) => {
                members.iter().any(|member| contains(member, part))
            }
            ExprKind::Not(inner) => contains(inner, part),
            ExprKind::Macro(_) | ExprKind::Exists(_) | ExprKind::Binary { .. } => false,
        }
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
