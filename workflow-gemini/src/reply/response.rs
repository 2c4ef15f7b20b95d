//! The types of a response body (`GenerateContentResponse`). Every field is optional, unknown ones are
//! ignored.
//!
//! [`lenient`] and [`Value`] accept any JSON, so that a field of an unexpected type does not make the whole response
//! unreadable.

use serde::Deserialize;
use serde_json::Value;
use workflow_core::value::Usage;

use super::{lenient, parts::Part};

/// A `GenerateContentResponse`, or an error object in its place.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Response {
    candidates: Option<Vec<Candidate>>,
    pub(crate) prompt_feedback: Option<PromptFeedback>,
    usage_metadata: Option<UsageMetadata>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) model_version: Option<String>,
    #[serde(rename = "responseId", deserialize_with = "lenient::text")]
    pub(crate) id: Option<String>,
    /// An error that occurs after the status 200 was sent. Read by [`ErrorBody`](crate::error::ErrorBody).
    pub(crate) error: Option<Value>,
}

impl Response {
    /// The candidate with index 0. The client never requests more than one; others are ignored, so that
    /// two answers are never mixed.
    pub(crate) fn take_candidate(&mut self) -> Option<Candidate> {
        let mut candidates = self.candidates.take()?.into_iter();
        // protobuf leaves out a number that is 0.
        candidates.find(|it| it.index.unwrap_or_default() == 0)
    }

    /// The service tier that served the request; on Vertex AI the `trafficType`.
    pub(crate) fn service_tier(&mut self) -> Option<String> {
        let usage = self.usage_metadata.as_mut()?;
        usage.service_tier.take().or(usage.traffic_type.take())
    }

    /// The tokens used so far, if this event has them.
    pub(crate) fn usage(&self) -> Option<Usage> {
        self.usage_metadata.as_ref().map(UsageMetadata::total)
    }

    /// The tokens of the prompt, without those of tools. Each further request of an answer reports them anew, so
    /// they are not added up.
    pub(crate) fn prompt_tokens(&self) -> Option<u64> {
        self.usage_metadata.as_ref()?.prompt
    }
}

/// A `Candidate`: one answer, or the piece of one in an event of a stream.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Candidate {
    #[serde(deserialize_with = "lenient::count")]
    index: Option<u64>,
    content: Option<Content>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) finish_reason: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) finish_message: Option<String>,
    safety_ratings: Option<Value>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) continuation_token: Option<String>,
    pub(crate) grounding_metadata: Option<Value>,
    pub(crate) url_context_metadata: Option<Value>,
    pub(crate) citation_metadata: Option<Value>,
}

impl Candidate {
    /// The safety ratings that explain why an answer was withheld: those marked as `blocked`, or if there are none,
    /// those that are not `NEGLIGIBLE`. Ratings explain an answer but do not decide about it, so unreadable ones
    /// count as none.
    pub(crate) fn blocking_ratings(&mut self) -> Vec<String> {
        let ratings: Option<Vec<Rating>> = self
            .safety_ratings
            .take()
            .and_then(|ratings| serde_json::from_value(ratings).ok());
        let ratings = ratings.unwrap_or_default();
        let blocks = |rating: &&Rating| rating.blocked == Some(Value::Bool(true));
        let blocking: Vec<String> = ratings
            .iter()
            .filter(blocks)
            .map(Rating::describe)
            .collect();
        if !blocking.is_empty() {
            return blocking;
        }
        let relevant = |rating: &&Rating| rating.probability.as_deref() != Some("NEGLIGIBLE");
        let relevant = ratings.iter().filter(relevant);
        relevant.map(Rating::describe).collect()
    }

    /// The parts, in their order.
    pub(crate) fn take_parts(&mut self) -> Vec<Part> {
        let content = self.content.take().unwrap_or_default();
        content.parts.unwrap_or_default()
    }
}

/// The parts of a candidate, kept as raw JSON: a later turn sends them back unchanged.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Content {
    parts: Option<Vec<Part>>,
}

/// Feedback about the prompt. Only a `block_reason` means that it was blocked; ratings alone do not.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PromptFeedback {
    pub(crate) block_reason: Option<String>,
    pub(crate) block_reason_message: Option<String>,
    safety_ratings: Option<Vec<Rating>>,
}

/// A `SafetyRating`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Rating {
    #[serde(deserialize_with = "lenient::text")]
    category: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    probability: Option<String>,
    blocked: Option<Value>,
}

impl PromptFeedback {
    /// Each rating as `CATEGORY: PROBABILITY`.
    pub(crate) fn ratings(&self) -> Vec<String> {
        let ratings = self.safety_ratings.iter().flatten();
        ratings.map(Rating::describe).collect()
    }
}

impl Rating {
    /// `CATEGORY: PROBABILITY`.
    fn describe(&self) -> String {
        let unknown = "unknown";
        let category = self.category.as_deref().unwrap_or(unknown);
        let probability = self.probability.as_deref().unwrap_or(unknown);
        format!("{category}: {probability}")
    }
}

/// `usageMetadata`. In a stream, each event has the running total of its request.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct UsageMetadata {
    #[serde(rename = "serviceTier", deserialize_with = "lenient::text")]
    service_tier: Option<String>,
    #[serde(rename = "trafficType", deserialize_with = "lenient::text")]
    traffic_type: Option<String>,
    #[serde(rename = "promptTokenCount", deserialize_with = "lenient::count")]
    prompt: Option<u64>,
    #[serde(
        rename = "toolUsePromptTokenCount",
        deserialize_with = "lenient::count"
    )]
    tool_use_prompt: Option<u64>,
    #[serde(rename = "candidatesTokenCount", deserialize_with = "lenient::count")]
    candidates: Option<u64>,
    #[serde(rename = "thoughtsTokenCount", deserialize_with = "lenient::count")]
    thoughts: Option<u64>,
    #[serde(
        rename = "cachedContentTokenCount",
        deserialize_with = "lenient::count"
    )]
    cached_content: Option<u64>,
}

impl UsageMetadata {
    /// The counts as the engine reports them. Output includes thoughts, and input includes the results
    /// of tools, because both are billed so. Cached tokens are part of the prompt's.
    fn total(&self) -> Usage {
        let sum = |a: Option<u64>, b: Option<u64>| a.unwrap_or(0).saturating_add(b.unwrap_or(0));
        let mut usage = Usage::new(
            sum(self.prompt, self.tool_use_prompt),
            sum(self.candidates, self.thoughts),
        );
        usage.thought_tokens = self.thoughts.unwrap_or(0);
        usage.cached_tokens = self.cached_content.unwrap_or(0);
        usage
    }
}

/// The error of bytes that are not a response.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// JSON that ends too early: the connection broke, and a retry may help.
    CutOff,
    /// No JSON, or JSON that is not a response.
    Foreign,
}

/// Parses one response, or an array of them, as the streaming method sends it without `alt=sse`.
pub(crate) fn responses(json: &[u8]) -> Result<Vec<Response>, Unreadable> {
    let read = match json.trim_ascii_start().first() {
        Some(b'[') => serde_json::from_slice(json),
        _ => serde_json::from_slice(json).map(|one| vec![one]),
    };
    read.map_err(|error| {
        // Of all errors of `serde_json`, only this one means that bytes are missing.
        if error.is_eof() {
            Unreadable::CutOff
        } else {
            Unreadable::Foreign
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_fields_and_nulls_are_empty() {
        for body in [
            "{}",
            r#"{"candidates":null,"usageMetadata":null,"promptFeedback":{}}"#,
            r#"{"candidates":[{"content":{}}],"future":{"x":1}}"#,
            r#"{"candidates":[{"content":{"role":"model"}}]}"#,
            r#"{"candidates":[{"content":{"parts":[{"text":""},{"functionCall":{"name":"f"}}]}}]}"#,
        ] {
            let mut read = responses(body.as_bytes()).unwrap();
            let candidate = read.remove(0).take_candidate();
            let parts = candidate.map_or(0, |mut it| it.take_parts().len());
            assert_eq!(parts, body.matches("text").count() * 2, "{body}");
        }
    }

    #[test]
    fn usage_counts_thoughts_and_tools() {
        let body = r#"{"usageMetadata":{"promptTokenCount":15,"candidatesTokenCount":4,
            "thoughtsTokenCount":20,"toolUsePromptTokenCount":2,"cachedContentTokenCount":8}}"#;
        let usage = responses(body.as_bytes()).unwrap()[0].usage().unwrap();
        assert_eq!((usage.input_tokens, usage.output_tokens), (17, 24));
        assert_eq!((usage.thought_tokens, usage.cached_tokens), (20, 8));
    }

    #[test]
    fn unexpected_counts_and_texts_cost_no_answer() {
        for (written, tokens) in [
            ("12", 12),
            ("\"12\"", 12),
            ("12.0", 12),
            ("-1", 0),
            ("null", 0),
            ("\"many\"", 0),
            ("[1]", 0),
            ("{\"a\":1}", 0),
            ("true", 0),
            ("1e999", 0),
        ] {
            let body = format!(
                r#"{{"candidates":[{{"index":"0","content":{{"parts":[{{"text":"A"}}]}},
                "finishReason":"STOP","finishMessage":7}}],"modelVersion":{{}},
                "usageMetadata":{{"promptTokenCount":{written}}}}}"#
            );
            let Ok(mut read) = responses(body.as_bytes()) else {
                assert_eq!(written, "1e999", "a number that JSON cannot hold");
                continue;
            };
            assert_eq!(read[0].usage().unwrap().input_tokens, tokens, "{written}");
            assert_eq!(read[0].model_version, None);
            let candidate = read[0].take_candidate().unwrap();
            assert_eq!(candidate.finish_message.as_deref(), Some("7"));
        }
    }

    #[test]
    fn only_the_first_candidate_counts() {
        for (indices, found) in [
            (&[""][..], true),
            (&["\"index\":0,"], true),
            (&["\"index\":1,"], false),
            (&["\"index\":1,", "\"index\":0,"], true),
        ] {
            let candidates: Vec<String> = (indices.iter())
                .map(|index| format!("{{{index}\"content\":{{}}}}"))
                .collect();
            let body = format!("{{\"candidates\":[{}]}}", candidates.join(","));
            let mut read = responses(body.as_bytes()).unwrap();
            assert_eq!(read[0].take_candidate().is_some(), found, "{body}");
        }
    }

    #[test]
    fn a_cut_off_response_is_distinguished_from_a_foreign_one() {
        assert!(matches!(
            responses(b"{\"candidates\":[{\"con"),
            Err(Unreadable::CutOff)
        ));
        assert!(matches!(
            responses(b"{\"a\":\"\xE2\x82"),
            Err(Unreadable::CutOff)
        ));
        assert!(matches!(responses(b""), Err(Unreadable::CutOff)));
        assert!(matches!(responses(b"<html>"), Err(Unreadable::Foreign)));
        assert!(matches!(
            responses(b"{\"candidates\":1}"),
            Err(Unreadable::Foreign)
        ));
    }
}
