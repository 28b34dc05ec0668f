//! The fields that exceptions may name: those that say which program did something, for whom and to what, and that are the same the
//! next time. Process ids, times and fds are not.

use tercel_replay::fields::{Scratch, render_text};
use tercel_replay::{Context, Settings};
use tercel_rules::Template;
use tercel_rules::output::Piece;
use tercel_rules::program::Operand;

/// What a field is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It says who did something; alerts are put together by it.
    Who,
    /// It says to what; several values stand as a list.
    What,
    /// As `What`, and it is a path: where there are many, their directory stands for them.
    Path,
    /// Words that change easily; named only where nothing else says what was done, or where attacks look the same otherwise.
    Words,
}

/// The fields, as they stand in an exception.
pub(super) const FIELDS: [(&str, Role); 12] = [
    ("container.id", Role::Who),
    ("container.image.repository", Role::Who),
    ("user.name", Role::Who),
    ("proc.exepath", Role::Who),
    ("proc.name", Role::Who),
    ("proc.pname", Role::Who),
    ("fd.name", Role::Path),
    ("fs.path.name", Role::Path),
    ("fd.sip", Role::What),
    ("fd.sport", Role::What),
    ("proc.aname[2]", Role::Words),
    ("proc.cmdline", Role::Words),
];

/// Longest value that an exception may have, in bytes: the rule language takes 255 (reference language 1.8).
const LONGEST: usize = 250;

/// The values of [`FIELDS`] at an event; `None` where one is missing, or cannot be written into an exception.
pub(super) type Tuple = Vec<Option<Box<str>>>;

/// Finds values.
pub(super) struct Reader {
    operands: Vec<Option<Operand>>,
    scratch: Scratch,
    bytes: Vec<u8>,
}

impl Reader {
    pub(super) fn new(settings: Settings) -> Reader {
        let operands = FIELDS.iter().map(|(name, _)| operand(name)).collect();
        Reader { operands, scratch: Scratch::new(settings), bytes: Vec::new() }
    }

    pub(super) fn tuple(&mut self, cx: &Context<'_>) -> Tuple {
        let Reader { operands, scratch, bytes } = self;
        let values = operands.iter().map(|operand| {
            bytes.clear();
            render_text(cx, operand.as_ref()?, bytes, scratch);
            usable(bytes).map(Box::from)
        });
        let mut tuple: Tuple = values.collect();
        let host = tuple.first().and_then(Option::as_deref) == Some("host");
        if !host {
            // The next container has another id; its image is the same.
            tuple.iter_mut().take(1).for_each(|id| *id = None);
        }
        let is_connection = tuple.get(8).is_some_and(Option::is_some);
        if is_connection {
            // Its name contains a port that is chosen anew for each connection.
            tuple.iter_mut().skip(6).take(1).for_each(|name| *name = None);
        }
        tuple
    }
}

fn operand(name: &str) -> Option<Operand> {
    let template = Template::parse(&format!("%{name}")).ok()?;
    template.pieces.into_iter().find_map(|piece| match piece {
        Piece::Value { operand, .. } => Some(operand),
        Piece::Text(_) => None,
    })
}

/// A value that an exception may have: a text without control characters, and without what would end or change a quoted value.
fn usable(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    let is_plain = |c: char| !c.is_control() && !matches!(c, '\u{fffd}' | '"' | '\\');
    (!text.is_empty() && text != "<NA>" && text.len() <= LONGEST && text.chars().all(is_plain))
        .then_some(text)
}
