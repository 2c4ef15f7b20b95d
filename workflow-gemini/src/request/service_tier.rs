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
    /// The name in requests and in tables of prices.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::Standard => "standard",
            Self::Priority => "priority",
        }
    }

    /// The name of the tier that served a request: as the Gemini API has it, or the `trafficType` of Vertex AI. An unknown word is
    /// left as it is.
    pub(crate) fn served(word: &str) -> &str {
        match word {
            "ON_DEMAND" => "standard",
            "ON_DEMAND_FLEX" => "flex",
            "ON_DEMAND_PRIORITY" => "priority",
            other => other,
        }
    }

    /// The header value of Vertex AI (`X-Vertex-AI-LLM-Shared-Request-Type`). `standard` sends none.
    pub(crate) fn shared_request_type(self) -> Option<&'static str> {
        match self {
            Self::Flex => Some("flex"),
            Self::Priority => Some("priority"),
            Self::Standard => None,
        }
    }
}
