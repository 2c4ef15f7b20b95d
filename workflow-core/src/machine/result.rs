//! The result of a frame in which every step is settled.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::frame::Frame;
use crate::{
    error::Problem,
    template::Json,
    value::{MAX_RESULT_BYTES, size},
};

impl Frame {
    /// The result of the frame, computed once. `output` is the template that its list of nodes declares.
    ///
    /// Without one, it is the output of the only sink, or an object with the output of each sink by id. Sinks that were skipped are
    /// left out.
    pub(super) fn result(&self, output: Option<&Json>) -> Result<Arc<Value>, Arc<Problem>> {
        let computed = self
            .result
            .get_or_init(|| match (self.on_the_way(), output) {
                (Some(result), _) => Ok(result),
                (None, Some(output)) => self.rendered(output),
                (None, None) => self.of_sinks(),
            });
        computed.clone()
    }

    /// The result of a frame around the step to which the run is limited: the output of the step on the way to it, or `null` for
    /// another item of a map. `None` in all other runs, and within that step.
    pub(super) fn on_the_way(&self) -> Option<Arc<Value>> {
        let only = self.only.as_ref()?;
        let paths = self.names.paths();
        if paths
            .clone()
            .any(|path| only.contains(path) && path != only)
        {
            return None;
        }
        let node = paths.clone().position(|path| path.contains(only));
        let output = node.and_then(|node| self.scope.output(node).cloned());
        Some(output.unwrap_or_default())
    }

    fn rendered(&self, output: &Json) -> Result<Arc<Value>, Arc<Problem>> {
        match output.render_result(&self.scope) {
            Ok(output) => Ok(Arc::new(output)),
            Err(error) => {
                let mut problem = Problem::new("output_error", error.to_string());
                problem.hint = error.into_problem().hint;
                Err(Arc::new(problem))
            }
        }
    }

    /// A sink is a node without dependents. With one sink the result is its output and not an object, so that a
    /// workflow of one node returns what the node returns. The size is counted while the object is built, and not
    /// afterwards.
    fn of_sinks(&self) -> Result<Arc<Value>, Arc<Problem>> {
        if let [only] = &*self.body.sinks {
            return Ok(self.scope.output(*only).cloned().unwrap_or_default());
        }
        let mut named = Map::new();
        let mut left = MAX_RESULT_BYTES;
        for sink in &self.body.sinks {
            let Some(output) = self.scope.output(*sink) else {
                continue;
            };
            let bytes = size::bytes(output);
            left = left.checked_sub(bytes).ok_or_else(|| {
                let detail = format!("the result has more than {MAX_RESULT_BYTES} bytes");
                Arc::new(Problem::new("output_too_large", detail))
            })?;
            let id = self.body.steps[*sink].id.to_string();
            named.insert(id, output.as_ref().clone());
        }
        Ok(Arc::new(Value::Object(named)))
    }
}
