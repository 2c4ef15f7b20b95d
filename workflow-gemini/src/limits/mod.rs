//! What all requests of a client share: the limits, the line before them, and the retry budget.

mod budget;
mod cool_down;
mod limiter;
mod line;

use std::sync::Arc;

use self::{
    budget::{Bucket, Budget, RetryToken},
    cool_down::CoolDowns,
    limiter::{Limit, Limiter},
    line::{Moved, Place},
};
pub(crate) use self::{
    cool_down::{CoolingDown, Refusal},
    limiter::Permit,
};

/// The queue of retries that wait for the budget.
pub(crate) const RETRY_BUDGET: &str = "retry_budget";

/// How much a client may ask of the API.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) in_flight: usize,
    pub(crate) per_minute: Option<u32>,
    pub(crate) retry_budget: u32,
    /// How many requests may wait in each line.
    pub(crate) queued: usize,
}

impl Limits {
    /// The limit that lets no request through, by the name of its setting.
    pub(crate) fn zero(&self) -> Option<&'static str> {
        match self {
            Self { in_flight: 0, .. } => Some("max_in_flight"),
            Self {
                per_minute: Some(0),
                ..
            } => Some("max_per_minute"),
            _ => None,
        }
    }
}

/// Admits every request of a client.
#[derive(Debug)]
pub(crate) struct Gate<R> {
    cool_downs: CoolDowns<R>,
    budget: Budget,
    limiter: Limiter,
    max_queued: usize,
}

impl<R: Refusal> Gate<R> {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            cool_downs: CoolDowns::default(),
            budget: Budget::new(limits.retry_budget, limits.queued),
            limiter: Limiter::new(limits.in_flight, limits.per_minute, limits.queued),
            max_queued: limits.queued,
        }
    }

    /// Whether a retry would be sent without waiting for the budget.
    pub(crate) fn grants_retry(&self) -> bool {
        self.budget.grants()
    }

    /// Whether there are retries at all.
    pub(crate) fn has_retries(&self) -> bool {
        self.budget.has_any()
    }

    pub(crate) fn succeeded(&self, model: &str, is_retry: bool) {
        self.cool_downs.succeeded(model);
        self.budget.succeeded(is_retry);
    }

    /// Notes that the provider refused a request to the model.
    pub(crate) fn refused(&self, model: &str, refusal: &R) {
        self.cool_downs.note(model, refusal);
    }
}

/// A request on its way through the gate. Dropping it leaves the line.
pub(crate) struct Entry<R> {
    gate: Arc<Gate<R>>,
    model: String,
    stage: Stage,
    /// Whether it had to wait where it is.
    waits: bool,
    token: Option<RetryToken>,
    permit: Option<Permit>,
}

enum Stage {
    ForBudget(Place<Bucket>),
    ForTurn(Place<Limit>),
}

/// What happens to a request on its way through the gate.
pub(crate) enum Entering {
    /// It waits in a line, at this position.
    Queued { queue: String, position: usize },
    /// It waits there no longer.
    Left,
    /// It may be sent.
    Admitted(Pass),
}

/// Why a request is not sent.
pub(crate) enum NotAdmitted<R> {
    CoolingDown(CoolingDown<R>),
    /// As many requests wait in this line as may.
    QueueFull {
        queue: String,
        most: usize,
    },
}

impl<R> From<CoolingDown<R>> for NotAdmitted<R> {
    fn from(cooling: CoolingDown<R>) -> Self {
        Self::CoolingDown(cooling)
    }
}

/// The right to send one request.
pub(crate) struct Pass {
    permit: Permit,
    token: Option<RetryToken>,
}

impl Pass {
    /// The request is sent now.
    pub(crate) fn sent(self) -> Permit {
        if let Some(token) = self.token {
            token.spend();
        }
        self.permit
    }
}

impl<R: Refusal> Entry<R> {
    /// A request to a model asks to be let through. It is refused at once while the model cools down.
    pub(crate) fn new(
        gate: Arc<Gate<R>>,
        model: &str,
        is_retry: bool,
    ) -> Result<Self, CoolingDown<R>> {
        gate.cool_downs.check(model)?;
        let budget = is_retry.then(|| gate.budget.place()).flatten();
        let stage = match budget {
            Some(place) => Stage::ForBudget(place),
            None => Stage::ForTurn(gate.limiter.place()),
        };
        Ok(Self {
            gate,
            model: model.to_owned(),
            stage,
            waits: false,
            token: None,
            permit: None,
        })
    }

    /// What happens next. Not to be called any more once the request is admitted or not.
    pub(crate) async fn next(&mut self) -> Result<Entering, NotAdmitted<R>> {
        loop {
            if let Some(permit) = self.permit.take() {
                // The model may have come to cool down meanwhile.
                self.gate.cool_downs.check(&self.model)?;
                let token = self.token.take();
                return Ok(Entering::Admitted(Pass { permit, token }));
            }
            let (moved, queue) = match &mut self.stage {
                Stage::ForBudget(place) => (place.next().await, RETRY_BUDGET),
                Stage::ForTurn(place) => (place.next().await, &*self.model),
            };
            match moved {
                Moved::Waits(position) => {
                    self.waits = true;
                    let queue = queue.to_owned();
                    return Ok(Entering::Queued { queue, position });
                }
                Moved::Full => {
                    let (queue, most) = (queue.to_owned(), self.gate.max_queued);
                    return Err(NotAdmitted::QueueFull { queue, most });
                }
                Moved::Admitted => self.advance(),
            }
            if std::mem::take(&mut self.waits) {
                return Ok(Entering::Left);
            }
        }
    }

    /// Its place in line has admitted it.
    fn advance(&mut self) {
        if let Stage::ForBudget(_) = self.stage {
            self.token = self.gate.budget.token();
            self.stage = Stage::ForTurn(self.gate.limiter.place());
        } else {
            self.permit = Some(self.gate.limiter.permit());
        }
    }
}
