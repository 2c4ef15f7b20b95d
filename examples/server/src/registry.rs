//! The node types of this program.

use workflow_core::Registry;
use workflow_gemini::GeminiClient;

/// The built-in types, and `LLMNode`, which asks through this client.
pub(crate) fn registry(client: GeminiClient) -> Registry {
    let mut registry = Registry::default();
    workflow_gemini::register(&mut registry, client);
    registry
}
