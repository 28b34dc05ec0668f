//! Escapes inside quoted strings, and quoting for keys of output fields (reference language 1.6, 10.19).
//!
//! Source of the set: libs 0.25.4 `filter/escaping.cpp`, and `\xHH` of later revisions, which 0.25.4 refuses: a condition that has
//! it can mean nothing else.

/// An escape that a quoted string may not hold. `Display` gives Falco's message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EscapeError {
    /// A double quote inside single quotes.
    #[error("invalid \\\" escape in '-quoted string")]
    DoubleInSingle,
    /// A single quote inside double quotes.
    #[error("invalid \\' escape in \"-quoted string")]
    SingleInDouble,
    /// A character that has no escape.
    #[error("unsupported string escape sequence: \\{0}")]
    Unsupported(char),
    /// `\x` without two hexadecimal digits.
    #[error("invalid \\x escape in string: expected two hexadecimal digits")]
    NoHex,
}

/// The content of a quoted string, quotes included in `quoted`: bytes, since `\xHH` is any byte.
pub(crate) fn unescape(quoted: &str) -> Result<Vec<u8>, EscapeError> {
    let mut characters = quoted.chars();
    let quote = characters.next();
    characters.next_back();
    let mut out = Vec::with_capacity(quoted.len());
    while let Some(c) = characters.next() {
        if c != '\\' {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        // A backslash before the closing quote cannot happen: such a quote would not have closed the string.
        let Some(escaped) = characters.next() else { break };
        out.push(match escaped {
            'b' => 0x08,
            'f' => 0x0c,
            'n' => b'\n',
            'r' => b'\r',
            't' => b'\t',
            '\\' | ' ' => b'\\',
            '/' => b'/',
            'x' => {
                let mut digit = || characters.next().and_then(|c| c.to_digit(16));
                let (high, low) = digit().zip(digit()).ok_or(EscapeError::NoHex)?;
                (high << 4 | low) as u8
            }
            '"' if quote != Some('"') => return Err(EscapeError::DoubleInSingle),
            '\'' if quote != Some('\'') => return Err(EscapeError::SingleInDouble),
            '"' => b'"',
            '\'' => b'\'',
            other => return Err(EscapeError::Unsupported(other)),
        });
    }
    Ok(out)
}

/// `text` as it stands in the name of an output field: quoted only if it holds a blank, a quote, `=`, a backslash or a
/// control character that has an escape.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    for c in text.chars() {
        match c {
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            other => out.push(other),
        }
    }
    let special = |c: char| matches!(c, '\x08' | '\x0c' | '\n' | '\r' | '\t' | ' ' | '=' | '\\' | '"' | '\'');
    if text.contains(special) { format!("\"{out}\"") } else { out }
}
