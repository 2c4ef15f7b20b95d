//! Filters for objects: `get`, `set`, `merge`. `coalesce`, and look-ups where any part of a path may be missing.

use minijinja::{
    Environment, Error, ErrorKind, State, Value,
    value::{Kwargs, Rest, ValueKind, ValueOrKwargs},
};

use super::{
    arguments::{named_as, no_more},
    fuel::ensure_items,
    json::{defined_in, refused},
    lists::{items_of, key},
    order::name_of,
    text::{FilterResult, as_text},
};
use crate::{
    template::syntax::{COALESCE, PATH},
    value::MAX_DEPTH,
};

pub(super) fn add_to(environment: &mut Environment) {
    environment.add_filter("get", get);
    environment.add_filter("merge", merge);
    environment.add_filter("set", set);
    environment.add_filter(PATH, path);
    environment.add_filter(COALESCE, coalesce);
}

/// The value at a path, or `default`, or `null`. Anything on the way may be missing, the value itself included.
fn get(state: &State, value: &Value, path: &Value, rest: Rest<ValueOrKwargs>) -> FilterResult {
    let default = default_of(state, rest.into_values())?;
    let mut here = value.clone();
    for key in keys_of(state, path, "get")? {
        here = found(&here, &key)?;
    }
    Ok(if here.is_undefined() { default } else { here })
}

/// The argument `default`. It is read as a value and not as an optional one, since a missing value would be none.
fn default_of(state: &State, mut arguments: Vec<Value>) -> FilterResult {
    let named = arguments.pop_if(|last| last.is_kwargs());
    let named = match named {
        Some(named) => Kwargs::try_from(named)?,
        None => std::iter::empty::<(&str, Value)>().collect(),
    };
    let mut arguments = arguments.into_iter();
    let default = named_as(arguments.next(), &named, "default")?;
    no_more(&named)?;
    if arguments.next().is_some() {
        return Err(ErrorKind::TooManyArguments.into());
    }
    let default = default.unwrap_or(Value::from(()));
    defined_in(state, &default)?;
    Ok(default)
}

/// `a.b[c]` at the left of `get` and in `coalesce`: undefined if anything on the way is missing.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the engine's kind of argument"
)]
fn path(value: &Value, keys: Rest<Value>) -> FilterResult {
    let mut here = value.clone();
    for key in keys.iter() {
        here = found(&here, key)?;
    }
    Ok(here)
}

/// The first value that is neither missing nor `null`; `null` if there is none.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the engine's kind of argument"
)]
fn coalesce(first: &Value, others: Rest<Value>) -> Value {
    let mut all = std::iter::once(first).chain(others.iter());
    let is_there = |value: &&Value| !value.is_undefined() && !value.is_none();
    all.find(is_there).cloned().unwrap_or(Value::from(()))
}

/// A field or an item, undefined if there is none. A number as text is an index of a list.
fn found(value: &Value, key: &Value) -> FilterResult {
    if value.is_undefined() || value.is_none() {
        return Ok(Value::UNDEFINED);
    }
    match index_of(value, key) {
        Some(index) => value.get_item(&Value::from(index)),
        None => value.get_item(key),
    }
}

/// The index that a text means for a list.
fn index_of(value: &Value, key: &Value) -> Option<usize> {
    let is_list = matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable);
    key.as_str().filter(|_| is_list)?.parse().ok()
}

/// The keys of a path: `'a.b.0'`, or a list of them, for names with dots.
fn keys_of(state: &State, path: &Value, filter: &str) -> Result<Vec<Value>, Error> {
    defined_in(state, path)?;
    let keys: Vec<Value> = match (path.as_str(), path.kind()) {
        (Some(text), _) => {
            let keys = text.split('.').take(MAX_DEPTH + 1);
            keys.map(Value::from).collect()
        }
        (None, ValueKind::Number) => vec![path.clone()],
        (None, ValueKind::Seq) => {
            let keys = items_of(state, path, filter)?.take(MAX_DEPTH + 1);
            keys.map(|name| key(state, &name?))
                .collect::<Result<_, _>>()?
        }
        _ => {
            return Err(refused(format!(
                "`{filter}` needs a path as text, such as 'a.b', or a list of names, not {}",
                name_of(path)
            )));
        }
    };
    if keys.is_empty() || keys.len() > MAX_DEPTH {
        return Err(refused(format!(
            "a path of `{filter}` has 1 to {MAX_DEPTH} names"
        )));
    }
    Ok(keys)
}

/// The fields of an object, each paid for.
fn fields_of(state: &State, value: &Value, filter: &str) -> Result<Vec<(Value, Value)>, Error> {
    defined_in(state, value)?;
    if value.kind() != ValueKind::Map {
        let detail = format!("`{filter}` needs an object, not {}", name_of(value));
        return Err(refused(detail));
    }
    let mut fields = Vec::new();
    for key in items_of(state, value, filter)? {
        let key = key?;
        let field = value.get_item(&key)?;
        fields.push((key, field));
        ensure_items(state, fields.len())?;
    }
    Ok(fields)
}

/// The fields of both objects. Where both have one, that of `other` counts.
fn merge(state: &State, value: &Value, other: &Value) -> FilterResult {
    let mut fields = fields_of(state, value, "merge")?;
    fields.extend(fields_of(state, other, "merge")?);
    ensure_items(state, fields.len())?;
    Ok(Value::from_pairs(fields))
}

/// A copy of an object or a list with another value at a path. Objects on the way are made if they are missing.
fn set(state: &State, value: &Value, path: &Value, new: &Value) -> FilterResult {
    defined_in(state, value)?;
    defined_in(state, new)?;
    let keys = keys_of(state, path, "set")?;
    // The path adds to the depth of the value, and values are walked and dropped by recursion.
    ensure_depth(state, new, MAX_DEPTH - keys.len())?;
    put(state, value, &keys, new)
}

fn put(state: &State, here: &Value, keys: &[Value], new: &Value) -> FilterResult {
    let Some((key, rest)) = keys.split_first() else {
        return Ok(new.clone());
    };
    match here.kind() {
        ValueKind::Map => {
            let mut fields = fields_of(state, here, "set")?;
            let name = as_text(state, key)?;
            let inner = match here.get_item(&name)? {
                missing if missing.is_undefined() => Value::from_pairs::<_, String, Value>([]),
                inner => inner,
            };
            fields.push((name, put(state, &inner, rest, new)?));
            Ok(Value::from_pairs(fields))
        }
        ValueKind::Seq | ValueKind::Iterable => {
            let mut items = items_of(state, here, "set")?.collect::<Result<Vec<_>, _>>()?;
            ensure_items(state, items.len())?;
            let length = items.len();
            let index = index_of(here, key).or_else(|| key.as_usize());
            let Some(item) = index.and_then(|index| items.get_mut(index)) else {
                return Err(refused(format!(
                    "`set`: a list of {length} has no item `{key}`"
                )));
            };
            *item = put(state, item, rest, new)?;
            Ok(Value::from(items))
        }
        _ => Err(refused(format!(
            "`set` needs an object or a list for `{key}`, not {}",
            name_of(here)
        ))),
    }
}

/// Refuses a value that is nested too deep, and pays for looking at it.
fn ensure_depth(state: &State, value: &Value, depth: usize) -> Result<(), Error> {
    let is_map = value.kind() == ValueKind::Map;
    if !is_map && !matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable) {
        return Ok(());
    }
    let Some(depth) = depth.checked_sub(1) else {
        return Err(refused(format!(
            "`set`: the value is nested more than {MAX_DEPTH} deep"
        )));
    };
    for item in items_of(state, value, "set")? {
        let item = item?;
        let item = if is_map { value.get_item(&item)? } else { item };
        ensure_depth(state, &item, depth)?;
    }
    Ok(())
}
