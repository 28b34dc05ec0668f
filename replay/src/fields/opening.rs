//! Fields about opening files and about paths relative to a directory fd: parameters enter, a verdict or a path leaves.

use tercel_format::catalogue::code;
use tercel_rules::fields::Arg;

use super::{Context, Scratch, Value, parameters, real};
use crate::state::path::concatenate;

/// `PPM_AT_FDCWD`: the path is relative to the working directory.
pub(super) const AT_FDCWD: i64 = -100;

bitflags::bitflags! {
    /// Flags of an open (`PPM_O_*`).
    #[derive(Clone, Copy)]
    struct OpenFlags: u32 {
        const RDONLY = 1;
        const WRONLY = 1 << 1;
        const CREAT = 1 << 2;
        const TMPFILE = 1 << 13;
        const CREATED = 1 << 14;
    }
}

/// Any of the execute bits of a mode (`PPM_S_IX*`).
const EXECUTABLE: u32 = 1 | 1 << 3 | 1 << 6;

/// What a file can be opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    Read,
    Write,
    Exec,
    Create,
}

/// `evt.is_open_*`: judged by the parameters of the exit alone, failed calls included (reference state 9.15, 9.16).
pub(super) fn is_open(cx: &Context<'_>, opening: Opening) -> bool {
    let (flags, mode) = match cx.event.code() {
        code::SYSCALL_OPEN_X => (2, Some(3)),
        code::SYSCALL_OPENAT_2_X | code::SYSCALL_OPENAT2_X => (3, Some(4)),
        code::SYSCALL_OPEN_BY_HANDLE_AT_X => (2, None),
        code::SYSCALL_CREAT_X => {
            return opening == Opening::Exec && cx.event.u32(2).is_some_and(|mode| mode & EXECUTABLE != 0);
        }
        _ => return false,
    };
    let flags = OpenFlags::from_bits_retain(cx.event.u32(flags).unwrap_or(0));
    match opening {
        Opening::Read => flags.contains(OpenFlags::RDONLY),
        Opening::Write => flags.contains(OpenFlags::WRONLY),
        Opening::Create => {
            flags.contains(OpenFlags::CREATED)
                || flags.contains(OpenFlags::TMPFILE)
                    && cx.event.return_value().is_some_and(|value| value >= 0)
        }
        Opening::Exec => {
            flags.intersects(OpenFlags::TMPFILE | OpenFlags::CREAT)
                && mode.and_then(|mode| cx.event.u32(mode)).is_some_and(|mode| mode & EXECUTABLE != 0)
        }
    }
}

/// `evt.abspath`: the path of a call with a directory fd, made absolute (reference state 9.17).
pub(super) fn absolute_path<'a>(cx: &Context<'a>, arg: &Arg, scratch: &'a mut Scratch) -> Option<Value<'a>> {
    let slot = cx.facts.thread?;
    let is_destination = matches!(arg, Arg::Key(key) if **key == *"dst");
    if let Some(path) = real::nth_path(cx.event, is_destination, scratch.view) {
        return parameters(cx.event.code(), is_destination).map(|_| Value::Text(path));
    }
    let out = &mut scratch.text;
    out.clear();
    if cx.event.code() == code::SYSCALL_OPEN_BY_HANDLE_AT_X {
        cx.event.return_value().filter(|fd| *fd as i32 > 0)?;
        concatenate(out, b"", cx.event.text(3)?);
        return Value::text(out);
    }
    let (directory, path) = parameters(cx.event.code(), is_destination)?;
    let (directory, index) = (parameters::position(cx, directory)?, parameters::position(cx, path)?);
    let directory = cx.event.int(directory)?;
    if cx.event.param(index)?.is_empty() {
        return None;
    }
    let path = cx.event.text(index)?;
    if path.starts_with(b"/") {
        concatenate(out, b".", path);
    } else if directory == AT_FDCWD {
        concatenate(out, cx.state.threads.cwd(slot), path);
    } else {
        let base = &mut scratch.part;
        base.clear();
        base.extend_from_slice(cx.state.threads.fd(slot, directory).map_or(b"<UNKNOWN>", |fd| &fd.name));
        base.push(b'/');
        concatenate(out, base, path);
    }
    Value::text(out)
}

/// Names of the parameters that hold the directory fd and the path.
fn parameters(event: u16, destination: bool) -> Option<(&'static str, &'static str)> {
    match event {
        code::SYSCALL_RENAMEAT_X | code::SYSCALL_RENAMEAT2_X if destination => Some(("newdirfd", "newpath")),
        code::SYSCALL_RENAMEAT_X | code::SYSCALL_RENAMEAT2_X => Some(("olddirfd", "oldpath")),
        code::SYSCALL_LINKAT_2_X if destination => Some(("newdir", "newpath")),
        code::SYSCALL_LINKAT_2_X => Some(("olddir", "oldpath")),
        code::SYSCALL_SYMLINKAT_X => Some(("linkdirfd", "linkpath")),
        code::SYSCALL_OPENAT_2_X | code::SYSCALL_OPENAT2_X | code::SYSCALL_UNLINKAT_2_X => {
            Some(("dirfd", "name"))
        }
        code::SYSCALL_MKDIRAT_X => Some(("dirfd", "path")),
        code::SYSCALL_FCHMODAT_X => Some(("dirfd", "filename")),
        code::SYSCALL_FCHOWNAT_X => Some(("dirfd", "pathname")),
        _ => None,
    }
}
