//! The timeouts of one request.
//!
//! | phase | begins | timeout |
//! |---|---|---|
//! | token, connection, head, first byte | with the request | `first_byte`, for all of them together |
//! | connection | with the connection | `connect`, applied by the HTTP client |
//! | each further piece of the body | with the piece before | `idle` |
//! | the end of the body after a complete answer | with the last piece | `idle`, at most 5 s |
//! | all of them | with the request | `total` |

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

/// The longest wait for the end of the body after a complete answer. A proxy may keep the connection
/// open; the answer must not wait for it.
const AFTER_THE_END: Duration = Duration::from_secs(5);

/// The timeouts of a client. The builder documents them.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// Applied by the HTTP client, which alone sees when the connection is made.
    pub connect: Duration,
    /// From the start of the request.
    pub first_byte: Duration,
    /// Between two pieces of the body.
    pub idle: Duration,
    /// From the start of the request to the end of the body.
    pub total: Option<Duration>,
}

/// The phases of a request, each with its own timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Connecting.
    Connect,
    /// Waiting for the first byte of the answer.
    FirstByte,
    /// Waiting for the next piece of an answer.
    Idle,
    /// The request as a whole.
    Total,
}

/// The error of a wait that reached its timeout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimedOut {
    /// The host, and the proxy if one is used; only if no connection was made.
    pub peer: Option<String>,
    /// The phase that took too long.
    pub phase: Phase,
    /// The timeout of this phase.
    pub limit: Duration,
}

/// Applies the timeouts to the waits of one request, one after the other. It starts after admission: time in a queue does
/// not count.
#[derive(Debug)]
pub struct Clock {
    timeouts: Timeouts,
    started: Instant,
    /// One timer for all waits. To set it to a later time, as each piece of an answer does, is much cheaper than a new one.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Clock {
    /// Starts the clock of a request.
    pub fn start(timeouts: Timeouts) -> Self {
        Self {
            timeouts,
            started: Instant::now(),
            timer: None,
        }
    }

    /// Waits within the first-byte timeout, counted from the start of the request: token, connection,
    /// head and first byte share it.
    ///
    /// # Errors
    /// [`TimedOut`].
    pub async fn first_byte<T>(&mut self, task: impl Future<Output = T>) -> Result<T, TimedOut> {
        let limit = self.timeouts.first_byte;
        self.within(self.started, limit, Phase::FirstByte, task)
            .await
    }

    /// Waits within the idle timeout for the next piece of an answer.
    ///
    /// # Errors
    /// [`TimedOut`].
    pub async fn more<T>(&mut self, task: impl Future<Output = T>) -> Result<T, TimedOut> {
        let limit = self.timeouts.idle;
        self.within(Instant::now(), limit, Phase::Idle, task).await
    }

    /// Waits for the end of a body whose answer is complete.
    ///
    /// # Errors
    /// [`TimedOut`].
    pub async fn end<T>(&mut self, task: impl Future<Output = T>) -> Result<T, TimedOut> {
        let limit = self.timeouts.idle.min(AFTER_THE_END);
        self.within(Instant::now(), limit, Phase::Idle, task).await
    }

    /// The error of a connection that was not made in time. The HTTP client applies this timeout.
    pub fn connect_error(&self, peer: String) -> TimedOut {
        TimedOut {
            peer: Some(peer),
            phase: Phase::Connect,
            limit: self.timeouts.connect,
        }
    }

    /// Waits for a task until the timeout of its phase or the total timeout, whichever ends first. The
    /// error names the one that was reached.
    async fn within<T>(
        &mut self,
        from: Instant,
        limit: Duration,
        phase: Phase,
        task: impl Future<Output = T>,
    ) -> Result<T, TimedOut> {
        let own = (from.checked_add(limit), limit, phase);
        let whole = self.timeouts.total.map(|limit| {
            let until = self.started.checked_add(limit);
            (until, limit, Phase::Total)
        });
        let (until, limit, phase) = sooner(own, whole);
        // For example with `Duration::MAX`, which means no limit.
        let Some(until) = until else {
            return Ok(task.await);
        };
        let timed_out = TimedOut {
            peer: None,
            phase,
            limit,
        };
        let mut task = pin!(task);
        let mut is_set = false;
        poll_fn(|cx| {
            if let Poll::Ready(done) = task.as_mut().poll(cx) {
                return Poll::Ready(Ok(done));
            }
            let timer = (self.timer).get_or_insert_with(|| Box::pin(sleep_until(until)));
            if !std::mem::replace(&mut is_set, true) {
                timer.as_mut().reset(until);
            }
            timer.as_mut().poll(cx).map(|()| Err(timed_out.clone()))
        })
        .await
    }
}

/// The end of a wait, its length and its phase. The end is `None` if it exceeds the range of `Instant`:
/// then the wait has no limit.
type Bound = (Option<Instant>, Duration, Phase);

/// The bound that ends first. If both end together, the phase is named, since it is more specific.
fn sooner(own: Bound, whole: Option<Bound>) -> Bound {
    match whole {
        Some(whole) if whole.0.is_some_and(|end| own.0.is_none_or(|own| end < own)) => whole,
        _ => own,
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    fn clock(total: Option<u64>) -> Clock {
        Clock::start(Timeouts {
            connect: Duration::from_secs(1),
            first_byte: Duration::from_secs(10),
            idle: Duration::from_secs(7),
            total: total.map(Duration::from_secs),
        })
    }

    fn reached(error: &TimedOut) -> (Phase, u64) {
        (error.phase, error.limit.as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn each_wait_has_its_limit() {
        let mut clock = clock(None);
        let error = clock.more(pending::<()>()).await.unwrap_err();
        assert_eq!(
            (reached(&error), clock.started.elapsed().as_secs()),
            ((Phase::Idle, 7), 7)
        );
        let error = clock.first_byte(pending::<()>()).await.unwrap_err();
        assert_eq!(reached(&error), (Phase::FirstByte, 10));
        assert_eq!(
            clock.started.elapsed().as_secs(),
            10,
            "counted from the start"
        );
        let error = clock.end(pending::<()>()).await.unwrap_err();
        assert_eq!(
            (reached(&error), clock.started.elapsed().as_secs()),
            ((Phase::Idle, 5), 15)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_total_timeout_applies_if_it_is_set() {
        let mut clock = clock(Some(9));
        clock
            .more(tokio::time::sleep(Duration::from_secs(6)))
            .await
            .unwrap();
        let error = clock.more(pending::<()>()).await.unwrap_err();
        assert_eq!(
            (reached(&error), clock.started.elapsed().as_secs()),
            ((Phase::Total, 9), 9)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_timeout_beyond_the_range_of_time_is_none() {
        let mut clock = clock(None);
        clock.timeouts.idle = Duration::MAX;
        assert!(clock.more(async {}).await.is_ok());
    }
}
