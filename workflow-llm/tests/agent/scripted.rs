//! A model that answers from a script.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use futures::{StreamExt, stream};
use serde_json::{Value, json};
use workflow_core::node::agent::{CallResult, ToolCall, ToolChoice};
use workflow_llm::{
    AnswerFacts, Message, Model, ModelChunk, ModelError, ModelRequest, ModelStream, ModelTurn,
    Part, ProviderInfo,
};

/// What one request to a [`Scripted`] model gives.
pub(crate) type Chunks = Vec<Result<ModelChunk, ModelError>>;

/// What a [`Scripted`] model answers.
type Answers = dyn Fn(&ModelRequest) -> Chunks + Send + Sync;

/// A provider that answers from a script, and records the bodies that it was sent.
#[derive(Clone)]
pub(crate) struct Scripted {
    info: Arc<ProviderInfo>,
    answers: Arc<Answers>,
    sent: Arc<Mutex<Vec<Value>>>,
}

impl Scripted {
    pub(crate) fn new(name: &'static str, default_model: &str, script: Vec<Chunks>) -> Self {
        Self::of(ProviderInfo::new(name, "test", default_model), script)
    }

    pub(crate) fn of(info: ProviderInfo, script: Vec<Chunks>) -> Self {
        let script = Mutex::new(VecDeque::from(script));
        Self::answering(info, move |_| {
            let chunks = script.lock().unwrap().pop_front();
            chunks.expect("the script has no further answer")
        })
    }

    /// A model whose answers depend on the request only.
    pub(crate) fn answering(
        info: ProviderInfo,
        answers: impl Fn(&ModelRequest) -> Chunks + Send + Sync + 'static,
    ) -> Self {
        Self {
            info: Arc::new(info),
            answers: Arc::new(answers),
            sent: Arc::default(),
        }
    }

    /// The bodies of the requests so far.
    pub(crate) fn sent(&self) -> Vec<Value> {
        self.sent.lock().unwrap().clone()
    }

    pub(crate) fn last(&self) -> Value {
        self.sent().pop().unwrap()
    }
}

impl Model for Scripted {
    fn ask(&self, request: Arc<ModelRequest>) -> ModelStream {
        let body = self.body(&request).unwrap();
        self.sent.lock().unwrap().push(body);
        stream::iter((self.answers)(&request)).boxed()
    }

    fn body(&self, request: &ModelRequest) -> Result<Value, ModelError> {
        let messages: Vec<Value> = request.messages.iter().map(message).collect();
        let mut body = json!({ "model": request.model, "messages": messages });
        if let Some(system) = &request.system {
            body["system"] = json!(system);
        }
        if !request.tools.is_empty() {
            let names: Vec<&str> = request.tools.iter().map(|tool| &*tool.name).collect();
            body["tools"] = json!(names);
            body["choice"] = match &request.tool_choice {
                ToolChoice::Tool(name) => json!({ "tool": name }),
                choice => json!(format!("{choice:?}").to_lowercase()),
            };
        }
        if let Some(schema) = &request.schema {
            body["schema"] = schema.json().clone();
        }
        Ok(body)
    }

    fn provider(&self) -> &ProviderInfo {
        &self.info
    }
}

fn message(message: &Message) -> Value {
    match message {
        Message::User(parts) => {
            let texts = parts.iter().map(|part| match part {
                Part::Text(text) => text.clone(),
                other => format!("{other:?}"),
            });
            json!({ "user": texts.collect::<Vec<_>>() })
        }
        Message::Turn(turn) => {
            let results: Vec<Value> = turn.results().iter().map(CallResult::for_model).collect();
            match turn.state() {
                Some(state) => json!({ "state": state, "results": results }),
                None => json!({ "output": turn.output(), "results": results }),
            }
        }
    }
}

/// An answer in one piece.
pub(crate) fn text(text: &str) -> Chunks {
    let turn = ModelTurn::text(text);
    vec![Ok(ModelChunk::Text(text.to_owned())), done(turn)]
}

/// A turn with calls of one argument `n`, and the state that the provider needs back.
pub(crate) fn calls(tools: &[&str], state: Value) -> Chunks {
    let mut turn = ModelTurn::text("");
    let numbered = tools.iter().enumerate();
    turn.calls = numbered
        .map(|(n, tool)| ToolCall::new(*tool, json!({ "n": n })))
        .collect();
    turn.state = Some(state);
    vec![done(turn)]
}

#[allow(clippy::unnecessary_wraps, reason = "an item of a stream of results")]
pub(crate) fn done(mut turn: ModelTurn) -> Result<ModelChunk, ModelError> {
    let mut facts = AnswerFacts::default();
    facts.model_version = Some("version-1".to_owned());
    facts.finish_reason = Some("STOP".to_owned());
    facts.parts = vec![json!({"text": turn.text})];
    turn.facts = facts;
    Ok(ModelChunk::Done(Box::new(turn)))
}

/// A model that is overloaded.
pub(crate) fn unavailable() -> Chunks {
    let error = ModelError::new("overloaded", "the model is overloaded");
    vec![Err(error.with_retries(None).with_unavailable())]
}
