//! How long an answer asks to wait.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER};

/// `Retry-After`, in seconds or as a date. A date that has passed asks for no wait.
pub(crate) fn wished_wait(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn wait(value: &'static str) -> Option<Duration> {
        let headers = [(RETRY_AFTER, HeaderValue::from_static(value))];
        // Sun, 06 Nov 1994 08:49:37 GMT
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        wished_wait(&headers.into_iter().collect(), now)
    }

    #[test]
    fn seconds_and_dates_are_understood() {
        assert_eq!(wait(" 7 "), Some(Duration::from_secs(7)));
        let later = wait("Sun, 06 Nov 1994 08:50:07 GMT");
        assert_eq!(later, Some(Duration::from_secs(30)));
        let past = wait("Sun, 06 Nov 1994 08:00:00 GMT");
        assert_eq!(past, Some(Duration::ZERO));
    }

    #[test]
    fn nonsense_asks_for_nothing() {
        for value in ["soon", "-1", "", "NaN", "1.5"] {
            assert_eq!(wait(value), None, "{value}");
        }
        assert_eq!(wished_wait(&HeaderMap::new(), SystemTime::now()), None);
    }
}
