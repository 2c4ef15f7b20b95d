//! Reads `on_error` and `on_ambiguous`: the effect of a failure on the workflow.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// What follows when a node fails for good.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(from = "Written")]
pub(crate) enum OnError {
    /// The list that contains the node fails.
    #[default]
    Fail,
    /// Dependents run, and the node has no output.
    Continue,
    /// Dependents run with this output.
    Output(Arc<Value>),
}

/// What follows when a node fails for good.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "OnError")]
enum Written {
    /// `fail`: so does what it is in. `continue`: its dependents go on, and it has no output.
    Word(Word),
    /// Its dependents go on with this output.
    Output(Output),
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "OnErrorWord")]
enum Word {
    Fail,
    Continue,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OnErrorOutput")]
struct Output {
    /// The output, as it stands.
    output: Value,
}

impl From<Written> for OnError {
    fn from(written: Written) -> Self {
        match written {
            Written::Word(Word::Fail) => Self::Fail,
            Written::Word(Word::Continue) => Self::Continue,
            Written::Output(Output { output }) => Self::Output(Arc::new(output)),
        }
    }
}

/// What follows when a node was in flight as its host stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OnAmbiguous {
    /// The node is attempted again.
    #[default]
    Retry,
    /// The node fails, since it must not run twice.
    Fail,
}
