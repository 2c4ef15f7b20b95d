//! The wait that the headers of a response ask for.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER};

/// `Retry-After` according to RFC 9110, section 10.2.3: whole seconds, or a date. A date in the past is a wait of
/// zero. `None` if the header is missing or invalid.
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = header(headers, RETRY_AFTER.as_str())?;
    match value.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => until(value, now),
    }
}

/// `Retry-After` as model providers send it: also with decimals, and otherwise `retry-after-ms`.
pub fn lenient_retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let standard = header(headers, RETRY_AFTER.as_str())
        .and_then(|value| number(value, 1.0).or_else(|| until(value, now)));
    standard.or_else(|| number(header(headers, "retry-after-ms")?, 1_000.0))
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    Some(headers.get(name)?.to_str().ok()?.trim())
}

/// A decimal number of units. Negative and infinite numbers are invalid.
fn number(number: &str, per_second: f64) -> Option<Duration> {
    let number: f64 = number.parse().ok()?;
    Duration::try_from_secs_f64(number / per_second).ok()
}

/// The time until a date; zero for a date in the past.
fn until(date: &str, now: SystemTime) -> Option<Duration> {
    let date = httpdate::parse_http_date(date).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn wait(pairs: &[(&'static str, &'static str)]) -> Option<Duration> {
        let pairs = pairs.iter().map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        // Sun, 06 Nov 1994 08:49:37 GMT
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let headers = pairs.collect();
        if let Some(standard) = retry_after(&headers, now) {
            assert_eq!(lenient_retry_after(&headers, now), Some(standard));
        }
        lenient_retry_after(&headers, now)
    }

    fn standard(value: &'static str) -> Option<Duration> {
        let headers = [(RETRY_AFTER, HeaderValue::from_static(value))];
        // Sun, 06 Nov 1994 08:49:37 GMT
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        retry_after(&headers.into_iter().collect(), now)
    }

    #[test]
    fn the_standard_has_whole_seconds_and_dates() {
        assert_eq!(standard(" 7 "), Some(Duration::from_secs(7)));
        let later = standard("Sun, 06 Nov 1994 08:50:07 GMT");
        assert_eq!(later, Some(Duration::from_secs(30)));
        let past = standard("Sun, 06 Nov 1994 08:00:00 GMT");
        assert_eq!(past, Some(Duration::ZERO));
        for value in ["soon", "-1", "", "NaN", "1.5"] {
            assert_eq!(standard(value), None, "{value}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), SystemTime::now()), None);
    }

    #[test]
    fn seconds_dates_and_milliseconds_are_accepted() {
        assert_eq!(wait(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
        assert_eq!(
            wait(&[("retry-after-ms", "250")]),
            Some(Duration::from_millis(250))
        );
        let both = [("retry-after-ms", "250"), ("retry-after", "7")];
        assert_eq!(wait(&both), Some(Duration::from_secs(7)));
        let later = [("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT")];
        assert_eq!(wait(&later), Some(Duration::from_secs(30)));
        let past = [("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT")];
        assert_eq!(wait(&past), Some(Duration::ZERO));
    }

    #[test]
    fn invalid_values_are_ignored() {
        for value in ["soon", "-1", "", "NaN", "inf", "1e300"] {
            assert_eq!(wait(&[("retry-after", value)]), None, "{value}");
        }
        let else_ms = [("retry-after", "soon"), ("retry-after-ms", "9")];
        assert_eq!(wait(&else_ms), Some(Duration::from_millis(9)));
        assert_eq!(wait(&[]), None);
    }
}
