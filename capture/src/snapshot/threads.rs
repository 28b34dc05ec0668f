//! Processes and threads from /proc (proc(5)).

use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::str::FromStr;

use tercel_format::record::ProcessRecord;

use super::text::{SHORT, bytes, text};

/// Flags of a thread other than the first: it shares fds and the group (reference B14).
const THREAD: u32 = 1 << 0 | 1 << 13;

/// Bytes that a list of arguments or of variables may have (reference B12).
const LIST: usize = 4096;

/// The numeric entries of a directory.
pub(super) fn numbers(directory: &str) -> Vec<i64> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// The threads of a process without the first.
pub(super) fn threads(pid: i64) -> Vec<i64> {
    let mut threads = numbers(&format!("/proc/{pid}/task"));
    threads.retain(|tid| *tid != pid);
    threads
}

/// A process as its first thread shows it; `None` if it has ended.
pub(super) fn process(pid: i64) -> Option<ProcessRecord> {
    let root = format!("/proc/{pid}");
    let mut record = ProcessRecord { tid: pid, pid, ..ProcessRecord::default() };
    read_stat(&root, &mut record)?;
    read_status(&root, &mut record)?;
    let link =
        |name: &str| fs::read_link(format!("{root}/{name}")).map(|path| path.into_os_string().into_vec());
    record.exepath = without_mark(link("exe").unwrap_or_default());
    record.cwd = link("cwd").unwrap_or_default();
    record.root = link("root").unwrap_or_default();
    let line = bytes(&format!("{root}/cmdline"), SHORT).unwrap_or_default();
    let first = line.iter().position(|byte| *byte == 0).map_or(line.len(), |end| end + 1);
    let (exe, arguments) = line.split_at(first);
    record.exe = exe.strip_suffix(&[0]).unwrap_or(exe).to_vec();
    record.args = cut(arguments);
    // A kernel thread has no command line: its name stands in.
    if record.exe.is_empty() {
        record.exe.clone_from(&record.comm);
    }
    record.env = cut(&bytes(&format!("{root}/environ"), LIST as u64).unwrap_or_default());
    record.cgroups = cgroups(&text(&format!("{root}/cgroup")).unwrap_or_default());
    record.loginuid = parsed(&format!("{root}/loginuid")).unwrap_or(u32::MAX);
    record.fdlimit = fd_limit(&text(&format!("{root}/limits")).unwrap_or_default());
    if let Ok(init) = fs::metadata(format!("{root}/root/proc/1/cmdline")) {
        record.pidns_init_start_ts = nanoseconds(init.ctime(), init.ctime_nsec());
    }
    read_executable(&root, &mut record);
    Some(record)
}

/// Another thread of a process; what the whole process shares is taken over.
pub(super) fn thread(process: &ProcessRecord, tid: i64) -> Option<ProcessRecord> {
    let root = format!("/proc/{}/task/{tid}", process.pid);
    let mut record = ProcessRecord { tid, flags: THREAD, ..process.clone() };
    read_stat(&root, &mut record)?;
    read_status(&root, &mut record)?;
    record.cgroups = cgroups(&text(&format!("{root}/cgroup")).unwrap_or_default());
    Some(record)
}

/// Name, parent, session, terminal and page faults.
fn read_stat(root: &str, record: &mut ProcessRecord) -> Option<()> {
    parse_stat(&bytes(&format!("{root}/stat"), SHORT).ok()?, record)
}

fn parse_stat(stat: &[u8], record: &mut ProcessRecord) -> Option<()> {
    // The name stands in parentheses and may hold any character: the last parenthesis ends it.
    let start = stat.iter().position(|byte| *byte == b'(')?;
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    record.comm = stat.get(start + 1..end)?.to_vec();
    let rest = std::str::from_utf8(stat.get(end + 1..)?).ok()?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    record.ptid = field(&fields, 1)?;
    record.pgid = field(&fields, 2)?;
    record.sid = field(&fields, 3)?;
    record.tty = field::<i64>(&fields, 4)? as u32;
    record.pfminor = field(&fields, 7)?;
    record.pfmajor = field(&fields, 9)?;
    Some(())
}

/// Ids, memory and capabilities.
fn read_status(root: &str, record: &mut ProcessRecord) -> Option<()> {
    // A name that is not UTF-8 must not hide its process.
    parse_status(&text(&format!("{root}/status")).ok()?, record)
}

fn parse_status(status: &str, record: &mut ProcessRecord) -> Option<()> {
    for line in status.lines() {
        let Some((key, rest)) = line.split_once(':') else { continue };
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let last = fields.len().saturating_sub(1);
        match key {
            "Uid" => record.uid = field(&fields, 1)?,
            "Gid" => record.gid = field(&fields, 1)?,
            "VmSize" => record.vmsize_kb = field(&fields, 0)?,
            "VmRSS" => record.vmrss_kb = field(&fields, 0)?,
            "VmSwap" => record.vmswap_kb = field(&fields, 0)?,
            "NSpid" => record.vtid = field(&fields, last)?,
            "NStgid" => record.vpid = field(&fields, last)?,
            "NSpgid" => record.vpgid = field(&fields, last)?,
            "CapInh" => record.cap_inheritable = u64::from_str_radix(fields.first()?, 16).ok()?,
            "CapPrm" => record.cap_permitted = u64::from_str_radix(fields.first()?, 16).ok()?,
            "CapEff" => record.cap_effective = u64::from_str_radix(fields.first()?, 16).ok()?,
            _ => {}
        }
    }
    Some(())
}

/// Inode, times and kind of the executable.
fn read_executable(root: &str, record: &mut ProcessRecord) {
    record.exe_from_memfd = record.exepath.starts_with(b"/memfd:");
    let Ok(file) = fs::metadata(format!("{root}/exe")) else { return };
    record.exe_ino = file.ino();
    record.exe_ino_ctime = nanoseconds(file.ctime(), file.ctime_nsec());
    record.exe_ino_mtime = nanoseconds(file.mtime(), file.mtime_nsec());
    const WRITABLE_BY_OTHERS: u32 = 0o002;
    const CAP_DAC_OVERRIDE: u64 = 1 << 1;
    record.exe_writable = file.uid() == record.uid
        || file.mode() & WRITABLE_BY_OTHERS != 0
        || record.cap_effective & CAP_DAC_OVERRIDE != 0;
}

fn nanoseconds(seconds: i64, rest: i64) -> u64 {
    u64::try_from(seconds).unwrap_or(0).wrapping_mul(1_000_000_000).wrapping_add(rest as u64)
}

/// `subsystem=path` with a NUL each. The single hierarchy of version 2 stands for every subsystem that has none of its own.
fn cgroups(text: &str) -> Vec<u8> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    let mut unified = None;
    for line in text.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(names), Some(path)) = (parts.next(), parts.next()) else { continue };
        match names {
            "" => unified = Some(path),
            names if names.starts_with("name=") => {}
            names => {
                found.extend(names.split(',').map(|name| (if name == "blkio" { "io" } else { name }, path)))
            }
        }
    }
    if let Some(path) = unified {
        for name in ["cpuset", "cpu", "cpuacct", "io", "memory"] {
            if !found.iter().any(|(known, _)| *known == name) {
                found.push((name, path));
            }
        }
    }
    found.iter().flat_map(|(name, path)| format!("{name}={path}\0").into_bytes()).collect()
}

/// The soft limit of open fds.
fn fd_limit(limits: &str) -> i64 {
    limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files")?.split_ascii_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

/// A path without the kernel's mark for unlinked files.
fn without_mark(path: Vec<u8>) -> Vec<u8> {
    path.strip_suffix(b" (deleted)").map(<[u8]>::to_vec).unwrap_or(path)
}

/// At most as many bytes as a list may have, ending in a NUL.
fn cut(list: &[u8]) -> Vec<u8> {
    let mut list = list.get(..LIST).unwrap_or(list).to_vec();
    if let Some(last) = list.last_mut() {
        *last = 0;
    }
    list
}

fn field<T: FromStr>(fields: &[&str], index: usize) -> Option<T> {
    fields.get(index)?.parse().ok()
}

fn parsed<T: FromStr>(path: &str) -> Option<T> {
    text(path).ok()?.trim().parse().ok()
}

/// Any bytes as the text of each file of a process.
#[cfg(fuzzing)]
pub(super) fn any_text(bytes: &[u8]) {
    let (text, mut record) = (String::from_utf8_lossy(bytes), ProcessRecord::default());
    let _ = (parse_stat(bytes, &mut record), parse_status(&text, &mut record));
    fd_limit(&text);
    assert!(cgroups(&text).last().is_none_or(|last| *last == 0));
    assert!(cut(bytes).len() <= LIST && without_mark(bytes.to_vec()).len() <= bytes.len());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutation;

    #[test]
    fn cgroups_of_both_versions() {
        let check = |text: &str, expected: &str| {
            assert_eq!(cgroups(text), expected.replace(' ', "\0").into_bytes(), "{text}")
        };
        check("0::/a\n", "cpuset=/a cpu=/a cpuacct=/a io=/a memory=/a ");
        check(
            "9:memory:/m\n8:blkio:/\n7:cpu,cpuacct:/c\n1:name=systemd:/s\n0::/u\n",
            "memory=/m io=/ cpu=/c cpuacct=/c cpuset=/u ",
        );
        check("nonsense\n::\n", "cpuset= cpu= cpuacct= io= memory= ");
    }

    #[test]
    fn any_text_is_read() {
        let read = |name: &str| bytes(&format!("/proc/self/{name}"), SHORT).expect("the test runs");
        let samples = [read("stat"), read("status"), read("limits"), read("cgroup"), b"a,b::/\n".to_vec()];
        let samples: Vec<&[u8]> = samples.iter().map(Vec::as_slice).collect();
        let mut records = 0;
        mutation::of_bytes(&samples, 20_000, |found| {
            let mut record = ProcessRecord::default();
            records += usize::from(parse_stat(found, &mut record).is_some());
            let text = String::from_utf8_lossy(found);
            let _ = parse_status(&text, &mut record);
            assert!(fd_limit(&text) >= 0 || text.contains('-'), "{text}");
            assert!(cgroups(&text).last().is_none_or(|last| *last == 0), "{text}");
            assert!(cut(found).len() <= LIST && without_mark(found.to_vec()).len() <= found.len());
        });
        assert!(records > 100, "{records} texts were read");
    }

    #[test]
    fn this_process_is_read() {
        let pid = i64::from(std::process::id());
        let record = process(pid).expect("the test runs");
        assert_eq!((record.pid, record.tid), (pid, pid));
        assert!(!record.exepath.is_empty() && record.fdlimit > 0 && record.exe_ino != 0);
        assert!(process(i64::MAX).is_none());
    }

    #[test]
    fn a_name_of_any_bytes_hides_nothing() {
        let pid = i64::from(std::process::id());
        let found = std::thread::spawn(move || {
            // SAFETY: the name ends in a NUL; the thread is the test's own.
            let tid = unsafe {
                libc::prctl(libc::PR_SET_NAME, c"\xff):\n(".as_ptr());
                libc::gettid()
            };
            thread(&ProcessRecord { pid, ..ProcessRecord::default() }, i64::from(tid))
        });
        let record = found.join().expect("a thread").expect("the thread is found");
        assert_eq!(record.comm, b"\xff):\n(");
    }
}
