//! Users and groups, per container. Filled from the capture only: lists and account events (reference state 10, design D5).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Text;

/// Most users, and most groups, that are kept; a capture that names more keeps the first.
const MAX_ACCOUNTS: usize = 1 << 18;

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
    users: BTreeMap<Text, BTreeMap<u32, Arc<User>>>,
    groups: BTreeMap<Text, BTreeMap<u32, Arc<Group>>>,
    count: usize,
}

impl Accounts {
    /// The user of number `uid` in `container` (empty: the host).
    pub fn user(&self, container: &[u8], uid: u32) -> Option<&User> {
        self.users.get(container)?.get(&uid).map(|user| &**user)
    }

    /// The group of number `gid` in `container` (empty: the host).
    pub fn group(&self, container: &[u8], gid: u32) -> Option<&Group> {
        self.groups.get(container)?.get(&gid).map(|group| &**group)
    }

    /// Adds a user or replaces it.
    pub(super) fn add_user(&mut self, container: &[u8], user: User) {
        if self.count < MAX_ACCOUNTS {
            let old = self.users.entry(container.into()).or_default().insert(user.uid, Arc::new(user));
            self.count += usize::from(old.is_none());
        }
    }

    /// Adds a group or replaces it.
    pub(super) fn add_group(&mut self, container: &[u8], group: Group) {
        if self.count < MAX_ACCOUNTS {
            let old = self.groups.entry(container.into()).or_default().insert(group.gid, Arc::new(group));
            self.count += usize::from(old.is_none());
        }
    }
}
