//! Short texts that look like replies of a model. `phrases` has what they are made of.

pub(super) mod phrases;

use fastrand::Rng;

use super::{
    choice,
    task::{Kind, Task, in_one_line, words},
    version::Version,
};

/// The most characters that are repeated from the material.
const MAX_REPEATED: usize = 240;

/// The reply to a prompt without a schema. Except for a single word, it ends with a mark.
pub(super) fn text(task: &Task, rng: &mut Rng) -> String {
    choose(task, rng).unwrap_or_else(|| marked(&body(task, rng), task.version()))
}

/// A text with the mark of its version.
pub(super) fn marked(text: &str, version: Version) -> String {
    format!("{text} {}", version.mark())
}

/// One of the words that the prompt offers. For a text that the prompt shows, a good word once it is good.
fn choose(task: &Task, rng: &mut Rng) -> Option<String> {
    let mut offered = choice::offered(task);
    if let Some(version) = task.reviewed() {
        return offered
            .into_iter()
            .find(|word| choice::is_positive(word) == version.is_good());
    }
    if offered.len() < 2 {
        return None;
    }
    let mentioned = |word: &String| contains_word(&task.material, word);
    let at = offered.iter().position(mentioned);
    Some(offered.swap_remove(at.unwrap_or_else(|| rng.usize(..offered.len()))))
}

pub(super) fn contains_word(text: &str, word: &str) -> bool {
    let word = word.to_lowercase();
    words(text).any(|other| other == word)
}

fn body(task: &Task, rng: &mut Rng) -> String {
    let topic = task.topic();
    match task.kind {
        Kind::Translate => translation(task),
        Kind::Review => review(task),
        Kind::Extract => repeated(&task.material),
        _ if task.revises => format!("{} {}", task.earlier, addition(task.version())),
        Kind::Summarise => format!("In short: {}", gist(task)),
        Kind::Reply => {
            let [thanks, action, end] = phrases::REPLY;
            let thanks = pick(rng, &thanks);
            format!(
                "{thanks} {topic}. {} {}",
                pick(rng, &action),
                pick(rng, &end)
            )
        }
        Kind::Strengths => list(&topic, &phrases::STRENGTHS, rng),
        Kind::Weaknesses => list(&topic, &phrases::WEAKNESSES, rng),
        Kind::List => list(&topic, &phrases::IDEAS, rng),
        Kind::Explain => from_sources(&task.material).unwrap_or_else(|| {
            let explanation = pick(rng, &phrases::EXPLANATIONS);
            format!("{} {explanation}", capital(&topic))
        }),
        Kind::Write => {
            let first = pick(rng, &phrases::FIRST_SENTENCES).replace("{}", &topic);
            let second = pick(rng, &phrases::SECOND_SENTENCES);
            format!("{} {second} {}", capital(&first), addition(Version::FIRST))
        }
    }
}

/// The sentence that a version adds to the one before it.
fn addition(version: Version) -> &'static str {
    let index = version.number() as usize - 1;
    phrases::ADDITIONS[index % phrases::ADDITIONS.len()]
}

/// The first quote of a prompt with numbered sources, and its number.
fn from_sources(material: &str) -> Option<String> {
    let mut source = "";
    for line in material.lines() {
        if line.starts_with('[') {
            source = line.split_inclusive(']').next().unwrap_or_default();
        }
        if let Some(quote) = line.strip_prefix("> ").filter(|_| !source.is_empty()) {
            return Some(format!("The sources say: {quote} {source}"));
        }
    }
    None
}

/// What a reviewer says of what the prompt shows.
pub(super) fn review(task: &Task) -> String {
    if task.shown.is_some_and(Version::is_good) {
        return "Clear, complete, and of the right length.".to_owned();
    }
    remark(task, 0)
}

/// One of several things to improve.
pub(super) fn remark(task: &Task, index: usize) -> String {
    let start = task.version().number() as usize;
    phrases::REMARKS[(start + index) % phrases::REMARKS.len()].to_owned()
}

/// The material under the name of its new language: the simulation cannot translate.
fn translation(task: &Task) -> String {
    let mut words = task.instruction.split_whitespace();
    let language = words
        .find(|word| matches!(*word, "into" | "to"))
        .and_then(|_| words.next());
    let text = match task.material.split("\n\n").next() {
        None | Some("") => task.subject.clone(),
        Some(text) => repeated(text),
    };
    match language {
        Some(language) => {
            let language = language.trim_matches(|c: char| !c.is_alphanumeric());
            format!("[{language}] {text}")
        }
        None => text,
    }
}

/// The first half of the sentences of the material, three at most.
fn gist(task: &Task) -> String {
    let material = match listed(&task.material) {
        Some(texts) => texts.join(" "),
        None => task.material.clone(),
    };
    let sentences = sentences(&material);
    match sentences.len().div_ceil(2).min(3) {
        0 => format!("{} in a few words.", task.topic()),
        half => repeated(&sentences[..half].join(" ")),
    }
}

/// The texts of a list that is the first line of the material.
fn listed(material: &str) -> Option<Vec<String>> {
    let line = material.lines().next()?;
    let texts: Vec<Option<String>> = serde_json::from_str(line).ok()?;
    Some(texts.into_iter().flatten().collect())
}

/// The sentences of a text, each in one line and without marks.
pub(super) fn sentences(text: &str) -> Vec<String> {
    let text = Version::removed_from(text).replace("In short: ", "");
    let parts = text
        .split_inclusive(['.', '!', '?', '\n'])
        .map(in_one_line)
        .filter(|part| part.chars().any(char::is_alphanumeric));
    parts
        .map(|part| {
            let is_sentence = part.ends_with(['.', '!', '?']);
            if is_sentence {
                part
            } else {
                format!("{part}.")
            }
        })
        .collect()
}

fn repeated(text: &str) -> String {
    let text = in_one_line(&Version::removed_from(text));
    match text.char_indices().nth(MAX_REPEATED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Three lines, beginning with one that the seed chooses.
fn list(topic: &str, lines: &[&str], rng: &mut Rng) -> String {
    let start = rng.usize(..lines.len());
    let lines: Vec<String> = (0..3)
        .map(|index| format!("{}. {}.", index + 1, lines[(start + index) % lines.len()]))
        .collect();
    format!("On {topic}:\n{}\n", lines.join("\n"))
}

fn pick<'a>(rng: &mut Rng, texts: &[&'a str]) -> &'a str {
    texts[rng.usize(..texts.len())]
}

/// The text with a capital letter at the beginning.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}
