//! The state as the start of a capture: a state enters, the blocks with which a section begins leave, so that a capture can
//! begin in the middle of another one. A state that was fed with them is the same.
//!
//! The lists say it to every reader of captures. They cannot say everything: when a process was cloned and what it executed
//! last, which side of a connection an IPv6 or unconnected socket is, paths as they were given, which exits are recent, and
//! directories of processes of which only that is known. A state block, which other readers skip, says all of it to
//! this version of the state engine.

use std::collections::HashSet;

use tercel_format::catalogue::code;
use tercel_format::record::{Account, FdDetail, FdList, FdRecord, ProcessRecord, Section, StateRecord};
use tercel_format::{Block, Event, Numbering};

use super::startup::Phase;
use super::{Fd, FdKind, Role, STATE_VERSION, Slot, State, Thread, container_json};

/// How many processes are listed in one block.
const PROCESSES: usize = 512;

/// The place in a capture where another one is to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResumePoint {
    /// How the events before it are numbered.
    pub numbering: Numbering,
    /// Time of the event after it.
    pub ts: u64,
}

impl State {
    /// Hands over the blocks of a section that begins with this state: a section header, lists, the state block, and one
    /// event per container. What follows are the events after `cut`.
    ///
    /// # Errors
    /// Those of `give`.
    pub fn export<E>(
        &self,
        cut: ResumePoint,
        give: &mut dyn FnMut(&Block<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut settled = self.clone();
        settled.start();
        // A state that is too large for its block is not stored; the numbers of events are.
        let state = settled.snapshot().unwrap_or_default();
        // What the last event ended goes with the next one; the lists are to be without it.
        settled.finish_previous(cut.ts);
        give(&Block::Section(Section { major: 1, minor: 2 }))?;
        give(&Block::Machine(self.machine.clone()))?;
        give(&Block::Interfaces(self.interfaces.list.clone()))?;
        give(&Block::Accounts(settled.account_list()))?;
        settled.export_threads(give)?;
        let (sections, counted) = (cut.numbering.sections, cut.numbering.next() - 1);
        give(&Block::State(StateRecord { sections, counted, state }))?;
        settled.export_containers(cut.ts, give)
    }

    /// Takes in a state block; one of another version, or one that contradicts itself, leaves the state of the lists.
    pub(super) fn resume(&mut self, record: &StateRecord) {
        if let Ok(state) = State::restore(&record.state) {
            let limit = self.budget.limit;
            *self = state;
            self.limit_memory(limit);
        }
    }

    /// Whether a state block can be used here.
    pub fn knows(record: &StateRecord) -> bool {
        record.state.first_chunk::<4>().is_some_and(|version| u32::from_le_bytes(*version) == STATE_VERSION)
    }

    /// Puts lists to use that still wait for the first event.
    pub(super) fn start(&mut self) {
        match self.phase {
            Phase::Running => return,
            Phase::InitialEvents => {}
            Phase::Lists => self.finish_lists(),
        }
        self.finish_initial_events();
    }

    fn account_list(&self) -> Vec<Account> {
        let mut users: Vec<_> = self.accounts.users.values().collect();
        users.sort_unstable_by_key(|user| user.uid);
        let mut groups: Vec<_> = self.accounts.groups.values().collect();
        groups.sort_unstable_by_key(|group| group.gid);
        let users = users.into_iter().map(|user| Account::User {
            uid: user.uid,
            gid: user.gid,
            name: user.name.to_vec(),
            home: user.home.to_vec(),
            shell: user.shell.to_vec(),
        });
        let groups =
            groups.into_iter().map(|group| Account::Group { gid: group.gid, name: group.name.to_vec() });
        users.chain(groups).collect()
    }

    /// Processes, oldest first as children are linked in that order, and then their fds.
    fn export_threads<E>(&self, give: &mut dyn FnMut(&Block<'_>) -> Result<(), E>) -> Result<(), E> {
        let mut slots: Vec<Slot> = self.threads.iter().collect();
        slots.sort_unstable_by_key(|slot| {
            let thread = self.threads.get(*slot);
            (thread.clone_ts, thread.tid)
        });
        for part in slots.chunks(PROCESSES) {
            let records = part.iter().map(|slot| process(self.threads.get(*slot))).collect();
            give(&Block::Processes(records))?;
        }
        let ports = self.server_ports(&slots);
        for slot in slots {
            let thread = self.threads.get(slot);
            if !thread.fds.is_empty() {
                let fds = thread.fds.iter().map(|(number, fd)| listed(number, fd, &ports)).collect();
                give(&Block::Fds(FdList { tid: thread.tid, fds }))?;
            }
        }
        Ok(())
    }

    /// Ports that sockets are bound to, which the directions of listed sockets follow from (reference state 1.6).
    fn server_ports(&self, slots: &[Slot]) -> HashSet<u16> {
        let fds = slots.iter().flat_map(|slot| self.threads.get(*slot).fds.iter());
        let bound = fds.filter(|(_, fd)| matches!(fd.kind, FdKind::Ipv4Server | FdKind::Ipv6Server));
        bound.filter_map(|(_, fd)| fd.inet).map(|inet| inet.dport).collect()
    }

    fn export_containers<E>(
        &self,
        ts: u64,
        give: &mut dyn FnMut(&Block<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        // The host needs no event.
        for container in self.containers.by_id.iter().filter(|(id, _)| !id.is_empty()).map(|(_, one)| one) {
            let text = container_json::text(container);
            let data = [&[0; 4][..], b"container\0", &text, b"\0"].concat();
            let sizes = [4, b"container\0".len() as u32, text.len() as u32 + 1];
            let lengths: Vec<u8> = sizes.iter().flat_map(|size| size.to_le_bytes()).collect();
            if let Some(mut event) = Event::new(code::ASYNCEVENT_E, &lengths, &data) {
                (event.ts, event.tid, event.initial) = (ts, -1, true);
                give(&Block::Event(event))?;
            }
        }
        Ok(())
    }
}

fn process(thread: &Thread) -> ProcessRecord {
    ProcessRecord {
        tid: thread.tid,
        pid: thread.pid,
        ptid: thread.ptid,
        sid: thread.sid,
        vpgid: thread.vpgid,
        pgid: thread.pgid,
        comm: thread.image.comm.to_vec(),
        exe: thread.image.exe.to_vec(),
        exepath: thread.image.exepath.to_vec(),
        args: thread.image.args.to_vec(),
        cwd: thread.cwd.to_vec(),
        fdlimit: thread.fdlimit,
        flags: thread.flags,
        uid: thread.uid,
        gid: thread.gid,
        vmsize_kb: thread.memory.vmsize_kb,
        vmrss_kb: thread.memory.vmrss_kb,
        vmswap_kb: thread.memory.vmswap_kb,
        pfmajor: thread.memory.pfmajor,
        pfminor: thread.memory.pfminor,
        env: thread.env.to_vec(),
        vtid: thread.vtid,
        vpid: thread.vpid,
        cgroups: thread.cgroups.to_vec(),
        root: thread.root.to_vec(),
        pidns_init_start_ts: thread.pidns_init_start_ts,
        tty: thread.tty,
        loginuid: thread.loginuid,
        cap_inheritable: thread.caps.inheritable,
        cap_permitted: thread.caps.permitted,
        cap_effective: thread.caps.effective,
        exe_writable: thread.exec.writable,
        exe_upper_layer: thread.exec.upper_layer,
        exe_lower_layer: thread.exec.lower_layer,
        exe_from_memfd: thread.exec.from_memfd,
        exe_ino: thread.exec.ino,
        exe_ino_ctime: thread.exec.ctime,
        exe_ino_mtime: thread.exec.mtime,
    }
}

fn listed(number: i64, fd: &Fd, ports: &HashSet<u16>) -> FdRecord {
    let name = fd.name.to_vec();
    let detail = match (fd.kind, fd.inet) {
        (FdKind::Ipv4 | FdKind::Ipv6, Some(inet)) => {
            // Entries start with the client, lists with the local end; a reader of the list swaps only bound ones.
            let turned = fd.kind == FdKind::Ipv4 && fd.role == Role::Server && ports.contains(&inet.dport);
            let (source, destination) = ((inet.sip, inet.sport), (inet.dip, inet.dport));
            let (local, remote) = if turned { (destination, source) } else { (source, destination) };
            FdDetail::Socket {
                sip: local.0,
                dip: remote.0,
                sport: local.1,
                dport: remote.1,
                l4: inet.l4.code(),
            }
        }
        (FdKind::Ipv4Server | FdKind::Ipv6Server, Some(inet)) => {
            FdDetail::Server { ip: inet.dip, port: inet.dport, l4: inet.l4.code() }
        }
        (FdKind::Unix, _) => {
            let (source, destination) = fd.unix.unwrap_or_default();
            FdDetail::Unix { source, destination, name }
        }
        (FdKind::FileV2, _) => FdDetail::File { flags: fd.open_flags, name, dev: fd.dev },
        (FdKind::Unknown, _) => FdDetail::None,
        _ => FdDetail::Name(name),
    };
    FdRecord { fd: number, ino: fd.ino, kind: fd.kind.code(), detail }
}
