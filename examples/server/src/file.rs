//! Reads files; `-` is standard input.

use std::{
    fs,
    io::{self, Read},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use serde_json::Value;
use workflow_core::value::{JsonError, read_json};

use crate::{error::CliError, jsonc::read_jsonc};

/// The argument for standard input.
const STANDARD_INPUT: &str = "-";

/// The name of a file in messages.
pub(crate) fn named(file: &Path) -> String {
    if file == Path::new(STANDARD_INPUT) {
        return "standard input".to_owned();
    }
    file.display().to_string()
}

/// The bytes of a file, or of standard input.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>, CliError> {
    static STDIN_READ: AtomicBool = AtomicBool::new(false);
    let failed = |error| CliError::File(file.to_owned(), error);
    if file != Path::new(STANDARD_INPUT) {
        return fs::read(file).map_err(failed);
    }
    if STDIN_READ.swap(true, Ordering::Relaxed) {
        return Err(CliError::StandardInputTwice);
    }
    let mut text = Vec::new();
    io::stdin().read_to_end(&mut text).map_err(failed)?;
    Ok(text)
}

/// The workflow in a file.
pub(crate) fn read_spec(file: &Path) -> Result<Value, CliError> {
    read_commented(file)
}

/// The JSON in a file, which may have comments and trailing commas.
pub(crate) fn read_commented(file: &Path) -> Result<Value, CliError> {
    let text = read(file)?;
    read_jsonc(&text).map_err(|error| CliError::NotJson(file.to_owned(), error))
}

/// The input in a file: JSON, or else a string. Invalid JSON is an error if JSON is intended: in a file named `.json`,
/// or if the text begins with `{` or `[` and the file is not named `.txt` or `.md`.
pub(crate) fn read_input(file: &Path) -> Result<Value, CliError> {
    let bytes = read(file)?;
    let error = match read_json(&bytes) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let text = str::from_utf8(&bytes).ok();
    let text = text.map(|text| text.strip_prefix('\u{feff}').unwrap_or(text));
    match text {
        Some(text) if is_syntax(&error) && !is_meant_as_json(file, text) => Ok(text.into()),
        _ => Err(CliError::NotJson(file.to_owned(), error)),
    }
}

fn is_meant_as_json(file: &Path, text: &str) -> bool {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("json" | "jsonc") => true,
        Some("txt" | "md") => false,
        _ => text.trim_start().starts_with(['{', '[']),
    }
}

/// JSON, or else a string. Only syntax errors make it a string: JSON with duplicate keys is an error.
pub(crate) fn json_or_text(text: &str) -> Result<Value, JsonError> {
    match read_json(text.as_bytes()) {
        Err(error) if is_syntax(&error) => Ok(text.into()),
        read => read,
    }
}

fn is_syntax(error: &JsonError) -> bool {
    matches!(error, JsonError::Syntax(_))
}
