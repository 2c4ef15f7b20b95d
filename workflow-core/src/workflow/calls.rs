//! The workflows that a specification calls, found before it is checked.
//!
//! The linker needs the names first: it loads and checks the called workflows, then the caller.

use std::collections::HashSet;

use serde_json::Value;

use super::ON_FAILURE;
use crate::{node::ControlKind, value::size};

/// The names that its `WorkflowNode`s and the tools of its agents call, each once, in document order. A specification with faults gives the names
/// that can be found.
pub(crate) fn calls(spec: &Value) -> Vec<&str> {
    let mut called = Called::default();
    if !size::is_deeper_than(size::MAX_SPEC_DEPTH, spec) {
        called.in_list(&spec["nodes"]);
        called.in_list(&spec[ON_FAILURE]);
    }
    called.names
}

/// Collects names without duplicates.
#[derive(Default)]
struct Called<'a> {
    names: Vec<&'a str>,
    known: HashSet<&'a str>,
}

impl<'a> Called<'a> {
    /// It looks at every `data.nodes` and `data.tools`, whatever the type of the node is: a misspelt type must not hide the calls
    /// in its bodies.
    fn in_list(&mut self, nodes: &'a Value) {
        for node in nodes.as_array().into_iter().flatten() {
            let data = &node["data"];
            if node["type"] == ControlKind::Workflow.name() {
                self.call(&data["workflow"]);
            }
            self.in_list(&data["nodes"]);
            for tool in data["tools"].as_array().into_iter().flatten() {
                self.call(&tool["workflow"]);
                self.in_list(&tool["nodes"]);
            }
        }
    }

    fn call(&mut self, name: &'a Value) {
        if let Some(name) = name.as_str()
            && self.known.insert(name)
        {
            self.names.push(name);
        }
    }
}
