//! Arguments of calls that fail, and fds that come without a name.

use std::collections::BTreeMap;

use tercel_format::catalogue::code;
use tercel_format::extras::{fact, kind};
use tercel_test_support::{Place, ran};

use super::{each, program};
use crate::turn;

#[test]
fn arguments_of_calls_that_fail_are_compared_with_those_at_the_entry() {
    let check = "sight::held::arguments_of_calls_that_fail_are_compared_with_those_at_the_entry";
    let Some(_turn) = turn::shared(check) else { return };
    let place = Place::new("held");
    let Some(program) = program(check, &place, "held") else { return };
    let directory = place.directory().canonicalize().expect("a directory");
    let (trace, directory) = (place.name("t.scap"), directory.to_str().expect("a name").to_owned());
    let told = ran(&["record", "-q", "-w", &trace, "--", &program, &directory], 0).out;
    if told == "none\n" {
        eprintln!("{check}: skipped: this kernel does not ask whether files may be opened");
        return;
    }
    const EPERM: i64 = 1;
    let mut seen = Vec::new();
    each(&trace, |event| {
        let is_one = [code::SYSCALL_EXECVE_19_X, code::SYSCALL_EXECVEAT_X, code::SYSCALL_OPENAT2_X];
        if is_one.contains(&event.code()) && event.return_value() == Some(-EPERM) {
            let entry = event.kernel_path(kind::ENTRY_PATH).map(<[u8]>::to_vec);
            seen.push((event.info.name, event.extras().facts(), entry));
        }
    });
    let expected: Vec<_> = told
        .lines()
        .map(|line| {
            let (call, changed) = line.split_once(' ').expect("call and what was changed");
            let facts = if changed == "-" { 0 } else { fact::CHANGED };
            (call, facts, (changed == "name").then(|| format!("{directory}/a").into_bytes()))
        })
        .collect();
    assert_eq!(expected.len(), 10, "{told}");
    assert_eq!(seen, expected);
}

#[test]
fn files_have_names_that_came_without_one() {
    let check = "sight::held::files_have_names_that_came_without_one";
    let Some(_turn) = turn::shared(check) else { return };
    let place = Place::new("received");
    let Some(program) = program(check, &place, "received") else { return };
    let trace = place.name("t.scap");
    ran(&["record", "-q", "-w", &trace, "--", &program], 0);
    let mut found = BTreeMap::new();
    each(&trace, |event| {
        for file in event.extras().fds() {
            let path = String::from_utf8_lossy(file.path).into_owned();
            let path = if path.starts_with("/dev/pts/") { "a terminal".to_owned() } else { path };
            *found.entry((event.info.name, path)).or_insert(0) += 1;
        }
    });
    let expected =
        [(("ioctl", "a terminal"), 1), (("recvmmsg", "/etc/group"), 12), (("recvmmsg", "/etc/passwd"), 2)];
    let expected = expected.map(|((event, path), count)| ((event, path.to_owned()), count));
    assert_eq!(found, BTreeMap::from(expected));
    // Later events on these fds have the names, too.
    let used =
        ["events", &trace, "proc.name = received and evt.type in (read, write) and evt.res = SUCCESS", "-p"];
    let names = ran(&[&used[..], &["%evt.type %fd.name"]].concat(), 0).out;
    let count = |line: &str| names.lines().filter(|name| name.starts_with(line)).count();
    assert_eq!((count("read /etc/group"), count("read /etc/passwd")), (12, 2), "{names}");
    assert_eq!(count("write /dev/pts/"), 1, "{names}");
}
