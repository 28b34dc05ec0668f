//! Fields of the paths that file system calls work on (reference state 9.18, 9.19).

use tercel_format::catalogue::code;
use tercel_rules::fields::FsPathField as F;

use super::{Context, Nature, Scratch, Value, View, parameters, real};
use crate::state::path::concatenate;
use crate::state::{Fd, FdKind, UNKNOWN};

/// Which parameters of a call hold its paths.
enum Paths {
    /// One path.
    One(&'static str),
    /// A source and a target.
    Two(&'static str, &'static str),
    /// The name of the event's fd.
    Fd,
}

/// The value of a field of the class `fs.path`; missing for calls that failed.
pub(super) fn value<'a>(cx: &Context<'a>, field: F, scratch: &'a mut Scratch) -> Option<Value<'a>> {
    let paths = paths(cx.event.code())?;
    if !succeeded(cx) {
        return None;
    }
    let path = match (field, paths) {
        (F::FsPathName | F::FsPathNameraw, Paths::One(name)) => parameter(cx, name)?,
        (F::FsPathName | F::FsPathNameraw, Paths::Fd) => fd_name(cx)?,
        (F::FsPathSource | F::FsPathSourceraw, Paths::Two(name, _)) => parameter(cx, name)?,
        (F::FsPathTarget | F::FsPathTargetraw, Paths::Two(_, name)) => parameter(cx, name)?,
        (F::FsPathName | F::FsPathNameraw, Paths::Two(..))
        | (
            F::FsPathSource | F::FsPathSourceraw | F::FsPathTarget | F::FsPathTargetraw,
            Paths::One(_) | Paths::Fd,
        ) => return None,
    };
    match field {
        F::FsPathName | F::FsPathSource | F::FsPathTarget => {
            let second = is_second(cx.event.code(), field);
            if let Some(path) = second.and_then(|second| real::nth_path(cx.event, second, scratch.view)) {
                return Some(Value::Text(path));
            }
            scratch.text.clear();
            resolve(cx, field, path, scratch)?;
            if scratch.text.starts_with(UNKNOWN)
                && let Some(path) = second.and_then(|second| real::nth_path(cx.event, second, View::Inside))
            {
                return Some(Value::Text(path));
            }
            Value::text(&scratch.text)
        }
        F::FsPathNameraw | F::FsPathSourceraw | F::FsPathTargetraw => Some(Value::Text(path)),
    }
}

/// Whether the field can have a value on events of this code.
pub(super) fn is_set_on(field: F, event: u16) -> bool {
    match (field, paths(event)) {
        (_, None) => false,
        (F::FsPathName | F::FsPathNameraw, Some(paths)) => matches!(paths, Paths::One(_) | Paths::Fd),
        (F::FsPathSource | F::FsPathSourceraw | F::FsPathTarget | F::FsPathTargetraw, Some(paths)) => {
            matches!(paths, Paths::Two(..))
        }
    }
}

/// The row of a field of the class `fs.path`.
pub(super) fn nature(field: F) -> Nature {
    match field {
        F::FsPathName
        | F::FsPathNameraw
        | F::FsPathSource
        | F::FsPathSourceraw
        | F::FsPathTarget
        | F::FsPathTargetraw => Nature::EVENT,
    }
}

/// The table of calls. For links the source is the new path.
fn paths(event: u16) -> Option<Paths> {
    Some(match event {
        code::SYSCALL_MKDIR_2_X
        | code::SYSCALL_MKDIRAT_X
        | code::SYSCALL_RMDIR_2_X
        | code::SYSCALL_UNLINK_2_X
        | code::SYSCALL_CHOWN_X
        | code::SYSCALL_LCHOWN_X => Paths::One("path"),
        code::SYSCALL_UNLINKAT_2_X
        | code::SYSCALL_OPEN_X
        | code::SYSCALL_OPENAT_2_X
        | code::SYSCALL_OPENAT2_X
        | code::SYSCALL_UMOUNT_1_X
        | code::SYSCALL_UMOUNT2_X => Paths::One("name"),
        code::SYSCALL_CHMOD_X | code::SYSCALL_FCHMODAT_X => Paths::One("filename"),
        code::SYSCALL_FCHOWNAT_X => Paths::One("pathname"),
        code::SYSCALL_QUOTACTL_X => Paths::One("special"),
        code::SYSCALL_FCHMOD_X | code::SYSCALL_FCHOWN_X => Paths::Fd,
        code::SYSCALL_RENAME_X | code::SYSCALL_RENAMEAT_X | code::SYSCALL_RENAMEAT2_X => {
            Paths::Two("oldpath", "newpath")
        }
        code::SYSCALL_LINK_2_X | code::SYSCALL_LINKAT_2_X => Paths::Two("newpath", "oldpath"),
        code::SYSCALL_SYMLINK_X | code::SYSCALL_SYMLINKAT_X => Paths::Two("linkpath", "target"),
        code::SYSCALL_MOUNT_X => Paths::Two("dev", "dir"),
        _ => return None,
    })
}

/// Whether what a field shows is the second object of the event to the kernel, and not the first. `None` for what a symbolic link
/// contains, which is no file.
fn is_second(event: u16, field: F) -> Option<bool> {
    let is_target = matches!(field, F::FsPathTarget | F::FsPathTargetraw);
    match event {
        code::SYSCALL_LINK_2_X | code::SYSCALL_LINKAT_2_X | code::SYSCALL_MOUNT_X => {
            let is_named = matches!(field, F::FsPathName | F::FsPathNameraw);
            Some(!is_target && !is_named)
        }
        code::SYSCALL_SYMLINK_X | code::SYSCALL_SYMLINKAT_X => (!is_target).then_some(false),
        _ => Some(is_target),
    }
}

/// Opens succeed unless they return exactly -1, other calls when they return 0.
fn succeeded(cx: &Context<'_>) -> bool {
    let opens =
        matches!(cx.event.code(), code::SYSCALL_OPEN_X | code::SYSCALL_OPENAT_2_X | code::SYSCALL_OPENAT2_X);
    let result = |name| parameters::position(cx, name).and_then(|index| cx.event.int(index));
    if opens { result("fd").is_some_and(|fd| fd != -1) } else { result("res") == Some(0) }
}

fn parameter<'a>(cx: &Context<'a>, name: &str) -> Option<&'a [u8]> {
    cx.event.text(parameters::position(cx, name)?)
}

/// The name of the event's fd; empty if it has no entry.
fn fd_name<'a>(cx: &Context<'a>) -> Option<&'a [u8]> {
    let (_, entry) = cx.fd()?;
    Some(entry.map_or(b"", |fd| &fd.name))
}

/// Appends the path made absolute: by the working directory or by what the call's directory fd names.
fn resolve(cx: &Context<'_>, field: F, path: &[u8], scratch: &mut Scratch) -> Option<()> {
    let slot = cx.slot()?;
    let out = &mut scratch.text;
    if path.starts_with(b"/") {
        concatenate(out, b"", path);
        return Some(());
    }
    match cx.event.code() {
        code::SYSCALL_OPENAT_2_X | code::SYSCALL_OPENAT2_X => {
            concatenate(out, b"", cx.bound_fd().map_or(b"<UNKNOWN>", |fd| &fd.name));
        }
        code::SYSCALL_FCHOWNAT_X
        | code::SYSCALL_FCHMODAT_X
        | code::SYSCALL_MKDIRAT_X
        | code::SYSCALL_UNLINKAT_2_X => in_directory(cx, path, scratch),
        code::SYSCALL_SYMLINKAT_X if field == F::FsPathSource => in_directory(cx, path, scratch),
        code::SYSCALL_SYMLINKAT_X => concatenate(out, b"<UNKNOWN>", path),
        code::SYSCALL_RENAMEAT2_X => {
            let fd = cx.event.int(if field == F::FsPathTarget { 3 } else { 1 })?;
            concatenate(out, &cx.state.dirfd_base(Some(slot), fd, path), path);
        }
        _ => concatenate(out, cx.state.threads.cwd(slot), path),
    }
    Some(())
}

/// Appends a path below the directory that the event's fd is.
fn in_directory(cx: &Context<'_>, path: &[u8], scratch: &mut Scratch) {
    let Scratch { text, part, .. } = scratch;
    part.clear();
    match cx.bound_fd().map(|fd| -> &Fd { fd }) {
        Some(Fd { kind: FdKind::Directory, name, .. }) => {
            part.extend_from_slice(name);
            if !name.is_empty() && !name.ends_with(b"/") {
                part.push(b'/');
            }
        }
        _ => part.extend_from_slice(b"<UNKNOWN>"),
    }
    concatenate(text, part, path);
}
