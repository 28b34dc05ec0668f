//! Texts that nobody would write: pieces of what people wrote, with up to four changes each. Texts enter, bytes leave, the same ones for the
//! same seed.

use std::env;

/// Pieces of text that mean something to YAML or to Falco's language.
const PIECES: &[&str] = &[
    "\n",
    "\n\n",
    "\r",
    " ",
    "  ",
    "\t",
    "- ",
    "-",
    ": ",
    ":",
    ", ",
    ",",
    "[",
    "]",
    "{",
    "}",
    "{!,",
    "!",
    "!!str ",
    "!<",
    "&a ",
    "*a",
    "? ",
    ">",
    "|",
    ">-\n",
    "|+\n",
    "'",
    "\"",
    "\\",
    "\"\\",
    "\\x4",
    "#",
    " #",
    "%",
    "%YAML 1.2\n",
    "---\n",
    "...\n",
    "~",
    "null",
    "(",
    ")",
    "=",
    " and ",
    " or ",
    "not ",
    " in (",
    "%proc.name",
    "\u{feff}",
    "\u{85}",
    "\u{2028}",
    "\u{0}",
    "\u{7}",
    "é",
    "🦀",
    "append: true\n",
    "override:\n",
    "list: ",
    "items: [",
    "macro: ",
    "...",
    "\n...\n",
    "%TAG ! x\n",
    "\u{feff}",
    "\u{85}",
    "\u{2028}",
    "\0",
    "<<: ",
    "${HOME}",
    "- &a [*a]",
];

/// Most bytes of a text that are taken.
const LONGEST: usize = 2000;

/// How many changed texts `TERCEL_ROUNDS` asks for, if it does.
pub fn rounds() -> Option<usize> {
    env::var("TERCEL_ROUNDS").ok()?.parse().ok()
}

/// A stream of changes that only looks like chance; `TERCEL_SEED` asks for another one.
#[derive(Debug)]
pub struct Mutation(u64);

impl Mutation {
    /// The usual stream, or the one that was asked for.
    pub fn new() -> Mutation {
        let seed = env::var("TERCEL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0u64);
        Mutation(0x9e37_79b9_7f4a_7c15 ^ seed.wrapping_mul(0xbf58_476d_1ce4_e5b9))
    }

    /// A part of one of the texts, which starts with a line, changed.
    ///
    /// # Panics
    /// There are no texts.
    pub fn of<'t>(&mut self, texts: &[impl AsRef<str> + 't], start: &str) -> Vec<u8> {
        let text = texts[self.below(texts.len())].as_ref();
        let starts: Vec<usize> = text.match_indices(start).map(|(at, _)| at + 1).collect();
        let from = starts.get(self.below(starts.len())).copied().unwrap_or_default();
        let mut bytes: Vec<u8> = text.as_bytes()[from..].iter().take(LONGEST).copied().collect();
        self.change(&mut bytes);
        bytes
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }

    /// Pieces put in, bytes replaced, taken out or written twice.
    fn change(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            let end = (at + self.below(12)).min(bytes.len());
            match self.below(5) {
                0 => drop(bytes.drain(at..end)),
                1 => bytes.truncate(at),
                2 => {
                    let twice = bytes[at..end].to_vec();
                    bytes.splice(at..at, twice);
                }
                _ => {
                    let piece = PIECES[self.below(PIECES.len())].bytes();
                    let until = if self.below(2) == 0 { at } else { end };
                    bytes.splice(at..until, piece);
                }
            }
        }
    }
}

impl Default for Mutation {
    fn default() -> Mutation {
        Mutation::new()
    }
}
