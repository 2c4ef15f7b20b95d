//! Hints for the most common mistakes: the syntax of other languages and template engines.
//!
//! Each hint shows what to write instead. Hints are not part of the API and may change.

use super::{
    ast::{Argument, Expr},
    token::{Kind, Token},
};
use crate::{error::shown, template::TemplateError};

/// The error of a character that begins no token.
pub(super) fn unexpected_character(c: char, rest: &str) -> TemplateError {
    let error = TemplateError::syntax(format!("unexpected `{c}` in an expression"));
    match c {
        '#' => error.with_hint("names stand without `#`: write `{{ input }}` or `{{ id.output }}`"),
        '$' if rest.starts_with("$json") => error.with_hint(
            "write `input` for the run's input, or `id.output` for the output of a node",
        ),
        '$' => error.with_hint("names stand without `$`: write `input` or `id.output`"),
        '!' => error.with_hint("write `not`"),
        '&' => error.with_hint("write `and`"),
        '?' if rest.starts_with("?.") => error.with_hint("write `a | get('b')`"),
        '?' => error.with_hint("write `a if condition else b`"),
        '@' => error.with_hint("write `item` for the item of a map"),
        '`' | '“' | '”' | '‘' | '’' => error.with_hint("quote text with ' or \""),
        _ if c.is_alphabetic() => error.with_hint("names have the letters a to z, digits and `_`"),
        _ => error,
    }
}

/// The error of a token that is not allowed here, or of a missing one.
pub(super) fn unexpected(source: &str, token: Option<Token>, expected: &str) -> TemplateError {
    let Some(token) = token else {
        return TemplateError::syntax(format!(
            "unexpected end of the expression, expected {expected}"
        ));
    };
    let detail = format!("unexpected `{}`, expected {expected}", shown(token.text));
    let error = TemplateError::syntax(detail);
    match token.text {
        "&&" => error.with_hint("write `and`"),
        "||" => error.with_hint("write `or`"),
        "===" => error.with_hint("write `==`"),
        "!==" => error.with_hint("write `!=`"),
        "=" => error.with_hint("write `==` to compare"),
        "??" => error.with_hint("write `coalesce(a, b)`, or `| default(…)`"),
        "=>" | "->" => error.with_hint("functions are not part of the language; use a filter"),
        "{" if source.trim_start().starts_with('{') => {
            error.with_hint("write `{{ value }}`: two braces, not three")
        }
        ":" | "," => error.with_hint(LITERAL_BRACES),
        "." if source[..token.at].trim().is_empty() => {
            error.with_hint("begin with a name: `input` or `id.output`")
        }
        _ if is_literal_object(source) => error.with_hint(LITERAL_BRACES),
        _ if token.kind == Kind::Name => {
            error.with_hint("join values with `~`, and filter them with `|`")
        }
        _ => error,
    }
}

const LITERAL_BRACES: &str = "for braces that are text, write {% raw %}{{ … }}{% endraw %}";

/// Whether a text looks like the inside of a JSON object.
fn is_literal_object(source: &str) -> bool {
    let source = source.trim_start();
    source.starts_with(['"', '\'', '{']) && source.contains(':')
}

/// The error of `{{{ x }}}`.
pub(super) fn three_braces(inside: &str) -> Option<TemplateError> {
    let inner = inside
        .trim()
        .strip_prefix('{')?
        .trim_end_matches('}')
        .trim();
    let is_path = !inner.is_empty()
        && inner
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_.".contains(c));
    let error = || TemplateError::syntax("a name in three braces");
    is_path.then(|| {
        error().with_hint(format!(
            "write `{{{{ {} }}}}`: two braces, not three",
            shown(inner)
        ))
    })
}

/// The error of braces around a bare expression.
pub(in crate::template) fn braces(source: &str) -> Option<TemplateError> {
    let source = source.trim();
    if !source.contains("{{") && !source.contains("{%") {
        return None;
    }
    let error = TemplateError::syntax("this is an expression already, it stands without `{{ }}`");
    let inside = source
        .strip_prefix("{{")
        .and_then(|rest| rest.strip_suffix("}}"));
    Some(match inside.map(str::trim) {
        Some(inside) if !inside.contains("{{") => {
            error.with_hint(format!("write `{}`", shown(inside)))
        }
        _ => error.with_hint("write names without braces: `input.kind == 'refund'`"),
    })
}

/// The error of an unclosed comment.
pub(super) fn open_comment() -> TemplateError {
    TemplateError::syntax("`{#` begins a comment, which is not closed by `#}`")
        .with_hint("for the text `{#`, write {% raw %}{#{% endraw %}")
}

/// The error of an unclosed block.
pub(super) fn open_block(open: &str, inside: &str) -> TemplateError {
    let close = if open == "{{" { "}}" } else { "%}" };
    let error = TemplateError::syntax(format!("`{open}` is not closed, expected `{close}`"));
    if is_literal_object(inside) {
        error.with_hint(LITERAL_BRACES)
    } else {
        error
    }
}

/// The error of an unknown statement.
pub(super) fn unknown_statement(word: &str) -> TemplateError {
    let error = TemplateError::syntax(format!("there is no statement `{}`", shown(word)));
    match word {
        "elseif" | "elsif" => error.with_hint("write `elif`"),
        "foreach" => error.with_hint("write `{% for item in list %}`"),
        "unless" => error.with_hint("write `{% if not … %}`"),
        "assign" | "let" => error.with_hint("write `{% set name = value %}`"),
        "end" => error.with_hint("write `endif`, `endfor`, `endset` or `endwith`"),
        _ => error.with_hint("the statements are `if`, `for`, `set`, `with` and `raw`"),
    }
}

/// Refuses calls except those of `range`, `coalesce` and of what `loop` offers. Values have no methods.
pub(super) fn check_call(called: &Expr, arguments: &[Argument]) -> Result<(), TemplateError> {
    match called {
        called if called.is_coalesce() => {
            let is_plain = |argument: &Argument| matches!(argument, Argument::Positional(_));
            if !arguments.is_empty() && arguments.iter().all(is_plain) {
                return Ok(());
            }
            let error = TemplateError::syntax("`coalesce` takes one or more values");
            Err(error.with_hint("write `coalesce(a.output, input.text, 'none')`"))
        }
        Expr::Name(name, _) if name == "range" => Ok(()),
        Expr::Name(name, _) if name == "loop" => Err(TemplateError::syntax(
            "loops that call themselves are not part of the language",
        )),
        Expr::Attribute(of, name)
            if matches!(&**of, Expr::Name(of, _) if of == "loop")
                && ["cycle", "changed"].contains(&name.as_str()) =>
        {
            Ok(())
        }
        Expr::Name(name, _) => {
            let detail = format!("there is no function `{}`", shown(name));
            Err(TemplateError::syntax(detail).with_hint(instead_of_function(name)))
        }
        Expr::Attribute(_, name) => {
            let detail = format!("values have no methods such as `.{}()`", shown(name));
            Err(TemplateError::syntax(detail).with_hint(instead_of_method(name)))
        }
        _ => Err(TemplateError::syntax("only functions can be called")),
    }
}

fn instead_of_function(name: &str) -> String {
    match name {
        "len" | "length" | "count" | "size" => "write `value | length`",
        "str" | "String" | "string" => "write `value | string`",
        "int" | "parseInt" => "write `value | int`",
        "float" | "Number" | "parseFloat" => "write `value | float`",
        "dict" => "write `{'key': value}`",
        "namespace" => "a loop keeps nothing: use filters such as `map`, `select`, `sum` or `join`",
        "min" | "max" | "sum" | "abs" | "round" | "sorted" => "write it as a filter: `list | sum`",
        "ifnull" | "nvl" | "firstNonNull" => "write `coalesce(a, b)`",
        "now" | "today" | "utcnow" | "datetime" => {
            "write `run.started_at`, which stays the same when a run is repeated"
        }
        "get" | "merge" | "truncate" | "fromjson" | "regex_search" | "regex_replace"
        | "dateformat" | "add_duration" => "write it as a filter: `value | filter`",
        _ => "the functions are `range` and `coalesce`; filters are written `value | filter`",
    }
    .to_owned()
}

fn instead_of_method(name: &str) -> String {
    let filter = match name {
        "items" => "items",
        "upper" | "toUpperCase" | "to_uppercase" => "upper",
        "lower" | "toLowerCase" | "to_lowercase" | "casefold" => "lower",
        "strip" | "trim" | "lstrip" | "rstrip" => "trim",
        "title" => "title",
        "capitalize" => "capitalize",
        "split" => "split(',')",
        "splitlines" | "lines" => "lines",
        "replace" | "replaceAll" => "replace('old', 'new')",
        "format" => "format(value)",
        "join" => "join(', ')",
        "map" => "map('upper')",
        "filter" => "select('odd')",
        "reverse" => "reverse",
        "sort" => "sort",
        "toString" | "to_string" => "string",
        "keys" => "list",
        "length" | "size" | "len" | "count" => "length",
        "slice" | "substring" | "substr" => return "write `text[0:10]`".to_owned(),
        "get" => "get('name')",
        "update" | "assign" => "merge(other)",
        "match" | "search" => "regex_search('pattern')",
        "values" => return "write `{% for key, value in object | items %}`".to_owned(),
        "startswith" | "startsWith" => return "write `is startingwith('a')`".to_owned(),
        "endswith" | "endsWith" => return "write `is endingwith('a')`".to_owned(),
        "includes" | "contains" => return "write `'a' in value`".to_owned(),
        _ => return "filters are written `value | filter`".to_owned(),
    };
    format!("write `| {filter}`")
}

/// The hint for a filter that another engine has under this name.
pub(in crate::template) fn other_filter(name: &str) -> Option<&'static str> {
    Some(match name {
        "json" | "to_json" | "toJson" | "tojsonstring" | "json_encode" | "dump" | "stringify" => {
            "write `| tojson`"
        }
        "size" | "len" => "write `| length`",
        "str" | "toString" | "to_s" | "text" => "write `| string`",
        "strip" | "stripped" => "write `| trim`",
        "uppercase" | "upcase" | "toUpperCase" => "write `| upper`",
        "lowercase" | "downcase" | "toLowerCase" => "write `| lower`",
        "number" | "to_number" | "toNumber" => "write `| float` or `| int`",
        "truncatewords" => "write `| truncate(100)`",
        "from_json" | "fromJson" | "parse_json" | "parseJson" | "json_decode" | "loads" => {
            "write `| fromjson`"
        }
        "combine" | "update" | "extend" => "write `| merge(other)`",
        "regex_match" | "regex_findall" | "match" | "search" => "write `| regex_search('pattern')`",
        "date" | "strftime" | "to_datetime" | "format_date" | "dateFormat" => {
            "write `| dateformat('%Y-%m-%d')`"
        }
        "filter" | "where" => "write `| selectattr('name', 'eq', value)`",
        "keys" => "write `| list`",
        "values" => "write `| items`",
        "coalesce" => "write `coalesce(a, b)`",
        "fallback" | "or" | "ifnull" => "write `| default(…)`",
        _ => return None,
    })
}
