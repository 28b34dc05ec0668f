//! Doors for fuzz/: texts of the host and answers of container engines, as bytes, to what reads them. They exist only in builds for
//! fuzzing.

pub use crate::containers::any_answer;
pub use crate::snapshot::any_text;
