//! Users and groups of the host and of containers. Filled from the capture only: lists and account events (reference state 10,
//! design D5).
//!
//! Accounts of containers in captures of other tools are not kept: the reference looks them up in the container's own passwd
//! file, takes nothing from the event, and so knows none of them when it reads a capture. Alerts show that. The events by
//! which tercel's own recorder tells them are marked as there for the state only, and are taken.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tercel_format::Event;
use tercel_format::record::Account;
use tercel_format::until_nul;

use super::budget::{OVERHEAD, of_group, of_user};
use super::containers::MAX_CONTAINERS;
use super::keyframe::list::bounded;
use super::params::text;
use super::{State, Text};

/// Most users, and most groups, that are kept; of a capture that names more the first are kept.
pub(super) const MAX_ACCOUNTS: usize = 1 << 18;
/// Longest name, and longest home directory and shell, that the reference keeps.
const MAX_NAME: usize = 255;
const MAX_PATH: usize = 1023;

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Number.
    pub uid: u32,
    /// Primary group.
    pub gid: u32,
    /// Name.
    #[serde(with = "super::bytes")]
    pub name: Text,
    /// Home directory.
    #[serde(with = "super::bytes")]
    pub home: Text,
    /// Login shell.
    #[serde(with = "super::bytes")]
    pub shell: Text,
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Number.
    pub gid: u32,
    /// Name.
    #[serde(with = "super::bytes")]
    pub name: Text,
}

/// The accounts of the host, and those of containers.
#[derive(Debug, Clone, Default)]
pub struct Accounts {
    pub(super) users: HashMap<u32, User>,
    pub(super) groups: HashMap<u32, Group>,
    pub(super) of_containers: BTreeMap<Text, Arc<Names>>,
}

/// Most users, and most groups, that are kept of a container.
const MAX_NAMES: usize = 1 << 12;

/// The accounts of one container.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Names {
    #[serde(deserialize_with = "bounded::<_, _, MAX_NAMES>")]
    pub(super) users: BTreeMap<u32, User>,
    #[serde(deserialize_with = "bounded::<_, _, MAX_NAMES>")]
    pub(super) groups: BTreeMap<u32, Group>,
}

impl Names {
    fn is_empty(&self) -> bool {
        self.users.is_empty() && self.groups.is_empty()
    }
}

impl Accounts {
    /// The user of number `uid` in `container` (empty: the host).
    #[inline]
    pub fn user(&self, container: &[u8], uid: u32) -> Option<&User> {
        if container.is_empty() {
            self.users.get(&uid)
        } else {
            self.of_containers.get(container)?.users.get(&uid)
        }
    }

    /// The group of number `gid` in `container` (empty: the host).
    #[inline]
    pub fn group(&self, container: &[u8], gid: u32) -> Option<&Group> {
        if container.is_empty() {
            self.groups.get(&gid)
        } else {
            self.of_containers.get(container)?.groups.get(&gid)
        }
    }

    /// Notes what a thread runs as. Only root can be known that way: the reference asks the reading host about others (10.2),
    /// tercel does not.
    pub(super) fn know(&mut self, container: &[u8], uid: u32, gid: u32) {
        if !container.is_empty() {
            return;
        }
        if uid == 0 && !self.users.contains_key(&0) {
            let (name, home, shell) = (b"root"[..].into(), b"/root"[..].into(), b"<NA>"[..].into());
            self.add_user(User { uid, gid, name, home, shell });
        }
        if gid == 0 && !self.groups.contains_key(&0) {
            self.add_group(Group { gid, name: b"root"[..].into() });
        }
    }

    /// Takes in an entry of the list.
    pub(super) fn import(&mut self, account: &Account) {
        match account {
            Account::User { uid, gid, name, home, shell } => self.add_user(User {
                uid: *uid,
                gid: *gid,
                name: clip(name, MAX_NAME),
                home: clip(home, MAX_PATH),
                shell: clip(shell, MAX_PATH),
            }),
            Account::Group { gid, name } => self.add_group(Group { gid: *gid, name: clip(name, MAX_NAME) }),
        }
    }

    /// Adds a user; a known one gets the new name and paths but keeps its primary group.
    fn add_user(&mut self, user: User) {
        if is_directive(&user.name) {
            return;
        }
        if let Some(known) = self.users.get_mut(&user.uid) {
            *known = User { gid: known.gid, ..user };
        } else if self.users.len() < MAX_ACCOUNTS {
            self.users.insert(user.uid, user);
        }
    }

    fn add_group(&mut self, group: Group) {
        let room = self.groups.len() < MAX_ACCOUNTS || self.groups.contains_key(&group.gid);
        if room && !is_directive(&group.name) {
            self.groups.insert(group.gid, group);
        }
    }
}

/// Names that begin with `+` or `-` are directives to the name service, not accounts.
fn is_directive(name: &[u8]) -> bool {
    matches!(name.first(), Some(b'+' | b'-'))
}

fn clip(text: &[u8], longest: usize) -> Text {
    text.get(..longest).unwrap_or(text).into()
}

/// Whose accounts an event is about: those of the host if this is empty, or those of a container. `None` for a container's that
/// are not kept.
fn owner<'e>(event: &Event<'e>, index: usize) -> Option<&'e [u8]> {
    let container = event.param(index).map_or(&b""[..], until_nul);
    (container.is_empty() || event.state_only).then_some(container)
}

impl State {
    /// useradded and userdeleted (reference state 10.1, 10.3).
    pub(super) fn on_user(&mut self, event: &Event<'_>, added: bool) {
        let (Some(uid), Some(container)) = (event.u32(0), owner(event, 5)) else { return };
        let user = User {
            uid,
            gid: event.u32(1).unwrap_or(u32::MAX),
            name: clip(text(event, 2), MAX_NAME),
            home: clip(text(event, 3), MAX_PATH),
            shell: clip(text(event, 4), MAX_PATH),
        };
        self.threads.grow(if added { of_user(&user) } else { 0 });
        match (container.is_empty(), added) {
            (true, true) => self.accounts.add_user(user),
            (true, false) => drop(self.accounts.users.remove(&uid)),
            (false, _) => self.change_names(container, |names| match added {
                true if names.users.len() < MAX_NAMES || names.users.contains_key(&uid) => {
                    names.users.insert(uid, user);
                }
                true => {}
                false => drop(names.users.remove(&uid)),
            }),
        }
    }

    /// groupadded and groupdeleted.
    pub(super) fn on_group(&mut self, event: &Event<'_>, added: bool) {
        let (Some(gid), Some(container)) = (event.u32(0), owner(event, 2)) else { return };
        let group = Group { gid, name: clip(text(event, 1), MAX_NAME) };
        self.threads.grow(if added { of_group(&group) } else { 0 });
        match (container.is_empty(), added) {
            (true, true) => self.accounts.add_group(group),
            (true, false) => drop(self.accounts.groups.remove(&gid)),
            (false, _) => self.change_names(container, |names| match added {
                true if names.groups.len() < MAX_NAMES || names.groups.contains_key(&gid) => {
                    names.groups.insert(gid, group);
                }
                true => {}
                false => drop(names.groups.remove(&gid)),
            }),
        }
    }

    /// Changes the accounts of a container, which has at most as many as fit, as there are at most as many containers.
    fn change_names(&mut self, container: &[u8], change: impl FnOnce(&mut Names)) {
        let known = &mut self.accounts.of_containers;
        if !known.contains_key(container) {
            if known.len() >= MAX_CONTAINERS {
                return;
            }
            self.threads.grow(size_of::<Names>() + container.len() + 2 * OVERHEAD);
            known.insert(container.into(), Arc::default());
        }
        if let Some(names) = known.get_mut(container) {
            let names = Arc::make_mut(names);
            change(names);
            if names.is_empty() {
                known.remove(container);
            }
        }
    }
}
