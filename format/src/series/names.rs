//! Names of the files of a series: a pattern and the time at which a file starts enter, paths leave: of the next file, and of those that
//! earlier runs have left.

use std::fs::{self, DirEntry};
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
    /// The name without a number of the file that was named last.
    base: Option<PathBuf>,
    /// Its number; of names with a time, the first has none.
    number: u64,
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
            base: None,
            number: 0,
        };
        names.at(0).map(|_| names)
    }

    /// How many files are kept.
    pub(super) fn keep(&self) -> usize {
        self.keep
    }

    /// The name of the next file, which starts at `ts` nanoseconds since the epoch. No name of a series comes twice in a row; numbers go
    /// on after those of the files that were there before.
    ///
    /// # Errors
    /// As for [`new`](Names::new).
    pub fn next(&mut self, ts: u64) -> Result<PathBuf, PatternError> {
        let base = self.at(ts)?;
        if !self.rotates {
            return Ok(base);
        }
        if self.base.as_ref() != Some(&base) {
            // Later on, a time that comes again is noticed when its file is created.
            self.number = if self.base.is_none() { highest(&base) } else { 0 };
        }
        self.number += 1;
        let is_first = self.is_timed() && self.number == 1;
        let path = if is_first { base.clone() } else { numbered(&base, self.number) };
        self.base = Some(base);
        Ok(path)
    }

    /// The name that came last is taken: the next one has a number above all.
    pub(super) fn taken(&mut self) {
        let there = self.base.as_deref().map_or(0, highest);
        self.number = self.number.max(there);
    }

    /// The files of earlier runs under these names, oldest first: in the order of their numbers, or of the times at which they were
    /// written. If a directory of the pattern has a time, they are not found.
    pub(super) fn earlier(&self) -> Vec<PathBuf> {
        let directory = directory(&self.pattern);
        let Some(pattern) = self.pattern.file_name().and_then(|name| name.to_str()) else {
            return Vec::new();
        };
        if !self.rotates || directory.to_string_lossy().contains('%') {
            return Vec::new();
        }
        let own = |name: &str| {
            if self.is_timed() {
                let is_own =
                    is_time(pattern, name) || split(name).is_some_and(|(base, _)| is_time(pattern, &base));
                return is_own.then_some(0);
            }
            split(name).and_then(|(base, number)| (base == pattern).then_some(number))
        };
        let mut files: Vec<_> = entries(directory)
            .filter_map(|(name, entry)| {
                let written = entry.metadata().and_then(|found| found.modified()).ok();
                own(&name).map(|number| (number, written.filter(|_| self.is_timed()), name))
            })
            .collect();
        files.sort();
        files.into_iter().map(|(_, _, name)| directory.join(name)).collect()
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

/// Where a file is; a bare name is in the working directory.
fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The entries of a directory whose names are text.
fn entries(directory: &Path) -> impl Iterator<Item = (String, DirEntry)> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry)))
}

/// The highest number of a file on the disk that is called like `base`, which itself counts as 1 if it has a time.
fn highest(base: &Path) -> u64 {
    let Some(name) = base.file_name().and_then(|name| name.to_str()) else { return 0 };
    let numbers = entries(directory(base)).filter_map(|(found, _)| split(&found));
    numbers.filter(|(found, _)| found == name).map(|(_, number)| number).max().unwrap_or(0)
}

/// Whether a name is what the pattern gives for some time.
fn is_time(pattern: &str, name: &str) -> bool {
    let Ok(time) = strtime::parse(pattern, name) else { return false };
    time.to_string(pattern).is_ok_and(|again| again == name)
}

/// A name with a number: the name without it, and the number.
fn split(name: &str) -> Option<(String, u64)> {
    let path = Path::new(name);
    let (stem, number) = path.file_stem()?.to_str()?.rsplit_once('_')?;
    let is_number = number.len() >= DIGITS && number.bytes().all(|byte| byte.is_ascii_digit());
    let number = number.parse().ok().filter(|_| is_number && !stem.is_empty())?;
    let base = match path.extension().and_then(|extension| extension.to_str()) {
        Some(extension) => format!("{stem}.{extension}"),
        None => stem.to_owned(),
    };
    Some((base, number)).filter(|(base, number)| numbered(Path::new(base), *number) == path)
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
    use tercel_test_support::Place;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn names(pattern: &str, rotates: bool, keep: Option<usize>) -> Names {
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        Names::new(Path::new(pattern), zone, rotates, keep).expect("a pattern")
    }

    #[track_caller]
    fn check(names: &mut Names, seconds: u64, path: &str) {
        assert_eq!(names.next(seconds * SECOND), Ok(PathBuf::from(path)));
    }

    #[test]
    fn one_file_has_the_name_that_was_given() {
        check(&mut names("dir/trace.scap", false, None), 0, "dir/trace.scap");
        check(&mut names("100%%-%H%M.scap", false, None), 3600, "100%-0200.scap");
    }

    #[test]
    fn several_files_have_numbers_or_times() {
        let mut numbers = names("d.d/trace.scap", true, Some(2));
        for number in 1..4 {
            check(&mut numbers, 0, &format!("d.d/trace_00000{number}.scap"));
        }
        check(&mut names("d.d/trace", true, None), 0, "d.d/trace_000001");
        let mut times = names("d.d/t-%Y%m%d-%H%M%S.scap", true, None);
        for (seconds, name) in [
            (0, "t-19700101-010000.scap"),
            (1, "t-19700101-010001.scap"),
            (1, "t-19700101-010001_000002.scap"),
            (1, "t-19700101-010001_000003.scap"),
            (2, "t-19700101-010002.scap"),
        ] {
            check(&mut times, seconds, &format!("d.d/{name}"));
        }
    }

    #[test]
    fn names_go_on_after_those_on_the_disk() {
        let place = Place::new("names");
        let path = |name: &str| place.path(name);
        for name in [
            "t_000002.scap",
            "t_000010.scap",
            "t_0000011.scap",
            "t.scap",
            "u_000077.scap",
            "t_000099.txt",
            "d-19700101.scap",
        ] {
            fs::write(path(name), "").expect("a file");
        }
        let mut numbers = names(path("t.scap").to_str().expect("text"), true, None);
        assert_eq!(numbers.earlier(), [path("t_000002.scap"), path("t_000010.scap")]);
        assert_eq!(numbers.next(0), Ok(path("t_000011.scap")));
        fs::write(path("t_000500.scap"), "").expect("a file");
        numbers.taken();
        assert_eq!(numbers.next(0), Ok(path("t_000501.scap")));
        let mut days = names(path("d-%Y%m%d.scap").to_str().expect("text"), true, None);
        assert_eq!(days.next(0), Ok(path("d-19700101.scap")));
        days.taken();
        for name in ["d-19700101_000002.scap", "d-19700101_000003.scap"] {
            assert_eq!(days.next(0), Ok(path(name)));
            fs::write(path(name), "").expect("a file");
        }
        for name in ["d-1970.scap", "d-19701301.scap", "d-19700101_2.scap", "e-19700101.scap"] {
            fs::write(path(name), "").expect("a file");
        }
        let own = ["d-19700101.scap", "d-19700101_000002.scap", "d-19700101_000003.scap"].map(path);
        assert_eq!(days.earlier(), own);
        // A run that starts while an earlier one's hour lasts.
        let mut later = names(path("d-%Y%m%d.scap").to_str().expect("text"), true, None);
        assert_eq!(later.next(0), Ok(path("d-19700101_000004.scap")));
    }

    #[test]
    fn patterns_are_checked() {
        let error = Names::new(Path::new("t-%!.scap"), TimeZone::UTC, true, None).expect_err("no pattern");
        assert!(error.to_string().starts_with("t-%!.scap: "), "{error}");
    }
}
