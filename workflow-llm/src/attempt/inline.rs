//! Inline data in records: it is not readable, and would fill the log.

use crate::{message::Message, part::Part, request::ModelRequest};

use super::record::shortened;

/// The most bytes of inline data. A record needs to identify it, not to contain it.
const MAX_DATA_BYTES: usize = 64;

/// The request with its inline data shortened; `None` if it has none that is too long.
pub(super) fn without_data(request: &ModelRequest) -> Option<ModelRequest> {
    let is_long =
        |part: &Part| matches!(part, Part::Inline { data, .. } if data.len() > MAX_DATA_BYTES);
    let has_long = |message: &Message| match message {
        Message::User(parts) => parts.iter().any(is_long),
        Message::Turn(_) => false,
    };
    if !request.messages.iter().any(has_long) {
        return None;
    }
    let messages = request.messages.iter().map(|message| match message {
        Message::User(parts) => Message::User(parts.iter().map(short).collect()),
        Message::Turn(turn) => Message::Turn(turn.clone()),
    });
    Some(ModelRequest {
        messages: messages.collect(),
        model: request.model.clone(),
        system: request.system.clone(),
        tools: request.tools.clone(),
        tool_choice: request.tool_choice.clone(),
        schema: request.schema.clone(),
        stop: request.stop.clone(),
        thinking: request.thinking.clone(),
        provider_tools: request.provider_tools.clone(),
        options: request.options.clone(),
        ..*request
    })
}

fn short(part: &Part) -> Part {
    match part {
        Part::Inline { mime_type, data } if data.len() > MAX_DATA_BYTES => Part::Inline {
            mime_type: mime_type.clone(),
            data: shortened(data, MAX_DATA_BYTES),
        },
        other => other.clone(),
    }
}
