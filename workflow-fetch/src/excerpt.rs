//! Foreign text, made fit to be shown.

use crate::redact::Redactor;

/// The most bytes of a refusal that are read.
pub(crate) const LONGEST_REFUSAL: usize = 64 * 1024;
/// The most characters of foreign text an error shows.
const LONGEST: usize = 500;

/// How a refusal begins, without secrets, on one line. In this order: a cut could hide half of one.
pub(crate) fn excerpt(body: &[u8], redactor: &Redactor) -> String {
    let whole = if body.len() < LONGEST_REFUSAL {
        body
    } else {
        &body[..body.len().saturating_sub(redactor.longest())]
    };
    let text = redactor.text(String::from_utf8_lossy(whole).into_owned());
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    shortened(words.join(" "))
}

/// The text, if it is not long, else how it begins.
pub(crate) fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_one_bounded_line_without_secrets() {
        let redactor = Redactor::new(["s3cret-token"]);
        assert_eq!(
            excerpt(b"<p>\r\n\tno\0 s3cret-token \xff</p>", &redactor),
            "<p> no *** \u{fffd}</p>"
        );
        let edge = format!("{}s3cret-token", "ä".repeat(LONGEST - 4));
        assert!(excerpt(edge.as_bytes(), &redactor).ends_with("ä***"));
        let longer = excerpt("ä".repeat(5_000).as_bytes(), &redactor);
        assert_eq!(longer.chars().count(), LONGEST + 1);
    }

    #[test]
    fn what_was_cut_in_a_secret_is_not_shown() {
        let redactor = Redactor::new(["s3cret-token"]);
        let mut body = vec![b' '; LONGEST_REFUSAL - 6];
        body.extend(b"s3cret");
        assert_eq!(excerpt(&body, &redactor), "");
    }
}
