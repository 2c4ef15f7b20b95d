//! One answer of an operation.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use crate::request::{EVENT_STREAM, JSON, NDJSON};

/// A response of an operation: a status, its headers, and a body in one or more media types.
///
/// Every response has the headers that [`serve`](fn@crate::serve) adds. A router that another server serves does not
/// have them; the document describes the usual case.
pub(super) struct Answer {
    status: StatusCode,
    description: String,
    headers: Vec<&'static str>,
    content: Map<String, Value>,
    links: &'static [&'static str],
}

impl Answer {
    /// An answer without a body.
    pub(super) fn new(status: StatusCode, description: impl Into<String>) -> Self {
        Self {
            status,
            description: description.into(),
            headers: vec!["traceparent", "X-Request-Id"],
            content: Map::new(),
            links: &[],
        }
    }

    /// A 200 response with JSON of this schema. A test compares the example with a response of a real service.
    pub(super) fn json(description: &str, schema: &Value, example: Value) -> Self {
        let answer = Self::new(StatusCode::OK, description).comes_as(JSON, schema);
        answer.for_example(JSON, example)
    }

    /// A 200 response that is an event stream.
    pub(super) fn stream(description: &str, event: &Value, example: &str) -> Self {
        Self::new(StatusCode::OK, description).streams(event, example)
    }

    /// Adds an event stream as another media type of the same response.
    ///
    /// OpenAPI 3.1 cannot describe a sequence of events (3.2 adds `itemSchema`). So the schema is that of one
    /// event, as an object with the fields of Server-Sent Events; the JSON in `data` has a `contentSchema`.
    pub(super) fn streams(mut self, event: &Value, example: &str) -> Self {
        let media = json!({
            "schema": {
                "type": "object",
                "description": "One event of the stream.",
                "properties": {
                    "id": {"type": "string", "description": "Its number, if it is in the log."},
                    "event": {"type": "string", "description": "The type of the event."},
                    "data": {
                        "type": "string",
                        "contentMediaType": JSON,
                        "contentSchema": event,
                    },
                    "retry": {"type": "integer", "description": "The wait before a reconnect, in ms."},
                },
            },
            "example": example,
        });
        self.content.insert(EVENT_STREAM.to_owned(), media);
        self.headers.extend(["Cache-Control", "X-Accel-Buffering"]);
        self
    }

    /// Adds JSON texts, one per line, as another media type of the same response. As for event streams, the schema is that
    /// of one line.
    pub(super) fn records(mut self, line: &Value) -> Self {
        let media = json!({"schema": line});
        self.content.insert(NDJSON.to_owned(), media);
        self
    }

    /// Adds a body of this media type.
    pub(super) fn comes_as(mut self, media_type: &str, schema: &Value) -> Self {
        let media = json!({"schema": schema});
        self.content.insert(media_type.to_owned(), media);
        self
    }

    fn for_example(mut self, media_type: &str, example: Value) -> Self {
        self.content[media_type]["example"] = example;
        self
    }

    pub(super) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Adds one of the document's headers.
    ///
    /// It must be one of [`headers`]: the response refers to it.
    pub(super) fn header(mut self, name: &'static str) -> Self {
        self.headers.push(name);
        self
    }

    /// Adds links to operations whose path parameter `id` is the `id` of the response body. Tools that explore an
    /// API follow them.
    pub(super) fn leads_to(mut self, operations: &'static [&'static str]) -> Self {
        self.links = operations;
        self
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    pub(super) fn to_json(&self) -> Value {
        let headers = self.headers.iter().map(|name| {
            let header = json!({"$ref": format!("#/components/headers/{name}")});
            ((*name).to_owned(), header)
        });
        let headers: Map<String, Value> = headers.collect();
        let mut answer = json!({"description": self.description, "headers": headers});
        if !self.content.is_empty() {
            answer["content"] = self.content.clone().into();
        }
        for id in self.links {
            let parameters = json!({"id": "$response.body#/id"});
            answer["links"][id] = json!({"operationId": id, "parameters": parameters});
        }
        answer
    }
}

/// `components/headers`: each header is described once, and responses refer to it by name.
pub(super) fn headers() -> Value {
    let text = |description: &str, example: &str| {
        let schema = json!({"type": "string"});
        json!({"description": description, "schema": schema, "example": example})
    };
    json!({
        "traceparent": text(
            "W3C Trace Context: the trace that the request belongs to. Set by `serve`.",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        "X-Request-Id": text("Names the request in the log. Set by `serve`.", "b7ad6b7169203331"),
        "Location": text("Where the new thing is.", "/api/runs/01a214c8-0904-72d6-abac-0937f6104794"),
        "ETag": text("The version, as an entity tag.", "\"1\""),
        "X-Run-Id": {
            "description": "The id of the run.",
            "schema": {"type": "string", "format": "uuid"},
        },
        "Retry-After": {
            "description": "In how many seconds to come back.",
            "schema": {"type": "integer", "minimum": 0},
        },
        "WWW-Authenticate": text("How to show a key.", "Bearer"),
        "Cache-Control": text("Whether it may be kept, or changed on its way.", "no-cache, no-transform"),
        "X-Accel-Buffering": text("Proxies pass each frame on at once.", "no"),
    })
}
