//! Strings that match `format`, `minLength` and `maxLength`.

use fastrand::Rng;
use serde_json::Value;

use super::place::Place;
use crate::simulate::{
    prose::{self, capital, marked, phrases},
    task::Task,
};

/// The most characters of a string.
const MAX_CHARS: usize = 10_000;

/// A string that fits the name of its property, or an example of the format. `pattern` is ignored.
pub(super) fn text(schema: &Value, place: Place<'_>, task: &Task, rng: &mut Rng) -> String {
    if let Some(formatted) = schema["format"].as_str().and_then(formatted) {
        return formatted.to_owned();
    }
    let length = |word: &str| schema[word].as_u64().and_then(|n| usize::try_from(n).ok());
    let least = length("minLength").unwrap_or(0).min(MAX_CHARS);
    let most = length("maxLength").unwrap_or(MAX_CHARS);
    let mut text = named(place, task, rng);
    let missing = least.saturating_sub(text.chars().count());
    text.extend(std::iter::repeat_n('.', missing));
    text.chars().take(most).collect()
}

/// A text by the words in the name of its property. Sentences have a mark, labels have none.
fn named(place: Place<'_>, task: &Task, rng: &mut Rng) -> String {
    let Place { name, index, .. } = place;
    let has = |words: &[&str]| {
        let name = name.to_lowercase();
        words.iter().any(|word| name.contains(word))
    };
    if has(&["title", "headline", "topic", "angle"]) {
        return capital(&nth(&phrases::TITLES, index).replace("{}", &task.subject));
    }
    if has(&["question"]) {
        return nth(&phrases::QUESTIONS, index).replace("{}", &task.topic());
    }
    if has(REMARKS) {
        let remark = if place.is_item {
            prose::remark(task, index)
        } else {
            prose::review(task)
        };
        return marked(&remark, task.version());
    }
    if has(&["reason", "rationale", "why", "explanation"]) {
        let reason = format!("The text is about {}, which fits best.", task.topic());
        return marked(&reason, task.version());
    }
    if has(&["quote", "sentence", "evidence"]) {
        return quote(task, index);
    }
    if has(&["tag", "keyword", "word"]) {
        return tag(task, index);
    }
    if has(TEXTS) {
        return prose::text(task, rng);
    }
    let name = name.replace(['_', '-'], " ");
    match index {
        0 => format!("Example {name}"),
        index => format!("Example {name} {}", index + 1),
    }
}

const REMARKS: &[&str] = &[
    "critique", "feedback", "comment", "mistake", "issue", "problem", "improve", "remark",
];

const TEXTS: &[&str] = &[
    "text",
    "body",
    "answer",
    "reply",
    "draft",
    "summary",
    "description",
    "message",
    "content",
    "translation",
    "report",
];

fn nth<'a>(texts: &[&'a str], index: usize) -> &'a str {
    texts[index % texts.len()]
}

/// A word of the subject.
fn tag(task: &Task, index: usize) -> String {
    let mut words = task.subject.split(|c: char| !c.is_alphanumeric());
    let word = words.by_ref().filter(|word| word.len() > 3).nth(index);
    word.map_or_else(|| format!("tag {}", index + 1), str::to_lowercase)
}

/// A sentence of the last paragraph: the text, where the paragraphs before it say what to look for.
fn quote(task: &Task, index: usize) -> String {
    let last = task.material.rsplit("\n\n").next().unwrap_or_default();
    let sentences = prose::sentences(last.split_once(":\n").map_or(last, |(_, text)| text));
    match sentences.len() {
        0 => task.subject.clone(),
        length => sentences[index % length].clone(),
    }
}

fn formatted(format: &str) -> Option<&'static str> {
    Some(match format {
        "date" => "2026-01-31",
        "date-time" => "2026-01-31T12:00:00Z",
        "time" => "12:00:00Z",
        "duration" => "PT1H",
        "email" => "simulated@example.com",
        "uri" => "https://example.com/simulated",
        "hostname" => "example.com",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "uuid" => "00000000-0000-4000-8000-000000000000",
        _ => return None,
    })
}
