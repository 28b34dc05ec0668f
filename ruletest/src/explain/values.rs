//! The values that events had where a term was missed: values enter one by one, their numbers leave, those first that are like what
//! the term asks for. Memory is bounded.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::{Value, json};
use tercel_rules::ast::{ExprKind, Right};
use tercel_rules::fields::nearest;

use super::tree::Check;
use crate::visible::{shortened, visible};

/// Different values of a field that are kept of a group.
const MOST_VALUES: usize = 64;

/// Literals that values are compared with.
const MOST_LITERALS: usize = 256;

/// Longest comm of a process, in bytes (include/linux/sched.h, TASK_COMM_LEN without the NUL).
const COMM: usize = 15;

/// Values of a field that are listed.
const LISTED: usize = 6;

/// Values with their numbers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counted {
    counts: BTreeMap<String, u64>,
    /// What in the rule a value is like.
    like: BTreeMap<String, String>,
    /// Events with other values.
    others: u64,
}

impl Counted {
    /// Whether a value is like one that the rule asks for.
    pub(crate) fn is_like(&self) -> bool {
        !self.like.is_empty()
    }

    /// Counts a value at which a check was missed.
    pub(crate) fn add(&mut self, value: String, check: &Check) {
        let value = shortened(&value, 200).into_owned();
        if let Some(count) = self.counts.get_mut(&value) {
            *count += 1;
            return;
        }
        let has_room = self.counts.len() < MOST_VALUES;
        if !has_room && self.like.len() >= MOST_VALUES {
            self.others += 1;
            return;
        }
        let like = check.literal_like(&value);
        match (has_room, &like) {
            (false, None) => self.others += 1,
            (true, _) | (false, Some(_)) => drop(self.counts.insert(value.clone(), 1)),
        }
        if let Some(like) = like {
            self.like.insert(value, like);
        }
    }

    /// The values, those first that are like what the rule asks for, then the most frequent.
    fn sorted(&self) -> Vec<(&str, u64, Option<&str>)> {
        let with_like = |(value, count): (&String, &u64)| {
            let like = self.like.get(value).map(String::as_str);
            (value.clone(), *count, like)
        };
        let mut sorted: Vec<(String, u64, Option<&str>)> = self.counts.iter().map(with_like).collect();
        sorted.sort_by(|one, other| {
            (one.2.is_none(), Reverse(one.1), &one.0).cmp(&(other.2.is_none(), Reverse(other.1), &other.0))
        });
        let find = |value: &str| self.counts.get_key_value(value).map(|(value, _)| value.as_str());
        sorted.into_iter().filter_map(|(value, count, like)| Some((find(&value)?, count, like))).collect()
    }

    /// The values in words; with the field where several are shown.
    pub(crate) fn text(&self, field: &str, is_named: bool) -> String {
        let sorted = self.sorted();
        let one = |(value, count, like): &(&str, u64, Option<&str>)| {
            let value = if value.is_empty() { "\"\"".to_owned() } else { shortened(value, 100).into_owned() };
            match like {
                Some(like) => format!("{value} ({count}, like {like})"),
                None => format!("{value} ({count})"),
            }
        };
        let listed: Vec<String> = sorted.iter().take(LISTED).map(one).collect();
        let more = sorted.len().saturating_sub(LISTED);
        let events: u64 = sorted.iter().skip(LISTED).map(|(_, count, _)| count).sum::<u64>() + self.others;
        let more = match (more, self.others) {
            (0, 0) => String::new(),
            (more, 0) => format!(", {more} other values ({events})"),
            (_, _) => format!(", other values ({events})"),
        };
        let named = if is_named { format!(" {field}") } else { String::new() };
        format!("had{named} {}{more}", listed.join(", "))
    }

    /// The values as JSON.
    pub(crate) fn json(&self) -> Value {
        let one = |(value, count, like): (&str, u64, Option<&str>)| {
            let mut object = json!({ "value": value, "events": count });
            if let Some(like) = like {
                object["like"] = like.into();
            }
            object
        };
        let values: Vec<Value> = self.sorted().into_iter().take(MOST_VALUES).map(one).collect();
        json!({ "values": values, "others": self.others })
    }
}

impl Check {
    /// The literal of the right side that a value may have been meant by: nearly the same, the same in another case or with
    /// another slash at the end, one that is longer than a comm, the last part of a path, or a pattern.
    fn literal_like(&self, value: &str) -> Option<String> {
        let literals: Vec<&[u8]> = match &self.open.kind {
            ExprKind::Binary { right: Right::List(values, _), .. } => {
                values.iter().take(MOST_LITERALS).collect()
            }
            ExprKind::Binary { right: Right::Value(value, _), .. } => vec![value],
            _ => return None,
        };
        let literals = || literals.iter().filter_map(|literal| std::str::from_utf8(literal).ok());
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if value.len() < 2 || is_number(value) || value == super::event::MISSING {
            return None;
        }
        let last = |text: &str| text.rsplit('/').next().unwrap_or(text).to_owned();
        let is_like = |literal: &&str| {
            *literal != value
                && (literal.eq_ignore_ascii_case(value)
                    || literal.trim_end_matches('/') == value.trim_end_matches('/')
                    || (value.len() == COMM && literal.len() > COMM && literal.starts_with(value))
                    || (literal.contains('/') && !value.contains('/') && last(literal) == value)
                    || (value.contains('/') && !literal.contains('/') && last(value) == *literal))
        };
        let close = |found: &&str| *found != value && is_close(value, found);
        let found = literals().find(is_like).or_else(|| nearest(value, literals()).filter(close));
        found.map(|found| visible(found.as_bytes()))
    }
}

/// Whether of two texts that differ in few letters one may be a slip for the other: of long ones, such as paths, most has to be the
/// same from the start and from the end.
fn is_close(one: &str, other: &str) -> bool {
    const SHORT: usize = 8;
    let longest = one.len().max(other.len());
    let same = |(one, other): &(u8, u8)| one == other;
    let start = one.bytes().zip(other.bytes()).take_while(same).count();
    let end = one.bytes().rev().zip(other.bytes().rev()).take_while(same).count();
    longest <= SHORT || (start + end) * 4 >= longest * 3
}
