//! From combinations of values to exceptions: those at which a rule is to be silent and those at which it must not be enter, the narrowest
//! exceptions leave. Alerts of one program in one place (`Role::Who`) make one exception, which names what all of them have in
//! common: their files, or the directory of the files, their peers, or their words. An exception that would silence an attack names
//! more, and is left out if nothing tells them apart.

use std::collections::{BTreeMap, BTreeSet};

use super::fields::{FIELDS, Role, Tuple};

/// Values of a field that stand as a list; more are described in another way, or not at all.
const LISTED: usize = 16;

/// Slashes that a common directory must have: that everything lies below / says nothing.
const SLASHES: usize = 2;

/// What an exception demands of a field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Demand {
    /// One of these values.
    In(BTreeSet<Box<str>>),
    /// This beginning.
    Below(Box<str>),
}

impl Demand {
    fn holds(&self, value: Option<&str>) -> bool {
        match (self, value) {
            (_, None) => false,
            (Demand::In(values), Some(value)) => values.contains(value),
            (Demand::Below(directory), Some(value)) => value.starts_with(&**directory),
        }
    }
}

/// An exception: demands by positions in [`FIELDS`], all of which have to hold.
pub(super) type Row = BTreeMap<usize, Demand>;

/// What is proposed for a rule.
#[derive(Debug, Clone, Default)]
pub(super) struct Proposal {
    /// Exceptions.
    pub(super) rows: Vec<Row>,
    /// Matches that look like attacks in every field.
    pub(super) alike: u64,
    /// Matches that no field describes.
    pub(super) nameless: u64,
}

/// Whether an exception silences a combination.
pub(super) fn silences(row: &Row, tuple: &Tuple) -> bool {
    row.iter().all(|(field, demand)| demand.holds(tuple.get(*field).and_then(Option::as_deref)))
}

/// Whether a value of an exception contains the name of a list as a word, which would be taken for the list.
pub(super) fn names_a_list(row: &Row, lists: &BTreeSet<&str>) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == '.';
    let has = |value: &str| value.split(|c: char| !is_part(c)).any(|word| lists.contains(word));
    row.values().any(|demand| match demand {
        Demand::In(values) => values.iter().any(|value| has(value)),
        Demand::Below(directory) => has(directory),
    })
}

/// The exceptions that silence `good` and nothing of `bad`.
pub(super) fn propose(good: &[(&Tuple, u64)], bad: &[&Tuple]) -> Proposal {
    let mut groups: BTreeMap<Vec<Option<&str>>, Vec<(&Tuple, u64)>> = BTreeMap::new();
    for (tuple, events) in good {
        // Those that have the same fields, and are of the same program in the same place.
        let key = FIELDS.iter().zip(tuple.iter()).map(|((_, role), value)| match role {
            Role::Who => value.as_deref(),
            Role::Path | Role::What | Role::Words => value.as_ref().map(|_| ""),
        });
        groups.entry(key.collect()).or_default().push((tuple, *events));
    }
    let mut proposal = Proposal::default();
    for group in groups.into_values() {
        of_group(&group, bad, &mut proposal);
    }
    proposal.rows = merged(std::mem::take(&mut proposal.rows));
    proposal
}

fn of_group(group: &[(&Tuple, u64)], bad: &[&Tuple], proposal: &mut Proposal) {
    let tuples: Vec<&Tuple> = group.iter().map(|(tuple, _)| *tuple).collect();
    let row = common(&tuples, false);
    let who = row
        .keys()
        .any(|field| matches!(FIELDS.get(*field), Some((name, Role::Who)) if name.starts_with("proc.")));
    if !who {
        // Nothing says which program it was; an exception for all programs is none.
        proposal.nameless += group.iter().map(|(_, events)| events).sum::<u64>();
        return;
    }
    let hits = |row: &Row| bad.iter().any(|tuple| silences(row, tuple));
    if !hits(&row) {
        proposal.rows.push(row);
        return;
    }
    let narrow = common(&tuples, true);
    if !hits(&narrow) {
        proposal.rows.push(narrow);
        return;
    }
    for (tuple, events) in group {
        let exact = common(&[tuple], true);
        if hits(&exact) { proposal.alike += events } else { proposal.rows.push(exact) }
    }
}

/// What combinations have in common; with all `words`, or only where nothing else says what was done.
fn common(tuples: &[&Tuple], words: bool) -> Row {
    let mut row = Row::new();
    for (at, (_, role)) in FIELDS.iter().enumerate() {
        let values: Option<BTreeSet<Box<str>>> = tuples.iter().map(|tuple| tuple.get(at)?.clone()).collect();
        let Some(values) = values.filter(|values| !values.is_empty()) else { continue };
        let says_what =
            || row.keys().any(|field| matches!(FIELDS.get(*field), Some((_, Role::Path | Role::What))));
        let demand = match role {
            Role::Words
                if !words
                    && (says_what() || *FIELDS.get(at).map_or(&"", |(name, _)| name) != "proc.cmdline") =>
            {
                None
            }
            Role::Path if values.len() > LISTED => directory(&values).map(Demand::Below),
            _ if values.len() <= LISTED || (words && values.len() <= LISTED * 4) => Some(Demand::In(values)),
            _ => None,
        };
        row.extend(demand.map(|demand| (at, demand)));
    }
    row
}

/// The deepest directory in which all paths lie.
fn directory(paths: &BTreeSet<Box<str>>) -> Option<Box<str>> {
    let (first, last) = (paths.first()?, paths.last()?);
    // They are sorted, so that what the first and the last have in common, all have.
    let same = first.bytes().zip(last.bytes()).take_while(|(a, b)| a == b).count();
    let same = first.get(..first.floor_char_boundary(same))?;
    let end = same.rfind('/')? + 1;
    let directory = same.get(..end)?;
    let is_deep = directory.starts_with('/') && directory.matches('/').count() >= SLASHES;
    is_deep.then(|| directory.into())
}

/// Exceptions that differ in the values of one field only, as one. It silences what they did, and nothing else.
fn merged(mut rows: Vec<Row>) -> Vec<Row> {
    for field in 0..FIELDS.len() {
        let mut groups: BTreeMap<Row, BTreeSet<Box<str>>> = BTreeMap::new();
        let mut others = Vec::new();
        for mut row in rows {
            match row.remove(&field) {
                Some(Demand::In(values)) => groups.entry(row).or_default().extend(values),
                Some(demand) => {
                    row.insert(field, demand);
                    others.push(row);
                }
                None => others.push(row),
            }
        }
        rows = groups
            .into_iter()
            .map(|(mut row, values)| {
                row.insert(field, Demand::In(values));
                row
            })
            .chain(others)
            .collect();
    }
    rows.sort();
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A combination from `field=value`, separated by blanks.
    fn tuple(text: &str) -> Tuple {
        let value = |name: &str| {
            let given = text.split(' ').filter_map(|part| part.split_once('='));
            given.filter(|(key, _)| *key == name).map(|(_, value)| Box::from(value)).next()
        };
        FIELDS.iter().map(|(name, _)| value(name)).collect()
    }

    #[track_caller]
    fn check(good: &[&str], bad: &[&str], expected: &[&str], alike: u64) {
        let good: Vec<Tuple> = good.iter().map(|text| tuple(text)).collect();
        let good: Vec<(&Tuple, u64)> = good.iter().map(|tuple| (tuple, 1)).collect();
        let bad: Vec<Tuple> = bad.iter().map(|text| tuple(text)).collect();
        let bad: Vec<&Tuple> = bad.iter().collect();
        let found = propose(&good, &bad);
        let shown = found.rows.iter().map(|row| {
            let demands = row.iter().map(|(field, demand)| match demand {
                Demand::In(values) => {
                    format!(
                        "{}={}",
                        FIELDS[*field].0,
                        values.iter().map(|v| &**v).collect::<Vec<_>>().join(",")
                    )
                }
                Demand::Below(directory) => format!("{}<{directory}", FIELDS[*field].0),
            });
            demands.collect::<Vec<_>>().join(" ")
        });
        assert_eq!(shown.collect::<Vec<_>>(), expected);
        assert_eq!(found.alike, alike);
        for (row, (tuple, _)) in found.rows.iter().flat_map(|row| good.iter().map(move |good| (row, good))) {
            assert!(bad.iter().all(|bad| !silences(row, bad)), "{tuple:?}");
        }
    }

    #[test]
    fn exceptions_are_narrow() {
        let dpkg =
            |name: &str| format!("user.name=root proc.name=dpkg proc.pname=apt fd.name=/etc/apt/{name}");
        check(
            &[&dpkg("a"), &dpkg("b")],
            &[],
            &["user.name=root proc.name=dpkg proc.pname=apt fd.name=/etc/apt/a,/etc/apt/b"],
            0,
        );
        let many: Vec<String> = (0..20).map(|number| dpkg(&format!("f{number}"))).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        check(&many, &[], &["user.name=root proc.name=dpkg proc.pname=apt fd.name</etc/apt/"], 0);
        let sh = "proc.name=sh proc.pname=cron proc.cmdline=a";
        check(&[sh], &[], &[sh], 0);
        check(&["proc.name=a fd.name=/x", "proc.name=b fd.name=/x"], &[], &["proc.name=a,b fd.name=/x"], 0);
    }

    #[test]
    fn attacks_are_not_silenced() {
        let good = "proc.name=cat proc.pname=sh fd.name=/etc/x proc.cmdline=good";
        check(
            &[good],
            &["proc.name=cat proc.pname=sh fd.name=/etc/y proc.cmdline=bad"],
            &["proc.name=cat proc.pname=sh fd.name=/etc/x"],
            0,
        );
        check(&[good], &["proc.name=cat proc.pname=sh fd.name=/etc/x proc.cmdline=bad"], &[good], 0);
        check(&[good], &[good], &[], 1);
        check(&["fd.name=/etc/x"], &[], &[], 0);
    }
}
