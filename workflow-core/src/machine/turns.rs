//! The state of an agent: its turns.

use std::{collections::BTreeMap, mem::size_of, sync::Arc};

use serde_json::Value;

use crate::{
    error::Problem,
    node::agent::{CallResult, PastTurn, TurnOutput},
    value::{beginning_of, heap, size},
    workflow::Streaks,
};

/// The most bytes of the history as it is sent with a turn: 16 MiB.
pub(super) const MAX_HISTORY_BYTES: usize = 16 * 1024 * 1024;

/// An agent that has begun a turn.
#[derive(Default)]
pub(super) struct Turns {
    /// The number of the turn that is open.
    pub(super) turn: usize,
    /// What the open turn gave, once its step has completed.
    pub(super) said: Option<Said>,
    /// The turns before it.
    pub(super) history: Vec<Arc<PastTurn>>,
    /// The length of the history as it is sent, in bytes.
    pub(super) history_bytes: usize,
    /// In how many turns in a row the calls of the turn before were asked for.
    pub(super) streaks: Streaks,
    /// The memory of all this, in bytes.
    pub(super) memory: usize,
}

/// What a turn gave.
pub(super) struct Said {
    pub(super) output: TurnOutput,
    pub(super) state: Option<Arc<Value>>,
    /// The arguments that people put in the place of those of the model, by the index of the call.
    pub(super) changed: BTreeMap<usize, Arc<Value>>,
    pub(super) streaks: Streaks,
}

impl Said {
    pub(super) fn new(output: TurnOutput, state: Option<Arc<Value>>) -> Self {
        Self {
            output,
            state,
            changed: BTreeMap::new(),
            streaks: Streaks::new(),
        }
    }

    /// The length of the turn as it is sent with the next one, in bytes, without results: as the provider said it, or in the neutral
    /// form.
    pub(super) fn bytes(&self) -> usize {
        match &self.state {
            Some(state) => size::bytes(&**state),
            None => size::bytes(&self.output),
        }
    }

    /// Whether a further turn has to give the answer its form.
    pub(super) fn needs_finish(&self) -> bool {
        self.output.output.is_none() && self.output.needs_finish
    }
}

impl Turns {
    /// Whether the open turn gives the answer of the turn before its form.
    pub(super) fn is_finishing(&self) -> bool {
        let before = self.history.last();
        before.is_some_and(|past| past.output.needs_finish)
    }

    /// The latest text that is not empty.
    pub(super) fn latest_text(&self) -> &str {
        let now = self.said.as_ref().map(|said| &said.output);
        let before = self.history.iter().rev().map(|past| &past.output);
        let texts = now.into_iter().chain(before).map(|output| &*output.text);
        texts
            .into_iter()
            .find(|text| !text.is_empty())
            .unwrap_or_default()
    }

    /// Makes the open turn a part of the history. The next one is open.
    pub(super) fn end(&mut self, results: Vec<CallResult>) {
        let Some(said) = self.said.take() else {
            return;
        };
        let bytes = said.bytes() + results.iter().map(result_bytes).sum::<usize>();
        self.history_bytes = self.history_bytes.saturating_add(bytes);
        self.streaks = said.streaks;
        let past = PastTurn::new(said.output, said.state, results);
        self.history.push(Arc::new(past));
        self.turn += 1;
    }
}

/// The length of a result as it is sent, about: that of an error is bounded.
fn result_bytes(result: &CallResult) -> usize {
    let given = match &result.result {
        Ok(output) => size::bytes(&**output),
        Err(problem) => problem.detail.len(),
    };
    given + result.changed.as_deref().map_or(0, size::bytes)
}

/// The memory of a result that the history holds, in bytes.
pub(super) fn result_memory(result: &CallResult) -> usize {
    let given = match &result.result {
        Ok(output) => heap::of_shared(output),
        Err(problem) => size_of::<Problem>() + problem.detail.len(),
    };
    let changed = result.changed.as_ref().map_or(0, heap::of_shared);
    size_of::<CallResult>() + given + changed
}

/// What the model is given of a result: all of it, or the beginning of its text with the size of the whole in bytes.
pub(super) fn cut(output: &Arc<Value>, max_bytes: usize) -> (Arc<Value>, Option<usize>) {
    if size::is_within(&**output, max_bytes) {
        return (Arc::clone(output), None);
    }
    let text = match &**output {
        Value::String(text) => beginning_of(text, max_bytes).to_owned(),
        other => size::beginning(other, max_bytes),
    };
    (Arc::new(text.into()), Some(size::bytes(&**output)))
}
