//! The outputs that are set for a run instead of running its steps.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

use crate::{
    error::{Fault, FaultCode, Pointer},
    node::agent::TurnOutput,
    value::{MAX_OUTPUT_BYTES, StepPath, ValueSchema, size},
    workflow::{NodeKind, Workflow},
};

/// The most outputs that a run may set.
const MAX_OVERRIDES: usize = 1_000;

/// Checks that each path is that of a step, that none contains another, and that each output is one that the step could have.
pub(super) fn checked(
    workflow: &Workflow,
    overrides: &BTreeMap<StepPath, Value>,
) -> Result<BTreeMap<StepPath, Arc<Value>>, Vec<Fault>> {
    let at = Pointer::root().field("overrides");
    if overrides.len() > MAX_OVERRIDES {
        let detail = format!(
            "{} outputs are set, at most {MAX_OVERRIDES} are allowed",
            overrides.len()
        );
        return Err(vec![Fault::new(FaultCode::InvalidValue, at, detail)]);
    }
    let mut faults = Vec::new();
    for (path, output) in overrides {
        let at = at.field(path.as_str());
        // The paths are sorted, so what contains another comes before it.
        let outer = overrides.keys().take_while(|outer| *outer < path);
        if let Some(outer) = outer.into_iter().find(|outer| outer.contains(path)) {
            let detail = format!("`{path}` is inside of `{outer}`, whose output is set, too");
            let fault = Fault::new(FaultCode::NotApplicable, &at, detail);
            faults.push(fault.with_hint("set the output of one of them"));
            continue;
        }
        faults.extend(output_faults(workflow, path, output, &at));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let checked = overrides.iter();
    Ok(checked
        .map(|(path, output)| (path.clone(), Arc::new(output.clone())))
        .collect())
}

fn output_faults(workflow: &Workflow, path: &StepPath, output: &Value, at: &Pointer) -> Vec<Fault> {
    let Some(place) = workflow.place(path) else {
        let detail = format!("the workflow has no step `{path}`");
        let fault = Fault::new(FaultCode::UnknownReference, at, detail);
        let hint = "a path is `node`, `map/0/node`, `loop/0/node`, `call/node`, `agent/0/turn` or `agent/0/tool-0/node`";
        return vec![fault.with_hint(hint)];
    };
    if let Err(error) = size::check(output, MAX_OUTPUT_BYTES) {
        let detail = error.to_string();
        return vec![Fault::new(FaultCode::InvalidValue, at, detail)];
    }
    if let Some(NodeKind::Turn(_)) = place.node().map(|node| &node.kind)
        && TurnOutput::read(output).is_none()
    {
        let detail = "the output of a turn has `text`, and `calls`, `output` or `needs_finish`";
        let hint =
            r#"write `{"output": …}` to end the agent, or `{"calls": [{"tool": …, "args": {…}}]}`"#;
        return vec![Fault::new(FaultCode::InvalidValue, at, detail).with_hint(hint)];
    }
    let Some(schema) = place.node().and_then(|node| node.output_schema()) else {
        return Vec::new();
    };
    // A schema that does not compile is the node's affair: it holds nobody back.
    let Ok(schema) = ValueSchema::compile(schema, "#") else {
        return Vec::new();
    };
    schema
        .check(output, &at.to_string())
        .err()
        .unwrap_or_default()
}
