//! Errors of rendering, worded for the author of a workflow: which name is missing, and which names exist.
//!
//! The engine says which name is undefined, but not what there is instead, and sometimes only the beginning of the
//! path. The values are still there when an error is made, so they are walked once more for it.

use std::sync::Arc;

use minijinja::{ErrorKind, Value, value::ValueKind};

use super::scope::Scope;
use super::{
    language::{BYTES_PER_STEP, MAX_STEPS},
    reference::{Reference, References},
    run::{RUN, RunValues},
};
use crate::error::{NodeError, nearest};

/// The most keys that an error lists.
const MAX_KEYS: usize = 20;

/// The error of a failed rendering.
///
/// All errors have the code `template_error` and are permanent: the same values give the same error.
pub(super) fn node_error(
    error: &minijinja::Error,
    references: &References,
    scope: &Arc<Scope>,
) -> NodeError {
    let named = error.detail().and_then(undefined_name);
    let missing = match (error.kind(), named) {
        (_, Some(name)) => explain(whole_path(name, references), scope),
        (ErrorKind::UndefinedError, None) => explain_first(references, scope),
        (ErrorKind::OutOfFuel, _) => Explained::new(format!(
            "the template takes more than {MAX_STEPS} steps; {BYTES_PER_STEP} bytes of text that it makes count as one"
        )),
        (kind, None) => Explained::new(
            error
                .detail()
                .map_or_else(|| kind.to_string(), str::to_owned),
        ),
    };
    let failure = NodeError::new("template_error", missing.detail);
    match missing.meant {
        Some(meant) => failure.with_hint(format!("did you mean `{meant}`?")),
        None => match missing.hint {
            Some(hint) => failure.with_hint(hint),
            None => failure,
        },
    }
}

/// Why a rendering failed.
struct Explained {
    detail: String,
    /// The path that the author probably meant.
    meant: Option<String>,
    /// What to do, if there is nothing that was meant.
    hint: Option<&'static str>,
}

impl Explained {
    fn new(detail: impl Into<String>) -> Self {
        Self {
            detail: detail.into(),
            meant: None,
            hint: None,
        }
    }
}

/// The words of the template engine for a missing name. [`undefined_name`] parses them.
pub(super) fn of_engine(name: &str) -> String {
    format!("`{name}` is undefined")
}

/// The name in the words of [`of_engine`].
fn undefined_name(detail: &str) -> Option<&str> {
    let (before, _) = detail.split_once("` is undefined")?;
    Some(&before[before.rfind('`')? + 1..])
}

/// The path as the template writes it. The engine may name only its first names.
///
/// The engine stops at the first name that it cannot resolve; authors look for what they wrote.
fn whole_path<'a>(name: &'a str, references: &'a References) -> &'a str {
    let begins = |path: &str| {
        path.strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('.'))
    };
    let mut paths = references.iter().map(Reference::path);
    paths.find(|path| begins(path)).unwrap_or(name)
}

/// Walks a path to the name that is missing. An expression, or a name that the template defines, is only named.
fn explain(name: &str, scope: &Arc<Scope>) -> Explained {
    if name == "run.url" && is_run(scope) {
        return Explained {
            hint: Some("start the service with `--public-url`, or write `run.url | default('')`"),
            ..Explained::new("`run.url` is missing: the service has no public address")
        };
    }
    let is_path = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let walked = name.chars().all(is_path).then(|| explain_path(name, scope));
    match walked.flatten() {
        Some(explained) => explained,
        None => Explained::new(format!("`{name}` is missing")),
    }
}

/// Whether `run` is the run, and not a node of this name.
fn is_run(scope: &Arc<Scope>) -> bool {
    let run = Value::from_dyn_object(Arc::clone(scope)).get_attr(RUN);
    run.is_ok_and(|run| run.downcast_object_ref::<RunValues>().is_some())
}

/// The first path, in reading order, with a missing name.
///
/// Used if the engine does not name the value. A path that may be missing is checked without its last name.
fn explain_first(references: &References, scope: &Arc<Scope>) -> Explained {
    let required = references.iter().filter_map(|reference| {
        let path = reference.path();
        let path = if reference.is_optional() {
            path.rsplit_once('.')?.0
        } else {
            path
        };
        explain_path(path, scope)
    });
    let mut required = required;
    required.next().unwrap_or_else(|| {
        Explained::new("a value that the template reads is missing, such as an item of a list")
    })
}

fn explain_path(path: &str, scope: &Arc<Scope>) -> Option<Explained> {
    let mut here = Value::from_dyn_object(Arc::clone(scope));
    let mut walked = String::new();
    for name in path.split('.') {
        let next = here.get_attr(name).unwrap_or_default();
        if next.is_undefined() && !(walked.is_empty() && super::is_global(name)) {
            let there = what_there_is(&walked, name, &here)?;
            let rest = &path[walked.len() + 1 + name.len()..];
            return Some(Explained {
                detail: format!("`{path}` is missing: {}", there.detail),
                hint: None,
                meant: there.meant.map(|near| format!("{walked}.{near}{rest}")),
            });
        }
        if !walked.is_empty() {
            walked.push('.');
        }
        walked.push_str(name);
        here = next;
    }
    None
}

/// Which names exist instead, and which of them is meant. `None` if the first name is missing: it may be one that the
/// template defines, which is unknown here.
fn what_there_is(walked: &str, name: &str, value: &Value) -> Option<Explained> {
    if walked.is_empty() {
        return None;
    }
    if value.kind() != ValueKind::Map {
        let kind = value.kind();
        return Some(Explained::new(format!(
            "`{walked}` is a {kind} and has no fields"
        )));
    }
    let keys: Vec<String> = value
        .try_iter()
        .into_iter()
        .flatten()
        .take(MAX_KEYS)
        .map(|key| key.to_string())
        .collect();
    if keys.is_empty() {
        return Some(Explained::new(format!("`{walked}` is empty")));
    }
    let shown: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    Some(Explained {
        detail: format!("`{walked}` has {}", shown.join(", ")),
        hint: None,
        meant: nearest(name, keys.iter().map(String::as_str)).map(str::to_owned),
    })
}
