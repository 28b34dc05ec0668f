//! The data that calls move: an event enters, its direction, its length and the bytes that were captured leave.

use tercel_format::Event;
use tercel_replay::Context;
use tercel_replay::fields::Direction;

/// The data that a call moved through its fd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Data<'a> {
    /// Which way.
    pub direction: Direction,
    /// How many bytes the call moved.
    pub length: u64,
    /// The first of them, as many as the recording keeps.
    pub bytes: &'a [u8],
}

impl<'a> Data<'a> {
    /// Of an event; `None` where it moved nothing, or through no fd.
    pub fn of(context: &Context<'a>) -> Option<Data<'a>> {
        let (direction, length) = context.transferred()?;
        let bytes = buffer(context.event)?;
        let most = usize::try_from(length).unwrap_or(usize::MAX).min(bytes.len());
        Some(Data { direction, length, bytes: &bytes[..most] })
    }

    /// Bytes that were not captured.
    pub fn missing(&self) -> u64 {
        self.length - self.bytes.len() as u64
    }
}

/// The buffer of a call.
fn buffer<'a>(event: &'a Event<'a>) -> Option<&'a [u8]> {
    let index = event.info.params.iter().position(|param| param.name == "data")?;
    Some(event.param(index).unwrap_or_default())
}
