//! The retry budget: how many retries a client sends.
//!
//! Retries of many requests at once turn a short overload into a long one. The budget limits them for
//! all requests of a client together, and recovers with time and with successes. Google's SRE book
//! (chapter "Handling Overload") and tower's `Budget` describe the idea; this one makes retries wait
//! instead of failing them.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::queue::{AdmissionRule, Queue, QueuePlace};

/// The tokens that a success adds: one retry for five successes.
const PER_SUCCESS: f64 = 0.2;
/// The tokens that a second adds, so that a client without traffic recovers.
const PER_SECOND: f64 = 1.0;

/// A token bucket for retries.
///
/// Each retry takes one token, and waits in a queue while there is none. A retry that succeeds gives
/// its token back, so the queue drains quickly once the API has recovered.
#[derive(Clone, Debug)]
pub(super) struct RetryBudget {
    /// `None` if the budget is 0, so that no retry is allowed.
    queue: Option<Arc<Queue<TokenBucket>>>,
}

/// The state of the budget. Fractions of tokens are kept, so that five successes make one retry.
#[derive(Debug)]
pub(super) struct TokenBucket {
    capacity: f64,
    tokens: f64,
    at: Instant,
}

impl TokenBucket {
    /// Adds the tokens of the time since the last call, and `more`, up to the capacity. Every access to the tokens
    /// begins with it, so the time needs no task of its own.
    fn fill(&mut self, now: Instant, more: f64) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        let tokens = self.tokens + passed * PER_SECOND + more;
        self.tokens = tokens.clamp(0.0, self.capacity);
        self.at = now;
    }
}

impl AdmissionRule for TokenBucket {
    fn admit(&mut self, now: Instant) -> Result<(), Option<Instant>> {
        self.fill(now, 0.0);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        // Rounded up, because a wake-up that is too early would find no token.
        let left = Duration::from_secs_f64((1.0 - self.tokens) / PER_SECOND);
        Err(now.checked_add(left + Duration::from_millis(1)))
    }
}

/// A token that a retry has taken. Dropping it returns the token, unless the request was sent: a
/// request that fails earlier, or is cancelled, costs nothing.
#[derive(Debug)]
pub(super) struct RetryToken {
    queue: Arc<Queue<TokenBucket>>,
    sent: bool,
}

impl RetryToken {
    /// Marks the request as sent, so that the token is not returned.
    pub(super) fn spend(mut self) {
        self.sent = true;
    }
}

impl Drop for RetryToken {
    fn drop(&mut self) {
        if !self.sent {
            self.queue.change(|bucket| bucket.fill(Instant::now(), 1.0));
        }
    }
}

impl RetryBudget {
    /// A full budget, so that a new client can retry at once.
    pub(super) fn new(capacity: u32, max_waiting: usize) -> Self {
        let bucket = TokenBucket {
            capacity: f64::from(capacity),
            tokens: f64::from(capacity),
            at: Instant::now(),
        };
        // A bucket of capacity 0 would admit nothing, and its queue would never move.
        let queue = (capacity > 0).then(|| Arc::new(Queue::new(bucket, max_waiting)));
        Self { queue }
    }

    /// Whether a retry could be sent now, without waiting for the budget. `false` also while others wait, since
    /// they are first.
    pub(super) fn grants(&self) -> bool {
        let is_open = |queue: &Arc<Queue<TokenBucket>>| {
            queue.is_open(|bucket| {
                bucket.fill(Instant::now(), 0.0);
                bucket.tokens >= 1.0
            })
        };
        self.queue.as_ref().is_some_and(is_open)
    }

    /// Whether retries are allowed at all.
    pub(super) fn is_enabled(&self) -> bool {
        self.queue.is_some()
    }

    /// A place in the queue for a token. `None` if no retry is allowed.
    pub(super) fn place(&self) -> Option<QueuePlace<TokenBucket>> {
        self.queue.clone().map(QueuePlace::new)
    }

    /// The token of a queue place that was admitted. To be called once per admission. The rule has taken the token
    /// from the bucket already; this value returns it, unless it is spent.
    pub(super) fn token(&self) -> Option<RetryToken> {
        let queue = Arc::clone(self.queue.as_ref()?);
        Some(RetryToken { queue, sent: false })
    }

    /// Adds the tokens that a successful request earns. A retry that succeeds has paid one token, and gets it back
    /// in addition to the share of every success.
    pub(super) fn succeeded(&self, is_retry: bool) {
        if let Some(queue) = &self.queue {
            let more = PER_SUCCESS + f64::from(u8::from(is_retry));
            queue.change(|bucket| bucket.fill(Instant::now(), more));
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;
    use crate::gate::queue::QueueUpdate;

    impl RetryBudget {
        async fn take(&self) -> Option<RetryToken> {
            let mut place = self.place()?;
            while place.next().await != QueueUpdate::Admitted {}
            self.token()
        }
    }

    fn taken(budget: &RetryBudget) -> bool {
        let token = budget.take().now_or_never().flatten();
        token.map(RetryToken::spend).is_some()
    }

    #[tokio::test(start_paused = true)]
    async fn retries_drain_the_budget_and_successes_and_time_refill_it() {
        let budget = RetryBudget::new(2, 100);
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
    async fn a_retry_that_was_not_sent_costs_nothing_and_a_budget_of_0_allows_none() {
        let budget = RetryBudget::new(1, 100);
        drop(budget.take().await);
        assert!(budget.grants());
        let none = RetryBudget::new(0, 100);
        assert!(!none.grants() && !none.is_enabled());
        assert!(none.take().await.is_none());
    }
}
