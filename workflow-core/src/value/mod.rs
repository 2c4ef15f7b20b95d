//! Plain values that the whole crate uses: ids, times, token counts, and JSON within bounds.
//!
//! - Ids: [`RunId`] and [`WorkflowId`] are UUIDs in order of time, [`NodeId`] is a name that a workflow gives. A
//!   [`StepPath`] such as `each/2/sum` names a step in a run, a [`StepRef`] adds its node, and a [`WaitId`] names
//!   one wait for a person.
//! - [`Timestamp`] is a point in time, [`Usage`] a number of tokens, [`Usd`] money, [`Cost`] money that may be partly unknown, and
//!   [`Amount`] a bound in requests, tokens and money. A [`Budget`] limits what a run may use. A [`StepKey`] identifies what a step does.
//! - JSON: [`read_json`] refuses duplicate names and numbers that would change, with a place for each fault.
//!   [`ValueSchema`] checks values within a bound of work. [`heap_bytes`] estimates the memory of a value.
//!   [`InvalidData`] is a fault that a node finds in its data.
//!   [`PatchOperation`]s are the difference between two values. [`MAX_DEPTH`], [`MAX_OUTPUT_BYTES`] and [`MAX_RESULT_BYTES`] bound what nodes and runs return.

mod amount;
mod budget;
pub(crate) mod data;
mod digest;
pub(crate) mod heap;
mod id;
mod json;
mod key;
mod ledger;
mod lock;
mod patch;
mod queue;
mod schema;
mod shorten;
pub(crate) mod size;
mod time;
mod usage;
mod usd;

pub(crate) use self::{
    amount::CostSum,
    budget::BudgetUnit,
    data::{DataError, DataType, some_even_if_null},
    digest::digest,
    id::StepNames,
    ledger::{Fit, Ledger},
    lock::{lock, read, write},
    patch::patch,
    queue::SharedQueue,
    schema::{error_text, sorted_faults},
    shorten::{beginning_of, shortened},
    size::MAX_SPEC_DEPTH,
    time::{
        InvalidDuration, LONGEST, WrittenDuration, WrittenInstant, duration_hint, millis,
        parse_instant,
    },
    usage::is_zero,
};
pub use self::{
    amount::{Amount, Cost},
    budget::{Budget, WhenExceeded},
    data::InvalidData,
    heap::heap_bytes,
    id::{
        InstanceId, InvalidId, InvalidWaitId, NodeId, RunId, StepPath, StepRef, WaitId, WorkflowId,
    },
    json::{JsonError, read_json},
    key::{InvalidStepKey, StepKey, StepKeyBuilder},
    patch::PatchOperation,
    schema::ValueSchema,
    size::{MAX_DEPTH, MAX_OUTPUT_BYTES, MAX_RESULT_BYTES, bytes as json_bytes},
    time::Timestamp,
    usage::Usage,
    usd::{InvalidUsd, Usd},
};
