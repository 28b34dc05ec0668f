//! The syntax tree of a condition, as it was written: names are unresolved, literals are text.

/// A place in the text of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pos {
    /// Byte offset from 0.
    pub offset: usize,
    /// Line from 1.
    pub line: usize,
    /// Column from 1, in bytes.
    pub column: usize,
}

/// A condition or a part of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it starts.
    pub pos: Pos,
}

/// Kinds of expressions (reference language section 2).
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// `a and b and …`, at least two.
    And(Vec<Expr>),
    /// `a or b or …`, at least two.
    Or(Vec<Expr>),
    /// `not a`.
    Not(Box<Expr>),
    /// A lone identifier: the name of a macro.
    Macro(String),
    /// `field exists`.
    Exists(Term),
    /// `left op right`.
    Binary {
        /// Left side.
        left: Term,
        /// Operator with its modifier as written: `=`, `in`, `startswith`, `contains oneof`.
        op: String,
        /// Where the operator stands.
        op_pos: Pos,
        /// Right side.
        right: Right,
    },
}

/// A field or a transformer with its arguments.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// What it is.
    pub kind: TermKind,
    /// Where it starts.
    pub pos: Pos,
}

/// Kinds of terms.
#[derive(Debug, Clone, PartialEq)]
pub enum TermKind {
    /// A field name with the text of its bracketed argument, if any.
    Field {
        /// Dotted name.
        name: String,
        /// Text between the brackets, without quotes.
        arg: Option<String>,
    },
    /// A transformer call, `val(field)` included.
    Call {
        /// Name of the transformer.
        name: String,
        /// Arguments.
        args: Vec<CallArg>,
        /// Text between the brackets behind the call (`getopt(…)[c]`).
        arg: Option<String>,
    },
}

/// An argument of a transformer.
#[derive(Debug, Clone, PartialEq)]
pub enum CallArg {
    /// A field or a nested call.
    Term(Term),
    /// A quoted string or a number.
    Text(String, Pos),
    /// A parenthesised list.
    List(Vec<CallArg>, Pos),
}

/// Right side of a binary check. Text is bytes: escapes can make any byte.
#[derive(Debug, Clone, PartialEq)]
pub enum Right {
    /// One literal.
    Value(Vec<u8>, Pos),
    /// A list of literals.
    List(Vec<(Vec<u8>, Pos)>, Pos),
    /// A field (`val(…)`) or a transformer.
    Term(Term),
}
