//! The time-outs of one request.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, timeout_at};

use crate::error::{GeminiError, Wait};

/// How long an answer that is complete may take to be closed.
const AFTER_THE_END: Duration = Duration::from_secs(5);

/// How long a client waits, and for what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    pub(crate) connect: Duration,
    pub(crate) first_byte: Duration,
    pub(crate) idle: Duration,
    pub(crate) total: Option<Duration>,
}

/// Bounds the waits of one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    timeouts: Timeouts,
    started: Instant,
}

impl Clock {
    /// The request starts now.
    pub(crate) fn start(timeouts: Timeouts) -> Self {
        let started = Instant::now();
        Self { timeouts, started }
    }

    /// Waits for something that is part of the answer's first byte.
    pub(crate) async fn first_byte<T>(
        &self,
        task: impl Future<Output = T>,
    ) -> Result<T, GeminiError> {
        let limit = self.timeouts.first_byte;
        self.within(self.started, limit, Wait::FirstByte, task)
            .await
    }

    /// Waits for more of an answer that began.
    pub(crate) async fn more<T>(&self, task: impl Future<Output = T>) -> Result<T, GeminiError> {
        let limit = self.timeouts.idle;
        self.within(Instant::now(), limit, Wait::More, task).await
    }

    /// Waits for the end of an answer that said that it is complete.
    pub(crate) async fn end<T>(&self, task: impl Future<Output = T>) -> Result<T, GeminiError> {
        let limit = self.timeouts.idle.min(AFTER_THE_END);
        self.within(Instant::now(), limit, Wait::More, task).await
    }

    /// The error of a connection that was not made in time.
    pub(crate) fn connect_error(&self, peer: String) -> GeminiError {
        GeminiError::Timeout {
            peer: Some(peer),
            wait: Wait::Connect,
            limit: self.timeouts.connect,
        }
    }

    async fn within<T>(
        &self,
        from: Instant,
        limit: Duration,
        wait: Wait,
        task: impl Future<Output = T>,
    ) -> Result<T, GeminiError> {
        let own = (from.checked_add(limit), limit, wait);
        let whole = self.timeouts.total.map(|limit| {
            let until = self.started.checked_add(limit);
            (until, limit, Wait::Whole)
        });
        let (until, limit, wait) = sooner(own, whole);
        let Some(until) = until else {
            return Ok(task.await);
        };
        let done = timeout_at(until, task).await;
        done.map_err(|_| GeminiError::Timeout {
            peer: None,
            wait,
            limit,
        })
    }
}

/// When a wait ends (never, where that is beyond all time), its length, and what it is for.
type Bound = (Option<Instant>, Duration, Wait);

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

    fn reached(error: &GeminiError) -> Option<(Wait, u64)> {
        match error {
            GeminiError::Timeout { wait, limit, .. } => Some((*wait, limit.as_secs())),
            _ => None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_wait_has_its_limit() {
        let clock = clock(None);
        let error = clock.more(pending::<()>()).await.unwrap_err();
        assert_eq!(
            (reached(&error), clock.started.elapsed().as_secs()),
            (Some((Wait::More, 7)), 7)
        );
        let error = clock.first_byte(pending::<()>()).await.unwrap_err();
        assert_eq!(reached(&error), Some((Wait::FirstByte, 10)));
        assert_eq!(
            clock.started.elapsed().as_secs(),
            10,
            "counted from the start"
        );
        let error = clock.end(pending::<()>()).await.unwrap_err();
        assert_eq!(
            (reached(&error), clock.started.elapsed().as_secs()),
            (Some((Wait::More, 5)), 15)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_whole_has_a_limit_if_asked_for() {
        let clock = clock(Some(9));
        clock
            .more(tokio::time::sleep(Duration::from_secs(6)))
            .await
            .unwrap();
        let error = clock.more(pending::<()>()).await.unwrap_err();
        assert_eq!(
            (reached(&error), clock.started.elapsed().as_secs()),
            (Some((Wait::Whole, 9)), 9)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_beyond_all_time_is_none() {
        let mut clock = clock(None);
        clock.timeouts.idle = Duration::MAX;
        assert!(clock.more(async {}).await.is_ok());
    }
}
