//! Filters and operators that make lists longer, or look values up by name.

use minijinja::{
    Environment, Error, State, Value, filters,
    value::{Kwargs, Rest, ValueKind, ValueOrKwargs},
};

use super::{
    fuel::{ensure_bytes, ensure_items},
    json::{defined_in, refused},
    order::name_of,
};
use crate::template::syntax::{ADD, KEY};

pub(super) fn add_to(environment: &mut Environment) {
    environment.add_filter(ADD, add);
    environment.add_filter("sum", sum);
    environment.add_filter(KEY, |state: &State, value: &Value| key(state, value));
    environment.add_filter("attr", attribute);
    let named = [
        ("map", Value::from_function(filters::map)),
        ("select", Value::from_function(filters::select)),
        ("reject", Value::from_function(filters::reject)),
        ("selectattr", Value::from_function(filters::selectattr)),
        ("rejectattr", Value::from_function(filters::rejectattr)),
    ];
    for (name, builtin) in named {
        environment.add_filter(name, by_name(builtin, name));
    }
}

/// The items of a list, each paid for.
pub(super) fn items_of<'a>(
    state: &'a State,
    value: &'a Value,
    filter: &str,
) -> Result<impl Iterator<Item = Result<Value, Error>> + use<'a>, Error> {
    defined_in(state, value)?;
    if value.is_none() {
        return Err(refused(format!("`{filter}` needs a list, not null")));
    }
    let items = value
        .try_iter()
        .map_err(|_| refused(format!("`{filter}` needs a list, not {}", name_of(value))))?;
    // A step pays for two items: 32 bytes each, of the 64 that a step is worth (`fuel`).
    Ok(items.checked().enumerate().map(|(index, item)| {
        if index % 2 == 0 {
            state.consume_fuel(1)?;
        }
        item
    }))
}

/// The attribute of an item, or the value at a dotted path. Undefined if it does not exist.
///
/// As the engine reads `attribute='a.0.b'`: a number is an index.
pub(super) fn path(item: &Value, path: &str) -> Value {
    let mut here = item.clone();
    for name in path.split('.') {
        let next = match name.parse::<usize>() {
            Ok(index) => here.get_item_by_index(index),
            Err(_) => here.get_attr(name),
        };
        here = next.unwrap_or_default();
    }
    here
}

fn is_list(value: &Value) -> bool {
    matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable)
}

/// The key of a look-up. Lists and objects are refused: comparing with one would walk over all of it.
pub(super) fn key(state: &State, value: &Value) -> Result<Value, Error> {
    defined_in(state, value)?;
    if is_list(value) || value.kind() == ValueKind::Map {
        return Err(refused(format!("{} cannot be a key", name_of(value))));
    }
    Ok(value.clone())
}

fn attribute(state: &State, value: &Value, name: &Value) -> Result<Value, Error> {
    defined_in(state, value)?;
    value.get_item(&key(state, name)?)
}

/// A filter of the engine whose arguments name attributes, filters or tests. The names must be text.
fn by_name(
    builtin: Value,
    filter: &'static str,
) -> impl Fn(&mut State<'_, '_>, Rest<ValueOrKwargs>) -> Result<Value, Error> + Send + Sync + 'static
{
    // Names come first: of the attribute and the test in `selectattr`, of the filter or the test in the others.
    let count = if filter.ends_with("attr") { 2 } else { 1 };
    move |state: &mut State<'_, '_>, arguments: Rest<ValueOrKwargs>| {
        let arguments = arguments.into_values();
        for name in arguments.iter().skip(1).take(count) {
            if name.is_kwargs() {
                let named = Kwargs::try_from(name.clone())?;
                if let Some(attribute) = named.peek::<Option<Value>>("attribute")? {
                    key(state, &attribute)?;
                }
            } else if name.as_str().is_none() {
                let detail = format!("`{filter}` needs a name as text, not {}", name_of(name));
                return Err(refused(detail));
            }
        }
        builtin.call(state, &arguments)
    }
}

/// `a + b`, unless both are number literals.
fn add(state: &mut State, left: &Value, right: &Value) -> Result<Value, Error> {
    defined_in(state, left)?;
    defined_in(state, right)?;
    match (left.as_str(), right.as_str()) {
        (Some(left), Some(right)) => {
            ensure_bytes(state, left.len() + right.len())?;
            return Ok(Value::from([left, right].concat()));
        }
        (None, None) => {}
        _ => {
            return Err(refused(format!(
                "`+` cannot add {} and {}: join text with `~`, or convert it with `| int` or `| float`",
                name_of(left),
                name_of(right)
            )));
        }
    }
    if is_list(left) && is_list(right) {
        // The engine copies joined lists, so repeated `+` would take quadratic time and memory.
        let length = |list: &Value| list.len().unwrap_or_default();
        ensure_items(state, length(left).saturating_add(length(right)))?;
    }
    // The engine has no function for `+`, but its `sum` adds in the same way.
    let named: Kwargs = [("start", left.clone())].into_iter().collect();
    let arguments = [Value::from(vec![right.clone()]), Value::from(named)];
    Value::from_function(filters::sum).call(state, &arguments)
}

/// `sum` with a list as `start` joins lists, which copies: each step costs as much as all before it.
fn sum(state: &mut State, arguments: Rest<ValueOrKwargs>) -> Result<Value, Error> {
    let arguments = arguments.into_values();
    let named = arguments.last().filter(|last| last.is_kwargs());
    let named = named
        .map(|named| Kwargs::try_from(named.clone()))
        .transpose()?;
    let start = match arguments.get(2).filter(|value| !value.is_kwargs()) {
        Some(start) => Some(start.clone()),
        None => named
            .as_ref()
            .map(|named| named.peek::<Option<Value>>("start"))
            .transpose()?
            .flatten(),
    };
    if let Some(start) = start {
        if start.as_str().is_some() {
            return Err(refused("`sum` adds numbers: put text together with `join`"));
        }
        if is_list(&start) {
            let attribute = match arguments.get(1).filter(|value| !value.is_kwargs()) {
                Some(attribute) => Some(attribute.clone()),
                None => named
                    .as_ref()
                    .map(|named| named.peek::<Option<Value>>("attribute"))
                    .transpose()?
                    .flatten(),
            };
            ensure_items(state, start.len().unwrap_or_default())?;
            ensure_lists(
                state,
                &arguments[0],
                attribute.as_ref().and_then(Value::as_str),
            )?;
        }
    }
    Value::from_function(filters::sum).call(state, &arguments)
}

/// Refuses to join lists that are too long in total. Checked again for each list.
///
/// The total grows with each list, and is checked at each, so that a long list of long lists is refused early.
fn ensure_lists(state: &State, lists: &Value, attribute: Option<&str>) -> Result<(), Error> {
    let mut items = 0_usize;
    for list in items_of(state, lists, "sum")? {
        let list = list?;
        let list = attribute.map_or_else(|| list.clone(), |attribute| path(&list, attribute));
        items = items.saturating_add(list.len().unwrap_or_default());
        ensure_items(state, items)?;
    }
    Ok(())
}
