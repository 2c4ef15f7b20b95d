//! What readers see of a run, folded from its log.
//!
//! A [`RunReport`] has every step of a run with its state; a [`StepHistory`] has the attempts of one step, with their
//! debug records. Both derive from events alone, so that a reader of a stream can build the same.
//!
//! A view never needs the state machine, so that a damaged log or an unknown node type does not prevent reading.

mod budget;
mod history;
mod origin;
mod outage;
mod outline;
mod prediction;
mod report;
pub(crate) mod wait;

pub(crate) use self::wait::WaitLog;
pub use self::wait::WaitReport;

pub use self::{
    budget::BudgetReport,
    history::{AttemptReport, StepHistory},
    origin::RunOrigin,
    outage::Outage,
    outline::RunOutline,
    prediction::{PredictedCost, PredictedStatus, PredictedStep, Prediction},
    report::{QueueReport, RunReport, StepReport, StepStatus},
};
