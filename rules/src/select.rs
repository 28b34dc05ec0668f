//! Which of the loaded rules run: by name, part of a name or tag (`-t`, `-T`, `-D`, and `rules:` of Falco's
//! configuration).
//!
//! What enters are steps in order, what leaves is the answer for one rule. Later steps win.

use std::collections::BTreeSet;

/// Steps that switch rules on and off. Without steps every rule runs as its file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// The steps, in the order in which they apply.
    pub steps: Vec<SelectionStep>,
}

/// Switches the rules that match on or off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectionStep {
    /// On or off. A rule that its file switches off is switched on as well.
    pub enable: bool,
    /// Which rules.
    pub matching: Matching,
}

/// Which rules a step is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matching {
    /// All of them.
    All,
    /// Those whose name is this, where `*` stands for anything.
    Wildcard(String),
    /// Those whose name holds this.
    Substring(String),
    /// Those that have one of these tags.
    Tags(BTreeSet<String>),
}

/// A part of a selection that no rule matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmatched<'s> {
    /// A name, or a part or pattern of one.
    Name(&'s str),
    /// A tag.
    Tag(&'s str),
}

/// Flags that cannot stand together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("-t cannot be used with -T or -D: -t runs only rules with a tag, -T and -D disable rules")]
pub struct Conflict;

impl Selection {
    /// What the flags of the command line mean, as in Falco: with `-t` only the rules of these tags run, even those that
    /// are switched off in their file; `-T` and `-D` switch off.
    pub fn from_flags(
        only_tags: &[String],
        without_tags: &[String],
        without_names: &[String],
    ) -> Result<Selection, Conflict> {
        let without = !without_tags.is_empty() || !without_names.is_empty();
        if without && !only_tags.is_empty() {
            return Err(Conflict);
        }
        let mut steps = Vec::new();
        for name in without_names {
            steps.push(SelectionStep { enable: false, matching: Matching::Substring(name.clone()) });
        }
        if !without_tags.is_empty() {
            let tags = without_tags.iter().cloned().collect();
            steps.push(SelectionStep { enable: false, matching: Matching::Tags(tags) });
        }
        if !only_tags.is_empty() {
            let tags = only_tags.iter().cloned().collect();
            steps.push(SelectionStep { enable: false, matching: Matching::All });
            steps.push(SelectionStep { enable: true, matching: Matching::Tags(tags) });
        }
        Ok(Selection { steps })
    }

    /// Names and tags of the steps that match none of these rules, in the order of the steps: each is probably misspelt.
    pub fn unmatched<'r>(
        &self,
        rules: impl Iterator<Item = (&'r str, &'r BTreeSet<String>)> + Clone,
    ) -> Vec<Unmatched<'_>> {
        let mut found = Vec::new();
        for step in &self.steps {
            match &step.matching {
                Matching::All => {}
                Matching::Wildcard(text) | Matching::Substring(text) => {
                    if !rules.clone().any(|(name, tags)| step.matching.matches(name, tags)) {
                        found.push(Unmatched::Name(text));
                    }
                }
                Matching::Tags(wanted) => {
                    let is_missing = |tag: &&String| !rules.clone().any(|(_, tags)| tags.contains(*tag));
                    found.extend(wanted.iter().filter(is_missing).map(|tag| Unmatched::Tag(tag)));
                }
            }
        }
        found
    }

    /// Whether a rule runs that its file switches on or off.
    pub fn enabled(&self, name: &str, tags: &BTreeSet<String>, in_file: bool) -> bool {
        let last = self.steps.iter().rev().find(|step| step.matching.matches(name, tags));
        last.map_or(in_file, |step| step.enable)
    }
}

impl Matching {
    fn matches(&self, name: &str, tags: &BTreeSet<String>) -> bool {
        match self {
            Matching::All => true,
            Matching::Wildcard(pattern) => wildcard(pattern, name),
            Matching::Substring(part) => name.contains(part.as_str()),
            Matching::Tags(wanted) => !wanted.is_disjoint(tags),
        }
    }
}

/// Whether `*` of the pattern can stand for parts of the name. Each part between stars is taken where it is found first,
/// the last one too, as Falco does: `*a` does not match `aa`.
fn wildcard(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let mut open = false;
    for part in parts {
        match part {
            "" => open = true,
            _ => match rest.split_once(part) {
                Some((_, behind)) => {
                    rest = behind;
                    open = false;
                }
                None => return false,
            },
        }
    }
    open || rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        for (pattern, name, expected) in [
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("*", "", true),
            ("*", "abc", true),
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("*b*", "abc", true),
            ("a*c", "abc", true),
            ("a*d", "abc", false),
            ("**b**", "abc", true),
            ("*a", "aa", false),
            ("a*b*c", "axbyc", true),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(wildcard(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn flags() {
        let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let check = |only: &[&str], without: &[&str], names: &[&str], in_file: bool, expected: bool| {
            let selection = Selection::from_flags(&list(only), &list(without), &list(names)).unwrap();
            let tags = ["a".to_owned(), "b".to_owned()].into();
            assert_eq!(
                selection.enabled("Some rule", &tags, in_file),
                expected,
                "{only:?} {without:?} {names:?}"
            );
        };
        check(&[], &[], &[], true, true);
        check(&[], &[], &[], false, false);
        check(&["a"], &[], &[], true, true);
        check(&["a"], &[], &[], false, true);
        check(&["c"], &[], &[], true, false);
        check(&["c", "b"], &[], &[], true, true);
        check(&[], &["b"], &[], true, false);
        check(&[], &["c"], &[], true, true);
        check(&[], &[], &["me ru"], true, false);
        check(&[], &[], &["other"], true, true);
        assert_eq!(Selection::from_flags(&list(&["a"]), &[], &list(&["x"])), Err(Conflict));
        assert_eq!(Selection::from_flags(&list(&["a"]), &list(&["x"]), &[]), Err(Conflict));
    }

    #[test]
    fn what_no_rule_matches_is_named() {
        let tags: [BTreeSet<String>; 2] = [["net".to_owned()].into(), ["file".to_owned()].into()];
        let rules = || ["Bind", "Open"].into_iter().zip(&tags);
        let selection = |steps: &[Matching]| Selection {
            steps: steps
                .iter()
                .map(|matching| SelectionStep { enable: false, matching: matching.clone() })
                .collect(),
        };
        let both = selection(&[
            Matching::All,
            Matching::Substring("Ope".to_owned()),
            Matching::Wildcard("*end".to_owned()),
            Matching::Tags(["net".to_owned(), "nets".to_owned()].into()),
        ]);
        assert_eq!(both.unmatched(rules()), [Unmatched::Name("*end"), Unmatched::Tag("nets")]);
        assert_eq!(Selection::default().unmatched(rules()), []);
    }
}
