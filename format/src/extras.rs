//! What the kernel says of an event beside its parameters: the bytes of the option after it enter, items leave (FORMAT.md section 11).
//! The parameters are what the caller said, and stay those of the catalogue; these are what the kernel made of it: the path that it
//! resolved, device and inode, whether an argument changed under way, and so on.
//!
//! The bytes may be anybody's. Items are found in one pass without allocation, none reaches beyond the bytes, and a kind that is not
//! known here is an item like any other.

use crate::catalogue::{EventInfo, ParamType};
use crate::event::until_nul;

/// Longest sequence of items: what the length of an option can say.
pub const LONGEST: usize = u16::MAX as usize;

/// Bytes of an item before its value: kind u8, flags u8, length u16.
const HEAD: usize = 4;

/// Kinds of items.
pub mod kind {
    /// Path of the object as the kernel resolved it, from the root of the host's mount namespace.
    pub const PATH: u8 = 1;
    /// The same from the root directory of the process, where that differs.
    pub const PATH_INSIDE: u8 = 2;
    /// Path of a second object: the new name of a rename or link, the source of a mount, the other fd.
    pub const SECOND_PATH: u8 = 3;
    /// Identity of the object ([`FileId`](super::FileId)).
    pub const FILE: u8 = 4;
    /// Facts, bits of [`fact`](super::fact), u32.
    pub const FACTS: u8 = 5;
    /// The path that the caller gave at the entry of the call, where memory had another one at its exit.
    pub const ENTRY_PATH: u8 = 6;
    /// The same of the second path.
    pub const SECOND_ENTRY_PATH: u8 = 7;
    /// How long the call took, in nanoseconds, u64.
    pub const LATENCY: u8 = 8;
    /// Current directory of the process, from the root of the host's mount namespace.
    pub const CWD: u8 = 9;
    /// Path of the executable of the process, from the root of the host's mount namespace.
    pub const EXE: u8 = 10;
    /// Root directory of the process, from the root of the host's mount namespace.
    pub const ROOT: u8 = 11;
    /// As [`PATH_INSIDE`], of the second object.
    pub const SECOND_PATH_INSIDE: u8 = 12;
    /// Identity of the second object ([`FileId`](super::FileId)).
    pub const SECOND_FILE: u8 = 13;
    /// The address that the caller gave at the entry of the call, where memory had another one at its exit; as a parameter of type
    /// `PT_SOCKADDR`.
    pub const ENTRY_ADDRESS: u8 = 14;
    /// What is behind an fd that came by other ways than an event that opens it ([`FdFile`](super::FdFile)).
    pub const FD: u8 = 15;
    /// What a process uses, beside its CPU time ([`Resources`](super::Resources)).
    pub const RESOURCES: u8 = 16;

    /// Whether items of this kind contain a path.
    pub const fn is_path(kind: u8) -> bool {
        matches!(
            kind,
            PATH | PATH_INSIDE
                | SECOND_PATH
                | ENTRY_PATH
                | SECOND_ENTRY_PATH
                | CWD
                | EXE
                | ROOT
                | SECOND_PATH_INSIDE
        )
    }
}

/// Flags of an item, for paths.
pub mod flag {
    /// The path is longer: its start is missing.
    pub const CUT: u8 = 1;
    /// The path does not reach the root that it is said to start from: its mount is not, or not any more, below it. Pipes, sockets and
    /// files in memory are such.
    pub const DETACHED: u8 = 2;
    /// The name was removed from its directory.
    pub const DELETED: u8 = 4;
    /// The path is byte for byte the one in the event's parameter, and is not repeated: the value is empty
    /// ([`Event::kernel_path`](crate::Event::kernel_path)).
    pub const SAME: u8 = 8;
    /// The directory is the kernel's, the last component is the caller's.
    pub const COMPOSED: u8 = 16;
    /// The directory that the caller's path starts from is the kernel's; what follows is the caller's text, in which symbolic links
    /// and `..` are not resolved.
    pub const UNRESOLVED: u8 = 32;
}

/// Facts of an event, bits of [`kind::FACTS`].
pub mod fact {
    /// It came by io_uring, not by a system call.
    pub const IO_URING: u32 = 1;
    /// An argument in memory changed between the entry of the call and its exit.
    pub const CHANGED: u32 = 1 << 1;
    /// Its arguments are not complete.
    pub const ARGUMENTS_CUT: u32 = 1 << 2;
    /// Its environment is not complete.
    pub const ENVIRONMENT_CUT: u32 = 1 << 3;
    /// What was resolved is what a hook of the kernel was about to act on.
    pub const HOOKED: u32 = 1 << 4;
    /// A thread of the kernel carried it out for the submitter (IORING_SETUP_SQPOLL).
    pub const POLLED: u32 = 1 << 5;
    /// The entry of the call was not seen: whether its arguments changed is not known.
    pub const NO_ENTRY: u32 = 1 << 6;
}

/// One item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item<'a> {
    /// One of [`kind`], or one that is newer.
    pub kind: u8,
    /// Bits of [`flag`].
    pub flags: u8,
    /// Its bytes; of a path without a NUL.
    pub value: &'a [u8],
}

impl Item<'_> {
    /// Whether it has a flag.
    pub const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// Which file an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileId {
    /// Inode.
    pub ino: u64,
    /// Device, as `stat` encodes it in 32 bits.
    pub dev: u32,
    /// Kind and permissions, as `stat` has them (`st_mode`).
    pub mode: u32,
}

impl FileId {
    /// Bytes of its encoding: ino u64, dev u32, mode u32. Newer ones may be longer.
    pub const SIZE: usize = 16;

    /// Its encoding.
    pub fn bytes(self) -> [u8; FileId::SIZE] {
        let mut bytes = [0; FileId::SIZE];
        bytes[..8].copy_from_slice(&self.ino.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.dev.to_le_bytes());
        bytes[12..].copy_from_slice(&self.mode.to_le_bytes());
        bytes
    }

    fn read(bytes: &[u8]) -> Option<FileId> {
        let (ino, rest) = bytes.split_first_chunk()?;
        let (dev, rest) = rest.split_first_chunk()?;
        let mode = rest.first_chunk()?;
        let (ino, dev) = (u64::from_le_bytes(*ino), u32::from_le_bytes(*dev));
        Some(FileId { ino, dev, mode: u32::from_le_bytes(*mode) })
    }
}

/// What is behind an fd ([`kind::FD`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FdFile<'a> {
    /// Number of the fd in the thread of the event.
    pub fd: i32,
    /// Which file it is.
    pub file: FileId,
    /// How it was opened: `f_flags` of the kernel's file, which are those of `open`.
    pub open_flags: u32,
    /// Its path from the root of the host's mount namespace, with the flags of the item; what has no path (a pipe, a socket) has none, or
    /// a name that does not start with a slash.
    pub path: &'a [u8],
}

impl<'a> FdFile<'a> {
    /// Bytes of the encoding before the path: fd i32, file, flags u32.
    pub const HEAD: usize = 8 + FileId::SIZE;

    /// Its encoding.
    pub fn bytes(&self) -> Vec<u8> {
        [&self.fd.to_le_bytes()[..], &self.file.bytes(), &self.open_flags.to_le_bytes(), self.path].concat()
    }

    /// Reads the value of an item.
    pub fn read(bytes: &'a [u8]) -> Option<FdFile<'a>> {
        let (fd, rest) = bytes.split_first_chunk()?;
        let (file, rest) = rest.split_first_chunk::<{ FileId::SIZE }>()?;
        let (open_flags, path) = rest.split_first_chunk()?;
        Some(FdFile {
            fd: i32::from_le_bytes(*fd),
            file: FileId::read(file)?,
            open_flags: u32::from_le_bytes(*open_flags),
            path: until_nul(path),
        })
    }
}

/// Memory of a process and its page faults since its start ([`kind::RESOURCES`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Resources {
    /// Page faults for which something was read.
    pub major_faults: u64,
    /// Page faults for which nothing was read.
    pub minor_faults: u64,
    /// Address space, in kB.
    pub size_kb: u32,
    /// Resident memory, in kB.
    pub rss_kb: u32,
    /// Memory in swap, in kB.
    pub swap_kb: u32,
}

impl Resources {
    /// Bytes of its encoding: faults u64 twice, sizes u32 three times. Newer ones may be longer.
    pub const SIZE: usize = 28;

    /// Its encoding.
    pub fn bytes(self) -> [u8; Resources::SIZE] {
        let mut bytes = [0; Resources::SIZE];
        bytes[..8].copy_from_slice(&self.major_faults.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.minor_faults.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.size_kb.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.rss_kb.to_le_bytes());
        bytes[24..].copy_from_slice(&self.swap_kb.to_le_bytes());
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Resources> {
        let (major, rest) = bytes.split_first_chunk()?;
        let (minor, rest) = rest.split_first_chunk()?;
        let (size, rest) = rest.split_first_chunk()?;
        let (rss, rest) = rest.split_first_chunk()?;
        Some(Resources {
            major_faults: u64::from_le_bytes(*major),
            minor_faults: u64::from_le_bytes(*minor),
            size_kb: u32::from_le_bytes(*size),
            rss_kb: u32::from_le_bytes(*rss),
            swap_kb: u32::from_le_bytes(*rest.first_chunk()?),
        })
    }
}

/// The items beside an event; most events of most captures have none.
///
/// ```
/// use tercel_format::extras::{self, Extras, ExtrasBuilder, FileId, fact, kind};
///
/// let mut items = ExtrasBuilder::default();
/// items.add(kind::PATH, 0, b"/etc/shadow").add(kind::FACTS, 0, &fact::CHANGED.to_le_bytes());
/// items.add(kind::FILE, 0, &FileId { ino: 7, dev: 0x801, mode: 0o100640 }.bytes());
/// let extras = items.extras();
/// assert_eq!(extras.get(kind::PATH).map(|item| item.value), Some(&b"/etc/shadow"[..]));
/// assert_eq!(extras.file().map(|file| (file.ino, file.mode)), Some((7, 0o100640)));
/// assert!(extras.is(fact::CHANGED) && !extras.is(fact::IO_URING));
/// assert_eq!(extras.latency(), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Extras<'a> {
    bytes: &'a [u8],
}

impl<'a> Extras<'a> {
    /// The items in these bytes; what stands after [`LONGEST`] is ignored.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Extras<'a> {
        Extras { bytes: bytes.get(..LONGEST).unwrap_or(bytes) }
    }

    /// The bytes of the items, as they are stored.
    #[inline]
    pub fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }

    /// The items in their order, up to the first that is not complete.
    #[inline]
    pub fn iter(self) -> Items<'a> {
        Items { rest: self.bytes }
    }

    /// The first item of a kind.
    #[inline]
    pub fn get(self, kind: u8) -> Option<Item<'a>> {
        self.iter().find(|item| item.kind == kind)
    }

    /// What the object is.
    pub fn file(self) -> Option<FileId> {
        FileId::read(self.get(kind::FILE)?.value)
    }

    /// What the second object is.
    pub fn second_file(self) -> Option<FileId> {
        FileId::read(self.get(kind::SECOND_FILE)?.value)
    }

    /// Whether a [`fact`] holds.
    pub fn is(self, fact: u32) -> bool {
        self.facts() & fact != 0
    }

    /// All facts, bits of [`fact`]; 0 if nothing is said.
    pub fn facts(self) -> u32 {
        let value = self.get(kind::FACTS).and_then(|item| item.value.first_chunk());
        value.map_or(0, |bytes| u32::from_le_bytes(*bytes))
    }

    /// What is behind fds that came by other ways than events that open them.
    pub fn fds(self) -> impl Iterator<Item = FdFile<'a>> {
        self.iter().filter(|item| item.kind == kind::FD).filter_map(|item| FdFile::read(item.value))
    }

    /// What the process uses.
    pub fn resources(self) -> Option<Resources> {
        Resources::read(self.get(kind::RESOURCES)?.value)
    }

    /// How long the call took, in nanoseconds.
    pub fn latency(self) -> Option<u64> {
        self.get(kind::LATENCY)?.value.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
    }
}

impl<'a> IntoIterator for Extras<'a> {
    type Item = Item<'a>;
    type IntoIter = Items<'a>;

    fn into_iter(self) -> Items<'a> {
        self.iter()
    }
}

/// Goes through the items.
#[derive(Debug, Clone)]
pub struct Items<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    #[inline]
    fn next(&mut self) -> Option<Item<'a>> {
        let ([kind, flags, low, high], rest) = self.rest.split_first_chunk::<HEAD>()?;
        let (value, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes([*low, *high])))?;
        self.rest = rest;
        Some(Item { kind: *kind, flags: *flags, value })
    }
}

/// Puts items together.
#[derive(Debug, Clone, Default)]
pub struct ExtrasBuilder {
    bytes: Vec<u8>,
}

impl ExtrasBuilder {
    /// Adds an item. One that does not fit is left out.
    pub fn add(&mut self, kind: u8, flags: u8, value: &[u8]) -> &mut ExtrasBuilder {
        if self.bytes.len() + HEAD + value.len() <= LONGEST {
            let [low, high, ..] = value.len().to_le_bytes();
            self.bytes.extend_from_slice(&[kind, flags, low, high]);
            self.bytes.extend_from_slice(value);
        }
        self
    }

    /// The items so far.
    pub fn extras(&self) -> Extras<'_> {
        Extras::new(&self.bytes)
    }

    /// Removes all items, and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }
}

/// Which parameter a path is that an item of `kind` does not repeat ([`flag::SAME`]): the first or second path of the event, or the path
/// of the executable.
pub(crate) fn parameter_of(info: &EventInfo, kind: u8) -> Option<usize> {
    let nth = match kind {
        kind::PATH | kind::PATH_INSIDE => 0,
        kind::SECOND_PATH | kind::SECOND_PATH_INSIDE => 1,
        kind::EXE => return info.params.iter().position(|param| param.name == "trusted_exepath"),
        kind::CWD => return info.params.iter().position(|param| param.name == "cwd"),
        _ => return None,
    };
    let is_path = |ty, name| {
        matches!(ty, ParamType::FsPath | ParamType::FsRelPath) || (ty == ParamType::CharBuf && name == "path")
    };
    let mut paths = info.params.iter().enumerate().filter(|(_, param)| is_path(param.ty, param.name));
    paths.nth(nth).map(|(index, _)| index)
}

/// A path as a caller gave it, without its NUL; `None` for what is none.
pub(crate) fn given(bytes: &[u8]) -> Option<&[u8]> {
    Some(until_nul(bytes)).filter(|path| path.first() == Some(&b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{self, code};

    #[test]
    fn items_leave_as_they_came() {
        let mut builder = ExtrasBuilder::default();
        assert!(builder.extras().is_empty());
        builder.add(kind::PATH, flag::CUT, b"/a").add(200, 0, b"").add(
            kind::LATENCY,
            0,
            &77u64.to_le_bytes(),
        );
        builder.add(kind::FACTS, 0, &(fact::CHANGED | fact::HOOKED).to_le_bytes());
        let items: Vec<_> =
            builder.extras().iter().map(|item| (item.kind, item.flags, item.value.len())).collect();
        assert_eq!(
            items,
            [(kind::PATH, flag::CUT, 2), (200, 0, 0), (kind::LATENCY, 0, 8), (kind::FACTS, 0, 4)]
        );
        let extras = builder.extras();
        assert_eq!((extras.latency(), extras.facts()), (Some(77), fact::CHANGED | fact::HOOKED));
        assert!(extras.is(fact::HOOKED) && !extras.is(fact::IO_URING));
        assert!(extras.get(kind::PATH).is_some_and(|item| item.has(flag::CUT) && !item.has(flag::SAME)));
        assert_eq!((extras.file(), extras.second_file()), (None, None));
        let file = FileId { ino: u64::MAX - 1, dev: 0x0801, mode: 0o100_644 };
        builder.clear();
        builder.add(kind::SECOND_FILE, 0, &[&file.bytes()[..], b"newer"].concat());
        assert_eq!(builder.extras().second_file(), Some(file));
        let (path, mut other) = (&b"/etc/shadow"[..], FdFile { fd: -1, file, open_flags: 2, path: b"" });
        builder.add(kind::FD, 0, &FdFile { fd: 7, path, ..other }.bytes()).add(kind::FD, 0, b"short");
        builder.add(kind::FD, 0, &other.bytes());
        let found: Vec<_> = builder.extras().fds().collect();
        assert_eq!(found[1], other);
        (other.fd, other.path) = (7, path);
        assert_eq!((found[0], found.len()), (other, 2));
        let used = Resources { major_faults: 1, minor_faults: u64::MAX, size_kb: 3, rss_kb: 4, swap_kb: 5 };
        builder.clear();
        builder.add(kind::RESOURCES, 0, &[&used.bytes()[..], b"newer"].concat());
        assert_eq!(builder.extras().resources(), Some(used));
        for end in 0..Resources::SIZE {
            builder.clear();
            builder.add(kind::RESOURCES, 0, &used.bytes()[..end]);
            assert_eq!(builder.extras().resources(), None, "{end} bytes");
        }
    }

    #[test]
    fn nothing_is_read_beyond_the_bytes() {
        let mut builder = ExtrasBuilder::default();
        builder.add(kind::PATH, 0, b"/etc").add(kind::FACTS, 0, &[1]).add(kind::FILE, 0, &[0; 15]);
        let bytes = builder.extras().bytes().to_vec();
        for end in 0..=bytes.len() {
            let extras = Extras::new(&bytes[..end]);
            let whole = [8, 13, 32].iter().filter(|size| **size <= end).count();
            assert_eq!(extras.iter().count(), whole, "{end} bytes");
            // Values that are too short say nothing.
            assert_eq!((extras.file(), extras.facts(), extras.latency()), (None, 0, None));
        }
        assert_eq!(Extras::new(&[1, 0, 255, 255, 0]).iter().count(), 0);
        assert_eq!(Extras::new(&vec![0; 1 << 20]).iter().count(), LONGEST / HEAD);
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        let mut builder = ExtrasBuilder::default();
        builder.add(kind::PATH, 0, &vec![b'a'; LONGEST]).add(kind::PATH, 0, &vec![b'a'; LONGEST - HEAD]);
        builder.add(kind::FACTS, 0, b"");
        assert_eq!(
            builder.extras().iter().map(|item| item.value.len()).collect::<Vec<_>>(),
            [LONGEST - HEAD]
        );
    }

    #[test]
    fn paths_that_are_not_repeated_stand_in_a_parameter() {
        for (code, kind, name) in [
            (code::SYSCALL_OPENAT_2_X, kind::PATH, Some("name")),
            (code::SYSCALL_RENAMEAT_X, kind::PATH, Some("oldpath")),
            (code::SYSCALL_RENAMEAT_X, kind::SECOND_PATH, Some("newpath")),
            (code::SYSCALL_CHDIR_X, kind::PATH, Some("path")),
            (code::SYSCALL_SYMLINK_X, kind::PATH, Some("linkpath")),
            (code::SYSCALL_MOUNT_X, kind::PATH, Some("dir")),
            (code::SYSCALL_EXECVE_19_X, kind::EXE, Some("trusted_exepath")),
            (code::SYSCALL_EXECVE_19_X, kind::CWD, Some("cwd")),
            (code::SYSCALL_READ_X, kind::PATH, None),
            (code::SYSCALL_OPENAT_2_X, kind::FACTS, None),
        ] {
            let info = catalogue::event(code).expect("a known event");
            assert_eq!(parameter_of(info, kind).map(|index| info.params[index].name), name, "{}", info.name);
        }
    }
}
