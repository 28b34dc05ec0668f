//! Versions of three numbers.

use std::fmt;

/// `major.minor.patch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// First number: different ones do not work together.
    pub major: u32,
    /// Second number.
    pub minor: u32,
    /// Third number.
    pub patch: u32,
}

impl Version {
    /// Reads three numbers; what follows the third is ignored, as Falco does.
    pub fn parse(text: &str) -> Option<Version> {
        let mut parts = text.splitn(3, '.');
        let mut number = |last: bool| -> Option<u32> {
            let part = parts.next()?.trim_start();
            let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            if end < part.len() && !last {
                return None;
            }
            part.get(..end)?.parse().ok()
        };
        Some(Version { major: number(false)?, minor: number(false)?, patch: number(true)? })
    }

    /// Whether this version can stand in for the one asked for.
    pub(crate) fn satisfies(self, wanted: Version) -> bool {
        self.major == wanted.major && self >= wanted
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parsing_and_order() {
        let ours = Version { major: 0, minor: 62, patch: 0 };
        for (text, satisfied) in [
            ("0.57.0", Some(true)),
            ("0.62.0", Some(true)),
            ("0.62.1", Some(false)),
            ("0.62.0-rc1", Some(true)),
            ("1.0.0", Some(false)),
            ("0.57", None),
            ("abc", None),
            ("0.5x.1", None),
            ("", None),
        ] {
            assert_eq!(Version::parse(text).map(|wanted| ours.satisfies(wanted)), satisfied, "{text}");
        }
    }
}
