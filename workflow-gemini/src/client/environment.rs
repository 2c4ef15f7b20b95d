//! Reads settings from variables: of the environment, of a file, or of a test.

use crate::error::ConfigError;

/// The variables of the key; the first that is set wins, as in Google's own clients.
const KEYS: [&str; 2] = ["GOOGLE_API_KEY", "GEMINI_API_KEY"];
const BASE_URL: &str = "GOOGLE_GEMINI_BASE_URL";
const API_VERSION: &str = "GOOGLE_GENAI_API_VERSION";
const MODEL: &str = "GEMINI_MODEL";
const STORE: &str = "GEMINI_STORE";

/// The variables that decide where a key is sent, and which one.
pub(super) const CONNECTION: [&str; 4] = [KEYS[0], KEYS[1], BASE_URL, API_VERSION];

/// The API key, and the variables that hold one.
#[derive(Clone, Default)]
pub(super) struct ApiKey {
    pub(super) key: Option<String>,
    /// The variable that the key is from.
    pub(super) variable: Option<&'static str>,
    /// A second variable with another key, which is not used.
    pub(super) ignored_variable: Option<&'static str>,
}

impl ApiKey {
    /// A key that is from no variable.
    pub(super) fn of(key: String) -> Self {
        Self {
            key: Some(key),
            ..Self::default()
        }
    }

    /// Takes the first variable that is set. A second one is reported only if its key differs: then the operator
    /// may expect the other key to be used.
    fn read(set: impl Fn(&str) -> Option<String>) -> Self {
        let mut keys = KEYS.iter().filter_map(|name| Some((*name, set(name)?)));
        let Some((variable, key)) = keys.next() else {
            return Self::default();
        };
        let ignored = keys.find(|(_, other)| *other != key);
        Self {
            variable: Some(variable),
            ignored_variable: ignored.map(|(name, _)| name),
            key: Some(key),
        }
    }
}

/// The settings that the variables hold; `None` where one is not set.
pub(super) struct Variables {
    pub(super) api_key: ApiKey,
    pub(super) base_url: Option<String>,
    pub(super) api_version: Option<String>,
    pub(super) model: Option<String>,
    /// An invalid value is reported by `build`.
    pub(super) store: Result<Option<bool>, InvalidVariable>,
}

impl Variables {
    /// Reads the variables. An empty one counts as not set.
    pub(super) fn read(read: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| {
            let value = read(name)?.trim().to_owned();
            (!value.is_empty()).then_some(value)
        };
        Self {
            api_key: ApiKey::read(set),
            base_url: set(BASE_URL),
            api_version: set(API_VERSION),
            model: set(MODEL),
            store: set(STORE).as_deref().map(boolean).transpose(),
        }
    }
}

/// Variables of the environment, and of a file where the environment sets nothing. Those of the connection are
/// taken together, so that a base URL in a file never receives a key of the environment. The decision is made once,
/// not per variable: otherwise a file with a key and a base URL, next to an environment with a key only, would lead
/// to the environment's key at the file's address.
pub(super) fn with_file(
    environment: impl Fn(&str) -> Option<String>,
    file: impl Fn(&str) -> Option<String>,
) -> impl Fn(&str) -> Option<String> {
    let set = move |name: &str| environment(name).filter(|value| !value.trim().is_empty());
    let connects = CONNECTION.iter().any(|name| set(name).is_some());
    move |name| {
        let in_file = !connects || !CONNECTION.contains(&name);
        set(name).or_else(|| in_file.then(|| file(name)).flatten())
    }
}

/// A variable whose value cannot be used, and what it may be. The value is not kept: it may be a secret that was
/// pasted into the wrong variable.
#[derive(Clone, Copy)]
pub(super) struct InvalidVariable {
    name: &'static str,
    expected: &'static str,
}

impl From<InvalidVariable> for ConfigError {
    fn from(InvalidVariable { name, expected }: InvalidVariable) -> Self {
        Self::InvalidVariable { name, expected }
    }
}

/// Reads a word, in any case. Any other word is an error and not `false`, because a misspelt `GEMINI_STORE` would
/// decide about personal data.
fn boolean(value: &str) -> Result<bool, InvalidVariable> {
    match &*value.to_ascii_lowercase() {
        "true" | "1" | "yes" => Ok(true),
        "false" | "0" | "no" => Ok(false),
        _ => Err(InvalidVariable {
            name: STORE,
            expected: "`true` or `false`",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_and_address_are_of_one_source() {
        let from = |environment: &[(&str, &str)], file: &[(&str, &str)]| {
            let read = |set: &[(&str, &str)], name: &str| {
                let found = set.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            let set = with_file(|name| read(environment, name), |name| read(file, name));
            let variables = Variables::read(set);
            (
                variables.api_key.key.unwrap_or_default(),
                variables.base_url.unwrap_or_default(),
                variables.model.unwrap_or_default(),
            )
        };
        let file = [
            ("GOOGLE_API_KEY", "file"),
            ("GOOGLE_GEMINI_BASE_URL", "http://file"),
            ("GEMINI_MODEL", "model-of-file"),
        ];
        let (default, model) = ("", "model-of-file");
        for (environment, key, url) in [
            (&[][..], "file", "http://file"),
            (&[("GEMINI_API_KEY", " ")], "file", "http://file"),
            (&[("GEMINI_API_KEY", "shell")], "shell", default),
            (&[("GOOGLE_API_KEY", "shell")], "shell", default),
            (
                &[("GOOGLE_GEMINI_BASE_URL", "http://shell")],
                "",
                "http://shell",
            ),
            (&[("GOOGLE_GENAI_API_VERSION", "v1")], "", default),
        ] {
            let expected = (key.to_owned(), url.to_owned(), model.to_owned());
            assert_eq!(from(environment, &file), expected, "{environment:?}");
        }
        let model = from(&[("GEMINI_MODEL", "model-of-shell")], &file);
        assert_eq!((&*model.0, &*model.2), ("file", "model-of-shell"));
    }
}
