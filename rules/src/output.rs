//! Output templates: the text of a rule's `output` with its `%field` tokens, parsed once at load.

use crate::program::Operand;

/// A parsed output.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    /// The text as written, trimmed.
    pub text: String,
    /// Literal text and values, in order.
    pub pieces: Vec<Piece>,
}

/// A part of an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text that is printed as it is.
    Text(Box<[u8]>),
    /// A value.
    Value {
        /// What to print.
        operand: Operand,
        /// Name in the JSON's `output_fields` (field with argument); transformers have the text as written.
        key: String,
        /// Pads or cuts the value to this many bytes.
        width: Option<usize>,
    },
}
