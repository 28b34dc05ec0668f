//! What people did: shells, the commands and directories below them, logins and changes of the user.

use std::collections::HashSet;
use std::mem::size_of;

use tercel_format::catalogue::code;
use tercel_replay::Settings;
use tercel_replay::fields::{Direction, Scratch, render_text};
use tercel_replay::state::{Slot, State, Text, Thread};

use super::catalogue::{ColumnInfo, Order, TableInfo, column, joined};
use super::cell::{Cell, ColumnType as T};
use super::collector::{Collector, Row};
use super::dns::Names;
use super::process_id::{EVENT, LABEL, Label, ProcessId, command_line, user};
use super::seen::Seen;
use super::timeline::ARGUMENTS;

/// The table of what people did.
pub(super) const USERS: TableInfo = TableInfo {
    name: "users",
    meaning: "Shells, commands and directories below them, logins, su and sudo, changes of the user, in order of time",
    order: Order::Ascending("time"),
    columns: &COLUMNS,
};

const COLUMNS: [ColumnInfo; 17] = joined(&[
    &EVENT,
    &[column(
        "kind",
        T::Text,
        "login, shell, command, directory, switch (su, sudo, …) or user (a change of the user id)",
    )],
    &LABEL,
    &[
        column("shell", T::Int, "The oldest shell above the process (proc.loginshellid)"),
        column("depth", T::Uint, "How many levels below that shell"),
        column("uid", T::Uint, "User id"),
        column("user", T::Text, "Name of the user (user.name)"),
        column("login_uid", T::Uint, "User id of the login, which su and sudo keep (user.loginuid)"),
        column("login_user", T::Text, "Name of that user"),
        column("tty", T::Uint, "Controlling terminal; empty without one (proc.tty)"),
        column("cwd", T::Text, "Working directory (proc.cwd)"),
        column("what", T::Text, "The command line, the directory, the call with its arguments"),
    ],
]);

/// Programs that make another user of one.
const SWITCHES: [&[u8]; 8] = [b"su", b"sudo", b"doas", b"runuser", b"pkexec", b"login", b"newgrp", b"sg"];

/// Most ancestors that are looked at.
const ANCESTORS: usize = 64;

/// Collects what people did.
#[derive(Debug, Default)]
pub(super) struct Users {
    rows: Vec<(ProcessId, Row)>,
    /// Changes of the user that have a row: a program makes the same more than once.
    told: HashSet<(ProcessId, Text)>,
    bytes: usize,
}

fn is_shell(name: &[u8]) -> bool {
    name.ends_with(b"sh")
}

/// The oldest ancestor that is a shell, and how many levels it is above.
fn shell(state: &State, slot: Slot) -> Option<(i64, usize)> {
    let ancestors =
        (1..=ANCESTORS).map_while(|n| Some((n, state.threads.get(state.threads.ancestor(slot, n)?))));
    ancestors.filter(|(_, thread)| is_shell(&thread.image.comm)).last().map(|(n, thread)| (thread.pid, n))
}

impl Users {
    fn tell(&mut self, seen: &Seen<'_>, kind: &'static str, shell: Option<(i64, usize)>, what: Text) {
        let Some((id, _, leader)) = seen.process else { return };
        let state = seen.context.state;
        self.bytes += COLUMNS.len() * size_of::<Cell>() + what.len();
        let mut row = seen.event_cells().to_vec();
        row.push(Cell::word(kind));
        row.extend(Label::new(id, leader).cells());
        row.extend([
            shell.map_or(Cell::Null, |(pid, _)| Cell::Int(pid)),
            Cell::Uint(shell.map_or(0, |(_, depth)| depth as u64)),
            Cell::id(leader.uid),
            user(state, &leader.container, leader.uid),
            Cell::id(leader.loginuid),
            user(state, b"", leader.loginuid),
            if leader.tty == 0 { Cell::Null } else { Cell::Uint(u64::from(leader.tty)) },
            Cell::text(&leader.cwd),
            Cell::text(&what),
        ]);
        self.rows.push((id, row));
    }

    fn executed(&mut self, seen: &Seen<'_>, slot: Slot, leader: &Thread) {
        let above = shell(seen.context.state, slot);
        let kind = match above {
            _ if SWITCHES.contains(&&*leader.image.comm) => "switch",
            None if is_shell(&leader.image.comm) => "shell",
            None => return,
            Some(_) => "command",
        };
        self.tell(seen, kind, above, command_line(leader));
    }

    /// A call that changes the user, with its arguments.
    fn became(&mut self, seen: &Seen<'_>, id: ProcessId, slot: Slot) {
        let mut what = seen.context.type_name().as_bytes().to_vec();
        if let Some(operand) = &*ARGUMENTS {
            what.push(b' ');
            render_text(&seen.context, operand, &mut what, &mut Scratch::new(Settings::default()));
        }
        let what: Text = what.trim_ascii().into();
        if self.told.insert((id, what.clone())) {
            self.tell(seen, "user", shell(seen.context.state, slot), what);
        }
    }
}

impl Collector for Users {
    fn event(&mut self, seen: &Seen<'_>) {
        let Some((id, slot, leader)) = seen.process.filter(|_| seen.error.is_none()) else { return };
        match seen.context.event.code() {
            _ if seen.executes() => self.executed(seen, slot, leader),
            code::SYSCALL_CHDIR_X | code::SYSCALL_FCHDIR_X if is_shell(&leader.image.comm) => {
                let above = shell(seen.context.state, slot);
                self.tell(seen, "directory", above, [b"cd ", &*leader.cwd].concat().into());
            }
            code::SYSCALL_SETUID_X | code::SYSCALL_SETREUID_X | code::SYSCALL_SETRESUID_X => {
                self.became(seen, id, slot)
            }
            code::SYSCALL_WRITE_X => {
                let is_login = seen.fd().is_some_and(|fd| fd.name.ends_with(b"/loginuid"));
                if let Some(data) = seen.data().filter(|data| is_login && data.direction == Direction::Out) {
                    let what = [b"login of user id ", data.bytes.trim_ascii()].concat();
                    self.tell(seen, "login", shell(seen.context.state, slot), what.into());
                }
            }
            _ => {}
        }
    }

    fn merge(&mut self, later: Users) {
        let (kind, what) = (2, COLUMNS.len() - 1);
        for (id, row) in later.rows {
            let is_again = match &row[what] {
                Cell::Text(text) if row[kind] == Cell::word("user") => !self.told.insert((id, text.clone())),
                _ => false,
            };
            if !is_again {
                self.rows.push((id, row));
            }
        }
        self.bytes += later.bytes;
    }

    fn rows(self, _names: &Names) -> Vec<Row> {
        self.rows.into_iter().map(|(_, row)| row).collect()
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}
