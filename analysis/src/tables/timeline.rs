//! The story: what processes did that changes something or reaches further, in order of time.

use std::collections::HashSet;
use std::mem::size_of;
use std::net::IpAddr;
use std::sync::LazyLock;

use tercel_format::catalogue::code;
use tercel_replay::Settings;
use tercel_replay::fields::{FdClass, Scratch, SocketRole, render_text};
use tercel_replay::state::Text;
use tercel_rules::output::Template;
use tercel_rules::program::Operand;

use super::catalogue::{ColumnInfo, Order, TableInfo, column, joined, row_bytes};
use super::cell::{Cell, ColumnType as T};
use super::collector::{Collector, Row};
use super::dns::Names;
use super::process_id::{EVENT, LABEL, Label, ProcessId, command_line};
use super::seen::Seen;

/// The table of what happened.
pub(super) const TIMELINE: TableInfo = TableInfo {
    name: "timeline",
    meaning: "Alerts, executions, changes of rights, first connections, changes of files of the system, ends by signals, in order of time",
    order: Order::Ascending("time"),
    columns: &COLUMNS,
};

const COLUMNS: [ColumnInfo; 9] = joined(&[
    &EVENT,
    &[column(
        "kind",
        T::Text,
        "alert, execution, rights, connection, listener, file, kernel, container or signal",
    )],
    &LABEL,
    &[column("what", T::Text, "The command line, the connection, the call with its arguments")],
]);

/// Directories whose files belong to the system; also every `.ssh` of a user.
const SYSTEM: [&[u8]; 11] = [
    b"/etc/",
    b"/usr/",
    b"/bin/",
    b"/sbin/",
    b"/lib/",
    b"/lib64/",
    b"/boot/",
    b"/root/",
    b"/var/spool/cron/",
    b"/opt/",
    b"/sys/",
];

/// Calls about rights and namespaces that have no event of their own to be told by.
const RIGHTS: [&str; 4] = ["setns", "unshare", "chroot", "pivot_root"];

/// Calls that change the kernel or what is mounted.
const KERNEL: [&str; 8] = [
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "mount",
    "umount",
    "umount2",
];

/// The arguments of an event as text.
pub(super) static ARGUMENTS: LazyLock<Option<Operand>> = LazyLock::new(|| {
    let template = Template::parse("%evt.args").ok()?;
    template.fields.into_iter().next().map(|(_, operand)| operand)
});

/// What has a line only once.
type Once = (ProcessId, &'static str, Text);

/// A line of the story.
#[derive(Debug)]
struct Line {
    time: u64,
    number: u64,
    kind: &'static str,
    label: Label,
    what: Text,
    /// Whom a connection goes to; its name is shown if it is known.
    address: Option<IpAddr>,
    /// Where only the first of its kind counts.
    is_first: bool,
}

/// Collects the story.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    lines: Vec<Line>,
    told: HashSet<Once>,
    bytes: usize,
}

impl Timeline {
    fn tell(&mut self, seen: &Seen<'_>, kind: &'static str, what: Text, is_first: bool) {
        self.tell_of(seen, kind, what, None, is_first);
    }

    fn tell_of(
        &mut self,
        seen: &Seen<'_>,
        kind: &'static str,
        what: Text,
        address: Option<IpAddr>,
        is_first: bool,
    ) {
        let Some(label) = seen.label() else { return };
        if is_first && !self.told.insert((label.id, kind, what.clone())) {
            return;
        }
        self.bytes += size_of::<Line>() + row_bytes(&TIMELINE) + what.len();
        let number = seen.context.event.num;
        self.lines.push(Line { time: seen.ts(), number, kind, label, what, address, is_first });
    }

    fn path(&mut self, seen: &Seen<'_>, parameter: &str, verb: &str) {
        let mut path = Vec::new();
        if seen.context.path_parameter(parameter, &mut path) && is_of_system(&path) {
            self.tell(seen, "file", [verb.as_bytes(), b" ", &path].concat().into(), true);
        }
    }

    /// A call with its arguments.
    fn call(&mut self, seen: &Seen<'_>, kind: &'static str) {
        let mut what = seen.context.type_name().as_bytes().to_vec();
        if let Some(operand) = &*ARGUMENTS {
            what.push(b' ');
            render_text(&seen.context, operand, &mut what, &mut Scratch::new(Settings::default()));
        }
        self.tell(seen, kind, what.trim_ascii().into(), false);
    }

    fn opened(&mut self, seen: &Seen<'_>) {
        const WRITES: u32 = 1 << 1;
        if let Some(fd) = seen.fd()
            && fd.class() == FdClass::File
            && fd.open_flags & WRITES != 0
            && is_of_system(&fd.name)
        {
            self.tell(seen, "file", [b"write ", &*fd.name].concat().into(), true);
        }
    }

    fn connected(&mut self, seen: &Seen<'_>) {
        let Some(socket) = seen.fd().and_then(|fd| fd.socket()) else { return };
        let Some((address, port)) = socket.remote else { return };
        let (words, port) = match socket.role {
            SocketRole::Server => ("from", String::new()),
            _ => ("to", format!(":{port}")),
        };
        let shown = if address.is_ipv6() { format!("[{address}]") } else { address.to_string() };
        let what = format!("{} {words} {shown}{port}", socket.protocol);
        self.tell_of(seen, "connection", what.trim().as_bytes().into(), Some(address), true);
    }

    /// A tracer calls once per step; that it traces a process counts.
    fn traces(&mut self, seen: &Seen<'_>) {
        let event = seen.context.event;
        let traced =
            event.info.params.iter().position(|param| param.name == "pid").and_then(|index| event.int(index));
        let what = match traced {
            None => "ptrace".to_owned(),
            Some(0) => "ptrace asks to be traced".to_owned(),
            Some(pid) => format!("ptrace of {pid}"),
        };
        self.tell(seen, "rights", what.into_bytes().into(), true);
    }

    fn listens(&mut self, seen: &Seen<'_>) {
        if let Some(socket) = seen.fd().and_then(|fd| fd.socket())
            && let Some((address, port)) = socket.local
        {
            let what = format!("{} {address} port {port}", socket.protocol);
            self.tell(seen, "listener", what.trim().as_bytes().into(), true);
        }
    }
}

/// Whether a path is one of the system.
fn is_of_system(path: &[u8]) -> bool {
    SYSTEM.iter().any(|directory| path.starts_with(directory))
        || memchr::memmem::find(path, b"/.ssh/").is_some()
}

impl Collector for Timeline {
    fn event(&mut self, seen: &Seen<'_>) {
        for raised in seen.alerts {
            let head = format!("{} {}: ", raised.priority.name(), String::from_utf8_lossy(&raised.rule));
            self.tell(seen, "alert", [head.as_bytes(), &raised.message].concat().into(), false);
        }
        if let Some(container) = &seen.context.facts.container
            && container.id != b"host"
        {
            let what = [&container.id[..], b" ", &container.name, b" ", &container.image].concat();
            return self.tell(seen, "container", what.into(), true);
        }
        let event = seen.context.event;
        // A connection that is under way is one.
        if event.code() == code::SOCKET_CONNECT_X && seen.error.is_none_or(|error| error == "EINPROGRESS") {
            return self.connected(seen);
        }
        if seen.error.is_some() {
            return;
        }
        match event.code() {
            _ if seen.executes() => {
                if let Some((_, _, leader)) = seen.process {
                    self.tell(seen, "execution", command_line(leader), false);
                }
            }
            _ if seen.context.is_open() => self.opened(seen),
            code::SOCKET_ACCEPT_5_X | code::SOCKET_ACCEPT4_6_X => self.connected(seen),
            code::SOCKET_LISTEN_X => self.listens(seen),
            code::SYSCALL_SETUID_X | code::SYSCALL_SETREUID_X | code::SYSCALL_SETRESUID_X => {
                self.call(seen, "rights")
            }
            code::SYSCALL_CHMOD_X | code::SYSCALL_FCHMOD_X | code::SYSCALL_FCHMODAT_X => {
                self.call(seen, "rights")
            }
            code::SYSCALL_PTRACE_X => self.traces(seen),
            code::SYSCALL_UNLINK_2_X => self.path(seen, "path", "delete"),
            code::SYSCALL_UNLINKAT_2_X => self.path(seen, "name", "delete"),
            code::SYSCALL_RENAME_X | code::SYSCALL_RENAMEAT_X | code::SYSCALL_RENAMEAT2_X => {
                self.path(seen, "oldpath", "rename");
                self.path(seen, "newpath", "rename to");
            }
            code::SYSCALL_SYMLINK_X | code::SYSCALL_SYMLINKAT_X => self.path(seen, "linkpath", "link"),
            code::SYSCALL_LINK_2_X | code::SYSCALL_LINKAT_2_X => self.path(seen, "newpath", "link"),
            code::PROCEXIT_1_E => {
                if let Some(signal) = event.int(2).filter(|signal| *signal != 0) {
                    self.tell(seen, "signal", format!("ended by signal {signal}").into_bytes().into(), true);
                }
            }
            _ => {
                let name = seen.context.type_name();
                if RIGHTS.contains(&name) {
                    self.call(seen, "rights");
                } else if KERNEL.contains(&name) {
                    self.call(seen, "kernel");
                }
            }
        }
    }

    fn merge(&mut self, later: Timeline) {
        for line in later.lines {
            if line.is_first && !self.told.insert((line.label.id, line.kind, line.what.clone())) {
                continue;
            }
            self.bytes += size_of::<Line>() + row_bytes(&TIMELINE) + line.what.len();
            self.lines.push(line);
        }
    }

    fn rows(self, names: &Names) -> Vec<Row> {
        let row = |line: Line| {
            let [pid, start, name, container, process] = line.label.cells();
            let what = match line.address.map(|address| names.of(&Cell::Address(address))) {
                Some(Cell::Text(name)) => Cell::Text([&*line.what, b" (", &*name, b")"].concat().into()),
                _ => Cell::text(&line.what),
            };
            vec![
                Cell::Time(line.time),
                Cell::Uint(line.number),
                Cell::word(line.kind),
                pid,
                start,
                name,
                container,
                process,
                what,
            ]
        };
        self.lines.into_iter().map(row).collect()
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}
