//! How long to wait before the next try, and when to give up.

use std::time::Duration;

use tokio::time::Instant;

use crate::error::Error;

/// The wait after the first failure, before jitter.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// Waits double up to this one.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The failures since the last success.
#[derive(Debug)]
pub(crate) struct Backoff {
    retry_for: Duration,
    failures: u32,
    since: Option<Instant>,
}

impl Backoff {
    /// Gives up if a success is not possible within `retry_for` after the first failure.
    pub(crate) fn new(retry_for: Duration) -> Self {
        Self {
            retry_for,
            failures: 0,
            since: None,
        }
    }

    pub(crate) fn succeeded(&mut self) {
        self.failures = 0;
        self.since = None;
    }

    /// The wait before the next try: exponential, with jitter so that many clients of a server that restarts do not return
    /// at once, and at least what the server requests.
    ///
    /// # Errors
    /// The error itself if it is permanent, or the next try would be too late.
    pub(crate) fn failed(&mut self, error: Error) -> Result<Duration, Error> {
        if !error.is_retryable() {
            return Err(error);
        }
        let since = *self.since.get_or_insert_with(Instant::now);
        let doubled = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(self.failures));
        self.failures += 1;
        let jitter = 0.5 + fastrand::f64() / 2.0;
        let wait = doubled.min(LONGEST_WAIT).mul_f64(jitter);
        let wait = wait.max(error.retry_after().unwrap_or_default());
        if since.elapsed().saturating_add(wait) > self.retry_for {
            return Err(error);
        }
        Ok(wait)
    }
}

#[cfg(test)]
mod tests {
    use workflow_core::error::Problem;

    use super::*;

    fn lost() -> Error {
        Error::unreachable("failed to read the run", "reset")
    }

    fn refused(status: u16, wait: u64) -> Error {
        let wait = Some(Duration::from_secs(wait));
        Error::refused("failed", status, Problem::new("busy", "busy"), wait)
    }

    #[tokio::test(start_paused = true)]
    async fn waits_double_up_to_ten_seconds_with_jitter() {
        let mut backoff = Backoff::new(Duration::MAX);
        for expected in [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000] {
            let wait = backoff.failed(lost()).unwrap().as_millis();
            assert!(
                (expected / 2..=expected).contains(&wait),
                "{wait} of {expected}"
            );
        }
        backoff.succeeded();
        assert!(backoff.failed(lost()).unwrap() <= FIRST_WAIT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_is_never_shorter_than_the_server_requests() {
        let mut backoff = Backoff::new(Duration::from_secs(60));
        assert_eq!(backoff.failed(refused(429, 7)).unwrap().as_secs(), 7);
        assert_eq!(
            backoff.failed(refused(503, 61)).unwrap_err().status(),
            Some(503)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn it_gives_up_a_while_after_the_first_failure_and_at_once_if_retries_cannot_help() {
        let mut backoff = Backoff::new(Duration::from_secs(60));
        let start = Instant::now();
        while let Ok(wait) = backoff.failed(lost()) {
            tokio::time::sleep(wait).await;
        }
        let passed = start.elapsed().as_secs();
        assert!((49..=60).contains(&passed), "{passed} s");
        for status in [400, 401, 404, 409, 422, 500] {
            let error = Backoff::new(Duration::MAX).failed(refused(status, 0));
            assert_eq!(error.unwrap_err().status(), Some(status));
        }
        assert!(Backoff::new(Duration::ZERO).failed(lost()).is_err());
    }
}
