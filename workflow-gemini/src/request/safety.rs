//! From when on the API withholds an answer: open sets of words.

use super::words::{unknown, upper};

const CATEGORY: &str = "HARM_CATEGORY_";
const THRESHOLD: &str = "BLOCK_";

/// The categories, as workflows write them.
const CATEGORIES: [&str; 6] = [
    "harassment",
    "hate_speech",
    "sexually_explicit",
    "dangerous_content",
    "civic_integrity",
    "jailbreak",
];
const THRESHOLDS: [&str; 5] = [
    "low_and_above",
    "medium_and_above",
    "only_high",
    "none",
    "off",
];

/// A threshold for one category, in the API's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SafetySetting {
    pub(crate) category: String,
    pub(crate) threshold: String,
}

/// Checks both words of a setting, in either spelling.
pub(crate) fn check(category: &str, threshold: &str) -> Result<(), String> {
    let plain = |word: &str, prefix: &str| {
        let word = upper(word);
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
    /// Takes words as the API writes them, or as people do.
    pub(crate) fn new(category: &str, threshold: &str) -> Self {
        let mut category = upper(category);
        if !category.starts_with(CATEGORY) {
            category.insert_str(0, CATEGORY);
        }
        let mut threshold = upper(threshold);
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
    fn both_spellings_are_understood_and_new_words_are_passed_on() {
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
