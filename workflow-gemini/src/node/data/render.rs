//! The request that the `data` of an `LLMNode` makes.

use serde_json::Value;
use workflow_core::{NodeError, PlanContext};

use super::LlmData;
use crate::request::GenerateRequest;

/// The most bytes of a model's name that a template gives. It becomes a part of the URL.
const LONGEST_MODEL: usize = 256;

impl LlmData {
    /// The request, with all templates rendered.
    ///
    /// # Errors
    /// `template_error` if a template cannot be rendered, or the node has no prompt and no input.
    pub(crate) fn request(&self, cx: &PlanContext<'_>) -> Result<GenerateRequest, NodeError> {
        let prompt = match &self.0.prompt {
            Some(prompt) => cx.render(prompt)?,
            None if self.has_prompt() => String::new(),
            None => as_text(cx.input()?),
        };
        let mut request = self.settings(prompt);
        request.model = self.model(cx)?;
        request.temperature = self.temperature(cx)?;
        if let Some(system) = &self.0.system {
            request.system = Some(cx.render(system)?);
        }
        for part in &self.0.parts {
            request.parts.push(part.render(cx)?);
        }
        Ok(request)
    }

    fn model(&self, cx: &PlanContext<'_>) -> Result<Option<String>, NodeError> {
        let model = self.0.model.as_ref().map(|model| cx.render_value(model));
        let model = model.transpose()?.filter(|it| !it.trim().is_empty());
        match model {
            Some(name) if name.len() > LONGEST_MODEL => {
                let bytes = name.len();
                let detail =
                    format!("`model` gives a name of {bytes} bytes: the most are {LONGEST_MODEL}");
                Err(NodeError::new("template_error", detail))
            }
            model => Ok(model),
        }
    }

    fn temperature(&self, cx: &PlanContext<'_>) -> Result<Option<f64>, NodeError> {
        let Some(temperature) = &self.0.temperature else {
            return Ok(None);
        };
        let value = cx.render_value(temperature)?;
        // The schema has checked a written one.
        if !(0.0..=2.0).contains(&value) && temperature.written().is_none() {
            let detail = format!("`temperature` gives {value}, which is not from 0 to 2");
            return Err(NodeError::new("template_error", detail));
        }
        Ok(Some(value))
    }

    /// The request with the fields that are no templates.
    pub(super) fn settings(&self, prompt: String) -> GenerateRequest {
        let fields = &self.0;
        let mut request = GenerateRequest {
            top_p: fields.top_p,
            top_k: fields.top_k,
            max_output_tokens: fields.max_output_tokens,
            stop: fields.stop.clone(),
            seed: fields.seed,
            schema: fields.schema.clone(),
            thinking: fields.thinking(),
            include_thoughts: fields.include_thoughts,
            tool_config: fields.tool_config.clone(),
            service_tier: fields.service_tier,
            store: fields.store,
            ..GenerateRequest::new(prompt)
        };
        // By the builder methods, which convert the words to the API's spelling and ignore duplicate tools.
        for (category, threshold) in &fields.safety {
            request = request.with_safety(category, threshold);
        }
        fields
            .tools
            .iter()
            .fold(request, |request, tool| request.with_tool(tool.0.clone()))
    }
}

/// The input as a prompt: text as it is, other values as compact JSON.
fn as_text(input: &Value) -> String {
    match input {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
