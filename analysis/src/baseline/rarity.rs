//! How rare a fact is: what a baseline knows enters, points and the reasons for them leave.

use std::collections::{BTreeMap, BTreeSet};

use super::fact::{Fact, Kind, is_secret};

/// Directories in which changes matter most.
const SENSITIVE: [&str; 14] = [
    "/etc",
    "/root",
    "/boot",
    "/usr/bin",
    "/usr/sbin",
    "/usr/lib",
    "/bin",
    "/sbin",
    "/lib",
    "/var/spool/cron",
    "/dev/shm",
    "/var/log",
    "/sys",
    "/home",
];

/// What a baseline knows.
pub(super) struct Known<'a> {
    facts: BTreeSet<&'a Fact>,
    /// Programs, by image.
    programs: BTreeSet<(&'a str, &'a str)>,
    /// Programs that did something, by image.
    did: BTreeMap<(Kind, &'a str), BTreeSet<(&'a str, &'a str)>>,
}

impl<'a> Known<'a> {
    pub(super) fn new(facts: impl Iterator<Item = &'a Fact>) -> Known<'a> {
        let mut known = Known { facts: BTreeSet::new(), programs: BTreeSet::new(), did: BTreeMap::new() };
        for fact in facts {
            let program = (fact.program.as_str(), fact.image.as_str());
            known.facts.insert(fact);
            known.programs.insert(program);
            known.did.entry((fact.kind, fact.what.as_str())).or_default().insert(program);
        }
        known
    }

    /// Points of a fact that is new, with reasons; `None` for one that is known.
    pub(super) fn rarity(&self, fact: &Fact) -> Option<(u64, String)> {
        if self.facts.contains(fact) {
            return None;
        }
        let mut points = match fact.kind {
            Kind::Execution => 30,
            Kind::Listener => 40,
            Kind::Peer => 30,
            Kind::Write => 25,
            Kind::Client => 15,
            Kind::Read => 5,
        };
        let mut reasons = Vec::new();
        let others = self.did.get(&(fact.kind, fact.what.as_str())).map_or(0, BTreeSet::len);
        let is_elsewhere = self.programs.iter().any(|(program, _)| *program == fact.program);
        if self.programs.contains(&(fact.program.as_str(), fact.image.as_str())) {
            reasons.push("the program is known".to_owned());
        } else if is_elsewhere {
            points += 20;
            reasons.push("the program is known from other images only".to_owned());
        } else {
            points += 30;
            reasons.push("the program is new".to_owned());
        }
        let did = match fact.kind {
            Kind::Execution => "started programs",
            Kind::Read => "was read from",
            Kind::Write => "was written to",
            Kind::Peer => "was connected to",
            Kind::Client => "connected",
            Kind::Listener => "was listened on",
        };
        match others {
            0 => {
                points += 30;
                reasons.push(format!("{} never {did} before", fact.what));
            }
            1..=3 => {
                points += 10;
                reasons.push(format!("{} {did} by {others} other programs", fact.what));
            }
            _ => reasons.push(format!("{} {did} by {others} programs", fact.what)),
        }
        if is_secret(&fact.what) && matches!(fact.kind, Kind::Read | Kind::Write) {
            points += 40;
            reasons.push("the file holds secrets".to_owned());
        }
        let is_below =
            |directory: &str| fact.what == directory || fact.what.starts_with(&format!("{directory}/"));
        if matches!(fact.kind, Kind::Write | Kind::Read)
            && SENSITIVE.iter().any(|directory| is_below(directory))
        {
            points += if fact.kind == Kind::Write { 25 } else { 5 };
            reasons.push("the directory is sensitive".to_owned());
        }
        let is_of_user = ["/tmp/", "/dev/shm/", "/var/tmp/", "/home/", "/run/user/"]
            .iter()
            .any(|directory| fact.program.starts_with(directory))
            || fact.program.starts_with("memfd:");
        if is_of_user {
            points += 25;
            reasons.push("the program lies where anybody writes".to_owned());
        }
        Some((points, reasons.join("; ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(kind: Kind, program: &str, what: &str) -> Fact {
        Fact { kind, program: program.to_owned(), image: String::new(), what: what.to_owned() }
    }

    #[test]
    fn what_is_rarer_has_more_points() {
        let base = [
            fact(Kind::Execution, "/bin/ls", "bash"),
            fact(Kind::Execution, "/bin/cat", "bash"),
            fact(Kind::Write, "/bin/cp", "/tmp"),
        ];
        let known = Known::new(base.iter());
        let points = |kind, program: &str, what: &str| {
            known.rarity(&fact(kind, program, what)).map(|(points, _)| points)
        };
        assert_eq!(points(Kind::Execution, "/bin/ls", "bash"), None);
        assert!(points(Kind::Execution, "/tmp/x", "nginx") > points(Kind::Execution, "/bin/id", "nginx"));
        assert!(points(Kind::Execution, "/bin/ls", "nginx") > points(Kind::Execution, "/bin/cp", "bash"));
        assert!(points(Kind::Write, "/bin/cp", "/etc/cron.d") > points(Kind::Write, "/bin/cp", "/srv"));
        assert!(points(Kind::Read, "/bin/cp", "/etc/shadow") > points(Kind::Execution, "/bin/cp", "bash"));
        let (_, why) = known.rarity(&fact(Kind::Execution, "/bin/id", "nginx")).expect("new");
        assert_eq!(why, "the program is new; nginx never started programs before");
    }
}
