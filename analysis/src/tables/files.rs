//! Files: what each process did with each path.

use std::collections::hash_map::Entry;
use std::mem::size_of;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use tercel_format::catalogue::{EventFlags, EventInfo, code};
use tercel_replay::fields::FdClass;
use tercel_replay::state::{Text, Thread};

use super::catalogue::{ColumnInfo, Order, TableInfo, column, joined, row_bytes};
use super::cell::{Cell, ColumnType as T};
use super::collector::{Collector, Row};
use super::dns::Names;
use super::process_id::{LABEL, ProcessId, label_cells};
use super::reads::{self, Reads};
use super::seen::{Moved, Seen, Times};

/// The table of files.
pub(super) const FILES: TableInfo = TableInfo {
    name: "files",
    meaning: "What each process did with each file or directory that it named, read or wrote",
    order: Order::Ascending("path"),
    columns: &COLUMNS,
};

const COLUMNS: [ColumnInfo; 21] = joined(&[
    &[
        column("path", T::Text, "Path as the call gave it, made absolute (fd.name)"),
        column("directory", T::Text, "What stands before its last slash (fd.directory)"),
    ],
    &LABEL,
    &[
        column("opens", T::Count, "Successful open, openat, openat2, creat and open_by_handle_at"),
        column("reads", T::Count, "Calls that read something"),
        column("read", T::Bytes, "Results above 0 of calls that read"),
        column("writes", T::Count, "Calls that wrote something"),
        column("written", T::Bytes, "Results above 0 of calls that write"),
        column("bytes", T::Bytes, "Read and written"),
        column(
            "created",
            T::Count,
            "Created: by an open, mkdir, mknod, link, symlink, or as the new name of a rename",
        ),
        column("deleted", T::Count, "Deleted: unlink, rmdir"),
        column("renamed_to", T::Text, "Its new name, of the last rename"),
        column("changed", T::Count, "Changes of mode or owner"),
        column("mapped", T::Count, "Mapped for execution (mmap with PROT_EXEC)"),
        column("errors", T::Count, "Failed calls that name it or work on it"),
        column("first", T::Time, "The first of these calls"),
        column("last", T::Time, "The last of these calls"),
    ],
]);

/// `PPM_PROT_EXEC`.
const EXECUTABLE: u64 = 1 << 2;
/// `PPM_O_F_CREATED`: the open created the file.
const CREATED: u32 = 1 << 14;

/// Bytes of a use and of its row, without the path.
const ROW: usize = size_of::<(Text, Use)>() + row_bytes(&FILES);

/// Calls that name paths, besides those that make an fd.
const NAMING: [u16; 19] = [
    code::SYSCALL_MKDIR_2_X,
    code::SYSCALL_MKDIRAT_X,
    code::SYSCALL_MKNOD_X,
    code::SYSCALL_MKNODAT_X,
    code::SYSCALL_LINK_2_X,
    code::SYSCALL_LINKAT_2_X,
    code::SYSCALL_SYMLINK_X,
    code::SYSCALL_SYMLINKAT_X,
    code::SYSCALL_RMDIR_2_X,
    code::SYSCALL_UNLINK_2_X,
    code::SYSCALL_UNLINKAT_2_X,
    code::SYSCALL_CHMOD_X,
    code::SYSCALL_FCHMODAT_X,
    code::SYSCALL_CHOWN_X,
    code::SYSCALL_LCHOWN_X,
    code::SYSCALL_FCHOWNAT_X,
    code::SYSCALL_RENAME_X,
    code::SYSCALL_RENAMEAT_X,
    code::SYSCALL_RENAMEAT2_X,
];

/// What a process did with a path.
#[derive(Debug, Clone)]
struct Use {
    name: Text,
    container: Text,
    opens: u64,
    reads: u64,
    writes: u64,
    moved: Moved,
    created: u64,
    deleted: u64,
    renamed_to: Cell,
    changed: u64,
    mapped: u64,
    errors: u64,
    times: Times,
}

impl Use {
    fn new(leader: &Thread, ts: u64) -> Use {
        Use {
            name: leader.image.comm.clone(),
            container: leader.container.clone(),
            opens: 0,
            reads: 0,
            writes: 0,
            moved: Moved::default(),
            created: 0,
            deleted: 0,
            renamed_to: Cell::Null,
            changed: 0,
            mapped: 0,
            errors: 0,
            times: Times::at(ts),
        }
    }

    /// It was this process, which may have another name by now.
    fn by(&mut self, leader: &Thread) {
        if !Arc::ptr_eq(&self.name, &leader.image.comm) {
            self.name = leader.image.comm.clone();
        }
        if !Arc::ptr_eq(&self.container, &leader.container) {
            self.container = leader.container.clone();
        }
    }

    fn go_on(&mut self, later: Use) {
        (self.name, self.container) = (later.name, later.container);
        self.opens += later.opens;
        self.reads += later.reads;
        self.writes += later.writes;
        self.moved.add(later.moved);
        self.created += later.created;
        self.deleted += later.deleted;
        if later.renamed_to != Cell::Null {
            self.renamed_to = later.renamed_to;
        }
        self.changed += later.changed;
        self.mapped += later.mapped;
        self.errors += later.errors;
        self.times.see(later.times);
    }
}

/// Collects files.
#[derive(Debug, Default)]
pub(super) struct Files {
    by_process: FxHashMap<ProcessId, FxHashMap<Text, Use>>,
    bytes: usize,
    /// The path of the current event.
    path: Vec<u8>,
}

impl Files {
    /// Notes what an event did with a path.
    fn note(&mut self, seen: &Seen<'_>, path: Path<'_>, note: impl FnOnce(&mut Use)) {
        let Some((id, _, leader)) = seen.process else { return };
        let of_process = self.by_process.entry(id).or_default();
        // Most paths are known, and need no text of their own.
        let used = match of_process.get_mut(path.bytes()) {
            Some(used) => used,
            None => {
                self.bytes += ROW + path.bytes().len();
                of_process.entry(path.into()).or_insert_with(|| Use::new(leader, seen.ts()))
            }
        };
        used.by(leader);
        used.times.see(Times::at(seen.ts()));
        note(used);
    }

    /// Notes what a call did with the path in a parameter.
    fn named(&mut self, seen: &Seen<'_>, parameter: &str, note: impl FnOnce(&mut Use)) {
        let mut path = std::mem::take(&mut self.path);
        path.clear();
        if seen.context.path_parameter(parameter, &mut path) {
            self.note(seen, Path::Bytes(&path), |entry| {
                if seen.error.is_some() { entry.errors += 1 } else { note(entry) }
            });
        }
        self.path = path;
    }

    /// A call that works on an fd.
    fn on_fd(&mut self, seen: &Seen<'_>) {
        let Some(fd) = seen.fd().filter(|fd| matches!(fd.class(), FdClass::File | FdClass::Directory)) else {
            return;
        };
        let event = seen.context.event;
        if let (Some(moved), FdClass::File) = (seen.moved, fd.class()) {
            self.note(seen, Path::Text(&fd.name), |entry| {
                let read = entry.moved.read;
                entry.moved.count(moved);
                if entry.moved.read > read { entry.reads += 1 } else { entry.writes += 1 }
            });
            return;
        }
        let note: fn(&mut Use) = match event.code() {
            code::SYSCALL_FCHMOD_X | code::SYSCALL_FCHOWN_X if seen.error.is_none() => {
                |entry| entry.changed += 1
            }
            code::SYSCALL_MMAP_X | code::SYSCALL_MMAP2_X
                if seen.error.is_none() && event.uint(6).is_some_and(|prot| prot & EXECUTABLE != 0) =>
            {
                |entry| entry.mapped += 1
            }
            _ if seen.error.is_some() && fd.class() == FdClass::File => |entry| entry.errors += 1,
            _ => return,
        };
        self.note(seen, Path::Text(&fd.name), note);
    }

    fn opened(&mut self, seen: &Seen<'_>) {
        match seen.fd() {
            Some(fd) if seen.error.is_none() => {
                let is_new = fd.open_flags & CREATED != 0;
                self.note(seen, Path::Text(&fd.name), |entry| {
                    entry.opens += 1;
                    entry.created += u64::from(is_new);
                });
            }
            _ => self.named(seen, "name", |_| ()),
        }
    }

    fn renamed(&mut self, seen: &Seen<'_>) {
        let mut new = Vec::new();
        seen.context.path_parameter("newpath", &mut new);
        let new = Cell::text(&new.into());
        self.named(seen, "oldpath", |entry| entry.renamed_to = new);
        if seen.error.is_none() {
            self.named(seen, "newpath", |entry| entry.created += 1);
        }
    }
}

/// A path of an event.
#[derive(Clone, Copy)]
enum Path<'a> {
    /// The state has it as a text.
    Text(&'a Text),
    /// A parameter has it.
    Bytes(&'a [u8]),
}

impl Path<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Path::Text(text) => text,
            Path::Bytes(bytes) => bytes,
        }
    }
}

impl From<Path<'_>> for Text {
    fn from(path: Path<'_>) -> Text {
        match path {
            Path::Text(text) => text.clone(),
            Path::Bytes(bytes) => bytes.into(),
        }
    }
}

impl Collector for Files {
    fn reads(info: &EventInfo) -> Reads {
        const PROT: u32 = 1 << 6;
        match info.code {
            code::SYSCALL_MMAP_X | code::SYSCALL_MMAP2_X => Some(PROT),
            code if NAMING.contains(&code) || info.any(EventFlags::CREATES_FD) => Some(reads::plain(info)),
            _ => reads::is_on_fd(info).then_some(0),
        }
    }

    fn event(&mut self, seen: &Seen<'_>) {
        if seen.context.is_open() {
            return self.opened(seen);
        }
        let created = |entry: &mut Use| entry.created += 1;
        let changed = |entry: &mut Use| entry.changed += 1;
        let deleted = |entry: &mut Use| entry.deleted += 1;
        match seen.context.event.code() {
            code::SYSCALL_MKDIR_2_X
            | code::SYSCALL_MKDIRAT_X
            | code::SYSCALL_MKNOD_X
            | code::SYSCALL_MKNODAT_X => {
                self.named(seen, "path", created);
            }
            code::SYSCALL_LINK_2_X | code::SYSCALL_LINKAT_2_X => self.named(seen, "newpath", created),
            code::SYSCALL_SYMLINK_X | code::SYSCALL_SYMLINKAT_X => self.named(seen, "linkpath", created),
            code::SYSCALL_RMDIR_2_X | code::SYSCALL_UNLINK_2_X => self.named(seen, "path", deleted),
            code::SYSCALL_UNLINKAT_2_X => self.named(seen, "name", deleted),
            code::SYSCALL_CHMOD_X | code::SYSCALL_FCHMODAT_X => self.named(seen, "filename", changed),
            code::SYSCALL_CHOWN_X | code::SYSCALL_LCHOWN_X => self.named(seen, "path", changed),
            code::SYSCALL_FCHOWNAT_X => self.named(seen, "pathname", changed),
            code::SYSCALL_RENAME_X | code::SYSCALL_RENAMEAT_X | code::SYSCALL_RENAMEAT2_X => {
                self.renamed(seen)
            }
            _ => self.on_fd(seen),
        }
    }

    fn merge(&mut self, later: Files) {
        for (id, paths) in later.by_process {
            let of_process = self.by_process.entry(id).or_default();
            for (path, used) in paths {
                match of_process.entry(path) {
                    Entry::Occupied(mut known) => known.get_mut().go_on(used),
                    Entry::Vacant(place) => {
                        self.bytes += ROW + place.key().len();
                        place.insert(used);
                    }
                }
            }
        }
    }

    fn rows(self, _names: &Names) -> Vec<Row> {
        // Rows of one directory share its name.
        let mut directories: FxHashSet<Text> = FxHashSet::default();
        let mut directory = |path: &[u8]| {
            let slash = path.iter().rposition(|byte| *byte == b'/');
            let name = &path[..slash.map_or(0, |slash| slash.max(1))];
            if !directories.contains(name) {
                directories.insert(name.into());
            }
            directories.get(name).map_or(Cell::Null, Cell::text)
        };
        let mut cells = |id: ProcessId, path: Text, used: Use| {
            let [pid, start, name, container, process] = label_cells(id, &used.name, &used.container);
            vec![
                Cell::text(&path),
                directory(&path),
                pid,
                start,
                name,
                container,
                process,
                Cell::Uint(used.opens),
                Cell::Uint(used.reads),
                Cell::Uint(used.moved.read),
                Cell::Uint(used.writes),
                Cell::Uint(used.moved.written),
                Cell::Uint(used.moved.sum()),
                Cell::Uint(used.created),
                Cell::Uint(used.deleted),
                used.renamed_to,
                Cell::Uint(used.changed),
                Cell::Uint(used.mapped),
                Cell::Uint(used.errors),
                Cell::Time(used.times.first),
                Cell::Time(used.times.last),
            ]
        };
        let mut rows = Vec::new();
        for (id, paths) in self.by_process {
            rows.extend(paths.into_iter().map(|(path, used)| cells(id, path, used)));
        }
        rows
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}
