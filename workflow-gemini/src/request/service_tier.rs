//! [`ServiceTier`]: speed, availability and price of a request.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The service tier of a request. Default: the API uses `standard`. The tier that served the request is
/// in [`Details::service_tier`](crate::Details::service_tier); it may be another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ServiceTier {
    /// Half the price. May take minutes, and may be refused under load.
    Flex,
    /// The default.
    Standard,
    /// Served first, at a higher price. Not available to every project.
    Priority,
}

impl ServiceTier {
    /// The header value of Vertex AI (`X-Vertex-AI-LLM-Shared-Request-Type`). `standard` sends none.
    pub(crate) fn shared_request_type(self) -> Option<&'static str> {
        match self {
            Self::Flex => Some("flex"),
            Self::Priority => Some("priority"),
            Self::Standard => None,
        }
    }
}
