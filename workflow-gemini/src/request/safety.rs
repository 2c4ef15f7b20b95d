//! Safety settings: harm categories and their thresholds.
//!
//! Workflows are checked against the known words, so that a misspelt one is found early. Requests from
//! Rust pass unknown words on, because the API may be newer than this crate.

use super::spelling::{to_api_case, unknown};

const CATEGORY: &str = "HARM_CATEGORY_";
const THRESHOLD: &str = "BLOCK_";

/// The categories in their short spelling; `HARM_CATEGORY_…` in the API.
const CATEGORIES: [&str; 6] = [
    "harassment",
    "hate_speech",
    "sexually_explicit",
    "dangerous_content",
    "civic_integrity",
    "jailbreak",
];
/// The thresholds in their short spelling; `BLOCK_…` in the API, except `OFF`.
const THRESHOLDS: [&str; 5] = [
    "low_and_above",
    "medium_and_above",
    "only_high",
    "none",
    "off",
];

/// The threshold of one category, in the API's spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SafetySetting {
    pub(crate) category: String,
    pub(crate) threshold: String,
}

/// Checks that both words are known, in either spelling. The words of an error are the short ones, in which
/// workflows are written.
pub(crate) fn check(category: &str, threshold: &str) -> Result<(), String> {
    let plain = |word: &str, prefix: &str| {
        let word = to_api_case(word);
        word.strip_prefix(prefix)
            .unwrap_or(&word)
            .to_ascii_lowercase()
    };
    let known = plain(category, CATEGORY);
    if !CATEGORIES.contains(&&*known) {
        return Err(unknown("category", &known, CATEGORIES));
    }
    let known = plain(threshold, THRESHOLD);
    if !THRESHOLDS.contains(&&*known) {
        return Err(unknown("threshold", &known, THRESHOLDS));
    }
    Ok(())
}

impl SafetySetting {
    /// Converts both words to the API's spelling. Unknown words are kept.
    pub(crate) fn new(category: &str, threshold: &str) -> Self {
        let mut category = to_api_case(category);
        if !category.starts_with(CATEGORY) {
            category.insert_str(0, CATEGORY);
        }
        let mut threshold = to_api_case(threshold);
        // Only these have the prefix in the API. `OFF` has none, and an unknown word may have none, too.
        if ["LOW_AND_ABOVE", "MEDIUM_AND_ABOVE", "ONLY_HIGH", "NONE"].contains(&&*threshold) {
            threshold.insert_str(0, THRESHOLD);
        }
        Self {
            category,
            threshold,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_accepted_and_new_words_are_passed_on() {
        for (category, threshold, sent) in [
            (
                "harassment",
                "only_high",
                ("HARM_CATEGORY_HARASSMENT", "BLOCK_ONLY_HIGH"),
            ),
            (
                "HARM_CATEGORY_HATE_SPEECH",
                "BLOCK_NONE",
                ("HARM_CATEGORY_HATE_SPEECH", "BLOCK_NONE"),
            ),
            (
                "Sexually explicit",
                "block-low-and-above",
                ("HARM_CATEGORY_SEXUALLY_EXPLICIT", "BLOCK_LOW_AND_ABOVE"),
            ),
            ("jailbreak", "off", ("HARM_CATEGORY_JAILBREAK", "OFF")),
            ("brand_new", "newer", ("HARM_CATEGORY_BRAND_NEW", "NEWER")),
        ] {
            let setting = SafetySetting::new(category, threshold);
            assert_eq!((&*setting.category, &*setting.threshold), sent);
        }
    }

    #[test]
    fn misspelt_words_are_refused() {
        for (category, threshold, expected) in [
            ("harassment", "only_high", None),
            ("HARM_CATEGORY_HATE_SPEECH", "BLOCK_NONE", None),
            ("Sexually explicit", "OFF", None),
            ("harrassment", "off", Some("did you mean `harassment`?")),
            ("HARM_CATEGORY_HATE", "off", Some("is not a category")),
            ("jailbreak", "only_hgih", Some("did you mean `only_high`?")),
            ("jailbreak", "strict", Some("is not a threshold")),
        ] {
            let error = check(category, threshold).err();
            match expected {
                None => assert_eq!(error, None, "{category} {threshold}"),
                Some(part) => assert!(error.unwrap().contains(part), "{category} {threshold}"),
            }
        }
    }
}
