//! clone, fork, vfork and clone3: how threads come into the table, from the parent's or the child's return, whichever arrives
//! first (reference state 4).

use std::sync::Arc;

use tercel_format::Event;
use tercel_format::catalogue::code;

use super::params::{are_cgroups, given, strings, text, without_deleted};
use super::table::ImageParts;
use super::{ExecFacts, Facts, Memory, Slot, State, Thread, clone_flag};

/// Boot time that starts of pid namespaces are counted from. Falco 0.44.1 adds the host's boot time only to live events: when it
/// reads a capture the machine info of the capture is not the one that its parsers look at, so that alerts show times
/// since boot. The corpus shows it (`container.start_ts`), against reference state 4.7 and 4.12.
const BOOT_TS: u64 = 0;

/// An entry that is older than this, in nanoseconds, belongs to a thread whose exit was lost.
pub(super) const STALE: u64 = 2_000_000_000;

impl State {
    /// The return of a clone in the parent (positive result) or in the child (0).
    pub(super) fn on_clone(&mut self, event: &Event<'_>, facts: &mut Facts) {
        match event.return_value() {
            Some(0) => self.on_clone_in_child(event, facts),
            Some(child) if child > 0 => self.on_clone_in_parent(event, facts, child),
            Some(_) | None => {}
        }
    }

    fn on_clone_in_parent(&mut self, event: &Event<'_>, facts: &mut Facts, child: i64) {
        facts.thread = self.threads.get_or_make(event.tid);
        let Some(caller) = facts.thread else { return };
        let valid = !self.threads.get(caller).is_invalid();
        if !valid {
            self.complete_caller(event, caller);
        }
        let flags = event.u32(15).unwrap_or(0);
        if self.leaves_child_to_itself(event, caller, flags, child) {
            if flags & clone_flag::PARENT != 0 && flags & clone_flag::THREAD == 0 {
                self.note_maker(event, caller, child);
            }
            return;
        }
        let mut collision = false;
        if let Some(existing) = self.threads.by_tid(child) {
            if self.threads.get(existing).flags & clone_flag::INVERTED != 0 {
                return;
            }
            self.threads.remove(child);
            collision = true;
            // The removal may have taken the caller's entry along; without it there is nothing to inherit from.
            if self.threads.by_tid(event.tid) != Some(caller) {
                facts.thread = self.threads.by_tid(event.tid);
                return;
            }
        }
        let mut thread = self.threads.blank(child);
        thread.flags = flags;
        if flags & clone_flag::THREAD == 0 {
            if valid {
                self.inherit_process(&mut thread, caller);
            }
            thread.pid = child;
            thread.ptid = self.threads.get(caller).tid;
        } else {
            let caller = self.threads.get(caller);
            (thread.pid, thread.ptid) = (caller.pid, caller.ptid);
            thread.flags |= clone_flag::FILES;
            thread.lastexec_ts = caller.lastexec_ts;
        }
        (thread.vtid, thread.vpid) = (thread.tid, thread.pid);
        thread.pidns_init_start_ts = BOOT_TS;
        if valid {
            self.inherit_execution(&mut thread, caller);
        }
        self.take_clone_params(event, &mut thread, caller, valid);
        if !valid {
            self.threads.get_mut(caller).image = self.caller_image(&thread, caller);
        }
        self.threads.descend(&mut thread, caller);
        self.threads.add(thread, true);
        if collision {
            facts.thread = self.threads.by_tid(event.tid);
        }
    }

    /// Completes an entry that was made up for the caller from the event (reference state 4.3).
    fn complete_caller(&mut self, event: &Event<'_>, caller: Slot) {
        let thread = self.threads.get_mut(caller);
        thread.pid = event.int(4).unwrap_or(-1);
        thread.ptid = event.int(5).unwrap_or(-1);
        if given(event, 19) {
            thread.vtid = event.int(18).unwrap_or(-1);
            thread.vpid = event.int(19).unwrap_or(-1);
        } else {
            (thread.vtid, thread.vpid) = (thread.tid, -1);
        }
        self.threads.link(caller);
        self.threads.descend_late(caller);
    }

    /// Whether the child is left to its own event (reference state 4.4).
    fn leaves_child_to_itself(&self, event: &Event<'_>, caller: Slot, flags: u32, child: i64) -> bool {
        let namespaced = clone_flag::CHILD_IN_PIDNS | clone_flag::NEWPID | clone_flag::PARENT;
        flags & namespaced != 0
            || event.tid != self.threads.get(caller).vtid
            || flags & clone_flag::VFORK != 0
            || event.code() == code::SYSCALL_VFORK_20_X
            || self.exits.contains(child, event.tid, event.ts)
    }

    fn on_clone_in_child(&mut self, event: &Event<'_>, facts: &mut Facts) {
        if let Some(slot) = facts.thread
            && self.threads.get(slot).clone_ts != 0
        {
            if event.ts.wrapping_sub(self.threads.get(slot).clone_ts) < STALE {
                return;
            }
            self.threads.remove(event.tid);
            facts.thread = None;
        }
        let mut thread = self.threads.blank(event.tid);
        thread.pid = event.int(4).unwrap_or(-1);
        thread.ptid = event.int(5).unwrap_or(-1);
        if given(event, 19) {
            thread.vtid = event.int(18).unwrap_or(-1);
            thread.vpid = event.int(19).unwrap_or(-1);
        } else {
            (thread.vtid, thread.vpid) = (thread.tid, -1);
        }
        thread.flags = event.u32(15).unwrap_or(0) | clone_flag::INVERTED;
        let leads = thread.flags & clone_flag::THREAD == 0;
        if !leads {
            thread.flags |= clone_flag::FILES;
        }
        let Some(source) = self.threads.get_or_make(if leads { thread.ptid } else { thread.pid }) else {
            facts.thread = None;
            return;
        };
        let valid = !self.threads.get(source).is_invalid();
        if !valid && !leads {
            let leader = self.threads.get_mut(source);
            (leader.pid, leader.ptid, leader.vpid, leader.vtid) =
                (thread.pid, thread.ptid, thread.vpid, thread.vpid);
            self.threads.link(source);
            self.threads.descend_late(source);
        }
        if valid {
            self.inherit_execution(&mut thread, source);
            if leads {
                self.inherit_process(&mut thread, source);
            } else {
                thread.lastexec_ts = self.threads.get(source).lastexec_ts;
            }
        }
        self.take_clone_params(event, &mut thread, source, valid);
        if !valid && !leads {
            self.threads.get_mut(source).image = self.caller_image(&thread, source);
        }
        thread.pidns_init_start_ts = self.namespace_start(event, &thread);
        self.threads.descend(&mut thread, source);
        let made_for_parent = thread.flags & clone_flag::PARENT != 0;
        facts.thread = self.threads.add(thread, true);
        if let Some(slot) = facts.thread.filter(|_| leads && made_for_parent) {
            self.find_maker(slot);
        }
    }

    /// Start of the child's pid namespace (reference state 4.12).
    fn namespace_start(&self, event: &Event<'_>, thread: &Thread) -> u64 {
        let namespaced = thread.flags & (clone_flag::CHILD_IN_PIDNS | clone_flag::NEWPID) != 0;
        if !namespaced && thread.tid == thread.vtid {
            BOOT_TS
        } else if let Some(start) = event.uint(20) {
            start.wrapping_add(BOOT_TS)
        } else {
            0
        }
    }

    /// What a new process has from the one that made it: fds, directory and environment.
    fn inherit_process(&self, thread: &mut Thread, source: Slot) {
        if let Some(owner) = self.threads.fd_owner(source) {
            thread.fds = self.threads.get(owner).fds.clone();
        }
        let leader = self.threads.leader(source).map(|leader| self.threads.get(leader));
        thread.cwd = leader.map_or_else(|| b"./".as_slice().into(), |leader| leader.cwd.clone());
        thread.env = self.threads.get(source).env.clone();
    }

    /// What a new thread has from a known parent or leader (reference state 4.8).
    fn inherit_execution(&self, thread: &mut Thread, source: Slot) {
        let source = self.threads.get(source);
        thread.exec = ExecFacts { ctime_duration_pidns: 0, ..source.exec };
        thread.root = source.root.clone();
        (thread.sid, thread.vpgid, thread.pgid) = (source.sid, source.vpgid, source.pgid);
        (thread.tty, thread.loginuid) = (source.tty, source.loginuid);
        thread.caps = source.caps;
    }

    /// The event's own facts about the new thread (reference state 4.2, 4.7). Texts equal to those of `source` are shared
    /// with it; its executable is taken over if it is known.
    fn take_clone_params(&mut self, event: &Event<'_>, thread: &mut Thread, source: Slot, valid: bool) {
        let exe = text(event, 1);
        let args = strings(event, 2);
        let comm = if given(event, 13) { text(event, 13) } else { exe };
        let like = self.threads.get(source).image.clone();
        let exepath = if valid { without_deleted(&like.exepath) } else { b"" };
        let real: &[u8] = if valid { &like.real } else { b"" };
        thread.image = self.threads.image(&like, ImageParts { comm, exe, exepath, real, args: &args });
        thread.fdlimit = event.int(7).unwrap_or(-1);
        if given(event, 12) {
            thread.memory = memory(event);
        }
        thread.uid = event.u32(16).unwrap_or(u32::MAX);
        thread.gid = event.u32(17).unwrap_or(u32::MAX);
        self.accounts.know(b"", thread.uid, thread.gid);
        let cgroups = strings(event, 14);
        if !cgroups.is_empty() && are_cgroups(&cgroups) {
            let of_source = self.threads.get(source).cgroups.clone();
            thread.cgroups = self.threads.text(&of_source, &cgroups);
        }
        thread.clone_ts = event.ts;
    }

    /// The image of an entry that was made up, once its child shows what both run.
    fn caller_image(&mut self, child: &Thread, caller: Slot) -> Arc<super::Image> {
        let own = self.threads.get(caller).image.clone();
        let parts = ImageParts { exepath: &own.exepath, real: &own.real, ..child.image.parts() };
        self.threads.image(&child.image, parts)
    }
}

/// Faults and memory, parameters 8 to 12 of clone and exec events.
pub(super) fn memory(event: &Event<'_>) -> Memory {
    Memory {
        pfmajor: event.uint(8).unwrap_or(0),
        pfminor: event.uint(9).unwrap_or(0),
        vmsize_kb: event.u32(10).unwrap_or(0),
        vmrss_kb: event.u32(11).unwrap_or(0),
        vmswap_kb: event.u32(12).unwrap_or(0),
    }
}
