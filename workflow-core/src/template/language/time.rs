//! Dates: `dateformat` and `add_duration`. There is no clock: a rendering is the same in every replay.
//!
//! Times are instants in UTC or with a fixed offset, so no database of time zones is needed, whose changes would change
//! results.

use jiff::{
    Span, Timestamp, Zoned,
    fmt::strtime,
    tz::{Offset, TimeZone},
};
use minijinja::{Environment, Error, State, Value, value::Kwargs};

use super::{
    arguments::{named_as, no_more},
    fuel::{ensure_bytes, pay_bytes},
    json::{defined_in, refused},
    order::name_of,
    text::{FilterResult, MAX_SHOWN},
};
use crate::value::parse_instant;

pub(super) fn add_to(environment: &mut Environment) {
    environment.add_filter("dateformat", dateformat);
    environment.add_filter("add_duration", add_duration);
}

/// The format, unless the template says.
const FORMAT: &str = "%Y-%m-%d %H:%M";

/// The most bytes of a format, an offset or a duration.
const MAX_BYTES: usize = 200;

/// The most bytes that a directive of a format makes: widths have at most three digits.
const BYTES_PER_DIRECTIVE: usize = 256;

/// A time as text, in UTC or with an offset.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the engine's kind of argument"
)]
fn dateformat(
    state: &State,
    value: &Value,
    format: Option<Value>,
    offset: Option<Value>,
    named: Kwargs,
) -> FilterResult {
    let format = named_as(format, &named, "format")?.unwrap_or_else(|| Value::from(FORMAT));
    let offset = named_as(offset, &named, "offset")?.unwrap_or_else(|| Value::from("Z"));
    no_more(&named)?;
    let time = instant(state, value, "dateformat")?;
    let offset = parsed(&offset, "dateformat", "an offset", parse_offset)?;
    let text = |text: &str| formatted(text, &time.to_zoned(TimeZone::fixed(offset)));
    let length = format.as_str().map_or(0, str::len);
    ensure_bytes(state, length.min(MAX_BYTES) * BYTES_PER_DIRECTIVE)?;
    pay_bytes(state, length)?;
    parsed(&format, "dateformat", "a format", text).map(Value::from)
}

/// A time that is later, or earlier if the duration begins with `-`.
fn add_duration(state: &State, value: &Value, duration: &Value) -> FilterResult {
    let time = instant(state, value, "add_duration")?;
    let span = parsed(duration, "add_duration", "a duration", parse_duration)?;
    // In UTC each day has 24 hours, and months are those of the calendar.
    let later = time.to_zoned(TimeZone::UTC).checked_add(span);
    let later = later.map_err(|_| refused("`add_duration`: the time is out of range"))?;
    Ok(Value::from(format!("{:.6}", later.timestamp())))
}

fn instant(state: &State, value: &Value, filter: &str) -> Result<Timestamp, Error> {
    defined_in(state, value)?;
    let Some(text) = value.as_str() else {
        let kind = name_of(value);
        return Err(refused(format!(
            "`{filter}` needs a time as text, not {kind}"
        )));
    };
    parse_instant(text).map_err(|error| refused(format!("`{filter}`: {error}")))
}

/// Reads an argument that is a text.
fn parsed<T>(
    argument: &Value,
    filter: &str,
    what: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, Error> {
    let Some(text) = argument.as_str() else {
        let kind = name_of(argument);
        return Err(refused(format!(
            "`{filter}` needs {what} as text, not {kind}"
        )));
    };
    let read = bounded(text).and_then(parse);
    read.map_err(|error| refused(format!("`{filter}`: {error}")))
}

fn bounded(text: &str) -> Result<&str, String> {
    if text.len() <= MAX_BYTES {
        return Ok(text);
    }
    Err(format!(
        "the text has {} bytes, at most {MAX_BYTES} are allowed",
        text.len()
    ))
}

fn formatted(format: &str, time: &Zoned) -> Result<String, String> {
    strtime::format(format, time).map_err(|error| {
        let format: String = format.chars().take(MAX_SHOWN).collect();
        format!("{format:?} is not a format: {error}; write a `%` as `%%`")
    })
}

/// `Z`, `UTC`, `+02:00` or `-0530`.
fn parse_offset(text: &str) -> Result<Offset, String> {
    let wrong = || {
        let text: String = text.chars().take(MAX_SHOWN).collect();
        format!(
            "{text:?} is not an offset: write 'Z' or '+02:00'; names of time zones are not known"
        )
    };
    if matches!(text, "Z" | "z" | "UTC" | "GMT") {
        return Ok(Offset::UTC);
    }
    let (sign, rest) = match text.split_at_checked(1) {
        Some(("+", rest)) => (1, rest),
        Some(("-", rest)) => (-1, rest),
        _ => return Err(wrong()),
    };
    let digits = rest.replacen(':', "", 1);
    let is_valid = matches!(digits.len(), 2 | 4) && digits.bytes().all(|it| it.is_ascii_digit());
    let number: i32 = digits.parse().ok().filter(|_| is_valid).ok_or_else(wrong)?;
    let (hours, minutes) = if digits.len() == 2 {
        (number, 0)
    } else {
        (number / 100, number % 100)
    };
    if hours > 23 || minutes > 59 {
        return Err(wrong());
    }
    Offset::from_seconds(sign * (hours * 3_600 + minutes * 60)).map_err(|_| wrong())
}

/// ISO 8601, or numbers with units.
fn parse_duration(text: &str) -> Result<Span, String> {
    text.trim().parse().map_err(|_| {
        let text: String = text.chars().take(MAX_SHOWN).collect();
        format!("{text:?} is not a duration: write '2h', '1d 12h', '-30m' or 'P1M'")
    })
}

/// Checks a format that is written in a template.
pub(super) fn check_format(format: &str) -> Result<(), String> {
    let sample = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    formatted(bounded(format)?, &sample).map(drop)
}

/// Checks an offset that is written in a template.
pub(super) fn check_offset(offset: &str) -> Result<(), String> {
    parse_offset(offset).map(drop)
}

/// Checks a duration that is written in a template.
pub(super) fn check_duration(duration: &str) -> Result<(), String> {
    parse_duration(bounded(duration)?).map(drop)
}
