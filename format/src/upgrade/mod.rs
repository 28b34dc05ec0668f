//! Upgrade of old events: events of any version enter in the order of the capture, events of the newest schema leave
//! (reference section D). The parameters of enter events are kept until the exit event that needs them.
//!
//! Most events need nothing: [`Upgrade::apply`] then costs one look-up in a table. If an event cannot be upgraded, the reference stops
//! reading; here the caller gets a [`Fault`] and may go on with the next event. What is kept for the thread then stays, except for an
//! enter event that an earlier step of the same event has used.

mod kept;
mod table;

use crate::catalogue::{EVENTS, EventFlags, EventInfo, ParamType, Width};
use crate::error::Fault;
use crate::event::Event;
use kept::Kept;
use table::ROWS;

pub use crate::block::event::RawEvent;

/// Largest number of steps for one event (reference D1).
const STEPS: usize = 50;

/// Largest event that is upgraded (reference D13).
const LIMIT: usize = 64 << 10;

/// Bytes of the header that count towards [`LIMIT`].
const HEADER: usize = crate::block::event::HEADER;

/// What one row of the table does.
#[derive(Debug, Clone, Copy)]
enum Action {
    /// Keep for the exit event, do not deliver.
    Store,
    /// Keep for the exit event and deliver.
    StoreAndPass,
    /// Deliver as it is.
    Pass,
    /// Keep all parameters and append these.
    Add(&'static [From]),
    /// Become an event of this code with exactly these parameters.
    Change(u16, &'static [From]),
}

/// Where a parameter comes from.
#[derive(Debug, Clone, Copy)]
enum From {
    /// A parameter of the event itself.
    Old(u8),
    /// A parameter of the kept enter event; empty without one.
    EnterOrEmpty(u8),
    /// A parameter of the kept enter event; the type's default without one.
    EnterOrDefault(u8),
    /// No bytes.
    Empty,
    /// The default of the type (reference D8).
    Default,
    /// The metadata of a container as JSON, made from the four parameters of its first event (reference D9).
    ContainerJson,
}

/// What an event needs, by its code alone (reference D2, D3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// Nothing.
    Nothing,
    /// To be dropped.
    Drop,
    /// A row of the table.
    Row,
    /// A row of the table, unless it carries this many parameters.
    RowUnless(u8),
    /// The catalogue contradicts itself.
    Impossible,
}

/// [`Need`] of every code, computed when the program is built.
static NEEDS: [Need; EVENTS.len()] = needs();

/// Columns of [`INDEX`]: one per number of parameters that a row may ask for.
const COLUMNS: usize = 32;

/// Position in [`ROWS`], plus one, of the row for a code and a number of parameters; 0 if there is none.
static INDEX: [[u8; COLUMNS]; EVENTS.len()] = index();

const fn needs() -> [Need; EVENTS.len()] {
    let mut needs = [Need::Nothing; EVENTS.len()];
    let mut code = 0;
    while code < EVENTS.len() {
        let info = &EVENTS[code];
        let old = info.has(EventFlags::OLD_VERSION);
        needs[code] = if info.has(EventFlags::UNUSED) {
            Need::Drop
        } else if !info.has(EventFlags::CONVERTER_MANAGED) {
            match (old, info.is_exit()) {
                (false, _) => Need::Nothing,
                (true, false) => Need::Drop,
                (true, true) => Need::Impossible,
            }
        } else if info.is_exit() && !old {
            Need::RowUnless(info.params.len() as u8)
        } else {
            Need::Row
        };
        code += 1;
    }
    needs
}

const fn index() -> [[u8; COLUMNS]; EVENTS.len()] {
    let mut index = [[0; COLUMNS]; EVENTS.len()];
    let mut position = 0;
    while position < ROWS.len() {
        let row = &ROWS[position];
        index[row.code as usize][row.nparams as usize] = position as u8 + 1;
        position += 1;
    }
    index
}

/// Whether an event with so many parameters is of the newest schema, so that it is delivered as it is.
#[inline]
pub fn is_current(info: &EventInfo, nparams: usize) -> bool {
    match NEEDS.get(usize::from(info.code)) {
        Some(Need::Nothing) => true,
        Some(Need::RowUnless(full)) => usize::from(*full) == nparams,
        _ => false,
    }
}

/// The result for an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upgraded {
    /// It is of the newest schema as it is in the capture.
    AsIs,
    /// It was rebuilt: [`Upgrade::rebuilt`] has it.
    Rebuilt,
    /// It is not delivered.
    Dropped,
}

/// Code, lengths and parameters of an event.
#[derive(Debug, Default)]
struct Draft {
    code: u16,
    lengths: Vec<u8>,
    data: Vec<u8>,
}

/// Upgrades the events of a capture in their order. Kept enter events outlive the end of a section, as in the reference.
#[derive(Debug, Default)]
pub struct Upgrade {
    kept: Kept,
    current: Draft,
    next: Draft,
}

impl Upgrade {
    /// An upgrade at the start of a capture.
    pub fn new() -> Upgrade {
        Upgrade::default()
    }

    /// How many enter events were dropped because too many threads never returned from a system call.
    pub fn forgotten(&self) -> u64 {
        self.kept.forgotten()
    }

    /// The event of the last call of [`apply`](Upgrade::apply), where that said [`Upgraded::Rebuilt`]: its code, lengths
    /// and parameters.
    pub fn rebuilt(&self) -> (u16, &[u8], &[u8]) {
        (self.current.code, &self.current.lengths, &self.current.data)
    }

    /// Takes the next event of the capture.
    #[inline]
    pub fn apply(&mut self, event: &RawEvent) -> Result<Upgraded, Fault> {
        match NEEDS.get(usize::from(event.code)) {
            Some(Need::Nothing) => Ok(Upgraded::AsIs),
            // Events with wide lengths are not managed by the table, so a length takes two bytes here.
            Some(Need::RowUnless(full)) if event.lengths.len() == usize::from(*full) * 2 => {
                Ok(Upgraded::AsIs)
            }
            _ => self.convert(event),
        }
    }

    /// Takes the steps that the event needs (reference D1).
    fn convert(&mut self, raw: &RawEvent) -> Result<Upgraded, Fault> {
        let Some(info) = EVENTS.get(usize::from(raw.code)) else { return Ok(Upgraded::Dropped) };
        let mut rebuilt = false;
        let mut info = info;
        for _ in 0..STEPS {
            let (lengths, data) = if rebuilt {
                (&self.current.lengths[..], &self.current.data[..])
            } else {
                (raw.lengths, raw.data)
            };
            let nparams = lengths.len() / length_width(info);
            let done = if rebuilt { Upgraded::Rebuilt } else { Upgraded::AsIs };
            if !needs_row(info, nparams)? {
                let dropped = NEEDS.get(usize::from(info.code)) == Some(&Need::Drop);
                return Ok(if dropped { Upgraded::Dropped } else { done });
            }
            if HEADER + lengths.len() + data.len() > LIMIT {
                return Err(Fault::UpgradeTooLong { name: info.name, code: info.code });
            }
            match find(info, nparams)? {
                Action::Pass => return Ok(done),
                Action::Store => {
                    self.kept.keep(raw.tid, info.code, lengths, data);
                    return Ok(Upgraded::Dropped);
                }
                Action::StoreAndPass => {
                    self.kept.keep(raw.tid, info.code, lengths, data);
                    return Ok(done);
                }
                Action::Add(params) => {
                    if !rebuilt {
                        self.current.copy(raw);
                    }
                    self.add(raw.tid, info, nparams, params)?;
                }
                Action::Change(code, params) => {
                    if !rebuilt {
                        self.current.copy(raw);
                    }
                    info = self.change(raw.tid, info, code, params)?;
                }
            }
            rebuilt = true;
        }
        Err(Fault::NoUpgrade { name: info.name, code: info.code, nparams: 0 })
    }

    /// Appends parameters to the current draft.
    fn add(
        &mut self,
        tid: i64,
        info: &'static EventInfo,
        nparams: usize,
        params: &[From],
    ) -> Result<(), Fault> {
        let mut used = false;
        for (param, from) in info.params.iter().skip(nparams).zip(params) {
            let limit = room(param.ty, info);
            match *from {
                From::EnterOrEmpty(index) | From::EnterOrDefault(index) => {
                    match self.kept.entry(tid, info)? {
                        Some(enter) => {
                            self.current.push(info, required(&enter, index)?, limit);
                            used = true;
                        }
                        None => self.current.push(info, absent(*from, param.ty), limit),
                    };
                }
                From::Empty | From::Default => self.current.push(info, absent(*from, param.ty), limit),
                // The table appends nothing that the event itself carries.
                From::Old(_) | From::ContainerJson => return Err(no_upgrade(info, nparams)),
            }
        }
        self.finish(tid, info, used)
    }

    /// Makes the current draft one of another code.
    fn change(
        &mut self,
        tid: i64,
        old: &'static EventInfo,
        code: u16,
        params: &[From],
    ) -> Result<&'static EventInfo, Fault> {
        let Some(info) = EVENTS.get(usize::from(code)) else { return Err(no_upgrade(old, 0)) };
        self.next.clear(code);
        let mut used = false;
        for (param, from) in info.params.iter().zip(params) {
            let limit = room(param.ty, info);
            match *from {
                From::Old(index) => {
                    let event = self.current.event().ok_or_else(|| no_upgrade(old, 0))?;
                    self.next.push(info, required(&event, index)?, limit);
                }
                From::EnterOrEmpty(index) | From::EnterOrDefault(index) => match self.kept.entry(tid, old)? {
                    Some(enter) => {
                        self.next.push(info, required(&enter, index)?, limit);
                        used = true;
                    }
                    None => self.next.push(info, absent(*from, param.ty), limit),
                },
                From::Empty | From::Default => self.next.push(info, absent(*from, param.ty), limit),
                From::ContainerJson => {
                    let json = self.current.event().map(|event| container_json(&event)).unwrap_or_default();
                    if json.len() > limit {
                        return Err(Fault::UpgradeTooLong { name: old.name, code: old.code });
                    }
                    self.next.push(info, &json, limit);
                }
            }
        }
        std::mem::swap(&mut self.current, &mut self.next);
        self.finish(tid, info, used)?;
        Ok(info)
    }

    /// Drops the enter event that was used, and checks the size of the result.
    fn finish(&mut self, tid: i64, info: &'static EventInfo, used: bool) -> Result<(), Fault> {
        if used {
            self.kept.forget(tid);
        }
        if HEADER + self.current.lengths.len() + self.current.data.len() > LIMIT {
            return Err(Fault::UpgradeTooLong { name: info.name, code: info.code });
        }
        Ok(())
    }
}

impl Draft {
    fn clear(&mut self, code: u16) {
        self.code = code;
        self.lengths.clear();
        self.data.clear();
    }

    fn copy(&mut self, raw: &RawEvent) {
        self.clear(raw.code);
        self.lengths.extend_from_slice(raw.lengths);
        self.data.extend_from_slice(raw.data);
    }

    fn event(&self) -> Option<Event<'_>> {
        Event::new(self.code, &self.lengths, &self.data)
    }

    /// Appends a parameter, of which at most `limit` bytes are kept (reference D7).
    fn push(&mut self, info: &EventInfo, bytes: &[u8], limit: usize) {
        let bytes = bytes.get(..limit).unwrap_or(bytes);
        if info.has(EventFlags::LARGE_PAYLOAD) {
            self.lengths.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        } else {
            self.lengths.extend_from_slice(&(bytes.len() as u16).to_le_bytes());
        }
        self.data.extend_from_slice(bytes);
    }
}

/// Whether an event needs a row of the table, rather than being passed or dropped as it is.
fn needs_row(info: &'static EventInfo, nparams: usize) -> Result<bool, Fault> {
    match NEEDS.get(usize::from(info.code)) {
        None | Some(Need::Nothing | Need::Drop) => Ok(false),
        Some(Need::Impossible) => Err(no_upgrade(info, nparams)),
        Some(Need::Row) if !info.is_exit() => Ok(true),
        Some(Need::Row | Need::RowUnless(_)) if nparams > info.params.len() => {
            Err(Fault::TooManyParams { name: info.name, code: info.code, nparams, known: info.params.len() })
        }
        Some(Need::Row) => Ok(true),
        Some(Need::RowUnless(full)) => Ok(nparams != usize::from(*full)),
    }
}

/// What the table says about an event (reference D4).
fn find(info: &'static EventInfo, nparams: usize) -> Result<Action, Fault> {
    INDEX
        .get(usize::from(info.code))
        .and_then(|row| row.get(nparams))
        .and_then(|position| usize::from(*position).checked_sub(1))
        .and_then(|position| ROWS.get(position))
        .map(|row| row.action)
        .ok_or_else(|| no_upgrade(info, nparams))
}

fn no_upgrade(info: &'static EventInfo, nparams: usize) -> Fault {
    Fault::NoUpgrade { name: info.name, code: info.code, nparams }
}

fn required<'a>(event: &Event<'a>, index: u8) -> Result<&'a [u8], Fault> {
    event.param(usize::from(index)).ok_or(Fault::MissingParam {
        name: event.info.name,
        code: event.info.code,
        param: index,
    })
}

/// The value of a parameter that has no source (reference D8).
fn absent(from: From, ty: ParamType) -> &'static [u8] {
    match from {
        From::Old(_) | From::EnterOrEmpty(_) | From::Empty | From::ContainerJson => &[],
        From::EnterOrDefault(_) | From::Default => match (ty, ty.width()) {
            (ParamType::Uid | ParamType::Gid, _) => &[0xff; 4],
            (_, Width::Fixed(width)) => ZEROS.get(..usize::from(width)).unwrap_or(&ZEROS),
            (_, Width::Variable | Width::FieldOnly) => &[],
        },
    }
}

/// The widest default.
static ZEROS: [u8; 16] = [0; 16];

/// Most bytes that a parameter of type `ty` may have in an event `info`.
fn room(ty: ParamType, info: &EventInfo) -> usize {
    match ty.width() {
        Width::Fixed(width) => usize::from(width),
        Width::Variable | Width::FieldOnly if info.has(EventFlags::LARGE_PAYLOAD) => u32::MAX as usize,
        Width::Variable | Width::FieldOnly => usize::from(u16::MAX),
    }
}

fn length_width(info: &EventInfo) -> usize {
    if info.has(EventFlags::LARGE_PAYLOAD) { 4 } else { 2 }
}

/// The JSON text of a container's first event. Like the reference it does not escape what it quotes, and yields nothing
/// where a parameter is missing or no NUL ends a text.
fn container_json(event: &Event) -> Vec<u8> {
    let text =
        |index| event.param(index).filter(|bytes| !bytes.is_empty()).map(|bytes| &bytes[..bytes.len() - 1]);
    let (Some(id), Some(kind), Some(name), Some(image)) = (text(0), event.u32(1), text(2), text(3)) else {
        return Vec::new();
    };
    let mut json = Vec::new();
    for part in [
        b"{\"id\":\"",
        id,
        b"\",\"type\":",
        kind.to_string().as_bytes(),
        b",\"name\":\"",
        name,
        b"\",\"image\":\"",
        image,
        b"\"}\0",
    ] {
        json.extend_from_slice(part);
    }
    json
}

#[cfg(test)]
mod tests;
