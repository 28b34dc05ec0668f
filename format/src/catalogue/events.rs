//! The table of events: one row per code, with its parameters (reference events.json).

use super::{
    Category, DynamicRow, EventFlags, EventInfo, EventSource, Extra, ParamInfo, ParamType, PrintFormat, flags,
};

macro_rules! extra {
    () => {
        Extra::None
    };
    ($extra:expr) => {
        $extra
    };
}

macro_rules! events {
    ($($code:literal $id:ident $name:literal $category:ident [$($source:ident)*] [$($flag:ident)*]
       [$($pname:literal $pty:ident $pformat:ident $($extra:expr)?),*];)*) => {
        /// Event codes by their names in the reference, without the common prefix.
        #[allow(missing_docs)]
        pub mod code {
            $(pub const $id: u16 = $code;)*
        }

        /// The catalogue, indexed by event code.
        pub static EVENTS: [EventInfo; 454] = [$(
            EventInfo {
                code: $code,
                name: $name,
                category: Category::$category,
                source: EventSource::empty()$(.union(EventSource::$source))*,
                flags: EventFlags::empty()$(.union(EventFlags::$flag))*,
                params: &[$(
                    ParamInfo {
                        name: $pname,
                        ty: ParamType::$pty,
                        format: PrintFormat::$pformat,
                        extra: extra!($($extra)?),
                    }
                ),*],
            },
        )*];
    };
}

/// Types that `sockopt_dynamic_param` may carry; the first byte of the parameter is the index of the row.
pub(super) static SOCKOPT_DYNAMIC_PARAM: [DynamicRow; 5] = [
    DynamicRow { ty: ParamType::ByteBuf, format: PrintFormat::Hex },
    DynamicRow { ty: ParamType::Errno, format: PrintFormat::Dec },
    DynamicRow { ty: ParamType::Uint32, format: PrintFormat::Dec },
    DynamicRow { ty: ParamType::Uint64, format: PrintFormat::Dec },
    DynamicRow { ty: ParamType::RelTime, format: PrintFormat::Dec },
];

/// Types that `ptrace_dynamic_param` may carry; the first byte of the parameter is the index of the row.
pub(super) static PTRACE_DYNAMIC_PARAM: [DynamicRow; 2] = [
    DynamicRow { ty: ParamType::Uint64, format: PrintFormat::Hex },
    DynamicRow { ty: ParamType::SigType, format: PrintFormat::Dec },
];

/// Types that `bpf_dynamic_param` may carry; the first byte of the parameter is the index of the row.
pub(super) static BPF_DYNAMIC_PARAM: [DynamicRow; 2] = [
    DynamicRow { ty: ParamType::Fd, format: PrintFormat::Dec },
    DynamicRow { ty: ParamType::Errno, format: PrintFormat::Dec },
];

/// Types that `keyctl_dynamic_param` may carry; the first byte of the parameter is the index of the row.
pub(super) static KEYCTL_DYNAMIC_PARAM: [DynamicRow; 2] = [
    DynamicRow { ty: ParamType::Int64, format: PrintFormat::Dec },
    DynamicRow { ty: ParamType::CharBuf, format: PrintFormat::Na },
];

#[rustfmt::skip]
events! {
    0 GENERIC_E "syscall" Other [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["ID" SyscallId Dec, "nativeID" Uint16 Dec];
    1 GENERIC_X "syscall" Other [SYSCALL] [CONVERTER_MANAGED] ["ID" SyscallId Dec, "nativeID" Uint16 Dec];
    2 SYSCALL_OPEN_E "open" File [SYSCALL] [CREATES_FD MODIFIES_STATE CONVERTER_MANAGED] ["name" FsPath Na, "flags" Flags32 Hex Extra::Flags(&flags::FILE_FLAGS), "mode" Uint32 Oct];
    3 SYSCALL_OPEN_X "open" File [SYSCALL] [CREATES_FD MODIFIES_STATE CONVERTER_MANAGED] ["fd" Fd Dec, "name" FsPath Na, "flags" Flags32 Hex Extra::Flags(&flags::FILE_FLAGS), "mode" Uint32 Oct, "dev" Uint32 Hex, "ino" Uint64 Dec];
    4 SYSCALL_CLOSE_E "close" IoOther [SYSCALL] [DESTROYS_FD USES_FD MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Dec];
    5 SYSCALL_CLOSE_X "close" IoOther [SYSCALL] [DESTROYS_FD USES_FD MODIFIES_STATE CONVERTER_MANAGED] ["res" Errno Dec, "fd" Fd Dec];
    6 SYSCALL_READ_E "read" IoRead [SYSCALL] [USES_FD READS_FROM_FD OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Dec, "size" Uint32 Dec];
    7 SYSCALL_READ_X "read" IoRead [SYSCALL] [USES_FD READS_FROM_FD CONVERTER_MANAGED] ["res" Errno Dec, "data" ByteBuf Na, "fd" Fd Dec, "size" Uint32 Dec];
    8 SYSCALL_WRITE_E "write" IoWrite [SYSCALL] [USES_FD WRITES_TO_FD OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Dec, "size" Uint32 Dec];
    9 SYSCALL_WRITE_X "write" IoWrite [SYSCALL] [USES_FD WRITES_TO_FD CONVERTER_MANAGED] ["res" Errno Dec, "data" ByteBuf Na, "fd" Fd Dec, "size" Uint32 Dec];
    10 SYSCALL_BRK_1_E "brk" Memory [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["size" Uint32 Dec];
    11 SYSCALL_BRK_1_X "brk" Memory [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["res" Uint64 Hex];
    12 SYSCALL_EXECVE_8_E "execve" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] [];
    13 SYSCALL_EXECVE_8_X "execve" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["res" Errno Dec, "exe" CharBuf Na, "args" ByteBuf Na, "tid" Pid Dec, "pid" Pid Dec, "ptid" Pid Dec, "cwd" CharBuf Na, "fdlimit" Uint64 Dec];
    14 SYSCALL_CLONE_11_E "clone" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION] [];
    15 SYSCALL_CLONE_11_X "clone" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["res" Pid Dec, "exe" CharBuf Na, "args" ByteBuf Na, "tid" Pid Dec, "pid" Pid Dec, "ptid" Pid Dec, "cwd" CharBuf Na, "fdlimit" Int64 Dec, "flags" Flags32 Hex Extra::Flags(&flags::CLONE_FLAGS), "uid" Uint32 Dec, "gid" Uint32 Dec];
    16 PROCEXIT_E "procexit" Process [TRACEPOINT] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] [];
    17 PROCEXIT_X "NA" Unknown [] [UNUSED] [];
    18 SOCKET_SOCKET_E "socket" Net [SYSCALL] [CREATES_FD MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["domain" EnumFlags32 Dec Extra::Flags(&flags::SOCKET_FAMILIES), "type" Uint32 Dec, "proto" Uint32 Dec];
    19 SOCKET_SOCKET_X "socket" Net [SYSCALL] [CREATES_FD MODIFIES_STATE CONVERTER_MANAGED] ["fd" Fd Dec, "domain" EnumFlags32 Dec Extra::Flags(&flags::SOCKET_FAMILIES), "type" Uint32 Dec, "proto" Uint32 Dec, "flags" Flags32 Hex Extra::Flags(&flags::FILE_FLAGS)];
    20 SOCKET_BIND_E "bind" Net [SYSCALL] [USES_FD MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Dec];
    21 SOCKET_BIND_X "bind" Net [SYSCALL] [USES_FD MODIFIES_STATE CONVERTER_MANAGED] ["res" Errno Dec, "addr" SockAddr Na, "fd" Fd Dec];
    22 SOCKET_CONNECT_E "connect" Net [SYSCALL] [USES_FD MODIFIES_STATE CONVERTER_MANAGED] ["fd" Fd Dec, "addr" SockAddr Na];
    23 SOCKET_CONNECT_X "connect" Net [SYSCALL] [USES_FD MODIFIES_STATE CONVERTER_MANAGED] ["res" Errno Dec, "tuple" SockTuple Na, "fd" Fd Dec, "addr" SockAddr Na];
    24 SOCKET_LISTEN_E "listen" Net [SYSCALL] [USES_FD OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Dec, "backlog" Int32 Dec];
    25 SOCKET_LISTEN_X "listen" Net [SYSCALL] [USES_FD CONVERTER_MANAGED] ["res" Errno Dec, "fd" Fd Dec, "backlog" Int32 Dec];
    26 SOCKET_ACCEPT_E "accept" Net [SYSCALL] [CREATES_FD MODIFIES_STATE OLD_VERSION] [];
    27 SOCKET_ACCEPT_X "accept" Net [SYSCALL] [CREATES_FD MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Dec, "tuple" SockTuple Na, "queuepct" Uint8 Dec];
    28 SOCKET_SEND_E "send" IoWrite [SYSCALL] [USES_FD WRITES_TO_FD OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Dec, "size" Uint32 Dec];
    29 SOCKET_SEND_X "send" IoWrite [SYSCALL] [USES_FD WRITES_TO_FD CONVERTER_MANAGED] ["res" Errno Dec, "data" ByteBuf Na, "fd" Fd Dec, "size" Uint32 Dec, "tuple" SockTuple Na];
    30 SOCKET_SENDTO_E "sendto" IoWrite [SYSCALL] [USES_FD WRITES_TO_FD MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Dec, "size" Uint32 Dec, "tuple" SockTuple Na];
    31 SOCKET_SENDTO_X "sendto" IoWrite [SYSCALL] [USES_FD WRITES_TO_FD MODIFIES_STATE CONVERTER_MANAGED] ["res" Errno Dec, "data" ByteBuf Na, "fd" Fd Dec, "size" Uint32 Dec, "tuple" SockTuple Na];
    32 SOCKET_RECV_E "recv" IoRead [SYSCALL] [USES_FD READS_FROM_FD OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Dec, "size" Uint32 Dec];
    33 SOCKET_RECV_X "recv" IoRead [SYSCALL] [USES_FD READS_FROM_FD CONVERTER_MANAGED] ["res" Errno Dec, "data" ByteBuf Na, "fd" Fd Dec, "size" Uint32 Dec, "tuple" SockTuple Na];
    34 SOCKET_RECVFROM_E "recvfrom" IoRead [SYSCALL] [USES_FD READS_FROM_FD MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Dec, "size" Uint32 Dec];
    35 SOCKET_RECVFROM_X "recvfrom" IoRead [SYSCALL] [USES_FD READS_FROM_FD MODIFIES_STATE CONVERTER_MANAGED] ["res" Errno Dec, "data" ByteBuf Na, "tuple" SockTuple Na, "fd" Fd Dec, "size" Uint32 Dec];
    36 SOCKET_SHUTDOWN_E "shutdown" Net [SYSCALL] [USES_FD MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Dec, "how" EnumFlags8 Hex Extra::Flags(&flags::SHUTDOWN_HOW)];
    37 SOCKET_SHUTDOWN_X "shutdown" Net [SYSCALL] [USES_FD MODIFIES_STATE CONVERTER_MANAGED] ["res" Errno Dec, "fd" Fd Dec, "how" EnumFlags8 Hex Extra::Flags(&flags::SHUTDOWN_HOW)];
    38 SOCKET_GETSOCKNAME_E "getsockname" Net [SYSCALL] [OLD_VERSION] [];
    39 SOCKET_GETSOCKNAME_X "getsockname" Net [SYSCALL] [] [];
    40 SOCKET_GETPEERNAME_E "getpeername" Net [SYSCALL] [OLD_VERSION] [];
    41 SOCKET_GETPEERNAME_X "getpeername" Net [SYSCALL] [] [];
    42 SOCKET_SOCKETPAIR_E "socketpair" Ipc [SYSCALL] [CREATES_FD MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["domain" EnumFlags32 Dec Extra::Flags(&flags::SOCKET_FAMILIES), "type" Uint32 Dec, "proto" Uint32 Dec];
    43 SOCKET_SOCKETPAIR_X "socketpair" Ipc [SYSCALL] [CREATES_FD MODIFIES_STATE CONVERTER_MANAGED] ["res" Errno Dec, "fd1" Fd Dec, "fd2" Fd Dec, "source" Uint64 Hex, "peer" Uint64 Hex, "domain" EnumFlags32 Dec Extra::Flags(&flags::SOCKET_FAMILIES), "type" Uint32 Dec, "proto" Uint32 Dec];
    44 SOCKET_SETSOCKOPT_E "setsockopt" Net [SYSCALL] [OLD_VERSION] [];
    45 SOCKET_SETSOCKOPT_X "setsockopt" Net [SYSCALL] [USES_FD] ["res" Errno Dec, "fd" Fd Dec, "level" EnumFlags8 Dec Extra::Flags(&flags::SOCKOPT_LEVELS), "optname" EnumFlags8 Dec Extra::Flags(&flags::SOCKOPT_OPTIONS), "val" Dyn Dec Extra::Dynamic(&SOCKOPT_DYNAMIC_PARAM), "optlen" Uint32 Dec];
    46 SOCKET_GETSOCKOPT_E "getsockopt" Net [SYSCALL] [MODIFIES_STATE OLD_VERSION] [];
    47 SOCKET_GETSOCKOPT_X "getsockopt" Net [SYSCALL] [USES_FD MODIFIES_STATE] ["res" Errno Dec, "fd" Fd Dec, "level" EnumFlags8 Dec Extra::Flags(&flags::SOCKOPT_LEVELS), "optname" EnumFlags8 Dec Extra::Flags(&flags::SOCKOPT_OPTIONS), "val" Dyn Dec Extra::Dynamic(&SOCKOPT_DYNAMIC_PARAM), "optlen" Uint32 Dec];
    48 SOCKET_SENDMSG_E "sendmsg" IoWrite [SYSCALL] [USES_FD WRITES_TO_FD MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Dec, "size" Uint32 Dec, "tuple" SockTuple Na];
    49 SOCKET_SENDMSG_X "sendmsg" IoWrite [SYSCALL] [USES_FD WRITES_TO_FD MODIFIES_STATE CONVERTER_MANAGED] ["res" Errno Dec, "data" ByteBuf Na, "fd" Fd Dec, "size" Uint32 Dec, "tuple" SockTuple Na];
    50 SOCKET_SENDMMSG_E "sendmmsg" IoWrite [SYSCALL] [OLD_VERSION] [];
    51 SOCKET_SENDMMSG_X "sendmmsg" IoWrite [SYSCALL] [USES_FD WRITES_TO_FD MODIFIES_STATE CONVERTER_MANAGED] ["res" Errno Dec, "fd" Fd Dec, "size" Uint32 Dec, "data" ByteBuf Na, "tuple" SockTuple Na];
    52 SOCKET_RECVMSG_E "recvmsg" IoRead [SYSCALL] [USES_FD READS_FROM_FD MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Dec];
    53 SOCKET_RECVMSG_X "recvmsg" IoRead [SYSCALL] [USES_FD READS_FROM_FD MODIFIES_STATE CONVERTER_MANAGED] ["res" Errno Dec, "size" Uint32 Dec, "data" ByteBuf Na, "tuple" SockTuple Na, "msgcontrol" ByteBuf Na, "fd" Fd Dec];
    54 SOCKET_RECVMMSG_E "recvmmsg" IoRead [SYSCALL] [OLD_VERSION] [];
    55 SOCKET_RECVMMSG_X "recvmmsg" IoRead [SYSCALL] [USES_FD READS_FROM_FD MODIFIES_STATE CONVERTER_MANAGED] ["res" Errno Dec, "fd" Fd Dec, "size" Uint32 Dec, "data" ByteBuf Na, "tuple" SockTuple Na, "msgcontrol" ByteBuf Na];
    56 SOCKET_ACCEPT4_E "accept" Net [SYSCALL] [CREATES_FD MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["flags" Int32 Hex];
    57 SOCKET_ACCEPT4_X "accept" Net [SYSCALL] [CREATES_FD MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Dec, "tuple" SockTuple Na, "queuepct" Uint8 Dec];
    58 SYSCALL_CREAT_E "creat" File [SYSCALL] [CREATES_FD MODIFIES_STATE CONVERTER_MANAGED] ["name" FsPath Na, "mode" Uint32 Oct];
    59 SYSCALL_CREAT_X "creat" File [SYSCALL] [CREATES_FD MODIFIES_STATE CONVERTER_MANAGED] ["fd" Fd Dec, "name" FsPath Na, "mode" Uint32 Oct, "dev" Uint32 Hex, "ino" Uint64 Dec, "creat_flags" Flags16 Hex Extra::Flags(&flags::CREAT_FLAGS)];
    60 SYSCALL_PIPE_E "pipe" Ipc [SYSCALL] [CREATES_FD MODIFIES_STATE OLD_VERSION] [];
    61 SYSCALL_PIPE_X "pipe" Ipc [SYSCALL] [CREATES_FD MODIFIES_STATE] ["res" Errno Dec, "fd1" Fd Dec, "fd2" Fd Dec, "ino" Uint64 Dec];
    62 SYSCALL_EVENTFD_E "eventfd" Ipc [SYSCALL] [CREATES_FD MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["initval" Uint64 Dec, "flags" Uint32 Hex];
    63 SYSCALL_EVENTFD_X "eventfd" Ipc [SYSCALL] [CREATES_FD MODIFIES_STATE CONVERTER_MANAGED] ["res" Fd Dec, "initval" Uint64 Dec, "flags" Uint32 Hex];
    64 SYSCALL_FUTEX_E "futex" Ipc [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["addr" Uint64 Hex, "op" Flags16 Hex Extra::Flags(&flags::FUTEX_OPERATIONS), "val" Uint64 Dec];
    65 SYSCALL_FUTEX_X "futex" Ipc [SYSCALL] [CONVERTER_MANAGED] ["res" Errno Dec, "addr" Uint64 Hex, "op" Flags16 Hex Extra::Flags(&flags::FUTEX_OPERATIONS), "val" Uint64 Dec];
    66 SYSCALL_STAT_E "stat" File [SYSCALL] [OLD_VERSION] [];
    67 SYSCALL_STAT_X "stat" File [SYSCALL] [] ["res" Errno Dec, "path" FsPath Na];
    68 SYSCALL_LSTAT_E "lstat" File [SYSCALL] [OLD_VERSION] [];
    69 SYSCALL_LSTAT_X "lstat" File [SYSCALL] [] ["res" Errno Dec, "path" FsPath Na];
    70 SYSCALL_FSTAT_E "fstat" File [SYSCALL] [USES_FD OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Na];
    71 SYSCALL_FSTAT_X "fstat" File [SYSCALL] [USES_FD CONVERTER_MANAGED] ["res" Errno Dec, "fd" Fd Na];
    72 SYSCALL_STAT64_E "stat64" File [SYSCALL] [OLD_VERSION] [];
    73 SYSCALL_STAT64_X "stat64" File [SYSCALL] [] ["res" Errno Dec, "path" FsPath Na];
    74 SYSCALL_LSTAT64_E "lstat64" File [SYSCALL] [OLD_VERSION] [];
    75 SYSCALL_LSTAT64_X "lstat64" File [SYSCALL] [] ["res" Errno Dec, "path" FsPath Na];
    76 SYSCALL_FSTAT64_E "fstat64" File [SYSCALL] [USES_FD OLD_VERSION] ["fd" Fd Na];
    77 SYSCALL_FSTAT64_X "fstat64" File [SYSCALL] [] ["res" Errno Dec];
    78 SYSCALL_EPOLLWAIT_E "epoll_wait" Wait [SYSCALL] [WAITS OLD_VERSION CONVERTER_MANAGED] ["maxevents" Errno Dec];
    79 SYSCALL_EPOLLWAIT_X "epoll_wait" Wait [SYSCALL] [WAITS CONVERTER_MANAGED] ["res" Errno Dec, "maxevents" Errno Dec];
    80 SYSCALL_POLL_E "poll" Wait [SYSCALL] [WAITS OLD_VERSION CONVERTER_MANAGED] ["fds" FdList Dec, "timeout" Int64 Dec];
    81 SYSCALL_POLL_X "poll" Wait [SYSCALL] [WAITS CONVERTER_MANAGED] ["res" Errno Dec, "fds" FdList Dec, "timeout" Int64 Dec];
    82 SYSCALL_SELECT_E "select" Wait [SYSCALL] [WAITS OLD_VERSION] [];
    83 SYSCALL_SELECT_X "select" Wait [SYSCALL] [WAITS] ["res" Errno Dec];
    84 SYSCALL_NEWSELECT_E "select" Wait [SYSCALL] [WAITS OLD_VERSION] [];
    85 SYSCALL_NEWSELECT_X "select" Wait [SYSCALL] [WAITS OLD_VERSION CONVERTER_MANAGED] ["res" Errno Dec];
    86 SYSCALL_LSEEK_E "lseek" File [SYSCALL] [USES_FD OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Dec, "offset" Uint64 Dec, "whence" EnumFlags8 Dec Extra::Flags(&flags::LSEEK_WHENCE)];
    87 SYSCALL_LSEEK_X "lseek" File [SYSCALL] [USES_FD CONVERTER_MANAGED] ["res" Errno Dec, "fd" Fd Dec, "offset" Uint64 Dec, "whence" EnumFlags8 Dec Extra::Flags(&flags::LSEEK_WHENCE)];
    88 SYSCALL_LLSEEK_E "llseek" File [SYSCALL] [USES_FD OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Dec, "offset" Uint64 Dec, "whence" EnumFlags8 Dec Extra::Flags(&flags::LSEEK_WHENCE)];
    89 SYSCALL_LLSEEK_X "llseek" File [SYSCALL] [USES_FD CONVERTER_MANAGED] ["res" Errno Dec, "fd" Fd Dec, "offset" Uint64 Dec, "whence" EnumFlags8 Dec Extra::Flags(&flags::LSEEK_WHENCE)];
    90 SYSCALL_IOCTL_2_E "ioctl" IoOther [SYSCALL] [USES_FD OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Dec, "request" Uint64 Hex];
    91 SYSCALL_IOCTL_2_X "ioctl" IoOther [SYSCALL] [USES_FD OLD_VERSION CONVERTER_MANAGED] ["res" Errno Dec];
    92 SYSCALL_GETCWD_E "getcwd" File [SYSCALL] [OLD_VERSION] [];
    93 SYSCALL_GETCWD_X "getcwd" File [SYSCALL] [] ["res" Errno Dec, "path" CharBuf Na];
    94 SYSCALL_CHDIR_E "chdir" File [SYSCALL] [MODIFIES_STATE OLD_VERSION] [];
    95 SYSCALL_CHDIR_X "chdir" File [SYSCALL] [MODIFIES_STATE] ["res" Errno Dec, "path" CharBuf Na];
    96 SYSCALL_FCHDIR_E "fchdir" File [SYSCALL] [USES_FD MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Na];
    97 SYSCALL_FCHDIR_X "fchdir" File [SYSCALL] [USES_FD MODIFIES_STATE CONVERTER_MANAGED] ["res" Errno Dec, "fd" Fd Na];
    98 SYSCALL_MKDIR_E "mkdir" File [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["path" FsPath Na, "mode" Uint32 Hex];
    99 SYSCALL_MKDIR_X "mkdir" File [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["res" Errno Dec];
    100 SYSCALL_RMDIR_E "rmdir" File [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["path" FsPath Na];
    101 SYSCALL_RMDIR_X "rmdir" File [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["res" Errno Dec];
    102 SYSCALL_OPENAT_E "openat" File [SYSCALL] [CREATES_FD MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["dirfd" Fd Dec, "name" CharBuf Na, "flags" Flags32 Hex Extra::Flags(&flags::FILE_FLAGS), "mode" Uint32 Oct];
    103 SYSCALL_OPENAT_X "openat" File [SYSCALL] [CREATES_FD MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Dec];
    104 SYSCALL_LINK_E "link" File [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["oldpath" FsPath Na, "newpath" FsPath Na];
    105 SYSCALL_LINK_X "link" File [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["res" Errno Dec];
    106 SYSCALL_LINKAT_E "linkat" File [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["olddir" Fd Dec, "oldpath" CharBuf Na, "newdir" Fd Dec, "newpath" CharBuf Na];
    107 SYSCALL_LINKAT_X "linkat" File [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["res" Errno Dec];
    108 SYSCALL_UNLINK_E "unlink" File [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["path" FsPath Na];
    109 SYSCALL_UNLINK_X "unlink" File [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["res" Errno Dec];
    110 SYSCALL_UNLINKAT_E "unlinkat" File [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["dirfd" Fd Dec, "name" CharBuf Na];
    111 SYSCALL_UNLINKAT_X "unlinkat" File [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["res" Errno Dec];
    112 SYSCALL_PREAD_E "pread" IoRead [SYSCALL] [USES_FD READS_FROM_FD OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Dec, "size" Uint32 Dec, "pos" Uint64 Dec];
    113 SYSCALL_PREAD_X "pread" IoRead [SYSCALL] [USES_FD READS_FROM_FD CONVERTER_MANAGED] ["res" Errno Dec, "data" ByteBuf Na, "fd" Fd Dec, "size" Uint32 Dec, "pos" Uint64 Dec];
    114 SYSCALL_PWRITE_E "pwrite" IoWrite [SYSCALL] [USES_FD WRITES_TO_FD OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Dec, "size" Uint32 Dec, "pos" Uint64 Dec];
    115 SYSCALL_PWRITE_X "pwrite" IoWrite [SYSCALL] [USES_FD WRITES_TO_FD CONVERTER_MANAGED] ["res" Errno Dec, "data" ByteBuf Na, "fd" Fd Dec, "size" Uint32 Dec, "pos" Uint64 Dec];
    116 SYSCALL_READV_E "readv" IoRead [SYSCALL] [USES_FD READS_FROM_FD OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Dec];
    117 SYSCALL_READV_X "readv" IoRead [SYSCALL] [USES_FD READS_FROM_FD CONVERTER_MANAGED] ["res" Errno Dec, "size" Uint32 Dec, "data" ByteBuf Na, "fd" Fd Dec];
    118 SYSCALL_WRITEV_E "writev" IoWrite [SYSCALL] [USES_FD WRITES_TO_FD OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Dec, "size" Uint32 Dec];
    119 SYSCALL_WRITEV_X "writev" IoWrite [SYSCALL] [USES_FD WRITES_TO_FD CONVERTER_MANAGED] ["res" Errno Dec, "data" ByteBuf Na, "fd" Fd Dec, "size" Uint32 Dec];
    120 SYSCALL_PREADV_E "preadv" IoRead [SYSCALL] [USES_FD READS_FROM_FD OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Dec, "pos" Uint64 Dec];
    121 SYSCALL_PREADV_X "preadv" IoRead [SYSCALL] [USES_FD READS_FROM_FD CONVERTER_MANAGED] ["res" Errno Dec, "size" Uint32 Dec, "data" ByteBuf Na, "fd" Fd Dec, "pos" Uint64 Dec];
    122 SYSCALL_PWRITEV_E "pwritev" IoWrite [SYSCALL] [USES_FD WRITES_TO_FD OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Dec, "size" Uint32 Dec, "pos" Uint64 Dec];
    123 SYSCALL_PWRITEV_X "pwritev" IoWrite [SYSCALL] [USES_FD WRITES_TO_FD CONVERTER_MANAGED] ["res" Errno Dec, "data" ByteBuf Na, "fd" Fd Dec, "size" Uint32 Dec, "pos" Uint64 Dec];
    124 SYSCALL_DUP_E "dup" IoOther [SYSCALL] [CREATES_FD USES_FD MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Dec];
    125 SYSCALL_DUP_X "dup" IoOther [SYSCALL] [CREATES_FD USES_FD MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["res" Fd Dec];
    126 SYSCALL_SIGNALFD_E "signalfd" Signal [SYSCALL] [CREATES_FD MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Dec, "mask" Uint32 Hex, "flags" Uint8 Hex];
    127 SYSCALL_SIGNALFD_X "signalfd" Signal [SYSCALL] [CREATES_FD MODIFIES_STATE CONVERTER_MANAGED] ["res" Fd Dec, "fd" Fd Dec, "mask" Uint32 Hex, "flags" Uint8 Hex];
    128 SYSCALL_KILL_E "kill" Signal [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["pid" Pid Dec, "sig" SigType Dec];
    129 SYSCALL_KILL_X "kill" Signal [SYSCALL] [CONVERTER_MANAGED] ["res" Errno Dec, "pid" Pid Dec, "sig" SigType Dec];
    130 SYSCALL_TKILL_E "tkill" Signal [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["tid" Pid Dec, "sig" SigType Dec];
    131 SYSCALL_TKILL_X "tkill" Signal [SYSCALL] [CONVERTER_MANAGED] ["res" Errno Dec, "tid" Pid Dec, "sig" SigType Dec];
    132 SYSCALL_TGKILL_E "tgkill" Signal [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["pid" Pid Dec, "tid" Pid Dec, "sig" SigType Dec];
    133 SYSCALL_TGKILL_X "tgkill" Signal [SYSCALL] [CONVERTER_MANAGED] ["res" Errno Dec, "pid" Pid Dec, "tid" Pid Dec, "sig" SigType Dec];
    134 SYSCALL_NANOSLEEP_E "nanosleep" Sleep [SYSCALL] [WAITS OLD_VERSION CONVERTER_MANAGED] ["interval" RelTime Dec];
    135 SYSCALL_NANOSLEEP_X "nanosleep" Sleep [SYSCALL] [WAITS CONVERTER_MANAGED] ["res" Errno Dec, "interval" RelTime Dec];
    136 SYSCALL_TIMERFD_CREATE_E "timerfd_create" Time [SYSCALL] [CREATES_FD MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["clockid" Uint8 Dec, "flags" Uint8 Hex];
    137 SYSCALL_TIMERFD_CREATE_X "timerfd_create" Time [SYSCALL] [CREATES_FD MODIFIES_STATE CONVERTER_MANAGED] ["res" Fd Dec, "clockid" Uint8 Dec, "flags" Uint8 Hex];
    138 SYSCALL_INOTIFY_INIT_E "inotify_init" Ipc [SYSCALL] [CREATES_FD MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["flags" Uint8 Hex];
    139 SYSCALL_INOTIFY_INIT_X "inotify_init" Ipc [SYSCALL] [CREATES_FD MODIFIES_STATE CONVERTER_MANAGED] ["res" Fd Dec, "flags" Uint8 Hex];
    140 SYSCALL_GETRLIMIT_E "getrlimit" Process [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["resource" EnumFlags8 Dec Extra::Flags(&flags::RLIMIT_RESOURCES)];
    141 SYSCALL_GETRLIMIT_X "getrlimit" Process [SYSCALL] [CONVERTER_MANAGED] ["res" Errno Dec, "cur" Int64 Dec, "max" Int64 Dec, "resource" EnumFlags8 Dec Extra::Flags(&flags::RLIMIT_RESOURCES)];
    142 SYSCALL_SETRLIMIT_E "setrlimit" Process [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["resource" EnumFlags8 Dec Extra::Flags(&flags::RLIMIT_RESOURCES)];
    143 SYSCALL_SETRLIMIT_X "setrlimit" Process [SYSCALL] [CONVERTER_MANAGED] ["res" Errno Dec, "cur" Int64 Dec, "max" Int64 Dec, "resource" EnumFlags8 Dec Extra::Flags(&flags::RLIMIT_RESOURCES)];
    144 SYSCALL_PRLIMIT_E "prlimit" Process [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["pid" Pid Dec, "resource" EnumFlags8 Dec Extra::Flags(&flags::RLIMIT_RESOURCES)];
    145 SYSCALL_PRLIMIT_X "prlimit" Process [SYSCALL] [CONVERTER_MANAGED] ["res" Errno Dec, "newcur" Int64 Dec, "newmax" Int64 Dec, "oldcur" Int64 Dec, "oldmax" Int64 Dec, "pid" Int64 Dec, "resource" EnumFlags8 Dec Extra::Flags(&flags::RLIMIT_RESOURCES)];
    146 SCHEDSWITCH_1_E "switch" Scheduler [TRACEPOINT] [SKIP_PARSE_RESET OLD_VERSION CONVERTER_MANAGED] ["next" Pid Dec];
    147 SCHEDSWITCH_1_X "NA" Unknown [] [UNUSED] [];
    148 DROP_E "drop" Internal [METAEVENT] [SKIP_PARSE_RESET] ["ratio" Uint32 Dec];
    149 DROP_X "drop" Internal [METAEVENT] [SKIP_PARSE_RESET] ["ratio" Uint32 Dec];
    150 SYSCALL_FCNTL_E "fcntl" IoOther [SYSCALL] [USES_FD MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Dec, "cmd" EnumFlags8 Dec Extra::Flags(&flags::FCNTL_COMMANDS)];
    151 SYSCALL_FCNTL_X "fcntl" IoOther [SYSCALL] [USES_FD MODIFIES_STATE CONVERTER_MANAGED] ["res" Fd Dec, "fd" Fd Dec, "cmd" EnumFlags8 Dec Extra::Flags(&flags::FCNTL_COMMANDS), "arg" Uint64 Hex];
    152 SCHEDSWITCH_6_E "switch" Scheduler [TRACEPOINT] [] ["next" Pid Dec, "pgft_maj" Uint64 Dec, "pgft_min" Uint64 Dec, "vm_size" Uint32 Dec, "vm_rss" Uint32 Dec, "vm_swap" Uint32 Dec];
    153 SCHEDSWITCH_6_X "NA" Unknown [] [UNUSED] [];
    154 SYSCALL_EXECVE_13_E "execve" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] [];
    155 SYSCALL_EXECVE_13_X "execve" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["res" Errno Dec, "exe" CharBuf Na, "args" ByteBuf Na, "tid" Pid Dec, "pid" Pid Dec, "ptid" Pid Dec, "cwd" CharBuf Na, "fdlimit" Uint64 Dec, "pgft_maj" Uint64 Dec, "pgft_min" Uint64 Dec, "vm_size" Uint32 Dec, "vm_rss" Uint32 Dec, "vm_swap" Uint32 Dec];
    156 SYSCALL_CLONE_16_E "clone" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION] [];
    157 SYSCALL_CLONE_16_X "clone" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["res" Pid Dec, "exe" CharBuf Na, "args" ByteBuf Na, "tid" Pid Dec, "pid" Pid Dec, "ptid" Pid Dec, "cwd" CharBuf Na, "fdlimit" Int64 Dec, "pgft_maj" Uint64 Dec, "pgft_min" Uint64 Dec, "vm_size" Uint32 Dec, "vm_rss" Uint32 Dec, "vm_swap" Uint32 Dec, "flags" Flags32 Hex Extra::Flags(&flags::CLONE_FLAGS), "uid" Uint32 Dec, "gid" Uint32 Dec];
    158 SYSCALL_BRK_4_E "brk" Memory [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["addr" Uint64 Hex];
    159 SYSCALL_BRK_4_X "brk" Memory [SYSCALL] [CONVERTER_MANAGED] ["res" Uint64 Hex, "vm_size" Uint32 Dec, "vm_rss" Uint32 Dec, "vm_swap" Uint32 Dec, "addr" Uint64 Hex];
    160 SYSCALL_MMAP_E "mmap" Memory [SYSCALL] [USES_FD OLD_VERSION CONVERTER_MANAGED] ["addr" Uint64 Hex, "length" Uint64 Dec, "prot" Flags32 Hex Extra::Flags(&flags::PROT_FLAGS), "flags" Flags32 Hex Extra::Flags(&flags::MMAP_FLAGS), "fd" Fd Dec, "offset" Uint64 Dec];
    161 SYSCALL_MMAP_X "mmap" Memory [SYSCALL] [USES_FD CONVERTER_MANAGED] ["res" Errno Hex, "vm_size" Uint32 Dec, "vm_rss" Uint32 Dec, "vm_swap" Uint32 Dec, "addr" Uint64 Hex, "length" Uint64 Dec, "prot" Flags32 Hex Extra::Flags(&flags::PROT_FLAGS), "flags" Flags32 Hex Extra::Flags(&flags::MMAP_FLAGS), "fd" Fd Dec, "offset" Uint64 Dec];
    162 SYSCALL_MMAP2_E "mmap2" Memory [SYSCALL] [USES_FD OLD_VERSION CONVERTER_MANAGED] ["addr" Uint64 Hex, "length" Uint64 Dec, "prot" Flags32 Hex Extra::Flags(&flags::PROT_FLAGS), "flags" Flags32 Hex Extra::Flags(&flags::MMAP_FLAGS), "fd" Fd Dec, "pgoffset" Uint64 Dec];
    163 SYSCALL_MMAP2_X "mmap2" Memory [SYSCALL] [USES_FD CONVERTER_MANAGED] ["res" Errno Hex, "vm_size" Uint32 Dec, "vm_rss" Uint32 Dec, "vm_swap" Uint32 Dec, "addr" Uint64 Hex, "length" Uint64 Dec, "prot" Flags32 Hex Extra::Flags(&flags::PROT_FLAGS), "flags" Flags32 Hex Extra::Flags(&flags::MMAP_FLAGS), "fd" Fd Dec, "pgoffset" Uint64 Dec];
    164 SYSCALL_MUNMAP_E "munmap" Memory [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["addr" Uint64 Hex, "length" Uint64 Dec];
    165 SYSCALL_MUNMAP_X "munmap" Memory [SYSCALL] [CONVERTER_MANAGED] ["res" Errno Dec, "vm_size" Uint32 Dec, "vm_rss" Uint32 Dec, "vm_swap" Uint32 Dec, "addr" Uint64 Hex, "length" Uint64 Dec];
    166 SYSCALL_SPLICE_E "splice" IoOther [SYSCALL] [USES_FD OLD_VERSION CONVERTER_MANAGED] ["fd_in" Fd Dec, "fd_out" Fd Dec, "size" Uint64 Dec, "flags" Flags32 Hex Extra::Flags(&flags::SPLICE_FLAGS)];
    167 SYSCALL_SPLICE_X "splice" IoOther [SYSCALL] [USES_FD CONVERTER_MANAGED] ["res" Errno Dec, "fd_in" Fd Dec, "fd_out" Fd Dec, "size" Uint64 Dec, "flags" Flags32 Hex Extra::Flags(&flags::SPLICE_FLAGS)];
    168 SYSCALL_PTRACE_E "ptrace" Process [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["request" EnumFlags16 Dec Extra::Flags(&flags::PTRACE_REQUESTS), "pid" Pid Dec];
    169 SYSCALL_PTRACE_X "ptrace" Process [SYSCALL] [CONVERTER_MANAGED] ["res" Errno Dec, "addr" Dyn Hex Extra::Dynamic(&PTRACE_DYNAMIC_PARAM), "data" Dyn Hex Extra::Dynamic(&PTRACE_DYNAMIC_PARAM), "request" EnumFlags16 Dec Extra::Flags(&flags::PTRACE_REQUESTS), "pid" Pid Dec];
    170 SYSCALL_IOCTL_3_E "ioctl" IoOther [SYSCALL] [USES_FD OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Dec, "request" Uint64 Hex, "argument" Uint64 Hex];
    171 SYSCALL_IOCTL_3_X "ioctl" IoOther [SYSCALL] [USES_FD CONVERTER_MANAGED] ["res" Errno Dec, "fd" Fd Dec, "request" Uint64 Hex, "argument" Uint64 Hex];
    172 SYSCALL_EXECVE_14_E "execve" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] [];
    173 SYSCALL_EXECVE_14_X "execve" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["res" Errno Dec, "exe" CharBuf Na, "args" ByteBuf Na, "tid" Pid Dec, "pid" Pid Dec, "ptid" Pid Dec, "cwd" CharBuf Na, "fdlimit" Uint64 Dec, "pgft_maj" Uint64 Dec, "pgft_min" Uint64 Dec, "vm_size" Uint32 Dec, "vm_rss" Uint32 Dec, "vm_swap" Uint32 Dec, "env" ByteBuf Na];
    174 SYSCALL_RENAME_E "rename" File [SYSCALL] [OLD_VERSION] [];
    175 SYSCALL_RENAME_X "rename" File [SYSCALL] [] ["res" Errno Dec, "oldpath" FsPath Na, "newpath" FsPath Na];
    176 SYSCALL_RENAMEAT_E "renameat" File [SYSCALL] [OLD_VERSION] [];
    177 SYSCALL_RENAMEAT_X "renameat" File [SYSCALL] [] ["res" Errno Dec, "olddirfd" Fd Dec, "oldpath" FsRelPath Na Extra::DirFd(1), "newdirfd" Fd Dec, "newpath" FsRelPath Na Extra::DirFd(3)];
    178 SYSCALL_SYMLINK_E "symlink" File [SYSCALL] [OLD_VERSION] [];
    179 SYSCALL_SYMLINK_X "symlink" File [SYSCALL] [] ["res" Errno Dec, "target" CharBuf Na, "linkpath" FsPath Na];
    180 SYSCALL_SYMLINKAT_E "symlinkat" File [SYSCALL] [OLD_VERSION] [];
    181 SYSCALL_SYMLINKAT_X "symlinkat" File [SYSCALL] [USES_FD] ["res" Errno Dec, "target" CharBuf Na, "linkdirfd" Fd Dec, "linkpath" FsRelPath Na Extra::DirFd(2)];
    182 SYSCALL_FORK_E "fork" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION] [];
    183 SYSCALL_FORK_X "fork" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["res" Pid Dec, "exe" CharBuf Na, "args" ByteBuf Na, "tid" Pid Dec, "pid" Pid Dec, "ptid" Pid Dec, "cwd" CharBuf Na, "fdlimit" Int64 Dec, "pgft_maj" Uint64 Dec, "pgft_min" Uint64 Dec, "vm_size" Uint32 Dec, "vm_rss" Uint32 Dec, "vm_swap" Uint32 Dec, "flags" Flags32 Hex Extra::Flags(&flags::CLONE_FLAGS), "uid" Uint32 Dec, "gid" Uint32 Dec];
    184 SYSCALL_VFORK_E "vfork" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION] [];
    185 SYSCALL_VFORK_X "vfork" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["res" Pid Dec, "exe" CharBuf Na, "args" ByteBuf Na, "tid" Pid Dec, "pid" Pid Dec, "ptid" Pid Dec, "cwd" CharBuf Na, "fdlimit" Int64 Dec, "pgft_maj" Uint64 Dec, "pgft_min" Uint64 Dec, "vm_size" Uint32 Dec, "vm_rss" Uint32 Dec, "vm_swap" Uint32 Dec, "flags" Flags32 Hex Extra::Flags(&flags::CLONE_FLAGS), "uid" Uint32 Dec, "gid" Uint32 Dec];
    186 PROCEXIT_1_E "procexit" Process [TRACEPOINT] [MODIFIES_STATE] ["status" Errno Dec, "ret" Errno Dec, "sig" SigType Dec, "core" Uint8 Dec, "reaper_tid" Pid Dec];
    187 PROCEXIT_1_X "NA" Unknown [] [UNUSED] [];
    188 SYSCALL_SENDFILE_E "sendfile" IoWrite [SYSCALL] [USES_FD OLD_VERSION CONVERTER_MANAGED] ["out_fd" Fd Dec, "in_fd" Fd Dec, "offset" Uint64 Dec, "size" Uint64 Dec];
    189 SYSCALL_SENDFILE_X "sendfile" IoWrite [SYSCALL] [USES_FD CONVERTER_MANAGED] ["res" Errno Dec, "offset" Uint64 Dec, "out_fd" Fd Dec, "in_fd" Fd Dec, "size" Uint64 Dec];
    190 SYSCALL_QUOTACTL_E "quotactl" User [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["cmd" Flags16 Dec Extra::Flags(&flags::QUOTACTL_CMDS), "type" Flags8 Dec Extra::Flags(&flags::QUOTACTL_TYPES), "id" Uint32 Dec, "quota_fmt" Flags8 Dec Extra::Flags(&flags::QUOTACTL_QUOTA_FMTS)];
    191 SYSCALL_QUOTACTL_X "quotactl" User [SYSCALL] [CONVERTER_MANAGED] ["res" Errno Dec, "special" CharBuf Na, "quotafilepath" CharBuf Na, "dqb_bhardlimit" Uint64 Dec, "dqb_bsoftlimit" Uint64 Dec, "dqb_curspace" Uint64 Dec, "dqb_ihardlimit" Uint64 Dec, "dqb_isoftlimit" Uint64 Dec, "dqb_btime" RelTime Dec, "dqb_itime" RelTime Dec, "dqi_bgrace" RelTime Dec, "dqi_igrace" RelTime Dec, "dqi_flags" Flags8 Dec Extra::Flags(&flags::QUOTACTL_DQI_FLAGS), "quota_fmt_out" Flags8 Dec Extra::Flags(&flags::QUOTACTL_QUOTA_FMTS), "cmd" Flags16 Dec Extra::Flags(&flags::QUOTACTL_CMDS), "type" Flags8 Dec Extra::Flags(&flags::QUOTACTL_TYPES), "id" Uint32 Dec, "quota_fmt" Flags8 Dec Extra::Flags(&flags::QUOTACTL_QUOTA_FMTS)];
    192 SYSCALL_SETRESUID_E "setresuid" User [SYSCALL] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["ruid" Uid Dec, "euid" Uid Dec, "suid" Uid Dec];
    193 SYSCALL_SETRESUID_X "setresuid" User [SYSCALL] [MODIFIES_STATE CONVERTER_MANAGED] ["res" Errno Dec, "ruid" Uid Dec, "euid" Uid Dec, "suid" Uid Dec];
    194 SYSCALL_SETRESGID_E "setresgid" User [SYSCALL] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["rgid" Gid Dec, "egid" Gid Dec, "sgid" Gid Dec];
    195 SYSCALL_SETRESGID_X "setresgid" User [SYSCALL] [MODIFIES_STATE CONVERTER_MANAGED] ["res" Errno Dec, "rgid" Gid Dec, "egid" Gid Dec, "sgid" Gid Dec];
    196 SCAPEVENT_E "scapevent" Internal [METAEVENT] [SKIP_PARSE_RESET] ["event_type" Uint32 Dec, "event_data" Uint64 Dec];
    197 SCAPEVENT_X "NA" Unknown [] [UNUSED] [];
    198 SYSCALL_SETUID_E "setuid" User [SYSCALL] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["uid" Uid Dec];
    199 SYSCALL_SETUID_X "setuid" User [SYSCALL] [MODIFIES_STATE CONVERTER_MANAGED] ["res" Errno Dec, "uid" Uid Dec];
    200 SYSCALL_SETGID_E "setgid" User [SYSCALL] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["gid" Gid Dec];
    201 SYSCALL_SETGID_X "setgid" User [SYSCALL] [MODIFIES_STATE CONVERTER_MANAGED] ["res" Errno Dec, "gid" Gid Dec];
    202 SYSCALL_GETUID_E "getuid" User [SYSCALL] [OLD_VERSION] [];
    203 SYSCALL_GETUID_X "getuid" User [SYSCALL] [] ["uid" Uid Dec];
    204 SYSCALL_GETEUID_E "geteuid" User [SYSCALL] [OLD_VERSION] [];
    205 SYSCALL_GETEUID_X "geteuid" User [SYSCALL] [] ["euid" Uid Dec];
    206 SYSCALL_GETGID_E "getgid" User [SYSCALL] [OLD_VERSION] [];
    207 SYSCALL_GETGID_X "getgid" User [SYSCALL] [] ["gid" Gid Dec];
    208 SYSCALL_GETEGID_E "getegid" User [SYSCALL] [OLD_VERSION] [];
    209 SYSCALL_GETEGID_X "getegid" User [SYSCALL] [] ["egid" Gid Dec];
    210 SYSCALL_GETRESUID_E "getresuid" User [SYSCALL] [OLD_VERSION] [];
    211 SYSCALL_GETRESUID_X "getresuid" User [SYSCALL] [] ["res" Errno Dec, "ruid" Uid Dec, "euid" Uid Dec, "suid" Uid Dec];
    212 SYSCALL_GETRESGID_E "getresgid" User [SYSCALL] [OLD_VERSION] [];
    213 SYSCALL_GETRESGID_X "getresgid" User [SYSCALL] [] ["res" Errno Dec, "rgid" Gid Dec, "egid" Gid Dec, "sgid" Gid Dec];
    214 SYSCALL_EXECVE_15_E "execve" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] [];
    215 SYSCALL_EXECVE_15_X "execve" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["res" Errno Dec, "exe" CharBuf Na, "args" ByteBuf Na, "tid" Pid Dec, "pid" Pid Dec, "ptid" Pid Dec, "cwd" CharBuf Na, "fdlimit" Uint64 Dec, "pgft_maj" Uint64 Dec, "pgft_min" Uint64 Dec, "vm_size" Uint32 Dec, "vm_rss" Uint32 Dec, "vm_swap" Uint32 Dec, "comm" CharBuf Na, "env" ByteBuf Na];
    216 SYSCALL_CLONE_17_E "clone" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION] [];
    217 SYSCALL_CLONE_17_X "clone" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["res" Pid Dec, "exe" CharBuf Na, "args" ByteBuf Na, "tid" Pid Dec, "pid" Pid Dec, "ptid" Pid Dec, "cwd" CharBuf Na, "fdlimit" Int64 Dec, "pgft_maj" Uint64 Dec, "pgft_min" Uint64 Dec, "vm_size" Uint32 Dec, "vm_rss" Uint32 Dec, "vm_swap" Uint32 Dec, "comm" CharBuf Na, "flags" Flags32 Hex Extra::Flags(&flags::CLONE_FLAGS), "uid" Uint32 Dec, "gid" Uint32 Dec];
    218 SYSCALL_FORK_17_E "fork" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION] [];
    219 SYSCALL_FORK_17_X "fork" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["res" Pid Dec, "exe" CharBuf Na, "args" ByteBuf Na, "tid" Pid Dec, "pid" Pid Dec, "ptid" Pid Dec, "cwd" CharBuf Na, "fdlimit" Int64 Dec, "pgft_maj" Uint64 Dec, "pgft_min" Uint64 Dec, "vm_size" Uint32 Dec, "vm_rss" Uint32 Dec, "vm_swap" Uint32 Dec, "comm" CharBuf Na, "flags" Flags32 Hex Extra::Flags(&flags::CLONE_FLAGS), "uid" Uint32 Dec, "gid" Uint32 Dec];
    220 SYSCALL_VFORK_17_E "vfork" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION] [];
    221 SYSCALL_VFORK_17_X "vfork" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["res" Pid Dec, "exe" CharBuf Na, "args" ByteBuf Na, "tid" Pid Dec, "pid" Pid Dec, "ptid" Pid Dec, "cwd" CharBuf Na, "fdlimit" Int64 Dec, "pgft_maj" Uint64 Dec, "pgft_min" Uint64 Dec, "vm_size" Uint32 Dec, "vm_rss" Uint32 Dec, "vm_swap" Uint32 Dec, "comm" CharBuf Na, "flags" Flags32 Hex Extra::Flags(&flags::CLONE_FLAGS), "uid" Uint32 Dec, "gid" Uint32 Dec];
    222 SYSCALL_CLONE_20_E "clone" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION] [];
    223 SYSCALL_CLONE_20_X "clone" Process [SYSCALL] [MODIFIES_STATE CONVERTER_MANAGED] ["res" Pid Dec, "exe" CharBuf Na, "args" ByteBuf Na, "tid" Pid Dec, "pid" Pid Dec, "ptid" Pid Dec, "cwd" CharBuf Na, "fdlimit" Int64 Dec, "pgft_maj" Uint64 Dec, "pgft_min" Uint64 Dec, "vm_size" Uint32 Dec, "vm_rss" Uint32 Dec, "vm_swap" Uint32 Dec, "comm" CharBuf Na, "cgroups" ByteBuf Na, "flags" Flags32 Hex Extra::Flags(&flags::CLONE_FLAGS), "uid" Uint32 Dec, "gid" Uint32 Dec, "vtid" Pid Dec, "vpid" Pid Dec, "pidns_init_start_ts" Uint64 Dec];
    224 SYSCALL_FORK_20_E "fork" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION] [];
    225 SYSCALL_FORK_20_X "fork" Process [SYSCALL] [MODIFIES_STATE CONVERTER_MANAGED] ["res" Pid Dec, "exe" CharBuf Na, "args" ByteBuf Na, "tid" Pid Dec, "pid" Pid Dec, "ptid" Pid Dec, "cwd" CharBuf Na, "fdlimit" Int64 Dec, "pgft_maj" Uint64 Dec, "pgft_min" Uint64 Dec, "vm_size" Uint32 Dec, "vm_rss" Uint32 Dec, "vm_swap" Uint32 Dec, "comm" CharBuf Na, "cgroups" ByteBuf Na, "flags" Flags32 Hex Extra::Flags(&flags::CLONE_FLAGS), "uid" Uint32 Dec, "gid" Uint32 Dec, "vtid" Pid Dec, "vpid" Pid Dec, "pidns_init_start_ts" Uint64 Dec];
    226 SYSCALL_VFORK_20_E "vfork" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION] [];
    227 SYSCALL_VFORK_20_X "vfork" Process [SYSCALL] [MODIFIES_STATE CONVERTER_MANAGED] ["res" Pid Dec, "exe" CharBuf Na, "args" ByteBuf Na, "tid" Pid Dec, "pid" Pid Dec, "ptid" Pid Dec, "cwd" CharBuf Na, "fdlimit" Int64 Dec, "pgft_maj" Uint64 Dec, "pgft_min" Uint64 Dec, "vm_size" Uint32 Dec, "vm_rss" Uint32 Dec, "vm_swap" Uint32 Dec, "comm" CharBuf Na, "cgroups" ByteBuf Na, "flags" Flags32 Hex Extra::Flags(&flags::CLONE_FLAGS), "uid" Uint32 Dec, "gid" Uint32 Dec, "vtid" Pid Dec, "vpid" Pid Dec, "pidns_init_start_ts" Uint64 Dec];
    228 CONTAINER_E "container" Internal [METAEVENT] [MODIFIES_STATE SKIP_PARSE_RESET OLD_VERSION CONVERTER_MANAGED] ["id" CharBuf Na, "type" Uint32 Dec, "name" CharBuf Na, "image" CharBuf Na];
    229 CONTAINER_X "NA" Unknown [] [UNUSED] [];
    230 SYSCALL_EXECVE_16_E "execve" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] [];
    231 SYSCALL_EXECVE_16_X "execve" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["res" Errno Dec, "exe" CharBuf Na, "args" ByteBuf Na, "tid" Pid Dec, "pid" Pid Dec, "ptid" Pid Dec, "cwd" CharBuf Na, "fdlimit" Uint64 Dec, "pgft_maj" Uint64 Dec, "pgft_min" Uint64 Dec, "vm_size" Uint32 Dec, "vm_rss" Uint32 Dec, "vm_swap" Uint32 Dec, "comm" CharBuf Na, "cgroups" ByteBuf Na, "env" ByteBuf Na];
    232 SIGNALDELIVER_E "signaldeliver" Signal [TRACEPOINT] [] ["spid" Pid Dec, "dpid" Pid Dec, "sig" SigType Dec];
    233 SIGNALDELIVER_X "NA" Unknown [] [UNUSED] [];
    234 PROCINFO_E "procinfo" Internal [METAEVENT] [SKIP_PARSE_RESET] ["cpu_usr" Uint64 Dec, "cpu_sys" Uint64 Dec];
    235 PROCINFO_X "NA" Unknown [] [UNUSED] [];
    236 SYSCALL_GETDENTS_E "getdents" File [SYSCALL] [USES_FD OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Na];
    237 SYSCALL_GETDENTS_X "getdents" File [SYSCALL] [USES_FD CONVERTER_MANAGED] ["res" Errno Dec, "fd" Fd Na];
    238 SYSCALL_GETDENTS64_E "getdents64" File [SYSCALL] [USES_FD OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Na];
    239 SYSCALL_GETDENTS64_X "getdents64" File [SYSCALL] [USES_FD CONVERTER_MANAGED] ["res" Errno Dec, "fd" Fd Na];
    240 SYSCALL_SETNS_E "setns" Process [SYSCALL] [USES_FD OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Na, "nstype" Flags32 Hex Extra::Flags(&flags::CLONE_FLAGS)];
    241 SYSCALL_SETNS_X "setns" Process [SYSCALL] [USES_FD CONVERTER_MANAGED] ["res" Errno Dec, "fd" Fd Na, "nstype" Flags32 Hex Extra::Flags(&flags::CLONE_FLAGS)];
    242 SYSCALL_FLOCK_E "flock" File [SYSCALL] [USES_FD OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Na, "operation" Flags32 Hex Extra::Flags(&flags::FLOCK_FLAGS)];
    243 SYSCALL_FLOCK_X "flock" File [SYSCALL] [USES_FD CONVERTER_MANAGED] ["res" Errno Dec, "fd" Fd Na, "operation" Flags32 Hex Extra::Flags(&flags::FLOCK_FLAGS)];
    244 CPU_HOTPLUG_E "cpu_hotplug" System [METAEVENT] [MODIFIES_STATE SKIP_PARSE_RESET] ["cpu" Uint32 Dec, "action" Uint32 Dec];
    245 CPU_HOTPLUG_X "NA" Unknown [] [UNUSED] [];
    246 SOCKET_ACCEPT_5_E "accept" Net [SYSCALL] [CREATES_FD MODIFIES_STATE OLD_VERSION] [];
    247 SOCKET_ACCEPT_5_X "accept" Net [SYSCALL] [CREATES_FD MODIFIES_STATE] ["fd" Fd Dec, "tuple" SockTuple Na, "queuepct" Uint8 Dec, "queuelen" Uint32 Dec, "queuemax" Uint32 Dec];
    248 SOCKET_ACCEPT4_5_E "accept" Net [SYSCALL] [CREATES_FD MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["flags" Int32 Hex];
    249 SOCKET_ACCEPT4_5_X "accept" Net [SYSCALL] [CREATES_FD MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Dec, "tuple" SockTuple Na, "queuepct" Uint8 Dec, "queuelen" Uint32 Dec, "queuemax" Uint32 Dec];
    250 SYSCALL_SEMOP_E "semop" Process [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["semid" Int32 Dec];
    251 SYSCALL_SEMOP_X "semop" Process [SYSCALL] [CONVERTER_MANAGED] ["res" Errno Dec, "nsops" Uint32 Dec, "sem_num_0" Uint16 Dec, "sem_op_0" Int16 Dec, "sem_flg_0" Flags16 Hex Extra::Flags(&flags::SEMOP_FLAGS), "sem_num_1" Uint16 Dec, "sem_op_1" Int16 Dec, "sem_flg_1" Flags16 Hex Extra::Flags(&flags::SEMOP_FLAGS), "semid" Int32 Dec];
    252 SYSCALL_SEMCTL_E "semctl" Process [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["semid" Int32 Dec, "semnum" Int32 Dec, "cmd" Flags16 Hex Extra::Flags(&flags::SEMCTL_COMMANDS), "val" Int32 Dec];
    253 SYSCALL_SEMCTL_X "semctl" Process [SYSCALL] [CONVERTER_MANAGED] ["res" Errno Dec, "semid" Int32 Dec, "semnum" Int32 Dec, "cmd" Flags16 Hex Extra::Flags(&flags::SEMCTL_COMMANDS), "val" Int32 Dec];
    254 SYSCALL_PPOLL_E "ppoll" Wait [SYSCALL] [WAITS OLD_VERSION CONVERTER_MANAGED] ["fds" FdList Dec, "timeout" RelTime Dec, "sigmask" SigSet Dec];
    255 SYSCALL_PPOLL_X "ppoll" Wait [SYSCALL] [WAITS CONVERTER_MANAGED] ["res" Errno Dec, "fds" FdList Dec, "timeout" RelTime Dec, "sigmask" SigSet Dec];
    256 SYSCALL_MOUNT_E "mount" File [SYSCALL] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["flags" Flags32 Hex Extra::Flags(&flags::MOUNT_FLAGS)];
    257 SYSCALL_MOUNT_X "mount" File [SYSCALL] [MODIFIES_STATE CONVERTER_MANAGED] ["res" Errno Dec, "dev" CharBuf Na, "dir" FsPath Na, "type" CharBuf Na, "flags" Flags32 Hex Extra::Flags(&flags::MOUNT_FLAGS)];
    258 SYSCALL_UMOUNT_E "umount" File [SYSCALL] [MODIFIES_STATE OLD_VERSION] ["flags" Flags32 Hex Extra::Flags(&flags::UMOUNT_FLAGS)];
    259 SYSCALL_UMOUNT_X "umount" File [SYSCALL] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["res" Errno Dec, "name" FsPath Na];
    260 K8S_E "k8s" Internal [METAEVENT] [MODIFIES_STATE SKIP_PARSE_RESET OLD_VERSION] ["json" CharBuf Na];
    261 K8S_X "NA" Unknown [] [UNUSED] [];
    262 SYSCALL_SEMGET_E "semget" Process [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["key" Int32 Hex, "nsems" Int32 Dec, "semflg" Flags32 Hex Extra::Flags(&flags::SEMGET_FLAGS)];
    263 SYSCALL_SEMGET_X "semget" Process [SYSCALL] [CONVERTER_MANAGED] ["res" Errno Dec, "key" Int32 Hex, "nsems" Int32 Dec, "semflg" Flags32 Hex Extra::Flags(&flags::SEMGET_FLAGS)];
    264 SYSCALL_ACCESS_E "access" File [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["mode" Flags32 Hex Extra::Flags(&flags::ACCESS_FLAGS)];
    265 SYSCALL_ACCESS_X "access" File [SYSCALL] [CONVERTER_MANAGED] ["res" Errno Dec, "name" FsPath Na, "mode" Flags32 Hex Extra::Flags(&flags::ACCESS_FLAGS)];
    266 SYSCALL_CHROOT_E "chroot" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION] [];
    267 SYSCALL_CHROOT_X "chroot" Process [SYSCALL] [MODIFIES_STATE] ["res" Errno Dec, "path" FsPath Na];
    268 TRACER_E "tracer" Other [METAEVENT] [OLD_VERSION] ["id" Int64 Dec, "tags" CharBufArray Na, "args" CharBufPairArray Na];
    269 TRACER_X "NA" Unknown [] [UNUSED] ["id" Int64 Dec, "tags" CharBufArray Na, "args" CharBufPairArray Na];
    270 MESOS_E "mesos" Internal [METAEVENT] [MODIFIES_STATE SKIP_PARSE_RESET OLD_VERSION] ["json" CharBuf Na];
    271 MESOS_X "NA" Unknown [] [UNUSED] [];
    272 CONTAINER_JSON_E "container" Process [METAEVENT] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["json" CharBuf Na];
    273 CONTAINER_JSON_X "NA" Unknown [] [UNUSED] [];
    274 SYSCALL_SETSID_E "setsid" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION] [];
    275 SYSCALL_SETSID_X "setsid" Process [SYSCALL] [MODIFIES_STATE] ["res" Pid Dec];
    276 SYSCALL_MKDIR_2_E "mkdir" File [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["mode" Uint32 Hex];
    277 SYSCALL_MKDIR_2_X "mkdir" File [SYSCALL] [CONVERTER_MANAGED] ["res" Errno Dec, "path" FsPath Na, "mode" Uint32 Hex];
    278 SYSCALL_RMDIR_2_E "rmdir" File [SYSCALL] [OLD_VERSION] [];
    279 SYSCALL_RMDIR_2_X "rmdir" File [SYSCALL] [] ["res" Errno Dec, "path" FsPath Na];
    280 NOTIFICATION_E "notification" Other [METAEVENT] [SKIP_PARSE_RESET] ["id" CharBuf Dec, "desc" CharBuf Na];
    281 NOTIFICATION_X "NA" Unknown [] [UNUSED] [];
    282 SYSCALL_EXECVE_17_E "execve" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] [];
    283 SYSCALL_EXECVE_17_X "execve" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["res" Errno Dec, "exe" CharBuf Na, "args" ByteBuf Na, "tid" Pid Dec, "pid" Pid Dec, "ptid" Pid Dec, "cwd" CharBuf Na, "fdlimit" Uint64 Dec, "pgft_maj" Uint64 Dec, "pgft_min" Uint64 Dec, "vm_size" Uint32 Dec, "vm_rss" Uint32 Dec, "vm_swap" Uint32 Dec, "comm" CharBuf Na, "cgroups" ByteBuf Na, "env" ByteBuf Na, "tty" Int32 Dec];
    284 SYSCALL_UNSHARE_E "unshare" Process [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["flags" Flags32 Hex Extra::Flags(&flags::CLONE_FLAGS)];
    285 SYSCALL_UNSHARE_X "unshare" Process [SYSCALL] [CONVERTER_MANAGED] ["res" Errno Dec, "flags" Flags32 Hex Extra::Flags(&flags::CLONE_FLAGS)];
    286 INFRASTRUCTURE_EVENT_E "infra" Internal [METAEVENT] [SKIP_PARSE_RESET] ["source" CharBuf Dec, "name" CharBuf Na, "description" CharBuf Na, "scope" CharBuf Na];
    287 INFRASTRUCTURE_EVENT_X "NA" Unknown [] [UNUSED] [];
    288 SYSCALL_EXECVE_18_E "execve" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["filename" FsPath Na];
    289 SYSCALL_EXECVE_18_X "execve" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["res" Errno Dec, "exe" CharBuf Na, "args" ByteBuf Na, "tid" Pid Dec, "pid" Pid Dec, "ptid" Pid Dec, "cwd" CharBuf Na, "fdlimit" Uint64 Dec, "pgft_maj" Uint64 Dec, "pgft_min" Uint64 Dec, "vm_size" Uint32 Dec, "vm_rss" Uint32 Dec, "vm_swap" Uint32 Dec, "comm" CharBuf Na, "cgroups" ByteBuf Na, "env" ByteBuf Na, "tty" Int32 Dec];
    290 PAGE_FAULT_E "page_fault" Other [TRACEPOINT] [SKIP_PARSE_RESET] ["addr" Uint64 Hex, "ip" Uint64 Hex, "error" Flags32 Hex Extra::Flags(&flags::PF_FLAGS)];
    291 PAGE_FAULT_X "NA" Unknown [] [UNUSED] [];
    292 SYSCALL_EXECVE_19_E "execve" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["filename" FsPath Na];
    293 SYSCALL_EXECVE_19_X "execve" Process [SYSCALL] [MODIFIES_STATE CONVERTER_MANAGED] ["res" Errno Dec, "exe" CharBuf Na, "args" ByteBuf Na, "tid" Pid Dec, "pid" Pid Dec, "ptid" Pid Dec, "cwd" CharBuf Na, "fdlimit" Uint64 Dec, "pgft_maj" Uint64 Dec, "pgft_min" Uint64 Dec, "vm_size" Uint32 Dec, "vm_rss" Uint32 Dec, "vm_swap" Uint32 Dec, "comm" CharBuf Na, "cgroups" ByteBuf Na, "env" ByteBuf Na, "tty" Uint32 Dec, "vpgid" Pid Dec, "loginuid" Uid Dec, "flags" Flags32 Hex Extra::Flags(&flags::EXECVE_FLAGS), "cap_inheritable" Uint64 Hex, "cap_permitted" Uint64 Hex, "cap_effective" Uint64 Hex, "exe_ino" Uint64 Dec, "exe_ino_ctime" AbsTime Dec, "exe_ino_mtime" AbsTime Dec, "uid" Uid Dec, "trusted_exepath" FsPath Na, "pgid" Pid Na, "gid" Gid Dec, "filename" FsPath Na];
    294 SYSCALL_SETPGID_E "setpgid" Process [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["pid" Pid Dec, "pgid" Pid Dec];
    295 SYSCALL_SETPGID_X "setpgid" Process [SYSCALL] [CONVERTER_MANAGED] ["res" Errno Dec, "pid" Pid Dec, "pgid" Pid Dec];
    296 SYSCALL_BPF_E "bpf" Other [SYSCALL] [CREATES_FD OLD_VERSION CONVERTER_MANAGED] ["cmd" Int64 Dec];
    297 SYSCALL_BPF_X "bpf" Other [SYSCALL] [CREATES_FD OLD_VERSION CONVERTER_MANAGED] ["res_or_fd" Dyn Dec Extra::Dynamic(&BPF_DYNAMIC_PARAM)];
    298 SYSCALL_SECCOMP_E "seccomp" Other [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["op" Uint64 Dec, "flags" Uint64 Hex];
    299 SYSCALL_SECCOMP_X "seccomp" Other [SYSCALL] [CONVERTER_MANAGED] ["res" Errno Dec, "op" Uint64 Dec, "flags" Uint64 Hex];
    300 SYSCALL_UNLINK_2_E "unlink" File [SYSCALL] [OLD_VERSION] [];
    301 SYSCALL_UNLINK_2_X "unlink" File [SYSCALL] [] ["res" Errno Dec, "path" FsPath Na];
    302 SYSCALL_UNLINKAT_2_E "unlinkat" File [SYSCALL] [OLD_VERSION] [];
    303 SYSCALL_UNLINKAT_2_X "unlinkat" File [SYSCALL] [USES_FD] ["res" Errno Dec, "dirfd" Fd Dec, "name" FsRelPath Na Extra::DirFd(1), "flags" Flags32 Hex Extra::Flags(&flags::UNLINKAT_FLAGS)];
    304 SYSCALL_MKDIRAT_E "mkdirat" File [SYSCALL] [OLD_VERSION] [];
    305 SYSCALL_MKDIRAT_X "mkdirat" File [SYSCALL] [USES_FD] ["res" Errno Dec, "dirfd" Fd Dec, "path" FsRelPath Na Extra::DirFd(1), "mode" Uint32 Hex];
    306 SYSCALL_OPENAT_2_E "openat" File [SYSCALL] [CREATES_FD MODIFIES_STATE CONVERTER_MANAGED] ["dirfd" Fd Dec, "name" FsRelPath Na Extra::DirFd(0), "flags" Flags32 Hex Extra::Flags(&flags::FILE_FLAGS), "mode" Uint32 Oct];
    307 SYSCALL_OPENAT_2_X "openat" File [SYSCALL] [CREATES_FD MODIFIES_STATE CONVERTER_MANAGED] ["fd" Fd Dec, "dirfd" Fd Dec, "name" FsRelPath Na Extra::DirFd(1), "flags" Flags32 Hex Extra::Flags(&flags::FILE_FLAGS), "mode" Uint32 Oct, "dev" Uint32 Hex, "ino" Uint64 Dec];
    308 SYSCALL_LINK_2_E "link" File [SYSCALL] [OLD_VERSION] [];
    309 SYSCALL_LINK_2_X "link" File [SYSCALL] [] ["res" Errno Dec, "oldpath" FsPath Na, "newpath" FsPath Na];
    310 SYSCALL_LINKAT_2_E "linkat" File [SYSCALL] [OLD_VERSION] [];
    311 SYSCALL_LINKAT_2_X "linkat" File [SYSCALL] [] ["res" Errno Dec, "olddir" Fd Dec, "oldpath" FsRelPath Na Extra::DirFd(1), "newdir" Fd Dec, "newpath" FsRelPath Na Extra::DirFd(3), "flags" Flags32 Hex Extra::Flags(&flags::LINKAT_FLAGS)];
    312 SYSCALL_FCHMODAT_E "fchmodat" File [SYSCALL] [OLD_VERSION] [];
    313 SYSCALL_FCHMODAT_X "fchmodat" File [SYSCALL] [USES_FD] ["res" Errno Dec, "dirfd" Fd Dec, "filename" FsRelPath Na Extra::DirFd(1), "mode" Mode Oct Extra::Flags(&flags::CHMOD_MODE)];
    314 SYSCALL_CHMOD_E "chmod" File [SYSCALL] [OLD_VERSION] [];
    315 SYSCALL_CHMOD_X "chmod" File [SYSCALL] [] ["res" Errno Dec, "filename" FsPath Na, "mode" Mode Oct Extra::Flags(&flags::CHMOD_MODE)];
    316 SYSCALL_FCHMOD_E "fchmod" File [SYSCALL] [OLD_VERSION] [];
    317 SYSCALL_FCHMOD_X "fchmod" File [SYSCALL] [USES_FD] ["res" Errno Dec, "fd" Fd Dec, "mode" Mode Oct Extra::Flags(&flags::CHMOD_MODE)];
    318 SYSCALL_RENAMEAT2_E "renameat2" File [SYSCALL] [OLD_VERSION] [];
    319 SYSCALL_RENAMEAT2_X "renameat2" File [SYSCALL] [] ["res" Errno Dec, "olddirfd" Fd Dec, "oldpath" FsRelPath Na Extra::DirFd(1), "newdirfd" Fd Dec, "newpath" FsRelPath Na Extra::DirFd(3), "flags" Flags32 Hex Extra::Flags(&flags::RENAMEAT2_FLAGS)];
    320 SYSCALL_USERFAULTFD_E "userfaultfd" File [SYSCALL] [CREATES_FD MODIFIES_STATE OLD_VERSION] [];
    321 SYSCALL_USERFAULTFD_X "userfaultfd" File [SYSCALL] [CREATES_FD MODIFIES_STATE] ["res" Errno Dec, "flags" Flags32 Hex Extra::Flags(&flags::FILE_FLAGS)];
    322 PLUGINEVENT_E "pluginevent" Other [PLUGIN] [LARGE_PAYLOAD] ["plugin_id" Uint32 Dec, "event_data" ByteBuf Na];
    323 PLUGINEVENT_X "NA" Unknown [] [UNUSED] [];
    324 CONTAINER_JSON_2_E "container" Process [METAEVENT] [MODIFIES_STATE LARGE_PAYLOAD] ["json" CharBuf Na];
    325 CONTAINER_JSON_2_X "NA" Unknown [] [UNUSED] [];
    326 SYSCALL_OPENAT2_E "openat2" File [SYSCALL] [CREATES_FD MODIFIES_STATE CONVERTER_MANAGED] ["dirfd" Fd Dec, "name" FsRelPath Na Extra::DirFd(0), "flags" Flags32 Hex Extra::Flags(&flags::FILE_FLAGS), "mode" Uint32 Oct, "resolve" Flags32 Hex Extra::Flags(&flags::OPENAT2_FLAGS)];
    327 SYSCALL_OPENAT2_X "openat2" File [SYSCALL] [CREATES_FD MODIFIES_STATE CONVERTER_MANAGED] ["fd" Fd Dec, "dirfd" Fd Dec, "name" FsRelPath Na Extra::DirFd(1), "flags" Flags32 Hex Extra::Flags(&flags::FILE_FLAGS), "mode" Uint32 Oct, "resolve" Flags32 Hex Extra::Flags(&flags::OPENAT2_FLAGS), "dev" Uint32 Hex, "ino" Uint64 Dec];
    328 SYSCALL_MPROTECT_E "mprotect" Memory [SYSCALL] [OLD_VERSION CONVERTER_MANAGED] ["addr" Uint64 Hex, "length" Uint64 Dec, "prot" Flags32 Hex Extra::Flags(&flags::PROT_FLAGS)];
    329 SYSCALL_MPROTECT_X "mprotect" Memory [SYSCALL] [CONVERTER_MANAGED] ["res" Errno Dec, "addr" Uint64 Hex, "length" Uint64 Dec, "prot" Flags32 Hex Extra::Flags(&flags::PROT_FLAGS)];
    330 SYSCALL_EXECVEAT_E "execveat" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["dirfd" Fd Dec, "pathname" FsRelPath Na Extra::DirFd(0), "flags" Flags32 Hex Extra::Flags(&flags::EXECVEAT_FLAGS)];
    331 SYSCALL_EXECVEAT_X "execveat" Process [SYSCALL] [MODIFIES_STATE CONVERTER_MANAGED] ["res" Errno Dec, "exe" CharBuf Na, "args" ByteBuf Na, "tid" Pid Dec, "pid" Pid Dec, "ptid" Pid Dec, "cwd" CharBuf Na, "fdlimit" Uint64 Dec, "pgft_maj" Uint64 Dec, "pgft_min" Uint64 Dec, "vm_size" Uint32 Dec, "vm_rss" Uint32 Dec, "vm_swap" Uint32 Dec, "comm" CharBuf Na, "cgroups" ByteBuf Na, "env" ByteBuf Na, "tty" Uint32 Dec, "vpgid" Pid Dec, "loginuid" Uid Dec, "flags" Flags32 Hex Extra::Flags(&flags::EXECVE_FLAGS), "cap_inheritable" Uint64 Hex, "cap_permitted" Uint64 Hex, "cap_effective" Uint64 Hex, "exe_ino" Uint64 Dec, "exe_ino_ctime" AbsTime Dec, "exe_ino_mtime" AbsTime Dec, "uid" Uid Dec, "trusted_exepath" FsPath Na, "pgid" Pid Na, "gid" Gid Dec];
    332 SYSCALL_COPY_FILE_RANGE_E "copy_file_range" File [SYSCALL] [USES_FD READS_FROM_FD WRITES_TO_FD OLD_VERSION CONVERTER_MANAGED] ["fdin" Fd Dec, "offin" Uint64 Dec, "len" Uint64 Dec];
    333 SYSCALL_COPY_FILE_RANGE_X "copy_file_range" File [SYSCALL] [USES_FD READS_FROM_FD WRITES_TO_FD CONVERTER_MANAGED] ["res" Errno Dec, "fdout" Fd Dec, "offout" Uint64 Dec, "fdin" Fd Dec, "offin" Uint64 Dec, "len" Uint64 Dec];
    334 SYSCALL_CLONE3_E "clone3" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION] [];
    335 SYSCALL_CLONE3_X "clone3" Process [SYSCALL] [MODIFIES_STATE CONVERTER_MANAGED] ["res" Pid Dec, "exe" CharBuf Na, "args" ByteBuf Na, "tid" Pid Dec, "pid" Pid Dec, "ptid" Pid Dec, "cwd" CharBuf Na, "fdlimit" Int64 Dec, "pgft_maj" Uint64 Dec, "pgft_min" Uint64 Dec, "vm_size" Uint32 Dec, "vm_rss" Uint32 Dec, "vm_swap" Uint32 Dec, "comm" CharBuf Na, "cgroups" ByteBuf Na, "flags" Flags32 Hex Extra::Flags(&flags::CLONE_FLAGS), "uid" Uint32 Dec, "gid" Uint32 Dec, "vtid" Pid Dec, "vpid" Pid Dec, "pidns_init_start_ts" Uint64 Dec];
    336 SYSCALL_OPEN_BY_HANDLE_AT_E "open_by_handle_at" File [SYSCALL] [CREATES_FD MODIFIES_STATE OLD_VERSION] [];
    337 SYSCALL_OPEN_BY_HANDLE_AT_X "open_by_handle_at" File [SYSCALL] [CREATES_FD MODIFIES_STATE] ["fd" Fd Dec, "mountfd" Fd Dec, "flags" Flags32 Hex Extra::Flags(&flags::FILE_FLAGS), "path" FsPath Na, "dev" Uint32 Hex, "ino" Uint64 Dec];
    338 SYSCALL_IO_URING_SETUP_E "io_uring_setup" IoOther [SYSCALL] [CREATES_FD MODIFIES_STATE OLD_VERSION] [];
    339 SYSCALL_IO_URING_SETUP_X "io_uring_setup" IoOther [SYSCALL] [CREATES_FD MODIFIES_STATE] ["res" Errno Dec, "entries" Uint32 Dec, "sq_entries" Uint32 Dec, "cq_entries" Uint32 Dec, "flags" Flags32 Hex Extra::Flags(&flags::IO_URING_SETUP_FLAGS), "sq_thread_cpu" Uint32 Dec, "sq_thread_idle" Uint32 Dec, "features" Flags32 Hex Extra::Flags(&flags::IO_URING_SETUP_FEATS)];
    340 SYSCALL_IO_URING_ENTER_E "io_uring_enter" IoOther [SYSCALL] [OLD_VERSION] [];
    341 SYSCALL_IO_URING_ENTER_X "io_uring_enter" IoOther [SYSCALL] [USES_FD] ["res" Errno Dec, "fd" Fd Dec, "to_submit" Uint32 Dec, "min_complete" Uint32 Dec, "flags" Flags32 Hex Extra::Flags(&flags::IO_URING_ENTER_FLAGS), "sig" SigSet Dec];
    342 SYSCALL_IO_URING_REGISTER_E "io_uring_register" IoOther [SYSCALL] [OLD_VERSION] [];
    343 SYSCALL_IO_URING_REGISTER_X "io_uring_register" IoOther [SYSCALL] [USES_FD] ["res" Errno Dec, "fd" Fd Dec, "opcode" EnumFlags16 Dec Extra::Flags(&flags::IO_URING_REGISTER_OPCODES), "arg" Uint64 Hex, "nr_args" Uint32 Dec];
    344 SYSCALL_MLOCK_E "mlock" Memory [SYSCALL] [OLD_VERSION] [];
    345 SYSCALL_MLOCK_X "mlock" Memory [SYSCALL] [] ["res" Errno Dec, "addr" Uint64 Hex, "len" Uint64 Dec];
    346 SYSCALL_MUNLOCK_E "munlock" Memory [SYSCALL] [OLD_VERSION] [];
    347 SYSCALL_MUNLOCK_X "munlock" Memory [SYSCALL] [] ["res" Errno Dec, "addr" Uint64 Hex, "len" Uint64 Dec];
    348 SYSCALL_MLOCKALL_E "mlockall" Memory [SYSCALL] [OLD_VERSION] [];
    349 SYSCALL_MLOCKALL_X "mlockall" Memory [SYSCALL] [] ["res" Errno Dec, "flags" Flags32 Hex Extra::Flags(&flags::MLOCKALL_FLAGS)];
    350 SYSCALL_MUNLOCKALL_E "munlockall" Memory [SYSCALL] [OLD_VERSION] [];
    351 SYSCALL_MUNLOCKALL_X "munlockall" Memory [SYSCALL] [] ["res" Errno Dec];
    352 SYSCALL_CAPSET_E "capset" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION] [];
    353 SYSCALL_CAPSET_X "capset" Process [SYSCALL] [MODIFIES_STATE] ["res" Errno Dec, "cap_inheritable" Uint64 Hex, "cap_permitted" Uint64 Hex, "cap_effective" Uint64 Hex];
    354 USER_ADDED_E "useradded" Process [METAEVENT] [MODIFIES_STATE] ["uid" Uint32 Dec, "gid" Uint32 Dec, "name" CharBuf Na, "home" CharBuf Na, "shell" CharBuf Na, "container_id" CharBuf Na];
    355 USER_ADDED_X "NA" Unknown [] [UNUSED] [];
    356 USER_DELETED_E "userdeleted" Process [METAEVENT] [MODIFIES_STATE] ["uid" Uint32 Dec, "gid" Uint32 Dec, "name" CharBuf Na, "home" CharBuf Na, "shell" CharBuf Na, "container_id" CharBuf Na];
    357 USER_DELETED_X "NA" Unknown [] [UNUSED] [];
    358 GROUP_ADDED_E "groupadded" Process [METAEVENT] [MODIFIES_STATE] ["gid" Uint32 Dec, "name" CharBuf Na, "container_id" CharBuf Na];
    359 GROUP_ADDED_X "NA" Unknown [] [UNUSED] [];
    360 GROUP_DELETED_E "groupdeleted" Process [METAEVENT] [MODIFIES_STATE] ["gid" Uint32 Dec, "name" CharBuf Na, "container_id" CharBuf Na];
    361 GROUP_DELETED_X "NA" Unknown [] [UNUSED] [];
    362 SYSCALL_DUP2_E "dup2" IoOther [SYSCALL] [CREATES_FD USES_FD MODIFIES_STATE OLD_VERSION] ["fd" Fd Dec];
    363 SYSCALL_DUP2_X "dup2" IoOther [SYSCALL] [CREATES_FD USES_FD MODIFIES_STATE] ["res" Fd Dec, "oldfd" Fd Dec, "newfd" Fd Dec];
    364 SYSCALL_DUP3_E "dup3" IoOther [SYSCALL] [CREATES_FD USES_FD MODIFIES_STATE OLD_VERSION] ["fd" Fd Dec];
    365 SYSCALL_DUP3_X "dup3" IoOther [SYSCALL] [CREATES_FD USES_FD MODIFIES_STATE] ["res" Fd Dec, "oldfd" Fd Dec, "newfd" Fd Dec, "flags" Flags32 Hex Extra::Flags(&flags::FILE_FLAGS)];
    366 SYSCALL_DUP_1_E "dup" IoOther [SYSCALL] [CREATES_FD USES_FD MODIFIES_STATE OLD_VERSION] ["fd" Fd Dec];
    367 SYSCALL_DUP_1_X "dup" IoOther [SYSCALL] [CREATES_FD USES_FD MODIFIES_STATE] ["res" Fd Dec, "oldfd" Fd Dec];
    368 SYSCALL_BPF_2_E "bpf" Other [SYSCALL] [CREATES_FD OLD_VERSION] ["cmd" Int64 Dec];
    369 SYSCALL_BPF_2_X "bpf" Other [SYSCALL] [CREATES_FD] ["fd" Fd Dec, "cmd" EnumFlags32 Dec Extra::Flags(&flags::BPF_COMMANDS)];
    370 SYSCALL_MLOCK2_E "mlock2" Memory [SYSCALL] [OLD_VERSION] [];
    371 SYSCALL_MLOCK2_X "mlock2" Memory [SYSCALL] [] ["res" Errno Dec, "addr" Uint64 Hex, "len" Uint64 Dec, "flags" Flags32 Hex Extra::Flags(&flags::MLOCK2_FLAGS)];
    372 SYSCALL_FSCONFIG_E "fsconfig" System [SYSCALL] [OLD_VERSION] [];
    373 SYSCALL_FSCONFIG_X "fsconfig" System [SYSCALL] [USES_FD] ["res" Errno Dec, "fd" Fd Dec, "cmd" EnumFlags32 Dec Extra::Flags(&flags::FSCONFIG_CMDS), "key" CharBuf Na, "value_bytebuf" ByteBuf Na, "value_charbuf" CharBuf Na, "aux" Int32 Dec];
    374 SYSCALL_EPOLL_CREATE_E "epoll_create" Wait [SYSCALL] [CREATES_FD MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["size" Int32 Dec];
    375 SYSCALL_EPOLL_CREATE_X "epoll_create" Wait [SYSCALL] [CREATES_FD MODIFIES_STATE CONVERTER_MANAGED] ["res" Errno Dec, "size" Int32 Dec];
    376 SYSCALL_EPOLL_CREATE1_E "epoll_create1" Wait [SYSCALL] [CREATES_FD MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["flags" Flags32 Hex Extra::Flags(&flags::EPOLL_CREATE1_FLAGS)];
    377 SYSCALL_EPOLL_CREATE1_X "epoll_create1" Wait [SYSCALL] [CREATES_FD MODIFIES_STATE CONVERTER_MANAGED] ["res" Errno Dec, "flags" Flags32 Hex Extra::Flags(&flags::EPOLL_CREATE1_FLAGS)];
    378 SYSCALL_CHOWN_E "chown" File [SYSCALL] [OLD_VERSION] [];
    379 SYSCALL_CHOWN_X "chown" File [SYSCALL] [] ["res" Errno Dec, "path" FsPath Na, "uid" Uint32 Dec, "gid" Uint32 Dec];
    380 SYSCALL_LCHOWN_E "lchown" File [SYSCALL] [OLD_VERSION] [];
    381 SYSCALL_LCHOWN_X "lchown" File [SYSCALL] [] ["res" Errno Dec, "path" FsPath Na, "uid" Uint32 Dec, "gid" Uint32 Dec];
    382 SYSCALL_FCHOWN_E "fchown" File [SYSCALL] [OLD_VERSION] [];
    383 SYSCALL_FCHOWN_X "fchown" File [SYSCALL] [USES_FD] ["res" Errno Dec, "fd" Fd Dec, "uid" Uint32 Dec, "gid" Uint32 Dec];
    384 SYSCALL_FCHOWNAT_E "fchownat" File [SYSCALL] [OLD_VERSION] [];
    385 SYSCALL_FCHOWNAT_X "fchownat" File [SYSCALL] [USES_FD] ["res" Errno Dec, "dirfd" Fd Dec, "pathname" FsRelPath Na Extra::DirFd(1), "uid" Uint32 Dec, "gid" Uint32 Dec, "flags" Flags32 Hex Extra::Flags(&flags::FCHOWNAT_FLAGS)];
    386 SYSCALL_UMOUNT_1_E "umount" File [SYSCALL] [MODIFIES_STATE OLD_VERSION] [];
    387 SYSCALL_UMOUNT_1_X "umount" File [SYSCALL] [MODIFIES_STATE] ["res" Errno Dec, "name" FsPath Na];
    388 SOCKET_ACCEPT4_6_E "accept4" Net [SYSCALL] [CREATES_FD MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["flags" Int32 Hex];
    389 SOCKET_ACCEPT4_6_X "accept4" Net [SYSCALL] [CREATES_FD MODIFIES_STATE CONVERTER_MANAGED] ["fd" Fd Dec, "tuple" SockTuple Na, "queuepct" Uint8 Dec, "queuelen" Uint32 Dec, "queuemax" Uint32 Dec, "flags" Int32 Hex];
    390 SYSCALL_UMOUNT2_E "umount2" File [SYSCALL] [MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["flags" Flags32 Hex Extra::Flags(&flags::UMOUNT_FLAGS)];
    391 SYSCALL_UMOUNT2_X "umount2" File [SYSCALL] [MODIFIES_STATE CONVERTER_MANAGED] ["res" Errno Dec, "name" FsPath Na, "flags" Flags32 Hex Extra::Flags(&flags::UMOUNT_FLAGS)];
    392 SYSCALL_PIPE2_E "pipe2" Ipc [SYSCALL] [CREATES_FD MODIFIES_STATE OLD_VERSION] [];
    393 SYSCALL_PIPE2_X "pipe2" Ipc [SYSCALL] [CREATES_FD MODIFIES_STATE] ["res" Errno Dec, "fd1" Fd Dec, "fd2" Fd Dec, "ino" Uint64 Dec, "flags" Flags32 Hex Extra::Flags(&flags::FILE_FLAGS)];
    394 SYSCALL_INOTIFY_INIT1_E "inotify_init1" Ipc [SYSCALL] [CREATES_FD MODIFIES_STATE OLD_VERSION] [];
    395 SYSCALL_INOTIFY_INIT1_X "inotify_init1" Ipc [SYSCALL] [CREATES_FD MODIFIES_STATE] ["res" Fd Dec, "flags" Flags16 Hex Extra::Flags(&flags::FILE_FLAGS)];
    396 SYSCALL_EVENTFD2_E "eventfd2" Ipc [SYSCALL] [CREATES_FD MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["initval" Uint64 Dec];
    397 SYSCALL_EVENTFD2_X "eventfd2" Ipc [SYSCALL] [CREATES_FD MODIFIES_STATE CONVERTER_MANAGED] ["res" Fd Dec, "flags" Flags16 Hex Extra::Flags(&flags::FILE_FLAGS), "initval" Uint64 Dec];
    398 SYSCALL_SIGNALFD4_E "signalfd4" Signal [SYSCALL] [CREATES_FD MODIFIES_STATE OLD_VERSION CONVERTER_MANAGED] ["fd" Fd Dec, "mask" Uint32 Hex];
    399 SYSCALL_SIGNALFD4_X "signalfd4" Signal [SYSCALL] [CREATES_FD MODIFIES_STATE CONVERTER_MANAGED] ["res" Fd Dec, "flags" Flags16 Hex Extra::Flags(&flags::FILE_FLAGS), "fd" Fd Dec, "mask" Uint32 Hex];
    400 SYSCALL_PRCTL_E "prctl" Process [SYSCALL] [MODIFIES_STATE OLD_VERSION] [];
    401 SYSCALL_PRCTL_X "prctl" Process [SYSCALL] [MODIFIES_STATE] ["res" Errno Dec, "option" EnumFlags32 Dec Extra::Flags(&flags::PRCTL_OPTIONS), "arg2_str" CharBuf Na, "arg2_int" Int64 Dec];
    402 ASYNCEVENT_E "asyncevent" Other [METAEVENT] [LARGE_PAYLOAD] ["plugin_id" Uint32 Dec, "name" CharBuf Na, "data" ByteBuf Na];
    403 ASYNCEVENT_X "NA" Unknown [] [UNUSED] [];
    404 SYSCALL_MEMFD_CREATE_E "memfd_create" Memory [SYSCALL] [CREATES_FD MODIFIES_STATE OLD_VERSION] [];
    405 SYSCALL_MEMFD_CREATE_X "memfd_create" Memory [SYSCALL] [CREATES_FD MODIFIES_STATE] ["fd" Fd Dec, "name" CharBuf Na, "flags" Flags32 Hex Extra::Flags(&flags::MEMFD_CREATE_FLAGS)];
    406 SYSCALL_PIDFD_GETFD_E "pidfd_getfd" Process [SYSCALL] [CREATES_FD MODIFIES_STATE OLD_VERSION] [];
    407 SYSCALL_PIDFD_GETFD_X "pidfd_getfd" Process [SYSCALL] [CREATES_FD MODIFIES_STATE] ["fd" Fd Dec, "pid_fd" Fd Dec, "target_fd" Fd Dec, "flags" Uint32 Hex];
    408 SYSCALL_PIDFD_OPEN_E "pidfd_open" Process [SYSCALL] [CREATES_FD MODIFIES_STATE OLD_VERSION] [];
    409 SYSCALL_PIDFD_OPEN_X "pidfd_open" Process [SYSCALL] [CREATES_FD MODIFIES_STATE] ["fd" Fd Dec, "pid" Pid Dec, "flags" Flags32 Hex Extra::Flags(&flags::PIDFD_OPEN_FLAGS)];
    410 SYSCALL_INIT_MODULE_E "init_module" Other [SYSCALL] [OLD_VERSION] [];
    411 SYSCALL_INIT_MODULE_X "init_module" Other [SYSCALL] [] ["res" Errno Dec, "img" ByteBuf Na, "length" Uint64 Dec, "uargs" CharBuf Na];
    412 SYSCALL_FINIT_MODULE_E "finit_module" Other [SYSCALL] [OLD_VERSION] [];
    413 SYSCALL_FINIT_MODULE_X "finit_module" Other [SYSCALL] [USES_FD READS_FROM_FD] ["res" Errno Dec, "fd" Fd Dec, "uargs" CharBuf Na, "flags" Flags32 Hex Extra::Flags(&flags::FINIT_MODULE_FLAGS)];
    414 SYSCALL_MKNOD_E "mknod" Other [SYSCALL] [OLD_VERSION] [];
    415 SYSCALL_MKNOD_X "mknod" Other [SYSCALL] [] ["res" Errno Dec, "path" FsPath Na, "mode" Mode Oct Extra::Flags(&flags::MKNOD_MODE), "dev" Uint32 Dec];
    416 SYSCALL_MKNODAT_E "mknodat" Other [SYSCALL] [OLD_VERSION] [];
    417 SYSCALL_MKNODAT_X "mknodat" Other [SYSCALL] [USES_FD] ["res" Errno Dec, "dirfd" Fd Dec, "path" FsRelPath Na Extra::DirFd(1), "mode" Mode Oct Extra::Flags(&flags::MKNOD_MODE), "dev" Uint32 Dec];
    418 SYSCALL_NEWFSTATAT_E "newfstatat" File [SYSCALL] [OLD_VERSION] [];
    419 SYSCALL_NEWFSTATAT_X "newfstatat" File [SYSCALL] [USES_FD] ["res" Errno Dec, "dirfd" Fd Dec, "path" FsRelPath Na Extra::DirFd(1), "flags" Flags32 Hex Extra::Flags(&flags::NEWFSTATAT_FLAGS)];
    420 SYSCALL_PROCESS_VM_READV_E "process_vm_readv" Ipc [SYSCALL] [OLD_VERSION] [];
    421 SYSCALL_PROCESS_VM_READV_X "process_vm_readv" Ipc [SYSCALL] [] ["res" Int64 Dec, "pid" Pid Dec, "data" ByteBuf Na];
    422 SYSCALL_PROCESS_VM_WRITEV_E "process_vm_writev" Ipc [SYSCALL] [OLD_VERSION] [];
    423 SYSCALL_PROCESS_VM_WRITEV_X "process_vm_writev" Ipc [SYSCALL] [] ["res" Int64 Dec, "pid" Pid Dec, "data" ByteBuf Na];
    424 SYSCALL_DELETE_MODULE_E "delete_module" Other [SYSCALL] [OLD_VERSION] [];
    425 SYSCALL_DELETE_MODULE_X "delete_module" Other [SYSCALL] [] ["res" Errno Dec, "name" CharBuf Na, "flags" Flags32 Hex Extra::Flags(&flags::DELETE_MODULE_FLAGS)];
    426 SYSCALL_SETREUID_E "setreuid" User [SYSCALL] [MODIFIES_STATE OLD_VERSION] [];
    427 SYSCALL_SETREUID_X "setreuid" User [SYSCALL] [MODIFIES_STATE] ["res" Errno Dec, "ruid" Uid Dec, "euid" Uid Dec];
    428 SYSCALL_SETREGID_E "setregid" User [SYSCALL] [OLD_VERSION] [];
    429 SYSCALL_SETREGID_X "setregid" User [SYSCALL] [MODIFIES_STATE] ["res" Errno Dec, "rgid" Uid Dec, "egid" Uid Dec];
    430 ITER_TASK_E "task" Process [ITER] [MODIFIES_STATE] ["ppid" Pid32 Dec, "pgid" Pid32 Dec, "vpgid" Pid32 Dec, "sid" Pid32 Dec, "comm" CharBuf Na, "argv" CharBufArray Na, "exepath" FsPath Na, "flags" Flags32 Hex Extra::Flags(&flags::EXECVE_FLAGS), "env" CharBufArray Na, "cwd" CharBuf Na, "fdlimit" Uint64 Dec, "euid" Uid Dec, "egid" Gid Dec, "cap_permitted" Uint64 Hex, "cap_effective" Uint64 Hex, "cap_inheritable" Uint64 Hex, "exe_ino_num" Uint64 Dec, "exe_ino_ctime" AbsTime Dec, "exe_ino_mtime" AbsTime Dec, "vm_size" Uint32 Dec, "vm_rss" Uint32 Dec, "vm_swap" Uint32 Dec, "pgft_maj" Uint64 Dec, "pgft_min" Uint64 Dec, "vtgid" Pid32 Dec, "vpid" Pid32 Dec, "pidns_init_start_ts" Uint64 Dec, "cgroups" CharBufArray Na, "root" FsPath Na, "start_time" AbsTime Dec, "tty" Uint32 Dec, "loginuid" Uid Dec];
    431 ITER_TASK_X "NA" Unknown [] [UNUSED] [];
    432 ITER_TASK_FILE_PIPE_E "task_file_pipe" File [ITER] [MODIFIES_STATE] ["fd" Fd32 Dec, "path" FsPath Na, "ino_num" Uint64 Dec];
    433 ITER_TASK_FILE_PIPE_X "NA" Unknown [] [UNUSED] [];
    434 ITER_TASK_FILE_MEMFD_E "task_file_memfd" File [ITER] [MODIFIES_STATE] ["fd" Fd32 Dec, "path" FsPath Na, "ino_num" Uint64 Dec];
    435 ITER_TASK_FILE_MEMFD_X "NA" Unknown [] [UNUSED] [];
    436 ITER_TASK_FILE_REGULAR_E "task_file_regular" File [ITER] [MODIFIES_STATE] ["fd" Fd32 Dec, "path" FsPath Na, "flags" Flags32 Hex Extra::Flags(&flags::FILE_FLAGS), "mnt_id" Uint32 Dec, "ino_num" Uint64 Dec];
    437 ITER_TASK_FILE_REGULAR_X "NA" Unknown [] [UNUSED] [];
    438 ITER_TASK_FILE_DIRECTORY_E "task_file_directory" File [ITER] [MODIFIES_STATE] ["fd" Fd32 Dec, "path" FsPath Na, "ino_num" Uint64 Dec];
    439 ITER_TASK_FILE_DIRECTORY_X "NA" Unknown [] [UNUSED] [];
    440 ITER_TASK_FILE_SOCKET_INET_E "task_file_socket_inet" File [ITER] [MODIFIES_STATE] ["fd" Fd32 Dec, "sk_type" Uint16 Dec, "sk_proto" Uint16 Dec, "local_ip" Ipv4Addr Hex, "local_port" Port Hex, "remote_ip" Ipv4Addr Hex, "remote_port" Port Hex, "ino_num" Uint64 Dec];
    441 ITER_TASK_FILE_SOCKET_INET_X "NA" Unknown [] [UNUSED] [];
    442 ITER_TASK_FILE_SOCKET_INET6_E "task_file_socket_inet6" File [ITER] [MODIFIES_STATE] ["fd" Fd32 Dec, "sk_type" Uint16 Dec, "sk_proto" Uint16 Dec, "local_ip" Ipv6Addr Hex, "local_port" Port Hex, "remote_ip" Ipv6Addr Hex, "remote_port" Port Hex, "ino_num" Uint64 Dec];
    443 ITER_TASK_FILE_SOCKET_INET6_X "NA" Unknown [] [UNUSED] [];
    444 ITER_TASK_FILE_SOCKET_UNIX_E "task_file_socket_unix" File [ITER] [MODIFIES_STATE] ["fd" Fd32 Dec, "sk_type" Uint16 Dec, "sk_proto" Uint16 Dec, "sk_pointer" Uint64 Na, "sun_path" FsPath Na, "ino_num" Uint64 Dec];
    445 ITER_TASK_FILE_SOCKET_UNIX_X "NA" Unknown [] [UNUSED] [];
    446 ITER_TASK_FILE_SOCKET_NETLINK_E "task_file_socket_netlink" File [ITER] [MODIFIES_STATE] ["fd" Fd32 Dec, "sk_type" Uint16 Dec, "sk_proto" Uint16 Dec, "ino_num" Uint64 Dec];
    447 ITER_TASK_FILE_SOCKET_NETLINK_X "NA" Unknown [] [UNUSED] [];
    448 ITER_TASK_FILE_ANON_INODE_E "task_file_anon_inode" File [ITER] [MODIFIES_STATE] ["fd" Fd32 Dec, "fd_type" Flags8 Dec Extra::Flags(&flags::ANON_INODE_FD_TYPES), "path" FsPath Na, "ino_num" Uint64 Dec];
    449 ITER_TASK_FILE_ANON_INODE_X "NA" Unknown [] [UNUSED] [];
    450 SYSCALL_CLOSE_RANGE_E "NA" Unknown [] [UNUSED] [];
    451 SYSCALL_CLOSE_RANGE_X "close_range" IoOther [SYSCALL] [MODIFIES_STATE] ["res" Errno Dec, "first" Uint32 Dec, "last" Uint32 Dec, "flags" Flags32 Hex Extra::Flags(&flags::CLOSE_RANGE_FLAGS)];
    452 SYSCALL_KEYCTL_E "NA" Unknown [] [UNUSED] [];
    453 SYSCALL_KEYCTL_X "keyctl" Other [SYSCALL] [] ["res" Errno Dec, "operation" EnumFlags32 Dec Extra::Flags(&flags::KEYCTL_OPERATIONS), "arg2" Dyn Dec Extra::Dynamic(&KEYCTL_DYNAMIC_PARAM), "arg3" Dyn Dec Extra::Dynamic(&KEYCTL_DYNAMIC_PARAM), "arg4" Dyn Dec Extra::Dynamic(&KEYCTL_DYNAMIC_PARAM), "arg5" Dyn Dec Extra::Dynamic(&KEYCTL_DYNAMIC_PARAM)];
}
