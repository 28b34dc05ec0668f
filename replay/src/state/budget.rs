//! How much memory a state may take. What the table of threads took on is added up as it comes; from time to time everything
//! is measured, and if it is too much, the threads that were used least recently lose what they can be without: fds,
//! arguments, environments. If that does not do, they go altogether. Users, groups and containers may take a part of the limit; those
//! above it go.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::mem::size_of;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::table::ImageParts;
use super::{
    Ancestor, Container, Fd, FdTable, Group, Image, Names, RealPath, Slot, State, Text, Thread, Threads, User,
};

/// Memory that a state may take unless another limit is set, in bytes.
pub(crate) const MEMORY_LIMIT: usize = 512 << 20;

/// The part of the limit that may be taken on before everything is measured, as a divisor.
const MEASURED: usize = 8;

/// The part of the limit that users may take, groups, and containers, as a divisor each.
const DESCRIBED: usize = 8;

/// What the header and the reference counts of an allocation take.
pub(super) const OVERHEAD: usize = 32;

/// A limit, and counts of what was dropped for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    pub(super) limit: usize,
    pub(super) forgotten: Forgotten,
}

/// What a state gave up so as to stay below its limit of memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Times that a thread lost its fds, arguments and environment.
    pub stripped: u64,
    /// Threads that were removed.
    pub removed: u64,
    /// Users, groups and containers that were removed.
    pub entries: u64,
}

impl Forgotten {
    /// Adds what was given up since `before`.
    pub(crate) fn add_since(&mut self, now: Forgotten, before: Forgotten) {
        self.stripped += now.stripped.saturating_sub(before.stripped);
        self.removed += now.removed.saturating_sub(before.removed);
        self.entries += now.entries.saturating_sub(before.entries);
    }

    /// Whether anything was given up.
    pub fn is_any(&self) -> bool {
        *self != Forgotten::default()
    }
}

impl Default for Budget {
    fn default() -> Budget {
        Budget { limit: MEMORY_LIMIT, forgotten: Forgotten::default() }
    }
}

impl State {
    /// Sets how many bytes of memory the state may take. What is dropped depends on the time, so that with a state over its
    /// limit the output may depend on where an evaluation began.
    pub(crate) fn limit_memory(&mut self, bytes: usize) {
        self.budget.limit = bytes;
        self.threads.room = bytes / MEASURED;
    }

    /// Counts of what was dropped since the section began.
    pub fn forgotten(&self) -> Forgotten {
        self.budget.forgotten
    }

    /// Bytes of memory that the state takes, as far as they grow with the capture.
    pub fn memory(&self) -> usize {
        let mut held = Held::default();
        let threads: usize = self.threads.iter().map(|slot| held.thread(self.threads.get(slot))).sum();
        threads + self.fixed_memory()
    }

    /// What is not of threads.
    fn fixed_memory(&self) -> usize {
        let slots = self.threads.slots.capacity() * size_of::<Thread>();
        let users: usize = self.accounts.users.values().map(of_user).sum();
        let groups: usize = self.accounts.groups.values().map(of_group).sum();
        let containers: usize = self.containers.iter().map(|container| of_container(container)).sum();
        let names: usize = self.accounts.of_containers.values().map(|names| of_names(names)).sum();
        slots + users + groups + containers + names
    }

    /// Measures, and makes room if there is too little.
    #[cold]
    pub(super) fn check_memory(&mut self) {
        self.threads.texts.sweep();
        self.threads.room = self.budget.limit / MEASURED;
        if self.memory() <= self.budget.limit {
            return;
        }
        self.remove_entries(self.budget.limit / DESCRIBED);
        let target = self.budget.limit / 4 * 3;
        for slot in self.least_used(target) {
            self.threads.strip(slot);
            self.budget.forgotten.stripped += 1;
        }
        for slot in self.least_used(self.budget.limit) {
            let tid = self.threads.get(slot).tid;
            self.threads.remove(tid);
            // A leader whose threads live on is only marked as dead.
            self.budget.forgotten.removed += u64::from(self.threads.by_tid(tid).is_none());
        }
    }

    /// Removes users, groups and containers that take more than `most` bytes each: the accounts of the largest numbers, and of the
    /// containers first those that no thread is in, the oldest first.
    fn remove_entries(&mut self, most: usize) {
        let mut removed = keep_smallest(&mut self.accounts.users, most, of_user);
        removed += keep_smallest(&mut self.accounts.groups, most, of_group);
        removed += self.remove_names(most);
        let containers = &mut self.containers.by_id;
        let mut total: usize = containers.values().map(|container| of_container(container)).sum();
        if total > most {
            let used: HashSet<&Text> =
                self.threads.iter().map(|slot| &self.threads.get(slot).container).collect();
            let mut ids: Vec<Text> = containers.keys().filter(|id| !id.is_empty()).cloned().collect();
            ids.sort_by_cached_key(|id| {
                (used.contains(id), containers.get(id).map_or(0, |one| one.created_time))
            });
            for id in ids {
                if total <= most {
                    break;
                }
                total -= containers.remove(&id).map_or(0, |container| of_container(&container));
                removed += 1;
            }
        }
        self.budget.forgotten.entries += removed;
    }

    /// Removes the accounts of containers that take more than `most` bytes together, first of those that no thread is in.
    fn remove_names(&mut self, most: usize) -> u64 {
        let known = &mut self.accounts.of_containers;
        let mut total: usize = known.values().map(|names| of_names(names)).sum();
        if total <= most {
            return 0;
        }
        let used: HashSet<&Text> =
            self.threads.iter().map(|slot| &self.threads.get(slot).container).collect();
        let mut ids: Vec<Text> = known.keys().cloned().collect();
        ids.sort_by_cached_key(|id| used.contains(id));
        let mut removed = 0;
        for id in ids {
            if total <= most {
                break;
            }
            total -= known.remove(&id).map_or(0, |names| of_names(&names));
            removed += 1;
        }
        removed
    }

    /// The threads for which there is no room, after those that were used more recently.
    fn least_used(&self, target: usize) -> Vec<Slot> {
        let mut slots: Vec<Slot> = self.threads.iter().collect();
        slots.sort_by_cached_key(|slot| {
            let thread = self.threads.get(*slot);
            Reverse((thread.used.max(thread.lastexec_ts).max(thread.clone_ts), thread.tid))
        });
        let (mut held, mut total) = (Held::default(), self.fixed_memory());
        let mut fits = |slot: &Slot| {
            total += held.thread(self.threads.get(*slot));
            total <= target
        };
        let kept = slots.iter().take_while(|slot| fits(slot)).count();
        slots.split_off(kept)
    }
}

impl Threads {
    /// Takes from a thread what rules can be without.
    fn strip(&mut self, slot: Slot) {
        let old = self.get(slot).image.clone();
        let image = self.image(&old, ImageParts { args: b"", ..old.parts() });
        let (fds, env) = (self.blank.fds.clone(), self.blank.text.clone());
        let thread = self.get_mut(slot);
        (thread.image, thread.fds, thread.env, thread.enter) = (image, fds, env, None);
        thread.forget_lineage();
    }

    /// This many bytes were added.
    #[inline]
    pub(super) fn grow(&mut self, bytes: usize) {
        self.room = self.room.saturating_sub(bytes);
    }
}

/// What was counted already: what several threads share counts for the first of them.
#[derive(Default)]
struct Held(FxHashSet<usize>);

impl Held {
    fn is_new<T: ?Sized>(&mut self, shared: &Arc<T>) -> bool {
        self.0.insert(Arc::as_ptr(shared).addr())
    }

    fn text(&mut self, text: &Text) -> usize {
        if !text.is_empty() && self.is_new(text) { OVERHEAD + text.len() } else { 0 }
    }

    fn thread(&mut self, thread: &Thread) -> usize {
        let texts = [&thread.cgroups, &thread.container, &thread.root, &thread.cwd, &thread.env];
        let texts: usize = texts.into_iter().map(|text| self.text(text)).sum();
        let enter = thread
            .enter
            .as_ref()
            .map_or(0, |enter| enter.params.iter().map(|param| OVERHEAD + param.len()).sum::<usize>());
        let lineage = self.lineage(thread.lineage());
        texts + enter + lineage + self.image(&thread.image) + self.table(&thread.fds)
    }

    fn lineage(&mut self, mut next: Option<&Arc<Ancestor>>) -> usize {
        let mut bytes = 0;
        // What leads to a process that was counted was counted with it.
        while let Some(one) = next.filter(|one| self.is_new(one)) {
            bytes += size_of::<Ancestor>() + OVERHEAD + self.image(&one.image);
            next = one.parent.as_ref();
        }
        bytes
    }

    fn image(&mut self, image: &Arc<Image>) -> usize {
        if !self.is_new(image) {
            return 0;
        }
        let texts = [&image.comm, &image.exe, &image.exepath, &image.real, &image.args];
        size_of::<Image>() + texts.into_iter().map(|text| self.text(text)).sum::<usize>()
    }

    fn table(&mut self, table: &Arc<FdTable>) -> usize {
        if table.is_empty() || !self.is_new(table) {
            return 0;
        }
        let mut bytes = table.own_memory();
        table.visit_parts(&mut |address, size, fds| {
            let is_new = self.0.insert(address);
            if is_new {
                bytes += size;
                for fd in fds {
                    if self.is_new(fd) {
                        bytes += size_of::<Fd>() + OVERHEAD + self.text(&fd.name) + self.text(&fd.raw_name);
                        if let RealPath::Other { path, inside } = &fd.real {
                            bytes += self.text(path) + self.text(inside);
                        }
                    }
                }
            }
            is_new
        });
        bytes
    }
}

/// Removes the entries of the largest numbers until all take at most `most` bytes; their number leaves.
fn keep_smallest<V>(entries: &mut HashMap<u32, V>, most: usize, bytes: fn(&V) -> usize) -> u64 {
    let mut total: usize = entries.values().map(bytes).sum();
    if total <= most {
        return 0;
    }
    let mut numbers: Vec<u32> = entries.keys().copied().collect();
    numbers.sort_unstable();
    let before = numbers.len();
    while let Some(last) = numbers.pop_if(|_| total > most) {
        total -= entries.remove(&last).as_ref().map_or(0, bytes);
    }
    entries.shrink_to_fit();
    (before - numbers.len()) as u64
}

pub(super) fn of_user(user: &User) -> usize {
    2 * size_of::<(u32, User)>() + 3 * OVERHEAD + user.name.len() + user.home.len() + user.shell.len()
}

pub(super) fn of_group(group: &Group) -> usize {
    2 * size_of::<(u32, Group)>() + OVERHEAD + group.name.len()
}

/// What the accounts of a container take.
pub(super) fn of_names(names: &Names) -> usize {
    let users: usize = names.users.values().map(of_user).sum();
    size_of::<Names>() + OVERHEAD + users + names.groups.values().map(of_group).sum::<usize>()
}

/// What a container takes.
pub(super) fn of_container(container: &Container) -> usize {
    let texts = [
        &container.id,
        &container.kind,
        &container.image_id,
        &container.image_tag,
        &container.ip_text,
        &container.pod_sandbox_id,
        &container.user,
        &container.name,
        &container.image,
        &container.image_repo,
        &container.image_digest,
        &container.cni_json,
        &container.full_id,
    ];
    let labels = container.labels.iter().chain(&container.pod_sandbox_labels);
    let labels: usize = labels.map(|(key, value)| 4 * OVERHEAD + key.len() + value.len()).sum();
    let env: usize = container.env.iter().map(|entry| 2 * OVERHEAD + entry.len()).sum();
    let mounts = container.mounts.iter();
    let mounts: usize = mounts.map(|mount| 5 * OVERHEAD + mount.source.len() + mount.destination.len()).sum();
    let probes = container.probes.iter().flat_map(|probe| &probe.args);
    let probes: usize = probes.map(|arg| OVERHEAD + arg.len()).sum();
    size_of::<Container>() + texts.into_iter().map(Vec::len).sum::<usize>() + labels + env + mounts + probes
}
