//! The subject of a prompt, found without understanding it.

use super::marker::Marker;

/// The most characters of a subject.
const MAX_CHARS: usize = 60;

/// The text after the first colon, or else the beginning of the prompt in quotes.
pub(super) fn subject(prompt: &str) -> String {
    let prompt = Marker::removed_from(prompt);
    let words: Vec<&str> = prompt.split_whitespace().collect();
    let prompt = words.join(" ");
    match prompt.split_once(": ") {
        Some((_, subject)) => shortened(subject),
        None if prompt.is_empty() => "nothing".to_owned(),
        None => format!("“{}”", shortened(&prompt)),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_follows_the_colon_or_is_a_quotation() {
        assert_eq!(
            subject("Explain this: Quantum  Computing "),
            "Quantum Computing"
        );
        assert_eq!(
            subject("Why is the sky [[429]]blue?"),
            "“Why is the sky blue?”"
        );
        assert_eq!(subject(" "), "nothing");
        let long = subject(&"é".repeat(100));
        assert_eq!(long, format!("“{}…”", "é".repeat(60)));
    }
}
