//! How many failures may be answered with another attempt.

use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

/// What a success adds: one retry for five of them.
const PER_SUCCESS: f64 = 0.2;
/// What a second adds, so that a quiet client recovers.
const PER_SECOND: f64 = 1.0;

/// A bucket of tokens. Each failure takes one; while it is empty, nobody tries again: when most calls
/// fail, further ones only make it worse.
#[derive(Debug)]
pub(super) struct Budget {
    capacity: f64,
    bucket: Mutex<Bucket>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Budget {
    pub(super) fn new(capacity: u32) -> Self {
        let capacity = f64::from(capacity);
        let bucket = Mutex::new(Bucket {
            tokens: capacity,
            at: Instant::now(),
        });
        Self { capacity, bucket }
    }

    pub(super) fn grants(&self) -> bool {
        self.change(0.0) >= 1.0
    }

    pub(super) fn succeeded(&self) {
        self.change(PER_SUCCESS);
    }

    pub(super) fn failed(&self) {
        self.change(-1.0);
    }

    fn change(&self, by: f64) -> f64 {
        let now = Instant::now();
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now.saturating_duration_since(bucket.at).as_secs_f64();
        let tokens = bucket.tokens + passed * PER_SECOND + by;
        bucket.tokens = tokens.clamp(0.0, self.capacity);
        bucket.at = now;
        bucket.tokens
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn failures_use_it_up_and_successes_and_time_fill_it() {
        let budget = Budget::new(3);
        budget.failed();
        budget.failed();
        assert!(budget.grants(), "one is left");
        budget.failed();
        budget.failed();
        assert!(!budget.grants());
        (0..5).for_each(|_| budget.succeeded());
        assert!(budget.grants());
        budget.failed();
        assert!(!budget.grants());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(budget.grants());
        assert!(!Budget::new(0).grants(), "none at all");
    }
}
