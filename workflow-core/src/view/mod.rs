//! What readers see of a run, folded from its log.

mod history;
mod outage;
mod outline;
mod report;
pub(crate) mod wait;

pub(crate) use self::wait::WaitLog;
pub use self::wait::WaitReport;

pub use self::{
    history::{AttemptReport, StepHistory},
    outage::Outage,
    outline::RunOutline,
    report::{QueueReport, RunReport, StepReport, StepStatus},
};
