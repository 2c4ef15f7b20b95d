//! What the model may use while it answers.

use schemars::JsonSchema;
use serde::Deserialize;

/// A tool that the API itself runs. What came of it is in [`Reply::details`](crate::Reply::details).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Tool {
    /// Google Search: the answer's sources come with it.
    GoogleSearch,
    /// Python that the model writes and the API runs.
    CodeExecution,
    /// The pages whose addresses stand in the prompt.
    UrlContext,
}
