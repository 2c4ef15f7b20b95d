//! Excerpts of a server's texts for error messages.

use crate::{body::MAX_REFUSAL_BYTES, redact::Redactor};

/// The beginning of a text on one line, without secrets, at most `longest` characters. Secrets are removed
/// before the text is cut, because a cut could leave half of a secret, which the redactor does not recognise.
pub fn excerpt(text: String, redactor: &Redactor, longest: usize) -> String {
    let text = redactor.text(text);
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    shortened(words.join(" "), longest)
}

/// The [`excerpt`] of the body of a refusal. If the body was cut at [`MAX_REFUSAL_BYTES`], it may end within a
/// secret, so the last bytes are omitted.
pub fn excerpt_of_refusal(body: &[u8], redactor: &Redactor, longest: usize) -> String {
    let whole = without_cut_secret(body, MAX_REFUSAL_BYTES, redactor);
    let text = String::from_utf8_lossy(whole).into_owned();
    excerpt(text, redactor, longest)
}

/// A text that may have been cut at `limit` bytes, without the part of a secret that the cut can have left at its end.
pub fn without_cut_secret<'a>(text: &'a [u8], limit: usize, redactor: &Redactor) -> &'a [u8] {
    if text.len() < limit {
        return text;
    }
    &text[..text.len().saturating_sub(redactor.longest())]
}

/// Cuts a text to `longest` characters, and marks the cut by `…`.
pub fn shortened(mut text: String, longest: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(longest) {
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX_CHARS: usize = 500;

    #[test]
    fn an_excerpt_is_one_short_line_without_secrets() {
        let redactor = Redactor::new(["s3cret-token"]);
        assert_eq!(
            excerpt_of_refusal(b"<p>\r\n\tno\0 s3cret-token \xff</p>", &redactor, MAX_CHARS),
            "<p> no *** \u{fffd}</p>"
        );
        let edge = format!("{}s3cret-token", "ä".repeat(MAX_CHARS - 4));
        assert!(excerpt(edge, &redactor, MAX_CHARS).ends_with("ä***"));
        let longer = excerpt("ä".repeat(5_000), &redactor, MAX_CHARS);
        assert_eq!(longer.chars().count(), MAX_CHARS + 1);
    }

    #[test]
    fn half_of_a_secret_at_the_end_is_not_shown() {
        let redactor = Redactor::new(["s3cret-token"]);
        let mut body = vec![b' '; MAX_REFUSAL_BYTES - 6];
        body.extend(b"s3cret");
        assert_eq!(excerpt_of_refusal(&body, &redactor, MAX_CHARS), "");
    }
}
