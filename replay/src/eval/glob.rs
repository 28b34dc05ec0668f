//! Shell patterns, as `fnmatch` understands them without any flag that treats slashes or leading periods specially
//! (reference language 5.4). A pattern enters as bytes and is compiled once; matching neither allocates nor backtracks
//! over more than one star.

/// A compiled pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    /// `None` if the pattern can match nothing: it ends in a backslash or in an unfinished range.
    tokens: Option<Box<[Token]>>,
    fold: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Byte(u8),
    AnyByte,
    AnyText,
    Set(Box<[u64; 4]>),
}

impl Glob {
    /// Compiles a pattern; `fold` makes it blind to the case of ASCII letters.
    pub fn new(pattern: &[u8], fold: bool) -> Glob {
        Glob { tokens: compile(pattern, fold), fold }
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &[u8]) -> bool {
        let Some(tokens) = &self.tokens else { return false };
        let (mut at, mut next) = (0, 0);
        // Where to go on when the tokens after the last star do not fit: one byte further than before.
        let mut retry: Option<(usize, usize)> = None;
        loop {
            let fits = match tokens.get(next) {
                Some(Token::AnyText) => {
                    retry = Some((next + 1, at));
                    next += 1;
                    continue;
                }
                Some(token) => text.get(at).is_some_and(|byte| self.token_matches(token, *byte)),
                None if at == text.len() => return true,
                None => false,
            };
            if fits {
                at += 1;
                next += 1;
                continue;
            }
            match retry {
                Some((token, start)) if start < text.len() => {
                    retry = Some((token, start + 1));
                    (next, at) = (token, start + 1);
                }
                _ => return false,
            }
        }
    }

    fn token_matches(&self, token: &Token, byte: u8) -> bool {
        match token {
            Token::Byte(wanted) => *wanted == if self.fold { byte.to_ascii_lowercase() } else { byte },
            Token::AnyByte | Token::AnyText => true,
            Token::Set(set) => set[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1,
        }
    }
}

fn compile(pattern: &[u8], fold: bool) -> Option<Box<[Token]>> {
    let lower = |byte: u8| if fold { byte.to_ascii_lowercase() } else { byte };
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&byte) = pattern.get(at) {
        at += 1;
        match byte {
            b'?' => tokens.push(Token::AnyByte),
            b'*' if tokens.last() == Some(&Token::AnyText) => {}
            b'*' => tokens.push(Token::AnyText),
            b'\\' => {
                tokens.push(Token::Byte(lower(*pattern.get(at)?)));
                at += 1;
            }
            b'[' => match bracket(&pattern[at..], fold) {
                Bracket::Set(set, used) => {
                    tokens.push(Token::Set(set));
                    at += used;
                }
                // An opening bracket that is never closed stands for itself.
                Bracket::Open => tokens.push(Token::Byte(b'[')),
                Bracket::Invalid => return None,
            },
            other => tokens.push(Token::Byte(lower(other))),
        }
    }
    Some(tokens.into())
}

enum Bracket {
    /// A set of bytes, and how much of the pattern it took.
    Set(Box<[u64; 4]>, usize),
    Open,
    Invalid,
}

/// Reads a bracket expression from after its opening bracket.
fn bracket(pattern: &[u8], fold: bool) -> Bracket {
    let lower = |byte: u8| if fold { byte.to_ascii_lowercase() } else { byte };
    let mut member = [false; 256];
    let mut at = 0;
    let negated = matches!(pattern.first(), Some(b'!' | b'^'));
    at += usize::from(negated);
    let first = at;
    loop {
        let Some(&byte) = pattern.get(at) else { return Bracket::Open };
        if byte == b']' && at > first {
            at += 1;
            break;
        }
        at += 1;
        let mut start = byte;
        match byte {
            b'\\' => {
                let Some(&escaped) = pattern.get(at) else { return Bracket::Invalid };
                start = escaped;
                at += 1;
            }
            b'[' if pattern.get(at) == Some(&b':') => {
                if let Some(name) = class_name(&pattern[at + 1..]) {
                    let Some(class) = class_of(name) else { return Bracket::Invalid };
                    (0..=255u8).filter(class).for_each(|b| member[usize::from(b)] = true);
                    at += name.len() + 3;
                    continue;
                }
            }
            // A collating symbol or an equivalence class of one character means that character.
            b'[' if matches!(pattern.get(at), Some(b'=' | b'.')) => match pattern.get(at..at + 4) {
                Some(&[mark, c, end, b']']) if mark == end => {
                    start = c;
                    at += 4;
                }
                _ if pattern.get(at) == Some(&b'.') => return Bracket::Invalid,
                _ => {}
            },
            _ => {}
        }
        let start = lower(start);
        match (pattern.get(at), pattern.get(at + 1)) {
            (Some(b'-'), Some(&end)) if end != b']' => {
                at += 2;
                let mut end = end;
                if end == b'\\' {
                    let Some(&escaped) = pattern.get(at) else { return Bracket::Invalid };
                    end = escaped;
                    at += 1;
                }
                let range = start..=lower(end);
                (0..=255u8)
                    .filter(|b| range.contains(&lower(*b)))
                    .for_each(|b| member[usize::from(b)] = true);
            }
            _ => (0..=255u8).filter(|b| lower(*b) == start).for_each(|b| member[usize::from(b)] = true),
        }
    }
    let mut set = Box::new([0u64; 4]);
    for byte in 0..=255u8 {
        if member[usize::from(byte)] != negated {
            set[usize::from(byte >> 6)] |= 1 << (byte & 63);
        }
    }
    Bracket::Set(set, at)
}

/// The name in `name:]`, if it is one.
fn class_name(pattern: &[u8]) -> Option<&[u8]> {
    let length = pattern.iter().take_while(|b| b.is_ascii_lowercase()).count();
    pattern[length..].starts_with(b":]").then(|| &pattern[..length])
}

fn class_of(name: &[u8]) -> Option<fn(&u8) -> bool> {
    Some(match name {
        b"alpha" => u8::is_ascii_alphabetic,
        b"digit" => u8::is_ascii_digit,
        b"alnum" => u8::is_ascii_alphanumeric,
        b"upper" => u8::is_ascii_uppercase,
        b"lower" => u8::is_ascii_lowercase,
        b"punct" => u8::is_ascii_punctuation,
        b"xdigit" => u8::is_ascii_hexdigit,
        b"cntrl" => u8::is_ascii_control,
        b"graph" => u8::is_ascii_graphic,
        b"print" => |b| (b' '..=b'~').contains(b),
        b"space" => |b| matches!(b, b' ' | 9..=13),
        b"blank" => |b| matches!(b, b' ' | b'\t'),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, text: &str, expected: bool) {
        assert_eq!(
            Glob::new(pattern.as_bytes(), false).matches(text.as_bytes()),
            expected,
            "{pattern} {text}"
        );
    }

    #[test]
    fn patterns_match_whole_texts() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "/etc/passwd", true),
            ("?", "", false),
            ("?", "/", true),
            ("/home/*/.ssh/*", "/home/a/b/.ssh/id", true),
            ("/home/*/.ssh/*", "/home/.ssh/id", false),
            ("*a*b*c", "xaxbxbxc", true),
            ("*a*b*c", "xaxbxbxcx", false),
            ("a**b", "ab", true),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("a\\", "a", false),
            ("a\\", "a\\", false),
            ("[abc]", "b", true),
            ("[abc]", "d", false),
            ("[!abc]", "d", true),
            ("[^abc]", "a", false),
            ("[a-c]x", "bx", true),
            ("[a-]", "-", true),
            ("[]a]", "]", true),
            ("[!]a]", "]", false),
            ("[\\]]", "]", true),
            ("[a", "[a", true),
            ("[a", "a", false),
            ("x[", "x[", true),
            ("[[:digit:]]*", "7z", true),
            ("[[:digit:]x]", "x", true),
            ("[[:nosuch:]]", "n", false),
            ("[[=a=]]", "a", true),
            ("[[.a.]-c]", "b", true),
            (".*", ".x", true),
            ("*.log", ".log", true),
        ] {
            check(pattern, text, expected);
        }
    }

    #[test]
    fn case_is_folded_on_demand() {
        for (pattern, text, expected) in
            [("FOO*", "foobar", true), ("[A-C]", "b", true), ("\\A", "a", true), ("a", "b", false)]
        {
            assert_eq!(
                Glob::new(pattern.as_bytes(), true).matches(text.as_bytes()),
                expected,
                "{pattern} {text}"
            );
        }
    }

    #[test]
    fn many_stars_stay_cheap() {
        let pattern = "*a".repeat(40) + "*b";
        assert!(!Glob::new(pattern.as_bytes(), false).matches("a".repeat(20_000).as_bytes()));
    }
}
