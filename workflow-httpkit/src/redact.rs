//! Removes secrets from what is shown.

use std::fmt;

use serde_json::Value;
use url::form_urlencoded;

/// What stands where a secret was.
const REDACTED: &str = "***";
/// The shortest part of a secret that counts as secret by itself.
const SHORTEST_PART: usize = 8;

/// Removes secrets, in the forms in which a response may repeat them: as they are, as JSON and URLs write them, and
/// in either case, since a URL repeats a host's name in lower case. The default removes nothing.
#[derive(Clone, Default)]
pub struct Redactor {
    /// In lower case.
    /// The longest first, so that none is cut by another.
    forms: Vec<String>,
}

impl Redactor {
    /// Removes these secrets.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        Self::sorted(secrets.into_iter().flat_map(forms).collect())
    }

    /// Removes what any of these removes.
    pub fn all<'a>(redactors: impl IntoIterator<Item = &'a Self>) -> Self {
        let forms = redactors.into_iter().flat_map(|it| it.forms.clone());
        Self::sorted(forms.collect())
    }

    fn sorted(mut forms: Vec<String>) -> Self {
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        forms.dedup();
        Self { forms }
    }

    /// The length of the longest text that it removes, in bytes.
    pub fn longest(&self) -> usize {
        self.forms.first().map_or(0, String::len)
    }

    /// The text without secrets.
    pub fn text(&self, text: String) -> String {
        self.forms
            .iter()
            .fold(text, |text, form| without(text, form))
    }

    /// JSON without secrets, wherever in it they are.
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

/// A secret as it is, as JSON and as a URL write it; and its words, since of `Bearer abc…` a
/// server repeats the second.
fn forms(secret: &str) -> Vec<String> {
    let words = secret.split_whitespace();
    let words = words.filter(|word| word.len() >= SHORTEST_PART);
    let texts = std::iter::once(secret).chain(words);
    texts.flat_map(spellings).collect()
}

fn spellings(text: &str) -> [String; 3] {
    let quoted = Value::from(text).to_string();
    let in_json = &quoted[1..quoted.len() - 1];
    let in_url: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    [text, in_json, &in_url].map(str::to_ascii_lowercase)
}

fn without(text: String, form: &str) -> String {
    // ASCII only: the places stay the same.
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
    fn a_secret_is_found_in_every_spelling() {
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
    fn of_two_secrets_the_longer_is_hidden_whole() {
        let (shorter, longer) = (Redactor::new(["abc"]), Redactor::new(["abcdef"]));
        let redactor = Redactor::all([&shorter, &longer]);
        assert_eq!(redactor.forms, Redactor::new(["abc", "abcdef"]).forms);
        assert_eq!(redactor.text("abcdef abc".to_owned()), "*** ***");
        assert_eq!(redactor.longest(), 6);
        assert_eq!(format!("{redactor:?}"), "***");
    }

    #[test]
    fn json_is_walked() {
        let json = json!({"a": ["x12345y", 12345, 1, null, true], "k12345": {"12345": "ok"}});
        let expected = json!({"a": ["x***y", "***", 1, null, true], "k***": {"***": "ok"}});
        assert_eq!(Redactor::new(["12345"]).json(json), expected);
        assert_eq!(Redactor::default().json(json!("12345")), json!("12345"));
    }
}
