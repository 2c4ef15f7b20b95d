//! Splits an expression into tokens, as the template engine does.
//!
//! The rules must be those of the engine: a text that the engine splits in another way would be checked here as
//! something else. Since it gets printed text only, a difference shows as an error of a valid template and not as a
//! gap.

use super::hints;
use crate::template::TemplateError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Name,
    Number,
    Text,
    Sign,
}

/// One token and its position in the source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    pub(super) at: usize,
}

impl Token<'_> {
    pub(super) fn is_sign(&self, sign: &str) -> bool {
        self.kind == Kind::Sign && self.text == sign
    }

    pub(super) fn is_name(&self, name: &str) -> bool {
        self.kind == Kind::Name && self.text == name
    }
}

/// Signs, longer ones first, so that the first match is the longest. Some, such as `&&`, are no operators of the
/// language. They are read as one token, so that the hint can name them.
const SIGNS: [&str; 31] = [
    "===", "!==", "//", "**", "==", "!=", ">=", "<=", "&&", "||", "=>", "->", "??", "+", "-", "*",
    "/", "%", ".", ",", ":", "~", "|", "=", ">", "<", "(", ")", "[", "]", "{",
];

/// Splits the text of a block, or a bare expression.
pub(super) fn tokens(source: &str) -> Result<Vec<Token<'_>>, TemplateError> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(first) = source[at..].chars().next() {
        let rest = &source[at..];
        if first.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let after_dot = tokens.last().is_some_and(|token| token.is_sign("."));
        let (kind, length) = match first {
            '"' | '\'' => (Kind::Text, text_length(rest, first)?),
            '0'..='9' => (Kind::Number, number_length(rest, after_dot)),
            _ if is_name_start(first) => (Kind::Name, name_length(rest)),
            '}' => (Kind::Sign, 1),
            _ => match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
                Some(sign) => (Kind::Sign, sign.len()),
                None => return Err(hints::unexpected_character(first, rest)),
            },
        };
        let text = &rest[..length];
        tokens.push(Token { kind, text, at });
        at += length;
    }
    Ok(tokens)
}

pub(super) fn is_name_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

pub(super) fn name_length(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(text.len())
}

/// The length of a quoted text, with its quotes.
fn text_length(text: &str, quote: char) -> Result<usize, TemplateError> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return Ok(at + 1),
            _ => {}
        }
    }
    Err(TemplateError::syntax(format!(
        "a text that begins with {quote} does not end"
    )))
}

/// The length of a number: `7`, `1_000`, `0x1f`, `1.5`, `1e-3`. After a dot it is an index, without a fraction.
///
/// In `items.0.1`, `0.1` must not be read as a fraction.
fn number_length(text: &str, after_dot: bool) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| {
        let more = bytes[from..].iter();
        from + more
            .take_while(|byte| byte.is_ascii_digit() || **byte == b'_')
            .count()
    };
    if let Some(b"0x" | b"0X" | b"0b" | b"0B" | b"0o" | b"0O") = bytes.get(..2) {
        let more = bytes[2..].iter();
        return 2 + more
            .take_while(|byte| byte.is_ascii_hexdigit() || **byte == b'_')
            .count();
    }
    let mut end = digits(0);
    if after_dot {
        return end;
    }
    let digit_at = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    if bytes.get(end) == Some(&b'.') && digit_at(end + 1) {
        end = digits(end + 1);
    }
    if let Some(b'e' | b'E') = bytes.get(end) {
        let signed = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        if digit_at(end + 1 + signed) {
            end = digits(end + 1 + signed);
        }
    }
    end
}
