//! Programs that take over from the interpreter (see [`crate::kind::STEP`]). A step adds parameters, or works out arguments for the
//! parameters after it, or both. `map`, `width` and `value` are those of the parameter that calls it.

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
    /// [`TUPLE`]; inbound, with the control data, and beside it, as [`BESIDE_RIGHTS`], what is behind the fds in them.
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
    /// What is behind the fd in argument `map`, or the returned one, with its number. `value` not 0: only if argument 1 is this
    /// number.
    BESIDE_FD = 43 "beside_fd";
    /// The same of each fd in the control data of a received message (arguments 9 and 10).
    BESIDE_RIGHTS = 44 "beside_rights";
    /// Whether the address at argument `map` with the length in argument `width` changed since the entry of the call. `value` 1:
    /// both are in the message header at argument `map`.
    BESIDE_ADDRESS = 45 "beside_address";
    /// Whether a call that failed to execute a program had other arguments in memory at its entry: the name in argument `map`, which
    /// is the parameter that the low byte of `value` says (0: in none), and the vector of arguments, which are the parameters 2 and 3.
    BESIDE_ATTEMPT = 46 "beside_attempt";
}

/// Steps that kernels without `bpf_loop` (before 5.17) have as programs called `_old`.
pub const LOOPS: &[u8] = &[FILE_PATH, IOV_DATA, IOV_SIZE, EXE_ARGS, CWD, CGROUPS, ENV, EXE_PATH, MESSAGES];
