//! Suggestions for misspelt words of closed sets, such as levels or names of tools.

/// The known word that a word is probably a misspelling of. At most a third of the letters may differ,
/// and no word over 64 bytes is compared: the cost grows with the square of the length.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if written.len() > 64 {
        return None;
    }
    // At least 1, so that a short word can be misspelt; at most 4, so that long words stay similar.
    let most = (written.len() / 3).clamp(1, 4);
    let near = known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(written, word), word));
    // Of words with the same distance, the first in the alphabet, so that messages are stable.
    let nearest = near.filter(|(distance, _)| *distance <= most).min()?;
    Some(nearest.1)
}

/// The error message for an unknown word: a suggestion, or else all known words.
///
/// ```
/// let message = workflow_llm::spelling::unknown("level", "hihg", ["low", "high"]);
/// assert_eq!(message, "`hihg` is not a level: did you mean `high`?");
/// ```
pub fn unknown<'a>(
    what: &str,
    written: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
) -> String {
    // The word is from a workflow and can have any length.
    let shown: String = written.chars().take(64).collect();
    if let Some(near) = nearest(&written.to_ascii_lowercase(), known.clone()) {
        return format!("`{shown}` is not a {what}: did you mean `{near}`?");
    }
    let all: Vec<&str> = known.into_iter().collect();
    format!(
        "`{shown}` is not a {what}: use one of `{}`",
        all.join("`, `")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelling_is_corrected_and_other_words_are_listed() {
        let known = ["low", "medium", "high"];
        for (written, expected) in [
            ("hihg", "`hihg` is not a level: did you mean `high`?"),
            ("Medum", "`Medum` is not a level: did you mean `medium`?"),
            (
                "lots",
                "`lots` is not a level: use one of `low`, `medium`, `high`",
            ),
        ] {
            assert_eq!(unknown("level", written, known), expected);
        }
    }
}
