//! [`Redactor`]: removes secrets from texts and JSON.

use std::fmt;

use serde_json::Value;
use url::form_urlencoded;

/// The replacement for a secret.
const REDACTED: &str = "***";
/// The least bytes of a word of a secret that is removed by itself. Shorter ones, such as `Bearer`, occur in
/// ordinary text.
const MIN_PART: usize = 8;

/// Removes secrets from texts, in the forms in which a server may repeat them: plain, and in the encodings of
/// JSON and URLs. Case does not matter, because a URL has host names in lower case. Other encodings, such as
/// Base64, are not recognised. The default removes nothing.
#[derive(Clone, Default)]
pub struct Redactor {
    /// In lower case, the longest first: a shorter form that is part of a longer one would otherwise leave
    /// the rest of it.
    forms: Vec<String>,
}

impl Redactor {
    /// Creates a redactor for these secrets.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        Self::sorted(secrets.into_iter().flat_map(forms).collect())
    }

    /// Combines redactors.
    pub fn all<'a>(redactors: impl IntoIterator<Item = &'a Self>) -> Self {
        let forms = redactors.into_iter().flat_map(|it| it.forms.clone());
        Self::sorted(forms.collect())
    }

    /// Sorts the forms by length, the longest first, and removes duplicates.
    fn sorted(mut forms: Vec<String>) -> Self {
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        forms.dedup();
        Self { forms }
    }

    /// The length of the longest form of a secret, in bytes.
    pub fn longest(&self) -> usize {
        self.forms.first().map_or(0, String::len)
    }

    /// Replaces all secrets in a text by `***`.
    pub fn text(&self, text: String) -> String {
        self.forms
            .iter()
            .fold(text, |text, form| without(text, form))
    }

    /// Replaces all secrets in JSON: in strings, names of members and numbers.
    pub fn json(&self, json: Value) -> Value {
        if self.forms.is_empty() {
            return json;
        }
        match json {
            Value::String(text) => self.text(text).into(),
            Value::Array(items) => items.into_iter().map(|item| self.json(item)).collect(),
            Value::Object(members) => members
                .into_iter()
                .map(|(name, member)| (self.text(name), self.json(member)))
                .collect(),
            Value::Number(number) => {
                let shown = number.to_string();
                let redacted = self.text(shown.clone());
                if redacted == shown {
                    Value::Number(number)
                } else {
                    redacted.into()
                }
            }
            plain => plain,
        }
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

/// The forms of a secret and of its words: of `Bearer abc…` a server may repeat the second word only.
fn forms(secret: &str) -> Vec<String> {
    let words = secret.split_whitespace();
    let words = words.filter(|word| word.len() >= MIN_PART);
    let texts = std::iter::once(secret).chain(words);
    texts.flat_map(encodings).collect()
}

/// A text as it is, within a JSON string, and within a URL query.
fn encodings(text: &str) -> [String; 3] {
    let quoted = Value::from(text).to_string();
    let in_json = &quoted[1..quoted.len() - 1];
    let in_url: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    [text, in_json, &in_url].map(str::to_ascii_lowercase)
}

/// Replaces all occurrences of a form.
fn without(text: String, form: &str) -> String {
    // ASCII only, so that byte positions do not change.
    let lower = text.to_ascii_lowercase();
    let mut found = lower.match_indices(form).peekable();
    if found.peek().is_none() {
        return text;
    }
    let mut redacted = String::with_capacity(text.len());
    let mut end = 0;
    for (start, _) in found {
        redacted.push_str(&text[end..start]);
        redacted.push_str(REDACTED);
        end = start + form.len();
    }
    redacted.push_str(&text[end..]);
    redacted
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn redacted(secret: &str, text: &str) -> String {
        Redactor::new([secret]).text(text.to_owned())
    }

    #[test]
    fn a_secret_is_removed_in_every_encoding() {
        assert_eq!(
            redacted("s3cret", "<s3cret> S3CRET ä s3cret"),
            "<***> *** ä ***"
        );
        assert_eq!(
            redacted("Bearer abcdefgh", "bad token abcdefgh"),
            "bad token ***"
        );
        assert_eq!(redacted("Bearer abcdefgh", "Bearer abcdefgh!"), "***!");
        assert_eq!(redacted("Bearer abc", "a bearer of abc"), "a bearer of abc");
        assert_eq!(redacted("a\"b/c=", r#"{"x":"a\"b/c="}"#), r#"{"x":"***"}"#);
        assert_eq!(redacted("a b/c=", "?key=a+b%2Fc%3D&x"), "?key=***&x");
    }

    #[test]
    fn the_longer_of_two_secrets_is_removed_completely() {
        let (shorter, longer) = (Redactor::new(["abc"]), Redactor::new(["abcdef"]));
        let redactor = Redactor::all([&shorter, &longer]);
        assert_eq!(redactor.forms, Redactor::new(["abc", "abcdef"]).forms);
        assert_eq!(redactor.text("abcdef abc".to_owned()), "*** ***");
        assert_eq!(redactor.longest(), 6);
        assert_eq!(format!("{redactor:?}"), "***");
    }

    #[test]
    fn secrets_are_removed_anywhere_in_json() {
        let json = json!({"a": ["x12345y", 12345, 1, null, true], "k12345": {"12345": "ok"}});
        let expected = json!({"a": ["x***y", "***", 1, null, true], "k***": {"***": "ok"}});
        assert_eq!(Redactor::new(["12345"]).json(json), expected);
        assert_eq!(Redactor::default().json(json!("12345")), json!("12345"));
    }
}
