//! How rare a fact is: what a baseline knows enters, reasons with their points leave.

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

/// Directories in which anybody writes: a program that lies there was brought.
const OF_ANYBODY: [&str; 5] = ["/tmp/", "/dev/shm/", "/var/tmp/", "/home/", "/run/user/"];

/// With so many programs it is nothing special to do something.
const COMMON: usize = 4;

/// A reason why a fact has points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    /// For its kind.
    Kind(Kind),
    /// Its program never did anything in this image.
    NewHere,
    /// Its program never did anything.
    New,
    /// No program did this.
    Never,
    /// So many programs did: too few to be nothing special.
    Few(usize),
    /// The file holds secrets.
    Secret,
    /// The directory is sensitive.
    Sensitive,
    /// The program lies where anybody writes.
    Brought,
    /// The program is in memory only.
    Memory,
}

impl Reason {
    /// The same reason for facts that differ in how many programs did the like.
    pub(super) fn of_any_count(self) -> Reason {
        if let Reason::Few(_) = self { Reason::Few(0) } else { self }
    }

    /// Points, for a fact of this kind.
    pub(super) fn points(self, of: Kind) -> u64 {
        match self {
            Reason::Kind(Kind::Listener) => 40,
            Reason::Kind(Kind::Execution | Kind::Peer) => 30,
            Reason::Kind(Kind::Write) => 25,
            Reason::Kind(Kind::Client) => 15,
            Reason::Kind(Kind::Read) => 5,
            Reason::New | Reason::Never => 30,
            Reason::NewHere => 20,
            Reason::Few(_) => 10,
            Reason::Secret => 40,
            Reason::Sensitive if of == Kind::Read => 5,
            Reason::Memory if of == Kind::Execution => 80,
            Reason::Sensitive | Reason::Brought | Reason::Memory => 25,
        }
    }

    /// In words.
    pub(super) fn text(self, of: Kind) -> String {
        let did = match of {
            Kind::Execution => "the parent started a program",
            Kind::Read => "was read",
            Kind::Write => "was written",
            Kind::Peer => "was connected to",
            Kind::Client => "connected",
            Kind::Listener => "was listened on",
        };
        match self {
            Reason::Kind(kind) => kind.name().to_owned(),
            Reason::NewHere => "the program is known from other images only".to_owned(),
            Reason::New => "the program is new".to_owned(),
            Reason::Never => format!("never {did} before"),
            Reason::Few(_) if of == Kind::Execution => "the parent started few programs before".to_owned(),
            Reason::Few(_) => format!("{did} by few programs before"),
            Reason::Secret => "the file holds secrets".to_owned(),
            Reason::Sensitive => "the directory is sensitive".to_owned(),
            Reason::Brought => "the program lies where anybody writes".to_owned(),
            Reason::Memory => "the program is in no file".to_owned(),
        }
    }
}

/// What a baseline knows.
pub(super) struct Known<'a> {
    facts: BTreeSet<&'a Fact>,
    /// Programs, by image.
    programs: BTreeSet<(&'a str, &'a str)>,
    /// Programs of any image.
    anywhere: BTreeSet<&'a str>,
    /// Programs that did something, by image.
    did: BTreeMap<(Kind, &'a str), BTreeSet<(&'a str, &'a str)>>,
}

impl<'a> Known<'a> {
    pub(super) fn new(facts: impl Iterator<Item = &'a Fact>) -> Known<'a> {
        let mut known = Known {
            facts: BTreeSet::new(),
            programs: BTreeSet::new(),
            anywhere: BTreeSet::new(),
            did: BTreeMap::new(),
        };
        for fact in facts {
            let program = (fact.program.as_str(), fact.image.as_str());
            known.facts.insert(fact);
            known.programs.insert(program);
            known.anywhere.insert(&fact.program);
            known.did.entry((fact.kind, fact.what.as_str())).or_default().insert(program);
        }
        known
    }

    /// Why a fact that is new is rare; `None` for one that is known.
    pub(super) fn reasons(&self, fact: &Fact) -> Option<Vec<Reason>> {
        if self.facts.contains(fact) {
            return None;
        }
        let mut reasons = vec![Reason::Kind(fact.kind)];
        let is_of_files = matches!(fact.kind, Kind::Read | Kind::Write);
        let others = self.did.get(&(fact.kind, fact.what.as_str())).map_or(0, BTreeSet::len);
        // What everybody reads and writes, a new program does, too.
        let is_common = is_of_files && others >= COMMON;
        let is_known = self.programs.contains(&(fact.program.as_str(), fact.image.as_str()));
        if !is_known && !is_common {
            let is_elsewhere = self.anywhere.contains(fact.program.as_str());
            reasons.push(if is_elsewhere { Reason::NewHere } else { Reason::New });
        }
        match others {
            0 => reasons.push(Reason::Never),
            1..COMMON => reasons.push(Reason::Few(others)),
            _ => {}
        }
        if is_of_files && is_secret(&fact.what) {
            reasons.push(Reason::Secret);
        }
        if is_of_files && is_sensitive(&fact.what) {
            reasons.push(Reason::Sensitive);
        }
        if !is_common {
            let is_of_anybody = OF_ANYBODY.iter().any(|directory| fact.program.starts_with(directory));
            reasons.extend(is_of_anybody.then_some(Reason::Brought));
            reasons.extend(fact.program.starts_with("memfd:").then_some(Reason::Memory));
        }
        Some(reasons)
    }
}

fn is_sensitive(what: &str) -> bool {
    SENSITIVE.iter().any(|directory| {
        what.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(kind: Kind, program: &str, what: &str) -> Fact {
        Fact { kind, program: program.to_owned(), image: String::new(), what: what.to_owned() }
    }

    #[test]
    fn what_is_rarer_has_more_points() {
        let mut base = vec![
            fact(Kind::Execution, "/bin/ls", "bash"),
            fact(Kind::Execution, "/bin/cat", "bash"),
            fact(Kind::Write, "/bin/cp", "/tmp"),
        ];
        base.extend(["a", "b", "c", "d"].map(|program| fact(Kind::Read, program, "/lib")));
        let known = Known::new(base.iter());
        let reasons = |kind, program: &str, what: &str| known.reasons(&fact(kind, program, what));
        let points = |kind, program: &str, what: &str| {
            let reasons = reasons(kind, program, what).expect("new");
            reasons.iter().map(|reason| reason.points(kind)).sum::<u64>()
        };
        assert_eq!(reasons(Kind::Execution, "/bin/ls", "bash"), None);
        assert!(points(Kind::Execution, "/tmp/x", "nginx") > points(Kind::Execution, "/bin/id", "nginx"));
        assert!(points(Kind::Execution, "/bin/ls", "nginx") > points(Kind::Execution, "/bin/cp", "bash"));
        assert!(points(Kind::Write, "/bin/cp", "/etc/cron.d") > points(Kind::Write, "/bin/cp", "/srv"));
        assert!(points(Kind::Read, "/bin/cp", "/etc/shadow") > points(Kind::Execution, "/bin/cp", "bash"));
        assert!(points(Kind::Execution, "memfd:x", "bash") > points(Kind::Execution, "/tmp/x", "bash"));
        for program in ["/bin/new", "/tmp/new"] {
            assert_eq!(points(Kind::Read, program, "/lib"), 10, "everybody reads libraries");
        }
        let reasons = reasons(Kind::Execution, "/bin/id", "nginx").expect("new");
        let words: Vec<String> = reasons.iter().map(|reason| reason.text(Kind::Execution)).collect();
        assert_eq!(words, ["execution", "the program is new", "never the parent started a program before"]);
    }
}
