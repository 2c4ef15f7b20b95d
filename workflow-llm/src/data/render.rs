//! The request that the `data` of an `LLMNode` makes.

use serde_json::Value;
use workflow_core::{NodeError, PlanContext};

use super::LlmData;
use crate::{message::Message, part::Part, request::ModelRequest};

/// The most bytes of a model's name that a template gives. It becomes a part of the URL.
const LONGEST_MODEL: usize = 256;

impl LlmData {
    /// The request, with all templates rendered. Its last message has the parts, and then the prompt.
    ///
    /// # Errors
    /// `template_error` if a template cannot be rendered, or the node has no prompt and no input.
    pub(crate) fn request(&self, cx: &PlanContext<'_>) -> Result<ModelRequest, NodeError> {
        let prompt = match &self.0.prompt {
            Some(prompt) => cx.render(prompt)?,
            None if self.has_prompt() => String::new(),
            None => as_text(cx.input()?),
        };
        let mut request = self.settings();
        request.model = self.model(cx)?;
        request.temperature = self.temperature(cx)?;
        if let Some(system) = &self.0.system {
            request.system = Some(cx.render(system)?);
        }
        if let Some(history) = &self.0.history {
            request.messages = history.render(cx)?;
        }
        let parts = self.0.parts.iter().map(|part| part.render(cx));
        let mut parts = parts.collect::<Result<Vec<Part>, NodeError>>()?;
        if !prompt.is_empty() {
            parts.push(Part::Text(prompt));
        }
        request.messages.push(Message::User(parts));
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

    /// The request with the fields that are no templates, and without messages.
    pub fn settings(&self) -> ModelRequest {
        let fields = &self.0;
        let mut request = ModelRequest::new([]);
        request.top_p = fields.top_p;
        request.top_k = fields.top_k;
        request.max_output_tokens = fields.max_output_tokens;
        request.stop.clone_from(&fields.stop);
        request.seed = fields.seed;
        request.schema.clone_from(&fields.schema);
        request.thinking = fields.thinking();
        request.include_thoughts = fields.include_thoughts;
        request.service_tier = fields.service_tier;
        request.store = fields.store;
        request.streams = fields.stream;
        request.provider_tools = fields.tools.iter().map(|tool| tool.0.clone()).collect();
        if !fields.safety.is_empty() {
            let safety = fields.safety.iter();
            let safety =
                safety.map(|(category, threshold)| (category.clone(), threshold.as_str().into()));
            request
                .options
                .insert("safety".to_owned(), Value::Object(safety.collect()));
        }
        for (name, option) in [
            ("tool_config", &fields.tool_config),
            ("extra", &fields.extra),
        ] {
            if let Some(option) = option {
                let option = Value::Object(option.clone());
                request.options.insert(name.to_owned(), option);
            }
        }
        request
    }
}

/// The input as a prompt: text as it is, other values as compact JSON.
fn as_text(input: &Value) -> String {
    match input {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
