//! Workflows in files.

use std::{fs, path::Path};

use serde_json::Value;

use crate::error::Stopped;

/// The JSON in a file.
pub(crate) fn read_json(file: &Path) -> Result<Value, Stopped> {
    let text = fs::read(file).map_err(|error| Stopped::File(file.to_owned(), error))?;
    serde_json::from_slice(&text).map_err(|error| Stopped::NotJson(file.to_owned(), error))
}
