//! Comparison and order. Only values of the same kind have an order; the engine would order any two values.
//!
//! Comparisons are defined here and not by the engine for two reasons. The engine orders values of different kinds,
//! so that `"10" > 9` has a silent answer; here it is an error. And it walks whole values without paying, while a
//! small value can expand to a huge one, since its parts are shared.

use std::cmp::Ordering;

use minijinja::{
    Environment, Error, State, Value, filters,
    value::{Kwargs, Rest, ValueKind, ValueOrKwargs},
};

use super::{
    fuel::{bytes_left, pay_bytes},
    json::{Style, condition_value, defined_in, json_text, refused},
    lists::{items_of, path},
    text::as_text,
};
use crate::{
    template::syntax::{CHAIN, CONDITION},
    value::MAX_DEPTH,
};

pub(super) fn add_to(environment: &mut Environment) {
    let less: Accepts = |ordering| ordering.is_lt();
    let less_or_equal: Accepts = |ordering| ordering.is_le();
    let greater: Accepts = |ordering| ordering.is_gt();
    let greater_or_equal: Accepts = |ordering| ordering.is_ge();
    // All names of the engine, since `select('<', 3)` can name each of them. Operators are printed as `lt`, `le`
    // and so on.
    let tests: [(&[&str], &str, Accepts); 4] = [
        (&["lt", "lessthan", "<"], "<", less),
        (&["le", "<="], "<=", less_or_equal),
        (&["gt", "greaterthan", ">"], ">", greater),
        (&["ge", ">="], ">=", greater_or_equal),
    ];
    for (names, sign, accepts) in tests {
        for name in names {
            environment.add_test(*name, move |state: &State, left: &Value, right: &Value| {
                Order { state, by: sign }
                    .compare(left, right, MAX_DEPTH)
                    .map(accepts)
            });
        }
    }
    for name in ["eq", "equalto", "=="] {
        environment.add_test(name, |state: &State, left: &Value, right: &Value| {
            equal(state, left, right, MAX_DEPTH)
        });
    }
    for name in ["ne", "!="] {
        environment.add_test(name, |state: &State, left: &Value, right: &Value| {
            equal(state, left, right, MAX_DEPTH).map(|equal| !equal)
        });
    }
    environment.add_test("in", is_in);
    environment.add_test(CHAIN, chain);
    environment.add_filter(CONDITION, condition);
    environment.add_filter(
        "sort",
        comparing(Value::from_function(filters::sort), "sort"),
    );
    environment.add_filter("min", comparing(Value::from_function(filters::min), "min"));
    environment.add_filter("max", comparing(Value::from_function(filters::max), "max"));
    environment.add_filter(
        "groupby",
        comparing(Value::from_function(filters::groupby), "groupby"),
    );
    environment.add_filter(
        "unique",
        comparing(Value::from_function(filters::unique), "unique"),
    );
    environment.add_filter(
        "dictsort",
        comparing(Value::from_function(filters::dictsort), "dictsort"),
    );
}

/// Whether an ordering satisfies the operator.
type Accepts = fn(Ordering) -> bool;

/// The kinds of JSON values.
///
/// `undefined` counts as null where it can occur at all: undefined operands are refused before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Null,
    Boolean,
    Number,
    Text,
    List,
    Object,
}

impl Kind {
    fn of(value: &Value) -> Self {
        match value.kind() {
            ValueKind::Bool => Self::Boolean,
            ValueKind::Number => Self::Number,
            ValueKind::String => Self::Text,
            ValueKind::Seq | ValueKind::Iterable => Self::List,
            ValueKind::None | ValueKind::Undefined => Self::Null,
            _ => Self::Object,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::Text => "text",
            Self::List => "a list",
            Self::Object => "an object",
        }
    }
}

/// The kind of a value, for error messages.
pub(super) fn name_of(value: &Value) -> &'static str {
    Kind::of(value).name()
}

/// One use of an operator, test or filter that compares values.
#[derive(Clone, Copy)]
struct Order<'a, 't, 'e> {
    /// The state of the rendering, which pays for comparisons.
    state: &'a State<'t, 'e>,
    /// The name of the operator in errors.
    by: &'a str,
}

impl Order<'_, '_, '_> {
    /// Compares two values of the same kind. `depth` is how deep lists may still be nested.
    fn compare(self, left: &Value, right: &Value, depth: usize) -> Result<Ordering, Error> {
        defined_in(self.state, left)?;
        defined_in(self.state, right)?;
        let (kind, other) = (Kind::of(left), Kind::of(right));
        if kind != other {
            return Err(self.unlike(kind, other));
        }
        match kind {
            Kind::Null => Ok(Ordering::Equal),
            // Their size is fixed, so nothing is paid.
            Kind::Boolean | Kind::Number => Ok(left.cmp(right)),
            Kind::Text => {
                // The order is that of the bytes in UTF-8, which is that of code points and not that of a language.
                let length = |value: &Value| value.as_str().map_or(0, str::len);
                pay_bytes(self.state, length(left).min(length(right)))?;
                Ok(left.cmp(right))
            }
            Kind::Object => Err(refused(format!(
                "`{}` cannot order objects: compare a member of them",
                self.by
            ))),
            Kind::List => self.compare_lists(left, right, depth),
        }
    }

    fn compare_lists(self, left: &Value, right: &Value, depth: usize) -> Result<Ordering, Error> {
        let depth = deeper(depth)?;
        let mut left = items_of(self.state, left, self.by)?;
        let mut right = items_of(self.state, right, self.by)?;
        loop {
            match (left.next().transpose()?, right.next().transpose()?) {
                (None, None) => return Ok(Ordering::Equal),
                (None, Some(_)) => return Ok(Ordering::Less),
                (Some(_), None) => return Ok(Ordering::Greater),
                (Some(left), Some(right)) => {
                    let ordering = self.compare(&left, &right, depth)?;
                    if ordering != Ordering::Equal {
                        return Ok(ordering);
                    }
                }
            }
        }
    }

    /// Adds a value to the common shape of the values before it.
    ///
    /// Filters such as `sort` compare items in an order that is not known here. So all items must have one shape:
    /// then no comparison can fail in the middle. Positions in lists are compared one by one, as the engine does. A
    /// position that only some lists have takes the kind of the first list that has it.
    fn merge(self, shape: &mut Option<Shape>, value: &Value, depth: usize) -> Result<(), Error> {
        let kind = Kind::of(value);
        let known = shape.get_or_insert_with(|| match kind {
            Kind::List => Shape::List(Vec::new()),
            other => Shape::Of(other),
        });
        match (known, kind) {
            (Shape::Of(Kind::Object), Kind::Object) => Err(refused(format!(
                "`{by}` cannot order objects: name a member, `| {by}(attribute='name')`",
                by = self.by
            ))),
            (Shape::Of(known), kind) if *known == kind => Ok(()),
            (Shape::Of(known), kind) => Err(self.unlike(*known, kind)),
            (Shape::List(_), kind) if kind != Kind::List => Err(self.unlike(Kind::List, kind)),
            (Shape::List(places), _) => {
                let depth = deeper(depth)?;
                for (index, item) in items_of(self.state, value, self.by)?.enumerate() {
                    if index == places.len() {
                        places.push(None);
                    }
                    self.merge(&mut places[index], &item?, depth)?;
                }
                Ok(())
            }
        }
    }

    fn unlike(self, left: Kind, right: Kind) -> Error {
        let hint = if [left, right].contains(&Kind::Number) {
            "convert it with `| int` or `| float`"
        } else {
            "convert one of them, with `| int`, `| float` or `| string`"
        };
        refused(format!(
            "`{}` cannot order {} and {}: {hint}",
            self.by,
            left.name(),
            right.name()
        ))
    }
}

/// The depth that is left inside a list or object.
fn deeper(depth: usize) -> Result<usize, Error> {
    let within = depth.checked_sub(1);
    within.ok_or_else(|| refused("the value is nested too deeply"))
}

/// `a in b`. In text, a value is searched in its text form.
///
/// Membership in an object means its keys. A list or object is never a key, so it is in no object.
fn is_in(state: &State, value: &Value, container: &Value) -> Result<bool, Error> {
    defined_in(state, value)?;
    defined_in(state, container)?;
    match Kind::of(container) {
        Kind::Text => {
            let (text, value) = (
                container.as_str().unwrap_or_default(),
                as_text(state, value)?,
            );
            // `contains` is linear in the length of the text.
            pay_bytes(state, text.len())?;
            Ok(text.contains(value.as_str().unwrap_or_default()))
        }
        Kind::List => {
            for item in items_of(state, container, "in")? {
                if equal(state, &item?, value, MAX_DEPTH)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Kind::Object if matches!(Kind::of(value), Kind::List | Kind::Object) => Ok(false),
        Kind::Object => Ok(!container.get_item(value)?.is_undefined()),
        other => Err(refused(format!(
            "`in` looks into text, lists and objects, not into {}",
            other.name()
        ))),
    }
}

/// `a == b`. The walk is paid for: a small value can expand to a huge one. Kinds may differ: they are then not
/// equal, without an error.
fn equal(state: &State, left: &Value, right: &Value, depth: usize) -> Result<bool, Error> {
    let depth = deeper(depth)?;
    let kinds = (Kind::of(left), Kind::of(right));
    if !matches!(
        kinds,
        (Kind::List, Kind::List) | (Kind::Object, Kind::Object)
    ) {
        return Ok(left == right);
    }
    if left.len() != right.len() {
        return Ok(false);
    }
    if kinds.0 == Kind::List {
        let mut right = items_of(state, right, "==")?;
        for left in items_of(state, left, "==")? {
            match right.next().transpose()? {
                Some(right) if equal(state, &left?, &right, depth)? => {}
                _ => return Ok(false),
            }
        }
        return Ok(right.next().is_none());
    }
    for key in items_of(state, left, "==")? {
        let key = key?;
        let (left, right) = (left.get_item(&key)?, right.get_item(&key)?);
        if !equal(state, &left, &right, depth)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// `a < b <= c`: the names of the tests and the operands, alternating.
///
/// The tests stop at the first that fails. All operands have been evaluated by then, since they are arguments of a
/// filter.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the engine's kind of argument"
)]
fn chain(state: &mut State, first: &Value, rest: Rest<Value>) -> Result<bool, Error> {
    let mut left = first.clone();
    for pair in rest.chunks_exact(2) {
        let [test, right] = pair else { continue };
        let (name, wanted) = match test.as_str().unwrap_or_default() {
            "not in" => ("in", false),
            name => (name, true),
        };
        defined_in(state, &left)?;
        defined_in(state, right)?;
        if state.perform_test(name, &[left, right.clone()])? != wanted {
            return Ok(false);
        }
        left = right.clone();
    }
    Ok(true)
}

fn condition(state: &State, value: &Value) -> Result<Value, Error> {
    defined_in(state, value)?;
    condition_value(value.clone())
}

/// A filter of the engine that compares items. First, all items are checked to be of one kind.
///
/// The engine's filter does the work; the check before it makes sure that it cannot fail or take more than was paid
/// for.
fn comparing(
    builtin: Value,
    name: &'static str,
) -> impl Fn(&mut State<'_, '_>, Rest<ValueOrKwargs>) -> Result<Value, Error> + Send + Sync + 'static
{
    move |state: &mut State<'_, '_>, arguments: Rest<ValueOrKwargs>| {
        let arguments = arguments.into_values();
        if let Some(value) = arguments.first() {
            defined_in(state, value)?;
            let keys = Keys::of(name, &arguments)?;
            keys.check(state, value)?;
        }
        builtin.call(state, &arguments)
    }
}

/// What a filter compares of each item. Reads the same arguments as the filter of the engine. If the two differed,
/// another key would be checked than the one that is compared.
struct Keys {
    name: &'static str,
    /// The attributes, in order. Empty: the items themselves.
    attributes: Vec<String>,
    /// The value for items without the attribute.
    default: Option<Value>,
    /// `dictsort(by='value')`: the items of an object are its keys, and their values are compared.
    of_values: bool,
}

impl Keys {
    fn of(name: &'static str, arguments: &[Value]) -> Result<Self, Error> {
        let named = arguments.last().filter(|last| last.is_kwargs());
        let named = named
            .map(|named| Kwargs::try_from(named.clone()))
            .transpose()?;
        let text = |key: &str| match &named {
            Some(named) => named.peek::<Option<Value>>(key),
            None => Ok(None),
        };
        // Only `groupby` takes the attribute by position. Only `sort` takes several, separated by commas.
        let attribute = match arguments
            .get(1)
            .filter(|value| !value.is_kwargs() && name == "groupby")
        {
            Some(attribute) => Some(attribute.clone()),
            None => text("attribute")?,
        };
        let attribute = attribute
            .as_ref()
            .and_then(Value::as_str)
            .unwrap_or_default();
        let attributes = match name {
            "sort" => attribute
                .split(',')
                .map(str::trim)
                .map(str::to_owned)
                .collect(),
            _ => vec![attribute.to_owned()],
        };
        Ok(Self {
            name,
            attributes: attributes
                .into_iter()
                .filter(|attribute| !attribute.is_empty())
                .collect(),
            default: text("default")?,
            of_values: text("by")?.is_some_and(|by| by.as_str() == Some("value")),
        })
    }

    fn check(&self, state: &State, value: &Value) -> Result<(), Error> {
        if self.attributes.is_empty() {
            return self.check_key(state, value, |item| {
                if self.of_values {
                    value.get_item(item)
                } else {
                    Ok(item.clone())
                }
            });
        }
        self.attributes.iter().try_for_each(|attribute| {
            self.check_key(state, value, |item| {
                let key = path(item, attribute);
                match &self.default {
                    Some(default) if key.is_undefined() => Ok(default.clone()),
                    None if key.is_undefined() && self.name != "unique" => Err(refused(format!(
                        "`{}` needs `{attribute}` in each item, and one has none",
                        self.name
                    ))),
                    _ => Ok(key),
                }
            })
        })
    }

    /// Checks that a key is of one kind in all items, and pays for the comparisons.
    ///
    /// The price is that of the engine's algorithm: one pass for `min`, `max` and `unique`, `n log n` comparisons
    /// for sorting.
    fn check_key(
        &self,
        state: &State,
        value: &Value,
        key: impl Fn(&Value) -> Result<Value, Error>,
    ) -> Result<(), Error> {
        let order = Order {
            state,
            by: self.name,
        };
        let mut shape = None;
        let (mut bytes, mut count) = (0_usize, 0_usize);
        for item in items_of(state, value, self.name)? {
            let key = key(&item?)?;
            count += 1;
            bytes = bytes.saturating_add(key.as_str().map_or(0, str::len));
            if self.name == "unique" {
                bytes = bytes.saturating_add(length_of_list(state, &key)?);
            } else {
                order.merge(&mut shape, &key, MAX_DEPTH)?;
            }
        }
        let comparisons = match self.name {
            "min" | "max" | "unique" => 1,
            _ => count.max(1).ilog2() as usize + 1,
        };
        pay_bytes(state, bytes.saturating_mul(comparisons))
    }
}

/// The length of a list or object as JSON, which is about the cost of a comparison.
fn length_of_list(state: &State, value: &Value) -> Result<usize, Error> {
    if !matches!(Kind::of(value), Kind::List | Kind::Object) {
        return Ok(0);
    }
    let length = json_text(value, Style::Compact, bytes_left(state))?.len();
    pay_bytes(state, length)?;
    Ok(length)
}

/// The common kind of values; for lists, that of their items, by position.
enum Shape {
    Of(Kind),
    List(Vec<Option<Shape>>),
}
