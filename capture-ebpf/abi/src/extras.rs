//! What stands beside the parameters of an event: how steps add it, and the kinds, flags and facts of items.

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
    /// What was about to be removed or renamed is added in place of the name, where it is known.
    pub const HOOKED: u32 = 1 << 11;
    /// After this name it is not needed any more.
    pub const LAST: u32 = 1 << 12;
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
    /// What was resolved is what a hook of the kernel was about to act on.
    pub const HOOKED: u32 = 16;
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
    /// Identity of the second object.
    pub const SECOND_FILE: u8 = 13;
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
