//! Names for numbers: errors, signals, capabilities, system calls and kinds of fds. Numbers enter, words leave.

use tercel_format::catalogue::syscalls::SYSCALL_NAMES;

use crate::state::{Fd, FdKind, L4, Role};

/// Names of errors from 1 up; an empty name is a number that no error has.
#[rustfmt::skip]
const ERRORS: [&str; 125] = [
    "EPERM", "ENOENT", "ESRCH", "EINTR", "EIO", "ENXIO", "E2BIG", "ENOEXEC", "EBADF", "ECHILD", "EAGAIN",
    "ENOMEM", "EACCES", "EFAULT", "ENOTBLK", "EBUSY", "EEXIST", "EXDEV", "ENODEV", "ENOTDIR", "EISDIR",
    "EINVAL", "ENFILE", "EMFILE", "ENOTTY", "ETXTBSY", "EFBIG", "ENOSPC", "ESPIPE", "EROFS", "EMLINK",
    "EPIPE", "EDOM", "ERANGE", "EDEADLK", "ENAMETOOLONG", "ENOLCK", "ENOSYS", "ENOTEMPTY", "ELOOP", "",
    "ENOMSG", "EIDRM", "ECHRNG", "EL2NSYNC", "EL3HLT", "EL3RST", "ELNRNG", "EUNATCH", "ENOCSI", "EL2HLT",
    "EBADE", "EBADR", "EXFULL", "ENOANO", "EBADRQC", "EBADSLT", "", "EBFONT", "ENOSTR", "ENODATA", "ETIME",
    "ENOSR", "ENONET", "ENOPKG", "EREMOTE", "ENOLINK", "EADV", "ESRMNT", "ECOMM", "EPROTO", "EMULTIHOP",
    "EDOTDOT", "EBADMSG", "EOVERFLOW", "ENOTUNIQ", "EBADFD", "EREMCHG", "ELIBACC", "ELIBBAD", "ELIBSCN",
    "ELIBMAX", "ELIBEXEC", "EILSEQ", "ERESTART", "ESTRPIPE", "EUSERS", "ENOTSOCK", "EDESTADDRREQ",
    "EMSGSIZE", "EPROTOTYPE", "ENOPROTOOPT", "EPROTONOSUPPORT", "ESOCKTNOSUPPORT", "EOPNOTSUPP",
    "EPFNOSUPPORT", "EAFNOSUPPORT", "EADDRINUSE", "EADDRNOTAVAIL", "ENETDOWN", "ENETUNREACH", "ENETRESET",
    "ECONNABORTED", "ECONNRESET", "ENOBUFS", "EISCONN", "ENOTCONN", "ESHUTDOWN", "ETOOMANYREFS",
    "ETIMEDOUT", "ECONNREFUSED", "EHOSTDOWN", "EHOSTUNREACH", "EALREADY", "EINPROGRESS", "ESTALE",
    "EUCLEAN", "ENOTNAM", "ENAVAIL", "EISNAM", "EREMOTEIO", "EDQUOT", "ENOMEDIUM", "EMEDIUMTYPE",
    "ECANCELED",
];

/// Names of errors that only the kernel itself uses.
#[rustfmt::skip]
const KERNEL_ERRORS: [(u32, &str); 15] = [
    (512, "ERESTARTSYS"), (513, "ERESTARTNOINTR"), (514, "ERESTARTNOHAND"), (515, "ENOIOCTLCMD"),
    (516, "ERESTART_RESTARTBLOCK"), (521, "EBADHANDLE"), (522, "ENOTSYNC"), (523, "EBADCOOKIE"),
    (524, "ENOTSUPP"), (525, "ETOOSMALL"), (526, "ESERVERFAULT"), (527, "EBADTYPE"), (528, "EJUKEBOX"),
    (529, "EIOCBQUEUED"), (530, "EIOCBRETRY"),
];

/// Names of signals from 1 up.
#[rustfmt::skip]
pub(super) const SIGNALS: [&str; 31] = [
    "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL",
    "SIGUSR1", "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT",
    "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF",
    "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS",
];

/// Names of capabilities by bit.
#[rustfmt::skip]
pub(super) const CAPABILITIES: [&str; 41] = [
    "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
    "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT",
    "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE",
    "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN",
    "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
];

/// Words for kinds of fds, as [`fd_kind`] gives them.
#[rustfmt::skip]
pub(super) const FD_KINDS: [&str; 18] = [
    "file", "directory", "ipv4", "ipv6", "unix", "pipe", "event", "signalfd", "eventpoll", "inotify", "timerfd",
    "netlink", "bpf", "userfaultfd", "io_uring", "memfd", "pidfd", "<NA>",
];

/// Letters for kinds of fds, as [`fd_letter`] gives them.
#[rustfmt::skip]
pub(super) const FD_LETTERS: [&str; 18] = [
    "f", "d", "4", "6", "u", "p", "e", "s", "l", "i", "t", "n", "b", "r", "m", "P", "X", "o",
];

/// Names of all errors.
pub(super) fn errors() -> impl Iterator<Item = &'static str> {
    let names = ERRORS.iter().copied().filter(|name| !name.is_empty());
    names.chain(KERNEL_ERRORS.iter().map(|(_, name)| *name))
}

/// Name of the error that a negative return value stands for.
pub(super) fn error(value: i64) -> Option<&'static str> {
    // The reference takes the low 32 bits of the value.
    let number = (value as i32).checked_neg().filter(|number| *number > 0)? as u32;
    let name = match ERRORS.get(number as usize - 1) {
        Some(name) => name,
        None => KERNEL_ERRORS.iter().find(|(code, _)| *code == number).map(|(_, name)| name)?,
    };
    (!name.is_empty()).then_some(name)
}

/// Name of a signal.
pub(super) fn signal(number: u8) -> Option<&'static str> {
    SIGNALS.get(usize::from(number).checked_sub(1)?).copied()
}

/// Appends the names of capabilities, with a space between.
pub(super) fn push_capabilities(out: &mut Vec<u8>, set: u64) {
    let start = out.len();
    for (bit, name) in CAPABILITIES.iter().enumerate() {
        if set >> bit & 1 == 1 {
            if out.len() > start {
                out.push(b' ');
            }
            out.extend_from_slice(name.as_bytes());
        }
    }
}

/// Name of a system call by its portable code.
pub(super) fn syscall(code: u16) -> Option<&'static str> {
    SYSCALL_NAMES.get(usize::from(code)).copied()
}

/// Word for the kind of an fd (reference state 9.2).
pub(super) fn fd_kind(kind: FdKind) -> &'static str {
    match kind {
        FdKind::File | FdKind::FileV2 => "file",
        FdKind::Directory => "directory",
        FdKind::Ipv4 | FdKind::Ipv4Server => "ipv4",
        FdKind::Ipv6 | FdKind::Ipv6Server => "ipv6",
        FdKind::Unix => "unix",
        FdKind::Fifo => "pipe",
        FdKind::Event => "event",
        FdKind::Signal => "signalfd",
        FdKind::EventPoll => "eventpoll",
        FdKind::Inotify => "inotify",
        FdKind::Timer => "timerfd",
        FdKind::Netlink => "netlink",
        FdKind::Bpf => "bpf",
        FdKind::Userfault => "userfaultfd",
        FdKind::IoUring => "io_uring",
        FdKind::Memfd => "memfd",
        FdKind::Pidfd => "pidfd",
        FdKind::Unknown | FdKind::Unsupported => "<NA>",
    }
}

/// Letter for the kind of an fd (reference state 9.3).
pub(super) fn fd_letter(kind: FdKind) -> u8 {
    match kind {
        FdKind::File | FdKind::FileV2 => b'f',
        FdKind::Directory => b'd',
        FdKind::Ipv4 | FdKind::Ipv4Server => b'4',
        FdKind::Ipv6 | FdKind::Ipv6Server => b'6',
        FdKind::Unix | FdKind::Userfault => b'u',
        FdKind::Fifo => b'p',
        FdKind::Event => b'e',
        FdKind::Signal => b's',
        FdKind::EventPoll => b'l',
        FdKind::Inotify => b'i',
        FdKind::Timer => b't',
        FdKind::Netlink => b'n',
        FdKind::Bpf => b'b',
        FdKind::IoUring => b'r',
        FdKind::Memfd => b'm',
        FdKind::Pidfd => b'P',
        FdKind::Unsupported => b'X',
        FdKind::Unknown => b'o',
    }
}

/// The transport of a socket as fields show it: unknown until the role is, except for raw sockets (reference state 9.8).
pub(super) fn transport(fd: &Fd) -> L4 {
    let Some(inet) = fd.inet else { return L4::Na };
    match fd.kind {
        FdKind::Ipv4Server | FdKind::Ipv6Server => inet.l4,
        FdKind::Ipv4 | FdKind::Ipv6 if inet.l4 == L4::Raw || fd.role != Role::None => inet.l4,
        _ => L4::Na,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_names() {
        let rows = [
            (-1, Some("EPERM")),
            (-2, Some("ENOENT")),
            (-11, Some("EAGAIN")),
            (-41, None),
            (-115, Some("EINPROGRESS")),
            (-125, Some("ECANCELED")),
            (-126, None),
            (-512, Some("ERESTARTSYS")),
            (-530, Some("EIOCBRETRY")),
            (0, None),
            (2, None),
            (i64::MIN, None),
            (i64::from(i32::MIN), None),
        ];
        for (value, expected) in rows {
            assert_eq!(error(value), expected, "{value}");
        }
    }

    #[test]
    fn signals_have_names() {
        for (number, expected) in
            [(0, None), (1, Some("SIGHUP")), (9, Some("SIGKILL")), (31, Some("SIGSYS")), (32, None)]
        {
            assert_eq!(signal(number), expected, "{number}");
        }
    }

    #[test]
    fn capabilities_are_joined() {
        let mut out = Vec::new();
        push_capabilities(&mut out, 1 | 1 << 40 | 1 << 63);
        assert_eq!(out, b"CAP_CHOWN CAP_CHECKPOINT_RESTORE");
    }

    #[test]
    fn codes_beyond_the_table_have_no_name() {
        assert_eq!(syscall(3), Some("read"));
        assert_eq!(syscall(u16::MAX), None);
    }
}
