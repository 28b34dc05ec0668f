//! Values of tables and what columns hold.

use std::net::IpAddr;

use tercel_replay::state::Text;

/// A value in a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cell {
    /// Nothing is known, or there is nothing.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A signed number.
    Int(i64),
    /// A number, or bytes.
    Uint(u64),
    /// Nanoseconds since the epoch.
    Time(u64),
    /// Nanoseconds.
    Span(u64),
    /// An address.
    Address(IpAddr),
    /// Text as the capture has it; not necessarily UTF-8, and the attacker's.
    Text(Text),
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// [`Cell::Bool`].
    Bool,
    /// [`Cell::Int`].
    Int,
    /// [`Cell::Uint`], the number of something, which is summed where rows are grouped.
    Count,
    /// [`Cell::Uint`], any other number.
    Uint,
    /// [`Cell::Uint`], in bytes.
    Bytes,
    /// [`Cell::Time`].
    Time,
    /// [`Cell::Span`].
    Span,
    /// [`Cell::Address`].
    Address,
    /// [`Cell::Text`].
    Text,
}

impl ColumnType {
    /// Its name in the documentation.
    pub fn name(self) -> &'static str {
        match self {
            ColumnType::Bool => "bool",
            ColumnType::Int => "int",
            ColumnType::Count => "count",
            ColumnType::Uint => "uint",
            ColumnType::Bytes => "bytes",
            ColumnType::Time => "time",
            ColumnType::Span => "duration",
            ColumnType::Address => "address",
            ColumnType::Text => "text",
        }
    }

    /// Whether a column of this type may hold a cell.
    pub fn holds(self, cell: &Cell) -> bool {
        matches!(
            (self, cell),
            (_, Cell::Null)
                | (ColumnType::Bool, Cell::Bool(_))
                | (ColumnType::Int, Cell::Int(_))
                | (ColumnType::Count | ColumnType::Uint | ColumnType::Bytes, Cell::Uint(_))
                | (ColumnType::Time, Cell::Time(_))
                | (ColumnType::Span, Cell::Span(_))
                | (ColumnType::Address, Cell::Address(_))
                | (ColumnType::Text, Cell::Text(_))
        )
    }
}

impl Cell {
    /// A time, or nothing for 0.
    pub(super) fn time(ts: u64) -> Cell {
        if ts == 0 { Cell::Null } else { Cell::Time(ts) }
    }

    /// A text, or nothing for an empty one.
    pub(super) fn text(text: &Text) -> Cell {
        if text.is_empty() { Cell::Null } else { Cell::Text(text.clone()) }
    }

    /// A word.
    pub(super) fn word(word: &str) -> Cell {
        if word.is_empty() { Cell::Null } else { Cell::Text(word.as_bytes().into()) }
    }

    /// A user or group, or nothing where it is not known.
    pub(super) fn id(id: u32) -> Cell {
        if id == u32::MAX { Cell::Null } else { Cell::Uint(u64::from(id)) }
    }

    /// An end of a connection: address and port.
    pub(super) fn end(end: Option<(IpAddr, u16)>) -> [Cell; 2] {
        match end {
            Some((ip, port)) => [Cell::Address(ip), Cell::Uint(u64::from(port))],
            None => [Cell::Null, Cell::Null],
        }
    }
}
