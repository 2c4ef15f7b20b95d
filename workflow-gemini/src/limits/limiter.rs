//! How many requests are in flight, and how many are sent per minute.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::line::{Line, Place, Rule};

const MINUTE: Duration = Duration::from_secs(60);

/// Makes requests wait in line until both limits let one go.
#[derive(Clone, Debug)]
pub(super) struct Limiter(Arc<Line<Limit>>);

#[derive(Debug)]
pub(super) struct Limit {
    free: usize,
    per_minute: Option<usize>,
    /// When the requests of the last minute were sent.
    sent: VecDeque<Instant>,
}

impl Rule for Limit {
    fn admit(&mut self, now: Instant) -> Result<(), Option<Instant>> {
        let free = self.free.checked_sub(1).ok_or(None)?;
        if let Some(most) = self.per_minute {
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
        self.free = free;
        Ok(())
    }
}

/// A request's right to be in flight, until its answer has ended.
#[derive(Debug)]
pub(crate) struct Permit(Arc<Line<Limit>>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.change(|limit| limit.free += 1);
    }
}

impl Limiter {
    pub(super) fn new(in_flight: usize, per_minute: Option<u32>, max_waiting: usize) -> Self {
        let per_minute = per_minute.map(|most| usize::try_from(most.max(1)).unwrap_or(usize::MAX));
        let limit = Limit {
            free: in_flight.max(1),
            per_minute,
            sent: VecDeque::new(),
        };
        Self(Arc::new(Line::new(limit, max_waiting)))
    }

    pub(super) fn place(&self) -> Place<Limit> {
        Place::new(Arc::clone(&self.0))
    }

    /// The permit of a place that was admitted.
    pub(super) fn permit(&self) -> Permit {
        Permit(Arc::clone(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;
    use crate::limits::line::Moved;

    impl Limiter {
        async fn enter(&self) -> Permit {
            let mut place = self.place();
            while place.next().await != Moved::Admitted {}
            self.permit()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_go_in_any_minute_and_the_rest_wait() {
        let limiter = Limiter::new(100, Some(2), 100);
        let begun = Instant::now();
        let mut went = Vec::new();
        for _ in 0..5 {
            limiter.enter().await;
            went.push(begun.elapsed().as_secs());
        }
        assert_eq!(went, [0, 0, 60, 60, 120]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_stops_waiting_leaves_the_line() {
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
    async fn so_many_are_in_flight() {
        let limiter = Limiter::new(2, None, 100);
        let one = limiter.enter().await;
        let _other = limiter.enter().await;
        assert!(limiter.enter().now_or_never().is_none());
        drop(one);
        assert!(limiter.enter().now_or_never().is_some());
        assert!(Limiter::new(0, None, 100).enter().now_or_never().is_some());
    }
}
