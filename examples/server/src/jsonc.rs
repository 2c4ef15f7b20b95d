//! Comments and trailing commas in workflow files.
//!
//! They are replaced by spaces, and the rest is read as strictly as all JSON: so the line and the column of an error are those of
//! the file. Requests to the service are not read so.

use jsonc_parser::{Scanner, ScannerOptions, tokens::Token};
use serde_json::Value;
use workflow_core::value::{JsonError, read_json};

const BYTE_ORDER_MARK: char = '\u{feff}';

/// Reads JSON that may have comments (`//` and `/* */`) and a comma after the last item or member.
///
/// # Errors
/// As [`read_json`], with the places in the text as it is written.
pub(crate) fn read_jsonc(text: &[u8]) -> Result<Value, JsonError> {
    match str::from_utf8(text) {
        Ok(text) => read_json(&plain(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text))),
        // `read_json` names the place.
        Err(_) => read_json(text),
    }
}

/// The text with spaces in place of comments and trailing commas.
///
/// What the scanner cannot read ends it; `read_json` then refuses the text at that place.
fn plain(text: &str) -> Vec<u8> {
    let mut plain = text.as_bytes().to_vec();
    let mut scanner = Scanner::new(text, &ScannerOptions::default());
    let mut blank = |from: usize, to: usize| {
        let bytes = plain.get_mut(from..to).into_iter().flatten();
        bytes
            .filter(|byte| !matches!(byte, b'\n' | b'\r'))
            .for_each(|byte| *byte = b' ');
    };
    // A comma after a value, until the token after it.
    let mut comma = None;
    let mut after_value = false;
    while let Ok(Some(token)) = scanner.scan() {
        let range = (scanner.token_start(), scanner.token_end());
        match token {
            Token::CommentLine(_) | Token::CommentBlock(_) => {
                blank(range.0, range.1);
                continue;
            }
            Token::CloseBrace | Token::CloseBracket => {
                if let Some((from, to)) = comma {
                    blank(from, to);
                }
            }
            _ => {}
        }
        comma = (token == Token::Comma && after_value).then_some(range);
        after_value = !matches!(
            token,
            Token::Comma | Token::Colon | Token::OpenBrace | Token::OpenBracket
        );
    }
    plain
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn comments_and_trailing_commas_are_read() {
        for (text, value) in [
            ("// a\n{\"a\": 1, // b\n}\n// c", json!({"a": 1})),
            ("/* ü\n * */ [1, /* 2, */ 3, /* , */ ] /**/", json!([1, 3])),
            ("[{\"a\": [],},]", json!([{"a": []}])),
            (
                "[\"// no, ] /* no */\", \"\\\"//\",]",
                json!(["// no, ] /* no */", "\"//"]),
            ),
            ("\u{feff}// a\r\n[1\r\n,\r\n]", json!([1])),
            ("[\"https://example.com\"]", json!(["https://example.com"])),
            ("{}", json!({})),
            ("[1]//", json!([1])),
        ] {
            assert_eq!(read_jsonc(text.as_bytes()).ok(), Some(value), "{text}");
        }
    }

    #[test]
    fn all_else_is_as_strict_as_json() {
        for text in [
            "",
            "// only",
            "[,]",
            "[1,,]",
            "[1,,2]",
            "{,}",
            "{\"a\": 1,, }",
            "{\"a\":,}",
            ",",
            "1,",
            "[1],",
            "['a']",
            "{a: 1}",
            "[+1]",
            "[0x10]",
            "[.5]",
            "[1.]",
            "[NaN]",
            "[Infinity]",
            "[1 # no\n]",
            "[1 /* open ]",
            "[1] /* open",
            "[1 / 2]",
            "[\"\\x41\"]",
            "[\"a\nb\"]",
            "[1] [2]",
            "{\"a\": 1, \"a\": 2,}",
            "[123456789012345678901,]",
        ] {
            assert!(read_jsonc(text.as_bytes()).is_err(), "{text}");
        }
        assert!(read_jsonc(b"[\"\xff\"]").is_err());
        assert!(read_jsonc("[".repeat(200_000).as_bytes()).is_err());
    }

    #[test]
    fn the_place_of_an_error_is_that_of_the_file() {
        let text = "/* one\n   two */ {\n  // ü three\n  \"a\": 1, /* x */ \"b\": oops,\n}";
        let error = read_jsonc(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("line 4 column 24"), "{error}");
    }
}
