//! The service tier in the words of the API.

pub use workflow_llm::ServiceTier;

/// The name of the tier that served a request: as the Gemini API has it, or the `trafficType` of Vertex AI. An unknown word is
/// left as it is.
pub(crate) fn served_tier(word: &str) -> &str {
    match word {
        "ON_DEMAND" => "standard",
        "ON_DEMAND_FLEX" => "flex",
        "ON_DEMAND_PRIORITY" => "priority",
        other => other,
    }
}

/// The header value of Vertex AI (`X-Vertex-AI-LLM-Shared-Request-Type`). `standard` sends none.
pub(crate) fn shared_request_type(tier: ServiceTier) -> Option<&'static str> {
    match tier {
        ServiceTier::Flex => Some("flex"),
        ServiceTier::Priority => Some("priority"),
        _ => None,
    }
}
