//! The admission of requests: cool-downs, the retry budget, and limits with their queues.
//!
//! One [`Gate`] is shared by all clones of a client. Each request passes it as an [`Admission`]: it is
//! refused while its model cools down, waits for a token of the retry budget if it is a retry, and then
//! for a free slot. The module knows neither HTTP nor the provider; it must not send anything. No lock
//! is held across an `.await`.
//!
//! There are three locks: one for the cool-downs, and one for each queue. No function holds two of them, so they
//! have no order. Dropping a permit or a token locks its queue, so a function that holds that lock must not drop
//! one.

mod budget;
mod cool_down;
mod limiter;
mod queue;

use std::sync::Arc;

pub use self::limiter::RequestLimits;
use self::{
    budget::{RetryBudget, RetryToken, TokenBucket},
    cool_down::CoolDowns,
    limiter::{Limiter, LimiterState},
    queue::{QueuePlace, QueueUpdate},
};
pub(crate) use self::{
    cool_down::{CoolingDown, Refusal},
    limiter::Permit,
};

/// The name of the queue for the retry budget, in events and errors. The other queue has the name of the model.
/// That name is for the reader only: requests to all models wait in one queue, and positions count all of them.
pub(crate) const RETRY_BUDGET: &str = "retry_budget";

/// The limits of a client. The builder documents them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The most requests in flight, including answers that are being read.
    pub(crate) in_flight: usize,
    /// The most requests in any 60 s; `None` for no limit.
    pub(crate) per_minute: Option<u32>,
    /// The most retries in a row; 0 allows none.
    pub(crate) retry_budget: u32,
    /// The most requests in each queue.
    pub(crate) queued: usize,
}

impl Limits {
    /// The name of a limit that is 0, so that no request could ever be sent. A retry budget or a queue
    /// of 0 is valid.
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

/// The shared state that admits the requests of a client.
///
/// The type parameter is the provider's error, which the gate stores and returns without knowing it.
#[derive(Debug)]
pub(crate) struct Gate<R> {
    cool_downs: CoolDowns<R>,
    budget: RetryBudget,
    limiter: Limiter,
    /// For the error of a full queue.
    max_queued: usize,
}

impl<R: Refusal> Gate<R> {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            cool_downs: CoolDowns::default(),
            budget: RetryBudget::new(limits.retry_budget, limits.queued),
            limiter: Limiter::new(limits.in_flight, limits.per_minute, limits.queued),
            max_queued: limits.queued,
        }
    }

    /// The most requests in flight and per minute.
    pub(crate) fn request_limits(&self) -> RequestLimits {
        self.limiter.limits()
    }

    /// Changes the most requests in flight and per minute.
    pub(crate) fn set_limits(&self, in_flight: usize, per_minute: Option<u32>) {
        self.limiter.set(in_flight, per_minute);
    }

    /// Whether a retry could be sent now, without waiting for the budget.
    pub(crate) fn grants_retry(&self) -> bool {
        self.budget.grants()
    }

    /// Whether retries are allowed at all.
    pub(crate) fn has_retries(&self) -> bool {
        self.budget.is_enabled()
    }

    /// Records that a request to the model succeeded.
    pub(crate) fn succeeded(&self, model: &str, is_retry: bool) {
        self.cool_downs.succeeded(model);
        self.budget.succeeded(is_retry);
    }

    /// Records that the provider refused a request to the model.
    pub(crate) fn refused(&self, model: &str, refusal: &R) {
        self.cool_downs.record(model, refusal);
    }
}

/// The admission of one request. Dropping it leaves the queue and returns what it holds.
pub(crate) struct Admission<R> {
    gate: Arc<Gate<R>>,
    model: String,
    stage: Stage,
    /// Whether the request waits in the queue of its stage, so that leaving it has to be reported.
    waits: bool,
    /// Held from the first queue to the second. A cancelled admission returns it.
    token: Option<RetryToken>,
    /// Held until the next call of `next`, which hands it out. If the model has begun to cool down
    /// meanwhile, it is returned instead.
    permit: Option<Permit>,
}

/// The queue that an admission is in. Retries pass both, so that a retry without a token does not
/// occupy a slot.
enum Stage {
    RetryBudget(QueuePlace<TokenBucket>),
    Limiter(QueuePlace<LimiterState>),
}

/// The progress of an admission.
pub(crate) enum AdmissionEvent {
    /// The request waits in a queue at this position; 1 is next.
    Queued { queue: String, position: usize },
    /// The request has left the queue.
    Dequeued,
    /// The request may be sent.
    Admitted(Pass),
}

/// The error of a request that is not admitted.
pub(crate) enum NotAdmitted<R> {
    CoolingDown(CoolingDown<R>),
    /// The queue has as many requests as it may.
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

/// The right to send one request. Dropping it unused returns the permit and the retry token.
pub(crate) struct Pass {
    permit: Permit,
    token: Option<RetryToken>,
}

impl Pass {
    /// Spends the retry token, and returns the permit, to be held until the answer ends.
    ///
    /// The token is spent here and not at the end of the answer: the retry loads the API from now on, whatever its
    /// outcome.
    pub(crate) fn sent(self) -> Permit {
        if let Some(token) = self.token {
            token.spend();
        }
        self.permit
    }
}

impl<R: Refusal> Admission<R> {
    /// Begins the admission of a request. Fails at once while the model cools down.
    pub(crate) fn new(
        gate: Arc<Gate<R>>,
        model: &str,
        is_retry: bool,
    ) -> Result<Self, CoolingDown<R>> {
        gate.cool_downs.check(model)?;
        // Without a budget (0) there is no queue for retries, and the request continues like a first attempt.
        let budget = is_retry.then(|| gate.budget.place()).flatten();
        let stage = match budget {
            Some(place) => Stage::RetryBudget(place),
            None => Stage::Limiter(gate.limiter.place()),
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

    /// The next event. Must not be called after `Admitted` or an error.
    ///
    /// # Errors
    /// [`NotAdmitted::QueueFull`] on entry of a queue, [`NotAdmitted::CoolingDown`] if the model cools
    /// down when the request is about to be sent.
    ///
    /// # Cancellation
    /// Cancel-safe: the request keeps its position.
    pub(crate) async fn next(&mut self) -> Result<AdmissionEvent, NotAdmitted<R>> {
        loop {
            if let Some(permit) = self.permit.take() {
                // A cool-down may have begun while the request waited.
                self.gate.cool_downs.check(&self.model)?;
                let token = self.token.take();
                return Ok(AdmissionEvent::Admitted(Pass { permit, token }));
            }
            let (moved, queue) = match &mut self.stage {
                Stage::RetryBudget(place) => (place.next().await, RETRY_BUDGET),
                Stage::Limiter(place) => (place.next().await, &*self.model),
            };
            match moved {
                QueueUpdate::Position(position) => {
                    self.waits = true;
                    let queue = queue.to_owned();
                    return Ok(AdmissionEvent::Queued { queue, position });
                }
                QueueUpdate::Full => {
                    let (queue, most) = (queue.to_owned(), self.gate.max_queued);
                    return Err(NotAdmitted::QueueFull { queue, most });
                }
                QueueUpdate::Admitted => self.advance(),
            }
            // Only a request that waited has left a queue. Reported before the position in the next one.
            if std::mem::take(&mut self.waits) {
                return Ok(AdmissionEvent::Dequeued);
            }
        }
    }

    /// The queue of the current stage has admitted the request: take what it grants, and continue. Called without
    /// an `.await` after the queue has admitted the request. So an admission that is dropped either is still in the
    /// queue, or owns what it was granted.
    fn advance(&mut self) {
        if let Stage::RetryBudget(_) = self.stage {
            self.token = self.gate.budget.token();
            self.stage = Stage::Limiter(self.gate.limiter.place());
        } else {
            self.permit = Some(self.gate.limiter.permit());
        }
    }
}
