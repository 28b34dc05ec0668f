//! What people read of a group: groups enter; a sentence, what it covers and why it is rare leave.

use std::collections::{BTreeMap, BTreeSet};

use super::fact::{Fact, Kind};
use super::groups::{Common, Group, New, directory};
use super::rarity::Reason;

/// Directories whose programs need no path.
const USUAL: [&str; 4] = ["/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"];

/// What happened, in a sentence.
pub(super) fn sentence(group: &Group) -> String {
    let count = group.facts.len();
    let Some(New { fact, .. }) = group.facts.first() else { return String::new() };
    let (program, what) = (fact.program.as_str(), fact.what.as_str());
    let is_file = group.facts.first().is_some_and(is_of_one_file);
    let in_or_not = if is_file { "" } else { "in " };
    if group.common == Common::Directory {
        let from = match directory(program) {
            "" => "without a path".to_owned(),
            place if place.starts_with('/') => format!("of {place}"),
            place => format!("of a {place}"),
        };
        return match different(group, |fact| &fact.program) {
            1 => format!("{program}, started by {what}, never ran before"),
            programs => format!("{programs} programs {from} never ran before"),
        };
    }
    match (group.common, fact.kind, count) {
        (_, Kind::Execution, 1) => format!("{what} started {program}"),
        (_, Kind::Read, 1) => format!("{program} read {in_or_not}{what}"),
        (_, Kind::Write, 1) => format!("{program} wrote {in_or_not}{what}"),
        (_, Kind::Peer, 1) => format!("{program} connected to {what}"),
        (_, Kind::Client, 1) => format!("{program} was connected to by {what}"),
        (_, Kind::Listener, 1) => format!("{program} listened on {what}"),
        (Common::Secrets, kind, _) => {
            let did = if kind == Kind::Write { "wrote" } else { "read" };
            let who = match different(group, |fact| &fact.program) {
                1 => program.to_owned(),
                programs => format!("{programs} programs"),
            };
            match different(group, |fact| &fact.what) {
                1 => format!("{who} {did} {what}"),
                files => format!("{who} {did} {files} files that hold secrets"),
            }
        }
        (Common::Program, Kind::Execution, _) => format!("{count} programs started {program}"),
        (Common::Program, Kind::Read, _) => format!("{program} read in {count} places"),
        (Common::Program, Kind::Write, _) => format!("{program} wrote in {count} places"),
        (Common::Program, Kind::Peer, _) => format!("{program} connected to {count} peers"),
        (Common::Program, Kind::Client, _) => format!("{program} was connected to by {count} clients"),
        (Common::Program, Kind::Listener, _) => format!("{program} listened on {count} ports"),
        (_, Kind::Execution, _) => format!("{what} started {count} programs"),
        (_, Kind::Read, _) => format!("{count} programs read {in_or_not}{what}"),
        (_, Kind::Write, _) => format!("{count} programs wrote {in_or_not}{what}"),
        (_, Kind::Peer, _) => format!("{count} programs connected to {what}"),
        (_, Kind::Client, _) => format!("{count} programs were connected to by {what}"),
        (_, Kind::Listener, _) => format!("{count} programs listened on {what}"),
    }
}

/// How many different ones there are of something in the facts of a group.
fn different(group: &Group, of: impl Fn(&Fact) -> &str) -> usize {
    group.facts.iter().map(|new| of(&new.fact)).collect::<BTreeSet<_>>().len()
}

/// Whether the thing is a file and not a directory.
fn is_of_one_file(new: &New) -> bool {
    new.found.file.as_deref() == Some(new.fact.what.as_str())
}

/// What it covers, the rarest first, and nothing twice.
pub(super) fn covers(group: &Group) -> Vec<String> {
    let mut told = BTreeSet::new();
    let covered = group.facts.iter().map(|new| covered(group.common, new));
    covered.filter(|covered| told.insert(covered.clone())).collect()
}

fn covered(common: Common, new: &New) -> String {
    let more = if new.found.has_more_files { " …" } else { "" };
    match (common, &new.found.file) {
        (Common::Program, Some(file)) => format!("{file}{more}"),
        (Common::Program, None) => new.fact.what.clone(),
        (Common::What, Some(file)) if !is_of_one_file(new) => {
            let name = file.rsplit('/').next().unwrap_or_default();
            format!("{} ({name}{more})", short(&new.fact.program))
        }
        (Common::Secrets, _) => format!("{} ({})", short(&new.fact.program), new.fact.what),
        (Common::What | Common::Directory, _) => short(&new.fact.program).to_owned(),
    }
}

/// A program without a usual directory.
fn short(program: &str) -> &str {
    let mut names = USUAL.iter().filter_map(|usual| program.strip_prefix(usual));
    names.find(|name| !name.contains('/')).unwrap_or(program)
}

/// Why it is rare: the reasons with their points, and for how many of the facts they hold.
pub(super) fn why(group: &Group) -> String {
    let mut told: BTreeMap<Reason, u64> = BTreeMap::new();
    let Some(first) = group.facts.first() else { return String::new() };
    for reason in group.facts.iter().flat_map(|new| &new.reasons) {
        *told.entry(reason.of_any_count()).or_default() += 1;
    }
    let line = |(reason, count): (Reason, u64)| {
        let (points, text) = (reason.points(first.fact.kind), reason.text(first.fact.kind));
        match count {
            _ if group.facts.len() == 1 => format!("{points}: {text}"),
            _ if count == group.facts.len() as u64 => format!("{points} each: {text}"),
            _ => format!("{points} for {count}: {text}"),
        }
    };
    told.into_iter().map(line).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::super::fact::Found;
    use super::*;
    use crate::tables::Cell;

    fn new(kind: Kind, program: &str, what: &str, file: Option<&str>, reasons: &[Reason]) -> New {
        let fact = Fact { kind, program: program.to_owned(), image: String::new(), what: what.to_owned() };
        let file = file.map(str::to_owned);
        let has_more_files = what == "/etc";
        let found = Found { count: 1, first: None, pid: None, cmdline: Cell::Null, file, has_more_files };
        New { fact, found, reasons: reasons.to_vec(), points: 1 }
    }

    #[test]
    fn groups_explain_themselves() {
        let check = |common, facts: Vec<New>, expected: [&str; 3]| {
            let group = Group { common, score: 1, facts };
            assert_eq!([sentence(&group), covers(&group).join(", "), why(&group)], expected);
        };
        let write = Reason::Kind(Kind::Write);
        check(
            Common::Program,
            vec![
                new(Kind::Write, "/bin/sh", "/etc", Some("/etc/x"), &[write, Reason::Sensitive]),
                new(Kind::Write, "/bin/sh", "/srv", Some("/srv/y"), &[write, Reason::Few(2)]),
            ],
            [
                "/bin/sh wrote in 2 places",
                "/etc/x …, /srv/y",
                "25 each: write; 10 for 1: was written by few programs before; 25 for 1: the directory is sensitive",
            ],
        );
        check(
            Common::What,
            vec![
                new(Kind::Write, "/usr/bin/tee", "/srv", Some("/srv/a"), &[write]),
                new(Kind::Write, "/opt/tee", "/srv", Some("/srv/b"), &[write]),
            ],
            ["2 programs wrote in /srv", "tee (a), /opt/tee (b)", "25 each: write"],
        );
        let secret = new(Kind::Read, "/bin/cat", "/etc/shadow", Some("/etc/shadow"), &[Reason::Secret]);
        check(Common::What, vec![secret], ["/bin/cat read /etc/shadow", "cat", "40: the file holds secrets"]);
        let read = |program, file| new(Kind::Read, program, file, Some(file), &[Reason::Secret]);
        check(
            Common::Secrets,
            vec![
                read("/bin/cat", "/etc/shadow"),
                read("/opt/x", "/etc/gshadow"),
                read("/opt/x", "/etc/shadow"),
            ],
            [
                "2 programs read 2 files that hold secrets",
                "cat (/etc/shadow), /opt/x (/etc/gshadow), /opt/x (/etc/shadow)",
                "40 each: the file holds secrets",
            ],
        );
        let run = |program| new(Kind::Execution, program, "bash", None, &[Reason::New]);
        let both = vec![run("/usr/bin/nc"), run("/usr/bin/nmap"), run("/usr/bin/nc")];
        check(
            Common::Directory,
            both,
            ["2 programs of /usr/bin never ran before", "nc, nmap", "30 each: the program is new"],
        );
        let one = vec![run("/tmp/x")];
        check(
            Common::Directory,
            one,
            ["/tmp/x, started by bash, never ran before", "/tmp/x", "30: the program is new"],
        );
    }
}
