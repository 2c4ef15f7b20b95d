//! The names of all filters and tests. `docs/LANGUAGE.md` has the same lists.
//!
//! Names are checked when a template is compiled; the engine would report an unknown one only when it renders.

use crate::{
    error::{did_you_mean, shown},
    template::{
        TemplateError,
        syntax::{Argument, other_filter},
    },
};

pub(super) const FILTERS: [&str; 49] = [
    "abs",
    "attr",
    "batch",
    "bool",
    "capitalize",
    "chain",
    "count",
    "d",
    "default",
    "dictsort",
    "e",
    "escape",
    "first",
    "float",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "pprint",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "slice",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "tojson",
    "trim",
    "unique",
    "upper",
    "urlencode",
    "zip",
];

pub(super) const TESTS: [&str; 36] = [
    "boolean",
    "defined",
    "divisibleby",
    "endingwith",
    "eq",
    "equalto",
    "escaped",
    "even",
    "false",
    "filter",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "integer",
    "int",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "safe",
    "sameas",
    "sequence",
    "startingwith",
    "string",
    "test",
    "true",
    "undefined",
    "upper",
];

/// Refuses a filter that does not exist.
pub(in crate::template) fn filter(name: &str) -> Result<(), TemplateError> {
    if FILTERS.contains(&name) {
        return Ok(());
    }
    let error = TemplateError::syntax(format!("there is no filter `{}`", shown(name)));
    let hint = other_filter(name).map(str::to_owned);
    Err(error.maybe_hint(hint.or_else(|| did_you_mean(name, FILTERS))))
}

/// Refuses a test that does not exist.
pub(in crate::template) fn test(name: &str) -> Result<(), TemplateError> {
    if TESTS.contains(&name) {
        return Ok(());
    }
    let error = TemplateError::syntax(format!("there is no test `{}`", shown(name)));
    Err(error.maybe_hint(match name {
        "empty" => Some("write `not value`, or `value | length == 0`".to_owned()),
        "null" => Some("write `is none`".to_owned()),
        "list" | "array" => Some("write `is sequence`".to_owned()),
        "object" | "dict" => Some("write `is mapping`".to_owned()),
        "text" | "str" => Some("write `is string`".to_owned()),
        "contains" | "containing" => Some("write `'a' in value`".to_owned()),
        _ => did_you_mean(name, TESTS),
    }))
}

/// Refuses unknown filters and tests that are named in arguments: `map('upper')`, `select('odd')`.
///
/// The engine would look these names up while it renders. A name that is computed cannot be checked here.
pub(in crate::template) fn named_in_arguments(
    name: &str,
    arguments: &[Argument],
) -> Result<(), TemplateError> {
    let text = |index: usize| match arguments.get(index) {
        Some(Argument::Positional(value)) => value.plain_text(),
        _ => None,
    };
    match name {
        "map" => text(0).map_or(Ok(()), filter),
        "select" | "reject" => text(0).map_or(Ok(()), test_or_sign),
        "selectattr" | "rejectattr" => text(1).map_or(Ok(()), test_or_sign),
        _ => Ok(()),
    }
}

fn test_or_sign(name: &str) -> Result<(), TemplateError> {
    if ["==", "!=", "<", "<=", ">", ">="].contains(&name) {
        return Ok(());
    }
    test(name)
}
