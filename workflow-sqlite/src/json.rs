//! Records and events as the JSON that is stored.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Deserializer, Value};
use workflow_core::{RunId, RunRecord, RunStatus, StepEvent, StoreError};

/// What is stored of something.
pub(crate) fn written(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(unavailable)
}

/// Reads what was stored, as deep as it was: it was bounded when it was written.
fn read<T: DeserializeOwned>(text: &str) -> Result<T, Unreadable> {
    let mut json = Deserializer::from_str(text);
    json.disable_recursion_limit();
    let value = T::deserialize(&mut json)?;
    json.end()?;
    Ok(value)
}

/// A record of a list.
pub(crate) fn record<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    read(text).map_err(unavailable)
}

/// The record of a run, whose head is kept beside it.
pub(crate) fn run((created, head): (String, String)) -> Result<RunRecord, StoreError> {
    let mut run: RunRecord = record(&created)?;
    run.head = record(&head)?;
    Ok(run)
}

/// The event that has this place in the log of a run, where one of number `found` is.
pub(crate) fn event(run: RunId, seq: u64, found: u64, text: &str) -> Result<StepEvent, StoreError> {
    let source: Box<dyn std::error::Error + Send + Sync> = match read::<StepEvent>(text) {
        _ if found != seq => "it is missing".into(),
        Ok(event) if event.seq == seq && event.run_id == run => return Ok(event),
        Ok(_) => "another event is in its place".into(),
        Err(error) => error.into(),
    };
    Err(StoreError::Damaged { run, seq, source })
}

/// The word for a status.
pub(crate) fn word(status: RunStatus) -> Result<String, StoreError> {
    match serde_json::to_value(status) {
        Ok(Value::String(word)) => Ok(word),
        Ok(_) => Err(StoreError::Unavailable("a status is no word".into())),
        Err(error) => Err(unavailable(error)),
    }
}

/// The status of a word.
pub(crate) fn status(word: String) -> Result<RunStatus, StoreError> {
    serde_json::from_value(word.into()).map_err(|_| unavailable(Unreadable { line: 1, column: 1 }))
}

/// The store cannot be read or written, for this reason.
pub(crate) fn unavailable(
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> StoreError {
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
