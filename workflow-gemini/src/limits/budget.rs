//! How many retries a client makes.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::line::{Line, Place, Rule};

/// What a success adds: one retry for five of them.
const PER_SUCCESS: f64 = 0.2;
/// What a second adds, so that a quiet client recovers.
const PER_SECOND: f64 = 1.0;

/// A bucket of tokens. Each retry takes one, and waits in line while there is none: when most calls
/// fail, further ones only make it worse. A retry that succeeds gives its token back, so that those
/// in line go quickly once the API has recovered.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    /// `None`: there are no retries.
    line: Option<Arc<Line<Bucket>>>,
}

#[derive(Debug)]
pub(super) struct Bucket {
    capacity: f64,
    tokens: f64,
    at: Instant,
}

impl Bucket {
    fn fill(&mut self, now: Instant, more: f64) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        let tokens = self.tokens + passed * PER_SECOND + more;
        self.tokens = tokens.clamp(0.0, self.capacity);
        self.at = now;
    }
}

impl Rule for Bucket {
    fn admit(&mut self, now: Instant) -> Result<(), Option<Instant>> {
        self.fill(now, 0.0);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        // Rounded up: asked again too early, there would still be none.
        let left = Duration::from_secs_f64((1.0 - self.tokens) / PER_SECOND);
        Err(now.checked_add(left + Duration::from_millis(1)))
    }
}

/// What a retry has taken. It is given back unless the request was sent.
#[derive(Debug)]
pub(crate) struct RetryToken {
    line: Arc<Line<Bucket>>,
    sent: bool,
}

impl RetryToken {
    /// The request is sent.
    pub(crate) fn spend(mut self) {
        self.sent = true;
    }
}

impl Drop for RetryToken {
    fn drop(&mut self) {
        if !self.sent {
            self.line.change(|bucket| bucket.fill(Instant::now(), 1.0));
        }
    }
}

impl Budget {
    pub(super) fn new(capacity: u32, max_waiting: usize) -> Self {
        let bucket = Bucket {
            capacity: f64::from(capacity),
            tokens: f64::from(capacity),
            at: Instant::now(),
        };
        let line = (capacity > 0).then(|| Arc::new(Line::new(bucket, max_waiting)));
        Self { line }
    }

    /// Whether a retry would be sent without waiting for the budget.
    pub(super) fn grants(&self) -> bool {
        let is_open = |line: &Arc<Line<Bucket>>| {
            line.is_open(|bucket| {
                bucket.fill(Instant::now(), 0.0);
                bucket.tokens >= 1.0
            })
        };
        self.line.as_ref().is_some_and(is_open)
    }

    /// Whether there are retries at all.
    pub(super) fn has_any(&self) -> bool {
        self.line.is_some()
    }

    /// A place in line for a token; none where there are no retries.
    pub(super) fn place(&self) -> Option<Place<Bucket>> {
        self.line.clone().map(Place::new)
    }

    /// The token of a place that was admitted.
    pub(super) fn token(&self) -> Option<RetryToken> {
        let line = Arc::clone(self.line.as_ref()?);
        Some(RetryToken { line, sent: false })
    }

    pub(super) fn succeeded(&self, is_retry: bool) {
        if let Some(line) = &self.line {
            let more = PER_SUCCESS + f64::from(u8::from(is_retry));
            line.change(|bucket| bucket.fill(Instant::now(), more));
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;
    use crate::limits::line::Moved;

    impl Budget {
        async fn take(&self) -> Option<RetryToken> {
            let mut place = self.place()?;
            while place.next().await != Moved::Admitted {}
            self.token()
        }
    }

    fn taken(budget: &Budget) -> bool {
        let token = budget.take().now_or_never().flatten();
        token.map(RetryToken::spend).is_some()
    }

    #[tokio::test(start_paused = true)]
    async fn retries_use_it_up_and_successes_and_time_fill_it() {
        let budget = Budget::new(2, 100);
        assert!(budget.grants() && taken(&budget) && taken(&budget));
        assert!(!budget.grants() && !taken(&budget));
        (0..5).for_each(|_| budget.succeeded(false));
        assert!(taken(&budget) && !taken(&budget));
        budget.succeeded(true);
        assert!(taken(&budget), "a retry that succeeds costs nothing");
        let begun = Instant::now();
        budget.take().await.unwrap().spend();
        assert_eq!(begun.elapsed().as_millis(), 801, "0.2 were left");
        tokio::time::advance(Duration::from_secs(100)).await;
        assert!(taken(&budget) && taken(&budget) && !taken(&budget));
    }

    #[tokio::test(start_paused = true)]
    async fn a_retry_that_was_not_sent_costs_nothing_and_a_budget_of_none_allows_none() {
        let budget = Budget::new(1, 100);
        drop(budget.take().await);
        assert!(budget.grants());
        let none = Budget::new(0, 100);
        assert!(!none.grants() && !none.has_any());
        assert!(none.take().await.is_none());
    }
}
