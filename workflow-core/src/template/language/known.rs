//! The names of all filters, tests and functions, with the help that editors show. `docs/LANGUAGE.md` has the same lists.
//!
//! Names are checked when a template is compiled; the engine would report an unknown one only when it renders.

use super::{ENVIRONMENT, pattern, time};
use crate::{
    error::{did_you_mean, shown},
    template::{
        TemplateError,
        syntax::{Argument, Expr, Literal, other_filter, value},
    },
};

/// The filters, each with its help: what `value | name` is.
pub(crate) const FILTERS: [(&str, &str); 58] = [
    ("abs", "The number without its sign."),
    (
        "add_duration",
        "A later time, or an earlier one: `run.started_at | add_duration('1d 12h')`.",
    ),
    (
        "attr",
        "The field with a computed name: `value | attr(name)`.",
    ),
    ("batch", "Lists of so many items each: `items | batch(3)`."),
    ("bool", "The words `true` and `false` as a boolean."),
    (
        "capitalize",
        "The first letter in upper case, the rest in lower case.",
    ),
    ("chain", "Several lists as one: `a | chain(b)`."),
    (
        "count",
        "The number of items, fields or characters; the same as `length`.",
    ),
    ("d", "The same as `default`."),
    (
        "dateformat",
        "A time as text: `run.started_at | dateformat('%d.%m.%Y %H:%M', '+02:00')`.",
    ),
    (
        "default",
        "Another value if this one is missing: `input.tone | default('plain')`.",
    ),
    ("dictsort", "The pairs of an object, sorted by name."),
    (
        "e",
        "The text with `<`, `>`, `&` and quotes escaped for HTML.",
    ),
    (
        "escape",
        "The text with `<`, `>`, `&` and quotes escaped for HTML.",
    ),
    ("first", "The first item of a list."),
    (
        "float",
        "A number with a fraction, from a text or a number.",
    ),
    (
        "format",
        "Values in the places of a format: `'%s: %d' | format(name, count)`.",
    ),
    (
        "fromjson",
        "The value that a text states as JSON: `draft.output | fromjson`.",
    ),
    (
        "get",
        "The value at a path, or another one if anything on the way is missing: `draft | get('output.kind', 'none')`.",
    ),
    (
        "groupby",
        "The items grouped by a field: `items | groupby('kind')`.",
    ),
    (
        "indent",
        "All lines but the first indented: `text | indent(2)`.",
    ),
    ("int", "A whole number, from a text or a number."),
    (
        "items",
        "The pairs of an object, each a list of name and value.",
    ),
    (
        "join",
        "The items as one text, with a text between them: `items | join(', ')`.",
    ),
    ("last", "The last item of a list."),
    ("length", "The number of items, fields or characters."),
    ("lines", "The lines of a text, as a list."),
    (
        "list",
        "The characters of a text, the names of an object, or the items, as a list.",
    ),
    ("lower", "The text in lower case."),
    (
        "map",
        "A field, or a filter, of each item: `items | map(attribute='title')`.",
    ),
    ("max", "The largest item."),
    (
        "merge",
        "The fields of two objects as one; those of the second win: `defaults | merge(input)`.",
    ),
    ("min", "The smallest item."),
    ("pprint", "The value as JSON with line breaks."),
    (
        "regex_replace",
        "The text with what matches a pattern replaced: `text | regex_replace('[0-9]+', '#')`.",
    ),
    (
        "regex_search",
        "The first part of a text that matches a pattern, or `null`: `text | regex_search('#([0-9]+)', 1)`.",
    ),
    (
        "reject",
        "The items for which a test is false: `items | reject('none')`.",
    ),
    (
        "rejectattr",
        "The items of which a field does not pass a test: `items | rejectattr('kind', 'eq', 'spam')`.",
    ),
    (
        "replace",
        "The text with one part replaced by another: `text | replace('a', 'b')`.",
    ),
    ("reverse", "The items or characters in reverse order."),
    ("round", "The number rounded: `score | round(1)`."),
    ("safe", "The text as it is. Nothing is escaped anyway."),
    (
        "select",
        "The items for which a test is true: `items | select('string')`.",
    ),
    (
        "selectattr",
        "The items of which a field passes a test: `items | selectattr('score', 'ge', 0.8)`.",
    ),
    (
        "set",
        "The object with another value at a path: `order | set('customer.name', 'Ada')`.",
    ),
    ("slice", "The items in so many lists: `items | slice(3)`."),
    (
        "sort",
        "The items in order: `items | sort(attribute='score', reverse=true)`.",
    ),
    (
        "split",
        "The parts of a text between separators: `text | split(', ')`.",
    ),
    ("string", "The value as a text."),
    (
        "sum",
        "The sum of the items: `items | sum(attribute='price')`.",
    ),
    ("title", "Each word with its first letter in upper case."),
    ("tojson", "The value as JSON."),
    ("trim", "The text without white space at both ends."),
    (
        "truncate",
        "The first characters of a text, cut between words: `text | truncate(100)`.",
    ),
    (
        "unique",
        "The items without duplicates: `items | unique(attribute='id')`.",
    ),
    ("upper", "The text in upper case."),
    ("urlencode", "The text encoded for a URL."),
    (
        "zip",
        "Lists of the items at the same place: `names | zip(scores)`.",
    ),
];

/// The tests, each with its help: what `value is name` states.
pub(crate) const TESTS: [(&str, &str); 36] = [
    ("boolean", "Is `true` or `false`."),
    ("defined", "Exists."),
    (
        "divisibleby",
        "Can be divided by a number: `index is divisibleby(2)`.",
    ),
    (
        "endingwith",
        "Ends with a text: `name is endingwith('.md')`.",
    ),
    ("eq", "Is equal to a value, as `==`."),
    ("equalto", "Is equal to a value, as `==`."),
    ("escaped", "Is a text that is marked as safe."),
    ("even", "Is an even number."),
    ("false", "Is `false`."),
    ("filter", "Is the name of a filter."),
    ("float", "Is a number with a fraction."),
    ("ge", "Is greater than a value or equal to it, as `>=`."),
    ("greaterthan", "Is greater than a value, as `>`."),
    ("gt", "Is greater than a value, as `>`."),
    (
        "in",
        "Is an item of a list or a part of a text: `kind is in(['a', 'b'])`.",
    ),
    ("integer", "Is a whole number."),
    ("int", "Is a whole number."),
    ("iterable", "Has items: a list, an object or a text."),
    ("le", "Is less than a value or equal to it, as `<=`."),
    ("lessthan", "Is less than a value, as `<`."),
    ("lower", "Is a text in lower case."),
    ("lt", "Is less than a value, as `<`."),
    ("mapping", "Is an object."),
    ("ne", "Is not equal to a value, as `!=`."),
    ("none", "Is `null`."),
    ("number", "Is a number."),
    ("odd", "Is an odd number."),
    ("safe", "Is a text that is marked as safe."),
    ("sameas", "Is the same value, as `sameas(true)`."),
    ("sequence", "Is a list."),
    (
        "startingwith",
        "Starts with a text: `name is startingwith('draft')`.",
    ),
    ("string", "Is a text."),
    ("test", "Is the name of a test."),
    ("true", "Is `true`."),
    ("undefined", "Does not exist."),
    ("upper", "Is a text in upper case."),
];

/// The statements, each with its help. `syntax` reads them.
pub(crate) const STATEMENTS: [(&str, &str); 14] = [
    (
        "if",
        "Begins a part that is written if a condition is true: `{% if input.tone %}`.",
    ),
    ("elif", "Another condition, if those before it are false."),
    (
        "else",
        "What is written otherwise, or if a list has no items.",
    ),
    ("endif", "Ends an `if`."),
    (
        "for",
        "Begins a part that is written for each item of a list: `{% for x in each.output %}`.",
    ),
    ("endfor", "Ends a `for`."),
    (
        "set",
        "Gives a value a name: `{% set name = input.name %}`.",
    ),
    ("endset", "Ends a `set` whose value is the text up to here."),
    (
        "with",
        "Gives a value a name up to `endwith`: `{% with name = input.name %}`.",
    ),
    ("endwith", "Ends a `with`."),
    (
        "filter",
        "Begins a part that goes through a filter: `{% filter upper %}`.",
    ),
    ("endfilter", "Ends a `filter`."),
    ("raw", "Begins a part in which braces are text."),
    ("endraw", "Ends a `raw`."),
];

/// The functions and constants, each with its help.
pub(crate) const FUNCTIONS: [(&str, &str); 3] = [
    (
        "coalesce",
        "The first value that is neither missing nor `null`: `coalesce(draft.output.title, input.title, 'none')`.",
    ),
    ("null", "No value, as in JSON."),
    (
        "range",
        "The numbers from 0, or from a number, up to the one before another: `range(3)`.",
    ),
];

/// The names of a table.
fn names(table: &[(&'static str, &str)]) -> impl Iterator<Item = &'static str> {
    table.iter().map(|(name, _)| *name)
}

/// Refuses a filter that does not exist.
pub(in crate::template) fn filter(name: &str) -> Result<(), TemplateError> {
    if names(&FILTERS).any(|known| known == name) {
        return Ok(());
    }
    let error = TemplateError::syntax(format!("there is no filter `{}`", shown(name)));
    let hint = other_filter(name).map(str::to_owned);
    Err(error.maybe_hint(hint.or_else(|| did_you_mean(name, names(&FILTERS)))))
}

/// Refuses a test that does not exist.
pub(in crate::template) fn test(name: &str) -> Result<(), TemplateError> {
    if names(&TESTS).any(|known| known == name) {
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
        _ => did_you_mean(name, names(&TESTS)),
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
        "regex_search" | "regex_replace" => check_pattern(arguments),
        "dateformat" => check_written(arguments, 0, time::check_format)
            .and_then(|()| check_written(arguments, 1, time::check_offset)),
        "add_duration" => check_written(arguments, 0, time::check_duration),
        _ => Ok(()),
    }
}

/// Refuses a written pattern, or a replacement, that cannot be used. One that is computed is checked when it is used.
fn check_pattern(arguments: &[Argument]) -> Result<(), TemplateError> {
    let Some(pattern) = written(arguments, 0) else {
        return Ok(());
    };
    let replacement = written(arguments, 1);
    pattern::check(&pattern, replacement.as_deref()).map_err(TemplateError::syntax)
}

/// Refuses an argument that is written and cannot be used.
fn check_written(
    arguments: &[Argument],
    index: usize,
    check: fn(&str) -> Result<(), String>,
) -> Result<(), TemplateError> {
    let text = written(arguments, index);
    let checked = text.map_or(Ok(()), |text| check(&text));
    checked.map_err(TemplateError::syntax)
}

/// The argument at a position, if it is written as a text.
fn written(arguments: &[Argument], index: usize) -> Option<String> {
    match arguments.get(index)? {
        Argument::Positional(value) => literal_text(value),
        _ => None,
    }
}

/// The text of a text literal, as the engine reads its escapes.
fn literal_text(expr: &Expr) -> Option<String> {
    let Expr::Literal(Literal::Text(_)) = expr else {
        return None;
    };
    let read = ENVIRONMENT.compile_expression_owned(value(expr)).ok()?;
    Some(read.eval(()).ok()?.as_str()?.to_owned())
}

fn test_or_sign(name: &str) -> Result<(), TemplateError> {
    if ["==", "!=", "<", "<=", ">", ">="].contains(&name) {
        return Ok(());
    }
    test(name)
}
