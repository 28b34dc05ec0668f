//! What existed when the capture started: process and fd lists become threads and fds, and once the first event is there, they
//! are linked with each other (reference state 1).

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tercel_format::record::{Account, FdDetail, FdList, FdRecord, ProcessRecord};

use super::fd::O_CLOEXEC;
use super::params::{are_cgroups, ended, without_deleted};
use super::socket_info::End;
use super::sockets::{both_mapped, endpoint_text, pair_text};
use super::table::ImageParts;
use super::{Capabilities, ExecFacts, Fd, FdKind, L4, Memory, Role, State, clone_flag};

/// How far the start of a capture has been taken in.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) enum Phase {
    /// Lists are coming in.
    #[default]
    Lists,
    /// Events that belong to the initial state are coming in.
    InitialEvents,
    /// The capture proper.
    Running,
}

/// Entries of the lists that are needed when the lists are complete.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Lists {
    /// Ports that sockets were bound to.
    pub(super) server_ports: BTreeSet<u16>,
    /// Users and groups, in the order of the list; they replace those of initial events.
    pub(super) accounts: Vec<Account>,
}

impl State {
    /// An entry of a process list (reference state 1.1, 1.2).
    pub(super) fn add_process(&mut self, record: &ProcessRecord) {
        let mut thread = self.threads.blank(record.tid);
        (thread.pid, thread.ptid) = (record.pid, record.ptid);
        (thread.sid, thread.vpgid, thread.pgid) = (record.sid, record.vpgid, record.pgid);
        (thread.vtid, thread.vpid) = (record.vtid, record.vpid);
        let main = thread.is_main();
        thread.flags |= record.flags | clone_flag::ACTIVE;
        (thread.uid, thread.gid, thread.loginuid) = (record.uid, record.gid, record.loginuid);
        (thread.tty, thread.fdlimit) = (record.tty, record.fdlimit);
        thread.image = self.threads.image(
            &thread.image,
            ImageParts {
                comm: &record.comm,
                exe: &record.exe,
                exepath: without_deleted(&record.exepath),
                real: b"",
                args: &ended(&record.args),
            },
        );
        (thread.exec, thread.caps, thread.memory) =
            (exec_facts(record), capabilities(record), memory(record));
        let cgroups = ended(&record.cgroups);
        if are_cgroups(&cgroups) {
            thread.cgroups = self.threads.text(&thread.cgroups, &cgroups);
        }
        thread.root = self.threads.text(&thread.root, &record.root);
        thread.pidns_init_start_ts = record.pidns_init_start_ts;
        if main {
            thread.env = self.threads.text(&thread.env, &ended(&record.env));
        }
        self.accounts.know(b"", record.uid, record.gid);
        if let Some(slot) = self.threads.add(thread, false)
            && main
        {
            self.change_directory(slot, &record.cwd);
        }
    }

    /// The fds of one process (reference state 1.3, 1.6 to 1.8).
    pub(super) fn add_fds(&mut self, list: &FdList) {
        let Some(slot) = self.threads.by_tid(list.tid) else { return };
        for record in &list.fds {
            let fd = listed(record);
            self.threads.grow(size_of::<Fd>() + fd.name.len());
            let port = fd.inet.filter(|_| matches!(fd.kind, FdKind::Ipv4Server | FdKind::Ipv6Server));
            let fds = Arc::make_mut(&mut self.threads.get_mut(slot).fds);
            if fds.insert(record.fd, Arc::new(fd))
                && let Some(inet) = port
            {
                self.lists.server_ports.insert(inet.dport);
            }
        }
    }

    /// The list of users and groups.
    pub(super) fn add_accounts(&mut self, list: &[Account]) {
        let texts = |account: &Account| match account {
            Account::User { name, home, shell, .. } => name.len() + home.len() + shell.len(),
            Account::Group { name, .. } => name.len(),
        };
        // Twice: as they arrive, and as they are kept.
        self.threads
            .grow(2 * list.iter().map(|account| size_of::<Account>() + texts(account)).sum::<usize>());
        self.lists.accounts = list.to_vec();
        if matches!(self.phase, Phase::Running) {
            self.import_accounts();
        }
    }

    /// The lists are complete: groups and parents (reference state 1.3).
    pub(super) fn finish_lists(&mut self) {
        let slots: Vec<_> = self.threads.iter().collect();
        for slot in slots {
            self.threads.link(slot);
            // A leader that is listed because threads of it live on.
            if self.threads.get(slot).is_dead()
                && let Some(group) = self.threads.group_mut(slot)
            {
                group.alive = group.alive.wrapping_sub(1);
            }
        }
        self.threads.descend_from_lists();
        self.phase = Phase::InitialEvents;
    }

    /// The capture proper begins: accounts, directions of sockets, containers (reference state 1.5, 1.6, 11.1).
    pub(super) fn finish_initial_events(&mut self) {
        self.phase = Phase::Running;
        self.import_accounts();
        let ports = std::mem::take(&mut self.lists.server_ports);
        let slots: Vec<_> = self.threads.iter().collect();
        for slot in slots {
            self.direct_sockets(slot, &ports);
            self.find_container(slot);
        }
    }

    fn import_accounts(&mut self) {
        for account in std::mem::take(&mut self.lists.accounts) {
            self.accounts.import(&account);
        }
    }

    /// Tells clients and servers among the listed IPv4 sockets by the ports that anything is bound to.
    fn direct_sockets(&mut self, slot: super::Slot, ports: &BTreeSet<u16>) {
        let thread = self.threads.get_mut(slot);
        let numbers: Vec<i64> =
            thread.fds.iter().filter(|(_, fd)| fd.kind == FdKind::Ipv4).map(|(number, _)| number).collect();
        if numbers.is_empty() {
            return;
        }
        let fds = Arc::make_mut(&mut thread.fds);
        for number in numbers {
            let Some(fd) = fds.get_mut(number) else { continue };
            if ports.contains(&fd.info.v4(End::Source).1) {
                fd.info.swap(FdKind::Ipv4);
                fd.role = Role::Server;
                name_pair(fd);
            } else {
                fd.role = Role::Client;
            }
        }
    }
}

fn exec_facts(record: &ProcessRecord) -> ExecFacts {
    ExecFacts {
        writable: record.exe_writable,
        upper_layer: record.exe_upper_layer,
        lower_layer: record.exe_lower_layer,
        from_memfd: record.exe_from_memfd,
        ino: record.exe_ino,
        ctime: record.exe_ino_ctime,
        mtime: record.exe_ino_mtime,
        ..ExecFacts::default()
    }
}

fn capabilities(record: &ProcessRecord) -> Capabilities {
    Capabilities {
        inheritable: record.cap_inheritable,
        permitted: record.cap_permitted,
        effective: record.cap_effective,
    }
}

fn memory(record: &ProcessRecord) -> Memory {
    Memory {
        vmsize_kb: record.vmsize_kb,
        vmrss_kb: record.vmrss_kb,
        vmswap_kb: record.vmswap_kb,
        pfmajor: record.pfmajor,
        pfminor: record.pfminor,
    }
}

/// Names a pair `address:port->address:port`, whatever its transport.
fn name_pair(fd: &mut Fd) {
    fd.show_addresses();
    if let Some(inet) = fd.inet {
        let mut name = Vec::new();
        pair_text(&mut name, (inet.sip, inet.sport), (inet.dip, inet.dport));
        fd.name = name.into();
    }
}

/// The entry of a listed fd.
fn listed(record: &FdRecord) -> Fd {
    let kind = FdKind::from_code(record.kind).unwrap_or(FdKind::Unsupported);
    let mut fd = match &record.detail {
        FdDetail::None => Fd::new(kind, Arc::default()),
        FdDetail::Name(name) => Fd::new(kind, name.as_slice().into()),
        FdDetail::File { flags, name, dev } => {
            let mut fd = Fd::new(kind, name.as_slice().into());
            (fd.open_flags, fd.dev) = (*flags, *dev);
            fd
        }
        FdDetail::Socket { sip, dip, sport, dport, l4 } => {
            listed_pair((*sip, *sport), (*dip, *dport), L4::from_code(*l4))
        }
        FdDetail::Server { ip, port, l4 } => listed_server(*ip, *port, L4::from_code(*l4)),
        FdDetail::Unix { source, destination, name } => {
            let mut fd = Fd::new(FdKind::Unix, name.as_slice().into());
            fd.info.set_unix(*source, *destination);
            fd.show_addresses();
            fd.role = if name.is_empty() { Role::Client } else { Role::Server };
            fd
        }
    };
    fd.ino = record.ino;
    if Fd::is_made_to_close(kind) {
        fd.open_flags |= O_CLOEXEC;
    }
    fd
}

fn listed_pair(source: (IpAddr, u16), destination: (IpAddr, u16), l4: L4) -> Fd {
    let mut fd = Fd::new(FdKind::Ipv4, Arc::default());
    let ends = match (source.0, destination.0) {
        (IpAddr::V6(sip), IpAddr::V6(dip)) => match both_mapped(sip, dip) {
            Some(ends) => Some(ends),
            None => {
                fd.kind = FdKind::Ipv6;
                fd.info.set_v6_ip(End::Source, sip);
                fd.info.set_v6_ip(End::Destination, dip);
                fd.info.set_v6_port(End::Source, source.1);
                fd.info.set_v6_port(End::Destination, destination.1);
                None
            }
        },
        (IpAddr::V4(sip), IpAddr::V4(dip)) => Some((sip, dip)),
        // A record has both addresses of one version.
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => None,
    };
    if let Some((sip, dip)) = ends {
        fd.info.set_v4_ip(End::Source, sip);
        fd.info.set_v4_ip(End::Destination, dip);
        fd.info.set_v4_port(End::Source, source.1);
        fd.info.set_v4_port(End::Destination, destination.1);
    }
    let kind = fd.kind;
    fd.info.set_l4(kind, l4);
    fd.flags.connected = l4 == L4::Tcp;
    name_pair(&mut fd);
    fd
}

fn listed_server(ip: IpAddr, port: u16, l4: L4) -> Fd {
    let mut name = Vec::new();
    endpoint_text(&mut name, ip, port);
    let mut fd = Fd::new(FdKind::Ipv4Server, name.into());
    match ip {
        IpAddr::V4(ip) => fd.info.set_v4_server(ip, port),
        IpAddr::V6(ip) => {
            fd.kind = FdKind::Ipv6Server;
            fd.info.set_v6_server(ip, port);
        }
    }
    let kind = fd.kind;
    fd.info.set_l4(kind, l4);
    fd.show_addresses();
    fd
}
