//! Points in time, and durations as workflows write them.

use std::{borrow::Cow, fmt, str::FromStr, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A point in time, UTC, in whole microseconds. In JSON it is an RFC 3339 string with six decimals.
///
/// ```
/// use std::time::Duration;
/// use workflow_core::value::Timestamp;
///
/// let start: Timestamp = serde_json::from_str("\"2026-01-31T12:00:00Z\"").unwrap();
/// let end = start.after(Duration::from_secs(90));
/// assert_eq!(end.to_string(), "2026-01-31T12:01:30.000000Z");
/// assert_eq!(end.since(start), Duration::from_secs(90));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    micros: i64,
}

impl Timestamp {
    /// The current time of the wall clock. The clock may step backwards: use it for display and deadlines, not to
    /// measure.
    ///
    /// Sub-microsecond digits are cut off, so that a time is the same after it was stored.
    pub fn now() -> Self {
        Self {
            micros: jiff::Timestamp::now().as_microsecond(),
        }
    }

    /// The time `wait` later, at most the last representable time.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        let wait = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
        Self::of_micros(self.micros.saturating_add(wait))
    }

    /// Limits a time to the last whole second that can be written: with fractions, the last one is not representable.
    fn of_micros(micros: i64) -> Self {
        let latest = jiff::Timestamp::MAX.as_second() * 1_000_000;
        Self {
            micros: micros.min(latest),
        }
    }

    /// The duration from `earlier` to this time; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        let micros = self.micros.saturating_sub(earlier.micros);
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = jiff::Timestamp::from_microsecond(self.micros).map_err(|_| fmt::Error)?;
        write!(f, "{time:.6}")
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time: jiff::Timestamp = text.parse().map_err(D::Error::custom)?;
        Ok(Self::of_micros(time.as_microsecond()))
    }
}

/// Whole milliseconds, as events state durations. Too long durations become the maximum.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A duration as a workflow writes it: `"500ms"`, `"30s"`, `"5m"`, `"24h"`, `"7d"`. At most 366 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct WrittenDuration(pub(crate) Duration);

/// The text is not a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a duration is a whole number and a unit without a space between them, one of ms, s, m, h, d, for example \"30s\""
)]
pub(crate) struct InvalidDuration;

/// An instant as a workflow writes it: RFC 3339 with an offset, or a date, which begins at midnight UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WrittenInstant(pub(crate) Timestamp);

/// Reads an instant.
///
/// # Errors
/// A sentence with the text, and the form of an instant.
pub(crate) fn parse_instant(text: &str) -> Result<jiff::Timestamp, String> {
    let text = text.trim();
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Ok(time);
    }
    let is_date = text.len() == "2026-01-31".len();
    let date = text.parse::<jiff::civil::Date>().ok().filter(|_| is_date);
    let midnight = date.and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC).ok());
    midnight.map(|midnight| midnight.timestamp()).ok_or_else(|| {
        let text: String = text.chars().take(40).collect();
        format!("{text:?} is not a time: write \"2026-01-31T12:00:00Z\", with `Z` or an offset, or \"2026-01-31\"")
    })
}

impl<'de> Deserialize<'de> for WrittenInstant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = parse_instant(&text).map_err(D::Error::custom)?;
        Ok(Self(Timestamp::of_micros(time.as_microsecond())))
    }
}

impl JsonSchema for WrittenInstant {
    fn schema_name() -> Cow<'static, str> {
        "Instant".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A time with its offset, such as `2026-01-31T12:00:00Z`, or a date.",
        })
    }
}

/// A hint for a text that is not a duration but most likely means one: `30 s`, `5 minutes`, `90`.
pub(crate) fn duration_hint(text: &str) -> Option<String> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim().to_lowercase();
    let known = match unit.as_str() {
        "" | "s" | "sec" | "secs" | "second" | "seconds" => "s",
        "ms" | "msec" | "msecs" | "millisecond" | "milliseconds" => "ms",
        "m" | "min" | "mins" | "minute" | "minutes" => "m",
        "h" | "hr" | "hrs" | "hour" | "hours" => "h",
        "d" | "day" | "days" => "d",
        _ => return None,
    };
    let written = format!("{number}{known}");
    written.parse::<WrittenDuration>().ok()?;
    Some(match unit.as_str() {
        "" => format!("write `{written}` for {number} seconds"),
        _ => format!("write `{written}`: a number and a unit without a space"),
    })
}

/// The longest duration. A longer one is more likely a mistake than intended.
pub(crate) const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

impl WrittenDuration {
    /// The form of a duration in JSON Schemas. The longest duration is checked by parsing only.
    pub(crate) const PATTERN: &str = "^[0-9]+(ms|s|m|h|d)$";
}

impl FromStr for WrittenDuration {
    type Err = InvalidDuration;

    fn from_str(text: &str) -> Result<Self, InvalidDuration> {
        let digits = text
            .find(|c: char| !c.is_ascii_digit())
            .ok_or(InvalidDuration)?;
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| InvalidDuration)?;
        let millis_per_unit = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(InvalidDuration),
        };
        let duration = number
            .checked_mul(millis_per_unit)
            .map(Duration::from_millis)
            .filter(|duration| *duration <= LONGEST);
        duration.map(Self).ok_or(InvalidDuration)
    }
}

impl<'de> Deserialize<'de> for WrittenDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for WrittenDuration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A whole number and a unit: `500ms`, `30s`, `5m`, `24h` or `7d`; 366 days at most.",
            "pattern": WrittenDuration::PATTERN,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_written() {
        let read = |text: &str| text.parse::<WrittenDuration>().ok().map(|d| d.0);
        assert_eq!(read("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(read("5m"), Some(Duration::from_secs(300)));
        assert_eq!(read("7d"), Some(Duration::from_secs(7 * 86_400)));
        for wrong in [
            "",
            "5",
            "s",
            "-5s",
            "1.5s",
            "5 s",
            "5S",
            "99999999999999999999d",
            "9999999d",
        ] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_misspelt_duration_has_a_hint() {
        for (text, written) in [
            ("30 s", "`30s`"),
            (" 5 minutes ", "`5m`"),
            ("2Hours", "`2h`"),
            ("90", "`90s`"),
            ("500 ms", "`500ms`"),
            ("1 day", "`1d`"),
        ] {
            let hint = duration_hint(text).unwrap_or_default();
            assert!(hint.contains(written), "{text:?}: {hint}");
        }
        for text in [
            "",
            "soon",
            "1.5h",
            "-5s",
            "PT30S",
            "99999999999999999999 s",
            "s",
        ] {
            assert_eq!(duration_hint(text), None, "{text:?}");
        }
    }

    #[test]
    fn timestamps_are_written_with_microseconds() {
        let time: Timestamp = serde_json::from_str("\"2026-11-22T22:33:35.113005Z\"").unwrap();
        assert_eq!(time.to_string(), "2026-11-22T22:33:35.113005Z");
        let whole: Timestamp = serde_json::from_str("\"2026-11-22T22:33:35Z\"").unwrap();
        assert_eq!(whole.to_string(), "2026-11-22T22:33:35.000000Z");
        assert_eq!(
            time.after(Duration::from_millis(1)).since(time),
            Duration::from_millis(1)
        );
        assert_eq!(whole.since(time), Duration::ZERO);
    }
}
