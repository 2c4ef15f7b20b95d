//! Words that a prompt without a schema offers as the answer, such as "Answer YES or NO".

use super::task::Task;

/// The words to choose from; empty if the prompt offers none.
pub(super) fn offered(task: &Task) -> Vec<String> {
    let text = &task.instruction;
    if text.to_lowercase().contains("yes or no") {
        return vec!["yes".to_owned(), "no".to_owned()];
    }
    let mut offered = listed(text);
    if offered.is_empty() {
        let sentences = text
            .split(['.', '\n'])
            .filter(|sentence| asks_to_say(sentence));
        offered = sentences.flat_map(emphasised).collect();
    }
    offered.dedup();
    offered
}

/// Whether a word means that all is well.
pub(super) fn is_positive(word: &str) -> bool {
    const POSITIVE: [&str; 13] = [
        "accept", "approve", "complete", "done", "final", "good", "ok", "okay", "pass", "publish",
        "ready", "valid", "yes",
    ];
    let word = word.to_lowercase();
    let word = word.trim_start_matches("is_");
    POSITIVE.iter().any(|positive| {
        let rest = word.strip_prefix(positive);
        rest.is_some_and(|rest| matches!(rest, "" | "d" | "ed" | "able"))
    })
}

/// `refund, bug or other` after "as", "into" or "one of".
fn listed(text: &str) -> Vec<String> {
    let after = [" one of ", " either ", " as ", " into "]
        .iter()
        .find_map(|word| text.split_once(word));
    let Some((_, list)) = after else {
        return Vec::new();
    };
    let list = list.replace(" or ", ", ").replace(" and ", ", ");
    let parts: Vec<&str> = list
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    let is_list = parts.len() > 1 && parts.iter().all(|part| is_word(part));
    let parts = parts.into_iter().filter(|_| is_list);
    parts.map(str::to_owned).collect()
}

fn asks_to_say(sentence: &str) -> bool {
    let sentence = sentence.to_lowercase();
    [
        "answer", "reply", "respond", "say", "write", "return", "output",
    ]
    .iter()
    .any(|word| sentence.contains(word))
}

/// Words in quotes or capitals.
fn emphasised(sentence: &str) -> impl Iterator<Item = String> {
    const QUOTES: [char; 6] = ['"', '\'', '`', '“', '”', ','];
    sentence.split_whitespace().filter_map(|written| {
        let word = written.trim_matches(|c| QUOTES.contains(&c));
        let is_quoted = word.len() < written.trim_end_matches(',').len();
        let is_capital = word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        (is_word(word) && (is_quoted || is_capital)).then(|| word.to_owned())
    })
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || "-_".contains(c))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::simulate::question::Question;

    #[test]
    fn words_in_quotes_capitals_or_a_list_are_offered() {
        for (prompt, expected) in [
            ("Is this spam, yes or no: hello", &["yes", "no"][..]),
            (
                "Judge this. Answer \"good\" or \"bad\": a text",
                &["good", "bad"],
            ),
            (
                "Reply only APPROVED or REVISE: a text",
                &["APPROVED", "REVISE"],
            ),
            (
                "Classify as refund, bug or other: a text",
                &["refund", "bug", "other"],
            ),
            ("Answer as a pirate would: a text", &[]),
            ("Explain the HTTP protocol", &[]),
        ] {
            let body = json!({"contents": [{"parts": [{"text": prompt}]}]}).to_string();
            let task =
                Task::of(&Question::read(body.as_bytes()).unwrap_or_else(|_| panic!("{prompt}")));
            assert_eq!(offered(&task), expected, "{prompt}");
        }
        assert!(is_positive("is_approved") && is_positive("OK") && !is_positive("disapprove"));
    }
}
