//! The databases of users below the root directory of a process: a process id enters, users and groups leave. The directory tree
//! belongs to somebody who may be hostile.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, Stat, fstat, open, openat, openat2};

/// Largest file that is read, in bytes.
const SIZE: u64 = 1 << 20;
/// Longest line that is looked at.
const LINE: usize = 4096;
/// Most users, and most groups.
const ENTRIES: usize = 1024;
/// Longest name, and longest home directory and shell, as readers take them.
const NAME: usize = 255;
const PATH: usize = 1023;
/// Largest of the small files of /proc that are read.
const PROC: u64 = 64 << 10;

/// Users and groups by the numbers that they have on the host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) users: BTreeMap<u32, User>,
    pub(crate) groups: BTreeMap<u32, Vec<u8>>,
}

/// A user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct User {
    /// Primary group, as the host numbers it.
    pub(crate) gid: u32,
    pub(crate) name: Vec<u8>,
    pub(crate) home: Vec<u8>,
    pub(crate) shell: Vec<u8>,
}

impl Names {
    pub(crate) fn is_empty(&self) -> bool {
        self.users.is_empty() && self.groups.is_empty()
    }
}

/// The users and groups of the root directory of a process, and whether that is the host's. `None` if the process is gone or its
/// list of cgroups, as events have it, does not satisfy `is_in`.
pub(crate) fn names(pid: i64, is_in: impl Fn(&[u8]) -> bool) -> Option<(Names, bool)> {
    // Whatever is opened below this is of this process, even if its number is used again.
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let process = open(format!("/proc/{pid}"), flags, Mode::empty()).ok()?;
    let root = openat(&process, "root", flags, Mode::empty()).ok()?;
    if !is_in(&cgroups(&small(&process, "cgroup")?)) {
        return None;
    }
    let host = open("/proc/1/root", flags, Mode::empty()).ok();
    let place = |stat: Stat| (stat.st_dev, stat.st_ino);
    let is_host = host.and_then(|host| fstat(host).ok()).map(place) == fstat(&root).ok().map(place);
    let (uids, gids) = (Map::of(&small(&process, "uid_map")?), Map::of(&small(&process, "gid_map")?));
    let mut names = Names::default();
    for fields in lines(&file(&root, "etc/passwd").unwrap_or_default()) {
        if names.users.len() >= ENTRIES {
            break;
        }
        if let [name, _, uid, gid, _, home, shell, ..] = fields[..]
            && let Some(uid) = number(uid).and_then(|uid| uids.outside(uid))
        {
            let gid = number(gid).and_then(|gid| gids.outside(gid)).unwrap_or(u32::MAX);
            let user = User { gid, name: clip(name, NAME), home: clip(home, PATH), shell: clip(shell, PATH) };
            // The first entry of a number is the one that getpwuid(3) finds.
            names.users.entry(uid).or_insert(user);
        }
    }
    for fields in lines(&file(&root, "etc/group").unwrap_or_default()) {
        if names.groups.len() >= ENTRIES {
            break;
        }
        if let [name, _, gid, ..] = fields[..]
            && let Some(gid) = number(gid).and_then(|gid| gids.outside(gid))
        {
            names.groups.entry(gid).or_insert(clip(name, NAME));
        }
    }
    Some((names, is_host))
}

/// The content of a regular file below a directory that is somebody's root directory. Symbolic links end there, and those of /proc
/// are not followed. It is opened for reading only once it is known what it is: opening a device or a pipe may do something.
fn file(root: &OwnedFd, path: &str) -> Option<Vec<u8>> {
    let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
    let found = openat2(root, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), resolve).ok()?;
    let stat = fstat(&found).ok()?;
    let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    if !is_file || u64::try_from(stat.st_size).ok()? > SIZE {
        return None;
    }
    let again = format!("/proc/self/fd/{}", found.as_fd().as_raw_fd());
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    read(open(again, flags, Mode::empty()).ok()?, SIZE)
}

/// The content of a small file of a process.
fn small(process: &OwnedFd, name: &str) -> Option<Vec<u8>> {
    read(openat(process, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?, PROC)
}

fn read(file: OwnedFd, most: u64) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    File::from(file).take(most).read_to_end(&mut content).ok()?;
    Some(content)
}

/// The paths of /proc/PID/cgroup as events have them.
fn cgroups(file: &[u8]) -> Vec<u8> {
    let path = |line: &[u8]| {
        let path = line.splitn(3, |byte| *byte == b':').nth(2)?;
        Some([b"cgroup=", path, b"\0"].concat())
    };
    file.split(|byte| *byte == b'\n').filter_map(path).flatten().collect()
}

/// The fields of each line.
fn lines(file: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    let lines = file.split(|byte| *byte == b'\n').filter(|line| line.len() <= LINE && !line.contains(&0));
    // Entries of the name service are not accounts (reference state 10.1).
    let lines = lines.filter(|line| !matches!(line.first(), None | Some(b'#' | b'+' | b'-')));
    lines.map(|line| line.split(|byte| *byte == b':').collect())
}

fn number(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn clip(text: &[u8], longest: usize) -> Vec<u8> {
    text.get(..longest).unwrap_or(text).to_vec()
}

/// The numbers of a user namespace on the host (user_namespaces(7)).
struct Map(Vec<(u32, u32, u32)>);

impl Map {
    /// Of a file uid_map or gid_map, which has at most 340 lines.
    fn of(file: &[u8]) -> Map {
        let row = |line: &[u8]| {
            let mut numbers = line.split(u8::is_ascii_whitespace).filter(|text| !text.is_empty()).map(number);
            Some((numbers.next()??, numbers.next()??, numbers.next()??))
        };
        Map(file.split(|byte| *byte == b'\n').filter_map(row).collect())
    }

    /// The number on the host of a number in the namespace.
    fn outside(&self, inside: u32) -> Option<u32> {
        self.0.iter().find_map(|(first, host, count)| {
            let distance = inside.checked_sub(*first).filter(|distance| distance < count)?;
            host.checked_add(distance)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use tercel_test_support::Place;

    use super::*;

    /// What is read at `path` below a root directory that `make` fills.
    fn content(make: impl FnOnce(&Path)) -> Option<Vec<u8>> {
        let folder = Place::new("rootfs");
        std::fs::create_dir(folder.path("etc")).expect("a folder");
        make(&folder.path("etc"));
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        file(&open(folder.directory(), flags, Mode::empty()).expect("a folder"), "etc/passwd")
    }

    #[test]
    fn nothing_but_a_small_file_below_the_root_is_read() {
        let text = b"a:x:1:1::/:/bin/sh\n".to_vec();
        let write = |at: &Path, name: &str| std::fs::write(at.join(name), &text).expect("written");
        assert_eq!(content(|etc| write(etc, "passwd")), Some(text.clone()));
        // A link stays below the root, however it is written.
        let linked = content(|etc| {
            write(etc, "other");
            symlink("/../../etc/other", etc.join("passwd")).expect("a link");
        });
        assert_eq!(linked, Some(text.clone()));
        for target in
            ["/etc/hostname", "/proc/self/root/etc/passwd", "../../../../../etc/passwd", "/dev/null"]
        {
            assert_eq!(content(|etc| symlink(target, etc.join("passwd")).expect("a link")), None, "{target}");
        }
        assert_eq!(content(|etc| std::fs::create_dir(etc.join("passwd")).expect("a folder")), None);
        assert_eq!(content(|_| ()), None);
        let large = content(|etc| {
            let file = File::create(etc.join("passwd")).expect("a file");
            file.set_len(SIZE + 1).expect("a length");
        });
        assert_eq!(large, None);
        // A pipe without a writer does not hold the reader up.
        let pipe = content(|etc| {
            let mode = Mode::from_raw_mode(0o600);
            rustix::fs::mknodat(rustix::fs::CWD, etc.join("passwd"), FileType::Fifo, mode, 0)
                .expect("a pipe");
        });
        assert_eq!(pipe, None);
    }

    #[test]
    fn own_accounts_are_those_of_the_host() {
        let (names, _) = names(std::process::id().into(), |_| true).expect("the own process");
        assert_eq!(names.users.get(&0).map(|user| &*user.name), Some(&b"root"[..]));
        assert!(super::names(std::process::id().into(), |_| false).is_none());
        assert!(super::names(i64::from(i32::MAX), |_| true).is_none());
    }

    #[test]
    fn numbers_are_those_of_the_host() {
        let map = Map::of(b"         0     100000      65536\n     70000          7          1\nbad\n1 2\n");
        let checks = [(0, Some(100_000)), (65535, Some(165_535)), (65536, None), (70000, Some(7))];
        for (inside, expected) in checks {
            assert_eq!(map.outside(inside), expected, "{inside}");
        }
        assert_eq!(Map(vec![(0, u32::MAX, 2)]).outside(1), None);
    }

    #[test]
    fn damaged_lines_are_left_out() {
        let text = b"a:x:1\n\n#c:x:2\n+nis\n-x:y\nb\0:x:3\nlong:";
        let fields: Vec<Vec<&[u8]>> = lines(text).collect();
        assert_eq!(fields, [vec![&b"a"[..], b"x", b"1"], vec![b"long", b""]]);
        assert_eq!(cgroups(b"0::/docker/a\n12:cpu,cpuacct:/b:c\nbad\n"), b"cgroup=/docker/a\0cgroup=/b:c\0");
        crate::mutation::of_bytes(&[text], 20_000, |bytes| assert!(lines(bytes).count() <= bytes.len()));
    }
}
