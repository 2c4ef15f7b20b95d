//! What a provider's tests say of its API.

use std::sync::Arc;

use workflow_core::node::agent::ToolCall;

use crate::model::Model;

/// How the API of a provider writes answers, for the conformance tests.
pub trait WireProvider: Send + Sync {
    /// A client whose requests go to `http://127.0.0.1:PORT`, with a [key](Self::key) and default limits.
    fn client(&self, base_url: &str) -> Arc<dyn Model>;

    /// The credential that the client sends.
    fn key(&self) -> &'static str;

    /// The answer to a streamed request, as the data of server-sent events. `None` if the API cannot write it so.
    fn events(&self, answer: &WireAnswer) -> Option<WireEvents>;

    /// The answer to a request that is not streamed. `None` if the API cannot write it so.
    fn whole(&self, answer: &WireAnswer) -> Option<String>;

    /// The body of an error status.
    fn refusal(&self, status: u16, message: &str) -> String;

    /// The data of an event that ends a stream since the model is overloaded.
    fn overloaded(&self) -> String;
}

/// The data of the events of an answer.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct WireEvents {
    /// The contents: text and calls.
    pub contents: Vec<String>,
    /// What says that the answer is complete, and everything after it. Without it, the answer is cut off.
    pub end: Vec<String>,
}

impl WireEvents {
    /// Events with the contents, and those that say that the answer is complete.
    pub fn new(contents: Vec<String>, end: Vec<String>) -> Self {
        Self { contents, end }
    }
}

/// An answer for a provider to write.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WireAnswer {
    /// The pieces of the text, one event each.
    pub texts: Vec<String>,
    /// The calls.
    pub calls: Vec<ToolCall>,
    /// Whether the calls come in several events each.
    pub in_pieces: bool,
    /// Why the model stops.
    pub finish: WireFinish,
    /// The tokens.
    pub usage: WireUsage,
}

/// Why the model stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "a provider has to write each")]
pub enum WireFinish {
    /// Its answer is complete.
    Complete,
    /// For a reason that is newer than the client.
    Unknown,
}

/// The tokens of an answer: 7 of input and 5 of output, unless they are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "a provider has to write each")]
pub enum WireUsage {
    /// There are none.
    Missing,
    /// With the end of the answer.
    Numbers,
    /// As [`Numbers`](Self::Numbers), but each as text: `"7"`.
    Text,
    /// In an event after the end.
    Late,
}

impl WireAnswer {
    /// A complete text in pieces.
    pub(super) fn texts<const N: usize>(texts: [&str; N]) -> Self {
        Self {
            texts: texts.map(str::to_owned).to_vec(),
            calls: Vec::new(),
            in_pieces: false,
            finish: WireFinish::Complete,
            usage: WireUsage::Numbers,
        }
    }

    /// Calls without text.
    pub(super) fn calls(calls: Vec<ToolCall>) -> Self {
        Self {
            calls,
            ..Self::texts([])
        }
    }

    /// The whole text.
    pub fn text(&self) -> String {
        self.texts.concat()
    }
}
