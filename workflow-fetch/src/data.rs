//! The `data` of an `HttpNode`.
//!
//! The doc comments of the fields are descriptions in the JSON Schema of the node type, which editors
//! and the web page show.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use workflow_core::{Json, Template, template::TextOrSecret};

use crate::{expect::Expected, header::Header, members::Members, reply::OUTPUT};

/// The checked `data` of an `HttpNode`.
///
/// Deserialize it from the JSON of a workflow. Unknown fields, invalid headers and a body in a `GET` are
/// errors; the URL is checked when the node runs, because it is a template.
///
/// ```
/// use workflow_fetch::HttpData;
///
/// let read = |json| serde_json::from_str::<HttpData>(json);
/// assert!(read(r#"{ "url": "https://api.example.com/items", "query": { "q": "{{ input }}" } }"#).is_ok());
/// assert!(read(r#"{ "method": "GET" }"#).is_err());
/// ```
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Fields")]
#[schemars(
    description = "Makes one HTTP call.",
    extend("x-workflow-output" = OUTPUT.clone())
)]
pub struct HttpData(Fields);

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fields {
    /// The HTTP method. `GET` and `HEAD` have no body.
    #[serde(default)]
    pub(crate) method: Method,
    /// The URL, with `{{ expressions }}`. Their values are inserted without encoding; use `query` for
    /// values that need it. Or the name of a secret that is the whole URL, such as that of a webhook.
    #[schemars(extend("examples" = ["https://api.example.com/items"]))]
    pub(crate) url: TextOrSecret,
    /// Query parameters, appended to the URL and encoded: names, and texts with `{{ expressions }}`.
    #[serde(default)]
    pub(crate) query: Members<String, Template>,
    /// Headers: texts with `{{ expressions }}`, or secrets of the service by their names.
    #[serde(default)]
    pub(crate) headers: Members<Header, TextOrSecret>,
    /// A body of JSON, with `{{ expressions }}` in its strings. Not together with `body`.
    #[serde(default, deserialize_with = "some_even_if_null")]
    pub(crate) json: Option<Json>,
    /// A body of text, with `{{ expressions }}`. Not together with `json`.
    pub(crate) body: Option<Template>,
    /// The statuses that count as success: one, a class such as `2xx`, or a list of them. Any other
    /// status fails the step.
    #[serde(default)]
    #[schemars(extend("default" = "2xx"))]
    pub(crate) expect_status: Expected,
    /// What the call does to others: `none` and `reads` change nothing, `acts` changes something, so that a run with overrides asks a
    /// person first. Default: `GET` and `HEAD` read, other methods act.
    pub(crate) effects: Option<DeclaredEffects>,
}

/// What a workflow says of the effects of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum DeclaredEffects {
    None,
    Reads,
    Acts,
}

/// The supported HTTP methods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schemars(inline)]
pub(crate) enum Method {
    #[default]
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

impl From<Method> for reqwest::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => Self::GET,
            Method::Head => Self::HEAD,
            Method::Post => Self::POST,
            Method::Put => Self::PUT,
            Method::Patch => Self::PATCH,
            Method::Delete => Self::DELETE,
        }
    }
}

/// Reads a field whose `null` is a value: `"json": null` is a body, a missing field is none.
fn some_even_if_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(deserializer).map(Some)
}

impl TryFrom<Fields> for HttpData {
    type Error = &'static str;

    fn try_from(fields: Fields) -> Result<Self, Self::Error> {
        let has_body = fields.json.is_some() || fields.body.is_some();
        if fields.json.is_some() && fields.body.is_some() {
            return Err("`json` and `body` exclude each other");
        }
        if has_body && matches!(fields.method, Method::Get | Method::Head) {
            return Err("a `GET` or `HEAD` has no body: set `method`, for example to `POST`");
        }
        Ok(Self(fields))
    }
}

impl HttpData {
    pub(crate) fn fields(&self) -> &Fields {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(data: Value) -> Result<HttpData, String> {
        serde_json::from_value(data).map_err(|error| error.to_string())
    }

    #[test]
    fn only_the_url_is_required() {
        let data = read(json!({"url": "https://example.com"})).unwrap();
        let fields = data.fields();
        assert_eq!(fields.method, Method::Get);
        assert!(fields.json.is_none() && fields.body.is_none());
        assert!(fields.expect_status.contains(204));
        let null = read(json!({"url": "https://example.com", "method": "PUT", "json": null}));
        assert!(null.unwrap().fields().json.is_some(), "null is a body");
    }

    #[test]
    fn invalid_data_is_refused() {
        let with = |more: Value| {
            let mut data = json!({"url": "https://example.com"});
            let fields = data.as_object_mut().unwrap();
            fields.extend(more.as_object().unwrap().clone());
            read(data).unwrap_err()
        };
        for (more, named) in [
            (json!({"methd": "GET"}), "methd"),
            (json!({"method": "TRACE"}), "TRACE"),
            (json!({"method": "get"}), "GET"),
            (
                json!({"method": "PUT", "json": 1, "body": "x"}),
                "exclude each other",
            ),
            (json!({"body": "x"}), "no body"),
            (json!({"method": "HEAD", "json": {}}), "no body"),
            (json!({"headers": {"a b": "x"}}), "not the name of a header"),
            (json!({"headers": {"Host": "x"}}), "cannot set"),
            (json!({"headers": {"Accept": "x", "accept": "y"}}), "twice"),
            (json!({"headers": {"accept": 1}}), "expected a text"),
            (json!({"query": {"page": 1}}), "expected a string"),
            (json!({"url": {"$secret": 1}}), "expected a text"),
            (json!({"url": {"secret": "A"}}), "expected a text"),
            (json!({"effects": "unknown"}), "`none`, `reads`, `acts`"),
            (json!({"query": []}), "an object"),
        ] {
            let error = with(more);
            assert!(error.contains(named), "{error}");
        }
        let many: serde_json::Map<_, _> = (0..101).map(|n| (n.to_string(), json!(""))).collect();
        assert!(with(json!({ "query": many })).contains("more than 100"));
    }

    #[test]
    fn the_schema_describes_every_field_and_marks_the_templates() {
        let schema = schemars::schema_for!(HttpData).to_value();
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(schema["required"], json!(["url"]));
        let properties = schema["properties"].as_object().unwrap();
        assert_eq!(properties.len(), 8);
        for (name, property) in properties {
            assert!(property["description"].is_string(), "{name}: {property}");
        }
        assert_eq!(properties["url"]["x-workflow"], "secret");
        assert_eq!(
            properties["query"]["additionalProperties"]["x-workflow"],
            "template"
        );
        assert_eq!(
            properties["headers"]["additionalProperties"]["x-workflow"],
            "secret"
        );
        assert_eq!(properties["expect_status"]["default"], "2xx");
    }
}
