//! Records and events as the JSON that is stored.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Deserializer;
use workflow_core::store::StoreError;

use crate::nesting;

/// Why something that is stored cannot be read, or a store cannot be used.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// The JSON that is stored for a value.
pub(crate) fn written(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(unavailable)
}

/// A value that is stored without a checksum, as JSON.
///
/// # Errors
/// [`StoreError::Unavailable`] if it cannot be written as JSON.
pub fn encoded(value: &impl Serialize) -> Result<String, StoreError> {
    written(value)
}

/// A value that is stored without a checksum, from its JSON.
///
/// # Errors
/// [`StoreError::Unavailable`] if it cannot be read: it is damaged, or a newer version of the program wrote it. The error
/// names the place, and not what is there.
pub fn decoded<T: DeserializeOwned>(text: &[u8]) -> Result<T, StoreError> {
    read(text).map_err(unavailable)
}

/// Reads what was stored, as deep as it may have been written.
///
/// A checksum can be made for anything, and reading is recursive: the depth is bounded first, for this reader
/// and for the values in memory that serde builds of flattened and tagged types.
pub(crate) fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, Unreadable> {
    if nesting::is_too_deep(text) {
        return Err(Unreadable::TooDeep);
    }
    let mut json = Deserializer::from_slice(text);
    json.disable_recursion_limit();
    let value = T::deserialize(&mut json)?;
    json.end()?;
    Ok(value)
}

/// The error of a store that cannot be read or written, for this reason.
pub fn unavailable(error: impl Into<Cause>) -> StoreError {
    StoreError::Unavailable(error.into())
}

/// What is stored is not what was written. Names the place, and not what is there: that is a user's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("what is stored cannot be read (line {line}, column {column})")]
    NoJson { line: usize, column: usize },
    #[error("what is stored is nested more than {} deep", nesting::MOST)]
    TooDeep,
}

impl From<serde_json::Error> for Unreadable {
    fn from(error: serde_json::Error) -> Self {
        Self::NoJson {
            line: error.line(),
            column: error.column(),
        }
    }
}
