//! The tool calls of a message, assembled from their deltas.
//!
//! Servers disagree about what a delta has. A call is found by its `index`, else by its `id`, else it is the last one.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

/// The calls so far, in the order in which they began.
#[derive(Debug, Default)]
pub(super) struct Calls {
    all: Vec<Call>,
    by_index: HashMap<u64, usize>,
    by_id: HashMap<String, usize>,
    /// Of all calls.
    argument_bytes: usize,
}

/// One call. The first `id` and the first name that are not empty count: some servers repeat them in every delta.
#[derive(Debug, Default)]
struct Call {
    id: String,
    name: String,
    arguments: Arguments,
    extra_content: Option<Value>,
}

/// A call that is complete.
#[derive(Debug, PartialEq)]
pub(crate) struct FinishedCall {
    /// The provider's id, or one that was made up.
    pub(crate) id: String,
    pub(crate) name: String,
    /// The arguments as they were received; `{}` if there were none.
    pub(crate) arguments: String,
    /// What the provider needs back with the call.
    pub(crate) extra_content: Option<Value>,
}

impl Calls {
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// A measure of what was received.
    pub(super) fn received(&self) -> usize {
        self.all.len() + self.argument_bytes
    }

    /// Whether a call names no tool.
    pub(super) fn has_unnamed(&self) -> bool {
        self.all.iter().any(|call| call.name.is_empty())
    }

    /// Adds a delta of a streamed message.
    pub(super) fn add_delta(&mut self, delta: &Value) {
        let at = self.place(delta);
        self.extend(at, delta);
    }

    /// Adds a call of a whole message, in which each entry is a call.
    pub(super) fn add_whole(&mut self, call: &Value) {
        let at = self.open();
        self.extend(at, call);
    }

    /// The call that a delta belongs to.
    fn place(&mut self, delta: &Value) -> usize {
        let id = text(&delta["id"]);
        if let Some(index) = delta["index"].as_u64() {
            return match self.by_index.get(&index) {
                Some(&at) if !self.is_next(at, id, delta) => at,
                _ => {
                    let at = self.open();
                    self.by_index.insert(index, at);
                    at
                }
            };
        }
        let last = self.all.len().checked_sub(1);
        match (self.by_id.get(id), last) {
            (Some(&known), _) => known,
            (None, Some(last)) if id.is_empty() && !self.is_named_again(last, delta) => last,
            _ => self.open(),
        }
    }

    /// Whether a delta with the index of a complete call is another call: Gemini's layer numbers all parallel calls 0, with or without
    /// ids. Other servers repeat a name, an id, or at the end the whole arguments.
    fn is_next(&self, at: usize, id: &str, delta: &Value) -> bool {
        if !self.is_named_again(at, delta) {
            return false;
        }
        let Some(known) = self.all.get(at) else {
            return false;
        };
        let arguments = text(&delta["function"]["arguments"]);
        match (id.is_empty(), known.id.is_empty()) {
            (false, false) => id != known.id,
            _ => !arguments.is_empty() && arguments != known.arguments.text,
        }
    }

    /// Whether a delta has a name though the arguments of the call are complete, so that it begins another one.
    fn is_named_again(&self, at: usize, delta: &Value) -> bool {
        let is_complete = self
            .all
            .get(at)
            .is_some_and(|it| it.arguments.is_complete());
        is_complete && !text(&delta["function"]["name"]).is_empty()
    }

    fn open(&mut self) -> usize {
        self.all.push(Call::default());
        self.all.len() - 1
    }

    fn extend(&mut self, at: usize, delta: &Value) {
        let Some(call) = self.all.get_mut(at) else {
            return;
        };
        let id = text(&delta["id"]);
        if call.id.is_empty() && !id.is_empty() {
            id.clone_into(&mut call.id);
            self.by_id.entry(id.to_owned()).or_insert(at);
        }
        let function = &delta["function"];
        if call.name.is_empty() {
            text(&function["name"]).clone_into(&mut call.name);
        }
        match &function["arguments"] {
            Value::Null => {}
            Value::String(again) if call.arguments.is(again) => {}
            Value::String(more) => {
                self.argument_bytes += more.len();
                call.arguments.push(more);
            }
            // An object, where the specification has a string.
            whole => call.arguments = Arguments::of(&whole.to_string()),
        }
        let extra = [delta, function].map(|it| &it["extra_content"]);
        if let Some(extra) = extra.into_iter().find(|extra| !extra.is_null()) {
            call.extra_content = Some(extra.clone());
        }
    }

    /// The complete calls. One without an id, or with that of an earlier call, gets one of its own: `call_0` for the first.
    pub(super) fn finish(self) -> Vec<FinishedCall> {
        let mut ids = self.by_id;
        let calls = self.all.into_iter().enumerate();
        calls
            .map(|(at, call)| {
                let is_own = ids.get(&call.id) == Some(&at);
                let id = if is_own { call.id } else { unused(&ids, at) };
                ids.insert(id.clone(), at);
                FinishedCall {
                    id,
                    name: call.name,
                    arguments: call.arguments.finish(),
                    extra_content: call.extra_content,
                }
            })
            .collect()
    }
}

impl FinishedCall {
    /// The arguments, or why they cannot be read.
    pub(crate) fn args(&self) -> Result<Value, String> {
        arguments(&self.arguments)
    }

    /// The call as a member of `tool_calls`.
    pub(super) fn to_json(&self) -> Value {
        let function = json!({"name": self.name, "arguments": self.arguments});
        let mut call = json!({"id": self.id, "type": "function", "function": function});
        if let Some(extra) = &self.extra_content {
            call["extra_content"] = extra.clone();
        }
        call
    }
}

/// The arguments in a text, or why they cannot be read.
pub(crate) fn arguments(text: &str) -> Result<Value, String> {
    let read = |text: &str| serde_json::from_str::<Value>(text);
    let args = read(text).map_err(|error| format!("the arguments are not JSON: {error}"))?;
    Ok(match args {
        // What some models write for no arguments.
        Value::Null => Value::Object(Map::new()),
        // Written twice: as text within text.
        Value::String(inner) => match read(&inner) {
            Ok(args @ Value::Object(_)) => args,
            _ => Value::String(inner),
        },
        args => args,
    })
}

/// An id that no call has.
fn unused(ids: &HashMap<String, usize>, at: usize) -> String {
    let mut id = format!("call_{at}");
    while ids.contains_key(&id) {
        id.push('_');
    }
    id
}

/// The text of arguments, and whether it is a complete object. Each byte is looked at once, since the text may be long and
/// come in many pieces.
#[derive(Debug, Default)]
struct Arguments {
    text: String,
    depth: usize,
    in_string: bool,
    escaped: bool,
    began: bool,
}

impl Arguments {
    fn of(text: &str) -> Self {
        let mut arguments = Self::default();
        arguments.push(text);
        arguments
    }

    fn push(&mut self, more: &str) {
        self.text.push_str(more);
        for byte in more.bytes() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                b'{' | b'[' if !self.in_string => {
                    self.began = true;
                    self.depth += 1;
                }
                b'}' | b']' if !self.in_string => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
    }

    /// Whether a text repeats these arguments, which are complete.
    fn is(&self, text: &str) -> bool {
        self.is_complete() && self.text == text
    }

    fn is_complete(&self) -> bool {
        self.began && self.depth == 0 && !self.in_string
    }

    fn finish(self) -> String {
        if self.text.trim().is_empty() {
            return "{}".to_owned();
        }
        self.text
    }
}

/// The text of a value; empty for anything else.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
