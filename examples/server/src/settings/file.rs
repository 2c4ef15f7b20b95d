//! The configuration file: TOML, one key per setting.

use std::{fs, ops::Range, path::Path};

use clap::Arg;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{is_list, key, settings};
use crate::error::CliError;

/// A setting in the file.
pub(super) struct Entry {
    pub(super) setting: Arg,
    pub(super) values: Vec<String>,
    /// File, line and column of the key, for errors.
    pub(super) place: String,
}

/// The most edits between an unknown key and a suggested one.
const MAX_DISTANCE: usize = 3;

/// Reads all settings of a file.
///
/// # Errors
/// If the file cannot be read, is not TOML, or has an unknown key or a value of a wrong type.
pub(super) fn read(path: &Path) -> Result<Vec<Entry>, CliError> {
    let text = fs::read_to_string(path).map_err(|error| CliError::File(path.to_owned(), error))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let place = |span: Range<usize>| place(path, text, span.start);
    // Only the message of the error, since its full text contains the line, which may have an API key.
    let table = DeTable::parse(text).map_err(|error| CliError::Setting {
        place: place(error.span().unwrap_or_default()),
        reason: error.message().to_owned(),
    })?;
    let settings = settings();
    let entries = table.get_ref().iter().map(|(name, value)| {
        let refused = |reason| CliError::Setting {
            place: place(name.span()),
            reason,
        };
        let setting = find(&settings, name.get_ref()).map_err(refused)?;
        Ok(Entry {
            values: values(setting, name.get_ref(), value).map_err(refused)?,
            setting: setting.clone(),
            place: place(name.span()),
        })
    });
    entries.collect()
}

fn find<'a>(settings: &'a [Arg], name: &str) -> Result<&'a Arg, String> {
    if let Some(setting) = settings.iter().find(|setting| key(setting) == name) {
        return Ok(setting);
    }
    let near = settings.iter().map(|setting| {
        let key = key(setting);
        (strsim::damerau_levenshtein(&key, name), key)
    });
    let near = near.min().filter(|(distance, _)| *distance <= MAX_DISTANCE);
    let suggestion = match near {
        Some((_, key)) => format!("did you mean `{key}`?"),
        None => "`workflow-server --help-config` lists them".to_owned(),
    };
    Err(format!("`{name}` is not a setting; {suggestion}"))
}

fn values(setting: &Arg, name: &str, value: &Spanned<DeValue<'_>>) -> Result<Vec<String>, String> {
    match value.get_ref() {
        DeValue::Array(values) if is_list(setting) => values
            .iter()
            .map(|value| scalar(name, value.get_ref()))
            .collect(),
        DeValue::Array(_) => Err(format!("`{name}` is not a list; set one value")),
        value => Ok(vec![scalar(name, value)?]),
    }
}

fn scalar(name: &str, value: &DeValue<'_>) -> Result<String, String> {
    match value {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Boolean(value) => Ok(value.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Ok(number.as_str().replace('_', "")),
        other => Err(format!("`{name}` cannot be of type {}", other.type_str())),
    }
}

/// `workflow.toml, line 3, column 1`
fn place(path: &Path, text: &str, offset: usize) -> String {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    format!("{}, line {line}, column {column}", path.display())
}
