//! Where files are: a mount and a directory entry enter; their path leaves, as the host sees it and as the process does. The paths of
//! a process are what its root directory and its mount namespace make of them; the same file may have others (bind mounts, roots that
//! were changed, namespaces of its own). One of them is the host's: through the first mount of its file system there.

use aya_ebpf::{helpers::generated::bpf_get_current_task_btf, macros::map, maps::Array};

use tercel_probe_abi::{MISSING, item, stat};

use crate::{
    event::{ENTRY, Event, TEXT, count},
    memory::{config, copy_kernel, get, kernel, mask, off, typed},
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
        let found = mounted(event, file_system, self.mnt, host.namespace);
        if found.is_whole != 0 {
            // SAFETY: as above.
            unsafe { slot.write_volatile(Mounted { file_system, mnt: found.mnt }) };
        }
        if found.mnt == 0 { None } else { Some(Place { mnt: found.mnt, dentry: self.dentry }) }
    }
}

#[inline(always)]
fn mount_of(mnt: u64) -> u64 {
    mnt.wrapping_sub(u64::from(off!(mount_mnt)))
}

/// The best mount so far. It is kept in the event's memory, so that the verifier takes all ways through the mounts for one.
struct Found {
    mnt: u64,
    /// Not 0: the whole file system is mounted there, not a directory of it.
    is_whole: u64,
    /// Its number.
    number: u64,
}

impl Found {
    #[inline(always)]
    fn of(event: Event) -> Found {
        Found { mnt: event.walk(9), is_whole: event.walk(10), number: event.walk(11) }
    }

    #[inline(always)]
    fn note(self, event: Event) {
        event.set_walk(9, self.mnt);
        event.set_walk(10, self.is_whole);
        event.set_walk(11, self.number);
    }
}

/// The oldest mount of a file system in a namespace, by its number: of the whole file system if there is one, else of the same
/// directory as `like`. Mounts of one file system hang together; newer kernels put the newest one first.
#[inline(always)]
fn mounted(event: Event, file_system: u64, like: u64, namespace: u64) -> Found {
    let whole = get!(u64, file_system, sb_root);
    let part = get!(u64, like, vfsmount_root);
    let first = get!(u64, file_system, sb_mounts);
    let end = file_system.wrapping_add(u64::from(off!(sb_mounts)));
    Found { mnt: 0, is_whole: 0, number: u64::MAX }.note(event);
    let mut next = first;
    let mut turn = 0;
    while turn < MOUNTS && next != 0 && next != end {
        turn += 1;
        let mount = if off!(mount_next_for_sb) == MISSING {
            next.wrapping_sub(u64::from(off!(mount_instance)))
        } else {
            next
        };
        next = if off!(mount_next_for_sb) == MISSING {
            kernel(next, 0)
        } else {
            get!(u64, mount, mount_next_for_sb)
        };
        if get!(u64, mount, mount_ns) != namespace {
            continue;
        }
        let mnt = mount.wrapping_add(u64::from(off!(mount_mnt)));
        let root = get!(u64, mnt, vfsmount_root);
        let number = u64::from(get!(u32, mount, mount_id));
        let found = Found::of(event);
        if root == whole {
            if found.is_whole == 0 || number < found.number {
                Found { mnt, is_whole: 1, number }.note(event);
            }
        } else if root == part && found.is_whole == 0 && number < found.number {
            Found { mnt, is_whole: 0, number }.note(event);
        }
    }
    Found::of(event)
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
        event.set_walk(0, self.from.mnt);
        event.set_walk(1, self.from.dentry);
        event.set_walk(2, self.stop.mnt);
        event.set_walk(3, self.stop.dentry);
        event.set_walk(4, self.is_root);
        event.set_walk(5, self.kind);
        event.set_walk(6, self.flags);
        event.set_walk(7, self.absolute);
        event.set_walk(8, self.plain);
        Walk {
            from: Place { mnt: event.walk(0), dentry: event.walk(1) },
            stop: Place { mnt: event.walk(2), dentry: event.walk(3) },
            is_root: event.walk(4),
            kind: event.walk(5),
            flags: event.walk(6),
            absolute: event.walk(7),
            plain: event.walk(8),
        }
    }
}

/// Puts the path of a place together beside the event: from the leaf towards the root of the mount tree, or to the place where the walk stops.
#[inline(always)]
pub fn walk(event: Event, of: Walk) -> Path {
    let Walk { from: Place { mut mnt, mut dentry }, stop, is_root, .. } = of;
    let mut start = TEXT - 1;
    // SAFETY: the position lies within the room beside the event.
    unsafe { event.side(start).write_volatile(0) };
    let mut flags = DETACHED;
    event.set_path_flags(0);
    // Of the mount in which it has to stop, the root is known.
    let mut root = if mnt == stop.mnt && is_root != 0 { stop.dentry } else { get!(u64, mnt, vfsmount_root) };
    let mut depth = 0;
    while depth < DEPTH {
        depth += 1;
        if dentry == stop.dentry && mnt == stop.mnt {
            flags &= !DETACHED;
            break;
        }
        copy_kernel(event.entry(), u64::from(ENTRY), dentry);
        let parent = member::<u64>(event, dentry, off!(dentry_parent));
        // What has no place among the names of its directory was removed (d_unlinked).
        if depth == 1 && parent != dentry && member::<u64>(event, dentry, off!(dentry_pprev)) == 0 {
            event.set_path_flags(DELETED);
        }
        if dentry == root || dentry == parent {
            let mount = mount_of(mnt);
            let up = get!(u64, mount, mount_parent);
            if dentry != root || up == mount {
                if dentry == root && (stop.mnt == 0 || is_root != 0) {
                    flags &= !DETACHED;
                }
                break;
            }
            dentry = get!(u64, mount, mount_mountpoint);
            mnt = up.wrapping_add(u64::from(off!(mount_mnt)));
            root = get!(u64, mnt, vfsmount_root);
            continue;
        }
        let length = mask!(member::<u32>(event, dentry, off!(dentry_len)), NAME - 1);
        let at = mask!(start, TEXT - 1);
        if at < length + 2 {
            flags |= CUT;
            break;
        }
        let at = at - length;
        // Masked once more: some verifiers (6.12) forget the upper bound in the comparison.
        let length = mask!(length, NAME - 1);
        if !copy_kernel(event.side(at), length, member(event, dentry, off!(dentry_name))) {
            break;
        }
        start = mask!(at - 1, TEXT - 1);
        // SAFETY: as above.
        unsafe { event.side(start).write_volatile(b'/') };
        dentry = parent;
        if depth == DEPTH {
            flags |= CUT;
        }
    }
    event.set_path(start, flags | event.path(1), dentry);
    let start = mask!(event.path(0), TEXT - 1);
    let mut flags = event.path(1) as u8;
    if flags & item::CUT != 0 {
        count(stat::CUT);
        flags &= !item::DETACHED;
    }
    Path { start, length: TEXT - 1 - start, flags, dentry: event.path(2) }
}
