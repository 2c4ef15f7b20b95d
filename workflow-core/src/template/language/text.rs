//! Filters and tests that make text from values. All of them write a value as `{{ value }}` does.

use std::collections::HashSet;

use minijinja::{
    Environment, Error, State, Value, filters, tests,
    value::{Kwargs, Rest, ValueKind, ValueOrKwargs, from_args},
};

use super::{
    fuel::{bytes_left, ensure_bytes, ensure_items, pay_bytes},
    joined::Joined,
    json::{Style, defined_in, json_text, refused, text_of},
    lists::{items_of, path},
};
use crate::{template::syntax::CONCAT, value::MAX_OUTPUT_BYTES};

pub(super) type Arguments = Rest<ValueOrKwargs>;
pub(super) type FilterResult = Result<Value, Error>;

pub(super) fn add_to(environment: &mut Environment) {
    let one_text: [(&str, Value, Length); 8] = [
        ("upper", Value::from_function(filters::upper), upper_length),
        ("lower", Value::from_function(filters::lower), lower_length),
        ("title", Value::from_function(filters::title), upper_length),
        (
            "capitalize",
            Value::from_function(filters::capitalize),
            upper_length,
        ),
        ("safe", Value::from_function(filters::safe), str::len),
        (
            "escape",
            Value::from_function(filters::escape),
            escaped_length,
        ),
        ("e", Value::from_function(filters::escape), escaped_length),
        ("string", Value::from_function(filters::string), str::len),
    ];
    for (name, builtin, length) in one_text {
        environment.add_filter(name, over_text(builtin, length));
    }
    environment.add_filter("split", in_pieces(Value::from_function(filters::split)));
    environment.add_filter("lines", in_pieces(Value::from_function(filters::lines)));
    environment.add_filter("int", of_number(Value::from_function(filters::int), "int"));
    environment.add_filter(
        "float",
        of_number(Value::from_function(filters::float), "float"),
    );
    environment.add_filter("trim", trim);
    environment.add_filter("indent", indent);
    environment.add_filter("replace", replace);
    environment.add_filter("format", format);
    environment.add_filter("join", join);
    environment.add_filter(CONCAT, concat);
    environment.add_filter("urlencode", urlencode);
    environment.add_filter("bool", bool);
    environment.add_filter("tojson", |state: &State, value: &Value| {
        as_json(state, value, Style::Compact)
    });
    environment.add_filter("pprint", |state: &State, value: &Value| {
        as_json(state, value, Style::Pretty)
    });
    let starts = Value::from_function(tests::is_startingwith);
    environment.add_test("startingwith", between_texts(starts));
    let ends = Value::from_function(tests::is_endingwith);
    environment.add_test("endingwith", between_texts(ends));
}

/// A value as text.
pub(super) fn as_text(state: &State, value: &Value) -> FilterResult {
    defined_in(state, value)?;
    if value.as_str().is_some() {
        return Ok(value.clone());
    }
    text_of(value, bytes_left(state)).map(Value::from)
}

/// The length of the result, for a text.
type Length = fn(&str) -> usize;

/// A filter of the engine from text to text, with the length of its result checked first.
///
/// The argument is converted here, since the engine would write lists and objects in its own form and not as JSON.
fn over_text(
    builtin: Value,
    length: Length,
) -> impl Fn(&mut State<'_, '_>, Arguments) -> FilterResult + Send + Sync + 'static {
    move |state: &mut State<'_, '_>, arguments: Arguments| {
        let mut arguments = arguments.into_values();
        let Some(first) = arguments.first_mut() else {
            return builtin.call(state, &arguments);
        };
        *first = as_text(state, first)?;
        ensure_bytes(state, length(first.as_str().unwrap_or_default()))?;
        builtin.call(state, &arguments)
    }
}

/// Letters may become longer: `ß` becomes `SS`.
fn upper_length(text: &str) -> usize {
    changed_length(text, |c| c.to_uppercase().map(char::len_utf8).sum())
}

fn lower_length(text: &str) -> usize {
    changed_length(text, |c| c.to_lowercase().map(char::len_utf8).sum())
}

fn changed_length(text: &str, of: fn(char) -> usize) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.chars().map(of).sum()
    }
}

/// An upper bound: `&quot;` has six characters.
fn escaped_length(text: &str) -> usize {
    let special = text
        .bytes()
        .filter(|byte| b"<>&\"'/".contains(byte))
        .count();
    text.len() + 5 * special
}

/// A filter of the engine that splits a text.
///
/// Both ways of splitting are counted, by a separator and by white space: which one applies depends on the
/// arguments.
fn in_pieces(
    builtin: Value,
) -> impl Fn(&mut State<'_, '_>, Arguments) -> FilterResult + Send + Sync + 'static {
    move |state: &mut State<'_, '_>, arguments: Arguments| {
        let mut arguments = arguments.into_values();
        if let Some(separator) = arguments.get_mut(1).filter(|value| !value.is_none()) {
            *separator = as_text(state, separator)?;
        }
        let separator = arguments
            .get(1)
            .and_then(Value::as_str)
            .unwrap_or("\n")
            .to_owned();
        if let Some(first) = arguments.first_mut() {
            *first = as_text(state, first)?;
            let text = first.as_str().unwrap_or_default();
            let pieces = text.matches(separator.as_str()).count();
            let words = text.split_ascii_whitespace().count();
            ensure_items(state, pieces.max(words))?;
            ensure_bytes(state, text.len())?;
        }
        builtin.call(state, &arguments)
    }
}

/// A filter of the engine that parses a number. White space around it is ignored.
fn of_number(
    builtin: Value,
    name: &'static str,
) -> impl Fn(&mut State<'_, '_>, Arguments) -> FilterResult + Send + Sync + 'static {
    move |state: &mut State<'_, '_>, arguments: Arguments| {
        let mut arguments = arguments.into_values();
        let text = arguments.first().and_then(Value::as_str).map(str::trim);
        let Some(text) = text.map(|text| text.chars().take(MAX_NUMBER).collect::<String>()) else {
            return builtin.call(state, &arguments);
        };
        arguments[0] = Value::from(text.as_str());
        builtin.call(state, &arguments).map_err(|_| {
            let shown: String = text.chars().take(MAX_SHOWN).collect();
            refused(format!(
                "{shown:?} is not a number: `| {name}(default=0)` gives one where none is written"
            ))
        })
    }
}

/// The most characters of a number. Longer texts are cut, and then are no number. The longest finite `f64` has 309
/// digits before its point.
const MAX_NUMBER: usize = 400;

/// The most characters of a text in an error.
pub(super) const MAX_SHOWN: usize = 40;

fn between_texts(
    builtin: Value,
) -> impl Fn(&mut State<'_, '_>, Arguments) -> Result<bool, Error> + Send + Sync + 'static {
    move |state: &mut State<'_, '_>, arguments: Arguments| {
        let arguments = arguments.into_values().into_iter();
        let texts: Result<Vec<Value>, Error> =
            arguments.map(|value| as_text(state, &value)).collect();
        Ok(builtin.call(state, &texts?)?.is_true())
    }
}

fn as_json(state: &State, value: &Value, style: Style) -> Result<String, Error> {
    defined_in(state, value)?;
    json_text(value, style, bytes_left(state).min(MAX_OUTPUT_BYTES))
}

/// Without white space at both ends, or without the given characters.
fn trim(state: &State, value: &Value, chars: Option<Value>) -> FilterResult {
    let text = as_text(state, value)?;
    let text = text.as_str().unwrap_or_default();
    let Some(chars) = chars else {
        return Ok(Value::from(text.trim()));
    };
    let chars = as_text(state, &chars)?;
    // A set, so that the cost is not the product of both lengths.
    let chars: HashSet<char> = chars.as_str().unwrap_or_default().chars().collect();
    Ok(Value::from(text.trim_matches(|c| chars.contains(&c))))
}

/// 4 spaces is the default of the engine.
fn indent(state: &mut State, arguments: Arguments) -> FilterResult {
    let mut arguments = arguments.into_values();
    if let Some(first) = arguments.first_mut() {
        *first = as_text(state, first)?;
        let text = first.as_str().unwrap_or_default();
        let (length, lines) = (text.len(), text.matches('\n').count() + 1);
        let width = named_or(&arguments, 1, "width")?.and_then(|width| width.as_usize());
        let added = lines.saturating_mul(width.unwrap_or(4));
        ensure_bytes(state, length.saturating_add(added))?;
    }
    Value::from_function(filters::indent).call(state, &arguments)
}

/// An argument by position or by name.
fn named_or(arguments: &[Value], index: usize, name: &str) -> Result<Option<Value>, Error> {
    match arguments.get(index).filter(|value| !value.is_kwargs()) {
        Some(value) => Ok(Some(value.clone())),
        None => match arguments.last().filter(|last| last.is_kwargs()) {
            Some(last) => Kwargs::try_from(last.clone())?.peek::<Option<Value>>(name),
            None => Ok(None),
        },
    }
}

/// An empty `from` matches between all characters, which is counted like any other match.
fn replace(state: &mut State, arguments: Arguments) -> FilterResult {
    let arguments = arguments.into_values();
    let (value, from, to, count, named): (Value, Value, Value, Option<i64>, Kwargs) =
        from_args(&arguments)?;
    let count = match count {
        Some(count) => Some(count),
        None => named.get::<Option<i64>>("count")?,
    };
    named.assert_all_used()?;
    let (value, from, to) = (
        as_text(state, &value)?,
        as_text(state, &from)?,
        as_text(state, &to)?,
    );
    let [text, from, to] = [&value, &from, &to].map(|text| text.as_str().unwrap_or_default());
    let most = count
        .and_then(|count| usize::try_from(count).ok())
        .unwrap_or(usize::MAX);
    let found = text.matches(from).take(most).count();
    let grown = found.saturating_mul(to.len().saturating_sub(from.len()));
    ensure_bytes(state, text.len().saturating_add(grown))?;
    Ok(Value::from(text.replacen(from, to, most)))
}

/// Joins items with a separator.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the engine's kind of argument"
)]
fn join(
    state: &mut State,
    value: &Value,
    separator: Option<Value>,
    attribute: Option<Value>,
    named: Kwargs,
) -> FilterResult {
    let separator = match separator {
        Some(separator) => Some(separator),
        None => named.get::<Option<Value>>("d")?,
    };
    let attribute = match attribute {
        Some(attribute) => Some(attribute),
        None => named.get::<Option<Value>>("attribute")?,
    };
    named.assert_all_used()?;
    let separator = separator
        .map(|separator| as_text(state, &separator))
        .transpose()?;
    let separator = separator
        .as_ref()
        .and_then(Value::as_str)
        .unwrap_or_default();
    let attribute = attribute.as_ref().and_then(Value::as_str);
    let mut joined = Joined::new(state);
    for (index, item) in items_of(state, value, "join")?.enumerate() {
        let item = item?;
        if index > 0 {
            joined.push(separator)?;
        }
        match attribute {
            Some(attribute) => joined.push_value(state, &path(&item, attribute))?,
            None => joined.push_value(state, &item)?,
        }
    }
    Ok(joined.finish())
}

/// `a ~ b ~ c`.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the engine's kind of argument"
)]
fn concat(state: &State, first: &Value, rest: Rest<Value>) -> FilterResult {
    let mut joined = Joined::new(state);
    for value in std::iter::once(first).chain(rest.iter()) {
        joined.push_value(state, value)?;
    }
    Ok(joined.finish())
}

/// Text with placeholders. The values are converted first, since a template may name one many times.
fn format(state: &mut State, arguments: Arguments) -> FilterResult {
    let mut arguments = arguments.into_values();
    let Some(first) = arguments.first_mut() else {
        return Value::from_function(filters::format).call(state, &arguments);
    };
    *first = as_text(state, first)?;
    let written = first.as_str().unwrap_or_default();
    let (length, by_name) = (written.len(), written.matches("%(").count());
    let mut made = length;
    for value in arguments.iter_mut().skip(1) {
        let named = value.kind() == ValueKind::Map && (by_name > 0 || value.is_kwargs());
        if named {
            let (members, longest) = formatted_members(state, value)?;
            *value = members;
            made = made.saturating_add(by_name.saturating_mul(longest));
        } else {
            *value = formatted(state, value)?;
            made = made.saturating_add(value.as_str().map_or(0, str::len));
        }
        ensure_bytes(state, made)?;
    }
    Value::from_function(filters::format).call(state, &arguments)
}

/// The value of a placeholder. Numbers stay numbers, for `%d` and `%.2f`.
fn formatted(state: &State, value: &Value) -> FilterResult {
    if value.kind() == ValueKind::Number {
        return Ok(value.clone());
    }
    as_text(state, value)
}

/// The values of named placeholders, and the length of the longest one.
fn formatted_members(state: &State, members: &Value) -> Result<(Value, usize), Error> {
    let mut named = Vec::new();
    let (mut longest, mut all) = (0, 0_usize);
    for key in members.try_iter()? {
        let value = formatted(state, &members.get_item(&key)?)?;
        let length = value.as_str().map_or(0, str::len);
        longest = longest.max(length);
        all = all.saturating_add(length);
        ensure_bytes(state, all)?;
        named.push((as_text(state, &key)?.to_string(), value));
        ensure_items(state, named.len())?;
    }
    let members = if members.is_kwargs() {
        Value::from(named.into_iter().collect::<Kwargs>())
    } else {
        Value::from_pairs(named)
    };
    Ok((members, longest))
}

/// Percent-encoding for a part of a URL. An object becomes `a=1&b=2`.
fn urlencode(state: &mut State, value: &Value) -> FilterResult {
    defined_in(state, value)?;
    if value.kind() != ValueKind::Map {
        return if value.is_none() {
            Ok(Value::from(""))
        } else {
            encoded(state, value)
        };
    }
    let mut joined = Joined::new(state);
    for key in value.try_iter()? {
        let member = value.get_item(&key)?;
        if member.is_none() || member.is_undefined() {
            continue;
        }
        if !joined.is_empty() {
            joined.push("&")?;
        }
        let (key, member) = (encoded(state, &key)?, encoded(state, &member)?);
        joined.push_value(state, &key)?;
        joined.push("=")?;
        joined.push_value(state, &member)?;
    }
    Ok(joined.finish())
}

fn encoded(state: &mut State, value: &Value) -> FilterResult {
    let text = as_text(state, value)?;
    let length = text.as_str().map_or(0, |text| {
        // Any other byte can take three: `%XX` (RFC 3986, section 2.1).
        let plain = text.bytes().filter(u8::is_ascii_alphanumeric).count();
        plain + 3 * (text.len() - plain)
    });
    ensure_bytes(state, length)?;
    pay_bytes(state, length)?;
    Value::from_function(filters::urlencode).call(state, &[text])
}

/// A value as a boolean. Text must be `true` or `false`.
fn bool(state: &State, value: &Value) -> Result<bool, Error> {
    defined_in(state, value)?;
    let Some(text) = value.as_str() else {
        return Ok(value.is_true());
    };
    match text.trim() {
        yes if yes.eq_ignore_ascii_case("true") => Ok(true),
        no if no.eq_ignore_ascii_case("false") => Ok(false),
        _ => {
            let shown: String = text.chars().take(MAX_SHOWN).collect();
            Err(refused(format!(
                "{shown:?} is neither `true` nor `false`: compare the text, as in `value == 'yes'`"
            )))
        }
    }
}
