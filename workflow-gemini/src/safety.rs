//! From when on the API withholds an answer: open sets of words.

const CATEGORY: &str = "HARM_CATEGORY_";

/// A threshold for one category, in the API's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SafetySetting {
    pub(crate) category: String,
    pub(crate) threshold: String,
}

impl SafetySetting {
    /// Takes words as the API writes them, or as people do.
    pub(crate) fn new(category: &str, threshold: &str) -> Self {
        let mut category = word(category);
        if !category.starts_with(CATEGORY) {
            category.insert_str(0, CATEGORY);
        }
        let mut threshold = word(threshold);
        if ["LOW_AND_ABOVE", "MEDIUM_AND_ABOVE", "ONLY_HIGH", "NONE"].contains(&&*threshold) {
            threshold.insert_str(0, "BLOCK_");
        }
        Self {
            category,
            threshold,
        }
    }
}

fn word(text: &str) -> String {
    let word = text.trim().to_ascii_uppercase();
    word.replace([' ', '-'], "_")
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
}
