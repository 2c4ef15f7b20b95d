//! The limits on requests in flight and on requests per minute.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::queue::{AdmissionRule, Queue, QueuePlace};

const MINUTE: Duration = Duration::from_secs(60);

/// The limits of a client on its requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestLimits {
    /// The most requests in flight, including answers that are being read.
    pub in_flight: usize,
    /// The most requests in any 60 s; `None` for no limit.
    pub per_minute: Option<u32>,
}

/// A FIFO queue of requests for both limits. One queue for both keeps the order, and a request never
/// holds a slot of one limit while it waits for the other.
#[derive(Clone, Debug)]
pub(super) struct Limiter(Arc<Queue<LimiterState>>);

/// The state of both limits.
#[derive(Debug)]
pub(super) struct LimiterState {
    /// The most requests in flight.
    max_in_flight: usize,
    /// The requests in flight. More than the most after it was lowered.
    in_flight: usize,
    per_minute: Option<usize>,
    /// The times of the requests in the last minute, oldest first; at most `per_minute` of them. A
    /// sliding window: a bucket that refills each minute would allow twice the limit in one minute.
    sent: VecDeque<Instant>,
}

impl LimiterState {
    fn set(&mut self, in_flight: usize, per_minute: Option<u32>) {
        self.max_in_flight = in_flight.max(1);
        self.per_minute = per_minute.map(|most| usize::try_from(most.max(1)).unwrap_or(usize::MAX));
    }
}

impl AdmissionRule for LimiterState {
    /// Takes a slot only after both limits allow the request. Without a free slot, the end of a request
    /// evaluates the rule again; over the limit per minute, the time when the oldest request leaves the
    /// window does.
    fn admit(&mut self, now: Instant) -> Result<(), Option<Instant>> {
        if self.in_flight >= self.max_in_flight {
            return Err(None);
        }
        if let Some(most) = self.per_minute {
            // At the end of the window exactly, a request no longer counts: the wake-up below is at this time.
            while self.sent.front().is_some_and(|sent| *sent + MINUTE <= now) {
                self.sent.pop_front();
            }
            if self.sent.len() >= most
                && let Some(oldest) = self.sent.front()
            {
                return Err(Some(*oldest + MINUTE));
            }
            self.sent.push_back(now);
        }
        self.in_flight += 1;
        Ok(())
    }
}

/// A slot for a request in flight. Dropping it, at the end of the answer, frees the slot. The time of the request
/// stays in the window of the last minute, even if the request was never sent. The client then sends fewer requests
/// than the limit, never more.
#[derive(Debug)]
pub struct Permit(Arc<Queue<LimiterState>>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.change(|limit| limit.in_flight -= 1);
    }
}

impl Limiter {
    /// Limits of 0 count as 1. The builder refuses them, so this only prevents a deadlock.
    pub(super) fn new(in_flight: usize, per_minute: Option<u32>, max_waiting: usize) -> Self {
        let mut limit = LimiterState {
            max_in_flight: 0,
            in_flight: 0,
            per_minute: None,
            sent: VecDeque::new(),
        };
        limit.set(in_flight, per_minute);
        Self(Arc::new(Queue::new(limit, max_waiting)))
    }

    pub(super) fn limits(&self) -> RequestLimits {
        self.0.change(|limit| RequestLimits {
            in_flight: limit.max_in_flight,
            per_minute: (limit.per_minute).map(|most| u32::try_from(most).unwrap_or(u32::MAX)),
        })
    }

    /// Changes both limits. Requests in flight stay so.
    pub(super) fn set(&self, in_flight: usize, per_minute: Option<u32>) {
        self.0.change(|limit| limit.set(in_flight, per_minute));
    }

    pub(super) fn place(&self) -> QueuePlace<LimiterState> {
        QueuePlace::new(Arc::clone(&self.0))
    }

    /// The permit of a queue place that was admitted. To be called once per admission. The rule has taken the slot
    /// already; dropping this value frees it.
    pub(super) fn permit(&self) -> Permit {
        Permit(Arc::clone(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;
    use crate::gate::queue::QueueUpdate;

    impl Limiter {
        async fn enter(&self) -> Permit {
            let mut place = self.place();
            while place.next().await != QueueUpdate::Admitted {}
            self.permit()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn requests_over_the_limit_per_minute_wait() {
        let limiter = Limiter::new(100, Some(2), 100);
        let begun = Instant::now();
        let mut admitted = Vec::new();
        for _ in 0..5 {
            limiter.enter().await;
            admitted.push(begun.elapsed().as_secs());
        }
        assert_eq!(admitted, [0, 0, 60, 60, 120]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_request_leaves_the_queue() {
        let limiter = Limiter::new(100, Some(1), 100);
        limiter.enter().await;
        let begun = Instant::now();
        for _ in 0..10 {
            assert!(limiter.enter().now_or_never().is_none());
        }
        limiter.enter().await;
        assert_eq!(begun.elapsed().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn limits_can_be_lowered_and_raised_while_requests_are_in_flight_and_wait() {
        let limiter = Limiter::new(3, Some(100), 100);
        let mut permits = vec![limiter.enter().await, limiter.enter().await];
        limiter.set(1, Some(100));
        let mut third = Box::pin(limiter.enter());
        assert!(third.as_mut().now_or_never().is_none());
        permits.pop();
        assert!(
            third.as_mut().now_or_never().is_none(),
            "one is in flight still"
        );
        limiter.set(2, Some(100));
        permits.push(third.await);
        limiter.set(10, Some(3));
        let begun = Instant::now();
        let mut fourth = Box::pin(limiter.enter());
        assert!(
            fourth.as_mut().now_or_never().is_none(),
            "three in this minute"
        );
        limiter.set(10, Some(4));
        permits.push(fourth.await);
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_over_the_in_flight_limit_wait() {
        let limiter = Limiter::new(2, None, 100);
        let one = limiter.enter().await;
        let _other = limiter.enter().await;
        assert!(limiter.enter().now_or_never().is_none());
        drop(one);
        assert!(limiter.enter().now_or_never().is_some());
        assert!(Limiter::new(0, None, 100).enter().now_or_never().is_some());
    }
}
