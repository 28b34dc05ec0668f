//! Types of event parameters and fields, and the width of each on the wire (reference types.json).

/// How many bytes a value of a type takes on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// Always this many bytes (or none, for an empty value).
    Fixed(u8),
    /// Whatever the length table says.
    Variable,
    /// The type exists for fields only and is never on the wire.
    FieldOnly,
}

/// How a number is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PrintFormat {
    /// The type's own way.
    Na,
    /// Decimal.
    Dec,
    /// Upper-case hexadecimal without a prefix.
    Hex,
    /// Decimal, padded with zeros to nine digits.
    PaddedDec,
    /// Decimal; the number is a name, not an amount.
    Id,
    /// Direction of an event.
    Dir,
    /// Octal without a prefix.
    Oct,
}

/// The type of an event parameter or of a field. The layouts are in reference types.json.
#[allow(missing_docs)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ParamType {
    None,
    Int8,
    Int16,
    Int32,
    Int64,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    CharBuf,
    ByteBuf,
    Errno,
    SockAddr,
    SockTuple,
    Fd,
    Pid,
    FdList,
    FsPath,
    SyscallId,
    SigType,
    RelTime,
    AbsTime,
    Port,
    L4Proto,
    SockFamily,
    Bool,
    Ipv4Addr,
    Dyn,
    Flags8,
    Flags16,
    Flags32,
    Uid,
    Gid,
    Double,
    SigSet,
    CharBufArray,
    CharBufPairArray,
    Ipv4Net,
    Ipv6Addr,
    Ipv6Net,
    IpAddr,
    IpNet,
    Mode,
    FsRelPath,
    EnumFlags8,
    EnumFlags16,
    EnumFlags32,
    Fd32,
    Pid32,
}

impl ParamType {
    /// The name in the catalogues that are printed.
    #[rustfmt::skip]
    pub const fn name(self) -> &'static str {
        match self {
            ParamType::None => "NONE",
            ParamType::Int8 => "INT8",
            ParamType::Int16 => "INT16",
            ParamType::Int32 => "INT32",
            ParamType::Int64 => "INT64",
            ParamType::Uint8 => "UINT8",
            ParamType::Uint16 => "UINT16",
            ParamType::Uint32 => "UINT32",
            ParamType::Uint64 => "UINT64",
            ParamType::CharBuf => "CHARBUF",
            ParamType::ByteBuf => "BYTEBUF",
            ParamType::Errno => "ERRNO",
            ParamType::SockAddr => "SOCKADDR",
            ParamType::SockTuple => "SOCKTUPLE",
            ParamType::Fd => "FD",
            ParamType::Pid => "PID",
            ParamType::FdList => "FDLIST",
            ParamType::FsPath => "FSPATH",
            ParamType::SyscallId => "SYSCALLID",
            ParamType::SigType => "SIGTYPE",
            ParamType::RelTime => "RELTIME",
            ParamType::AbsTime => "ABSTIME",
            ParamType::Port => "PORT",
            ParamType::L4Proto => "L4PROTO",
            ParamType::SockFamily => "SOCKFAMILY",
            ParamType::Bool => "BOOL",
            ParamType::Ipv4Addr => "IPV4ADDR",
            ParamType::Dyn => "DYN",
            ParamType::Flags8 => "FLAGS8",
            ParamType::Flags16 => "FLAGS16",
            ParamType::Flags32 => "FLAGS32",
            ParamType::Uid => "UID",
            ParamType::Gid => "GID",
            ParamType::Double => "DOUBLE",
            ParamType::SigSet => "SIGSET",
            ParamType::CharBufArray => "CHARBUFARRAY",
            ParamType::CharBufPairArray => "CHARBUFPAIRARRAY",
            ParamType::Ipv4Net => "IPV4NET",
            ParamType::Ipv6Addr => "IPV6ADDR",
            ParamType::Ipv6Net => "IPV6NET",
            ParamType::IpAddr => "IPADDR",
            ParamType::IpNet => "IPNET",
            ParamType::Mode => "MODE",
            ParamType::FsRelPath => "FSRELPATH",
            ParamType::EnumFlags8 => "ENUMFLAGS8",
            ParamType::EnumFlags16 => "ENUMFLAGS16",
            ParamType::EnumFlags32 => "ENUMFLAGS32",
            ParamType::Fd32 => "FD32",
            ParamType::Pid32 => "PID32",
        }
    }

    /// Bytes on the wire.
    #[rustfmt::skip]
    pub const fn width(self) -> Width {
        match self {
            ParamType::None => Width::FieldOnly,
            ParamType::Int8 => Width::Fixed(1),
            ParamType::Int16 => Width::Fixed(2),
            ParamType::Int32 => Width::Fixed(4),
            ParamType::Int64 => Width::Fixed(8),
            ParamType::Uint8 => Width::Fixed(1),
            ParamType::Uint16 => Width::Fixed(2),
            ParamType::Uint32 => Width::Fixed(4),
            ParamType::Uint64 => Width::Fixed(8),
            ParamType::CharBuf => Width::Variable,
            ParamType::ByteBuf => Width::Variable,
            ParamType::Errno => Width::Fixed(8),
            ParamType::SockAddr => Width::Variable,
            ParamType::SockTuple => Width::Variable,
            ParamType::Fd => Width::Fixed(8),
            ParamType::Pid => Width::Fixed(8),
            ParamType::FdList => Width::Variable,
            ParamType::FsPath => Width::Variable,
            ParamType::SyscallId => Width::Fixed(2),
            ParamType::SigType => Width::Fixed(1),
            ParamType::RelTime => Width::Fixed(8),
            ParamType::AbsTime => Width::Fixed(8),
            ParamType::Port => Width::Fixed(2),
            ParamType::L4Proto => Width::Fixed(1),
            ParamType::SockFamily => Width::Fixed(1),
            ParamType::Bool => Width::Fixed(4),
            ParamType::Ipv4Addr => Width::Fixed(4),
            ParamType::Dyn => Width::Variable,
            ParamType::Flags8 => Width::Fixed(1),
            ParamType::Flags16 => Width::Fixed(2),
            ParamType::Flags32 => Width::Fixed(4),
            ParamType::Uid => Width::Fixed(4),
            ParamType::Gid => Width::Fixed(4),
            ParamType::Double => Width::Fixed(8),
            ParamType::SigSet => Width::Fixed(4),
            ParamType::CharBufArray => Width::Variable,
            ParamType::CharBufPairArray => Width::Variable,
            ParamType::Ipv4Net => Width::FieldOnly,
            ParamType::Ipv6Addr => Width::Fixed(16),
            ParamType::Ipv6Net => Width::FieldOnly,
            ParamType::IpAddr => Width::FieldOnly,
            ParamType::IpNet => Width::FieldOnly,
            ParamType::Mode => Width::Fixed(4),
            ParamType::FsRelPath => Width::Variable,
            ParamType::EnumFlags8 => Width::Fixed(1),
            ParamType::EnumFlags16 => Width::Fixed(2),
            ParamType::EnumFlags32 => Width::Fixed(4),
            ParamType::Fd32 => Width::Fixed(4),
            ParamType::Pid32 => Width::Fixed(4),
        }
    }
}
