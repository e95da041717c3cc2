//! The clock of this machine, in the time zone of the user.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::{Timestamp, Zoned, tz::TimeZone};

/// Seconds since 1970, UTC.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Start of the current day in local time, in seconds since 1970, UTC.
pub(super) fn midnight() -> u64 {
    Zoned::now().start_of_day().map_or(0, |start| u64::try_from(start.timestamp().as_second()).unwrap_or(0))
}

/// Formats a moment as date and time; empty if it is not known.
pub(super) fn date_and_time(seconds: u64) -> String {
    local(seconds).map_or_else(String::new, |moment| moment.strftime("%Y-%m-%d %H:%M").to_string())
}

/// Formats a moment of today as a time, an earlier one as a date.
/// Empty if it is not known.
pub(super) fn date_or_time(seconds: u64) -> String {
    let Some(moment) = local(seconds) else { return String::new() };
    let format = if moment.date() == Zoned::now().date() { "today %H:%M" } else { "%Y-%m-%d" };
    moment.strftime(format).to_string()
}

/// The moment in local time. Files without a time hold 0.
fn local(seconds: u64) -> Option<Zoned> {
    let seconds = i64::try_from(seconds).ok().filter(|seconds| *seconds > 0)?;
    Some(Timestamp::from_second(seconds).ok()?.to_zoned(TimeZone::system()))
}
