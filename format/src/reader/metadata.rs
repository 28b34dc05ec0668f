//! Blocks without an event: which of them are read as a whole, and what each means for the reader itself.

use super::list::ListContent;
use super::{BLOCK_LIMIT, Phase, ReadStep, Reader, read_u32};
use crate::block::{self, BlockKind, Header, TRAILER};
use crate::error::{Fault, ReadError};
use crate::record::Block;
use crate::window::Window;

/// Longest interface or user list: such a list is delivered as one, and its records are up to twelve times its size.
const LIST_LIMIT: u32 = 16 << 20;

impl Reader {
    /// Reads any block but an event.
    pub(super) fn metadata(
        &mut self,
        header: Header,
        kind: BlockKind,
        body: u32,
    ) -> Result<ReadStep, ReadError> {
        let limit = match kind {
            BlockKind::Interfaces { .. } | BlockKind::Accounts { .. } => LIST_LIMIT,
            BlockKind::Section | BlockKind::Machine | BlockKind::State => BLOCK_LIMIT,
            BlockKind::Event(_)
            | BlockKind::Processes(_)
            | BlockKind::Fds { .. }
            | BlockKind::Note
            | BlockKind::Unknown => u32::MAX,
        };
        if header.length > limit {
            let fault = Fault::BlockTooLong { code: header.code, length: header.length, limit };
            return self.skip(header, Some(fault));
        }
        if self.phase == Phase::Events
            && !matches!(kind, BlockKind::Section | BlockKind::Note | BlockKind::Unknown)
        {
            // The reference stops here; the records may still be useful.
            self.incident(self.window.offset(), Fault::MetadataAmongEvents(header.code));
        }
        match kind {
            BlockKind::Section => self.section(header),
            BlockKind::Unknown | BlockKind::Event(_) => {
                self.statistics.unknown_blocks += 1;
                self.skip(header, None)
            }
            BlockKind::Note => self.skip(header, Some(Fault::InColumns)),
            BlockKind::Processes(version) => {
                self.open_list(header, ListContent::Processes(version), body, block::HEADER)
            }
            BlockKind::Fds { prefixed } => {
                let head = block::HEADER + 8;
                let there = self.window.fill(head);
                match block::owner(self.window.bytes().get(block::HEADER..).unwrap_or_default()) {
                    Ok(tid) if body >= 8 => {
                        self.open_list(header, ListContent::Fds { tid, prefixed }, body - 8, head)
                    }
                    Err(_) if there < head => {
                        let start = self.window.offset();
                        Err(self.cut_off(start, there, u64::from(header.length)))
                    }
                    Ok(_) | Err(_) => self.skip(header, Some(Fault::Short("fd list"))),
                }
            }
            BlockKind::Machine
            | BlockKind::Interfaces { .. }
            | BlockKind::Accounts { .. }
            | BlockKind::State => self.whole(header, kind),
        }
    }

    /// A section header: everything known so far is discarded (reference A9). The reference misses one that follows a section
    /// without events, and so mixes two captures.
    fn section(&mut self, header: Header) -> Result<ReadStep, ReadError> {
        self.load(header)?;
        let section = block::section(body(&self.window, header)).map_err(|fault| self.broken(fault))?;
        if section.major > 1 {
            let offset = self.window.offset();
            return Err(ReadError::Version { offset, major: section.major, minor: section.minor });
        }
        self.assembler.numbering.section();
        self.statistics.sections += 1;
        self.phase = Phase::Metadata;
        self.delivered = header.length as usize;
        Ok(ReadStep::Block(Block::Section(section)))
    }

    /// A block that is decoded as a whole.
    fn whole(&mut self, header: Header, kind: BlockKind) -> Result<ReadStep, ReadError> {
        self.load(header)?;
        if let Err(fault) = self.check_trailer(header) {
            return Err(self.broken(fault));
        }
        let (block, fault) = self.assembler.records(body(&self.window, header), kind);
        self.statistics.unknown_blocks += u64::from(block.is_none() && fault.is_none());
        if let Some(fault) = fault {
            self.incident(self.window.offset(), fault);
        }
        self.delivered = header.length as usize;
        Ok(block.map_or(ReadStep::Next, ReadStep::Block))
    }

    fn check_trailer(&self, header: Header) -> Result<(), Fault> {
        let start = (header.length as usize).saturating_sub(TRAILER);
        let trailer = read_u32(self.window.bytes().get(start..).unwrap_or_default());
        if trailer == header.length { Ok(()) } else { Err(Fault::Trailer { header: header.length, trailer }) }
    }
}

/// The body of a block that is in the window as a whole.
fn body(window: &Window, header: Header) -> &[u8] {
    let end = (header.length as usize).saturating_sub(TRAILER);
    window.bytes().get(block::HEADER..end).unwrap_or_default()
}
