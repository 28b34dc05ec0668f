//! How operations of io_uring are read.

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
