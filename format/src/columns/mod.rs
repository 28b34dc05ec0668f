//! The column layout of a chunk (FORMAT.md section 11): the rows of a chunk enter, the values of each parameter of each event type leave as
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
