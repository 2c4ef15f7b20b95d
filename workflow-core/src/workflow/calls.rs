//! Which workflows a specification calls, before it is checked.

use serde_json::Value;

use crate::{control::ControlKind, size};

/// What its `WorkflowNode`s call, each name once, in the order they are written. A specification
/// that has faults gives what can be seen.
pub(crate) fn calls(spec: &Value) -> Vec<&str> {
    let mut names = Vec::new();
    if !size::is_deeper_than(size::MAX_SPEC_DEPTH, spec) {
        in_list(&spec["nodes"], &mut names);
    }
    names
}

fn in_list<'a>(nodes: &'a Value, names: &mut Vec<&'a str>) {
    for node in nodes.as_array().into_iter().flatten() {
        let data = &node["data"];
        if node["type"] == ControlKind::Workflow.name()
            && let Some(name) = data["workflow"].as_str()
            && !names.contains(&name)
        {
            names.push(name);
        }
        in_list(&data["nodes"], names);
    }
}
