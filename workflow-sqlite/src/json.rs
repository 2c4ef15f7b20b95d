//! Records and events as the JSON that is stored.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Deserializer;
use workflow_core::{RunId, RunRecord, StepEvent, StoreError, WorkflowRecord};

/// Why something that is stored cannot be read.
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A run: its id, its record as it was created, and its head. Bytes: damaged text may be no text.
pub(crate) type RunRow = (Vec<u8>, Vec<u8>, Vec<u8>);

/// A version of a workflow: the id of that, its number, and its record.
pub(crate) type VersionRow = (Vec<u8>, i64, Vec<u8>);

/// What is stored of something.
pub(crate) fn written(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(unavailable)
}

/// Reads what was stored, as deep as it was: it was bounded when it was written.
fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, Unreadable> {
    let mut json = Deserializer::from_slice(text);
    json.disable_recursion_limit();
    let value = T::deserialize(&mut json)?;
    json.end()?;
    Ok(value)
}

/// The record of a version of a workflow.
pub(crate) fn version((workflow, number, text): &VersionRow) -> Result<WorkflowRecord, Cause> {
    let record: WorkflowRecord = read(text)?;
    let is_this =
        record.id.to_string().as_bytes() == workflow && i64::from(record.version) == *number;
    is_this.then_some(record).ok_or_else(another)
}

/// The record of a run.
pub(crate) fn run((id, created, head): &RunRow) -> Result<RunRecord, Cause> {
    let mut run: RunRecord = read(created)?;
    run.head = read(head)?;
    let is_this = run.id.to_string().as_bytes() == id;
    is_this.then_some(run).ok_or_else(another)
}

fn another() -> Cause {
    "another record is in its place".into()
}

/// The event that has this place in the log of a run, where one of number `found` is.
pub(crate) fn event(
    run: RunId,
    seq: u64,
    found: u64,
    text: &[u8],
) -> Result<StepEvent, StoreError> {
    let source: Cause = match read::<StepEvent>(text) {
        _ if found != seq => "it is missing".into(),
        Ok(event) if event.seq == seq && event.run_id == run => return Ok(event),
        Ok(_) => "another event is in its place".into(),
        Err(error) => error.into(),
    };
    Err(StoreError::Damaged { run, seq, source })
}

/// The store cannot be read or written, for this reason.
pub(crate) fn unavailable(error: impl Into<Cause>) -> StoreError {
    StoreError::Unavailable(error.into())
}

/// What is stored is not what was written. Says where, and not what: that is somebody's.
#[derive(Debug, thiserror::Error)]
#[error("what is stored cannot be read (line {line}, column {column})")]
struct Unreadable {
    line: usize,
    column: usize,
}

impl From<serde_json::Error> for Unreadable {
    fn from(error: serde_json::Error) -> Self {
        Self {
            line: error.line(),
            column: error.column(),
        }
    }
}
