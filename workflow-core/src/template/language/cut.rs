//! `truncate`: the beginning of a text.

use minijinja::{
    Environment, State, Value,
    value::{Kwargs, from_args},
};

use super::{
    arguments::{named_as, no_more},
    json::refused,
    text::{Arguments, FilterResult, as_text},
};

pub(super) fn add_to(environment: &mut Environment) {
    environment.add_filter("truncate", truncate);
}

/// The most characters, unless the template says. The default of Jinja.
const LENGTH: usize = 255;

/// What marks that something was cut off. Jinja writes three full stops.
const END: &str = "…";

/// At most `length` characters of a text, `end` included. It is cut between words, unless `killwords`.
///
/// The arguments are those of Jinja. Only `leeway`, by which a text may be longer without being cut, is 0 and not 5 unless
/// it is given: the length is mostly a limit of another system.
fn truncate(state: &mut State, arguments: Arguments) -> FilterResult {
    let arguments = arguments.into_values();
    let (value, length, killwords, end, named): (
        Value,
        Option<usize>,
        Option<bool>,
        Option<Value>,
        Kwargs,
    ) = from_args(&arguments)?;
    let length = named_as(length, &named, "length")?.unwrap_or(LENGTH);
    let killwords = named_as(killwords, &named, "killwords")?.unwrap_or(false);
    let end = named_as(end, &named, "end")?.unwrap_or_else(|| Value::from(END));
    let leeway = named_as(None, &named, "leeway")?.unwrap_or(0);
    no_more(&named)?;
    let value = as_text(state, &value)?;
    let text = value.as_str().unwrap_or_default();
    if text.chars().nth(length.saturating_add(leeway)).is_none() {
        return Ok(value);
    }
    let end = as_text(state, &end)?;
    let end = end.as_str().unwrap_or_default();
    let Some(kept) = length.checked_sub(end.chars().count()) else {
        return Err(refused(format!(
            "`truncate({length})` leaves nothing of the text: its end has {} characters",
            end.chars().count()
        )));
    };
    let cut = text
        .char_indices()
        .nth(kept)
        .map_or(text.len(), |(at, _)| at);
    let begin = &text[..cut];
    let begin = if killwords {
        begin
    } else {
        whole_words(begin, &text[cut..])
    };
    Ok(Value::from([begin, end].concat()))
}

/// The words that are not cut. A text that is one word is cut within it.
fn whole_words<'t>(begin: &'t str, rest: &str) -> &'t str {
    if rest.starts_with(char::is_whitespace) {
        return begin.trim_end();
    }
    match begin.rfind(char::is_whitespace) {
        Some(space) if !begin[..space].trim_end().is_empty() => begin[..space].trim_end(),
        _ => begin,
    }
}
