//! Output templates: the text of a rule's `output` with its `%field` tokens, parsed once at load (reference language
//! 10.1 to 10.3).
//!
//! What enters is the text, what leaves are pieces that the alerts print in order. Nothing here knows values.

use crate::ast::{CallArg, Term, TermKind};
use crate::compile::{self, TermError};
use crate::fields::StaticFields;
use crate::lang::escape::escape;
use crate::lang::{self, ParseError};
use crate::program::Operand;
pub use crate::program::{Piece, Template};

/// A further field of the JSON's `output_fields`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExtraField {
    /// A field under its own name, with its type.
    Plain(String),
    /// A text with tokens under this key.
    Text(String, String),
}

/// Why a text is not an output. `Display` gives Falco's message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct TemplateError {
    /// Why.
    pub reason: TemplateReason,
    /// The byte of the text where the token begins that is wrong.
    pub offset: usize,
}

/// What is wrong with an output.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateReason {
    /// There is no text.
    #[error("empty formatting token")]
    Empty,
    /// Nothing follows a `%`.
    #[error("invalid formatting syntax: formatting cannot end with a %")]
    EndsWithPercent,
    /// Nothing follows a width.
    #[error("invalid formatting syntax: formatting cannot end with a number")]
    EndsWithNumber,
    /// No beginning of a token is a field or a transformer. Falco's reason is that for the shortest one.
    #[error("unknown filter: {0}")]
    UnknownField(TokenError),
}

/// Why the beginning of a token is neither a field nor a transformer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is not a term.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// It is a term that cannot have a value.
    #[error(transparent)]
    Term(#[from] TermError),
}

/// The widest column that a token may ask for, in bytes. Falco has no limit, and would fail to allocate.
const WIDEST: usize = 1 << 16;

/// The longest token in bytes. Falco has no limit, and tries every beginning of a token in time that grows with the
/// square of its length.
const LONGEST: usize = 1024;

impl Template {
    /// Parses an output. One `*` at the start is dropped: missing values are printed as `<NA>` with and without it.
    pub fn parse(text: &str) -> Result<Template, TemplateError> {
        Template::parse_with(text, &StaticFields::default())
    }

    /// As [`Template::parse`], where a configuration defines further fields.
    pub fn parse_with(text: &str, statics: &StaticFields) -> Result<Template, TemplateError> {
        if text.is_empty() {
            return Err(TemplateError { reason: TemplateReason::Empty, offset: 0 });
        }
        let mut template = Template { text: text.to_owned(), ..Template::default() };
        let mut rest = text.strip_prefix('*').unwrap_or(text);
        while let Some((before, token)) = rest.split_once('%') {
            template.push_text(before);
            let fail = |reason| TemplateError { reason, offset: text.len() - token.len() - 1 };
            if token.is_empty() {
                return Err(fail(TemplateReason::EndsWithPercent));
            }
            let digits = token.bytes().take_while(u8::is_ascii_digit).count();
            let (width, token) = token.split_at_checked(digits).unwrap_or(("", token));
            if token.is_empty() {
                return Err(fail(TemplateReason::EndsWithNumber));
            }
            let unknown = |reason| fail(TemplateReason::UnknownField(reason));
            let (term, length) = longest_term(token, statics).map_err(unknown)?;
            template.push_value(&term, width, statics).map_err(|reason| unknown(reason.into()))?;
            rest = token.get(length..).unwrap_or("");
        }
        template.push_text(rest);
        Ok(template)
    }

    /// Adds an entry to those of the JSON's `output_fields`.
    pub fn add_field(&mut self, field: &ExtraField, statics: &StaticFields) -> Result<(), TemplateError> {
        match field {
            ExtraField::Plain(name) => {
                let Template { fields, .. } = Template::parse_with(&format!("%{name}"), statics)?;
                let is_new = |(key, _): &(String, Operand)| self.fields.iter().all(|(known, _)| known != key);
                let new: Vec<_> = fields.into_iter().filter(is_new).collect();
                self.fields.extend(new);
            }
            ExtraField::Text(key, format) => {
                self.texts.push((key.clone(), Template::parse_with(format, statics)?));
            }
        }
        Ok(())
    }

    fn push_text(&mut self, text: &str) {
        if !text.is_empty() {
            self.pieces.push(Piece::Text(text.as_bytes().into()));
        }
    }

    fn push_value(&mut self, term: &Term, width: &str, statics: &StaticFields) -> Result<(), TermError> {
        let operand = compile::call(term, statics)?.operand;
        // A width of 0 is none; one that does not fit into an integer is the largest.
        let width = match width.parse::<usize>() {
            Ok(0) => None,
            Ok(width) => Some(width.min(WIDEST)),
            Err(_) if width.is_empty() => None,
            Err(_) => Some(WIDEST),
        };
        self.add_fields(term, statics)?;
        self.pieces.push(Piece::Value { operand, key: term_text(term), width });
        Ok(())
    }

    /// Adds the fields of a term to those of the JSON.
    fn add_fields(&mut self, term: &Term, statics: &StaticFields) -> Result<(), TermError> {
        match &term.kind {
            TermKind::Call { args, .. } => self.add_arguments(args, statics),
            TermKind::Field { .. } => {
                let key = term_text(term);
                if self.fields.iter().all(|(known, _)| *known != key) {
                    let operand = compile::call(term, statics)?.operand;
                    self.fields.push((key, operand));
                }
                Ok(())
            }
        }
    }

    fn add_arguments(&mut self, args: &[CallArg], statics: &StaticFields) -> Result<(), TermError> {
        for arg in args {
            match arg {
                CallArg::Term(term) => self.add_fields(term, statics)?,
                CallArg::List(values, _) => self.add_arguments(values, statics)?,
                CallArg::Text(..) => {}
            }
        }
        Ok(())
    }
}

/// The longest beginning of `text` that is a field or a transformer, and its length (reference language 10.2).
fn longest_term(text: &str, statics: &StaticFields) -> Result<(Term, usize), TokenError> {
    let mut size = text.floor_char_boundary(LONGEST);
    loop {
        let prefix = text.get(..size).unwrap_or("");
        let parsed = lang::parse_prefix(prefix);
        let reason = match parsed.term {
            Ok((term, length)) => match compile::call(&term, statics) {
                Ok(_) => return Ok((term, length)),
                Err(reason) => TokenError::Term(reason),
            },
            Err(reason) => TokenError::Parse(reason),
        };
        // Shorter texts behave in the same way as long as they hold all that was looked at.
        size = text.floor_char_boundary(size.min(parsed.reach).saturating_sub(1));
        if size == 0 {
            return Err(reason);
        }
    }
}

/// A term as Falco writes it: arguments without blanks between them, quoted only where that is needed.
fn term_text(term: &Term) -> String {
    let (mut text, arg) = match &term.kind {
        TermKind::Field { name, arg } => (name.clone(), arg),
        TermKind::Call { name, args, arg } => (format!("{name}({})", arguments_text(args)), arg),
    };
    match arg.as_deref() {
        None => {}
        Some("") => text.push_str("[\"\"]"),
        Some(arg) => text.push_str(&format!("[{}]", escape(arg))),
    }
    text
}

fn arguments_text(args: &[CallArg]) -> String {
    let texts = args.iter().map(|arg| match arg {
        CallArg::Term(term) => term_text(term),
        CallArg::Text(text, _) => escape(text),
        CallArg::List(values, _) => format!("({})", arguments_text(values)),
    });
    texts.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pieces as text: literal text as it is, values as `<key>` or `<key:width>`.
    fn shown(text: &str) -> Result<String, String> {
        let template = Template::parse(text).map_err(|error| error.to_string())?;
        let pieces = template.pieces.iter().map(|piece| match piece {
            Piece::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Piece::Value { key, width: None, .. } => format!("<{key}>"),
            Piece::Value { key, width: Some(width), .. } => format!("<{key}:{width}>"),
        });
        Ok(pieces.collect())
    }

    #[test]
    fn outputs_are_cut_at_their_tokens() {
        for (text, expected) in [
            ("plain", "plain"),
            ("*plain", "plain"),
            ("**%fd.name", "*<fd.name>"),
            ("*", ""),
            ("a %proc.name b", "a <proc.name> b"),
            ("%proc.name.", "<proc.name>."),
            ("%proc.name%proc.pid", "<proc.name><proc.pid>"),
            ("(%proc.name)", "(<proc.name>)"),
            ("%evt.num.x", "<evt.num>.x"),
            ("%evt.num[0]", "<evt.num>[0]"),
            ("%evt.numbers", "<evt.num>bers"),
            ("%evt.num[\u{e9}", "<evt.num>[\u{e9}"),
            ("%evt.num[\u{1f980}", "<evt.num>[\u{1f980}"),
            ("%proc.cmdline[\u{e9}", "<proc.cmdline>[\u{e9}"),
            ("%proc.cmdline[\u{1f980}", "<proc.cmdline>[\u{1f980}"),
            ("%proc.nametag here", "<proc.name>tag here"),
            ("%20proc.name|", "<proc.name:20>|"),
            ("%0proc.name", "<proc.name>"),
            ("%proc.aname[2] %proc.env[\"A B\"]", "<proc.aname[2]> <proc.env[\"A B\"]>"),
            ("%proc.env[\"HOME\"]", "<proc.env[HOME]>"),
            ("%evt.arg.flags\u{e9}", "<evt.arg.flags>\u{e9}"),
            ("%evt.num[\u{e9}]", "<evt.num>[\u{e9}]"),
            ("%evt.num[\u{20ac}\u{e9}", "<evt.num>[\u{20ac}\u{e9}"),
            ("%toupper( proc.name )", "<toupper(proc.name)>"),
            ("%join(\",\", (proc.name, proc.pname))", "<join(,,(proc.name,proc.pname))>"),
        ] {
            assert_eq!(shown(text), Ok(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn bad_outputs_give_falcos_message() {
        let nothing = "unknown filter: unexpected token after '";
        for (text, expected) in [
            ("", "empty formatting token"),
            ("a %", "invalid formatting syntax: formatting cannot end with a %"),
            ("a %12", "invalid formatting syntax: formatting cannot end with a number"),
            ("100%% done", nothing),
            ("%nosuch.field", nothing),
            ("%evt.arg.nosuch", nothing),
            ("%toupper(proc.name", nothing),
            ("%len(fd.num)", nothing),
            ("%evt.arg[zz", nothing),
        ] {
            assert_eq!(shown(text), Err(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn json_has_the_fields_inside_transformers() {
        let template = Template::parse("%proc.pid %concat(proc.name, \"-\", tolower(proc.pname)) %proc.name")
            .expect("valid");
        let keys: Vec<&str> = template.fields.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["proc.pid", "proc.name", "proc.pname"]);
    }

    #[test]
    fn long_outputs_with_unknown_tails_take_linear_time() {
        let text = "%proc.nameX ".repeat(20_000);
        let template = Template::parse(&text).expect("valid");
        assert_eq!(template.pieces.len(), 40_000);
    }
}
