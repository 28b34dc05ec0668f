//! How much memory a state may take. What the table of threads took on is added up as it comes; from time to time everything
//! is measured, and if it is too much, the threads that were used least recently lose what they can be without: fds,
//! arguments, environments. If that does not do, they go altogether.

use std::cmp::Reverse;
use std::mem::size_of;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::table::ImageParts;
use super::{Container, Fd, FdTable, Image, Slot, State, Text, Thread, Threads};

/// Memory that a state may take unless another limit is set, in bytes.
pub(crate) const MEMORY_LIMIT: usize = 512 << 20;

/// The part of the limit that may be taken on before everything is measured, as a divisor.
const MEASURED: usize = 8;

/// What the header and the reference counts of an allocation take.
const OVERHEAD: usize = 32;

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
        let users = self.accounts.users.values();
        let users: usize =
            users.map(|user| OVERHEAD + user.name.len() + user.home.len() + user.shell.len()).sum();
        let groups: usize = self.accounts.groups.values().map(|group| OVERHEAD + group.name.len()).sum();
        let containers: usize = self.containers.iter().map(|container| of_container(container)).sum();
        slots + users + groups + containers
    }

    /// Measures, and makes room if there is too little.
    #[cold]
    pub(super) fn check_memory(&mut self) {
        self.threads.texts.sweep();
        self.threads.room = self.budget.limit / MEASURED;
        if self.memory() <= self.budget.limit {
            return;
        }
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
        texts + enter + self.image(&thread.image) + self.table(&thread.fds)
    }

    fn image(&mut self, image: &Arc<Image>) -> usize {
        if !self.is_new(image) {
            return 0;
        }
        let texts = [&image.comm, &image.exe, &image.exepath, &image.args];
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
                    }
                }
            }
            is_new
        });
        bytes
    }
}

/// The texts of a container.
fn of_container(container: &Container) -> usize {
    let texts = [
        &container.name,
        &container.image,
        &container.image_repo,
        &container.image_digest,
        &container.cni_json,
        &container.full_id,
    ];
    let labels = container.labels.iter().chain(&container.pod_sandbox_labels);
    let labels: usize = labels.map(|(key, value)| 2 * OVERHEAD + key.len() + value.len()).sum();
    let env: usize = container.env.iter().map(|entry| OVERHEAD + entry.len()).sum();
    let mounts = container.mounts.iter();
    let mounts: usize = mounts.map(|mount| 4 * OVERHEAD + mount.source.len() + mount.destination.len()).sum();
    size_of::<Container>() + texts.into_iter().map(Vec::len).sum::<usize>() + labels + env + mounts
}
