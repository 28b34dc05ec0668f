//! Events built parameter by parameter: values enter, the bytes of an event of the newest schema (or, on demand,
//! of an older one) leave. The catalogue says how each value is laid out (reference types.json).

use std::net::{IpAddr, SocketAddr};

use crate::catalogue::{self, EventFlags, EventInfo, Extra, ParamInfo, ParamType, Width};
use crate::event::Event;
use crate::extras::ExtrasBuilder;

/// A value for a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// No bytes: an absent value.
    Empty,
    /// A number, written in the width of the parameter's type.
    Number(i64),
    /// A text, written with a NUL at its end.
    Text(Vec<u8>),
    /// Bytes as they are.
    Bytes(Vec<u8>),
    /// A number in a parameter whose type depends on the row of a table (`PT_DYN`): row and number.
    Dynamic(u8, i64),
}

impl Value {
    /// Texts that each end with a NUL, as arguments, environments and cgroups are written.
    pub fn texts(texts: &[&str]) -> Value {
        Value::Bytes(texts.iter().flat_map(|text| text.bytes().chain([0])).collect())
    }

    /// An internet address with its port (`PT_SOCKADDR`).
    pub fn address(address: SocketAddr) -> Value {
        let mut bytes = vec![family(address.ip())];
        endpoint(&mut bytes, address);
        Value::Bytes(bytes)
    }

    /// The path of a unix socket (`PT_SOCKADDR`).
    pub fn unix_address(path: &str) -> Value {
        Value::Bytes([&[UNIX], path.as_bytes(), &[0]].concat())
    }

    /// Both ends of a connection (`PT_SOCKTUPLE`). Ends of different families are written as IPv6.
    pub fn tuple(source: SocketAddr, destination: SocketAddr) -> Value {
        let wide = source.is_ipv6() || destination.is_ipv6();
        let widen = |address: SocketAddr| match address.ip() {
            IpAddr::V4(ip) if wide => SocketAddr::new(IpAddr::V6(ip.to_ipv6_mapped()), address.port()),
            IpAddr::V4(_) | IpAddr::V6(_) => address,
        };
        let (source, destination) = (widen(source), widen(destination));
        let mut bytes = vec![family(source.ip())];
        endpoint(&mut bytes, source);
        endpoint(&mut bytes, destination);
        Value::Bytes(bytes)
    }

    /// Both ends of a unix connection by their kernel addresses, and the path (`PT_SOCKTUPLE`).
    pub fn unix_tuple(source: u64, destination: u64, path: &str) -> Value {
        Value::Bytes(
            [&[UNIX][..], &source.to_le_bytes(), &destination.to_le_bytes(), path.as_bytes(), &[0]].concat(),
        )
    }

    /// Fds with their poll flags (`PT_FDLIST`). At most 65,535 are written.
    pub fn fd_list(fds: &[(i64, u16)]) -> Value {
        let fds = fds.get(..usize::from(u16::MAX)).unwrap_or(fds);
        let mut bytes = (fds.len() as u16).to_le_bytes().to_vec();
        for (fd, flags) in fds {
            bytes.extend_from_slice(&fd.to_le_bytes());
            bytes.extend_from_slice(&flags.to_le_bytes());
        }
        Value::Bytes(bytes)
    }
}

/// `PPM_AF_*` codes of the address families that have an address.
const UNIX: u8 = 1;
const INET: u8 = 2;
const INET6: u8 = 10;

fn family(address: IpAddr) -> u8 {
    if address.is_ipv4() { INET } else { INET6 }
}

/// Address in network order, port in the order of the file.
fn endpoint(bytes: &mut Vec<u8>, address: SocketAddr) {
    match address.ip() {
        IpAddr::V4(ip) => bytes.extend_from_slice(&ip.octets()),
        IpAddr::V6(ip) => bytes.extend_from_slice(&ip.octets()),
    }
    bytes.extend_from_slice(&address.port().to_le_bytes());
}

macro_rules! from_number {
    ($($ty:ty),*) => {
        $(impl From<$ty> for Value {
            fn from(number: $ty) -> Value {
                Value::Number(number as i64)
            }
        })*
    };
}

from_number!(i64, u64, i32, u32, u16, u8);

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.as_bytes().to_vec())
    }
}

/// Why an event cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// The code is not in the catalogue.
    #[error("unknown event code {0}")]
    UnknownEvent(u16),
    /// The event has no parameter of this name.
    #[error("event {event} has no parameter {param}")]
    UnknownParam {
        /// Name of the event.
        event: &'static str,
        /// The name asked for.
        param: String,
    },
    /// More values were given than the event has parameters.
    #[error("event {event} has only {known} parameters")]
    TooManyParams {
        /// Name of the event.
        event: &'static str,
        /// How many it has.
        known: usize,
    },
    /// The value does not match the type of the parameter.
    #[error("parameter {param} of event {event} is of type {ty:?} and cannot be {value}")]
    Mismatch {
        /// Name of the event.
        event: &'static str,
        /// Name of the parameter.
        param: &'static str,
        /// Its type.
        ty: ParamType,
        /// The kind of value given.
        value: &'static str,
    },
    /// The value is too long for its length field.
    #[error("parameter {param} of event {event} is too long")]
    TooLong {
        /// Name of the event.
        event: &'static str,
        /// Name of the parameter.
        param: &'static str,
    },
}

/// Builds an event. Parameters without a value are empty.
///
/// ```
/// use tercel_format::catalogue::code;
/// use tercel_format::writer::EventBuilder;
///
/// let event = EventBuilder::new(code::SYSCALL_OPENAT_2_X, 1_000, 42)
///     .set("fd", 3)
///     .set("dirfd", -100)
///     .set("name", "/etc/passwd")
///     .encode()?;
/// assert_eq!(event.event().text(2), Some(&b"/etc/passwd"[..]));
/// # Ok::<(), tercel_format::writer::BuildError>(())
/// ```
#[derive(Debug, Clone)]
pub struct EventBuilder {
    code: u16,
    ts: u64,
    tid: i64,
    cpu: u16,
    state_only: bool,
    nparams: Option<usize>,
    values: Vec<Value>,
    extras: ExtrasBuilder,
    unknown: Option<String>,
}

impl EventBuilder {
    /// An event of `code` (see [`catalogue::code`]) at `ts` nanoseconds since the epoch in thread `tid`.
    pub fn new(code: u16, ts: u64, tid: i64) -> EventBuilder {
        EventBuilder {
            code,
            ts,
            tid,
            cpu: 0,
            state_only: false,
            nparams: None,
            values: Vec::new(),
            extras: ExtrasBuilder::default(),
            unknown: None,
        }
    }

    /// Another time, in nanoseconds since the epoch.
    pub fn at(mut self, ts: u64) -> EventBuilder {
        self.ts = ts;
        self
    }

    /// The CPU that recorded it; 0 by default.
    pub fn cpu(mut self, cpu: u16) -> EventBuilder {
        self.cpu = cpu;
        self
    }

    /// Marks it as kept only for the state of processes (reference C2).
    pub fn state_only(mut self) -> EventBuilder {
        self.state_only = true;
        self
    }

    /// Writes only the first `count` parameters, as old versions of the event had them.
    pub fn nparams(mut self, count: usize) -> EventBuilder {
        self.nparams = Some(count);
        self
    }

    /// Adds an item to what the kernel says beside the parameters ([`extras`](crate::extras)).
    pub fn extra(mut self, kind: u8, flags: u8, value: &[u8]) -> EventBuilder {
        self.extras.add(kind, flags, value);
        self
    }

    /// Gives the next parameter a value.
    pub fn push(mut self, value: impl Into<Value>) -> EventBuilder {
        self.values.push(value.into());
        self
    }

    /// Gives the parameter `name` a value.
    pub fn set(mut self, name: &str, value: impl Into<Value>) -> EventBuilder {
        let position = catalogue::event(self.code)
            .and_then(|info| info.params.iter().position(|param| param.name == name));
        match position {
            Some(index) => {
                if self.values.len() <= index {
                    self.values.resize(index + 1, Value::Empty);
                }
                self.values[index] = value.into();
            }
            None => self.unknown = self.unknown.or_else(|| Some(name.to_owned())),
        }
        self
    }

    /// The event's bytes.
    ///
    /// # Errors
    /// The first value that does not match the catalogue.
    pub fn encode(self) -> Result<EncodedEvent, BuildError> {
        let info = catalogue::event(self.code).ok_or(BuildError::UnknownEvent(self.code))?;
        if let Some(param) = self.unknown {
            return Err(BuildError::UnknownParam { event: info.name, param });
        }
        let known = info.params.len();
        let nparams = self.nparams.unwrap_or(known);
        if self.values.len() > known || nparams > known {
            return Err(BuildError::TooManyParams { event: info.name, known });
        }
        let (mut lengths, mut data) = (Vec::new(), Vec::new());
        let values = self.values.iter().chain(std::iter::repeat(&Value::Empty));
        for (param, value) in info.params.iter().zip(values).take(nparams) {
            let start = data.len();
            encode(&mut data, info, param, value)?;
            length(&mut lengths, info, param, data.len() - start)?;
        }
        Ok(EncodedEvent {
            info,
            ts: self.ts,
            tid: self.tid,
            cpu: self.cpu,
            state_only: self.state_only,
            lengths,
            data,
            extras: self.extras,
        })
    }
}

fn length(
    lengths: &mut Vec<u8>,
    info: &EventInfo,
    param: &ParamInfo,
    bytes: usize,
) -> Result<(), BuildError> {
    let error = BuildError::TooLong { event: info.name, param: param.name };
    if info.has(EventFlags::LARGE_PAYLOAD) {
        let bytes = u32::try_from(bytes).map_err(|_| error)?;
        lengths.extend_from_slice(&bytes.to_le_bytes());
    } else {
        let bytes = u16::try_from(bytes).map_err(|_| error)?;
        lengths.extend_from_slice(&bytes.to_le_bytes());
    }
    Ok(())
}

fn encode(data: &mut Vec<u8>, info: &EventInfo, param: &ParamInfo, value: &Value) -> Result<(), BuildError> {
    let mismatch = |value| BuildError::Mismatch { event: info.name, param: param.name, ty: param.ty, value };
    match (value, param.ty.width()) {
        (Value::Empty, _) => {}
        (Value::Bytes(bytes), _) => data.extend_from_slice(bytes),
        (Value::Number(number), Width::Fixed(width)) => push_number(data, *number, width),
        (Value::Number(_), Width::Variable | Width::FieldOnly) => return Err(mismatch("a number")),
        (Value::Text(text), Width::Variable) => {
            data.extend_from_slice(text);
            data.push(0);
        }
        (Value::Text(_), Width::Fixed(_) | Width::FieldOnly) => return Err(mismatch("a text")),
        (Value::Dynamic(row, number), _) => {
            let width = match param.extra {
                Extra::Dynamic(rows) => rows.get(usize::from(*row)).map(|row| row.ty.width()),
                Extra::None | Extra::Flags(_) | Extra::DirFd(_) => None,
            };
            let Some(Width::Fixed(width)) = width else { return Err(mismatch("a number of a dynamic type")) };
            data.push(*row);
            push_number(data, *number, width);
        }
    }
    Ok(())
}

/// The low `width` bytes of a number, sign-extended where the type is wider than the number.
fn push_number(data: &mut Vec<u8>, number: i64, width: u8) {
    data.extend_from_slice(&i128::from(number).to_le_bytes()[..usize::from(width).min(16)]);
}

/// An event with its bytes.
#[derive(Debug, Clone)]
pub struct EncodedEvent {
    info: &'static EventInfo,
    ts: u64,
    tid: i64,
    cpu: u16,
    state_only: bool,
    lengths: Vec<u8>,
    data: Vec<u8>,
    extras: ExtrasBuilder,
}

impl EncodedEvent {
    /// The event as a reader would deliver it, with number 0.
    pub fn event(&self) -> Event<'_> {
        let mut event = Event::from_parts(self.info, &self.lengths, &self.data);
        event.ts = self.ts;
        event.tid = self.tid;
        event.cpu = self.cpu;
        event.state_only = self.state_only;
        event.set_extras(self.extras.extras());
        event
    }
}
