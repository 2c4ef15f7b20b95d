//! [`Tool`]: the tools that the API runs for a model.

use serde_json::{Map, Value, json};

/// The tools without settings, by their names in workflows.
const NAMES: [(&str, Tool); 4] = [
    ("google_search", Tool::GoogleSearch),
    ("code_execution", Tool::CodeExecution),
    ("url_context", Tool::UrlContext),
    ("google_maps", Tool::GoogleMaps),
];

/// A tool that the API runs while the model answers. Its results are in
/// [`Reply::details`](crate::Reply::details).
///
/// ```
/// use serde_json::{Map, json};
/// use workflow_gemini::{GenerateRequest, Tool};
///
/// let settings = json!({"fileSearchStoreNames": ["fileSearchStores/manuals"]});
/// let request = GenerateRequest::new("How do I reset the device?")
///     .with_tool(Tool::GoogleSearch)
///     .with_tool(Tool::api(Map::from_iter([("file_search".to_owned(), settings)])));
/// # let _ = request;
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Tool {
    /// Google Search. The sources are in [`Details::grounding`](crate::Details::grounding).
    GoogleSearch,
    /// Python that the model writes and the API runs.
    CodeExecution,
    /// Reads the pages whose URLs are in the prompt.
    UrlContext,
    /// Google Maps. The places are in [`Details::grounding`](crate::Details::grounding).
    GoogleMaps,
    /// A tool as the API writes it, such as `{"fileSearch": {"fileSearchStoreNames": […]}}`. It is sent
    /// as it is, so it may be newer than this crate.
    Api(Map<String, Value>),
}

impl Tool {
    /// Creates a tool from the API's object. The name may be written as `file_search` or `fileSearch`. The names of
    /// its settings are sent as they are.
    pub fn api(tool: Map<String, Value>) -> Self {
        Self::Api(
            tool.into_iter()
                .map(|(name, it)| (camel(&name), it))
                .collect(),
        )
    }

    /// The tool with this name, if it needs no settings.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let known = NAMES.into_iter().find(|(known, _)| *known == name);
        known.map(|(_, tool)| tool)
    }

    /// The names that [`named`](Self::named) accepts.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().map(|(name, _)| name)
    }

    /// The JSON of the tool in a request.
    pub(crate) fn to_json(&self) -> Value {
        let own = NAMES.into_iter().find(|(_, tool)| tool == self);
        match (self, own) {
            (Self::Api(tool), _) => Value::Object(tool.clone()),
            (_, Some((name, _))) => json!({ camel(name): {} }),
            // Not reached: every other variant is in `NAMES`.
            (_, None) => Value::Null,
        }
    }
}

/// `file_search` as `fileSearch`. Applied to the tool's name only: its settings may have keys of the
/// user.
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
    fn every_tool_is_sent_in_the_apis_spelling() {
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
