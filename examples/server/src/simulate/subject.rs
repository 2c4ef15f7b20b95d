//! What a prompt is about, as far as can be told without understanding it.

use super::marker::Marker;

/// How many characters of a prompt are quoted.
const LONGEST: usize = 60;

/// What follows the first colon, or else the prompt's beginning, in quotes.
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
    match text.char_indices().nth(LONGEST) {
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
