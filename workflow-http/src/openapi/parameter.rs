//! The parameters of operations. Each is described once, and operations refer to it.

use serde_json::{Map, Value, json};

/// A parameter of the document. `name` is its key in `components/parameters`. It may differ from the name in
/// requests: the ids of workflows and runs are both `{id}` in paths.
#[derive(Clone, Copy)]
pub(super) struct Parameter {
    name: &'static str,
    place: &'static str,
}

impl Parameter {
    const fn of(name: &'static str, place: &'static str) -> Self {
        Self { name, place }
    }

    pub(super) fn is_in_query(&self) -> bool {
        self.place == "query"
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn to_json(self) -> Value {
        json!({"$ref": format!("#/components/parameters/{}", self.name)})
    }
}

pub(super) const WORKFLOW: Parameter = Parameter::of("workflow", "path");
pub(super) const RUN: Parameter = Parameter::of("run", "path");
pub(super) const OTHER: Parameter = Parameter::of("other", "path");
pub(super) const STEP: Parameter = Parameter::of("step", "path");
pub(super) const WAIT: Parameter = Parameter::of("wait", "path");
pub(super) const LIMIT: Parameter = Parameter::of("limit", "query");
pub(super) const CURSOR: Parameter = Parameter::of("cursor", "query");
pub(super) const VERSION: Parameter = Parameter::of("version", "query");
pub(super) const WORKFLOW_ID: Parameter = Parameter::of("workflow_id", "query");
pub(super) const STATUS: Parameter = Parameter::of("status", "query");
pub(super) const Q: Parameter = Parameter::of("q", "query");
pub(super) const AFTER: Parameter = Parameter::of("after", "query");
pub(super) const IDEMPOTENCY_KEY: Parameter = Parameter::of("Idempotency-Key", "header");
pub(super) const IF_MATCH: Parameter = Parameter::of("If-Match", "header");
pub(super) const IF_NONE_MATCH: Parameter = Parameter::of("If-None-Match", "header");
pub(super) const LAST_EVENT_ID: Parameter = Parameter::of("Last-Event-ID", "header");
pub(super) const TRACEPARENT: Parameter = Parameter::of("traceparent", "header");

/// `components/parameters`. `status` is the schema of the status of a run.
///
/// The limits here repeat those of the extractors, since a schema is not derived from them: of `Limit`, of the
/// idempotency key, and of ids.
pub(super) fn all(status: &Value) -> Value {
    let uuid = json!({"type": "string", "format": "uuid"});
    let text = json!({"type": "string"});
    let number = |from: u64, to: u64| json!({"type": "integer", "minimum": from, "maximum": to});
    let limit = json!({"type": "integer", "minimum": 1, "maximum": 200, "default": 50});
    let key = json!({"type": "string", "pattern": "^[!-~]{1,255}$"});
    let wait = json!({"type": "string", "pattern": "^w[0-9]{1,19}$"});
    let version_tag = json!({"type": "string", "pattern": "^(\\*|\"[0-9]{1,9}\")$"});
    [
        row(WORKFLOW, "id", "The id of a workflow.", &uuid),
        row(RUN, "id", "The id of a run.", &uuid),
        row(OTHER, "other", "The id of the run to compare with.", &uuid),
        row(
            STEP,
            "path",
            "The path of a step, `each/2/sum`; a slash may be written `%2F`.",
            &text,
        ),
        row(WAIT, "wait_id", "The id of a wait.", &wait),
        row(LIMIT, "limit", "How many items at most.", &limit),
        row(CURSOR, "cursor", "`next_cursor` of the page before.", &text),
        row(
            VERSION,
            "version",
            "Which version; the newest unless it is set.",
            &number(0, u32::MAX.into()),
        ),
        row(
            WORKFLOW_ID,
            "workflow_id",
            "Only runs of this workflow.",
            &uuid,
        ),
        row(STATUS, "status", "Only runs that are doing so.", status),
        row(
            Q,
            "q",
            "Only runs whose id, workflow's name or beginning of the input has this text in it.",
            &text,
        ),
        row(
            AFTER,
            "after",
            "The number of the last event that is known.",
            &number(0, u64::MAX),
        ),
        row(
            IDEMPOTENCY_KEY,
            "Idempotency-Key",
            "The same key and body give the same run again.",
            &key,
        ),
        row(
            IF_MATCH,
            "If-Match",
            "The version that has to be the newest, `\"3\"`.",
            &version_tag,
        ),
        row(
            IF_NONE_MATCH,
            "If-None-Match",
            "The version that is known, `\"3\"`.",
            &text,
        ),
        row(
            LAST_EVENT_ID,
            "Last-Event-ID",
            "As `after`, which it goes before: what an `EventSource` sends when it connects again.",
            &number(0, u64::MAX),
        ),
        row(
            TRACEPARENT,
            "traceparent",
            "W3C Trace Context: the trace to go on with.",
            &text,
        ),
    ]
    .into_iter()
    .collect::<Map<String, Value>>()
    .into()
}

/// A parameter in a path must be `required` (OpenAPI 3.1, section 4.8.12.2).
fn row(parameter: Parameter, name: &str, description: &str, schema: &Value) -> (String, Value) {
    let mut parameter_json = json!({
        "name": name,
        "in": parameter.place,
        "description": description,
        "schema": schema,
    });
    if parameter.place == "path" {
        parameter_json["required"] = true.into();
    }
    (parameter.name.to_owned(), parameter_json)
}
