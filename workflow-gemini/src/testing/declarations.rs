//! What the API refuses about functions, tools and the mode of calling.

use std::{borrow::Cow, collections::HashSet};

use serde_json::Value;

use super::body::{is_before_3, items, text};

/// Checks the declarations of a request with a valid shape.
pub(super) fn check_declarations(model: &str, body: &Value) -> Result<(), Cow<'static, str>> {
    let tools = || items(body, "tools");
    let functions = tools().flat_map(|tool| items(tool, "functionDeclarations"));
    let names: Vec<&str> = functions.map(|function| text(function, "name")).collect();
    let mut known = HashSet::new();
    if let Some(twice) = names.iter().find(|name| !known.insert(**name)) {
        return Err(format!("Duplicate function declaration found: {twice}").into());
    }
    let config = &body["toolConfig"];
    let calling = &config["functionCallingConfig"];
    if names.is_empty() {
        return if calling.is_null() {
            Ok(())
        } else {
            Err("Function calling config is set without function_declarations.".into())
        };
    }
    let mut allowed = items(calling, "allowedFunctionNames").filter_map(Value::as_str);
    if let Some(unknown) = allowed.find(|name| !known.contains(name)) {
        let fault = "allowed_function_names contains a function that is not declared";
        return Err(format!("{fault}: {unknown}").into());
    }
    let has_tools = tools().any(|tool| tool.get("functionDeclarations").is_none());
    let is_json = body["generationConfig"]["responseMimeType"] == "application/json";
    let circulates = config["includeServerSideToolInvocations"] == true;
    match is_before_3(model) {
        true if circulates => {
            Err(format!("Tool call context circulation is not enabled for models/{model}").into())
        }
        true if has_tools => Err("Tool use with function calling is unsupported".into()),
        true if is_json => Err(
            "Function calling with a response mime type: 'application/json' is unsupported".into(),
        ),
        false if has_tools && !circulates => Err(
            "Please enable tool_config.include_server_side_tool_invocations to use built-in tools \
             with function calling."
                .into(),
        ),
        _ => Ok(()),
    }
}
