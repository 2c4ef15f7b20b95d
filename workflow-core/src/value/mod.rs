//! Plain values that the whole crate uses: ids, times, token counts, and JSON within bounds.

pub(crate) mod data;
pub(crate) mod heap;
mod id;
mod json;
mod lock;
mod schema;
pub(crate) mod size;
mod time;
mod usage;

pub(crate) use self::{
    data::{DataError, DataType, given},
    lock::lock,
    schema::{ordered, told},
    size::MAX_SPEC_DEPTH,
    time::{InvalidDuration, WrittenDuration, meant, millis},
    usage::is_zero,
};
pub use self::{
    heap::heap_bytes,
    id::{InvalidId, InvalidWaitId, NodeId, RunId, StepPath, StepRef, WaitId, WorkflowId},
    json::{JsonError, read_json},
    schema::ValueSchema,
    size::{MAX_DEPTH, MAX_OUTPUT_BYTES, MAX_RESULT_BYTES},
    time::Timestamp,
    usage::Usage,
};
