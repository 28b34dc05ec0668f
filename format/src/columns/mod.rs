//! The column layout of a chunk (FORMAT.md section 12): the rows of a chunk enter, the values of each parameter of each event type leave as
//! a column of their own, and back. Rows come back byte for byte; a reader that needs some columns unpacks those and no others.
//!
//! An *item* is a block of the chunk. Items of one *kind* are events of one type with the same parameters, so that each parameter is
//! a column with one value per item of its kind. What fits no kind (metadata, odd events) is kept as raw blocks. What is the same for all
//! kinds stands in *lanes*: kind, time, thread and CPU of each item.
//!
//! Sizes come from outside and are checked before they are used: against each other, against the size of the rows, and against what
//! zstd says. Nothing here knows about files, chunks of a trace, or what events mean.

mod encoding;
mod shape;
mod table;

mod directory;
mod lanes;
mod store;

mod pack;
mod rows;
mod sizes;
mod unpack;

#[cfg(test)]
mod tests;

pub(crate) use pack::Transposer;
pub(crate) use rows::Gap;
pub use shape::Kind;
pub(crate) use sizes::column_sizes;
pub use sizes::{ColumnGroup, ColumnSize};
pub use store::Store;
pub use unpack::Columns;

/// Most items of a chunk: its smallest blocks are not smaller than this many bytes.
const SMALLEST: u64 = 12;

/// Most parameters of an event that fits a kind; the catalogue has fewer.
const PARAMS: usize = 64;

/// Most kinds of a chunk besides raw blocks.
const KINDS: usize = 255;

/// For the fuzz target: rows become columns and rows again; then the same directory, changed in some places, is read.
#[cfg(fuzzing)]
pub fn fuzz(rows: &[u8], changes: &[u8]) {
    let mut transposer = Transposer::new(1).expect("memory");
    let Some(packed) = transposer.pack(rows, 0).expect("memory") else { return };
    let mut columns = Columns::default();
    columns.packed().clone_from(&packed.frames);
    columns.open(&packed.directory, 0, rows.len() as u64).expect("good columns");
    let mut back = Vec::new();
    assert!(columns.rows(&mut back).expect("good columns").is_none());
    assert!(back == rows, "rows come back");
    let mut directory = packed.directory;
    for change in changes.chunks_exact(3) {
        let place = usize::from(u16::from_le_bytes([change[0], change[1]])) % directory.len();
        directory[place] = change[2];
    }
    back.clear();
    if columns.open(&directory, 0, rows.len() as u64).is_ok() {
        let _ = columns.rows(&mut back);
        for kind in 0..columns.kinds().len() {
            for param in 0..=usize::from(columns.kinds()[kind].nparams) {
                let _ = columns.unpack(kind, param);
                let first = columns.kinds()[kind].first as usize;
                for row in 0..columns.kinds()[kind].count as usize {
                    let _ = columns.store().get(first + param, row);
                }
            }
        }
    }
}
