//! What an `HttpNode` is about to do: the key of its call, its effects, and the request as people see it.

use serde_json::{Map, Value, json};
use workflow_core::{Plan, PlanContext, node::Effects, value::StepKey};

use crate::{
    data::{DeclaredEffects, Fields, Method},
    request::{HeaderContent, Request, Target},
};

/// The type in keys.
const TYPE: &str = "HttpNode";
/// Raise it when the same fields would make another call; `tests/plan.rs` fails if keys change without it.
const REVISION: u32 = 1;
/// The most bytes of a body that people are shown.
const MAX_SHOWN_BODY: usize = 64 * 1024;

/// The plan of an attempt that makes this call.
pub(crate) fn plan(fields: &Fields, request: Request, cx: &PlanContext<'_>) -> Plan {
    let plan = Plan::opaque()
        .with_key(key(&request))
        .with_effects(effects(fields));
    let plan = if cx.wants_request() {
        plan.with_request(shown(&request))
    } else {
        plan
    };
    plan.with_prepared(request)
}

/// What the workflow says, or else what HTTP says of the method: `GET` and `HEAD` are safe (RFC 9110, section 9.2.1).
pub(crate) fn effects(fields: &Fields) -> Effects {
    match (fields.effects, fields.method) {
        (Some(DeclaredEffects::None), _) => Effects::None,
        (Some(DeclaredEffects::Reads), _) | (None, Method::Get | Method::Head) => Effects::Reads,
        (Some(DeclaredEffects::Acts) | None, _) => Effects::Acts,
    }
}

/// Everything that can change the answer. Secrets count by name: another value under the same name is the same call.
fn key(request: &Request) -> StepKey {
    let key = StepKey::builder(TYPE, REVISION).text("method", request.method.as_str());
    let key = match &request.target {
        Target::Url(url) => key.text("url", url.as_str()),
        Target::Secret { name, query } => key.text("url secret", name).serialized("query", query),
    };
    let headers = request.headers.iter();
    let key = headers.fold(key, |key, (name, content)| match content {
        HeaderContent::Text(value) => {
            let value = String::from_utf8_lossy(value.as_bytes());
            key.text("header", name.as_str()).text("value", &value)
        }
        HeaderContent::Secret(secret) => key.text("header", name.as_str()).text("secret", secret),
    });
    let key = match &request.body {
        Some(body) => key.text("body", &String::from_utf8_lossy(body)),
        None => key,
    };
    key.text("expect_status", &request.expected.to_string())
        .build()
}

/// The request as people and tests see it: `{"method", "url", "query", "headers", "body"}`, with secrets by name only. A body over 64 KiB
/// is omitted.
pub(crate) fn shown(request: &Request) -> Value {
    let mut shown = Map::new();
    shown.insert("method".into(), request.method.as_str().into());
    match &request.target {
        Target::Url(url) => {
            shown.insert("url".into(), url.as_str().into());
        }
        Target::Secret { name, query } => {
            shown.insert("url".into(), json!({ "$secret": name }));
            if !query.is_empty() {
                let query: Vec<Value> = query.iter().map(|(name, it)| json!([name, it])).collect();
                shown.insert("query".into(), query.into());
            }
        }
    }
    let headers = request.headers.iter().map(|(name, content)| {
        let value = match content {
            HeaderContent::Text(value) => String::from_utf8_lossy(value.as_bytes()).into(),
            HeaderContent::Secret(secret) => json!({ "$secret": secret }),
        };
        (name.as_str().to_owned(), value)
    });
    let headers: Map<String, Value> = headers.collect();
    if !headers.is_empty() {
        shown.insert("headers".into(), headers.into());
    }
    if let Some(body) = &request.body {
        let body = if body.len() > MAX_SHOWN_BODY {
            json!({"omitted": {"bytes": body.len()}})
        } else {
            serde_json::from_slice(body).unwrap_or_else(|_| String::from_utf8_lossy(body).into())
        };
        shown.insert("body".into(), body);
    }
    Value::Object(shown)
}
