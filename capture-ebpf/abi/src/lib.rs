//! What the kernel side and the user side of the probe agree on: the offsets of kernel fields, the rows that say how a
//! system call becomes an event, and the counters. It is compiled into both sides and must not use anything that either
//! side lacks.
#![no_std]

macro_rules! offsets {
    ($($field:ident = $path:literal),* $(,)?) => {
        /// Offsets in the running kernel's structures, filled in by user space before the program is loaded.
        #[repr(C)]
        #[derive(Clone, Copy)]
        pub struct Offsets { $(#[doc = $path] pub $field: u32),* }
        impl Offsets {
            /// Every offset unknown.
            pub const UNSET: Offsets = Offsets { $($field: MISSING),* };
        }
        /// Name and BTF path of every field, in the order of [`Offsets`].
        pub const PATHS: &[(&str, &str)] = &[$((stringify!($field), $path)),*];
    };
}

/// The running kernel has no such member. The program branches on it, and the verifier removes the branch.
pub const MISSING: u32 = u32::MAX;

// A path is `struct.member[.member]…`; anonymous members are searched. `sizeof:STRUCT`, `enum:TYPE.NAME` and `bit:PATH`
// (offset in bits) are the other forms, `|` separates alternatives, and a leading `?` allows the field to be missing.
offsets! {
    regs_ax = "pt_regs.ax",
    regs_orig_ax = "pt_regs.orig_ax",
    regs_bx = "pt_regs.bx",
    regs_cx = "pt_regs.cx",
    regs_dx = "pt_regs.dx",
    regs_si = "pt_regs.si",
    regs_di = "pt_regs.di",
    regs_bp = "pt_regs.bp",
    regs_r8 = "pt_regs.r8",
    regs_r9 = "pt_regs.r9",
    regs_r10 = "pt_regs.r10",
    task_status = "task_struct.thread_info.status",
    task_flags = "task_struct.flags",
    task_pid = "task_struct.pid",
    task_tgid = "task_struct.tgid",
    task_real_parent = "task_struct.real_parent",
    task_comm = "task_struct.comm",
    task_mm = "task_struct.mm",
    task_fs = "task_struct.fs",
    task_files = "task_struct.files",
    task_nsproxy = "task_struct.nsproxy",
    task_signal = "task_struct.signal",
    task_cred = "task_struct.cred",
    task_cgroups = "task_struct.cgroups",
    task_loginuid = "?task_struct.loginuid.val",
    task_start_time = "task_struct.start_time",
    task_thread_pid = "task_struct.thread_pid",
    task_exit_code = "task_struct.exit_code",
    task_maj_flt = "task_struct.maj_flt",
    task_min_flt = "task_struct.min_flt",
    task_children = "task_struct.children",
    task_thread_node = "task_struct.thread_node",
    fs_pwd = "fs_struct.pwd",
    fs_root = "fs_struct.root",
    path_mnt = "path.mnt",
    path_dentry = "path.dentry",
    cred_euid = "cred.euid.val",
    cred_egid = "cred.egid.val",
    cred_fsuid = "cred.fsuid.val",
    cred_fsgid = "cred.fsgid.val",
    cred_cap_inheritable = "cred.cap_inheritable",
    cred_cap_permitted = "cred.cap_permitted",
    cred_cap_effective = "cred.cap_effective",
    cred_group_info = "cred.group_info",
    groups_count = "group_info.ngroups",
    groups_gid = "group_info.gid",
    mm_exe_file = "mm_struct.exe_file",
    mm_arg_start = "mm_struct.arg_start",
    mm_arg_end = "mm_struct.arg_end",
    mm_env_start = "mm_struct.env_start",
    mm_env_end = "mm_struct.env_end",
    mm_total_vm = "mm_struct.total_vm",
    mm_rss_stat = "mm_struct.rss_stat",
    rss_stat_old = "?sizeof:mm_rss_stat",
    rss_counter_size = "?sizeof:percpu_counter",
    rss_counter_count = "?percpu_counter.count",
    file_path = "file.f_path",
    file_inode = "file.f_inode",
    file_mode = "file.f_mode",
    file_private = "file.private_data",
    file_flags = "file.f_flags",
    inode_mode = "inode.i_mode",
    inode_uid = "inode.i_uid.val",
    inode_gid = "inode.i_gid.val",
    inode_flags = "inode.i_flags",
    inode_ino = "inode.i_ino",
    inode_sb = "inode.i_sb",
    inode_size_of = "sizeof:inode",
    inode_ctime_sec = "inode.i_ctime_sec|inode.__i_ctime.tv_sec|inode.i_ctime.tv_sec",
    inode_ctime_nsec = "inode.i_ctime_nsec|inode.__i_ctime.tv_nsec|inode.i_ctime.tv_nsec",
    inode_mtime_sec = "inode.i_mtime_sec|inode.__i_mtime.tv_sec|inode.i_mtime.tv_sec",
    inode_mtime_nsec = "inode.i_mtime_nsec|inode.__i_mtime.tv_nsec|inode.i_mtime.tv_nsec",
    sb_dev = "super_block.s_dev",
    sb_magic = "super_block.s_magic",
    sb_flags = "super_block.s_flags",
    sb_root = "super_block.s_root",
    sb_mounts = "super_block.s_mounts",
    dentry_parent = "dentry.d_parent",
    dentry_name = "dentry.d_name.name",
    dentry_len = "dentry.d_name.len",
    dentry_inode = "dentry.d_inode",
    dentry_sb = "dentry.d_sb",
    dentry_pprev = "dentry.d_hash.pprev",
    vfsmount_root = "vfsmount.mnt_root",
    vfsmount_sb = "vfsmount.mnt_sb",
    mount_mnt = "mount.mnt",
    mount_parent = "mount.mnt_parent",
    mount_mountpoint = "mount.mnt_mountpoint",
    mount_ns = "mount.mnt_ns",
    mount_id = "mount.mnt_id",
    mount_instance = "?mount.mnt_instance",
    mount_next_for_sb = "?mount.mnt_next_for_sb",
    mntns_inum = "mnt_namespace.ns.inum",
    signal_tty = "signal_struct.tty",
    signal_pids = "signal_struct.pids",
    signal_rlim = "signal_struct.rlim",
    signal_thread_head = "signal_struct.thread_head",
    signal_live = "signal_struct.live.counter",
    signal_has_subreaper = "bit:signal_struct.has_child_subreaper",
    signal_is_subreaper = "bit:signal_struct.is_child_subreaper",
    tty_index = "tty_struct.index",
    tty_driver = "tty_struct.driver",
    ttyd_major = "tty_driver.major",
    ttyd_minor_start = "tty_driver.minor_start",
    pid_level = "pid.level",
    pid_numbers = "pid.numbers",
    upid_nr = "upid.nr",
    upid_ns = "upid.ns",
    upid_size = "sizeof:upid",
    pidns_level = "pid_namespace.level",
    pidns_reaper = "pid_namespace.child_reaper",
    nsproxy_pid_children = "nsproxy.pid_ns_for_children",
    files_fdt = "files_struct.fdt",
    fdt_max_fds = "fdtable.max_fds",
    fdt_fd = "fdtable.fd",
    socket_sk = "socket.sk",
    sk_family = "sock.__sk_common.skc_family",
    sk_daddr = "sock.__sk_common.skc_daddr",
    sk_dport = "sock.__sk_common.skc_dport",
    sk_v6_daddr = "?sock.__sk_common.skc_v6_daddr",
    sk_backlog = "sock.sk_ack_backlog",
    sk_max_backlog = "sock.sk_max_ack_backlog",
    inet_saddr = "inet_sock.inet_saddr",
    inet_sport = "inet_sock.inet_sport",
    inet_pinet6 = "?inet_sock.pinet6",
    pinet6_saddr = "?ipv6_pinfo.saddr",
    unix_peer = "unix_sock.peer",
    unix_addr = "unix_sock.addr",
    unix_address_len = "unix_address.len",
    unix_address_name = "unix_address.name",
    css_set_subsys = "css_set.subsys",
    css_set_unified = "css_set.dfl_cgrp",
    css_cgroup = "cgroup_subsys_state.cgroup",
    css_ss = "cgroup_subsys_state.ss",
    subsys_name = "cgroup_subsys.name",
    cpuset_id = "?enum:cgroup_subsys_id.cpuset_cgrp_id",
    cpu_id = "?enum:cgroup_subsys_id.cpu_cgrp_id",
    cpuacct_id = "?enum:cgroup_subsys_id.cpuacct_cgrp_id",
    io_id = "?enum:cgroup_subsys_id.io_cgrp_id",
    memory_id = "?enum:cgroup_subsys_id.memory_cgrp_id",
    cgroup_kn = "cgroup.kn",
    cgroup_root = "cgroup.root",
    kn_parent = "kernfs_node.__parent|kernfs_node.parent",
    kn_name = "kernfs_node.name",
    bprm_filename = "linux_binprm.filename",
    siginfo_code = "kernel_siginfo.si_code",
    siginfo_pid = "kernel_siginfo._sifields._kill._pid",
    filename_name = "filename.name",
    req_file = "?io_kiocb.file",
    req_opcode = "?io_kiocb.opcode",
    req_flags = "?io_kiocb.flags",
    req_fd = "?io_kiocb.cqe.fd",
    req_res = "?io_kiocb.cqe.res",
    req_user_data = "?io_kiocb.cqe.user_data|io_kiocb.user_data",
    req_ctx = "?io_kiocb.ctx",
    req_async = "?io_kiocb.async_data",
    ctx_flags = "?io_ring_ctx.flags",
    ctx_sq_data = "?io_ring_ctx.sq_data",
    sqd_task_pid = "?io_sq_data.task_pid",
    sqd_task_tgid = "?io_sq_data.task_tgid",
    io_bind = "?sizeof:io_bind",
    msg_addr = "?io_async_msghdr.addr",
    msg_name = "?io_async_msghdr.msg.msg_name",
}

/// What the probe is told once, before it is loaded.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Config {
    /// Nanoseconds to add to the boot clock to get the time since the epoch.
    pub epoch: u64,
    /// Thread group whose system calls are not recorded: the recorder.
    pub own_tgid: u32,
    /// Bytes of a read or written buffer that are kept.
    pub snaplen: u32,
    /// Not 0: the kernel tells programs the types of the running task and of its registers, which are then read without
    /// helpers (`bpf_task_pt_regs`, Linux 5.15).
    pub typed: u32,
    /// Not 0: programs may meet on a CPU, and the scratch space has to be guarded.
    pub guarded: u32,
    /// Bits of [`scope`]; 0: every process is recorded.
    pub scope: u32,
    /// Bytes of the arguments of a process that are kept, with the name that it was started by, and of its environment.
    pub max_args: u32,
    /// Number of the host's mount namespace; 0 if it is not known.
    pub host_mounts: u32,
    /// Not 0: arguments are read at the entry of calls, too.
    pub entries: u32,
    /// Not 0: events say how long their calls took.
    pub latency: u32,
    /// Not 0: entries are seen by tracepoints of single calls.
    pub each: u32,
}

impl Config {
    /// A configuration that records nothing useful; user space replaces it.
    pub const UNSET: Config = Config {
        epoch: 0,
        own_tgid: 0,
        snaplen: 80,
        typed: 0,
        guarded: 1,
        scope: 0,
        max_args: 4096,
        host_mounts: 0,
        entries: 0,
        latency: 0,
        each: 0,
    };
}

/// Rows of the table of calls: 0 to 511 are native system calls, the others follow.
pub mod row {
    /// A successful `execve` or `execveat`, seen from the scheduler.
    pub const EXEC: u32 = 512;
    /// The end of a thread.
    pub const PROCEXIT: u32 = 513;
    /// A signal that is being delivered.
    pub const SIGNAL: u32 = 514;
    /// First row for 32-bit calls that no native call corresponds to.
    pub const COMPAT: u32 = 520;
    /// In the table of 32-bit calls, the first entry for the calls of `socketcall`.
    pub const SOCKETCALL: u32 = 512;
    /// First row for operations of io_uring, by their numbers, and after them for those that read or write at the file's own position.
    pub const URING: u32 = 544;
    /// Number of rows.
    pub const COUNT: u32 = URING + 2 * super::uring::OPERATIONS;
    /// The call is not recorded.
    pub const NONE: u16 = u16::MAX;
}

/// Bits that say when a call is recorded.
pub mod want {
    /// It is recorded.
    pub const YES: u32 = 1;
    /// Only where it does not return 0; success is seen elsewhere (`execve`).
    pub const FAILURES: u32 = 2;
    /// It is recorded of processes out of scope, too.
    pub const OF_OTHERS: u32 = 4;
    /// Of a process that has had its share, it is not recorded.
    pub const FAIRLY: u32 = 8;
    /// Its event holds constants only: the row has the event itself, from the word with its length on, in place of a program.
    pub const CONSTANT: u32 = 16;
}

/// Words that a row has room for, and most parameters of an event; `execve` needs the most. A power of two.
pub const MAX_WORDS: usize = 32;
/// Most words of a row that the interpreter goes through: those that a step has added are no words of their own.
pub const MOST_WORDS: usize = 16;

/// Bits of [`Config::scope`].
pub mod scope {
    /// Only processes in the map `SCOPE` are recorded, once the switch is on, and of others the calls that are wanted of them too.
    pub const LIMITED: u32 = 1;
    /// What a process in the map starts enters it.
    pub const DESCENDANTS: u32 = 2;
    /// What the recorder starts enters it.
    pub const CHILDREN: u32 = 4;
}

/// How many of the events marked [`want::FAIRLY`] a process may make.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Share {
    /// Nanoseconds from one event to the next.
    pub interval: u64,
    /// Nanoseconds that a process may be ahead.
    pub burst: u64,
}

/// What the probe knows of a process that makes such events.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Throttled {
    /// When its next event is due, on the boot clock.
    pub due: u64,
    /// Events that were left out.
    pub events: u64,
}

/// How one kind of event is put together.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Call {
    /// Event code of the catalogue.
    pub event: u16,
    /// Number of parameters of the event.
    pub nparams: u8,
    /// Number of words in use below.
    pub words: u8,
    /// Bits of [`want`]; 0: the call is not recorded.
    pub wanted: u32,
    /// The parameters in order, with the steps that prepare them between them.
    pub program: [Param; MAX_WORDS],
}

/// How one parameter is made, or a step. Read by the probe as one 64-bit word.
#[repr(C, align(8))]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Param {
    /// One of [`kind`].
    pub kind: u8,
    /// Which argument: 0 to 5 are the call's, the others are worked out by steps. For [`kind::STEP`], which step.
    pub arg: u8,
    /// Bytes on the wire, for numbers.
    pub width: u8,
    /// Row of the table of flags, or a second argument.
    pub map: u8,
    /// A constant, or what a step needs to know.
    pub value: u32,
}

/// Kinds of parameters.
pub mod kind {
    /// Length 0.
    pub const EMPTY: u8 = 0;
    /// The return value, 8 bytes.
    pub const RET: u8 = 1;
    /// The low `width` bytes of an argument.
    pub const INT: u8 = 2;
    /// The low 32 bits of an argument, extended by their sign to 8 bytes: fds, pids.
    pub const SIGNED: u8 = 3;
    /// The constant `value`.
    pub const CONST: u8 = 4;
    /// An argument's bits translated by the table `map`.
    pub const BITS: u8 = 5;
    /// An argument's value translated by the table `map`.
    pub const ENUM: u8 = 6;
    /// A string in user memory.
    pub const STR: u8 = 7;
    /// A string in user memory, kept only where the call succeeded.
    pub const STR_OK: u8 = 8;
    /// A buffer in user memory that the call has filled: as many bytes as it returned, at most the snap length.
    pub const DATA_IN: u8 = 9;
    /// A buffer in user memory that the call has consumed: `map` is the argument with its size.
    pub const DATA_OUT: u8 = 10;
    /// The program of this number goes on; it adds one parameter or more, or works out arguments and adds none.
    pub const STEP: u8 = 11;
    /// Added by the step before; nothing to do.
    pub const COVERED: u8 = 12;
    /// The return value's low 32 bits: extended by their sign where `width` is 8, else 4 bytes.
    pub const RET32: u8 = 13;
    /// A string in kernel memory, whose address is an argument.
    pub const KERNEL_STR: u8 = 14;
    /// What the call returned as a size of 4 bytes; 0 if it failed.
    pub const SIZE: u8 = 15;
    /// Nanoseconds from two arguments: seconds and the rest.
    pub const TIME: u8 = 16;
}

/// Programs that take over from the interpreter (see [`kind::STEP`]). A step adds parameters, or works out arguments for the
/// parameters after it, or both. `map`, `width` and `value` are those of the parameter that calls it.
pub mod step {
    macro_rules! steps {
        ($($(#[$doc:meta])* $name:ident = $number:literal $program:literal;)*) => {
            $($(#[$doc])* pub const $name: u8 = $number;)*
            /// Program of every step. Those that have loops exist once more for kernels without `bpf_loop` ([`LOOPS`]).
            pub const PROGRAMS: &[(u8, &str)] = &[$(($number, $program)),*];
        };
    }
    steps! {
        /// The interpreter itself.
        RUN = 0 "run";
        /// Reads numbers of `width` bytes (0: as wide as the caller's long) from user memory at argument `map`: `value` is
        /// their count plus 256 times the first argument to fill, plus 65536 where it is done for failed calls as well.
        /// What is not read is all ones for a failed call, and 0 if memory cannot be read.
        FETCH = 1 "fetch";
        /// Facts of the returned fd: argument 6 flags of the open, 7 mode, 8 device, 9 inode, 10 flags of `creat`, 11 the
        /// kernel's file, 12 how paths are resolved. Flags are argument `map` and mode is argument `width`; `value` 1: both
        /// are at the pointer in argument 2; 2: a `creat`; 4: an operation of io_uring, of
        /// which argument 12 is there.
        OPENED = 2 "opened";
        /// Adds the path of the file in argument 11.
        FILE_PATH = 3 "file_path";
        /// Memory of the process: arguments 6 size, 7 resident, 8 swapped, in KiB.
        MEMORY = 4 "memory";
        /// Capabilities: arguments 6 inheritable, 7 permitted, 8 effective.
        CAPABILITIES = 5 "capabilities";
        /// Adds the address in user memory at argument `map`, whose length is argument `width`; `value` 1: in the kernel's memory.
        SOCKADDR = 6 "sockaddr";
        /// Adds the tuple of the socket in argument `map`, or in the return value where that is 255. `width` 0: outbound,
        /// 1: inbound. `value`: argument with the address that user memory names (255: none), plus 256 where
        /// EINPROGRESS counts as success, 512 where that address is in the kernel's memory, 1024 where argument 14 is the
        /// socket's file.
        TUPLE = 7 "tuple";
        /// Backlog of the listening socket in argument 0: arguments 6 percentage, 7 length, 8 maximum.
        BACKLOG = 8 "backlog";
        /// Reads the message header at argument 1: arguments 6 vector, 7 count, 8 name, 9 control data, 10 their length; `value` 1: the
        /// name is there.
        MSGHDR = 9 "msghdr";
        /// Adds the data of the vector at argument `map` with the count in argument `width`; `value` 1: only where the call
        /// returned more than 0.
        IOV_DATA = 10 "iov_data";
        /// Adds the size of the vector at argument `map` with the count in argument `width`.
        IOV_SIZE = 11 "iov_size";
        /// Adds control data of a received message (arguments 9 and 10).
        CONTROL = 12 "control";
        /// Adds level, name, value and length of a socket option; `value` 1: the length is at a pointer.
        SOCKOPT = 13 "sockopt";
        /// Adds the list of polled fds at argument 0 with the count in argument 1.
        POLL = 14 "poll";
        /// Two fds at the pointer in argument `map`: arguments 6 and 7 the fds, 8 the inode of the first, 9 and 10 the
        /// two sockets.
        PAIR = 15 "pair";
        /// Adds `addr` and `data` of `ptrace`.
        PTRACE = 16 "ptrace";
        /// Adds the two variants of the argument of `prctl`.
        PRCTL = 17 "prctl";
        /// Adds the two variants of the value of `fsconfig`.
        FSCONFIG = 18 "fsconfig";
        /// Adds the four arguments of `keyctl`.
        KEYCTL = 19 "keyctl";
        /// Adds everything of `quotactl` after the device.
        QUOTACTL = 20 "quotactl";
        /// Adds executable and arguments of the current process; `value` 1: of the attempted `execve`, from the vector at
        /// argument `map`; 2: nothing if the call failed.
        EXE_ARGS = 21 "exe_args";
        /// Adds tid, pid and tid of the parent.
        IDS = 22 "ids";
        /// Adds the working directory.
        CWD = 23 "cwd";
        /// Adds limit of fds, page faults, memory and name.
        USAGE = 24 "usage";
        /// Adds the cgroups.
        CGROUPS = 25 "cgroups";
        /// Adds the environment; `value` 1: of the attempted `execve`, from the vector at argument `map`.
        ENV = 26 "env";
        /// Adds terminal, process group in the namespace, audit user, flags, capabilities, inode, times and user.
        IMAGE = 27 "image";
        /// Adds the path of the executable.
        EXE_PATH = 28 "exe_path";
        /// Adds process group and group.
        GROUPS = 29 "groups";
        /// Adds flags, user, group, ids in the namespace and the namespace's start. Flags are argument 0, or none where
        /// `value` is 1, or at the pointer in argument 0 if it is 2.
        CLONE = 30 "clone";
        /// The first two operations of `semop`: arguments 6 to 11.
        SEMOP = 31 "semop";
        /// Who takes over the children of a thread that ends: argument 6.
        REAPER = 32 "reaper";
        /// Adds everything of an event of each message of the array at argument 1, and sends all but the last event. `width` as of
        /// [`TUPLE`]; inbound, with the control data.
        MESSAGES = 33 "messages";
        /// Beside the parameters: the paths of the file behind the fd in argument `map` ([`beside::RETURNED`]: the returned one,
        /// [`beside::OPENED`]: the file in argument 11), as an item of kind `width`. The low byte of `value`: 1 more than the
        /// parameter with the caller's path, 0 for none; the rest are bits of [`beside`].
        BESIDE_FILE = 40 "beside_file";
        /// The same of the name in the parameter that the low byte of `value` says, in the directory of the fd in argument `map`
        /// ([`beside::CWD`]: in the working directory).
        BESIDE_NAME = 41 "beside_name";
        /// The same of the working directory, the root or the executable (`map`: [`beside::CWD`], [`beside::ROOT`],
        /// [`beside::EXE`]), where the call returned 0.
        BESIDE_PLACE = 42 "beside_place";
        /// What is behind the fd in argument `map`, or the returned one, with its number.
        BESIDE_FD = 43 "beside_fd";
        /// The same of each fd in the control data of a received message (arguments 9 and 10).
        BESIDE_RIGHTS = 44 "beside_rights";
        /// Whether the address at argument `map` with the length in argument `width` changed since the entry of the call. `value` 1:
        /// both are in the message header at argument `map`.
        BESIDE_ADDRESS = 45 "beside_address";
    }

    /// Steps that kernels without `bpf_loop` (before 5.17) have as programs called `_old`.
    pub const LOOPS: &[u8] =
        &[FILE_PATH, IOV_DATA, IOV_SIZE, EXE_ARGS, CWD, CGROUPS, ENV, EXE_PATH, MESSAGES];
}

/// How operations of io_uring are read.
pub mod uring {
    /// Room for operations; a power of two.
    pub const OPERATIONS: u32 = 64;
    /// Numbers of a request that are read.
    pub const LOADS: usize = 8;
    /// Bytes of an address that are kept; a power of two.
    pub const ADDRESS: usize = 128;
    /// An offset that does not exist.
    pub const NONE: u16 = u16::MAX;
    /// An argument that does not exist.
    pub const NO_ARG: u8 = u8::MAX;

    /// Bits of [`Operation::flags`]: it is recorded.
    pub const KNOWN: u32 = 1;
    /// An argument, whose number is in the highest byte, is the fd of the request, which may be the number of a registered file.
    pub const FD: u32 = 2;
    /// The result is an fd, or where argument 13 is not 0, the number of a registered file.
    pub const OPENS: u32 = 4;
    /// It closes the registered file in argument 13, if that is not 0.
    pub const CLOSES: u32 = 8;
    /// Argument 3 is a position in the file, all ones for the file's own.
    pub const POSITION: u32 = 16;
    /// The argument with the address is a message header, which starts with it.
    pub const HEADER: u32 = 32;
    /// There is always an address.
    pub const ALWAYS_ADDRESS: u32 = 64;

    /// A number of a request.
    #[repr(C)]
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Load {
        /// Where it lies.
        pub offset: u16,
        /// Which argument it becomes.
        pub arg: u8,
        /// Its bytes; 0 after the last number.
        pub width: u8,
    }

    /// How the request of one operation is read.
    #[repr(C)]
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Operation {
        /// Bits above; 0: it is not recorded.
        pub flags: u32,
        /// Where pointers to names lie that the kernel has copied, or [`NONE`].
        pub names: [u16; 2],
        /// Which arguments they become.
        pub name_args: [u8; 2],
        /// Which argument the address becomes, or [`NO_ARG`].
        pub address: u8,
        /// The argument with the address in user memory, before the one with its length.
        pub address_from: u8,
        /// Numbers.
        pub loads: [Load; LOADS],
    }
}

/// Settings of the steps that add what stands beside the parameters.
pub mod beside {
    /// In place of an argument: the fd that the call returned.
    pub const RETURNED: u8 = 255;
    /// In place of an argument: the file that was opened.
    pub const OPENED: u8 = 254;
    /// The working directory.
    pub const CWD: u8 = 253;
    /// The root directory.
    pub const ROOT: u8 = 252;
    /// The executable.
    pub const EXE: u8 = 251;
    /// The file's identity is added, too.
    pub const ID: u32 = 1 << 8;
    /// The call follows a symbolic link that the name is.
    pub const FOLLOWED: u32 = 1 << 9;
    /// The caller's path is compared with the one at the entry of the call.
    pub const COMPARED: u32 = 1 << 10;
}

/// What is read at the entry of a call: a kind, 256 times the argument with it, 4096 times a second argument.
pub mod entry {
    /// Bits of the kind.
    pub const KIND: u32 = 3;
    /// A text; with [`SECOND`] a second one.
    pub const TEXT: u32 = 1;
    /// An address, whose length is the second argument.
    pub const ADDRESS: u32 = 2;
    /// An address that a message header names.
    pub const HEADER: u32 = 3;
    /// The second argument is a text, too.
    pub const SECOND: u32 = 4;
    /// A 32-bit call of this number reads something.
    pub const COMPAT: u32 = 8;
}

/// Facts of an event, as `extras` of the format crate has them.
pub mod fact {
    /// The entry was not seen.
    pub const NO_ENTRY: u32 = 64;
    /// An argument changed between entry and exit.
    pub const CHANGED: u32 = 2;
    /// It came by io_uring.
    pub const IO_URING: u32 = 1;
    /// Its arguments are not complete.
    pub const ARGUMENTS_CUT: u32 = 4;
    /// Its environment is not complete.
    pub const ENVIRONMENT_CUT: u32 = 8;
    /// A thread of the kernel carried it out.
    pub const POLLED: u32 = 32;
    /// The item that holds facts: kind, flags and length.
    pub const ITEM: u64 = 5 | 4 << 16;
}

/// Kinds and flags of items beside the parameters, as `extras` of the format crate has them.
pub mod item {
    /// Path of the object.
    pub const PATH: u8 = 1;
    /// The same as the process sees it.
    pub const PATH_INSIDE: u8 = 2;
    /// Path of the second object.
    pub const SECOND_PATH: u8 = 3;
    /// Identity of the object.
    pub const FILE: u8 = 4;
    /// Facts.
    pub const FACTS: u8 = 5;
    /// The path at the entry.
    pub const ENTRY_PATH: u8 = 6;
    /// The second one.
    pub const SECOND_ENTRY_PATH: u8 = 7;
    /// How long the call took.
    pub const LATENCY: u8 = 8;
    /// Path of the executable.
    pub const EXE: u8 = 10;
    /// The second path as the process sees it.
    pub const SECOND_PATH_INSIDE: u8 = 12;
    /// The address at the entry.
    pub const ENTRY_ADDRESS: u8 = 14;
    /// What is behind an fd.
    pub const FD: u8 = 15;
    /// The path's start is missing.
    pub const CUT: u8 = 1;
    /// It does not reach the root.
    pub const DETACHED: u8 = 2;
    /// The name was removed.
    pub const DELETED: u8 = 4;
    /// It is the one in the parameter.
    pub const SAME: u8 = 8;
    /// Directory of the kernel, last component of the caller.
    pub const COMPOSED: u8 = 16;
    /// Directory of the kernel, the rest of the caller as it is.
    pub const UNRESOLVED: u8 = 32;
}

/// Bytes of an item before its value: kind, flags, length.
pub const ITEM: u64 = 4;

/// Tables of flags that steps use by themselves, and the room for tables.
pub mod flags {
    /// Flags of an open.
    pub const OPEN: u8 = 0;
    /// Events of a poll.
    pub const POLL: u8 = 1;
    /// Flags of a clone.
    pub const CLONE: u8 = 2;
    /// Requests of `ptrace`.
    pub const PTRACE: u8 = 3;
    /// Options of a socket.
    pub const SOCKOPT: u8 = 4;
    /// Operations of `semop`.
    pub const SEMOP: u8 = 5;
    /// Families of sockets.
    pub const FAMILY: u8 = 6;
    /// Number of tables.
    pub const COUNT: u32 = 64;
}

/// A translation of numbers. For [`kind::BITS`] one table per byte of the value, whose entries are added up by OR. For
/// [`kind::ENUM`] the first table holds values below 256, the second those from `base` on; all others become `other`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct FlagTable {
    /// First value of the second table.
    pub base: u32,
    /// What every other value becomes.
    pub other: u32,
    /// Entries.
    pub tables: [[u32; 256]; 4],
}

/// Counters that every CPU keeps.
pub mod stat {
    /// Events lost because the ring was full.
    pub const FULL: usize = 0;
    /// Events lost because another program held the CPU's scratch space.
    pub const BUSY: usize = 1;
    /// Events lost because they were larger than an event may be.
    pub const LARGE: usize = 2;
    /// Events lost because a step was not there; a fault of the probe.
    pub const LOST: usize = 3;
    /// Parameters that were cut: paths, arguments and variables beyond their limit.
    pub const CUT: usize = 4;
    /// Events left out because their process had had its share.
    pub const THROTTLED: usize = 5;
    /// Number of counters.
    pub const COUNT: usize = 8;
}

/// Bytes of an event of two constants of 2 bytes each ([`want::CONSTANT`]).
pub const CONSTANT: usize = HEADER + 2 * 2 + 2 * 2;

/// Bytes of an event's header: time, tid, length, code, number of parameters (reference C3).
pub const HEADER: usize = 26;
