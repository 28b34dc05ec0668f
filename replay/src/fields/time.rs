//! Times as text: nanoseconds since the epoch enter, dates and times of day leave. Knows no zone but the offset it is given.

/// Nanoseconds of a second.
pub(super) const SECOND: u64 = 1_000_000_000;

const DAY: i64 = 86_400;

/// A civil date and a time of day.
struct Civil {
    year: i64,
    month: i64,
    day: i64,
    second: i64,
}

/// Appends `HH:MM:SS`, with a date `YYYY-MM-DD` before it and nanoseconds after it if asked for (reference language 10.6).
pub(super) fn local(out: &mut Vec<u8>, ts: u64, offset: i32, date: bool, nanoseconds: bool) {
    let civil = civil((ts / SECOND) as i64 + i64::from(offset));
    if date {
        push_date(out, &civil);
        out.push(b' ');
    }
    push_time(out, &civil);
    if nanoseconds {
        push_nanoseconds(out, ts);
    }
}

/// Appends `YYYY-MM-DDTHH:MM:SS.nnnnnnnnn+0000`, in UTC whatever the zone (reference fields.json `evt.time.iso8601`).
pub(crate) fn iso8601(out: &mut Vec<u8>, ts: u64) {
    let civil = civil((ts / SECOND) as i64);
    push_date(out, &civil);
    out.push(b'T');
    push_time(out, &civil);
    push_nanoseconds(out, ts);
    out.extend_from_slice(b"+0000");
}

/// The seconds between two times, with as many decimals as they need.
pub(crate) fn seconds_between(first: u64, last: u64) -> String {
    let between = last.saturating_sub(first);
    let text = format!("{}.{:09}", between / SECOND, between % SECOND);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn push_date(out: &mut Vec<u8>, civil: &Civil) {
    put!(out, "{:04}-{:02}-{:02}", civil.year, civil.month, civil.day);
}

fn push_time(out: &mut Vec<u8>, civil: &Civil) {
    let second = civil.second;
    put!(out, "{:02}:{:02}:{:02}", second / 3600, second % 3600 / 60, second % 60);
}

fn push_nanoseconds(out: &mut Vec<u8>, ts: u64) {
    put!(out, ".{:09}", ts % SECOND);
}

/// The proleptic Gregorian date of a number of seconds since the epoch. Years run from March, so that the leap day is the
/// last of its year.
fn civil(seconds: i64) -> Civil {
    let (day, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let day_of_era = day.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    Civil {
        year: year_of_era + era * 400 + i64::from(month >= 10),
        month: if month < 10 { month + 3 } else { month - 9 },
        day: day_of_year - (153 * month + 2) / 5 + 1,
        second,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ts: u64, offset: i32, expected: &str) {
        let mut out = Vec::new();
        local(&mut out, ts, offset, true, true);
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn dates_and_times() {
        check(0, 0, "1970-01-01 00:00:00.000000000");
        check(1_470_327_477_881_781_397, 0, "2016-08-04 16:17:57.881781397");
        check(1_470_327_477_881_781_397, -7 * 3600, "2016-08-04 09:17:57.881781397");
        check(951_782_399 * SECOND + 1, 0, "2000-02-28 23:59:59.000000001");
        check(951_782_400 * SECOND, 0, "2000-02-29 00:00:00.000000000");
        check(951_868_800 * SECOND, 0, "2000-03-01 00:00:00.000000000");
        check(0, -1, "1969-12-31 23:59:59.000000000");
        check(u64::MAX, 0, "2554-07-21 23:34:33.709551615");
    }

    #[test]
    fn iso_times_are_utc() {
        let mut out = Vec::new();
        iso8601(&mut out, 1_470_327_477_881_781_397);
        assert_eq!(out, b"2016-08-04T16:17:57.881781397+0000");
    }
}
