//! execve and execveat: a thread becomes another program (reference state 5).

use tercel_format::Event;
use tercel_format::catalogue::code;
use tercel_format::extras::kind;

use super::clone::memory;
use super::params::{are_cgroups, given, strings, text, without_deleted};
use super::table::ImageParts;
use super::{Facts, Slot, State, StoredEnter, clone_flag, path};

/// `AT_EMPTY_PATH` as events have it.
const EMPTY_PATH: u32 = 1;

impl State {
    /// A successful exec.
    pub(super) fn on_exec(&mut self, event: &Event<'_>, facts: &mut Facts, enter: Option<&StoredEnter>) {
        let Some(slot) = facts.thread.filter(|_| event.return_value().is_some_and(|res| res >= 0)) else {
            return;
        };
        self.threads.revive(slot);
        self.take_identity(event, slot);
        let exepath = self.exec_path(event, slot, enter);
        self.take_program(event, slot, exepath.as_deref());
        self.take_credentials(event, slot);
        self.take_file_facts(event, slot);
        if self.threads.fds(slot).is_some_and(|fds| fds.iter().any(|(_, fd)| fd.closes_on_exec()))
            && let Some(fds) = self.threads.fds_mut(slot)
        {
            fds.retain(|_, fd| !fd.closes_on_exec());
        }
        let kept =
            clone_flag::PIPE_SRC | clone_flag::PIPE_DST | clone_flag::IS_MAIN_THREAD | clone_flag::INVERTED;
        let thread = self.threads.get_mut(slot);
        thread.flags = thread.flags & kept | clone_flag::ACTIVE | clone_flag::NAME_CHANGED;
        thread.see_exec();
        self.end_other_threads(slot);
        facts.thread = self.threads.by_tid(event.tid);
    }

    fn take_program(&mut self, event: &Event<'_>, slot: Slot, exepath: Option<&[u8]>) {
        let exe = text(event, 1);
        let comm = if given(event, 13) { text(event, 13) } else { exe };
        let args = strings(event, 2);
        let like = self.threads.get(slot).image.clone();
        let exepath = exepath.map_or(&*like.exepath, without_deleted);
        let real = event.kernel_path(kind::EXE).or_else(|| event.kernel_path(kind::PATH));
        let real = real.filter(|real| *real != exepath).unwrap_or_default();
        let image = self.threads.image(&like, ImageParts { comm, exe, exepath, real, args: &args });
        let old = self.threads.get(slot);
        let (env, cgroups) = (old.env.clone(), old.cgroups.clone());
        let env = if given(event, 15) { self.threads.text(&env, &strings(event, 15)) } else { env };
        let told = strings(event, 14);
        let is_told = !told.is_empty() && are_cgroups(&told);
        let cgroups = if is_told { self.threads.text(&cgroups, &told) } else { cgroups };
        let thread = self.threads.get_mut(slot);
        thread.image = image;
        thread.lastexec_ts = event.ts;
        thread.fdlimit = event.int(7).unwrap_or(thread.fdlimit);
        if given(event, 12) {
            thread.memory = memory(event);
        }
        (thread.env, thread.cgroups) = (env, cgroups);
    }

    /// Process, and for an entry that was made up also the parent (reference state 5.2, 5.3).
    fn take_identity(&mut self, event: &Event<'_>, slot: Slot) {
        let thread = self.threads.get_mut(slot);
        thread.pid = event.int(4).unwrap_or(thread.pid);
        if thread.is_invalid() {
            thread.ptid = event.int(5).unwrap_or(-1);
            if thread.flags & clone_flag::CHILD_IN_PIDNS == 0 {
                (thread.vtid, thread.vpid) = (thread.tid, thread.pid);
            }
            self.threads.link(slot);
            self.threads.descend_late(slot);
        }
    }

    fn take_credentials(&mut self, event: &Event<'_>, slot: Slot) {
        let thread = self.threads.get_mut(slot);
        thread.tty = event.u32(16).unwrap_or(thread.tty);
        thread.vpgid = event.int(17).unwrap_or(thread.vpgid);
        thread.loginuid = event.u32(18).unwrap_or(thread.loginuid);
        if given(event, 22) {
            thread.caps.inheritable = event.uint(20).unwrap_or(0);
            thread.caps.permitted = event.uint(21).unwrap_or(0);
            thread.caps.effective = event.uint(22).unwrap_or(0);
        }
        thread.uid = event.u32(26).unwrap_or(thread.uid);
        thread.pgid = event.int(28).unwrap_or(-1);
        thread.gid = event.u32(29).unwrap_or(thread.gid);
        self.accounts.know(&thread.container, thread.uid, thread.gid);
    }

    /// Facts about the executable (reference state 5.7, 5.8).
    fn take_file_facts(&mut self, event: &Event<'_>, slot: Slot) {
        let thread = self.threads.get_mut(slot);
        let exec = &mut thread.exec;
        if let Some(flags) = event.u32(19) {
            exec.writable = flags & 1 != 0;
            exec.upper_layer = flags & 2 != 0;
            exec.from_memfd = flags & 4 != 0;
            exec.lower_layer = flags & 8 != 0;
        }
        if given(event, 25) {
            exec.ino = event.uint(23).unwrap_or(0);
            exec.ctime = event.uint(24).unwrap_or(0);
            exec.mtime = event.uint(25).unwrap_or(0);
            if thread.clone_ts != 0 {
                exec.ctime_duration_clone = thread.clone_ts.wrapping_sub(exec.ctime);
            }
            if thread.pidns_init_start_ts != 0 && exec.ctime > thread.pidns_init_start_ts {
                exec.ctime_duration_pidns = exec.ctime - thread.pidns_init_start_ts;
            }
        }
    }

    /// The path of the executable: the kernel's, else what the enter event allows to put together (reference state 5.5, 5.6).
    /// `None` leaves the path as it is.
    fn exec_path(&self, event: &Event<'_>, slot: Slot, enter: Option<&StoredEnter>) -> Option<Vec<u8>> {
        if given(event, 27) {
            return Some(text(event, 27).to_vec());
        }
        let enter = enter?;
        let unknown = b"<NA>";
        let mut out = Vec::new();
        match enter.code {
            code::SYSCALL_EXECVE_19_E => match enter.text(0) {
                b"<NA>" => out.extend_from_slice(unknown),
                filename => path::concatenate(&mut out, self.threads.cwd(slot), filename),
            },
            code::SYSCALL_EXECVEAT_E => {
                let pathname = enter.text(1);
                let empty_path = enter.u32(2).unwrap_or(0) & EMPTY_PATH != 0;
                let base = self.dirfd_base(Some(slot), enter.int(0).unwrap_or(-1), pathname);
                if (!empty_path && pathname == unknown) || *base == *b"<UNKNOWN>" {
                    out.extend_from_slice(unknown);
                } else if empty_path {
                    path::concatenate(&mut out, b"", &base);
                } else {
                    path::concatenate(&mut out, &base, pathname);
                }
            }
            _ => return None,
        }
        Some(out)
    }

    /// Removes the other threads of the group: an exec ends them (reference state 5.10).
    fn end_other_threads(&mut self, slot: Slot) {
        if self.threads.group(slot).is_none_or(|group| group.alive <= 1) {
            return;
        }
        let others: Vec<i64> = self
            .threads
            .members(slot)
            .filter(|member| *member != slot && !self.threads.get(*member).is_main())
            .map(|member| self.threads.get(member).tid)
            .collect();
        for tid in others {
            self.threads.remove(tid);
        }
    }
}
