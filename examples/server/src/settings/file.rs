//! The configuration file: TOML, one key for each setting.

use std::{fs, ops::Range, path::Path};

use clap::Arg;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{is_list, key, settings};
use crate::error::Stopped;

/// A setting of the file.
pub(super) struct Entry {
    pub(super) setting: Arg,
    pub(super) values: Vec<String>,
    /// File, line and column of the key.
    pub(super) place: String,
}

/// How many characters may differ between a key and one that is suggested.
const MAX_DISTANCE: usize = 3;

/// Reads a file whole.
///
/// # Errors
/// It cannot be read, is not TOML, or has a key that is not a setting, or a value that no setting has.
pub(super) fn read(path: &Path) -> Result<Vec<Entry>, Stopped> {
    let text = fs::read_to_string(path).map_err(|error| Stopped::File(path.to_owned(), error))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let place = |span: Range<usize>| place(path, text, span.start);
    // Not the line itself, which the error would show: it may hold a key of a caller.
    let table = DeTable::parse(text).map_err(|error| Stopped::Setting {
        place: place(error.span().unwrap_or_default()),
        reason: error.message().to_owned(),
    })?;
    let settings = settings();
    let entries = table.get_ref().iter().map(|(name, value)| {
        let refused = |reason| Stopped::Setting {
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
        DeValue::Array(_) => Err(format!("`{name}` has one value, not a list")),
        value => Ok(vec![scalar(name, value)?]),
    }
}

fn scalar(name: &str, value: &DeValue<'_>) -> Result<String, String> {
    match value {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Boolean(value) => Ok(value.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Ok(number.as_str().replace('_', "")),
        other => Err(format!("`{name}` has no {} as its value", other.type_str())),
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
