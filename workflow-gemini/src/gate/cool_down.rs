//! Models that are over a limit are left alone by everyone who shares the client.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use workflow_core::LONGEST_REQUESTED_WAIT;

use crate::{api_error::ApiError, error::GeminiError};

/// No model is left alone for longer, whatever was asked for: the next request then shows.
const LONGEST: Duration = Duration::from_secs(600);
/// Those who wait come back within this share of their wait, not all at once.
const SPREAD: f64 = 0.1;
const LONGEST_SPREAD: Duration = Duration::from_secs(5);

/// Which models are left alone, until when, and what they had answered.
#[derive(Debug, Default)]
pub(super) struct CoolDowns(Mutex<BTreeMap<String, CoolDown>>);

#[derive(Debug)]
struct CoolDown {
    until: Instant,
    error: ApiError,
}

impl CoolDowns {
    /// Whether a model may be asked; if not, why, and when it may.
    pub(super) fn check(&self, model: &str) -> Result<(), GeminiError> {
        let now = Instant::now();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(cool_down) = all.get(model) else {
            return Ok(());
        };
        let left = cool_down.until.saturating_duration_since(now);
        if left.is_zero() {
            all.remove(model);
            return Ok(());
        }
        Err(GeminiError::CoolingDown {
            model: model.to_owned(),
            left: spread(left, fastrand::f64()),
            error: Box::new(cool_down.error.clone()),
        })
    }

    /// Notes what a model has answered. Of several wishes the one that ends last holds.
    pub(super) fn note(&self, model: &str, error: &ApiError) {
        let Some(wait) = error.cool_down().filter(|wait| !wait.is_zero()) else {
            return;
        };
        let until = Instant::now() + wait.min(LONGEST);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.get(model).is_none_or(|known| known.until < until) {
            let error = error.clone();
            all.insert(model.to_owned(), CoolDown { until, error });
        }
    }
}

/// A little longer than what is left; but not longer than what an engine waits for, if that was not.
fn spread(left: Duration, draw: f64) -> Duration {
    let more = left.mul_f64(SPREAD * draw).min(LONGEST_SPREAD);
    (left + more).min(left.max(LONGEST_REQUESTED_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_comes_too_soon_and_not_all_at_once() {
        let seconds = Duration::from_secs;
        assert_eq!(spread(seconds(30), 0.0), seconds(30));
        assert_eq!(spread(seconds(30), 1.0), seconds(33));
        assert_eq!(spread(seconds(59), 1.0), seconds(60));
        assert_eq!(spread(seconds(300), 1.0), seconds(300));
    }
}
