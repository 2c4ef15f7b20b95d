//! Foreign text, made fit to be shown.

use super::secret::Secret;

/// The most characters of foreign text an error shows.
const LONGEST: usize = 1_000;

/// The text without the key, on one line, bounded. In this order: a cut could hide half a key.
pub(crate) fn excerpt(text: &str, key: &Secret) -> String {
    let redacted = key.redact(text);
    let words = redacted.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    shortened(words.join(" "))
}

fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderName;

    use super::*;

    #[test]
    fn it_is_one_bounded_line_without_the_key() {
        let name = HeaderName::from_static("x-api-key");
        let key = Secret::new(name, "", "AIza-secret").unwrap();
        assert_eq!(
            excerpt("<p>\r\n\tno\0 AIza-secret </p>", &key),
            "<p> no *** </p>"
        );
        let long = format!("{}AIza-secret", "ä".repeat(LONGEST - 4));
        assert_eq!(
            excerpt(&long, &key),
            format!("{}***", "ä".repeat(LONGEST - 4))
        );
        let longer = excerpt(&"ä".repeat(5_000), &key);
        assert_eq!(longer.chars().count(), LONGEST + 1);
    }
}
