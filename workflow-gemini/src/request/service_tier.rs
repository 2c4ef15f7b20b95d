//! How fast, how surely and at what price the API answers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The tier of a request. Without one, the API uses `standard`. Which tier was served is in
/// [`Details::service_tier`](crate::Details::service_tier).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ServiceTier {
    /// Half the price; may take minutes, and may be refused under load.
    Flex,
    /// The usual one.
    Standard,
    /// Served first, at a higher price; not for every project.
    Priority,
}

impl ServiceTier {
    /// Vertex AI's word for it, sent as a header; the usual tier has none.
    pub(crate) fn shared_request_type(self) -> Option<&'static str> {
        match self {
            Self::Flex => Some("flex"),
            Self::Priority => Some("priority"),
            Self::Standard => None,
        }
    }
}
