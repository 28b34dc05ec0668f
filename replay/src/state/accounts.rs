//! Users and groups, per container. Filled from the capture only: lists and account events (reference state 10, design D5).

use std::collections::BTreeMap;

use tercel_format::Event;
use tercel_format::event::until_nul;
use tercel_format::record::Account;

use super::params::text;
use super::{State, Text};

/// Most users and groups that are kept; of a capture that names more the first are kept.
const MAX_ACCOUNTS: usize = 1 << 18;
/// Longest name, and longest home directory and shell, that the reference keeps.
const MAX_NAME: usize = 255;
const MAX_PATH: usize = 1023;

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Number.
    pub uid: u32,
    /// Primary group.
    pub gid: u32,
    /// Name.
    pub name: Text,
    /// Home directory.
    pub home: Text,
    /// Login shell.
    pub shell: Text,
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Number.
    pub gid: u32,
    /// Name.
    pub name: Text,
}

/// The accounts of the host (container "") and of containers.
#[derive(Debug, Clone, Default)]
pub struct Accounts {
    users: BTreeMap<Text, BTreeMap<u32, User>>,
    groups: BTreeMap<Text, BTreeMap<u32, Group>>,
    count: usize,
    knows_root: bool,
    knows_root_group: bool,
}

impl Accounts {
    /// The user of number `uid` in `container` (empty: the host).
    pub fn user(&self, container: &[u8], uid: u32) -> Option<&User> {
        self.users.get(container)?.get(&uid)
    }

    /// The group of number `gid` in `container` (empty: the host).
    pub fn group(&self, container: &[u8], gid: u32) -> Option<&Group> {
        self.groups.get(container)?.get(&gid)
    }

    /// Notes what a thread runs as. Only root of the host can be known that way: the reference asks the reading host about
    /// others (10.2), tercel does not.
    #[inline]
    pub(super) fn know(&mut self, container: &[u8], uid: u32, gid: u32) {
        if uid == 0 && !self.knows_root && container.is_empty() {
            self.knows_root = true;
            if self.user(b"", 0).is_none() {
                self.add_user(
                    b"",
                    User {
                        uid,
                        gid,
                        name: b"root"[..].into(),
                        home: b"/root"[..].into(),
                        shell: b"<NA>"[..].into(),
                    },
                );
            }
        }
        if gid == 0 && !self.knows_root_group && container.is_empty() {
            self.knows_root_group = true;
            if self.group(b"", 0).is_none() {
                self.add_group(b"", Group { gid, name: b"root"[..].into() });
            }
        }
    }

    /// Takes in an entry of the list. Names that begin with `+` or `-` are directives to the name service, not accounts.
    pub(super) fn import(&mut self, account: &Account) {
        match account {
            Account::User { uid, gid, name, home, shell } => self.add_user(
                b"",
                User {
                    uid: *uid,
                    gid: *gid,
                    name: clip(name, MAX_NAME),
                    home: clip(home, MAX_PATH),
                    shell: clip(shell, MAX_PATH),
                },
            ),
            Account::Group { gid, name } => {
                self.add_group(b"", Group { gid: *gid, name: clip(name, MAX_NAME) })
            }
        }
    }

    /// Adds a user; a known one gets the new name and paths but keeps its primary group.
    fn add_user(&mut self, container: &[u8], user: User) {
        if matches!(user.name.first(), Some(b'+' | b'-')) {
            return;
        }
        if let Some(known) = self.users.get_mut(container).and_then(|users| users.get_mut(&user.uid)) {
            *known = User { gid: known.gid, ..user };
        } else if self.count < MAX_ACCOUNTS {
            self.count += 1;
            self.users.entry(container.into()).or_default().insert(user.uid, user);
        }
    }

    fn add_group(&mut self, container: &[u8], group: Group) {
        if matches!(group.name.first(), Some(b'+' | b'-')) {
            return;
        }
        if let Some(known) = self.groups.get_mut(container).and_then(|groups| groups.get_mut(&group.gid)) {
            *known = group;
        } else if self.count < MAX_ACCOUNTS {
            self.count += 1;
            self.groups.entry(container.into()).or_default().insert(group.gid, group);
        }
    }

    fn remove_user(&mut self, container: &[u8], uid: u32) {
        if let Some(users) = self.users.get_mut(container) {
            self.count -= usize::from(users.remove(&uid).is_some());
        }
    }

    fn remove_group(&mut self, container: &[u8], gid: u32) {
        if let Some(groups) = self.groups.get_mut(container) {
            self.count -= usize::from(groups.remove(&gid).is_some());
        }
    }
}

fn clip(text: &[u8], longest: usize) -> Text {
    text.get(..longest).unwrap_or(text).into()
}

/// The container that an account event names; the empty parameter is the host.
fn container<'a>(event: &Event<'a>, index: usize) -> &'a [u8] {
    event.param(index).map_or(b"", until_nul)
}

impl State {
    /// useradded and userdeleted (reference state 10.1, 10.3).
    pub(super) fn on_user(&mut self, event: &Event<'_>, added: bool) {
        let Some(uid) = event.u32(0) else { return };
        let container = container(event, 5);
        if added {
            let user = User {
                uid,
                gid: event.u32(1).unwrap_or(u32::MAX),
                name: clip(text(event, 2), MAX_NAME),
                home: clip(text(event, 3), MAX_PATH),
                shell: clip(text(event, 4), MAX_PATH),
            };
            self.accounts.add_user(container, user);
        } else {
            self.accounts.remove_user(container, uid);
        }
    }

    /// groupadded and groupdeleted.
    pub(super) fn on_group(&mut self, event: &Event<'_>, added: bool) {
        let Some(gid) = event.u32(0) else { return };
        let container = container(event, 2);
        if added {
            self.accounts.add_group(container, Group { gid, name: clip(text(event, 1), MAX_NAME) });
        } else {
            self.accounts.remove_group(container, gid);
        }
    }
}
