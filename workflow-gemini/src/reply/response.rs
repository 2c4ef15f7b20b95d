//! The body of an answer. Every field can be missing, unknown ones are passed over.

use serde::Deserialize;
use serde_json::Value;
use workflow_core::value::Usage;

use super::lenient;

/// A `GenerateContentResponse`, or an error where one was expected.
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
    /// The API can fail after it said 200.
    pub(crate) error: Option<Value>,
}

impl Response {
    /// The first answer: more than one is never asked for, and others are not mixed in.
    pub(crate) fn take_candidate(&mut self) -> Option<Candidate> {
        let mut candidates = self.candidates.take()?.into_iter();
        candidates.find(|it| it.index.unwrap_or_default() == 0)
    }

    /// The tier that served the request; on Vertex AI the kind of traffic.
    pub(crate) fn service_tier(&mut self) -> Option<String> {
        let usage = self.usage_metadata.as_mut()?;
        usage.service_tier.take().or(usage.traffic_type.take())
    }

    /// Tokens used so far, if this part tells.
    pub(crate) fn usage(&self) -> Option<Usage> {
        self.usage_metadata.as_ref().map(UsageMetadata::total)
    }

    /// Tokens of the prompt alone.
    pub(crate) fn prompt_tokens(&self) -> Option<u64> {
        self.usage_metadata.as_ref()?.prompt
    }
}

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
    /// The ratings that explain why an answer was withheld: those that blocked it; where none says so,
    /// those that are not negligible.
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
            .map(Rating::in_words)
            .collect();
        if !blocking.is_empty() {
            return blocking;
        }
        let tells = |rating: &&Rating| rating.probability.as_deref() != Some("NEGLIGIBLE");
        ratings.iter().filter(tells).map(Rating::in_words).collect()
    }

    /// The parts in their order, as they came.
    pub(crate) fn take_parts(&mut self) -> Vec<Value> {
        let content = self.content.take().unwrap_or_default();
        content.parts.unwrap_or_default()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Content {
    parts: Option<Vec<Value>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PromptFeedback {
    pub(crate) block_reason: Option<String>,
    pub(crate) block_reason_message: Option<String>,
    safety_ratings: Option<Vec<Rating>>,
}

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
        ratings.map(Rating::in_words).collect()
    }
}

impl Rating {
    fn in_words(&self) -> String {
        let unknown = "unknown";
        let category = self.category.as_deref().unwrap_or(unknown);
        let probability = self.probability.as_deref().unwrap_or(unknown);
        format!("{category}: {probability}")
    }
}

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

/// Why bytes are not an answer.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// They end too early.
    CutOff,
    /// They are something else.
    Foreign,
}

/// Reads one answer, or an array of them.
pub(crate) fn responses(json: &[u8]) -> Result<Vec<Response>, Unreadable> {
    let read = match json.trim_ascii_start().first() {
        Some(b'[') => serde_json::from_slice(json),
        _ => serde_json::from_slice(json).map(|one| vec![one]),
    };
    read.map_err(|error| {
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
    fn holes_and_nulls_are_read_as_nothing() {
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
    fn odd_counts_and_texts_cost_no_answer() {
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
    fn what_ends_too_early_is_told_from_what_is_foreign() {
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
