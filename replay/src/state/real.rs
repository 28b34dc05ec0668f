//! What the kernel says of an event's fd beside the parameters: files that came without a call that opens them get their names, and
//! entries that belong to a file that is gone give way. The events of other recorders say nothing here.

use std::sync::Arc;

use tercel_format::Event;
use tercel_format::catalogue::{EventFlags, ParamType};
use tercel_format::extras::{FileId, kind};

use super::{Facts, Fd, FdKind, RealPath, State};

/// `S_IFMT` and some of its values.
const KIND: u32 = 0o170_000;
const DIRECTORY: u32 = 0o040_000;
const FILES: [u32; 3] = [0o100_000, 0o020_000, 0o060_000];

impl State {
    /// An event that works on an fd and for which the kernel says what file that is.
    pub(super) fn see_file(&mut self, event: &Event<'_>, facts: &mut Facts) {
        if !event.info.has(EventFlags::USES_FD) || has_path(event) || facts.fd_num < 0 {
            return;
        }
        let (Some(slot), Some(path)) = (facts.thread, event.kernel_path(kind::PATH)) else { return };
        let Some(file) = event.extras().file() else { return };
        let Some(of_file) = kind_of(file.mode) else { return };
        let inside = event.kernel_path(kind::PATH_INSIDE);
        let known = self.threads.fd(slot, facts.fd_num);
        if known.is_some_and(|fd| fd.is_called(path, inside)) {
            return;
        }
        let fd = match known.filter(|fd| is_same(fd, of_file, file, path)) {
            Some(fd) => Fd::clone(fd),
            None => {
                let mut fd = Fd::new(of_file, inside.unwrap_or(path).into());
                (fd.dev, fd.ino) = (file.dev, file.ino);
                fd
            }
        };
        let fd = Arc::new(Fd { real: fd.called(path, inside), ..fd });
        self.threads.grow(size_of::<Fd>() + fd.name.len() + path.len());
        let fd_num = facts.fd_num;
        if let Some(fds) = self.threads.fds_mut(slot) {
            facts.has_fd = fds.insert(fd_num, fd);
        }
    }

    /// Fds that came by other ways than an event that opens them, such as over a socket: what had their numbers before is gone.
    pub(super) fn see_received(&mut self, event: &Event<'_>, facts: &Facts) {
        let Some(slot) = facts.thread else { return };
        for received in event.extras().fds() {
            let number = i64::from(received.fd);
            let fd = kind_of(received.file.mode).filter(|_| number >= 0).map(|of_file| {
                let mut fd = Fd::new(of_file, received.path.into());
                (fd.dev, fd.ino, fd.real) = (received.file.dev, received.file.ino, RealPath::Named);
                fd
            });
            self.threads.grow(fd.as_ref().map_or(0, |fd| size_of::<Fd>() + fd.name.len()));
            let Some(fds) = self.threads.fds_mut(slot) else { continue };
            match fd {
                Some(fd) => fds.insert(number, Arc::new(fd)),
                None => fds.remove(number).is_some(),
            };
        }
    }
}

/// Whether the event names a path, so that what the kernel resolved is that and not the fd.
fn has_path(event: &Event<'_>) -> bool {
    event.info.params.iter().any(|param| matches!(param.ty, ParamType::FsPath | ParamType::FsRelPath))
}

/// The kind of an fd for a file of such a mode; `None` for pipes, sockets and the like.
fn kind_of(mode: u32) -> Option<FdKind> {
    match mode & KIND {
        DIRECTORY => Some(FdKind::Directory),
        file if FILES.contains(&file) => Some(FdKind::FileV2),
        _ => None,
    }
}

/// Whether an entry can be that of the file. The entry of a file that was opened without the kernel's word for it may have
/// no inode, and layers of overlays have several.
fn is_same(fd: &Fd, kind: FdKind, file: FileId, path: &[u8]) -> bool {
    match fd.kind {
        // A memfd is a file in memory.
        FdKind::Memfd => path.starts_with(b"/memfd:") || path.starts_with(b"memfd:"),
        FdKind::File | FdKind::FileV2 | FdKind::Directory => {
            let is_file = |kind| matches!(kind, FdKind::File | FdKind::FileV2);
            let other_kind = fd.kind == FdKind::Directory && is_file(kind);
            let other_file = fd.ino != 0 && fd.ino != file.ino && *fd.name != *path;
            let same_path = matches!(&fd.real, RealPath::Other { path: known, .. } if **known == *path);
            !other_kind && (!other_file || same_path)
        }
        _ => false,
    }
}
