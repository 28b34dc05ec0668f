//! Values by their keys: a tree of a configuration enters, typed values leave; errors are collected with their places.

use crate::tree::{Entry, Place, Remark, Value};

/// Numbers as yaml-cpp reads them (`convert.h`).
pub trait Number: PartialOrd + std::fmt::Display + Copy {
    /// What it is, for messages.
    const KIND: &str;

    /// The number in a text; `None` if it is of another kind, or larger than the type.
    fn read(text: &str) -> Option<Self>;
}

/// `0x10` is hexadecimal, `010` is octal, a sign makes it another kind.
macro_rules! whole_numbers {
    ($($number:ty),*) => {
        $(impl Number for $number {
            const KIND: &str = "a whole number";

            fn read(text: &str) -> Option<$number> {
                let (digits, radix) = match text.as_bytes() {
                    [b'0', b'x' | b'X', ..] => (&text[2..], 16),
                    [b'0', _, ..] => (&text[1..], 8),
                    _ => (text, 10),
                };
                let is_plain = digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
                <$number>::from_str_radix(digits, radix).ok().filter(|_| is_plain)
            }
        })*
    };
}

whole_numbers!(u32, u64);

impl Number for f64 {
    const KIND: &str = "a number";

    fn read(text: &str) -> Option<f64> {
        text.parse().ok()
    }
}

/// Reads values and collects errors. Errors and warnings are divided as in Falco: a value of the wrong type leaves the default, with
/// a warning (yaml-cpp's `as` with a default); a value of the right type that is not allowed is an error, and so are entries of
/// lists that cannot be read.
pub struct Reader<'a> {
    pub root: &'a Entry,
    pub errors: Vec<Remark>,
    pub warnings: Vec<Remark>,
}

impl<'a> Reader<'a> {
    pub fn wrong(&mut self, place: &Place, text: String) {
        self.errors.push(Remark { place: place.clone(), text });
    }

    pub fn warn(&mut self, place: &Place, text: String) {
        self.warnings.push(Remark { place: place.clone(), text });
    }

    /// The text of a key; `None` if it is missing or empty.
    pub fn text(&mut self, path: &str) -> Option<(&'a str, &'a Place)> {
        let entry = self.root.at(path)?;
        match &entry.value {
            Value::Text(text) if text.is_empty() => None,
            Value::Text(text) => Some((text, &entry.place)),
            Value::Null => None,
            Value::List(_) | Value::Map(_) => {
                self.warn(&entry.place, format!("{path} must be a single value; the default is used"));
                None
            }
        }
    }

    pub fn flag(&mut self, path: &str, default: bool) -> bool {
        let Some((text, place)) = self.text(path) else { return default };
        match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "y" => true,
            "false" | "no" | "off" | "n" => false,
            _ => {
                self.warn(
                    place,
                    format!("{path} must be true or false, not '{text}'; the default, {default}, is used"),
                );
                default
            }
        }
    }

    pub fn number<T: Number>(&mut self, path: &str, default: T, range: std::ops::RangeInclusive<T>) -> T {
        let Some((text, place)) = self.text(path) else { return default };
        match T::read(text.trim()) {
            Some(number) if range.contains(&number) => return number,
            None => {
                let kind = T::KIND;
                self.warn(
                    place,
                    format!("{path} must be {kind}, not '{text}'; the default, {default}, is used"),
                );
            }
            Some(_) => {
                let (first, last) = (range.start(), range.end());
                self.wrong(place, format!("{path} must be a number from {first} to {last}, not '{text}'"));
            }
        }
        default
    }

    /// One of several words.
    pub fn word<T: Copy>(&mut self, path: &str, words: &[(&str, T)], default: T) -> T {
        let Some((text, place)) = self.text(path) else { return default };
        if let Some((_, value)) = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)) {
            return *value;
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        self.wrong(place, format!("{path} must be one of {}, not '{text}'", known.join(", ")));
        default
    }

    /// The entries of a list; a single value counts as a list of one.
    pub fn list(&mut self, path: &str) -> &'a [Entry] {
        let Some(entry) = self.root.at(path) else { return &[] };
        match &entry.value {
            Value::List(items) => items,
            Value::Text(text) if !text.is_empty() => std::slice::from_ref(entry),
            Value::Text(_) | Value::Null => &[],
            Value::Map(_) => {
                self.warn(&entry.place, format!("{path} must be a list; an empty one is used"));
                &[]
            }
        }
    }

    /// The texts of a list.
    pub fn texts(&mut self, path: &str) -> Vec<(&'a str, &'a Place)> {
        let mut texts = Vec::new();
        for entry in self.list(path) {
            match &entry.value {
                Value::Text(text) => texts.push((text.as_str(), &entry.place)),
                _ => self.wrong(&entry.place, format!("{path} must be a list of strings")),
            }
        }
        texts
    }
}
