//! The syntax tree of a condition, as it was written: names are unresolved, literals are text. It can be shown to people.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A place in the text of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
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

impl Expr {
    /// The tree itself, where it is shared.
    pub(crate) fn open(&self) -> &Expr {
        match &self.kind {
            ExprKind::Shared(shared) => shared,
            _ => self,
        }
    }
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
    /// What stands for the name of a macro after macros were put in.
    Shared(SharedExpr),
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

/// The tree of a macro, shared by all conditions that name it: a copy is cheap, and what it becomes is found once.
#[derive(Debug, Clone)]
pub struct SharedExpr(Arc<Content>);

#[derive(Debug)]
struct Content {
    expr: Expr,
    size: Size,
}

/// How large a tree is, shared trees counted wherever they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    /// Checks and what joins them.
    pub(crate) nodes: usize,
    /// Levels.
    pub(crate) levels: usize,
}

impl SharedExpr {
    /// A tree to be shared; what is shared already stays one.
    pub(crate) fn of(expr: Expr) -> SharedExpr {
        match expr.kind {
            ExprKind::Shared(shared) => shared,
            _ => SharedExpr(Arc::new(Content { size: Size::of(&expr), expr })),
        }
    }

    /// How large the tree is.
    pub(crate) fn size(&self) -> Size {
        self.0.size
    }

    /// Where it stands in memory: equal for copies, as long as there is one of them.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// The tree as a part of another one.
    pub(crate) fn expr(&self) -> Expr {
        Expr { kind: ExprKind::Shared(self.clone()), pos: self.pos }
    }
}

impl Deref for SharedExpr {
    type Target = Expr;

    fn deref(&self) -> &Expr {
        &self.0.expr
    }
}

impl PartialEq for SharedExpr {
    fn eq(&self, other: &SharedExpr) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || (self.0.size == other.0.size && self.0.expr == other.0.expr)
    }
}

impl Size {
    /// The size of a tree, found without recursion.
    pub(crate) fn of(expr: &Expr) -> Size {
        let mut size = Size { nodes: 0, levels: 0 };
        let mut open = vec![(expr, 1)];
        while let Some((expr, level)) = open.pop() {
            let mut below = 0;
            match &expr.kind {
                ExprKind::And(members) | ExprKind::Or(members) => {
                    open.extend(members.iter().map(|member| (member, level + 1)));
                }
                ExprKind::Not(inner) => open.push((inner, level + 1)),
                ExprKind::Shared(shared) => {
                    size.nodes = size.nodes.saturating_add(shared.size().nodes - 1);
                    below = shared.size().levels - 1;
                }
                ExprKind::Macro(_) | ExprKind::Exists(_) | ExprKind::Binary { .. } => {}
            }
            size.nodes = size.nodes.saturating_add(1);
            size.levels = size.levels.max(level + below);
        }
        size
    }
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
        /// Text between the brackets after the call (`getopt(…)[c]`).
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
    List(Values, Pos),
    /// A field (`val(…)`) or a transformer.
    Term(Term),
}

/// Values of a list that stand together, shared by all who name the list.
pub(crate) type Part = Arc<[Box<[u8]>]>;

/// A list of at least this many values is never copied; shorter ones are, if there are other values next to them.
pub(crate) const LARGE: usize = 1024;

/// The values of a list, in parts. A copy is cheap: all conditions that name a large list share its values, also where
/// it stands among others as in `(a, large, b)`.
#[derive(Clone, Default, Eq)]
pub struct Values {
    parts: Arc<[Part]>,
    len: usize,
}

impl Values {
    pub(crate) fn of(parts: Vec<Part>) -> Values {
        let len = parts.iter().map(|part| part.len()).fold(0, usize::saturating_add);
        Values { parts: parts.into(), len }
    }

    /// The parts in order.
    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// All values in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.parts.iter().flat_map(|part| part.iter().map(|value| &**value))
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl PartialEq for Values {
    fn eq(&self, other: &Values) -> bool {
        let same = |(ours, theirs): (&Part, &Part)| Arc::ptr_eq(ours, theirs) || ours == theirs;
        if self.parts.len() == other.parts.len() && self.parts.iter().zip(other.parts.iter()).all(same) {
            return true;
        }
        self.len == other.len && self.iter().eq(other.iter())
    }
}

impl From<Vec<Box<[u8]>>> for Values {
    fn from(values: Vec<Box<[u8]>>) -> Values {
        Values::of(vec![values.into()])
    }
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().take(SHOWN)).finish_non_exhaustive()
    }
}

/// Values of a list that are shown.
const SHOWN: usize = 4;

impl fmt::Display for Expr {
    /// The condition as people write it. Long lists are cut short, but for the alternate form `{:#}`, in which conditions that
    /// mean different things are different texts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = |f: &mut fmt::Formatter<'_>, expr: &Expr| match expr.open().kind {
            ExprKind::And(ref parts) | ExprKind::Or(ref parts) if !parts.is_empty() => {
                f.write_str("(")?;
                expr.fmt(f)?;
                f.write_str(")")
            }
            _ => expr.fmt(f),
        };
        match &self.kind {
            ExprKind::And(members) | ExprKind::Or(members) => {
                let conjunction = matches!(self.kind, ExprKind::And(_));
                if members.is_empty() {
                    return f.write_str(if conjunction { "always" } else { "never" });
                }
                for (number, member) in members.iter().enumerate() {
                    if number > 0 {
                        f.write_str(if conjunction { " and " } else { " or " })?;
                    }
                    inner(f, member)?;
                }
                Ok(())
            }
            ExprKind::Not(member) => {
                f.write_str("not ")?;
                inner(f, member)
            }
            ExprKind::Macro(name) => f.write_str(name),
            ExprKind::Shared(shared) => shared.fmt(f),
            ExprKind::Exists(term) => write!(f, "{term} exists"),
            ExprKind::Binary { left, op, right, .. } => {
                write!(f, "{left} {op} ")?;
                right.fmt(f)
            }
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arg = match &self.kind {
            TermKind::Field { name, arg } => {
                f.write_str(name)?;
                arg
            }
            TermKind::Call { name, args, arg } => {
                write!(f, "{name}(")?;
                write_arguments(f, args)?;
                f.write_str(")")?;
                arg
            }
        };
        arg.iter().try_for_each(|arg| write!(f, "[{arg}]"))
    }
}

fn write_arguments(f: &mut fmt::Formatter<'_>, args: &[CallArg]) -> fmt::Result {
    for (number, arg) in args.iter().enumerate() {
        if number > 0 {
            f.write_str(", ")?;
        }
        match arg {
            CallArg::Term(term) => write!(f, "{term}")?,
            CallArg::Text(text, _) => write!(f, "{text:?}")?,
            CallArg::List(args, _) => {
                f.write_str("(")?;
                write_arguments(f, args)?;
                f.write_str(")")?;
            }
        }
    }
    Ok(())
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = if f.alternate() { usize::MAX } else { SHOWN };
        let shown = |bytes: &[u8]| {
            let Ok(text) = std::str::from_utf8(bytes) else {
                return format!("\"{}\"", bytes.escape_ascii());
            };
            let bare = !text.is_empty() && !text.contains([' ', '(', ')', ',', '"', '\'']);
            if bare { text.to_owned() } else { format!("{text:?}") }
        };
        match self {
            Right::Value(value, _) => f.write_str(&shown(value)),
            Right::Term(term) => write!(f, "{term}"),
            Right::List(values, _) => {
                let first: Vec<String> = values.iter().take(limit).map(shown).collect();
                let more = values.len().saturating_sub(limit);
                match more {
                    0 => write!(f, "({})", first.join(", ")),
                    more => write!(f, "({}, … {more} more)", first.join(", ")),
                }
            }
        }
    }
}
