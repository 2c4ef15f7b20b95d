//! The sources of the key and the base URL of the Gemini API, for the start message.

use std::fmt;

use workflow_gemini::GeminiClientBuilder;

use crate::variables::{Variables, in_environment};

const KEYS: [&str; 2] = ["GOOGLE_API_KEY", "GEMINI_API_KEY"];
const BASE_URL: &str = "GOOGLE_GEMINI_BASE_URL";

/// The sources of the API's key and base URL.
pub(super) struct Connection {
    /// The variable with the key.
    pub(super) key: Option<&'static str>,
    /// Whether the other variable is also set.
    has_two_keys: bool,
    /// The base URL, if it is not the default.
    base_url: Option<String>,
    /// The file with these variables; `None` if they are from the environment.
    file: Option<String>,
    /// Variables of the file that are ignored, since the environment sets some of the group.
    ignored: Vec<&'static str>,
}

impl Connection {
    /// Follows the rule of [`GeminiClientBuilder::from_env_or`]: all variables of the connection are from one source, so
    /// that a key is never sent to a base URL from another one.
    pub(super) fn of(variables: &Variables) -> Self {
        let names = GeminiClientBuilder::CONNECTION_VARIABLES;
        let in_file = |name: &&'static str| variables.in_file(name).is_some();
        let is_from_environment = names.iter().any(|name| in_environment(name).is_some());
        let get = |name: &str| {
            if is_from_environment {
                in_environment(name)
            } else {
                variables.in_file(name)
            }
        };
        let mut keys = KEYS.into_iter().filter(|name| get(name).is_some());
        let path = variables.path().map(|path| path.display().to_string());
        Self {
            key: keys.next(),
            has_two_keys: keys.next().is_some(),
            base_url: get(BASE_URL),
            file: path.clone().filter(|_| !is_from_environment),
            ignored: if is_from_environment {
                names.into_iter().filter(in_file).collect()
            } else {
                Vec::new()
            },
        }
    }

    /// A sentence about ignored variables for the error of a missing key; empty if there are none.
    pub(super) fn ignored_hint(&self) -> String {
        if self.ignored.is_empty() {
            return String::new();
        }
        format!(
            "; the API settings of the .env file are ignored, since the environment sets some of them: set the key in \
             the environment, too, or unset {}",
            GeminiClientBuilder::CONNECTION_VARIABLES
                .into_iter()
                .filter(|name| in_environment(name).is_some())
                .collect::<Vec<_>>()
                .join(" and ")
        )
    }
}

impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.as_ref().map(|file| format!(" ({file})"));
        let file = file.unwrap_or_default();
        if let Some(url) = &self.base_url {
            writeln!(f, "Gemini API: {url}{file}")?;
        }
        if let Some(key) = self
            .key
            .filter(|_| self.has_two_keys || self.file.is_some())
        {
            let other = KEYS.into_iter().find(|other| *other != key);
            let other = other.filter(|_| self.has_two_keys);
            let other = other.map(|other| format!("; {other} is also set and is ignored"));
            writeln!(f, "Key: {key}{file}{}", other.unwrap_or_default())?;
        }
        if !self.ignored.is_empty() {
            let names = self.ignored.join(", ");
            writeln!(
                f,
                "Ignored, since the environment sets the key: {names} of the .env file"
            )?;
        }
        Ok(())
    }
}
