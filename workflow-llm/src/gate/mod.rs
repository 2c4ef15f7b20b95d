//! The admission of requests: cool-downs, the retry budget, and limits with their queues.
//!
//! One [`Gate`] is shared by all clones of a client. Each request passes it as an [`Admission`]: it is
//! refused while its model cools down, waits for a token of the retry budget if it is a retry, and then
//! for a free slot. The module knows neither HTTP nor a provider; it must not send anything. No lock
//! is held across an `.await`.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use std::{sync::Arc, time::Duration};
//! use workflow_llm::gate::{Admission, AdmissionEvent, Gate, GateLimits, Refusal};
//!
//! #[derive(Clone, Debug)]
//! struct TooMany;
//!
//! impl Refusal for TooMany {
//!     fn is_over_limit(&self) -> bool { true }
//!     fn cool_down(&self) -> Option<Duration> { Some(Duration::from_secs(20)) }
//! }
//!
//! let gate = Arc::new(Gate::<TooMany>::new(GateLimits::default()));
//! let mut admission = Admission::new(Arc::clone(&gate), "m1", false).unwrap();
//! let Ok(AdmissionEvent::Admitted(pass)) = admission.next().await else { panic!() };
//! let permit = pass.sent();
//! // … the request is sent, and its answer is read.
//! gate.refused("m1", &TooMany);
//! drop(permit);
//! assert!(Admission::new(gate, "m1", false).is_err(), "the model cools down");
//! # }
//! ```
//!
//! There are three locks: one for the cool-downs, and one for each queue. No function holds two of them, so they
//! have no order. Dropping a permit or a token locks its queue, so a function that holds that lock must not drop
//! one.

mod budget;
mod cool_down;
mod limiter;
mod queue;

use std::{fmt, sync::Arc};

use self::{
    budget::{RetryBudget, RetryToken, TokenBucket},
    cool_down::CoolDowns,
    limiter::{Limiter, LimiterState},
    queue::{QueuePlace, QueueUpdate},
};
pub use self::{
    cool_down::{CoolingDown, Refusal},
    limiter::{Permit, RequestLimits},
};

/// The name of the queue in which retries wait for the retry budget, in events and errors. The other queue has the name of the model.
/// That name is for the reader only: requests to all models wait in one queue, and positions count all of them.
pub const RETRY_BUDGET: &str = "retry_budget";

/// The limits of a client on its requests.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct GateLimits {
    /// The most requests in flight, including answers that are being read. Default: 1,024, as many as the runs that an engine with default
    /// limits executes at once. At least 1; 0 counts as 1.
    pub in_flight: usize,
    /// The most requests in any 60 s. Default: `None`, no limit. 0 counts as 1.
    pub per_minute: Option<u32>,
    /// The most retries in a row. Default: 100. 0 allows none.
    pub retry_budget: u32,
    /// The most requests in each queue. Default: 16,384, which are the steps that an engine with default limits runs at once (1,024 runs
    /// of 16 steps), so no step of such an engine is refused. 0: no request waits.
    pub queued: usize,
}

impl Default for GateLimits {
    fn default() -> Self {
        Self {
            in_flight: 1_024,
            per_minute: None,
            retry_budget: 100,
            queued: 16_384,
        }
    }
}

impl GateLimits {
    /// The name of a limit that is 0, so that no request could ever be sent. A retry budget or a queue
    /// of 0 is valid.
    pub fn zero(&self) -> Option<&'static str> {
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
pub struct Gate<R> {
    cool_downs: CoolDowns<R>,
    budget: RetryBudget,
    limiter: Limiter,
    /// For the error of a full queue.
    max_queued: usize,
}

impl<R: Refusal> Gate<R> {
    /// An open gate.
    pub fn new(limits: GateLimits) -> Self {
        Self {
            cool_downs: CoolDowns::default(),
            budget: RetryBudget::new(limits.retry_budget, limits.queued),
            limiter: Limiter::new(limits.in_flight, limits.per_minute, limits.queued),
            max_queued: limits.queued,
        }
    }

    /// The most requests in flight and per minute.
    pub fn request_limits(&self) -> RequestLimits {
        self.limiter.limits()
    }

    /// Changes the most requests in flight and per minute.
    pub fn set_limits(&self, in_flight: usize, per_minute: Option<u32>) {
        self.limiter.set(in_flight, per_minute);
    }

    /// Whether a retry could be sent now, without waiting for the budget.
    pub fn grants_retry(&self) -> bool {
        self.budget.grants()
    }

    /// Whether retries are allowed at all.
    pub fn has_retries(&self) -> bool {
        self.budget.is_enabled()
    }

    /// Records that a request to the model succeeded.
    pub fn succeeded(&self, model: &str, is_retry: bool) {
        self.cool_downs.succeeded(model);
        self.budget.succeeded(is_retry);
    }

    /// Records that the provider refused a request to the model.
    pub fn refused(&self, model: &str, refusal: &R) {
        self.cool_downs.record(model, refusal);
    }
}

/// The admission of one request. Dropping it leaves the queue and returns what it holds.
pub struct Admission<R> {
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
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "a client has to handle each")]
pub enum AdmissionEvent {
    /// The request waits in a queue at this position; 1 is next.
    Queued {
        /// The model, or [`RETRY_BUDGET`].
        queue: String,
        /// The position in the queue.
        position: usize,
    },
    /// The request has left the queue.
    Dequeued,
    /// The request may be sent.
    Admitted(Pass),
}

/// The error of a request that is not admitted.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "a client has to handle each")]
pub enum NotAdmitted<R> {
    /// The model cools down.
    CoolingDown(CoolingDown<R>),
    /// The queue has as many requests as it may.
    QueueFull {
        /// The model, or [`RETRY_BUDGET`].
        queue: String,
        /// The limit that was reached.
        most: usize,
    },
}

impl<R> From<CoolingDown<R>> for NotAdmitted<R> {
    fn from(cooling: CoolingDown<R>) -> Self {
        Self::CoolingDown(cooling)
    }
}

/// The right to send one request. Dropping it unused returns the permit and the retry token.
#[derive(Debug)]
pub struct Pass {
    permit: Permit,
    token: Option<RetryToken>,
}

impl Pass {
    /// Spends the retry token, and returns the permit, to be held until the answer ends.
    ///
    /// The token is spent here and not at the end of the answer: the retry loads the API from now on, whatever its
    /// outcome.
    pub fn sent(self) -> Permit {
        if let Some(token) = self.token {
            token.spend();
        }
        self.permit
    }
}

impl<R: Refusal> Admission<R> {
    /// Begins the admission of a request. `is_retry`: it takes a token of the retry budget.
    ///
    /// # Errors
    /// [`CoolingDown`] while the model cools down.
    pub fn new(gate: Arc<Gate<R>>, model: &str, is_retry: bool) -> Result<Self, CoolingDown<R>> {
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
    pub async fn next(&mut self) -> Result<AdmissionEvent, NotAdmitted<R>> {
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

impl<R> fmt::Debug for Admission<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admission")
            .field("model", &self.model)
            .field("waits", &self.waits)
            .finish_non_exhaustive()
    }
}
