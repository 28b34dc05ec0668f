//! The host itself, and its users and groups.

use tercel_format::catalogue::Machine;
use tercel_format::record::{Account, MachineInfo};

use super::text;
use crate::clock;

/// The host (reference B2).
pub(super) fn machine() -> MachineInfo {
    let text = |path: &str| text::text(path).unwrap_or_default();
    let memory = text("/proc/meminfo").lines().find_map(|line| {
        line.strip_prefix("MemTotal:")?.split_ascii_whitespace().next()?.parse::<u64>().ok()
    });
    MachineInfo {
        cpus: std::thread::available_parallelism().map_or(0, |cpus| cpus.get() as u32),
        memory: memory.unwrap_or(0).saturating_mul(1024),
        max_pid: text("/proc/sys/kernel/pid_max").trim().parse().unwrap_or(0),
        hostname: text("/proc/sys/kernel/hostname").trim().as_bytes().to_vec(),
        boot_ts: clock::epoch(),
        flags: MachineInfo::flags_of(Machine::OF_THIS_PROGRAM),
    }
}

/// Users and groups that are listed at most.
const ACCOUNTS: usize = 1 << 18;

/// Users and groups of the host's files. Users of containers and of directories on the network are not among them.
pub(super) fn accounts() -> Vec<Account> {
    let rows = |path: &str, row: fn(&str) -> Option<Account>| {
        text::lines(path).filter_map(move |line| row(&String::from_utf8_lossy(&line)))
    };
    rows("/etc/passwd", user).chain(rows("/etc/group", group)).take(ACCOUNTS).collect()
}

/// A line of passwd(5).
fn user(line: &str) -> Option<Account> {
    let fields: Vec<&str> = line.split(':').collect();
    let bytes = |index: usize| Some(fields.get(index)?.as_bytes().to_vec());
    Some(Account::User {
        uid: fields.get(2)?.parse().ok()?,
        gid: fields.get(3)?.parse().ok()?,
        name: bytes(0)?,
        home: bytes(5)?,
        shell: bytes(6)?,
    })
}

/// A line of group(5).
fn group(line: &str) -> Option<Account> {
    let fields: Vec<&str> = line.split(':').collect();
    Some(Account::Group { gid: fields.get(2)?.parse().ok()?, name: fields.first()?.as_bytes().to_vec() })
}

/// Any bytes as a line of each database.
#[cfg(fuzzing)]
pub(super) fn any_line(bytes: &[u8]) {
    let line = String::from_utf8_lossy(bytes);
    let _ = (user(&line), group(&line));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_line_is_read() {
        let mut found = 0;
        crate::mutation::of_bytes(&[b"root:x:0:1:root:/root:/bin/sh", b"adm:x:4:syslog"], 20_000, |line| {
            let text = String::from_utf8_lossy(line);
            found += usize::from(user(&text).is_some() || group(&text).is_some());
        });
        assert!(found > 100, "{found} lines were read");
    }

    #[test]
    fn lines_of_the_databases() {
        let expected = Account::User {
            uid: 0,
            gid: 1,
            name: b"root".to_vec(),
            home: b"/root".to_vec(),
            shell: b"/bin/sh".to_vec(),
        };
        assert_eq!(user("root:x:0:1:root:/root:/bin/sh"), Some(expected));
        assert_eq!(user("root:x:none:1:root:/root:/bin/sh"), None);
        assert_eq!(group("adm:x:4:syslog"), Some(Account::Group { gid: 4, name: b"adm".to_vec() }));
        assert_eq!(group(""), None);
    }
}
