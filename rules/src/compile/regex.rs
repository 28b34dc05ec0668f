//! Regular expressions: RE2's POSIX syntax, as Falco configures it, becomes a pattern of the `regex` crate that matches
//! the same texts (reference language 3.13).
//!
//! Falco refuses classes like `\d`, flags and lazy operators, lets `^` and `$` match at every line, and wants the whole
//! value to match. What RE2 refuses is refused here with RE2's message (`re2/parse.cc` of 2022-06-01).

use std::fmt::Write as _;

/// The most copies that counted repetitions may ask for, nested ones multiplied.
const MOST_COPIES: u32 = 1000;

/// Why RE2 refuses a pattern. `Display` gives its message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegexError {
    /// It would take too much memory.
    #[error("pattern too large - compile failed")]
    TooLarge,
    /// A group is not closed; with the pattern.
    #[error("missing ): {0}")]
    NotClosed(String),
    /// A group is closed that is not open; with the pattern.
    #[error("unexpected ): {0}")]
    NotOpen(String),
    /// There is nothing to repeat; with the operator.
    #[error("no argument for repetition operator: {0}")]
    NothingToRepeat(String),
    /// The numbers of a repetition.
    #[error("invalid repetition size: {0}")]
    Repetition(String),
    /// A range of characters.
    #[error("invalid character class range: {0}")]
    Range(String),
    /// A class of characters is not closed; with the rest of the pattern.
    #[error("missing ]: {0}")]
    ClassNotClosed(String),
    /// The pattern ends with a backslash.
    #[error("trailing \\")]
    TrailingBackslash,
    /// An escape.
    #[error("invalid escape sequence: {0}")]
    Escape(String),
}

/// The pattern for [`regex::bytes::Regex`], anchored at both ends, or why RE2 refuses it.
pub(super) fn translate(pattern: &str) -> Result<String, RegexError> {
    let mut translation = Translation::new(pattern);
    translation.run()?;
    let out = format!("\\A(?:{})\\z", translation.out);
    match regex::bytes::Regex::new(&out) {
        Ok(_) => Ok(out),
        Err(_) => Err(RegexError::TooLarge),
    }
}

/// An open parenthesis, or the pattern itself.
#[derive(Default)]
struct Level {
    /// Whether there is something that an operator could repeat, and how many copies of its parts it asks for.
    item: Option<u32>,
    /// The largest number of copies in what is complete on this level.
    copies: u32,
}

impl Level {
    fn push(&mut self, copies: u32) {
        self.copies = self.copies.max(copies);
        self.item = Some(copies);
    }
}

struct Translation<'p> {
    whole: &'p str,
    rest: &'p str,
    out: String,
    levels: Vec<Level>,
    /// Start in `out` of the item that an operator would repeat.
    item_starts: Vec<usize>,
}

impl<'p> Translation<'p> {
    fn new(pattern: &'p str) -> Self {
        Translation {
            whole: pattern,
            rest: pattern,
            out: String::new(),
            levels: vec![Level::default()],
            item_starts: vec![0],
        }
    }

    fn run(&mut self) -> Result<(), RegexError> {
        while let Some(c) = self.rest.chars().next() {
            match c {
                '(' => self.open(),
                ')' => self.close()?,
                '|' => {
                    self.skip(1);
                    self.out.push('|');
                    self.level().item = None;
                }
                '^' => self.simple("(?m:^)"),
                '$' => self.simple("(?m:$)"),
                '.' => self.simple("[^\\n]"),
                '[' => self.class()?,
                '*' | '+' | '?' => self.repeat(c)?,
                '{' => self.counted()?,
                '\\' => {
                    let (rest, value) = escape(self.rest)?;
                    self.rest = rest;
                    self.literal(value);
                }
                other => {
                    self.skip(other.len_utf8());
                    self.literal(u32::from(other));
                }
            }
        }
        if self.levels.len() > 1 {
            return Err(RegexError::NotClosed(self.whole.to_owned()));
        }
        Ok(())
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or("");
    }

    /// There is always a level: the one of the pattern itself is never popped.
    fn level(&mut self) -> &mut Level {
        if self.levels.is_empty() {
            self.levels.push(Level::default());
        }
        let last = self.levels.len() - 1;
        &mut self.levels[last]
    }

    fn start_item(&mut self) {
        if let Some(start) = self.item_starts.last_mut() {
            *start = self.out.len();
        }
    }

    fn simple(&mut self, translated: &str) {
        self.skip(1);
        self.start_item();
        self.out.push_str(translated);
        self.level().push(1);
    }

    fn literal(&mut self, value: u32) {
        self.start_item();
        match char::from_u32(value) {
            Some(c) if c.is_ascii_alphanumeric() => self.out.push(c),
            // Surrogates are no characters: nothing in valid text equals them.
            None => self.out.push_str("[a&&b]"),
            Some(_) => push_code(&mut self.out, value),
        }
        self.level().push(1);
    }

    fn open(&mut self) {
        self.skip(1);
        self.start_item();
        self.out.push_str("(?:");
        self.levels.push(Level::default());
        self.item_starts.push(self.out.len());
    }

    fn close(&mut self) -> Result<(), RegexError> {
        if self.levels.len() < 2 {
            return Err(RegexError::NotOpen(self.whole.to_owned()));
        }
        self.skip(1);
        self.out.push(')');
        self.item_starts.pop();
        let copies = self.levels.pop().map_or(1, |level| level.copies.max(1));
        self.level().push(copies);
        Ok(())
    }

    /// `*`, `+` or `?`. Stacked operators are allowed in POSIX syntax and mean what they say, so each gets its own group:
    /// `a*?` written plainly would be a lazy operator.
    fn repeat(&mut self, operator: char) -> Result<(), RegexError> {
        self.skip(1);
        let Some(copies) = self.level().item else {
            return Err(RegexError::NothingToRepeat(operator.to_string()));
        };
        self.wrap_item();
        self.out.push(operator);
        self.level().push(copies);
        Ok(())
    }

    fn counted(&mut self) -> Result<(), RegexError> {
        let Some((text, low, high)) = repetition(self.rest) else {
            self.skip(1);
            self.literal(u32::from('{'));
            return Ok(());
        };
        self.skip(text.len());
        if high.is_some_and(|high| high < low || high > MOST_COPIES) || low > MOST_COPIES {
            return Err(RegexError::Repetition(text.to_string()));
        }
        let Some(inner) = self.level().item else {
            return Err(RegexError::NothingToRepeat(text.to_string()));
        };
        let copies = inner.saturating_mul(high.unwrap_or(low).max(1));
        if (low >= 2 || high.is_some_and(|high| high >= 2)) && copies > MOST_COPIES {
            return Err(RegexError::Repetition(text.to_string()));
        }
        self.wrap_item();
        self.out.push_str(text);
        self.level().push(copies);
        Ok(())
    }

    /// Puts the last item into a group of its own.
    fn wrap_item(&mut self) {
        let start = self.item_starts.last().copied().unwrap_or(0).min(self.out.len());
        self.out.insert_str(start, "(?:");
        self.out.push(')');
    }

    /// `[…]`
    fn class(&mut self) -> Result<(), RegexError> {
        let whole = self.rest;
        self.skip(1);
        self.start_item();
        self.out.push('[');
        if self.rest.starts_with('^') {
            self.skip(1);
            self.out.push('^');
        }
        // A class may become empty only by surrogates; the intersection stands for nothing and keeps the syntax valid.
        self.out.push_str("[a&&b]");
        let mut first = true;
        while let Some(c) = self.rest.chars().next() {
            if c == ']' && !first {
                self.skip(1);
                self.out.push(']');
                self.level().push(1);
                return Ok(());
            }
            let second = self.rest.get(1..).and_then(|rest| rest.chars().next());
            if c == '-' && !first && second != Some(']') {
                let shown: String = self.rest.chars().take(2).collect();
                return Err(RegexError::Range(shown.to_string()));
            }
            first = false;
            if self.rest.starts_with("[:") && self.named_class()? {
                continue;
            }
            self.range(whole)?;
        }
        Err(RegexError::ClassNotClosed(whole.to_string()))
    }

    /// `[:name:]` inside a class; false if there is no closing `:]`.
    fn named_class(&mut self) -> Result<bool, RegexError> {
        let Some(end) = self.rest.get(2..).and_then(|rest| rest.find(":]")) else {
            return Ok(false);
        };
        let name = self.rest.get(..end + 4).unwrap_or("");
        let word = name.trim_start_matches("[:").trim_end_matches(":]").trim_start_matches('^');
        if !POSIX_CLASSES.contains(&word) || name.len() > word.len() + 5 {
            return Err(RegexError::Range(name.to_string()));
        }
        self.out.push_str(name);
        self.skip(name.len());
        Ok(true)
    }

    /// A character of a class, or two with a hyphen between them.
    fn range(&mut self, whole: &str) -> Result<(), RegexError> {
        let start = self.rest;
        let low = self.class_character(whole)?;
        let mut high = low;
        if self.rest.len() >= 2 && self.rest.starts_with('-') && !self.rest.starts_with("-]") {
            self.skip(1);
            high = self.class_character(whole)?;
            if high < low {
                let shown = start.get(..start.len() - self.rest.len()).unwrap_or("");
                return Err(RegexError::Range(shown.to_string()));
            }
        }
        let low = if (0xd800..0xe000).contains(&low) { 0xe000 } else { low };
        let high = if (0xd800..0xe000).contains(&high) { 0xd7ff } else { high };
        if low <= high {
            push_code(&mut self.out, low);
            self.out.push('-');
            push_code(&mut self.out, high);
        }
        Ok(())
    }

    fn class_character(&mut self, whole: &str) -> Result<u32, RegexError> {
        match self.rest.chars().next() {
            None => Err(RegexError::ClassNotClosed(whole.to_string())),
            Some('\\') => {
                let (rest, value) = escape(self.rest)?;
                self.rest = rest;
                Ok(value)
            }
            Some(c) => {
                self.skip(c.len_utf8());
                Ok(u32::from(c))
            }
        }
    }
}

const POSIX_CLASSES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
    "upper", "word", "xdigit",
];

fn push_code(out: &mut String, value: u32) {
    // Writing to a String cannot fail.
    let _ = write!(out, "\\x{{{value:x}}}");
}

/// `{2}`, `{2,}` or `{2,3}` at the start of `text`; anything else is no repetition. The upper end of `{2,}` is `None`.
fn repetition(text: &str) -> Option<(&str, u32, Option<u32>)> {
    let end = text.find('}')?;
    let inner = text.get(1..end)?;
    let (low, high) = match inner.split_once(',') {
        None => (integer(inner)?, Some(integer(inner)?)),
        Some((low, "")) => (integer(low)?, None),
        Some((low, high)) => (integer(low)?, Some(integer(high)?)),
    };
    Some((text.get(..=end)?, low, high))
}

/// Digits without a leading zero, below a thousand million.
fn integer(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let padded = text.len() > 1 && text.starts_with('0');
    if digits && !padded && text.len() <= 9 { text.parse().ok() } else { None }
}

/// The value of the escape that `text` begins with, and the text after it.
fn escape(text: &str) -> Result<(&str, u32), RegexError> {
    let mut rest = text.chars();
    rest.next();
    let Some(c) = rest.next() else {
        return Err(RegexError::TrailingBackslash);
    };
    let bad = |rest: &str| {
        let shown = text.get(..text.len() - rest.len()).unwrap_or(text);
        RegexError::Escape(shown.to_owned())
    };
    let value = match c {
        'n' => 0x0a,
        'r' => 0x0d,
        't' => 0x09,
        'a' => 0x07,
        'f' => 0x0c,
        'v' => 0x0b,
        '0'..='7' => {
            let mut value = c.to_digit(8).unwrap_or(0);
            let mut more = 0;
            while more < 2
                && let Some(digit) = rest.clone().next().and_then(|c| c.to_digit(8))
            {
                value = value * 8 + digit;
                rest.next();
                more += 1;
            }
            // A digit alone would be a reference to a group.
            if more == 0 && c != '0' {
                return Err(bad(rest.as_str()));
            }
            value
        }
        'x' => return hexadecimal(rest.as_str()).map_err(bad),
        other if other.is_ascii() && !other.is_ascii_alphanumeric() => u32::from(other),
        _ => return Err(bad(rest.as_str())),
    };
    Ok((rest.as_str(), value))
}

/// What follows `\x`: two digits, or any number of them in braces. On failure gives the text that was not looked at.
fn hexadecimal(text: &str) -> Result<(&str, u32), &str> {
    let mut rest = text.chars();
    let first = rest.next();
    if first == Some('{') {
        let mut value = 0;
        let mut digits = 0;
        loop {
            let Some(c) = rest.next() else { return Err("") };
            match c.to_digit(16) {
                Some(digit) => {
                    value = value * 16 + digit;
                    digits += 1;
                    if value > 0x10ffff || rest.as_str().is_empty() {
                        return Err(rest.as_str());
                    }
                }
                None if c == '}' && digits > 0 => return Ok((rest.as_str(), value)),
                None => return Err(rest.as_str()),
            }
        }
    }
    let second = rest.next();
    match (first.and_then(|c| c.to_digit(16)), second.and_then(|c| c.to_digit(16))) {
        (Some(high), Some(low)) => Ok((rest.as_str(), high * 16 + low)),
        _ => Err(rest.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pattern matches `yes` as a whole and does not match `no`.
    #[track_caller]
    fn check(pattern: &str, yes: &[&str], no: &[&str]) {
        let translated = translate(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
        let compiled = regex::bytes::Regex::new(&translated).expect("translate has compiled it");
        for text in yes {
            assert!(compiled.is_match(text.as_bytes()), "{pattern} ({translated}) should match {text:?}");
        }
        for text in no {
            assert!(
                !compiled.is_match(text.as_bytes()),
                "{pattern} ({translated}) should not match {text:?}"
            );
        }
    }

    #[test]
    fn patterns_match_whole_values() {
        check("", &[""], &["a"]);
        check("c.t", &["cat", "c\u{e9}t"], &["cart", "xcat", "c\nt"]);
        check("^c.t$", &["cat"], &["cats"]);
        check("a|b", &["a", "b"], &["ab"]);
        check("(a|b)*c", &["c", "abbac"], &["ac "]);
        check("a{2,3}", &["aa", "aaa"], &["a", "aaaa"]);
        check("a{2}b{1,}", &["aab", "aabbb"], &["aa"]);
        check("a{,2}", &["a{,2}"], &["a"]);
        check("a*?", &["", "aaa"], &["b"]);
        check("a**", &["", "aaa"], &["b"]);
        check("[]a]", &["]", "a"], &["b"]);
        check("[^]a]", &["b"], &["]", "a"]);
        check("[a-c]", &["b"], &["d", "-"]);
        check("[a-]", &["a", "-"], &["b"]);
        check("[-a]", &["a", "-"], &["b"]);
        check("[[:alpha:]_]+", &["ab_"], &["a1"]);
        check("[[:^digit:]]", &["a"], &["1"]);
        check("[[:]+", &["[:"], &["a"]);
        check("[\\]\\n]", &["]", "\n"], &["\\", "n"]);
        check("[a&&b~~c]+", &["a&b~c"], &["d"]);
        check("[\\xe9\\x{4e2d}]", &["\u{e9}", "\u{4e2d}"], &["e"]);
        check("\\.\\_\\*", &["._*"], &["a_*"]);
        check("\\101\\x42\\x{43}", &["ABC"], &["abc"]);
        check("a^b", &[], &["ab", "a^b"]);
        check("a$\n^b", &["a\nb"], &["ab"]);
        check("a #b", &["a #b"], &["a"]);
    }

    #[test]
    fn what_re2_refuses_is_refused() {
        for (pattern, message) in [
            ("*a", "no argument for repetition operator: *"),
            ("a|*", "no argument for repetition operator: *"),
            ("(+)", "no argument for repetition operator: +"),
            ("{2}", "no argument for repetition operator: {2}"),
            ("(?i)a", "no argument for repetition operator: ?"),
            ("(a", "missing ): (a"),
            ("a)", "unexpected ): a)"),
            ("x[ab", "missing ]: [ab"),
            ("[z-a]", "invalid character class range: z-a"),
            ("[a-c-e]", "invalid character class range: -e"),
            ("[[:foo:]]", "invalid character class range: [:foo:]"),
            ("a{1001}", "invalid repetition size: {1001}"),
            ("a{3,2}", "invalid repetition size: {3,2}"),
            ("(a{100}){11}", "invalid repetition size: {11}"),
            ("\\d", "invalid escape sequence: \\d"),
            ("[\\w]", "invalid escape sequence: \\w"),
            ("\\pN", "invalid escape sequence: \\p"),
            ("\\1", "invalid escape sequence: \\1"),
            ("\\xg0", "invalid escape sequence: \\xg0"),
            ("a\\", "trailing \\"),
        ] {
            let found = translate(pattern).map_err(|error| error.to_string());
            assert_eq!(found, Err(message.to_owned()), "{pattern}");
        }
    }
}
