//! The fields of a node that only this API has: `safety`, `tool_config`, and the names in `tools`.

use serde_json::{Map, Value};
use workflow_core::value::InvalidData;
use workflow_llm::{ModelError, ModelRequest, spelling::nearest};

use super::thinking::thinking;
use crate::request::{GenerateRequest, Tool, safety};

const SAFETY: &str = "safety";
const TOOL_CONFIG: &str = "tool_config";

/// Finds misspelt words, and levels that a named model does not have, when a workflow is created.
pub(super) fn check(settings: &ModelRequest) -> Result<(), InvalidData> {
    for (category, threshold) in safety_of(settings) {
        safety::check(category, threshold).map_err(|fault| InvalidData::new(fault).at(SAFETY))?;
    }
    for (index, tool) in settings.provider_tools.iter().enumerate() {
        read_tool(tool).map_err(|fault| InvalidData::new(fault).at("tools").item(index))?;
    }
    // Without a model, it is checked when the request is sent.
    if let Some((model, thinking)) = settings.model.as_deref().zip(thinking(settings)) {
        thinking.check(model).map_err(InvalidData::new)?;
    }
    Ok(())
}

/// Adds the options to a request.
///
/// # Errors
/// `unsupported_option` for others, `invalid_request` for a tool that does not exist.
pub(super) fn apply(
    request: &ModelRequest,
    mut generate: GenerateRequest,
    provider: &str,
) -> Result<GenerateRequest, ModelError> {
    let unknown = request
        .options
        .keys()
        .find(|name| ![SAFETY, TOOL_CONFIG].contains(&&***name));
    if let Some(name) = unknown {
        return Err(ModelError::unsupported_option(provider, name));
    }
    // By the builder methods, which convert the words to the API's spelling and ignore duplicate tools.
    for (category, threshold) in safety_of(request) {
        generate = generate.with_safety(category, threshold);
    }
    for tool in &request.provider_tools {
        generate = generate.with_tool(read_tool(tool).map_err(ModelError::invalid_request)?);
    }
    if let Some(Value::Object(config)) = request.options.get(TOOL_CONFIG) {
        generate = generate.with_tool_config(config.clone());
    }
    Ok(generate)
}

fn safety_of(request: &ModelRequest) -> impl Iterator<Item = (&str, &str)> {
    let safety = request.options.get(SAFETY).and_then(Value::as_object);
    let settings = safety.into_iter().flat_map(Map::iter);
    settings.map(|(category, threshold)| (&**category, threshold.as_str().unwrap_or_default()))
}

/// A tool by its name, or as the API's own object.
fn read_tool(tool: &Value) -> Result<Tool, String> {
    match tool {
        Value::String(name) => Tool::named(name).ok_or_else(|| unknown(name)),
        Value::Object(tool) => Ok(Tool::api(tool.clone())),
        _ => Err("a tool is a name, or an object such as `{\"file_search\": {…}}`".to_owned()),
    }
}

/// The error for an unknown name. It mentions the API's own form, because a tool with settings has no name
/// here.
fn unknown(name: &str) -> String {
    let names: Vec<&str> = Tool::names().collect();
    let near = nearest(name, names.iter().copied());
    let near = near.map(|near| format!(" (did you mean `{near}`?)"));
    let shown: String = name.chars().take(64).collect();
    format!(
        "`{shown}` is not a tool without settings{}: use one of `{}`, or the API's own object, such as \
         `{{\"file_search\": {{…}}}}`",
        near.unwrap_or_default(),
        names.join("`, `"),
    )
}
