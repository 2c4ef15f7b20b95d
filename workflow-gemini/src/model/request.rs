//! The neutral request as that of the API.

use workflow_llm::{Message, ModelError, ModelRequest, Part};

use super::{history, options, thinking::thinking};
use crate::request::{GenerateRequest, MAX_REQUESTS};

/// The same request in the form of the client.
///
/// # Errors
/// `unsupported_option`, and `invalid_request` for what the API has no form for.
pub(super) fn generate_request(
    request: &ModelRequest,
    provider: &str,
) -> Result<GenerateRequest, ModelError> {
    let mut messages = request.messages.iter();
    let mut generate = GenerateRequest::new("");
    if let Some(Message::User(parts)) = request.messages.first() {
        messages.next();
        generate = first(parts);
    }
    for message in messages {
        generate = history::with_message(generate, message);
    }
    generate = history::declare(generate, &request.tools, &request.tool_choice);
    generate.system.clone_from(&request.system);
    generate.model.clone_from(&request.model);
    generate.temperature = request.temperature;
    generate.top_p = request.top_p;
    generate.top_k = request.top_k;
    generate.max_output_tokens = request.max_output_tokens;
    generate.stop.clone_from(&request.stop);
    generate.seed = request.seed;
    generate.schema.clone_from(&request.schema);
    generate.thinking = thinking(request);
    generate.include_thoughts = request.include_thoughts;
    generate.service_tier = request.service_tier;
    generate.store = request.store;
    generate.retry = request.is_retry;
    if let Some(most) = request.max_requests {
        generate.max_requests = most.min(MAX_REQUESTS);
    }
    options::apply(request, generate, provider)
}

/// The first message: its last text is the prompt.
fn first(parts: &[Part]) -> GenerateRequest {
    let mut parts = parts.to_vec();
    let prompt = match parts.pop() {
        Some(Part::Text(prompt)) => prompt,
        Some(other) => {
            parts.push(other);
            String::new()
        }
        None => String::new(),
    };
    let mut generate = GenerateRequest::new(prompt);
    generate.parts = parts;
    generate
}
