//! A bounded FIFO queue for requests that wait until a rule admits them.
//!
//! `tokio::sync::Semaphore` is FIFO, too, but reports no positions, and cannot wait for a time that a
//! rule names (the end of a minute, the next token).
//!
//! Invariants: tickets ascend from front to back. Only the first waiter evaluates the rule, so only it needs a
//! timer. Each change that can let it pass wakes it: [`Queue::change`], the end of its timer, and the removal of
//! the waiter before it.

use std::{
    collections::VecDeque,
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use tokio::time::{Instant, Sleep, sleep_until};

/// The condition that the requests of a queue wait for. It is evaluated only for the first one. `admit` runs under
/// the lock of the queue, so it must be short and must not use the queue.
pub(super) trait AdmissionRule {
    /// Admits one request and takes what it uses. `Err` is the time to evaluate the rule again, or
    /// `None` if only [`Queue::change`] can make a difference.
    fn admit(&mut self, now: Instant) -> Result<(), Option<Instant>>;
}

/// The queue and its rule, under one lock, which is never held across an `.await`.
#[derive(Debug)]
pub(super) struct Queue<R>(Mutex<State<R>>);

#[derive(Debug)]
struct State<R> {
    rule: R,
    /// The most requests that may wait.
    max_waiting: usize,
    /// Ordered by ticket, so a place is found by binary search.
    waiting: VecDeque<Waiter>,
    next_ticket: u64,
}

/// A request in the queue. Its ticket identifies it while its index changes.
#[derive(Debug)]
struct Waiter {
    ticket: u64,
    /// The position that was reported last; 1 is next.
    reported: usize,
    waker: Option<Waker>,
}

/// The progress of a queue place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum QueueUpdate {
    /// The rule has admitted the request.
    Admitted,
    /// The position; 1 is next. Reported on entry and each time it has halved, so a queue of `n` causes
    /// `log2 n` reports per request instead of `n`.
    Position(usize),
    /// The queue is full, and the request is not in it.
    Full,
}

impl<R: AdmissionRule> Queue<R> {
    pub(super) fn new(rule: R, max_waiting: usize) -> Self {
        Self(Mutex::new(State {
            rule,
            max_waiting,
            waiting: VecDeque::new(),
            next_ticket: 0,
        }))
    }

    /// Changes the rule's state, and wakes the first request so that it evaluates the rule.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut R) -> T) -> T {
        let mut state = self.lock();
        let changed = change(&mut state.rule);
        state.wake_first();
        changed
    }

    /// Whether a new request would not have to wait.
    pub(super) fn is_open(&self, would_admit: impl FnOnce(&mut R) -> bool) -> bool {
        let mut state = self.lock();
        state.waiting.is_empty() && would_admit(&mut state.rule)
    }

    /// Locks the state. Poisoning is ignored: it would turn one panic into a failure of every request.
    fn lock(&self) -> MutexGuard<'_, State<R>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R> State<R> {
    fn wake_first(&mut self) {
        // A request without a waker has been woken already, or has not been polled since its last report. In
        // both cases its next poll evaluates the rule.
        if let Some(waker) = self.waiting.front_mut().and_then(|it| it.waker.take()) {
            waker.wake();
        }
    }

    fn index_of(&self, ticket: u64) -> Option<usize> {
        let index = self.waiting.binary_search_by_key(&ticket, |it| it.ticket);
        index.ok()
    }

    /// Removes a waiter and wakes those behind it that have something to do: the new first one may be
    /// admitted, others may have to report their position. The scan is linear, which costs microseconds
    /// for a thousand waiters; it happens once per request.
    fn remove(&mut self, removed: usize) {
        self.waiting.remove(removed);
        if removed == 0 {
            self.wake_first();
        }
        for (index, waiter) in self.waiting.iter_mut().enumerate().skip(removed) {
            // `index` counts from 0, so this is the condition of `try_leave` with `index + 1` as the position.
            if index < waiter.reported / 2
                && let Some(waker) = waiter.waker.take()
            {
                waker.wake();
            }
        }
    }
}

/// The place of one request in a queue. The request enters the queue with the first poll of `next`. Dropping the
/// place leaves the queue and wakes the next request, so no wake-up is lost. A place that is never polled is never in
/// the queue.
///
/// A place in the queue has to be polled or dropped: the requests behind the first one wait until it has left.
pub(super) struct QueuePlace<R: AdmissionRule> {
    queue: Arc<Queue<R>>,
    ticket: Option<u64>,
    /// Runs while the rule has named a time. Only the first request in the queue has one.
    timer: Option<Pin<Box<Sleep>>>,
}

impl<R: AdmissionRule> QueuePlace<R> {
    pub(super) fn new(queue: Arc<Queue<R>>) -> Self {
        Self {
            queue,
            ticket: None,
            timer: None,
        }
    }

    /// The next update. Must not be called after `Admitted` or `Full`.
    ///
    /// # Cancellation
    /// Cancel-safe: the request keeps its position.
    pub(super) async fn next(&mut self) -> QueueUpdate {
        poll_fn(|cx| self.poll(cx)).await
    }

    /// Polls the queue, and the timer if the rule has named a time. The loop evaluates the rule again after
    /// the timer has ended.
    fn poll(&mut self, cx: &mut Context) -> Poll<QueueUpdate> {
        loop {
            let until = match self.try_leave(cx) {
                Ok(moved) => return Poll::Ready(moved),
                Err(until) => until,
            };
            let Some(until) = until else {
                self.timer = None;
                return Poll::Pending;
            };
            let timer = self
                .timer
                .get_or_insert_with(|| Box::pin(sleep_until(until)));
            // The rule can name another time after a change, for example an earlier token.
            if timer.deadline() != until {
                timer.as_mut().reset(until);
            }
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Evaluates the rule if the request is the first one. `Err`: the request waits; for the first one
    /// until the time that the rule has named.
    fn try_leave(&mut self, cx: &mut Context) -> Result<QueueUpdate, Option<Instant>> {
        let mut state = self.queue.lock();
        let index = match self.ticket {
            None => state.waiting.len(),
            // A request with a ticket is in the queue until it is admitted, so this finds it.
            Some(ticket) => state.index_of(ticket).unwrap_or_default(),
        };
        let mut until = None;
        if index == 0 {
            match state.rule.admit(Instant::now()) {
                Ok(()) => {
                    if self.ticket.take().is_some() {
                        state.remove(0);
                    }
                    return Ok(QueueUpdate::Admitted);
                }
                Err(time) => until = time,
            }
        }
        let position = index + 1;
        // The first poll. A request that has to wait reports its position at once.
        let Some(_) = self.ticket else {
            if index >= state.max_waiting {
                return Ok(QueueUpdate::Full);
            }
            let ticket = state.next_ticket;
            state.next_ticket += 1;
            state.waiting.push_back(Waiter {
                ticket,
                reported: position,
                waker: None,
            });
            self.ticket = Some(ticket);
            return Ok(QueueUpdate::Position(position));
        };
        if let Some(waiter) = state.waiting.get_mut(index) {
            // No waker is stored here: the caller polls again after each report.
            if position <= waiter.reported / 2 {
                waiter.reported = position;
                return Ok(QueueUpdate::Position(position));
            }
            waiter.waker = Some(cx.waker().clone());
        }
        Err(until)
    }
}

impl<R: AdmissionRule> Drop for QueuePlace<R> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else { return };
        let mut state = self.queue.lock();
        if let Some(index) = state.index_of(ticket) {
            state.remove(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::FutureExt;

    use super::*;

    /// Admits as many as it has.
    #[derive(Debug)]
    struct Stock(usize);

    impl AdmissionRule for Stock {
        fn admit(&mut self, _now: Instant) -> Result<(), Option<Instant>> {
            self.0 = self.0.checked_sub(1).ok_or(None)?;
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn positions_are_reported_on_entry_and_when_they_have_halved() {
        let queue = Arc::new(Queue::new(Stock(0), 100));
        let mut tasks = Vec::new();
        for _ in 0..40 {
            let queue = Arc::clone(&queue);
            tasks.push(tokio::spawn(async move {
                let mut place = QueuePlace::new(queue);
                let mut reported = Vec::new();
                loop {
                    match place.next().await {
                        QueueUpdate::Admitted => return reported,
                        QueueUpdate::Position(position) => reported.push(position),
                        QueueUpdate::Full => panic!("at most 40 of 100 wait"),
                    }
                }
            }));
            tokio::task::yield_now().await;
        }
        for _ in 0..40 {
            queue.change(|stock| stock.0 += 1);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let mut all = Vec::new();
        for task in tasks {
            all.push(task.await.unwrap());
        }
        assert_eq!(all[0], [1]);
        assert_eq!(all[1], [2, 1]);
        assert_eq!(all[4], [5, 2, 1]);
        assert_eq!(all[39], [40, 20, 10, 5, 2, 1]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_leaves_moves_the_others_up() {
        let queue = Arc::new(Queue::new(Stock(0), 100));
        let place = || QueuePlace::new(Arc::clone(&queue));
        let mut places: Vec<_> = std::iter::repeat_with(place).take(4).collect();
        for (index, place) in places.iter_mut().enumerate() {
            assert_eq!(place.next().await, QueueUpdate::Position(index + 1));
            assert_eq!(place.next().now_or_never(), None);
        }
        places.drain(1..3);
        assert_eq!(places[1].next().await, QueueUpdate::Position(2));
        queue.change(|stock| stock.0 = 1);
        assert_eq!(places[1].next().now_or_never(), None, "it is not the first");
        drop(places.remove(0));
        assert_eq!(places[0].next().await, QueueUpdate::Admitted);
        assert!(!queue.is_open(|stock| stock.0 > 0));
    }

    #[tokio::test(start_paused = true)]
    async fn requests_keep_their_order_and_a_wake_up_is_passed_on() {
        let queue = Arc::new(Queue::new(Stock(0), 100));
        let first = Arc::clone(&queue);
        let first = tokio::spawn(async move {
            let mut place = QueuePlace::new(first);
            while place.next().await != QueueUpdate::Admitted {}
        });
        let second = Arc::clone(&queue);
        let second = tokio::spawn(async move {
            let mut place = QueuePlace::new(second);
            while place.next().await != QueueUpdate::Admitted {}
        });
        tokio::time::sleep(Duration::from_millis(1)).await;
        queue.change(|stock| stock.0 = 1);
        let mut late = QueuePlace::new(Arc::clone(&queue));
        assert_eq!(
            late.next().await,
            QueueUpdate::Position(3),
            "behind the others"
        );
        first.abort();
        second.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_queue_refuses_until_a_request_has_left() {
        for most in [0, 2] {
            let queue = Arc::new(Queue::new(Stock(1), most));
            let place = || QueuePlace::new(Arc::clone(&queue));
            assert_eq!(place().next().await, QueueUpdate::Admitted, "no one waits");
            let mut waiting: Vec<_> = std::iter::repeat_with(place).take(most).collect();
            for (index, place) in waiting.iter_mut().enumerate() {
                assert_eq!(place.next().await, QueueUpdate::Position(index + 1));
            }
            assert_eq!(place().next().await, QueueUpdate::Full);
            if waiting.pop().is_some() {
                assert_eq!(place().next().await, QueueUpdate::Position(most));
            }
        }
    }
}
