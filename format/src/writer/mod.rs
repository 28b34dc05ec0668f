//! The writer of captures: records and events of the newest schema enter, blocks of the newest versions leave
//! (reference A3 to A6, A14). What it writes is a genuine scap stream, uncompressed; [`ScapWriter`] makes
//! whole files of it, in gzip where that is wanted.
//!
//! A section starts with its header, then come machine, interfaces, accounts, processes and one fd list per process, then
//! events; the caller keeps this order.

mod builder;
mod entries;
mod scap;
#[cfg(test)]
mod tests;

pub use builder::{BuildError, EncodedEvent, EventBuilder, Value};
pub use scap::ScapWriter;

use std::io::{self, Write};

use crate::block::{self, HEADER, TRAILER, code, event};
use crate::catalogue::EventFlags;
use crate::event::Event;
use crate::record::{Account, FdList, Interface, MachineInfo, ProcessRecord, Section, StateRecord};

/// Largest size of a block of processes or fds before the next one is started; readers join these lists.
const SPLIT: usize = 8 << 20;

/// Longest event block that needs no mark as large, without its header (reference C8).
const EVENT_LIMIT: usize = 64 << 10;

/// Writes a capture block by block.
#[derive(Debug)]
pub struct Writer<W: Write> {
    output: W,
    body: Vec<u8>,
    written: u64,
}

impl<W: Write> Writer<W> {
    /// Starts a capture with its section header, version 1.2.
    ///
    /// # Errors
    /// Those of the output, as for all other methods.
    pub fn new(output: W) -> io::Result<Writer<W>> {
        let mut writer = Writer { output, body: Vec::new(), written: 0 };
        writer.section()?;
        Ok(writer)
    }

    /// Starts another section, as if the next capture of several were appended.
    pub fn section(&mut self) -> io::Result<()> {
        self.body.clear();
        self.body.extend_from_slice(&block::MAGIC.to_le_bytes());
        self.body.extend_from_slice(&Section::NEWEST.major.to_le_bytes());
        self.body.extend_from_slice(&Section::NEWEST.minor.to_le_bytes());
        self.body.extend_from_slice(&u64::MAX.to_le_bytes());
        self.block(code::SECTION)
    }

    /// Writes the host (reference B2). A host name longer than 127 bytes is truncated.
    pub fn machine(&mut self, machine: &MachineInfo) -> io::Result<()> {
        self.body.clear();
        entries::machine(&mut self.body, machine);
        self.block(code::MACHINE)
    }

    /// Writes processes (reference B5 to B9), in several blocks if they are many. Texts longer than readers accept
    /// (reference B12) are truncated.
    pub fn processes(&mut self, processes: &[ProcessRecord]) -> io::Result<()> {
        self.body.clear();
        for process in processes {
            entries::process(&mut self.body, process);
            if self.body.len() > SPLIT {
                self.block(code::PROCESSES_V9)?;
                self.body.clear();
            }
        }
        if self.body.is_empty() { Ok(()) } else { self.block(code::PROCESSES_V9) }
    }

    /// Writes the fds of one process (reference B15 to B18), in several blocks if they are many. Names longer than
    /// readers accept are truncated. If type code and detail do not agree, the type code follows from the detail.
    pub fn fds(&mut self, list: &FdList) -> io::Result<()> {
        self.body.clear();
        self.body.extend_from_slice(&list.tid.to_le_bytes());
        for fd in &list.fds {
            if self.body.len() > SPLIT {
                self.block(code::FDS_V2)?;
                self.body.truncate(8);
            }
            entries::fd(&mut self.body, fd);
        }
        self.block(code::FDS_V2)
    }

    /// Writes the network interfaces (reference B19). An interface whose addresses are of different kinds is written
    /// with mapped IPv6 addresses.
    pub fn interfaces(&mut self, interfaces: &[Interface]) -> io::Result<()> {
        self.body.clear();
        for interface in interfaces {
            entries::interface(&mut self.body, interface);
        }
        self.block(code::INTERFACES_V2)
    }

    /// Writes users and groups (reference B21). Texts longer than 255 bytes are truncated.
    pub fn accounts(&mut self, accounts: &[Account]) -> io::Result<()> {
        self.body.clear();
        for account in accounts {
            entries::account(&mut self.body, account);
        }
        self.block(code::ACCOUNTS_V2)
    }

    /// Writes the state that the section begins with (FORMAT.md section 8).
    pub fn state(&mut self, record: &StateRecord) -> io::Result<()> {
        self.body.clear();
        entries::state(&mut self.body, record);
        self.block(code::STATE)
    }

    /// Writes an event (reference C1 to C4). Its number is not stored.
    pub fn event(&mut self, event: &Event) -> io::Result<()> {
        self.event_with(event, None)
    }

    /// Writes an event together with its number, for use after omitted events (FORMAT.md section 8).
    pub(crate) fn numbered_event(&mut self, event: &Event) -> io::Result<()> {
        self.event_with(event, Some(event.num))
    }

    fn event_with(&mut self, event: &Event, number: Option<u64>) -> io::Result<()> {
        let width = if event.info.has(EventFlags::LARGE_PAYLOAD) { 4 } else { 2 };
        let nparams = event.nparams() as u32;
        self.body.clear();
        self.body.extend_from_slice(&event.cpu.to_le_bytes());
        if event.state_only {
            self.body.extend_from_slice(&event::STATE_ONLY.to_le_bytes());
        }
        self.body.extend_from_slice(&event.ts.to_le_bytes());
        self.body.extend_from_slice(&event.tid.to_le_bytes());
        let place = self.body.len();
        self.body.extend_from_slice(&[0; 4]);
        self.body.extend_from_slice(&event.code().to_le_bytes());
        self.body.extend_from_slice(&nparams.to_le_bytes());
        let (lengths, data) = event.append_to(&mut self.body);
        let length = u32::try_from(event::HEADER + lengths + data).map_err(|_| too_long())?;
        if let Some(slot) = self.body.get_mut(place..place + 4) {
            slot.copy_from_slice(&length.to_le_bytes());
        }
        if let Some(number) = number {
            entries::number(&mut self.body, number);
        }
        if !event.extras().is_empty() {
            entries::extras(&mut self.body, event.extras());
        }
        let large = width == 4 || self.body.len() + 3 + TRAILER > EVENT_LIMIT;
        self.block(match (event.state_only, large) {
            (false, false) => code::EVENT_V2,
            (false, true) => code::EVENT_V2_LARGE,
            (true, false) => code::EVENT_FLAGS_V2,
            (true, true) => code::EVENT_FLAGS_V2_LARGE,
        })
    }

    /// Bytes written so far.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// The output.
    pub fn output(&self) -> &W {
        &self.output
    }

    /// The output, which may be taken or emptied between two blocks.
    pub(crate) fn output_mut(&mut self) -> &mut W {
        &mut self.output
    }

    /// Flushes everything written so far.
    pub fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }

    /// Ends the capture and returns the output.
    pub fn finish(mut self) -> io::Result<W> {
        self.output.flush()?;
        Ok(self.output)
    }

    /// Writes the finished body, padded, between its header and trailer.
    fn block(&mut self, code: u32) -> io::Result<()> {
        let padded = self.body.len().next_multiple_of(4);
        let length = u32::try_from(padded + HEADER + TRAILER).map_err(|_| too_long())?;
        let padding = padded - self.body.len();
        self.output.write_all(&code.to_le_bytes())?;
        self.output.write_all(&length.to_le_bytes())?;
        self.output.write_all(&self.body)?;
        self.output.write_all(&[0; 3][..padding])?;
        self.output.write_all(&length.to_le_bytes())?;
        self.written += u64::from(length);
        Ok(())
    }
}

fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "a block of a capture cannot be longer than 4 GiB")
}
