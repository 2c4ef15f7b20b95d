//! What all requests of a client share: who may go when, and who met which limit.

mod budget;
mod cool_down;
mod limiter;

pub(crate) use self::limiter::Permit;

use self::{budget::Budget, cool_down::CoolDowns, limiter::Limiter};
use crate::{config::ConfigError, error::GeminiError};

/// How much a client may ask of the API.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) in_flight: usize,
    pub(crate) per_minute: Option<u32>,
    pub(crate) retry_budget: u32,
}

impl Limits {
    /// Refuses limits that would make every request wait for ever.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let limit = match self {
            Self { in_flight: 0, .. } => "max_in_flight",
            Self {
                per_minute: Some(0),
                ..
            } => "max_per_minute",
            _ => return Ok(()),
        };
        Err(ConfigError::NothingAllowed { limit })
    }
}

/// Stands before every request.
#[derive(Debug)]
pub(crate) struct Gate {
    cool_downs: CoolDowns,
    budget: Budget,
    limiter: Limiter,
}

impl Gate {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            cool_downs: CoolDowns::default(),
            budget: Budget::new(limits.retry_budget),
            limiter: Limiter::new(limits.in_flight, limits.per_minute),
        }
    }

    /// Lets a request to a model go, or refuses it while the model cools down: before it waits for
    /// its turn, and again after.
    pub(crate) async fn enter(&self, model: &str) -> Result<Permit, GeminiError> {
        self.cool_downs.check(model)?;
        let permit = self.limiter.enter().await;
        self.cool_downs.check(model)?;
        Ok(permit)
    }

    /// Whether another attempt is within the budget.
    pub(crate) fn grants_retry(&self) -> bool {
        self.budget.grants()
    }

    pub(crate) fn succeeded(&self, model: &str) {
        self.cool_downs.succeeded(model);
        self.budget.succeeded();
    }

    pub(crate) fn failed(&self, model: &str, error: &GeminiError) {
        if let GeminiError::Api(error) = error {
            self.cool_downs.note(model, error);
        }
        if error.was_sent() && error.is_retryable() {
            self.budget.failed();
        }
    }
}
