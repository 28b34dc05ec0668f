//! Values of operands, found once per event however many checks ask. An operand and a context enter, a value leaves. One
//! instance per thread of evaluation; after the first events it allocates nothing.

use std::net::IpAddr;

use tercel_rules::program::Operand;

use crate::fields::{self, Context, Scratch, Settings, Value};

/// An operand, and where its value is kept for the event; `None` if no other check needs it.
#[derive(Debug)]
pub struct Wanted {
    /// What is compared.
    pub operand: Operand,
    /// Index of the place.
    pub place: Option<u32>,
}

/// Reused memory for the values of checks; the right side of a comparison needs its own.
#[derive(Debug, Default)]
pub struct Values {
    /// For the left side.
    pub left: Scratch,
    /// For the right side.
    pub right: Scratch,
    places: Box<[KeptValue]>,
    /// Number of the current event, for [`KeptValue::event`].
    event: u32,
    /// The bytes of texts that are kept.
    bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct KeptValue {
    /// Number of the event that the value belongs to.
    event: u32,
    value: Kept,
}

/// A value without borrows.
#[derive(Debug, Clone, Copy)]
enum Kept {
    Missing,
    /// Start and end in the kept bytes.
    Text(u32, u32),
    /// Start and end in the kept bytes.
    Bytes(u32, u32),
    Int(i64),
    Uint(u64),
    Bool(bool),
    Double(f64),
    Ip(IpAddr),
    /// It has to be found again.
    Elsewhere,
}

impl Wanted {
    /// An operand whose value is not kept.
    pub fn new(operand: Operand) -> Wanted {
        Wanted { operand, place: None }
    }
}

impl Values {
    /// Empty memory for `places`.
    pub fn new(settings: Settings, places: usize) -> Values {
        Values {
            left: Scratch::new(settings),
            right: Scratch::new(settings),
            places: vec![KeptValue { event: 0, value: Kept::Missing }; places].into(),
            event: 0,
            bytes: Vec::new(),
        }
    }

    /// Starts an event: stored values are discarded.
    #[inline]
    pub fn start(&mut self) {
        self.bytes.clear();
        self.event = self.event.wrapping_add(1);
        if self.event == 0 {
            self.places.fill(KeptValue { event: 0, value: Kept::Missing });
            self.event = 1;
        }
    }

    /// The value of an operand, `None` if it is missing.
    #[inline]
    pub fn value<'v>(&'v mut self, cx: &Context<'v>, wanted: &'v Wanted) -> Option<Value<'v>> {
        let Some(place) = wanted.place.and_then(|place| self.places.get_mut(place as usize)) else {
            return fields::value(cx, &wanted.operand, &mut self.left);
        };
        if place.event != self.event {
            let value = fields::value(cx, &wanted.operand, &mut self.left);
            *place = KeptValue { event: self.event, value: Kept::new(value, &mut self.bytes) };
        }
        let kept = place.value;
        match kept {
            Kept::Missing => None,
            Kept::Text(start, end) => self.bytes.get(start as usize..end as usize).map(Value::Text),
            Kept::Bytes(start, end) => self.bytes.get(start as usize..end as usize).map(Value::Bytes),
            Kept::Int(v) => Some(Value::Int(v)),
            Kept::Uint(v) => Some(Value::Uint(v)),
            Kept::Bool(v) => Some(Value::Bool(v)),
            Kept::Double(v) => Some(Value::Double(v)),
            Kept::Ip(v) => Some(Value::Ip(v)),
            Kept::Elsewhere => fields::value(cx, &wanted.operand, &mut self.left),
        }
    }
}

impl Kept {
    #[inline]
    fn new(value: Option<Value<'_>>, bytes: &mut Vec<u8>) -> Kept {
        match value {
            None => Kept::Missing,
            Some(Value::Text(text)) => Kept::of_bytes(text, bytes, Kept::Text),
            Some(Value::Bytes(buffer)) => Kept::of_bytes(buffer, bytes, Kept::Bytes),
            Some(Value::Int(v)) => Kept::Int(v),
            Some(Value::Uint(v)) => Kept::Uint(v),
            Some(Value::Bool(v)) => Kept::Bool(v),
            Some(Value::Double(v)) => Kept::Double(v),
            Some(Value::Ip(v)) => Kept::Ip(v),
            Some(Value::List(_)) => Kept::Elsewhere,
        }
    }

    #[inline]
    fn of_bytes(text: &[u8], bytes: &mut Vec<u8>, kept: fn(u32, u32) -> Kept) -> Kept {
        let start = bytes.len();
        bytes.extend_from_slice(text);
        match (u32::try_from(start), u32::try_from(bytes.len())) {
            (Ok(start), Ok(end)) => kept(start, end),
            _ => Kept::Elsewhere,
        }
    }
}
