//! The content of a simulated reply.

use fastrand::Rng;

use serde_json::{Value, json};

use super::{
    arguments, functions::Function, measure::tokens, prose, question::Question, results, schema,
    signature, task::Task,
};

/// The text, in the pieces that a stream sends, or calls of functions.
pub(super) struct Answer {
    pub(super) thought: Option<String>,
    pub(super) pieces: Vec<String>,
    /// The parts with calls.
    pub(super) calls: Vec<Value>,
    pub(super) finish_reason: &'static str,
    /// How long the first piece takes, in the time of one piece: 8 to 20, which are 0.3 to 0.8 s at the default pace.
    pub(super) first_piece: u32,
}

impl Answer {
    pub(super) fn to(question: &Question) -> Self {
        let task = Task::of(question);
        let mut rng = Rng::with_seed(task.seed);
        let first_piece = rng.u32(8..=20);
        let results = question.results();
        let text = match question.schema() {
            Some(schema) => schema::example(schema, &task, &mut rng).to_string(),
            None if !question.calls().is_empty() => results::plan(question.calls()),
            None if !results.is_empty() => results::report(&task, &results),
            None => prose::text(&task, &mut rng),
        };
        let all = pieces(&text);
        let pieces = within(&all, question.max_tokens());
        let is_whole = pieces.len() == all.len();
        let calls = question.calls().iter().enumerate().filter(|_| is_whole);
        let turn = question.turns();
        let calls = calls.map(|(index, function)| call(function, turn, index, &task, &mut rng));
        let calls = calls.collect();
        let thought = format!(
            "The question is about {}. This thought is simulated.",
            task.subject
        );
        Self {
            thought: question.wants_thoughts().then_some(thought),
            pieces,
            calls,
            finish_reason: if is_whole { "STOP" } else { "MAX_TOKENS" },
            first_piece,
        }
    }

    pub(super) fn refused_for_safety() -> Self {
        Self {
            thought: None,
            pieces: Vec::new(),
            calls: Vec::new(),
            finish_reason: "SAFETY",
            first_piece: 1,
        }
    }
}

/// A part with a call. The first one of a reply is signed, as models since Gemini 3 do.
fn call(function: &Function, turn: usize, index: usize, task: &Task, rng: &mut Rng) -> Value {
    let Function { name, parameters } = function;
    let args = arguments::of(parameters, task, rng);
    let id = format!("simcall{turn}x{index}");
    let mut part = json!({"functionCall": {"id": id, "name": name, "args": args}});
    if index == 0 {
        part["thoughtSignature"] = signature::of(name, &args).into();
    }
    part
}

/// Words with the space before them, as tokens of models have it; in JSON a comma ends a piece, too.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices() {
        let is_start = c == ' ' || text[..at].ends_with(',');
        if is_start && at > start {
            pieces.push(text[start..at].to_owned());
            start = at;
        }
    }
    pieces.push(text[start..].to_owned());
    pieces
}

/// The first pieces, with at most so many tokens; but one piece at least.
fn within(pieces: &[String], max_tokens: usize) -> Vec<String> {
    let mut left = max_tokens;
    let mut is_first = true;
    let fitting = pieces.iter().take_while(|piece| {
        let rest = left.checked_sub(tokens(piece));
        left = rest.unwrap_or(0);
        let is_first = std::mem::take(&mut is_first);
        rest.is_some() || is_first
    });
    fitting.cloned().collect()
}
