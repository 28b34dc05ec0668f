//! What a thread does to itself: users and groups, capabilities, session, root, directory, limits, memory, and its exit
//! (reference state 6, 7.4).

use tercel_format::Event;
use tercel_format::catalogue::code;

use super::params::{given, text};
use super::text::sanitize;
use super::{Capabilities, Facts, Slot, State, clone_flag, path};

/// `RLIMIT_NOFILE`.
const NOFILE: u64 = 7;
/// `PR_SET_CHILD_SUBREAPER` and `PR_GET_CHILD_SUBREAPER`.
const SUBREAPER: [u64; 2] = [36, 37];
/// Every capability that the reference knows: 41.
const ALL_CAPABILITIES: u64 = (1 << 41) - 1;

/// Whether a call answered 0.
fn succeeded(event: &Event<'_>) -> bool {
    event.return_value() == Some(0)
}

/// Whether a call did not fail.
fn did_not_fail(event: &Event<'_>) -> bool {
    event.return_value().is_some_and(|res| res >= 0)
}

/// The codes of calls that say how much memory a thread has, as a pattern.
macro_rules! memory_calls {
    () => {
        code::SYSCALL_BRK_4_X | code::SYSCALL_MMAP_X | code::SYSCALL_MMAP2_X | code::SYSCALL_MUNMAP_X
    };
}

pub(super) use memory_calls;

impl State {
    /// A thread exited; it is removed when the next event arrives (reference state 6.1).
    pub(super) fn on_exit(&mut self, event: &Event<'_>, facts: &Facts) {
        let Some(slot) = facts.thread else { return };
        self.threads.mark_dead(slot);
        self.exiting = Some(event.tid);
        let links = &mut self.threads.get_mut(slot).links;
        if links.listed_children == 0 {
            return;
        }
        if event.nparams() <= 4 {
            links.reaper_tid = -1;
        } else if given(event, 4) {
            links.reaper_tid = event.int(4).unwrap_or(-1);
        }
    }

    /// setuid, setreuid, setresuid; `param` is the effective user (reference state 6.7).
    pub(super) fn on_set_user(&mut self, event: &Event<'_>, facts: &Facts, param: usize) {
        let Some(slot) = facts.thread.filter(|_| succeeded(event)) else { return };
        if let Some(uid) = event.u32(param) {
            let thread = self.threads.get_mut(slot);
            thread.uid = uid;
            self.accounts.know(&thread.container, thread.uid, thread.gid);
        }
    }

    /// setgid, setregid, setresgid; `param` is the effective group.
    pub(super) fn on_set_group(&mut self, event: &Event<'_>, facts: &Facts, param: usize) {
        let Some(slot) = facts.thread.filter(|_| succeeded(event)) else { return };
        if let Some(gid) = event.u32(param) {
            let thread = self.threads.get_mut(slot);
            thread.gid = gid;
            self.accounts.know(&thread.container, thread.uid, thread.gid);
        }
    }

    /// capset.
    pub(super) fn on_capset(&mut self, event: &Event<'_>, facts: &Facts) {
        let Some(slot) = facts.thread.filter(|_| did_not_fail(event)) else { return };
        if let (Some(inheritable), Some(permitted), Some(effective)) =
            (event.uint(1), event.uint(2), event.uint(3))
        {
            self.threads.get_mut(slot).caps = Capabilities { inheritable, permitted, effective };
        }
    }

    /// unshare and setns: a new user namespace gives every capability (reference state 6.8).
    pub(super) fn on_namespaces(&mut self, event: &Event<'_>, facts: &Facts) {
        let Some(slot) = facts.thread.filter(|_| did_not_fail(event)) else { return };
        let param = if event.code() == code::SYSCALL_UNSHARE_X { 1 } else { 2 };
        if event.u32(param).unwrap_or(0) & clone_flag::NEWUSER != 0 {
            let all = ALL_CAPABILITIES;
            self.threads.get_mut(slot).caps =
                Capabilities { inheritable: all, permitted: all, effective: all };
        }
    }

    /// prctl: the process becomes a reaper of orphans, or stops being one (reference state 6.5).
    pub(super) fn on_prctl(&mut self, event: &Event<'_>, facts: &Facts) {
        let Some(slot) = facts.thread.filter(|_| did_not_fail(event)) else { return };
        let subreaper = event.uint(1).is_some_and(|option| SUBREAPER.contains(&option));
        if subreaper && !self.threads.get(slot).is_invalid() {
            let on = event.int(3).unwrap_or(0) != 0;
            if let Some(group) = self.threads.group_mut(slot) {
                group.reaper = on;
            }
        }
    }

    /// setsid (reference state 6.6).
    pub(super) fn on_setsid(&mut self, event: &Event<'_>, facts: &Facts) {
        if let (Some(slot), Some(res @ 0..)) = (facts.thread, event.return_value()) {
            let thread = self.threads.get_mut(slot);
            thread.sid = res;
            thread.open_session();
        }
    }

    /// chroot (reference state 6.9).
    pub(super) fn on_chroot(&mut self, event: &Event<'_>, facts: &Facts) {
        let Some(slot) = facts.thread.filter(|_| succeeded(event)) else { return };
        let given = text(event, 1);
        let mut joined = Vec::new();
        if given != b"<NA>" && !given.starts_with(b"/") {
            path::concatenate(&mut joined, self.threads.cwd(slot), given);
        } else {
            joined.extend_from_slice(given);
        }
        let mut root = Vec::new();
        sanitize(&mut root, &joined);
        self.threads.get_mut(slot).root = root.into();
    }

    /// getrlimit and setrlimit (reference state 6.10).
    pub(super) fn on_limit(&mut self, event: &Event<'_>, facts: &Facts) {
        let Some(slot) = facts.thread.filter(|_| did_not_fail(event)) else { return };
        if event.uint(3) == Some(NOFILE) {
            self.set_fd_limit(slot, event.int(1));
        }
    }

    /// prlimit, which may concern another process (reference state 6.10).
    pub(super) fn on_process_limit(&mut self, event: &Event<'_>) {
        if !succeeded(event) || event.uint(6) != Some(NOFILE) || event.int(1).is_none_or(|limit| limit == -1)
        {
            return;
        }
        let Some(pid) = event.int(5) else { return };
        if let Some(slot) = self.threads.get_or_make(if pid == 0 { event.tid } else { pid })
            && !self.threads.get(slot).is_invalid()
        {
            self.set_fd_limit(slot, event.int(1));
        }
    }

    fn set_fd_limit(&mut self, slot: Slot, limit: Option<i64>) {
        if let (Some(limit), Some(leader)) = (limit.filter(|limit| *limit != -1), self.threads.leader(slot)) {
            self.threads.get_mut(leader).fdlimit = limit;
        }
    }

    /// A context switch: faults of the thread, memory of the process (reference state 6.11), and the time since the switch
    /// before on the same CPU.
    pub(super) fn on_switch(&mut self, event: &Event<'_>, facts: &mut Facts) {
        let cpu = usize::from(event.cpu);
        if self.switches.len() <= cpu {
            self.switches.resize(cpu + 1, 0);
        }
        let last = std::mem::replace(&mut self.switches[cpu], event.ts);
        facts.slice = if last == 0 { 0 } else { event.ts.wrapping_sub(last) };
        let Some(slot) = facts.thread else { return };
        let thread = self.threads.get_mut(slot);
        thread.cpu_time = thread.cpu_time.wrapping_add(facts.slice);
        if !given(event, 5) {
            return;
        }
        thread.memory.pfmajor = event.uint(1).unwrap_or(0);
        thread.memory.pfminor = event.uint(2).unwrap_or(0);
        if let Some(leader) = self.threads.leader(slot) {
            let memory = &mut self.threads.get_mut(leader).memory;
            memory.vmsize_kb = event.u32(3).unwrap_or(0);
            memory.vmrss_kb = event.u32(4).unwrap_or(0);
            memory.vmswap_kb = event.u32(5).unwrap_or(0);
        }
    }

    /// A report of what a process uses, where it says more than its CPU time.
    pub(super) fn on_usage(&mut self, event: &Event<'_>, facts: &Facts) {
        let Some((slot, used)) = facts.thread.zip(event.extras().resources()) else { return };
        let memory = &mut self.threads.get_mut(slot).memory;
        (memory.pfmajor, memory.pfminor) = (used.major_faults, used.minor_faults);
        (memory.vmsize_kb, memory.vmrss_kb, memory.vmswap_kb) = (used.size_kb, used.rss_kb, used.swap_kb);
    }

    /// brk, mmap, mmap2 and munmap: memory of the thread (reference state 6.11).
    pub(super) fn on_memory(&mut self, event: &Event<'_>, facts: &Facts) {
        let Some(slot) = facts.thread else { return };
        let memory = &mut self.threads.get_mut(slot).memory;
        if let Some(size) = event.u32(1) {
            memory.vmsize_kb = size;
        }
        if let Some(swap) = event.u32(3) {
            memory.vmrss_kb = event.u32(2).unwrap_or(0);
            memory.vmswap_kb = swap;
        }
    }

    /// chdir and getcwd (reference state 7.4).
    pub(super) fn on_directory(&mut self, event: &Event<'_>, facts: &Facts) {
        if let Some(slot) = facts.thread.filter(|_| did_not_fail(event)) {
            self.change_directory(slot, text(event, 1));
        }
    }

    /// fchdir.
    pub(super) fn on_directory_fd(&mut self, event: &Event<'_>, facts: &Facts) {
        let Some(slot) = facts.thread.filter(|_| did_not_fail(event) && facts.has_fd) else { return };
        if let Some(name) = self.threads.fd(slot, facts.fd_num).map(|fd| fd.name.clone()) {
            self.change_directory(slot, &name);
        }
    }

    /// Joins a path to the thread's own directory and makes that the directory of its process.
    pub(super) fn change_directory(&mut self, slot: Slot, to: &[u8]) {
        let Some(leader) = self.threads.leader(slot) else { return };
        let mut cwd = Vec::new();
        path::concatenate(&mut cwd, &self.threads.get(slot).cwd, to);
        if cwd.last() != Some(&b'/') {
            cwd.push(b'/');
        }
        let old = self.threads.get(leader).cwd.clone();
        let new = self.threads.text(&old, &cwd);
        self.threads.get_mut(leader).cwd = new;
    }
}
