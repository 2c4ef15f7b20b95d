//! Cool-downs: a model that is over a limit gets no further requests of the client for a while.
//!
//! Without this, each of many parallel steps meets the same limit by itself, and every such request
//! counts against the quota.
//!
//! The lock is held for lookups in the map only, so it is a plain `Mutex`. A poisoned one is used as it is: each
//! update replaces one entry as a whole, so a panic leaves no entry half-written.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use workflow_core::node::LONGEST_REQUESTED_WAIT;

/// The longest cool-down, whatever wait the API asks for: the request after it shows whether the limit
/// still holds.
const MAX_WAIT: Duration = Duration::from_secs(600);
/// The cool-down after the second rate limit in a row without a named wait. Each further one doubles
/// it. A single one may be a spike, so it begins none.
const DEFAULT_WAIT: Duration = Duration::from_secs(1);
const MAX_DEFAULT_WAIT: Duration = Duration::from_secs(32);
/// Requests come back spread over this share of the cool-down, not all at once.
const JITTER: f64 = 0.1;
/// The most jitter, so that a long cool-down does not end much later than the API asks.
const MAX_JITTER: Duration = Duration::from_secs(5);

/// The properties of a provider's error that the [`Gate`](super::Gate) needs.
pub trait Refusal: Clone {
    /// Whether the model is over a rate limit, which passes by itself.
    fn is_over_limit(&self) -> bool;

    /// How long no request to the model can succeed, if the provider names a wait.
    fn cool_down(&self) -> Option<Duration>;
}

/// The error of a request that is not sent because its model cools down.
#[derive(Debug)]
#[non_exhaustive]
pub struct CoolingDown<R> {
    /// The model.
    pub model: String,
    /// The remaining time, with jitter.
    pub left: Duration,
    /// The error that began the cool-down.
    pub refusal: R,
}

/// The cool-downs of a client, by model. At most one entry per model that was ever refused.
#[derive(Debug)]
pub(super) struct CoolDowns<R>(Mutex<BTreeMap<String, CoolDown<R>>>);

/// The cool-down of one model. It stays after its end, to count rate limits in a row, until a success
/// removes it.
#[derive(Debug)]
struct CoolDown<R> {
    until: Instant,
    refusal: R,
    /// The number of rate limits in a row without a named wait.
    unspecified: u32,
}

impl<R> Default for CoolDowns<R> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<R: Refusal> CoolDowns<R> {
    /// Fails if a model cools down. Every caller gets another jitter, so the requests that fail now come back
    /// spread.
    pub(super) fn check(&self, model: &str) -> Result<(), CoolingDown<R>> {
        let now = Instant::now();
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let active = all.get(model).filter(|known| known.until > now);
        let Some(cool_down) = active else {
            return Ok(());
        };
        Err(CoolingDown {
            model: model.to_owned(),
            left: with_jitter(cool_down.until - now, fastrand::f64()),
            refusal: cool_down.refusal.clone(),
        })
    }

    /// Records a refusal. Of several cool-downs of one model, the one that ends last applies. A refusal that
    /// arrives late, from a request that was sent before, must not shorten the cool-down.
    pub(super) fn record(&self, model: &str, refusal: &R) {
        let now = Instant::now();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.get(model);
        let Some((wait, unspecified)) = next_wait(refusal, known, now) else {
            return;
        };
        let until = now + wait;
        if known.is_none_or(|known| known.until <= until) {
            let cool_down = CoolDown {
                until,
                refusal: refusal.clone(),
                unspecified,
            };
            all.insert(model.to_owned(), cool_down);
        }
    }

    /// Records a success, which ends the series of rate limits. A cool-down that is still running
    /// continues: the request may have been sent before it began.
    pub(super) fn succeeded(&self, model: &str) {
        let now = Instant::now();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.get(model).is_some_and(|known| known.until <= now) {
            all.remove(model);
        }
    }
}

/// The cool-down that follows a refusal, and the number of rate limits in a row without a named wait.
/// Refusals during a cool-down do not count: their requests were sent before it began.
fn next_wait<R: Refusal>(
    refusal: &R,
    known: Option<&CoolDown<R>>,
    now: Instant,
) -> Option<(Duration, u32)> {
    if let Some(wait) = refusal.cool_down() {
        // A named wait ends the series: its length is the provider's, not a guess.
        return Some((wait.min(MAX_WAIT), 0));
    }
    let is_known = known.is_some_and(|known| known.until > now);
    if is_known || !refusal.is_over_limit() {
        return None;
    }
    let unspecified = known.map_or(0, |known| known.unspecified).saturating_add(1);
    // 0 s after the first, then 1 s, 2 s, 4 s and so on. The entry of 0 s only counts.
    let wait = match unspecified.checked_sub(2) {
        None => Duration::ZERO,
        Some(more) => DEFAULT_WAIT.saturating_mul(2_u32.saturating_pow(more)),
    };
    Some((wait.min(MAX_DEFAULT_WAIT), unspecified))
}

/// Adds jitter to the remaining time. The result does not exceed the longest wait that an engine
/// accepts, unless the remaining time already does: jitter alone must not fail a step.
fn with_jitter(left: Duration, jitter_sample: f64) -> Duration {
    let more = left.mul_f64(JITTER * jitter_sample).min(MAX_JITTER);
    (left + more).min(left.max(LONGEST_REQUESTED_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone)]
    struct Status(u16);

    impl Refusal for Status {
        fn is_over_limit(&self) -> bool {
            self.0 == 429
        }

        fn cool_down(&self) -> Option<Duration> {
            None
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_named_wait_the_second_limit_in_a_row_begins_one_and_each_further_doubles_it()
    {
        let cool_downs = CoolDowns::default();
        let limited = Status(429);
        let mut waits = Vec::new();
        for _ in 0..8 {
            let begun = Instant::now();
            for _ in 0..50 {
                cool_downs.record("a", &limited);
                cool_downs.record("b", &Status(503));
                if waits.is_empty() {
                    break;
                }
            }
            while cool_downs.check("a").is_err() {
                tokio::time::advance(Duration::from_secs(1)).await;
            }
            waits.push(begun.elapsed().as_secs());
        }
        assert_eq!(waits, [0, 1, 2, 4, 8, 16, 32, 32]);
        assert!(cool_downs.check("b").is_ok());
        cool_downs.succeeded("a");
        cool_downs.record("a", &limited);
        assert!(cool_downs.check("a").is_ok(), "a new series");
    }

    #[test]
    fn requests_come_back_no_earlier_than_asked_and_not_all_at_once() {
        let seconds = Duration::from_secs;
        assert_eq!(with_jitter(seconds(30), 0.0), seconds(30));
        assert_eq!(with_jitter(seconds(30), 1.0), seconds(33));
        assert_eq!(with_jitter(seconds(59), 1.0), seconds(60));
        assert_eq!(with_jitter(seconds(300), 1.0), seconds(300));
    }
}
