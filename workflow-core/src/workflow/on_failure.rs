//! `on_failure`: the nodes that run when the run has failed, in a list of their own.

use std::{sync::Arc, time::Duration};

use serde_json::Value;

use super::{
    Body,
    body::List,
    check::{
        Check,
        enclosing::{EnclosingScope, Local, LocalValue, Values},
        outputs::Shape,
    },
    spec::{NodeSpec, Spec},
};
use crate::{
    error::{Fault, FaultCode, Pointer},
    template::{RUN, RUN_ERROR, RUN_FIELDS},
    value::{StepNames, StepPath},
};

/// The name of the list in a specification, and of its frame in the paths of steps: `on_failure/notify`.
pub(crate) const ON_FAILURE: &str = "on_failure";

/// How long the nodes may take together unless the workflow says it: one minute.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// The checked nodes of `on_failure`.
pub(crate) struct OnFailure {
    pub(crate) body: Arc<Body>,
    /// The steps of the nodes.
    pub(crate) names: StepNames,
    /// How long the nodes may take together.
    pub(crate) timeout: Duration,
}

impl OnFailure {
    /// Checks and plans the nodes. `None` if the specification has none, or if they have faults.
    ///
    /// They read every node of the workflow: which of them have settled when the run fails is known only then.
    pub(super) fn plan(
        json: &Value,
        spec: &Spec,
        list: &List,
        values: &Values,
        check: &mut Check,
    ) -> Option<Self> {
        let root = Pointer::root();
        let Some(items) = json.get(ON_FAILURE).and_then(Value::as_array) else {
            if spec.on_failure_timeout.is_some() {
                let at = root.field("on_failure_timeout");
                let detail = format!("`on_failure_timeout` has no meaning without `{ON_FAILURE}`");
                check.fault(Fault::new(FaultCode::NotApplicable, at, detail));
            }
            return None;
        };
        let at = root.field(ON_FAILURE);
        if !check.count(items.len(), &at) {
            return None;
        }
        refuse_name(list.nodes, check);
        let timeout = spec.on_failure_timeout.unwrap_or(DEFAULT_TIMEOUT);
        let nodes = NodeSpec::read_all(items, &at, &mut check.faults);
        let locals = [Local::new(RUN, LocalValue::Known(run()))];
        let enclosing = EnclosingScope::of_on_failure(&list.graph, &locals, values);
        let body = check.with_timeout(timeout, |check| {
            let list = List::new(&nodes, enclosing, check);
            let body = list.plan(check);
            // Nothing has a use for their result. They run for what they do.
            list.use_sinks();
            list.warn_of_unused(check);
            Arc::new(body)
        });
        let names = body.steps_within(&StepPath::from(ON_FAILURE));
        Some(Self {
            body,
            names,
            timeout,
        })
    }
}

/// What is known of `run` in the list.
fn run() -> Shape {
    let text = |name: &str| (name.to_owned(), Shape::Text);
    let step = Shape::one_of(vec![Shape::Text, Shape::Scalar]);
    let error = [text("code"), text("detail"), ("step".to_owned(), step)];
    let fields = RUN_FIELDS.iter().map(|(name, _)| text(name));
    let error = (RUN_ERROR.to_owned(), Shape::Object(error.into()));
    Shape::Object(fields.chain([error]).collect())
}

/// Refuses a node with the name of the list: the paths of steps in both would be the same.
fn refuse_name(nodes: &[NodeSpec], check: &mut Check) {
    for node in nodes {
        if node.id.as_ref().is_some_and(|id| id.as_str() == ON_FAILURE) {
            let detail = format!("`{ON_FAILURE}` is also the name of a list of this workflow");
            let fault = Fault::new(FaultCode::ReservedName, node.at.field("id"), detail);
            check.fault(fault.with_hint("choose another id"));
        }
    }
}
