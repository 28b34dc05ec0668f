//! The processes that a recording is limited to: the command line and the processes of the host enter, numbers of processes leave, or an
//! error if something on the command line means none of them.

use std::collections::BTreeSet;
use std::fs;

use tercel_capture::processes;
use tercel_format::record::ProcessRecord;
use tercel_rules::fields::nearest;

use crate::exit::Failure;
use crate::intent::{FollowFrom, Record};

/// The processes that the recording begins with; `None` if it is not limited to processes.
///
/// # Errors
/// A number or a name means no process.
pub(super) fn chosen(args: &Record) -> Result<Option<Vec<i64>>, Failure> {
    let has_command = !args.command.is_empty() && !args.all;
    if !has_command && args.pids.is_empty() && args.names.is_empty() {
        return Ok(None);
    }
    let mut pids =
        args.pids.iter().map(|pid| process_of(*pid)).collect::<Result<BTreeSet<i64>, Failure>>()?;
    if args.names.is_empty() && args.follow != FollowFrom::Session {
        return Ok(Some(pids.into_iter().collect()));
    }
    let own = i64::from(std::process::id());
    let host = processes();
    for name in &args.names {
        pids.extend(named(name, &host, own)?);
    }
    if args.follow == FollowFrom::Session {
        // The command will be in the recorder's session.
        let leads = pids.iter().copied().chain(has_command.then_some(own));
        pids.extend(same_sessions(&leads.collect(), &host));
        pids.remove(&own);
    }
    Ok(Some(pids.into_iter().collect()))
}

/// The process that a number means: its own number, or that of one of its threads.
fn process_of(pid: i64) -> Result<i64, Failure> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let group = status.lines().find_map(|line| line.strip_prefix("Tgid:")?.trim().parse().ok());
    group.ok_or_else(|| Failure::usage(format!("-p: no such process: {pid}")))
}

/// The base name of a program's path.
fn base(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or(path)
}

/// The processes of this name, or whose executable has it; without the recorder.
fn named(name: &str, host: &[ProcessRecord], own: i64) -> Result<Vec<i64>, Failure> {
    let others = || host.iter().filter(|process| process.pid != own);
    // A kernel thread has no executable.
    let has_name = |process: &&ProcessRecord| {
        let names = [&process.comm[..], base(&process.exepath)];
        !name.is_empty() && names.contains(&name.as_bytes())
    };
    let found: Vec<i64> = others().filter(has_name).map(|process| process.pid).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let names: Vec<String> = others()
        .flat_map(|process| [&process.comm[..], base(&process.exepath)])
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect();
    let near = nearest(name, names.iter().map(String::as_str))
        .map_or(String::new(), |name| format!("; did you mean '{name}'?"));
    Err(Failure::usage(format!("--name: no process '{name}' runs{near}")))
}

/// The processes of the sessions that some processes are in.
fn same_sessions(pids: &BTreeSet<i64>, host: &[ProcessRecord]) -> Vec<i64> {
    // 0: the session was made outside of this pid namespace.
    let sessions: BTreeSet<i64> = host
        .iter()
        .filter(|process| pids.contains(&process.pid) && process.sid > 0)
        .map(|process| process.sid)
        .collect();
    host.iter().filter(|process| sessions.contains(&process.sid)).map(|process| process.pid).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: i64, sid: i64, comm: &str, exepath: &str) -> ProcessRecord {
        let (comm, exepath) = (comm.into(), exepath.into());
        ProcessRecord { tid: pid, pid, sid, comm, exepath, ..ProcessRecord::default() }
    }

    fn host() -> Vec<ProcessRecord> {
        vec![
            process(1, 1, "systemd", "/usr/lib/systemd/systemd"),
            process(10, 10, "nginx", "/usr/sbin/nginx"),
            process(11, 10, "nginx: worker", "/usr/sbin/nginx"),
            process(12, 12, "nginx", "/opt/other"),
            process(20, 20, "bash", "/usr/bin/bash"),
            process(21, 20, "vi", "/usr/bin/vim.basic"),
            process(30, 20, "tercel", "/usr/bin/tercel"),
            process(40, 0, "kthreadd", ""),
        ]
    }

    #[test]
    fn names_are_those_of_processes_and_of_programs() {
        for (name, pids) in
            [("nginx", &[10, 11, 12][..]), ("vim.basic", &[21]), ("vi", &[21]), ("other", &[12])]
        {
            assert_eq!(named(name, &host(), 30).ok().as_deref(), Some(pids), "{name}");
        }
        for (name, message) in [
            ("ngnix", "--name: no process 'ngnix' runs; did you mean 'nginx'?"),
            ("tercel", "--name: no process 'tercel' runs"),
            ("no-such-program", "--name: no process 'no-such-program' runs"),
            ("", "--name: no process '' runs"),
        ] {
            let failure = named(name, &host(), 30).expect_err("no such process");
            assert_eq!(failure.message, message);
        }
    }

    #[test]
    fn sessions_are_those_of_the_processes() {
        assert_eq!(same_sessions(&[21].into(), &host()), [20, 21, 30]);
        assert_eq!(same_sessions(&[11, 1].into(), &host()), [1, 10, 11]);
        assert!(same_sessions(&[40, 99].into(), &host()).is_empty());
    }

    #[test]
    fn numbers_are_checked_and_threads_mean_their_process() {
        let own = i64::from(std::process::id());
        assert_eq!(process_of(own).ok(), Some(own));
        std::thread::spawn(move || {
            let thread = i64::from(rustix::thread::gettid().as_raw_nonzero().get());
            assert_ne!(thread, own);
            assert_eq!(process_of(thread).ok(), Some(own));
        })
        .join()
        .expect("the thread's checks hold");
        let failure = process_of(4_194_304_000).expect_err("no such process");
        assert_eq!(failure.message, "-p: no such process: 4194304000");
    }
}
