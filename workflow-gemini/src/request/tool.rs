//! What the model may use while it answers.

use serde_json::{Map, Value, json};

/// The tools that need no settings, by their names in workflows.
const NAMES: [(&str, Tool); 4] = [
    ("google_search", Tool::GoogleSearch),
    ("code_execution", Tool::CodeExecution),
    ("url_context", Tool::UrlContext),
    ("google_maps", Tool::GoogleMaps),
];

/// A tool that the API itself runs. What came of it is in [`Reply::details`](crate::Reply::details).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Tool {
    /// Google Search: the answer's sources come with it.
    GoogleSearch,
    /// Python that the model writes and the API runs.
    CodeExecution,
    /// The pages whose addresses are in the prompt.
    UrlContext,
    /// Google Maps: places come with the answer.
    GoogleMaps,
    /// A tool as the API writes it, such as `{"fileSearch": {"fileSearchStoreNames": […]}}`: also one
    /// that is newer than this crate. It is sent as it is.
    Api(Map<String, Value>),
}

impl Tool {
    /// A tool as the API writes it. The name may be in either case, `file_search` or `fileSearch`.
    pub fn api(tool: Map<String, Value>) -> Self {
        Self::Api(
            tool.into_iter()
                .map(|(name, it)| (camel(&name), it))
                .collect(),
        )
    }

    /// The tool of a name, if it needs no settings.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let known = NAMES.into_iter().find(|(known, _)| *known == name);
        known.map(|(_, tool)| tool)
    }

    /// The names that [`named`](Self::named) knows.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().map(|(name, _)| name)
    }

    /// The tool as it is sent.
    pub(crate) fn to_json(&self) -> Value {
        let own = NAMES.into_iter().find(|(_, tool)| tool == self);
        match (self, own) {
            (Self::Api(tool), _) => Value::Object(tool.clone()),
            (_, Some((name, _))) => json!({ camel(name): {} }),
            (_, None) => Value::Null,
        }
    }
}

/// `file_search` as `fileSearch`. Only the tool's own name: what it contains may be a user's.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel.extend(letters);
    }
    camel
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_is_sent_as_the_api_writes_it() {
        for (name, sent) in [
            ("google_search", json!({"googleSearch": {}})),
            ("code_execution", json!({"codeExecution": {}})),
            ("url_context", json!({"urlContext": {}})),
            ("google_maps", json!({"googleMaps": {}})),
        ] {
            assert_eq!(Tool::named(name).map(|tool| tool.to_json()), Some(sent));
        }
        assert_eq!(Tool::names().count(), 4);
        assert_eq!(Tool::named("fileSearch"), None);
        let written = json!({"file_search": {"file_search_store_names": ["a_b"]}});
        let sent = json!({"fileSearch": {"file_search_store_names": ["a_b"]}});
        let tool = Tool::api(written.as_object().unwrap().clone());
        assert_eq!(tool.to_json(), sent);
    }
}
