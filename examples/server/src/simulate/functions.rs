//! The functions of a request, and which of them the reply calls.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::Value;

use super::refusal::Refusal;

/// The most calls of one reply. More functions are called by the next one.
const MAX_CALLS: usize = 8;

/// The functions of a request that the API accepts.
pub(super) struct Functions {
    declared: Vec<Function>,
    calling: Calling,
}

/// A function that the reply may call.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Function {
    pub(super) name: String,
    #[serde(default, rename = "parametersJsonSchema")]
    pub(super) parameters: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tool {
    #[serde(default)]
    function_declarations: Vec<Function>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolConfig {
    #[serde(rename = "functionCallingConfig")]
    calling: Option<Calling>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Calling {
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    allowed_function_names: Vec<String>,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
enum Mode {
    #[default]
    Auto,
    Validated,
    Any,
    None,
}

impl Functions {
    /// Takes the functions of a request.
    ///
    /// # Errors
    /// The refusal of the API.
    pub(super) fn new(tools: Vec<Tool>, config: ToolConfig) -> Result<Self, Refusal> {
        let declared = tools
            .into_iter()
            .flat_map(|tool| tool.function_declarations);
        let declared: Vec<Function> = declared.collect();
        if declared.is_empty() && config.calling.is_some() {
            return Err(Refusal::invalid(
                "Function calling config is set without function_declarations.",
            ));
        }
        let mut names = HashSet::new();
        if let Some(twice) = declared.iter().find(|it| !names.insert(&*it.name)) {
            let message = format!("Duplicate function declaration found: {}", twice.name);
            return Err(Refusal::invalid(message));
        }
        let calling = config.calling.unwrap_or_default();
        let mut allowed = calling.allowed_function_names.iter();
        if let Some(unknown) = allowed.find(|name| !names.contains(name.as_str())) {
            return Err(Refusal::invalid(format!(
                "allowed_function_names contains a function that is not declared: {unknown}"
            )));
        }
        Ok(Self { declared, calling })
    }

    /// The functions that were not called yet. With the mode `ANY` there is always one.
    pub(super) fn into_calls(self, called: &HashSet<&str>) -> Vec<Function> {
        if self.calling.mode == Mode::None {
            return Vec::new();
        }
        let allowed = self.calling.allowed_function_names;
        let mut declared = self.declared;
        declared.retain(|it| allowed.is_empty() || allowed.contains(&it.name));
        let is_new = |it: &Function| !called.contains(&*it.name);
        if self.calling.mode == Mode::Any && !declared.iter().any(is_new) {
            declared.truncate(1);
            return declared;
        }
        declared.retain(is_new);
        declared.truncate(MAX_CALLS);
        declared
    }
}
