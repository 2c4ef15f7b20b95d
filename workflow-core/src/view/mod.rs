//! What readers see of a run, folded from its log.
//!
//! A [`RunReport`] has every step of a run with its state; a [`StepHistory`] has the attempts of one step, with their
//! debug records; a [`RunDiff`] compares two runs step by step. All derive from events alone, so that a reader of a stream can build the same.
//!
//! A view never needs the state machine, so that a damaged log or an unknown node type does not prevent reading.

mod budget;
mod diff;
mod folded;
mod history;
mod origin;
mod outage;
mod outline;
mod prediction;
mod report;
pub(crate) mod wait;

pub use self::wait::WaitReport;
pub(crate) use self::{folded::FoldedRun, wait::WaitLog};

pub use self::{
    budget::BudgetReport,
    diff::{Change, DiffCounts, RunDiff, RunSide, StepDiff, StepSide, ValueDiff},
    history::{AttemptReport, StepHistory},
    origin::RunOrigin,
    outage::Outage,
    outline::RunOutline,
    prediction::{PredictedCost, PredictedStatus, PredictedStep, Prediction},
    report::{QueueReport, RunReport, StepReport, StepStatus},
};
