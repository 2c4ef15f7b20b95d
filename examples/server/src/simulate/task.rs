//! What a prompt asks for, found by its words.

use super::{marker::Marker, question::Question, version::Version};

/// The most characters of a subject.
const MAX_SUBJECT: usize = 60;

/// A prompt, taken apart: "Summarise this text: The tide rises …" has the instruction "Summarise this text" and the
/// material "The tide rises …".
pub(super) struct Task {
    pub(super) kind: Kind,
    /// A few words about what, for sentences.
    pub(super) subject: String,
    pub(super) instruction: String,
    pub(super) material: String,
    /// The longest simulated text that the prompt contains, without its mark.
    pub(super) earlier: String,
    /// The latest version of a simulated text that the prompt contains.
    pub(super) shown: Option<Version>,
    /// Whether the reply is a new version of that text.
    pub(super) revises: bool,
    /// The same for the same request.
    pub(super) seed: u64,
}

/// The kinds of text that replies have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Translate,
    Review,
    Extract,
    Reply,
    Summarise,
    Strengths,
    Weaknesses,
    List,
    Explain,
    Write,
}

/// The beginnings of words that decide the kind; the first word of an instruction that has one decides.
const KINDS: [(Kind, &[&str]); 10] = [
    (Kind::Translate, &["translat"]),
    (
        Kind::Review,
        &[
            "score",
            "rate",
            "judge",
            "review",
            "critic",
            "critique",
            "check",
            "proofread",
            "evaluat",
            "grade",
        ],
    ),
    (Kind::Extract, &["extract", "parse", "quote"]),
    (
        Kind::Reply,
        &[
            "reply",
            "respond",
            "customer",
            "ticket",
            "complaint",
            "mail",
            "refund",
        ],
    ),
    (Kind::Summarise, &["summar", "merge", "shorten", "condense"]),
    (
        Kind::Strengths,
        &["strength", "advantage", "benefit", "pros"],
    ),
    (
        Kind::Weaknesses,
        &["weakness", "drawback", "disadvantage", "risk", "cons"],
    ),
    (Kind::List, &["list", "idea", "propose", "suggest"]),
    (
        Kind::Write,
        &["report", "revise", "rewrite", "improve", "essay", "article"],
    ),
    (
        Kind::Explain,
        &["explain", "what", "why", "how", "describe", "question"],
    ),
];

/// Words that ask for a new version of a text.
const REVISIONS: [&str; 10] = [
    "revise", "revision", "improve", "rewrite", "earlier", "previous", "critique", "feedback",
    "mistake", "better",
];

impl Task {
    pub(super) fn of(question: &Question) -> Self {
        let prompt = Marker::removed_from(question.prompt());
        let (instruction, material) = parts(&prompt);
        let kind = kind(instruction);
        let shown = Version::latest_in(&prompt);
        let asks_for_more = words(&prompt).any(|word| starts_with_any(&word, &REVISIONS));
        Self {
            kind,
            subject: subject(instruction, material),
            instruction: instruction.to_owned(),
            material: material.to_owned(),
            earlier: Version::longest_in(&prompt),
            revises: shown.is_some() && asks_for_more && kind != Kind::Review,
            shown,
            seed: question.seed(),
        }
    }

    /// The version of a text that replies to this.
    pub(super) fn version(&self) -> Version {
        match self.shown {
            Some(shown) if self.revises => shown.next(),
            _ => self.reviewed().unwrap_or(Version::FIRST),
        }
    }

    /// The subject as a part of a sentence: in quotes if it is a sentence itself.
    pub(super) fn topic(&self) -> String {
        let is_sentence = self.subject.ends_with('?') || self.subject.split(' ').count() > 8;
        if is_sentence && !self.subject.starts_with('“') {
            return format!("“{}”", self.subject);
        }
        self.subject.clone()
    }

    /// The version of the simulated text that this asks to review; `None` if it asks for something else.
    pub(super) fn reviewed(&self) -> Option<Version> {
        self.shown.filter(|_| self.kind == Kind::Review)
    }
}

/// The first sentence that a colon, a question mark or the end of a line ends, and what follows it.
fn parts(prompt: &str) -> (&str, &str) {
    let prompt = prompt.trim();
    let is_end = |(at, c): &(usize, char)| match c {
        '\n' => true,
        ':' | '?' => prompt[at + 1..].starts_with(char::is_whitespace),
        _ => false,
    };
    match prompt.char_indices().find(is_end) {
        Some((at, c)) => (prompt[..at].trim(), prompt[at + c.len_utf8()..].trim()),
        None => (prompt, ""),
    }
}

fn kind(instruction: &str) -> Kind {
    let of_word = |word: String| {
        let has = |(_, beginnings): &&(Kind, &[&str])| starts_with_any(&word, beginnings);
        KINDS.iter().find(has).map(|(kind, _)| *kind)
    };
    words(instruction).find_map(of_word).unwrap_or(Kind::Write)
}

/// The words of a text, in lower case.
pub(super) fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .map(str::to_lowercase)
}

fn starts_with_any(word: &str, beginnings: &[&str]) -> bool {
    beginnings
        .iter()
        .any(|beginning| word.starts_with(beginning))
}

/// What the instruction is about, or else the beginning of the material, or else the instruction in quotes.
fn subject(instruction: &str, material: &str) -> String {
    let instruction = in_one_line(instruction);
    if let Some(about) = about(&instruction) {
        return shortened(about);
    }
    let first = material.split("\n\n").next().unwrap_or_default();
    let first = in_one_line(&Version::removed_from(first));
    let sentence = first.split_inclusive(['.', '!', '?']).next();
    match sentence.map(|sentence| sentence.trim_end_matches(['.', '!'])) {
        Some(sentence) if !sentence.is_empty() => shortened(sentence),
        _ if instruction.is_empty() => "nothing".to_owned(),
        _ => format!("“{}”", shortened(&instruction)),
    }
}

/// What follows "about", "on" or "of", unless it only points to the material, as "this text" does.
fn about(instruction: &str) -> Option<&str> {
    const POINTERS: [&str; 6] = ["this", "these", "it", "the following", "each", "them"];
    let words = [" about ", " on ", " of "];
    let (_, about) = words.iter().find_map(|word| instruction.split_once(word))?;
    let about = about.split(", ").next()?.trim_end_matches(['.', '!', '?']);
    let is_pointer = POINTERS.iter().any(|pointer| about.starts_with(pointer));
    (!is_pointer && !about.is_empty()).then_some(about)
}

pub(super) fn in_one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

/// The first words of a text.
fn shortened(text: &str) -> String {
    let Some((end, _)) = text.char_indices().nth(MAX_SUBJECT) else {
        return text.to_owned();
    };
    let cut = text[..end].rfind(' ').filter(|at| *at > end / 2);
    format!("{}…", text[..cut.unwrap_or(end)].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_follows_the_colon_or_a_preposition_or_is_a_quotation() {
        assert_eq!(
            subject("Explain this", "Quantum  Computing "),
            "Quantum Computing"
        );
        assert_eq!(subject("Three strengths of a bicycle.", ""), "a bicycle");
        assert_eq!(subject("A brief on tides, in short", "- one"), "tides");
        assert_eq!(
            subject("Make a table of these", "Ebb and flow"),
            "Ebb and flow"
        );
        assert_eq!(
            subject("Why is the sky blue?", ""),
            "“Why is the sky blue?”"
        );
        assert_eq!(subject("", ""), "nothing");
        assert_eq!(
            subject("Sum up", "The tide rises. It falls."),
            "The tide rises"
        );
        assert_eq!(
            subject("", &"é".repeat(100)),
            format!("{}…", "é".repeat(60))
        );
        assert_eq!(
            subject(
                "",
                "My order from last week has not arrived and nobody replies to me"
            ),
            "My order from last week has not arrived and nobody replies…"
        );
    }

    #[test]
    fn an_instruction_has_a_kind() {
        for (instruction, expected) in [
            ("Translate into German", Kind::Translate),
            ("Score this summary", Kind::Review),
            ("Summarise document 3", Kind::Summarise),
            ("Answer this refund ticket", Kind::Reply),
            ("Three weaknesses of a bicycle", Kind::Weaknesses),
            ("Explain this concept", Kind::Explain),
            ("Check this translation", Kind::Review),
            ("Revise your draft as the reviewer asks", Kind::Write),
            ("A haiku", Kind::Write),
        ] {
            assert_eq!(kind(instruction), expected, "{instruction}");
        }
    }
}
