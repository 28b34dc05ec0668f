//! Where files are: a mount and a directory entry enter; their path leaves, as the host sees it and as the process does. The paths of
//! a process are what its root directory and its mount namespace make of them; the same file may have others (bind mounts, roots that
//! were changed, namespaces of its own). One of them is the host's: through the first mount of its file system there.

use aya_ebpf::{helpers::generated::bpf_get_current_task_btf, macros::map, maps::Array};

use tercel_probe_abi::{MISSING, item, stat};

use crate::{
    event::{ENTRY, Event, TEXT},
    memory::{config, copy_kernel, get, kernel, mask, off, typed},
    repeat::{repeat, turns},
    tables::count,
};

/// Components of a path that are followed.
const DEPTH: u32 = 48;
/// Longest component with its NUL; a power of two.
const NAME: u64 = 256;
/// Mounts of one file system that are looked at.
const MOUNTS: u32 = 64;
/// File systems that are remembered; a power of two.
const REMEMBERED: u32 = 1024;

/// What the probe knows of the host's mount namespace: mount and directory of its root, and the namespace; 0 as long as no process that
/// lives there was seen.
#[map]
static HOST: Array<Host> = Array::with_max_entries(1, 0);
/// File systems and their mounts in the host's namespace. A guess: it is checked each time.
#[map]
static MOUNTED: Array<Mounted> = Array::with_max_entries(REMEMBERED, 0);

#[repr(C)]
#[derive(Clone, Copy)]
struct Host {
    mnt: u64,
    dentry: u64,
    namespace: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Mounted {
    file_system: u64,
    mnt: u64,
}

/// A member of the directory entry at `dentry`, whose start was read into the event's room: what the walk needs is there on all kernels
/// known, and one read is cheaper than one for each member.
#[inline(always)]
fn member<T: Copy + Default>(event: Event, dentry: u64, offset: u32) -> T {
    if offset > ENTRY - 8 {
        return kernel(dentry, offset);
    }
    // SAFETY: within the room.
    unsafe { event.entry().add(offset as usize).cast::<T>().read_volatile() }
}

/// A directory entry as seen through a mount: `struct path`.
#[derive(Clone, Copy)]
pub struct Place {
    pub mnt: u64,
    pub dentry: u64,
}

/// No place: nothing stops a path there.
const NOWHERE: Place = Place { mnt: 0, dentry: 0 };

impl Place {
    /// The `struct path` at an address.
    #[inline(always)]
    pub fn at(path: u64) -> Place {
        if off!(path_mnt) == 0 && off!(path_dentry) == 8 {
            let [mnt, dentry] = kernel::<[u64; 2]>(path, 0);
            return Place { mnt, dentry };
        }
        Place { mnt: get!(u64, path, path_mnt), dentry: get!(u64, path, path_dentry) }
    }

    /// Of a file.
    #[inline(always)]
    pub fn of_file(file: u64) -> Place {
        Place::at(file.wrapping_add(u64::from(off!(file_path))))
    }

    /// The root directory of the running process.
    #[inline(always)]
    pub fn root(task: u64) -> Place {
        if config().typed != 0 && off!(path_mnt) == 0 && off!(path_dentry) == 8 {
            // SAFETY: a helper without arguments.
            let fs = typed!(u64, unsafe { bpf_get_current_task_btf() }, task_fs);
            // SAFETY: members of a structure whose type the verifier knows.
            let root = (fs as *const u8).wrapping_add(off!(fs_root) as usize).cast::<u64>();
            // SAFETY: members of a structure whose type the verifier knows.
            let (mnt, dentry) = unsafe { (root.read_volatile(), root.add(1).read_volatile()) };
            return Place { mnt, dentry };
        }
        Place::at(get!(u64, task, task_fs).wrapping_add(u64::from(off!(fs_root))))
    }

    /// The root of the host, once it is known.
    #[inline(always)]
    pub fn host_root() -> Place {
        let Some(host) = HOST.get_ptr(0) else { return NOWHERE };
        // SAFETY: a pointer to the map's value, which is three numbers.
        let host = unsafe { host.read_volatile() };
        Place { mnt: host.mnt, dentry: host.dentry }
    }

    /// The working directory of a process.
    #[inline(always)]
    pub fn cwd(task: u64) -> Place {
        Place::at(get!(u64, task, task_fs).wrapping_add(u64::from(off!(fs_pwd))))
    }

    /// Whether it is the root of the host, as its first processes have it. The first such root that a process has is remembered.
    #[inline(always)]
    pub fn is_host(self) -> bool {
        let Some(host) = HOST.get_ptr_mut(0) else { return false };
        // SAFETY: a pointer to the map's value, which is three numbers.
        let known = unsafe { host.read_volatile() };
        if known.mnt != 0 {
            return known.mnt == self.mnt && known.dentry == self.dentry;
        }
        let mount = mount_of(self.mnt);
        let up = get!(u64, mount, mount_parent);
        if get!(u64, self.mnt, vfsmount_root) != self.dentry {
            return false;
        }
        // A host that was started from an initial file system in memory has its root mounted over the root of that.
        if up != mount
            && (get!(u64, mount, mount_mountpoint)
                != kernel::<u64>(up, off!(mount_mnt) + off!(vfsmount_root))
                || get!(u64, up, mount_parent) != up)
        {
            return false;
        }
        let namespace = get!(u64, mount, mount_ns);
        if config().host_mounts != 0 && get!(u32, namespace, mntns_inum) != config().host_mounts {
            return false;
        }
        // SAFETY: as above. What two CPUs write here at the same time is the same.
        unsafe { host.write_volatile(Host { mnt: self.mnt, dentry: self.dentry, namespace }) };
        true
    }

    /// The same directory entry through the first mount of its file system in the host's namespace, if there is one.
    #[inline(always)]
    pub fn on_host(self, event: Event) -> Option<Place> {
        let Some(host) = HOST.get_ptr_mut(0) else { return None };
        // SAFETY: a pointer to the map's value, which is three numbers.
        let host = unsafe { host.read_volatile() };
        if self.mnt == host.mnt {
            return Some(self);
        }
        let file_system = get!(u64, self.mnt, vfsmount_sb);
        let Some(slot) = MOUNTED.get_ptr_mut(((file_system >> 10) as u32) & (REMEMBERED - 1)) else {
            return None;
        };
        // SAFETY: as above, two numbers.
        let known = unsafe { slot.read_volatile() };
        if known.file_system == file_system
            && get!(u64, known.mnt, vfsmount_sb) == file_system
            && get!(u64, mount_of(known.mnt), mount_ns) == host.namespace
        {
            return Some(Place { mnt: known.mnt, dentry: self.dentry });
        }
        let (mnt, is_whole) = mounted(event, file_system, self.mnt, host.namespace);
        if is_whole {
            // SAFETY: as above.
            unsafe { slot.write_volatile(Mounted { file_system, mnt }) };
        }
        if mnt == 0 { None } else { Some(Place { mnt, dentry: self.dentry }) }
    }
}

#[inline(always)]
fn mount_of(mnt: u64) -> u64 {
    mnt.wrapping_sub(u64::from(off!(mount_mnt)))
}

/// Notes of the search for a mount: the best one so far, whether the whole file system is mounted there, and its number; the link that is
/// looked at next and where the links end; what is searched: the root of the file system, the directory of it, and the namespace.
mod search {
    pub const MNT: usize = 9;
    pub const IS_WHOLE: usize = 10;
    pub const NUMBER: usize = 11;
    pub const NEXT: usize = 12;
    pub const END: usize = 13;
    pub const WHOLE: usize = 14;
    pub const PART: usize = 15;
    pub const NAMESPACE: usize = 16;
}

turns! {
    mount_turn = look_at_mount;
}

/// The oldest mount of a file system in a namespace, by its number, and whether it is that of the whole file system, else that of the same
/// directory as `like`. Mounts of one file system hang together; newer kernels put the newest one first.
#[inline(always)]
fn mounted(event: Event, file_system: u64, like: u64, namespace: u64) -> (u64, bool) {
    event.set_note(search::MNT, 0);
    event.set_note(search::IS_WHOLE, 0);
    event.set_note(search::NUMBER, u64::MAX);
    event.set_note(search::NEXT, get!(u64, file_system, sb_mounts));
    event.set_note(search::END, file_system.wrapping_add(u64::from(off!(sb_mounts))));
    event.set_note(search::WHOLE, get!(u64, file_system, sb_root));
    event.set_note(search::PART, get!(u64, like, vfsmount_root));
    event.set_note(search::NAMESPACE, namespace);
    repeat::<true>(event, MOUNTS, mount_turn, look_at_mount);
    (event.note(search::MNT), event.note(search::IS_WHOLE) != 0)
}

/// Looks at the next mount; true after the last one.
#[inline(always)]
fn look_at_mount(event: Event, _: u64) -> bool {
    let next = event.note(search::NEXT);
    if next == 0 || next == event.note(search::END) {
        return true;
    }
    let mount = if off!(mount_next_for_sb) == MISSING {
        event.set_note(search::NEXT, kernel(next, 0));
        next.wrapping_sub(u64::from(off!(mount_instance)))
    } else {
        event.set_note(search::NEXT, get!(u64, next, mount_next_for_sb));
        next
    };
    if get!(u64, mount, mount_ns) != event.note(search::NAMESPACE) {
        return false;
    }
    let mnt = mount.wrapping_add(u64::from(off!(mount_mnt)));
    let root = get!(u64, mnt, vfsmount_root);
    let number = u64::from(get!(u32, mount, mount_id));
    let is_whole = u64::from(root == event.note(search::WHOLE));
    let found_whole = event.note(search::IS_WHOLE);
    let is_candidate = is_whole != 0 || root == event.note(search::PART);
    if is_candidate
        && (is_whole > found_whole || is_whole == found_whole && number < event.note(search::NUMBER))
    {
        event.set_note(search::MNT, mnt);
        event.set_note(search::IS_WHOLE, is_whole);
        event.set_note(search::NUMBER, number);
    }
    false
}

/// A path's start is missing.
const CUT: u64 = item::CUT as u64;
/// It did not get to the root, or to where it had to stop.
const DETACHED: u64 = item::DETACHED as u64;
/// The name was removed from its directory.
const DELETED: u64 = item::DELETED as u64;

/// The path that was put together last.
#[derive(Clone, Copy)]
pub struct Path {
    /// Where it starts in the room beside the event; it ends before the NUL at `TEXT - 1`.
    pub start: u64,
    /// Its bytes; 0 where it is the root, or has no place in a directory.
    pub length: u64,
    /// Flags of an item.
    pub flags: u8,
    /// The directory entry at which it ended.
    pub dentry: u64,
}

/// A walk that is to be made, and how its path becomes an item.
#[derive(Clone, Copy)]
pub struct Walk {
    /// Where it starts.
    pub from: Place,
    /// Where it stops.
    pub stop: Place,
    /// Not 0: `stop` is the root of its mount.
    pub is_root: u64,
    /// The kind of the item.
    pub kind: u64,
    /// Flags of the item beside those that the path has.
    pub flags: u64,
    /// Not 0: the caller's text starts at the root.
    pub absolute: u64,
    /// Not 0: the process has the root of the host.
    pub plain: u64,
}

impl Walk {
    /// To a place as a process with this root directory sees it, for an item of this kind.
    #[inline(always)]
    pub fn inside(place: Place, root: Place, kind: u8) -> Walk {
        let (kind, plain) = (u64::from(kind), u64::from(root.is_host()));
        Walk { from: place, stop: root, is_root: 0, kind, flags: 0, absolute: 0, plain }
    }

    /// To a place from the root of its mount tree.
    #[inline(always)]
    pub fn whole(place: Place) -> Walk {
        Walk { from: place, stop: NOWHERE, is_root: 0, kind: 0, flags: 0, absolute: 0, plain: 0 }
    }

    /// To the same place as the host sees it.
    #[inline(always)]
    pub fn on_host(self, event: Event) -> Walk {
        let (from, detached) = match self.from.on_host(event) {
            Some(host) => (host, 0),
            None => (self.from, DETACHED),
        };
        Walk { from, stop: Place::host_root(), is_root: 1, flags: self.flags | detached, ..self }
    }

    /// The same by way of the event's memory: after it, the verifier knows nothing of the numbers, and takes all cases that lead here for one.
    #[inline(always)]
    pub fn noted(self, event: Event) -> Walk {
        event.set_note(0, self.from.mnt);
        event.set_note(1, self.from.dentry);
        event.set_note(2, self.stop.mnt);
        event.set_note(3, self.stop.dentry);
        event.set_note(4, self.is_root);
        event.set_note(5, self.kind);
        event.set_note(6, self.flags);
        event.set_note(7, self.absolute);
        event.set_note(8, self.plain);
        Walk {
            from: Place { mnt: event.note(0), dentry: event.note(1) },
            stop: Place { mnt: event.note(2), dentry: event.note(3) },
            is_root: event.note(4),
            kind: event.note(5),
            flags: event.note(6),
            absolute: event.note(7),
            plain: event.note(8),
        }
    }
}

/// Notes of a walk: where it is, where it stops and whether that is the root of its mount ([`Walk::noted`]), and the root of the mount that it
/// is in.
mod at {
    pub const MNT: usize = 0;
    pub const DENTRY: usize = 1;
    pub const STOP_MNT: usize = 2;
    pub const STOP_DENTRY: usize = 3;
    pub const STOP_IS_ROOT: usize = 4;
    pub const ROOT: usize = 17;
}

turns! {
    component_turn = add_component;
}

/// Puts the path of a place together beside the event: from the leaf towards the root of the mount tree, or to the place where the walk stops.
#[inline(always)]
pub fn walk<const LOOPS: bool>(event: Event, of: Walk) -> Path {
    let Walk { from, stop, is_root, .. } = of;
    event.set_note(at::MNT, from.mnt);
    event.set_note(at::DENTRY, from.dentry);
    event.set_note(at::STOP_MNT, stop.mnt);
    event.set_note(at::STOP_DENTRY, stop.dentry);
    event.set_note(at::STOP_IS_ROOT, is_root);
    // Of the mount in which it has to stop, the root is known.
    let is_known = from.mnt == stop.mnt && is_root != 0;
    event.set_note(at::ROOT, if is_known { stop.dentry } else { get!(u64, from.mnt, vfsmount_root) });
    // SAFETY: the position lies within the room beside the event.
    unsafe { event.side(TEXT - 1).write_volatile(0) };
    event.set_path(TEXT - 1, DETACHED);
    // A closure has a name of this crate; that of a function as `Fn` has a hash of the place of core's source.
    repeat::<LOOPS>(event, DEPTH, component_turn, |event, turn| add_component(event, turn));
    let start = mask!(event.path(0), TEXT - 1);
    let mut flags = event.path(1) as u8;
    if flags & item::CUT != 0 {
        count(stat::CUT);
        flags &= !item::DETACHED;
    }
    Path { start, length: TEXT - 1 - start, flags, dentry: event.note(at::DENTRY) }
}

/// The walk is where it had to go.
#[inline(always)]
fn arrive(event: Event) -> bool {
    event.set_path(event.path(0), event.path(1) & !DETACHED);
    true
}

/// Puts the name of the directory entry where the walk is before those that it has, and goes on to its directory; true once it is at the end.
#[inline(always)]
fn add_component(event: Event, turn: u64) -> bool {
    let (mnt, dentry) = (event.note(at::MNT), event.note(at::DENTRY));
    let stop = event.note(at::STOP_MNT);
    if dentry == event.note(at::STOP_DENTRY) && mnt == stop {
        return arrive(event);
    }
    let is_last = turn + 1 == u64::from(DEPTH);
    let start = event.path(0);
    copy_kernel(event.entry(), u64::from(ENTRY), dentry);
    let parent = member::<u64>(event, dentry, off!(dentry_parent));
    // What has no place among the names of its directory was removed (d_unlinked).
    if turn == 0 && parent != dentry && member::<u64>(event, dentry, off!(dentry_pprev)) == 0 {
        event.set_path(start, event.path(1) | DELETED);
    }
    let root = event.note(at::ROOT);
    if dentry == root || dentry == parent {
        let mount = mount_of(mnt);
        let up = get!(u64, mount, mount_parent);
        if dentry != root || up == mount {
            let is_whole = dentry == root && (stop == 0 || event.note(at::STOP_IS_ROOT) != 0);
            return !is_whole || arrive(event);
        }
        let above = up.wrapping_add(u64::from(off!(mount_mnt)));
        event.set_note(at::DENTRY, get!(u64, mount, mount_mountpoint));
        event.set_note(at::MNT, above);
        event.set_note(at::ROOT, get!(u64, above, vfsmount_root));
        return false;
    }
    let length = mask!(member::<u32>(event, dentry, off!(dentry_len)), NAME - 1);
    let end = mask!(start, TEXT - 1);
    if end < length + 2 {
        event.set_path(start, event.path(1) | CUT);
        return true;
    }
    let begin = end - length;
    // Masked once more: some verifiers (6.12) forget the upper bound in the comparison.
    let length = mask!(length, NAME - 1);
    if !copy_kernel(event.side(begin), length, member(event, dentry, off!(dentry_name))) {
        return true;
    }
    let start = mask!(begin - 1, TEXT - 1);
    // SAFETY: the position lies within the room beside the event.
    unsafe { event.side(start).write_volatile(b'/') };
    event.set_path(start, event.path(1) | if is_last { CUT } else { 0 });
    event.set_note(at::DENTRY, parent);
    false
}
