//! Rows that tell much: new facts enter, groups of those that belong together leave, the rarest first. A group is what many programs did with one
//! thing, what one program did with many things, what was done with secrets, or programs of one directory that are new; every fact is in one group.
//!
//! Groups are chosen one after another: always the one with the highest score, of the facts that no group has yet. Of the facts of a group, the rarest counts
//! whole, the second half, the third a third and so on: many facts of a kind are worth more than one of them, but do not hide a rarer one.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::fact::{Fact, Found, Kind};
use super::rarity::Reason;

/// A new fact.
#[derive(Debug)]
pub(super) struct New {
    pub(super) fact: Fact,
    pub(super) found: Found,
    pub(super) reasons: Vec<Reason>,
    /// The sum of the points of its reasons.
    pub(super) points: u64,
}

/// What the facts of a group have in common, beside their kind and image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Common {
    /// The thing: a parent, a directory or file, a peer, a port.
    What,
    /// The program.
    Program,
    /// The directory of their programs, which are new.
    Directory,
    /// The files hold secrets.
    Secrets,
}

/// New facts that belong together.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) common: Common,
    pub(super) score: u64,
    /// The rarest first.
    pub(super) facts: Vec<New>,
}

/// Points are counted in these parts, so that halves and thirds of them are.
const PARTS: u64 = 1 << 20;

/// Groups of facts, in the order of their scores.
pub(super) fn of(mut new: Vec<New>) -> Vec<Group> {
    // In this order the facts of every group are those with the most points first.
    new.sort_by(|one, other| other.points.cmp(&one.points).then_with(|| one.fact.cmp(&other.fact)));
    let possible: Vec<(Common, Vec<usize>)> =
        possible(&new).into_iter().map(|((_, common, ..), facts)| (common, facts)).collect();
    let mut left: Vec<Option<New>> = new.into_iter().map(Some).collect();
    // Scores only become smaller when other groups take facts: one that is still the highest after it was counted again is the next.
    let mut heap: BinaryHeap<(u64, Reverse<usize>)> =
        possible.iter().enumerate().map(|(at, (_, facts))| (score(facts, &left), Reverse(at))).collect();
    let mut groups = Vec::new();
    while let Some((known, Reverse(at))) = heap.pop() {
        let (common, facts) = &possible[at];
        let now = score(facts, &left);
        if now < known {
            heap.push((now, Reverse(at)));
        } else if now > 0 {
            let facts: Vec<New> = facts.iter().filter_map(|at| left[*at].take()).collect();
            groups.push(Group { common: *common, score: now / PARTS, facts });
        }
    }
    groups
}

/// What facts of a group have in common: kind, what it is, its name, image.
type Key = (Kind, Common, String, String);

/// All groups that are possible, with the places of their facts in order.
fn possible(new: &[New]) -> BTreeMap<Key, Vec<usize>> {
    let mut groups: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
    for (at, New { fact, reasons, .. }) in new.iter().enumerate() {
        let mut enter = |common: Common, name: &str| {
            groups.entry((fact.kind, common, name.to_owned(), fact.image.clone())).or_default().push(at);
        };
        let is_new = reasons.iter().any(|reason| matches!(reason, Reason::New | Reason::NewHere));
        if fact.kind == Kind::Execution && is_new && !reasons.contains(&Reason::Never) {
            // Who started it first says less than that it never ran before.
            enter(Common::Directory, directory(&fact.program));
        } else {
            enter(Common::What, &fact.what);
            enter(Common::Program, &fact.program);
            if reasons.contains(&Reason::Secret) {
                enter(Common::Secrets, "");
            }
        }
    }
    groups
}

/// The directory of a program; for one that is in memory only what says so.
pub(super) fn directory(program: &str) -> &str {
    match program.rsplit_once('/') {
        Some(("", _)) => "/",
        Some((directory, _)) => directory,
        None => program.split_once(':').map_or("", |(kind, _)| kind),
    }
}

/// The score of the facts that are left, in parts.
fn score(facts: &[usize], left: &[Option<New>]) -> u64 {
    let points = facts.iter().filter_map(|at| left[*at].as_ref()).map(|new| new.points);
    points.zip(1..).map(|(points, place)| points * PARTS / place).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::Cell;

    fn new(kind: Kind, program: &str, what: &str, reasons: &[Reason]) -> New {
        let fact = Fact { kind, program: program.to_owned(), image: String::new(), what: what.to_owned() };
        let found = Found {
            count: 1,
            first: None,
            pid: None,
            cmdline: Cell::Null,
            file: None,
            has_more_files: false,
        };
        let points = reasons.iter().map(|reason| reason.points(kind)).sum();
        New { fact, found, reasons: reasons.to_vec(), points }
    }

    #[test]
    fn facts_that_belong_together_are_one_group() {
        let (write, run) = (Reason::Kind(Kind::Write), Reason::Kind(Kind::Execution));
        let mut facts = vec![
            new(Kind::Write, "a", "/etc/shadow", &[write, Reason::Secret]),
            new(Kind::Write, "b", "/etc/shadow", &[write, Reason::Secret]),
            new(Kind::Write, "c", "/root/.ssh/id_rsa", &[write, Reason::Secret]),
            new(Kind::Write, "b", "/srv", &[write]),
            new(Kind::Write, "b", "/opt", &[write, Reason::Never]),
            new(Kind::Execution, "/tmp/x", "sh", &[run, Reason::New, Reason::Brought]),
            new(Kind::Execution, "/tmp/y", "bash", &[run, Reason::New]),
            new(Kind::Execution, "/tmp/z", "nginx", &[run, Reason::New, Reason::Never]),
        ];
        let told = |facts: Vec<New>| -> Vec<(u64, Common, Vec<String>)> {
            let names = |group: &Group| {
                group.facts.iter().map(|new| format!("{} {}", new.fact.program, new.fact.what)).collect()
            };
            of(facts).iter().map(|group| (group.score, group.common, names(group))).collect()
        };
        let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let expected = [
            // 65 + 65/2 + 65/3, more than 65 + 55/2 + 25/3 of b alone.
            (119, Common::Secrets, texts(&["a /etc/shadow", "b /etc/shadow", "c /root/.ssh/id_rsa"])),
            (115, Common::Directory, texts(&["/tmp/x sh", "/tmp/y bash"])),
            (90, Common::What, texts(&["/tmp/z nginx"])),
            (67, Common::Program, texts(&["b /opt", "b /srv"])),
        ];
        facts.reverse();
        assert_eq!(told(facts), expected);
        assert_eq!(told(Vec::new()), []);
    }

    #[test]
    fn directories_of_programs() {
        for (program, expected) in
            [("/usr/bin/id", "/usr/bin"), ("/id", "/"), ("memfd:x", "memfd"), ("kthread", "")]
        {
            assert_eq!(directory(program), expected, "{program}");
        }
    }
}
