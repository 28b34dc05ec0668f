//! Process and fd lists, which are decoded piece by piece: they may be too long for memory, and the entries before a truncation are
//! useful. Each piece becomes a block of its own; the reader of such blocks joins the lists.

use super::{ReadStep, Reader, read_u32};
use crate::block::{self, Entries, Header, TRAILER};
use crate::error::{Fault, ReadError};
use crate::record::{Block, FdList, FdRecord, ProcessRecord};

/// How much of a process or fd list is decoded at once.
const PIECE: usize = 1 << 20;

/// A process or fd list that is being read.
#[derive(Debug, Clone, Copy)]
pub(super) struct List {
    header: Header,
    offset: u64,
    content: ListContent,
    /// Bytes of the body that are not decoded yet.
    left: u64,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum ListContent {
    Processes(u8),
    Fds { tid: i64, prefixed: bool },
}

impl Reader {
    /// Starts a list of which `head` bytes are read already and `left` bytes of entries and padding follow.
    pub(super) fn open_list(
        &mut self,
        header: Header,
        content: ListContent,
        left: u32,
        head: usize,
    ) -> Result<ReadStep, ReadError> {
        let list = List { header, offset: self.window.offset(), content, left: u64::from(left) };
        self.window.consume(head);
        self.piece(list)
    }

    /// Decodes the next piece of a list. What could be decoded is delivered before any error.
    pub(super) fn piece(&mut self, mut list: List) -> Result<ReadStep, ReadError> {
        let wanted = usize::try_from(list.left).unwrap_or(usize::MAX).min(PIECE);
        let there = self.window.fill(wanted).min(wanted);
        let is_cut_off = there < wanted;
        let is_last = wanted as u64 == list.left;
        let reserve = if is_last || is_cut_off { 0 } else { block::ENTRY_LIMIT as usize };
        let bytes = self.window.bytes().get(..there).unwrap_or_default();
        let (block, taken, fault) = match list.content {
            ListContent::Processes(version) => processes(block::processes(bytes, version, reserve)),
            ListContent::Fds { tid, prefixed } => fds(block::fds(bytes, prefixed, reserve), tid),
        };
        if is_cut_off {
            // A truncated last entry is expected here.
            if let Some(fault) = fault.filter(|fault| !matches!(fault, Fault::Short(_))) {
                self.incident(list.offset, fault);
            }
            self.window.consume(taken);
            let rest = list.left - taken as u64 + TRAILER as u64;
            self.pending = Some(self.cut_off(list.offset, there - taken, rest));
        } else if let Some(fault) = fault {
            self.incident(list.offset, fault);
            self.finish_list(list, list.left);
        } else if is_last {
            self.finish_list(list, list.left);
        } else {
            self.window.consume(taken);
            list.left -= taken as u64;
            self.list = Some(list);
        }
        Ok(ReadStep::Block(block))
    }

    /// Skips the last `left` bytes of a list's body and checks its trailer.
    fn finish_list(&mut self, list: List, left: u64) {
        let skipped = self.window.skip(left);
        let there = self.window.fill(TRAILER);
        if skipped < left || there < TRAILER {
            let missing = left - skipped + TRAILER as u64;
            self.pending = Some(self.cut_off(list.offset, there, missing));
            return;
        }
        let trailer = read_u32(self.window.bytes());
        self.window.consume(TRAILER);
        if trailer != list.header.length {
            let fault = Fault::Trailer { header: list.header.length, trailer };
            self.pending = Some(ReadError::Broken { offset: list.offset, fault });
        }
    }
}

fn processes(list: Entries<ProcessRecord>) -> (Block<'static>, usize, Option<Fault>) {
    (Block::Processes(list.entries), list.taken, list.fault)
}

fn fds(list: Entries<FdRecord>, tid: i64) -> (Block<'static>, usize, Option<Fault>) {
    (Block::Fds(FdList { tid, fds: list.entries }), list.taken, list.fault)
}
