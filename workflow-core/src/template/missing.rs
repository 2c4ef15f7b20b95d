//! Says which name of a template is missing, and what there is instead.

use std::sync::Arc;

use minijinja::{Value, value::ValueKind};

use super::References;
use crate::scope::Scope;

/// The most keys that are listed.
const MAX_KEYS: usize = 20;

/// Walks each path a template reads until one leads nowhere.
pub(super) fn explain(references: &References, scope: &Arc<Scope>) -> Option<String> {
    references.iter().find_map(|path| explain_path(path, scope))
}

fn explain_path(path: &str, scope: &Arc<Scope>) -> Option<String> {
    let mut here = Value::from_dyn_object(Arc::clone(scope));
    let mut walked = String::new();
    for name in path.split('.') {
        let next = here.get_attr(name).unwrap_or_default();
        if next.is_undefined() && !(walked.is_empty() && super::is_global(name)) {
            return Some(format!(
                "`{path}` is missing: {}",
                what_there_is(&walked, &here)
            ));
        }
        if !walked.is_empty() {
            walked.push('.');
        }
        walked.push_str(name);
        here = next;
    }
    None
}

fn what_there_is(walked: &str, value: &Value) -> String {
    if walked.is_empty() {
        return "there is nothing of this name".to_owned();
    }
    if value.kind() != ValueKind::Map {
        return format!("`{walked}` is a {} and has no fields", value.kind());
    }
    let keys: Vec<String> = value
        .try_iter()
        .into_iter()
        .flatten()
        .take(MAX_KEYS)
        .map(|key| format!("`{key}`"))
        .collect();
    match keys.as_slice() {
        [] => format!("`{walked}` is empty"),
        keys => format!("`{walked}` has {}", keys.join(", ")),
    }
}
