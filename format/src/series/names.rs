//! Names of the files of a series: a pattern and the time at which a file starts enter, a path leaves, and the path of the file
//! that is to be removed.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

/// Digits of the number in a file's name.
const DIGITS: usize = 6;

/// The pattern of a name has % sequences that mean nothing, or is not text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {reason}", pattern.display())]
pub struct PatternError {
    /// The pattern.
    pattern: PathBuf,
    /// What is wrong.
    reason: String,
}

/// Names files.
#[derive(Debug)]
pub struct Names {
    pattern: PathBuf,
    zone: TimeZone,
    /// Whether there are several files.
    rotates: bool,
    /// How many files are kept.
    keep: usize,
    made: u64,
    kept: VecDeque<PathBuf>,
}

impl Names {
    /// Names after `pattern`; with `rotates` there are several files, of which the newest `keep` are kept.
    ///
    /// # Errors
    /// The pattern has unknown % sequences.
    pub fn new(
        pattern: &Path,
        zone: TimeZone,
        rotates: bool,
        keep: Option<usize>,
    ) -> Result<Names, PatternError> {
        let names = Names {
            pattern: pattern.to_owned(),
            zone,
            rotates,
            keep: keep.unwrap_or(usize::MAX),
            made: 0,
            kept: VecDeque::new(),
        };
        names.at(0).map(|_| names)
    }

    /// The name of the next file, which starts at `ts` nanoseconds since the epoch, and the oldest one if there are too many.
    ///
    /// # Errors
    /// As for [`new`](Names::new).
    pub fn next(&mut self, ts: u64) -> Result<(PathBuf, Option<PathBuf>), PatternError> {
        self.made += 1;
        let mut path = self.at(ts)?;
        if self.rotates && (!self.is_timed() || self.kept.contains(&path)) {
            path = numbered(&path, self.made);
        }
        let oldest = (self.kept.len() >= self.keep).then(|| self.kept.pop_front()).flatten();
        // Names of files that are never removed are not needed, except the last ones: their times may be equal.
        if self.keep == usize::MAX && self.kept.len() > 1 {
            self.kept.pop_front();
        }
        self.kept.push_back(path.clone());
        Ok((path, oldest))
    }

    fn is_timed(&self) -> bool {
        self.pattern.to_string_lossy().contains('%')
    }

    /// The pattern with its time filled in.
    fn at(&self, ts: u64) -> Result<PathBuf, PatternError> {
        if !self.is_timed() {
            return Ok(self.pattern.clone());
        }
        let wrong = |reason| PatternError { pattern: self.pattern.clone(), reason };
        let pattern = self.pattern.to_str().ok_or_else(|| wrong("this name is not UTF-8".to_owned()))?;
        let time = Timestamp::from_nanosecond(i128::from(ts)).unwrap_or_default();
        strtime::format(pattern, &time.to_zoned(self.zone.clone()))
            .map(PathBuf::from)
            .map_err(|error| wrong(error.to_string()))
    }
}

/// `trace.scap` with a number: `trace_000007.scap`. An underscore sorts after the dot of a name without a number.
fn numbered(path: &Path, number: u64) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("_{number:0DIGITS$}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn names(pattern: &str, rotates: bool, keep: Option<usize>) -> Names {
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        Names::new(Path::new(pattern), zone, rotates, keep).expect("a pattern")
    }

    #[track_caller]
    fn check(names: &mut Names, seconds: u64, path: &str, oldest: Option<&str>) {
        let expected = (PathBuf::from(path), oldest.map(PathBuf::from));
        assert_eq!(names.next(seconds * SECOND), Ok(expected));
    }

    #[test]
    fn one_file_has_the_name_that_was_given() {
        check(&mut names("dir/trace.scap", false, None), 0, "dir/trace.scap", None);
        check(&mut names("100%%-%H%M.scap", false, None), 3600, "100%-0200.scap", None);
    }

    #[test]
    fn several_files_have_numbers_or_times() {
        let mut numbers = names("d.d/trace.scap", true, Some(2));
        check(&mut numbers, 0, "d.d/trace_000001.scap", None);
        check(&mut numbers, 0, "d.d/trace_000002.scap", None);
        check(&mut numbers, 0, "d.d/trace_000003.scap", Some("d.d/trace_000001.scap"));
        check(&mut names("trace", true, None), 0, "trace_000001", None);
        let mut times = names("t-%Y%m%d-%H%M%S.scap", true, None);
        check(&mut times, 0, "t-19700101-010000.scap", None);
        check(&mut times, 1, "t-19700101-010001.scap", None);
        check(&mut times, 1, "t-19700101-010001_000003.scap", None);
        check(&mut times, 2, "t-19700101-010002.scap", None);
    }

    #[test]
    fn patterns_are_checked() {
        let error = Names::new(Path::new("t-%!.scap"), TimeZone::UTC, true, None).expect_err("no pattern");
        assert!(error.to_string().starts_with("t-%!.scap: "), "{error}");
    }
}
