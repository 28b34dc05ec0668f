//! Correlations over alerts: what alerts bring along enters, in the order in which they are printed; which of them are printed leaves, and
//! alerts of correlations. Windows go by the times of events and by nothing else, so that a replay on any number of threads says what a
//! live run said.
//!
//! [`Marker`] stands where alerts are found, on any thread; [`Correlator`] where they are printed, on one. In between, [`Marks`] go along
//! with the lines.

mod marks;

mod key;
mod window;

mod correlator;
mod expiry;

mod raised;

mod printer;

#[cfg(test)]
mod tests;

pub use correlator::{Correlator, Totals};
pub use marks::{Mark, Marker, Marks};
pub(crate) use printer::Printer;
pub use raised::Raised;
