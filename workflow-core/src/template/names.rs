//! Checks that the filters and tests of a template exist.

use minijinja::{ErrorKind, State, Value};

use super::{TemplateError, blocks::Blocks, environment::ENVIRONMENT};

/// Checks every block of a template.
pub(super) fn check_template(source: &str) -> Result<(), TemplateError> {
    Blocks::of(source).try_for_each(|block| check_expression(block.inside))
}

/// Checks a bare expression, or the inside of a block.
pub(super) fn check_expression(source: &str) -> Result<(), TemplateError> {
    let mut state = ENVIRONMENT.empty_state();
    let words = words(source);
    for pair in words.windows(2) {
        match pair {
            ["|", name] if is_name(name) => known("filter", name, filter_exists(&mut state, name))?,
            ["is", "not"] => {}
            ["is", name] if is_name(name) => known("test", name, test_exists(&mut state, name))?,
            _ => {}
        }
    }
    let negated = words
        .windows(3)
        .filter(|three| three[0] == "is" && three[1] == "not");
    for three in negated {
        known("test", three[2], test_exists(&mut state, three[2]))?;
    }
    Ok(())
}

fn known(kind: &str, name: &str, exists: bool) -> Result<(), TemplateError> {
    if exists {
        return Ok(());
    }
    Err(TemplateError::unknown(format!(
        "there is no {kind} `{name}`"
    )))
}

fn filter_exists(state: &mut State, name: &str) -> bool {
    let tried = state.apply_filter(name, &[Value::from("")]);
    !tried.is_err_and(|error| error.kind() == ErrorKind::UnknownFilter)
}

fn test_exists(state: &mut State, name: &str) -> bool {
    let tried = state.perform_test(name, &[Value::from("")]);
    !tried.is_err_and(|error| error.kind() == ErrorKind::UnknownTest)
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// Names and single marks, without strings and white space.
pub(super) fn words(source: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => string_length(rest, first),
            _ if first.is_ascii_alphanumeric() || first == '_' => rest
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (word, after) = rest.split_at(length);
        if !first.is_whitespace() {
            words.push(word);
        }
        rest = after;
    }
    words
}

/// How long a quoted string is, its quotes included.
fn string_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}
