//! The allowed signers: a file as `ssh-keygen -Y verify -f` reads it (ssh-keygen(1), ALLOWED SIGNERS) enters; for a key, its principals
//! leave. Certificates are not supported: a line of a certification authority allows nobody.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use ssh_key::PublicKey;

use crate::NAMESPACE;
use crate::check::Signed;

/// Largest number of lines.
const LINES: usize = 100_000;

/// Who may sign.
#[derive(Debug, Default)]
pub struct AllowedSigners {
    entries: Vec<Entry>,
}

/// A line.
#[derive(Debug)]
struct Entry {
    principals: String,
    key: PublicKey,
    /// Whether its options allow signatures of traces at all.
    is_for_traces: bool,
    after: Option<Timestamp>,
    before: Option<Timestamp>,
}

/// A line that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct AllowedError {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl AllowedSigners {
    /// Reads the lines of a file.
    ///
    /// # Errors
    /// A line cannot be read.
    pub fn parse(text: &str) -> Result<AllowedSigners, AllowedError> {
        let mut entries = Vec::new();
        for (line, content) in (1..).zip(text.lines()) {
            let content = content.trim();
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            let entry = entry(content).map_err(|reason| AllowedError { line, reason })?;
            if entries.len() == LINES {
                return Err(AllowedError { line, reason: format!("more than {LINES} signers") });
            }
            entries.push(entry);
        }
        Ok(AllowedSigners { entries })
    }

    /// The principals that may sign traces with a key at a time; `None` if there is no such line.
    pub fn principals(&self, signed: &Signed, now: Timestamp) -> Option<&str> {
        let is_allowed = |entry: &&Entry| {
            entry.is_for_traces
                && entry.key.key_data() == signed.key.key_data()
                && entry.after.is_none_or(|after| now >= after)
                && entry.before.is_none_or(|before| now < before)
        };
        self.entries.iter().find(is_allowed).map(|entry| entry.principals.as_str())
    }
}

fn entry(line: &str) -> Result<Entry, String> {
    let (principals, rest) = field(line)?;
    let is_key = |text: &str| ["ssh-", "ecdsa-", "sk-"].iter().any(|start| text.starts_with(start));
    let (options, key) = if is_key(rest) { ("", rest) } else { field(rest)? };
    let key = PublicKey::from_openssh(key.trim()).map_err(|_| "the key cannot be read".to_owned())?;
    let principals = principals.trim_matches('"').to_owned();
    let mut entry = Entry { principals, key, is_for_traces: true, after: None, before: None };
    for option in split(options) {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let value = value.trim_matches('"');
        match name.to_ascii_lowercase().as_str() {
            "namespaces" => entry.is_for_traces &= names(value),
            "cert-authority" => entry.is_for_traces = false,
            "valid-after" => entry.after = Some(time(value)?),
            "valid-before" => entry.before = Some(time(value)?),
            _ => return Err(format!("unknown option '{name}'")),
        }
    }
    Ok(entry)
}

/// The first field of a line, which ends at a blank outside of quotes, and what follows it.
fn field(line: &str) -> Result<(&str, &str), String> {
    let mut is_quoted = false;
    for (at, c) in line.char_indices() {
        match c {
            '"' => is_quoted = !is_quoted,
            ' ' | '\t' if !is_quoted => return Ok((&line[..at], line[at..].trim_start())),
            _ => {}
        }
    }
    Err("the key is missing".to_owned())
}

/// Options, separated by commas outside of quotes.
fn split(options: &str) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    options
        .split(move |c| {
            is_quoted ^= c == '"';
            c == ',' && !is_quoted
        })
        .filter(|option| !option.is_empty())
}

/// Whether a list of patterns names traces. A pattern with `!` before it excludes.
fn names(patterns: &str) -> bool {
    let mut named = false;
    for pattern in patterns.split(',') {
        match pattern.strip_prefix('!') {
            Some(pattern) if matches(pattern.as_bytes(), NAMESPACE.as_bytes()) => return false,
            Some(_) => {}
            None => named |= matches(pattern.as_bytes(), NAMESPACE.as_bytes()),
        }
    }
    named
}

/// Whether a text matches a pattern of `*`, `?` and other characters.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    // Where the last `*` was, and where what it stands for ends so far.
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == b'?' || *c == text[t] => (p, t) = (p + 1, t + 1),
            _ => match &mut star {
                Some((at, end)) => {
                    *end += 1;
                    (p, t) = (*at + 1, *end);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

/// Reads a time: YYYYMMDD[HHMM[SS]], in UTC with a Z at the end, otherwise in the time zone of this host.
fn time(text: &str) -> Result<Timestamp, String> {
    let (digits, zone) = match text.strip_suffix(['Z', 'z']) {
        Some(digits) => (digits, TimeZone::UTC),
        None => (text, TimeZone::system()),
    };
    let parsed = || {
        let number = |at: usize, count: usize| match digits.get(at..at + count) {
            Some(part) if part.bytes().all(|byte| byte.is_ascii_digit()) => part.parse::<i16>().ok(),
            Some(_) => None,
            None => Some(0),
        };
        let small = |at: usize| number(at, 2).and_then(|number| i8::try_from(number).ok());
        if ![8, 12, 14].contains(&digits.len()) {
            return None;
        }
        let date = DateTime::new(number(0, 4)?, small(4)?, small(6)?, small(8)?, small(10)?, small(12)?, 0);
        date.ok()?.to_zoned(zone).ok().map(|zoned| zoned.timestamp())
    };
    parsed().ok_or_else(|| format!("'{text}' is not a time as in 20301231, 203012312359 or 20301231235959Z"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tercel_format::trace::{Covered, Signature, Signer};

    const PUBLIC: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKVGhxpvjdfGJEY4VCzAN1FaMVxpf1BZ/xn2DgLRob15";

    fn allowed(line: &str) -> Result<AllowedSigners, String> {
        AllowedSigners::parse(&line.replace("KEY", PUBLIC)).map_err(|error| error.to_string())
    }

    fn signed() -> Signed {
        Signed { key: PublicKey::from_openssh(PUBLIC).expect("a key") }
    }

    #[test]
    fn lines_allow_what_openssh_allows() {
        let now: Timestamp = "2026-11-29T12:00:00Z".parse().expect("a time");
        for (line, expected) in [
            ("a@b KEY", Some("a@b")),
            ("a@b,c@d KEY a comment", Some("a@b,c@d")),
            ("\"a b\" KEY", Some("a b")),
            ("# a comment\n\na@b KEY", Some("a@b")),
            ("a@b namespaces=\"git,tercel-*\" KEY", Some("a@b")),
            ("a@b namespaces=\"git\" KEY", None),
            ("a@b namespaces=\"*,!tercel-trace\" KEY", None),
            ("a@b cert-authority KEY", None),
            ("a@b valid-after=\"20260101\",valid-before=\"20270101Z\" KEY", Some("a@b")),
            ("a@b valid-before=20261129115959Z KEY", None),
            ("a@b valid-after=202611291201Z KEY", None),
            ("a@b valid-before=20200101 KEY\nc@d KEY", Some("c@d")),
        ] {
            let found = allowed(line).expect(line);
            assert_eq!(found.principals(&signed(), now), expected, "{line}");
        }
        let other = PUBLIC.replace("AAAAIKVG", "AAAAIKVA");
        let found = allowed(&format!("a@b {other}")).expect("a key");
        assert_eq!(found.principals(&signed(), now), None);
    }

    #[test]
    fn lines_that_cannot_be_read_are_named() {
        for (line, reason) in [
            ("a@b", "the key is missing"),
            ("a@b KEY\na@b ssh-ed25519 AAAA", "line 2: the key cannot be read"),
            ("a@b valid-after=2026 KEY", "'2026' is not a time"),
            ("a@b valid-after=20261301 KEY", "'20261301' is not a time"),
            ("a@b no-touch KEY", "unknown option 'no-touch'"),
        ] {
            let error = allowed(line).expect_err(line);
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_signature_is_one_of_its_statement_and_key() {
        let key = crate::Key::parse(crate::key::tests::ED25519.as_bytes()).expect("a key");
        let statement = "tercel-trace 1\nchunks 1\nseal 00\n".to_owned();
        let bytes = key.sign(&statement).expect("a signature");
        let signature = Signature { offset: 0, covered: Covered::Whole, chunks: 1, statement, bytes };
        let found = crate::check(&signature).expect("it is right");
        assert_eq!(found.name(), key.name());
        let other =
            Signature { statement: "tercel-trace 1\nchunks 2\nseal 00\n".to_owned(), ..signature.clone() };
        assert!(crate::check(&other).expect_err("it is not").contains("not that of the trace"));
        let broken = Signature { bytes: b"nothing".to_vec(), ..signature };
        assert!(crate::check(&broken).expect_err("it is not").contains("cannot be read"));
    }
}
