//! [`Details`]: what an answer contains besides its text.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::response::Candidate;

/// The longest list in which duplicates are removed. The comparison is quadratic, and the server decides
/// about the length.
const MAX_COMPARED: usize = 1_000;
/// The most base64 characters of an image or sound in the details. Metadata of a step is shown to every reader of
/// the run, so larger data is named by its size only.
const MAX_DATA: usize = 32 * 1024;

/// The sources of an answer and the results of its tools, as the API's own objects. Serialized, they are
/// the `metadata` of a step; an empty field is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Details {
    /// The search queries and their results (`groundingMetadata`), merged over the events of a stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grounding: Option<Value>,
    /// The pages that were read (`urlContextMetadata`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_context: Option<Value>,
    /// The sources that the text cites (`citationMetadata`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub citations: Option<Value>,
    /// The code that was run and its output: parts `executableCode` and `codeExecutionResult`, in their
    /// order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub code: Vec<Value>,
    /// The function calls (`functionCall`) in an answer to a request that declares no function with
    /// [`with_function`](crate::GenerateRequest::with_function). The calls of declared functions are in
    /// [`Reply::calls`](crate::Reply::calls).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub function_calls: Vec<Value>,
    /// Images and sounds, each as `{mime_type, bytes, data}` or `{mime_type, uri}`. `data` (base64) is
    /// left out if it is longer than 32 KiB.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Value>,
    /// The service tier that served the request, if the API reports it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<String>,
}

impl Details {
    /// Adds the metadata of the next event of a stream.
    pub(crate) fn add(&mut self, candidate: &mut Candidate) {
        let (known, more) = (&mut self.grounding, candidate.grounding_metadata.take());
        merge(known, more, |name| match name {
            "groundingChunks" => Merge::Numbered,
            "groundingSupports" | "webSearchQueries" | "imageSearchQueries"
            | "retrievalQueries" => Merge::New,
            _ => Merge::Last,
        });
        let (known, more) = (&mut self.url_context, candidate.url_context_metadata.take());
        merge(known, more, |name| match name {
            "urlMetadata" => Merge::New,
            _ => Merge::Last,
        });
        let (known, more) = (&mut self.citations, candidate.citation_metadata.take());
        merge(known, more, |name| match name {
            "citationSources" | "citations" => Merge::New,
            _ => Merge::Last,
        });
    }

    /// Adds a part that is not text. A thought about tools is text and already part of the thoughts. A part can
    /// have several of these members, so none excludes the next.
    pub(crate) fn add_part(&mut self, part: &Value) {
        if part.get("executableCode").is_some() || part.get("codeExecutionResult").is_some() {
            self.code.push(part.clone());
        }
        self.function_calls
            .extend(part.get("functionCall").cloned());
        if let Some(inline) = part.get("inlineData") {
            let data = inline.get("data").and_then(Value::as_str);
            // Four base64 characters are three bytes. Wrong by two bytes at most, for the last characters.
            let data = data.unwrap_or_default();
            let mut media = json!({"mime_type": mime_type(inline), "bytes": data.len() / 4 * 3});
            if data.len() <= MAX_DATA {
                media["data"] = data.into();
            }
            self.media.push(media);
        }
        if let Some(file) = part.get("fileData") {
            let uri = file.get("fileUri").cloned().unwrap_or_default();
            self.media
                .push(json!({"mime_type": mime_type(file), "uri": uri}));
        }
    }

    /// The non-text contents of the answer in words, for an error message; at most 10.
    pub(crate) fn unsupported(&self) -> Vec<String> {
        let calls = self.function_calls.iter().map(|call| {
            let name = call.get("name").and_then(Value::as_str);
            format!("a call of the function `{}`", name.unwrap_or("unnamed"))
        });
        let media = self.media.iter().map(|media| {
            let kind = media.get("mime_type").and_then(Value::as_str);
            kind.unwrap_or("data").to_owned()
        });
        calls.chain(media).take(10).collect()
    }
}

/// The MIME type of `inlineData` or `fileData`, or else the generic one (RFC 9110, section 8.3).
fn mime_type(data: &Value) -> &str {
    let kind = data.get("mimeType").and_then(Value::as_str);
    kind.unwrap_or("application/octet-stream")
}

/// How a list of a later event is merged into the list so far.
enum Merge {
    /// Items are numbered over all events, and other members refer to the numbers, so no item may be
    /// left out. An event has only new items; if it begins with all earlier ones nevertheless, as some
    /// clients have seen, it replaces the list.
    Numbered,
    /// Items that are in the list already are skipped.
    New,
    /// The later list replaces the earlier one.
    Last,
}

/// Merges an object of a later event, member by member.
fn merge(known: &mut Option<Value>, more: Option<Value>, how: impl Fn(&str) -> Merge) {
    match (known, more) {
        (Some(Value::Object(known)), Some(Value::Object(more))) => {
            for (name, value) in more {
                let how = how(&name);
                merge_member(known, name, value, &how);
            }
        }
        // The first event with metadata, or a value that is no object.
        (known, Some(more)) => *known = Some(more),
        (_, None) => {}
    }
}

/// Merges two lists as `how` says. Any other pair of values is replaced by the later one.
fn merge_member(known: &mut Map<String, Value>, name: String, value: Value, how: &Merge) {
    let (list, more) = match (known.get_mut(&name), value) {
        (Some(Value::Array(list)), Value::Array(more)) => (list, more),
        (_, value) => {
            known.insert(name, value);
            return;
        }
    };
    match how {
        Merge::Last => *list = more,
        Merge::Numbered if more.starts_with(list) => *list = more,
        Merge::Numbered => list.extend(more),
        // Duplicates are better than a response that takes seconds to merge.
        Merge::New if list.len().max(more.len()) > MAX_COMPARED => list.extend(more),
        Merge::New => {
            for item in more {
                if !list.contains(&item) {
                    list.push(item);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(events: &[Value]) -> Value {
        let mut details = Details::default();
        for event in events {
            let mut candidate: Candidate = serde_json::from_value(event.clone()).unwrap();
            details.add(&mut candidate);
        }
        serde_json::to_value(details).unwrap()
    }

    fn grounding(chunks: &[&str], supports: &Value, queries: &[&str]) -> Value {
        json!({"groundingMetadata": {"groundingChunks": chunks, "groundingSupports": supports,
            "webSearchQueries": queries}})
    }

    #[test]
    fn grounding_accumulates_over_the_events_of_a_stream() {
        let (first, second) = (json!([{"i": [0]}]), json!([{"i": [1, 2]}]));
        let both = json!([{"i": [0]}, {"i": [1, 2]}]);
        let all = grounding(&["a", "b", "c"], &both, &["p", "q"])["groundingMetadata"].clone();
        for (second_chunks, second_supports) in [
            // Only new items, as documented; or all items so far, as some clients have seen.
            (&["b", "c"][..], second.clone()),
            (&["a", "b", "c"], both.clone()),
        ] {
            let events = [
                grounding(&["a"], &first, &["p"]),
                json!({}),
                grounding(second_chunks, &second_supports, &["p", "q"]),
            ];
            assert_eq!(merged(&events)["grounding"], all);
        }
        // Equal chunks are numbered apart.
        let twice = [
            json!({"groundingMetadata": {"groundingChunks": ["a", "b"]}}),
            json!({"groundingMetadata": {"groundingChunks": ["b"]}}),
        ];
        let chunks = &merged(&twice)["grounding"]["groundingChunks"];
        assert_eq!(*chunks, json!(["a", "b", "b"]));
    }

    #[test]
    fn other_lists_skip_known_items_and_other_members_are_replaced() {
        let events = [
            json!({"urlContextMetadata": {"urlMetadata": [1]},
                "citationMetadata": {"citationSources": [{"uri": "a"}]},
                "groundingMetadata": {"searchEntryPoint": {"x": 1}, "other": [1, 2]}}),
            json!({"urlContextMetadata": {"urlMetadata": [1, 2]},
                "citationMetadata": {"citationSources": [{"uri": "b"}, {"uri": "a"}]},
                "groundingMetadata": {"searchEntryPoint": {"y": 2}, "other": [3]}}),
        ];
        let expected = json!({
            "grounding": {"searchEntryPoint": {"y": 2}, "other": [3]},
            "url_context": {"urlMetadata": [1, 2]},
            "citations": {"citationSources": [{"uri": "a"}, {"uri": "b"}]},
        });
        assert_eq!(merged(&events), expected);
    }

    #[test]
    fn non_text_contents_are_named() {
        let mut details = Details::default();
        let parts = [
            json!({"functionCall": {"name": "get_weather", "args": {"city": "Oslo"}}}),
            json!({"inlineData": {"mimeType": "image/png", "data": "QUJD"}}),
            json!({"inlineData": {"mimeType": "audio/L16;rate=24000", "data": "A".repeat(40_000)}}),
            json!({"fileData": {"mimeType": "video/mp4", "fileUri": "https://x.example/v"}}),
            json!({"text": "A"}),
        ];
        for part in &parts {
            details.add_part(part);
        }
        let expected = json!({
            "function_calls": [{"name": "get_weather", "args": {"city": "Oslo"}}],
            "media": [
                {"mime_type": "image/png", "bytes": 3, "data": "QUJD"},
                {"mime_type": "audio/L16;rate=24000", "bytes": 30_000},
                {"mime_type": "video/mp4", "uri": "https://x.example/v"},
            ],
        });
        assert_eq!(serde_json::to_value(&details).unwrap(), expected);
        let named = [
            "a call of the function `get_weather`",
            "image/png",
            "audio/L16;rate=24000",
            "video/mp4",
        ];
        assert_eq!(details.unsupported(), named);
    }
}
