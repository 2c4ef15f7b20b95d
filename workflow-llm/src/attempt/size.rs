//! How many tokens a request has at most.

use workflow_core::{node::agent::CallResult, value::json_bytes};

use crate::{
    message::{Message, TurnMessage},
    part::Part,
    request::ModelRequest,
};

/// Tokens around a part, such as those that mark its role.
const TOKENS_PER_PART: u64 = 64;

/// Whether a request has media: inline data or files. Their tokens do not follow from their size.
pub(super) fn has_media(request: &ModelRequest) -> bool {
    user_parts(request).any(|part| !matches!(part, Part::Text(_)))
}

fn user_parts(request: &ModelRequest) -> impl Iterator<Item = &Part> {
    request.messages.iter().flat_map(|message| match message {
        Message::User(parts) => &parts[..],
        Message::Turn(_) => &[],
    })
}

/// The most tokens of the texts, the schema, the turns and the tools, with these past turns: one per byte, since no token is shorter, and some for each part. Half
/// of it would be no bound: some tokenizers make a token of each digit. `spare` parts are counted that have no text.
pub(super) fn most_text_tokens(request: &ModelRequest, past: &[TurnMessage], spare: usize) -> u64 {
    // The system instruction is a part, too.
    let (mut bytes, mut parts) = (0, 1 + spare);
    for turn in past {
        bytes += turn_bytes(turn);
        parts += 1 + turn.results().len();
    }
    for message in &request.messages {
        let (more_bytes, more_parts) = match message {
            Message::User(parts) => (parts.iter().map(text_bytes).sum(), parts.len()),
            Message::Turn(turn) => (turn_bytes(turn), 1 + turn.results().len()),
        };
        bytes += more_bytes;
        parts += more_parts;
    }
    let tools = request.tools.iter();
    let tools = tools.map(|it| it.name.len() + it.description.len() + json_bytes(&it.input));
    bytes += request.system.as_ref().map_or(0, String::len)
        + request
            .schema
            .as_ref()
            .map_or(0, |it| json_bytes(it.json()))
        + tools.sum::<usize>()
        + request.provider_tools.iter().map(json_bytes).sum::<usize>()
        + request.options.values().map(json_bytes).sum::<usize>();
    parts += request.tools.len();
    (bytes as u64).saturating_add((parts as u64).saturating_mul(TOKENS_PER_PART))
}

fn text_bytes(part: &Part) -> usize {
    match part {
        Part::Text(text) => text.len(),
        _ => 0,
    }
}

/// The size of a turn as its provider gets it back: its state, or else what it said. Thought signatures in the state count: they stand for
/// thoughts, which the model reads again.
fn turn_bytes(turn: &TurnMessage) -> usize {
    let said = match turn.state() {
        Some(state) => json_bytes(state),
        None => json_bytes(turn.output()),
    };
    let results = turn.results().iter().map(CallResult::for_model);
    said + results.map(|it| json_bytes(&it)).sum::<usize>()
}
