//! Models that are over a limit are left alone by everyone who shares the client.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use workflow_core::node::LONGEST_REQUESTED_WAIT;

/// No model is left alone for longer, whatever was asked for: the next request then shows.
const LONGEST: Duration = Duration::from_secs(600);
/// How long a model is left alone that is over a limit and does not say for how long, at its second
/// such answer in a row; at each further one twice as long. A single one may be a spike.
const UNNAMED: Duration = Duration::from_secs(1);
const LONGEST_UNNAMED: Duration = Duration::from_secs(32);
/// Those who wait come back within this share of their wait, not all at once.
const SPREAD: f64 = 0.1;
const LONGEST_SPREAD: Duration = Duration::from_secs(5);

/// What the gate reads from the error of a provider.
pub(crate) trait Refusal: Clone {
    /// Whether the model is over a limit, for now.
    fn is_over_limit(&self) -> bool;

    /// For how long no request to the model makes sense, where the provider says so.
    fn cool_down(&self) -> Option<Duration>;
}

/// A request was not sent, since its model cools down.
#[derive(Debug)]
pub(crate) struct CoolingDown<R> {
    pub(crate) model: String,
    /// For how long, and a little longer, so that not all requests come at once.
    pub(crate) left: Duration,
    /// The error that began it.
    pub(crate) refusal: R,
}

/// Which models are left alone, until when, and what they had answered.
#[derive(Debug)]
pub(super) struct CoolDowns<R>(Mutex<BTreeMap<String, CoolDown<R>>>);

#[derive(Debug)]
struct CoolDown<R> {
    until: Instant,
    refusal: R,
    /// How often in a row no wait was named.
    unnamed: u32,
}

impl<R> Default for CoolDowns<R> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<R: Refusal> CoolDowns<R> {
    /// Whether a model may be asked; if not, why, and when it may.
    pub(super) fn check(&self, model: &str) -> Result<(), CoolingDown<R>> {
        let now = Instant::now();
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let active = all.get(model).filter(|known| known.until > now);
        let Some(cool_down) = active else {
            return Ok(());
        };
        Err(CoolingDown {
            model: model.to_owned(),
            left: spread(cool_down.until - now, fastrand::f64()),
            refusal: cool_down.refusal.clone(),
        })
    }

    /// Notes what a model has answered. Of several wishes the one that ends last holds.
    pub(super) fn note(&self, model: &str, refusal: &R) {
        let now = Instant::now();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.get(model);
        let Some((wait, unnamed)) = wait(refusal, known, now) else {
            return;
        };
        let until = now + wait;
        if known.is_none_or(|known| known.until <= until) {
            let cool_down = CoolDown {
                until,
                refusal: refusal.clone(),
                unnamed,
            };
            all.insert(model.to_owned(), cool_down);
        }
    }

    /// A model that answers is over no limit. What it was told to wait still holds.
    pub(super) fn succeeded(&self, model: &str) {
        let now = Instant::now();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.get(model).is_some_and(|known| known.until <= now) {
            all.remove(model);
        }
    }
}

/// How long to leave a model alone after an error, and how often in a row no wait was named. Those who
/// had asked before the others knew count once.
fn wait<R: Refusal>(
    refusal: &R,
    known: Option<&CoolDown<R>>,
    now: Instant,
) -> Option<(Duration, u32)> {
    if let Some(wait) = refusal.cool_down() {
        return Some((wait.min(LONGEST), 0));
    }
    let is_known = known.is_some_and(|known| known.until > now);
    if is_known || !refusal.is_over_limit() {
        return None;
    }
    let unnamed = known.map_or(0, |known| known.unnamed).saturating_add(1);
    let wait = match unnamed.checked_sub(2) {
        None => Duration::ZERO,
        Some(more) => UNNAMED.saturating_mul(2_u32.saturating_pow(more)),
    };
    Some((wait.min(LONGEST_UNNAMED), unnamed))
}

/// A little longer than what is left; but not longer than what an engine waits for, if that was not.
fn spread(left: Duration, draw: f64) -> Duration {
    let more = left.mul_f64(SPREAD * draw).min(LONGEST_SPREAD);
    (left + more).min(left.max(LONGEST_REQUESTED_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ApiError;

    #[tokio::test(start_paused = true)]
    async fn without_a_named_wait_the_second_limit_in_a_row_brings_one_and_each_further_doubles_it()
    {
        let cool_downs = CoolDowns::default();
        let limited = ApiError::from_answer(429, b"", None);
        let mut waits = Vec::new();
        for _ in 0..8 {
            let begun = Instant::now();
            for _ in 0..50 {
                cool_downs.note("a", &limited);
                cool_downs.note("b", &ApiError::from_answer(503, b"", None));
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
        cool_downs.note("a", &limited);
        assert!(cool_downs.check("a").is_ok(), "counted anew");
    }

    #[test]
    fn nobody_comes_too_soon_and_not_all_at_once() {
        let seconds = Duration::from_secs;
        assert_eq!(spread(seconds(30), 0.0), seconds(30));
        assert_eq!(spread(seconds(30), 1.0), seconds(33));
        assert_eq!(spread(seconds(59), 1.0), seconds(60));
        assert_eq!(spread(seconds(300), 1.0), seconds(300));
    }
}
