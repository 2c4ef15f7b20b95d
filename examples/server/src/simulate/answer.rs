//! The content of a simulated reply.

use super::{question::Question, schema, subject::subject};

/// The text, in the pieces that a stream sends. Each piece counts as a token.
pub(super) struct Answer {
    pub(super) thought: Option<String>,
    pub(super) pieces: Vec<String>,
    pub(super) finish_reason: &'static str,
}

impl Answer {
    pub(super) fn to(question: &Question) -> Self {
        let subject = subject(question.prompt());
        let mut pieces = match question.schema() {
            Some(schema) => pieces(&schema::example(schema, &subject).to_string(), ','),
            None => pieces(&text(&subject), ' '),
        };
        let is_whole = pieces.len() <= question.max_tokens();
        pieces.truncate(question.max_tokens());
        let thought = format!("The question is about {subject}. This thought is simulated.");
        Self {
            thought: question.wants_thoughts().then_some(thought),
            pieces,
            finish_reason: if is_whole { "STOP" } else { "MAX_TOKENS" },
        }
    }

    pub(super) fn refused_for_safety() -> Self {
        Self {
            thought: None,
            pieces: Vec::new(),
            finish_reason: "SAFETY",
        }
    }
}

fn text(subject: &str) -> String {
    format!(
        "This is a simulated answer about {subject}. No model was called and nothing was charged: \
         these words come from the server itself, one after the other, at about the pace at which \
         a model writes. The same prompt always gets the same answer, so a workflow can be tried \
         out before it costs anything. For a real answer, start the server with an API key and \
         without simulation."
    )
}

fn pieces(text: &str, end: char) -> Vec<String> {
    text.split_inclusive(end).map(str::to_owned).collect()
}
