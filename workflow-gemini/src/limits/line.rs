//! Waiting in line, first come first served.

use std::{
    collections::VecDeque,
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use tokio::time::{Instant, Sleep, sleep_until};

/// What is waited for. Only the first in line is asked for.
pub(super) trait Rule {
    /// Lets one go now; or when to ask again, where that is known.
    fn admit(&mut self, now: Instant) -> Result<(), Option<Instant>>;
}

/// A line of those that wait until a rule admits them.
#[derive(Debug)]
pub(super) struct Line<R>(Mutex<State<R>>);

#[derive(Debug)]
struct State<R> {
    rule: R,
    /// How many may wait.
    max_waiting: usize,
    /// Ordered by ticket.
    waiting: VecDeque<Waiter>,
    next_ticket: u64,
}

#[derive(Debug)]
struct Waiter {
    ticket: u64,
    /// The position that was reported last; 1 is next.
    reported: usize,
    waker: Option<Waker>,
}

/// What one that is in line gets.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Moved {
    /// Admitted.
    Admitted,
    /// Its position; reported when it enters the line, and each time it has halved.
    Waits(usize),
    /// Refused: as many wait already as may.
    Full,
}

impl<R: Rule> Line<R> {
    pub(super) fn new(rule: R, max_waiting: usize) -> Self {
        Self(Mutex::new(State {
            rule,
            max_waiting,
            waiting: VecDeque::new(),
            next_ticket: 0,
        }))
    }

    /// Changes what the rule goes by, and lets the first in line ask again.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut R) -> T) -> T {
        let mut state = self.lock();
        let changed = change(&mut state.rule);
        state.wake_first();
        changed
    }

    /// Whether one that comes now would not have to wait.
    pub(super) fn is_open(&self, would_admit: impl FnOnce(&mut R) -> bool) -> bool {
        let mut state = self.lock();
        state.waiting.is_empty() && would_admit(&mut state.rule)
    }

    fn lock(&self) -> MutexGuard<'_, State<R>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R> State<R> {
    fn wake_first(&mut self) {
        if let Some(waker) = self.waiting.front_mut().and_then(|it| it.waker.take()) {
            waker.wake();
        }
    }

    fn place_of(&self, ticket: u64) -> Option<usize> {
        let place = self.waiting.binary_search_by_key(&ticket, |it| it.ticket);
        place.ok()
    }

    /// Takes one out. Those behind it have moved: the first may be admitted, others report it. They are
    /// looked through one by one, which costs microseconds for a thousand; it happens once per request.
    fn remove(&mut self, place: usize) {
        self.waiting.remove(place);
        if place == 0 {
            self.wake_first();
        }
        for (index, waiter) in self.waiting.iter_mut().enumerate().skip(place) {
            if index < waiter.reported / 2
                && let Some(waker) = waiter.waker.take()
            {
                waker.wake();
            }
        }
    }
}

/// A place in a line, from the moment of asking. Dropping it leaves the line.
pub(super) struct Place<R: Rule> {
    line: Arc<Line<R>>,
    ticket: Option<u64>,
    /// Set while the rule has named a time.
    timer: Option<Pin<Box<Sleep>>>,
}

impl<R: Rule> Place<R> {
    pub(super) fn new(line: Arc<Line<R>>) -> Self {
        Self {
            line,
            ticket: None,
            timer: None,
        }
    }

    /// What happens next. Not to be called any more once it is admitted.
    pub(super) async fn next(&mut self) -> Moved {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context) -> Poll<Moved> {
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
            if timer.deadline() != until {
                timer.as_mut().reset(until);
            }
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Asks the rule, if it is its turn. `Err`: it waits, and for the first in line until when.
    fn try_leave(&mut self, cx: &mut Context) -> Result<Moved, Option<Instant>> {
        let mut state = self.line.lock();
        let place = match self.ticket {
            None => state.waiting.len(),
            // It is in line until it is admitted.
            Some(ticket) => state.place_of(ticket).unwrap_or_default(),
        };
        let mut until = None;
        if place == 0 {
            match state.rule.admit(Instant::now()) {
                Ok(()) => {
                    if self.ticket.take().is_some() {
                        state.remove(0);
                    }
                    return Ok(Moved::Admitted);
                }
                Err(time) => until = time,
            }
        }
        let position = place + 1;
        let Some(_) = self.ticket else {
            if place >= state.max_waiting {
                return Ok(Moved::Full);
            }
            let ticket = state.next_ticket;
            state.next_ticket += 1;
            state.waiting.push_back(Waiter {
                ticket,
                reported: position,
                waker: None,
            });
            self.ticket = Some(ticket);
            return Ok(Moved::Waits(position));
        };
        if let Some(waiter) = state.waiting.get_mut(place) {
            if position <= waiter.reported / 2 {
                waiter.reported = position;
                return Ok(Moved::Waits(position));
            }
            waiter.waker = Some(cx.waker().clone());
        }
        Err(until)
    }
}

impl<R: Rule> Drop for Place<R> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else { return };
        let mut state = self.line.lock();
        if let Some(place) = state.place_of(ticket) {
            state.remove(place);
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

    impl Rule for Stock {
        fn admit(&mut self, _now: Instant) -> Result<(), Option<Instant>> {
            self.0 = self.0.checked_sub(1).ok_or(None)?;
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn positions_are_reported_on_entering_and_once_they_have_halved() {
        let line = Arc::new(Line::new(Stock(0), 100));
        let mut tasks = Vec::new();
        for _ in 0..40 {
            let line = Arc::clone(&line);
            tasks.push(tokio::spawn(async move {
                let mut place = Place::new(line);
                let mut reported = Vec::new();
                loop {
                    match place.next().await {
                        Moved::Admitted => return reported,
                        Moved::Waits(position) => reported.push(position),
                        Moved::Full => panic!("at most 40 of 100 wait"),
                    }
                }
            }));
            tokio::task::yield_now().await;
        }
        for _ in 0..40 {
            line.change(|stock| stock.0 += 1);
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
    async fn one_that_leaves_lets_the_others_move_up() {
        let line = Arc::new(Line::new(Stock(0), 100));
        let place = || Place::new(Arc::clone(&line));
        let mut places: Vec<_> = std::iter::repeat_with(place).take(4).collect();
        for (index, place) in places.iter_mut().enumerate() {
            assert_eq!(place.next().await, Moved::Waits(index + 1));
            assert_eq!(place.next().now_or_never(), None);
        }
        places.drain(1..3);
        assert_eq!(places[1].next().await, Moved::Waits(2));
        line.change(|stock| stock.0 = 1);
        assert_eq!(places[1].next().now_or_never(), None, "it is not the first");
        drop(places.remove(0));
        assert_eq!(places[0].next().await, Moved::Admitted);
        assert!(!line.is_open(|stock| stock.0 > 0));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_overtakes_and_a_wake_up_is_passed_on() {
        let line = Arc::new(Line::new(Stock(0), 100));
        let first = Arc::clone(&line);
        let first = tokio::spawn(async move {
            let mut place = Place::new(first);
            while place.next().await != Moved::Admitted {}
        });
        let second = Arc::clone(&line);
        let second = tokio::spawn(async move {
            let mut place = Place::new(second);
            while place.next().await != Moved::Admitted {}
        });
        tokio::time::sleep(Duration::from_millis(1)).await;
        line.change(|stock| stock.0 = 1);
        let mut late = Place::new(Arc::clone(&line));
        assert_eq!(late.next().await, Moved::Waits(3), "behind the others");
        first.abort();
        second.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_line_refuses_and_takes_one_again_once_one_has_left() {
        for most in [0, 2] {
            let line = Arc::new(Line::new(Stock(1), most));
            let place = || Place::new(Arc::clone(&line));
            assert_eq!(place().next().await, Moved::Admitted, "nobody waits");
            let mut waiting: Vec<_> = std::iter::repeat_with(place).take(most).collect();
            for (index, place) in waiting.iter_mut().enumerate() {
                assert_eq!(place.next().await, Moved::Waits(index + 1));
            }
            assert_eq!(place().next().await, Moved::Full);
            if waiting.pop().is_some() {
                assert_eq!(place().next().await, Moved::Waits(most));
            }
        }
    }
}
