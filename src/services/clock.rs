//! The clock of this machine, in the time zone of the user.
//!
//! Clocks may be wrong and files may hold any time, so a moment that no calendar has is not known, never an error.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::{Timestamp, Zoned, tz::TimeZone};

/// Seconds since 1970, UTC; 0 before that.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Start of the current day in local time, in seconds since 1970, UTC.
pub(super) fn midnight() -> u64 {
    midnight_before(now())
}

fn midnight_before(now: u64) -> u64 {
    let start = local(now).and_then(|moment| moment.start_of_day().ok());
    start.and_then(|start| u64::try_from(start.timestamp().as_second()).ok()).unwrap_or(0)
}

/// Formats a moment as date and time; empty if it is not known.
pub(super) fn date_and_time(seconds: u64) -> String {
    local(seconds).map_or_else(String::new, |moment| moment.strftime("%Y-%m-%d %H:%M").to_string())
}

/// Formats a moment of today as a time, an earlier one as a date.
/// Empty if it is not known.
pub(super) fn date_or_time(seconds: u64) -> String {
    date_or_time_at(seconds, now())
}

fn date_or_time_at(seconds: u64, now: u64) -> String {
    let Some(moment) = local(seconds) else { return String::new() };
    let is_today = local(now).is_some_and(|now| now.date() == moment.date());
    moment.strftime(if is_today { "today %H:%M" } else { "%Y-%m-%d" }).to_string()
}

/// The moment in local time; `None` for 0, which files without a time hold, and beyond the year 9999.
fn local(seconds: u64) -> Option<Zoned> {
    let seconds = i64::try_from(seconds).ok().filter(|seconds| *seconds > 0)?;
    Some(Timestamp::from_second(seconds).ok()?.to_zoned(TimeZone::system()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_clock_and_no_time_of_a_file_is_an_error() {
        let last = u64::try_from(Timestamp::MAX.as_second()).unwrap();
        // 9999-12-31 is beyond what some time zones can show.
        for seconds in [0, 1, 1_790_000_000, last - 1, last, last + 1, 253_402_300_799, 253_402_300_800, u64::MAX] {
            assert!(midnight_before(seconds) <= seconds);
            assert!(date_and_time(seconds).len() <= "9999-12-30 00:00".len());
            for now in [0, 1_790_000_000, last, u64::MAX] {
                assert!(date_or_time_at(seconds, now).len() <= "9999-12-30".len().max("today 00:00".len()));
            }
        }
        assert_eq!((date_and_time(0), date_and_time(u64::MAX), midnight_before(u64::MAX)), Default::default());
        assert!(date_and_time(last).starts_with("9999-12-3"));
        assert!(date_or_time_at(1_790_000_000, 1_790_000_000).starts_with("today "));
        assert_eq!(date_or_time_at(1_790_000_000, last).len(), 10);
    }
}
