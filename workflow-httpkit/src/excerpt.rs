//! Foreign text, made fit to be shown.

use crate::{body::MAX_REFUSAL_BYTES, redact::Redactor};

/// The text on one line, without secrets, and at most `longest` characters of it. In this order: a cut could leave
/// half of a secret.
pub fn excerpt(text: String, redactor: &Redactor, longest: usize) -> String {
    let text = redactor.text(text);
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    shortened(words.join(" "), longest)
}

/// The [`excerpt`] of the body of a refusal. Where the body was cut at [`MAX_REFUSAL_BYTES`], its end may be half
/// of a secret, and is left out.
pub fn excerpt_of_refusal(body: &[u8], redactor: &Redactor, longest: usize) -> String {
    let whole = if body.len() < MAX_REFUSAL_BYTES {
        body
    } else {
        &body[..body.len().saturating_sub(redactor.longest())]
    };
    let text = String::from_utf8_lossy(whole).into_owned();
    excerpt(text, redactor, longest)
}

/// The text, cut to `longest` characters.
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

    const LONGEST: usize = 500;

    #[test]
    fn it_is_one_bounded_line_without_secrets() {
        let redactor = Redactor::new(["s3cret-token"]);
        assert_eq!(
            excerpt_of_refusal(b"<p>\r\n\tno\0 s3cret-token \xff</p>", &redactor, LONGEST),
            "<p> no *** \u{fffd}</p>"
        );
        let edge = format!("{}s3cret-token", "ä".repeat(LONGEST - 4));
        assert!(excerpt(edge, &redactor, LONGEST).ends_with("ä***"));
        let longer = excerpt("ä".repeat(5_000), &redactor, LONGEST);
        assert_eq!(longer.chars().count(), LONGEST + 1);
    }

    #[test]
    fn what_was_cut_in_a_secret_is_not_shown() {
        let redactor = Redactor::new(["s3cret-token"]);
        let mut body = vec![b' '; MAX_REFUSAL_BYTES - 6];
        body.extend(b"s3cret");
        assert_eq!(excerpt_of_refusal(&body, &redactor, LONGEST), "");
    }
}
