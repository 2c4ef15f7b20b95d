//! How many requests are on their way, and how many are sent per minute.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep_until},
};

const MINUTE: Duration = Duration::from_secs(60);

/// Makes requests wait for their turn. Waiting is over when its future is dropped.
#[derive(Debug)]
pub(super) struct Limiter {
    in_flight: Arc<Semaphore>,
    window: Option<Window>,
}

/// A request's right to be on its way, until its answer has ended.
#[derive(Debug)]
pub(crate) struct Permit {
    _in_flight: Option<OwnedSemaphorePermit>,
}

impl Limiter {
    pub(super) fn new(in_flight: usize, per_minute: Option<u32>) -> Self {
        let in_flight = in_flight.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            in_flight: Arc::new(Semaphore::new(in_flight)),
            window: per_minute.map(Window::new),
        }
    }

    pub(super) async fn enter(&self) -> Permit {
        let in_flight = Arc::clone(&self.in_flight).acquire_owned().await.ok();
        if let Some(window) = &self.window {
            window.turn().await;
        }
        Permit {
            _in_flight: in_flight,
        }
    }
}

/// At most so many in any minute.
#[derive(Debug)]
struct Window {
    most: usize,
    /// When requests of the last minute went, and when those that wait will go.
    times: Mutex<VecDeque<Instant>>,
}

impl Window {
    fn new(most: u32) -> Self {
        Self {
            most: usize::try_from(most.max(1)).unwrap_or(usize::MAX),
            times: Mutex::default(),
        }
    }

    async fn turn(&self) {
        let mut turn = Turn {
            at: self.reserve(Instant::now()),
            window: self,
            taken: false,
        };
        sleep_until(turn.at).await;
        turn.taken = true;
    }

    fn reserve(&self, now: Instant) -> Instant {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        while times.front().is_some_and(|time| *time + MINUTE <= now) {
            times.pop_front();
        }
        let before = times.len().checked_sub(self.most);
        let free = before.and_then(|index| times.get(index));
        let at = free.map_or(now, |time| now.max(*time + MINUTE));
        times.push_back(at);
        at
    }

    fn release(&self, at: Instant) {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = times.iter().rposition(|time| *time == at) {
            times.remove(index);
        }
    }
}

/// A place in the queue: it is given back unless it was taken.
struct Turn<'a> {
    window: &'a Window,
    at: Instant,
    taken: bool,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.taken {
            self.window.release(self.at);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn so_many_go_in_any_minute_and_the_rest_wait() {
        let limiter = Limiter::new(100, Some(2));
        let begun = Instant::now();
        let mut went = Vec::new();
        for _ in 0..5 {
            limiter.enter().await;
            went.push(begun.elapsed().as_secs());
        }
        assert_eq!(went, [0, 0, 60, 60, 120]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_stops_waiting_leaves_the_queue() {
        let limiter = Limiter::new(100, Some(1));
        limiter.enter().await;
        let begun = Instant::now();
        for _ in 0..10 {
            assert!(limiter.enter().now_or_never().is_none());
        }
        limiter.enter().await;
        assert_eq!(begun.elapsed().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_are_on_their_way() {
        let limiter = Limiter::new(2, None);
        let one = limiter.enter().await;
        let _other = limiter.enter().await;
        assert!(limiter.enter().now_or_never().is_none());
        drop(one);
        assert!(limiter.enter().now_or_never().is_some());
        assert!(Limiter::new(0, None).enter().now_or_never().is_some());
    }
}
