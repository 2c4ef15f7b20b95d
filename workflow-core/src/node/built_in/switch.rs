use std::{collections::HashSet, sync::Arc};

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

use crate::{
    error::NodeError,
    node::{Node, NodeContext, OutputShape},
    template::Condition,
};

/// The name of the type. The check of `case` knows it, since it reads the cases of a node of this type.
pub(crate) const SWITCH: &str = "SwitchNode";

/// The names of cases: a letter, a digit or `_`, then also `-`; 64 characters at most.
const NAME_PATTERN: &str = "^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$";

/// The most cases of a switch. A set of them fits into 64 bits, the default included.
const MOST_CASES: usize = 50;

/// Chooses one of several cases. The output is the name of the first case whose condition is true.
///
/// Nodes with `case` run if their switch chose that case.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-workflow-output" = {"type": "string"}))]
pub struct SwitchNode {
    /// The cases. The first one whose condition is true is chosen.
    #[serde(deserialize_with = "with_different_names")]
    #[schemars(
        length(min = 1, max = MOST_CASES),
        extend("examples" = [[{"name": "refund", "when": "input.kind == 'refund'"}]])
    )]
    cases: Vec<Case>,
    /// The name that is chosen if no condition is true. Without it, the node then fails with `no_case`.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("pattern" = NAME_PATTERN))]
    default: Option<Arc<str>>,
}

/// One of the cases of a switch.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Case {
    /// Its name, which nodes write in their `case` after that of the switch: `route.refund`.
    #[schemars(with = "String", extend("pattern" = NAME_PATTERN))]
    name: Arc<str>,
    /// When it is chosen, as a bare expression.
    when: Condition,
}

fn with_different_names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Case>, D::Error> {
    let cases = Vec::<Case>::deserialize(deserializer)?;
    let mut names = HashSet::new();
    if let Some(twice) = cases.iter().find(|case| !names.insert(&case.name)) {
        let detail = format!("two cases have the name `{}`", twice.name);
        return Err(D::Error::custom(detail));
    }
    Ok(cases)
}

#[async_trait]
impl Node for SwitchNode {
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        for case in &self.cases {
            // Conditions have no public form, unlike templates and expressions.
            if case.when.is_true(&cx.scope)? {
                return Ok((*case.name).into());
            }
        }
        let default = self.default.as_deref().map(Value::from);
        default.ok_or_else(|| {
            let names: Vec<String> = (self.cases.iter())
                .map(|case| format!("`{}`", case.name))
                .collect();
            let detail = format!("none of the conditions is true: {}", names.join(", "));
            NodeError::new("no_case", detail).with_hint("set a `default`")
        })
    }

    fn output_shape(&self) -> OutputShape<'_> {
        OutputShape::Text
    }
}
