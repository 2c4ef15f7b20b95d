//! Extractors for bodies, paths and queries. Each rejects with a [`Problem`], where axum's own reject with text.

use std::str::FromStr;

use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::request::Parts,
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned, de::Error as _};
use serde_json::Value;
use workflow_core::{
    Fault, RunId, WorkflowId,
    record::PageRequest,
    value::{JsonError, read_json},
};

use super::{body::ReceivedBody, media};
use crate::{
    app::App,
    problem::{Kind, Problem},
};

/// A required body: JSON of any shape.
pub(crate) struct JsonBody(pub(crate) Value);

impl FromRequest<App> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let read = read(request, app).await?;
        Ok(Self(read_json(read.bytes())?))
    }
}

/// A body that is a specification. Faults of its text, such as a duplicate key, are faults of the workflow: they
/// are reported like those that validation finds.
///
/// So the faults are a value here and not a rejection: `validate` returns them as its result, and the other
/// handlers refuse the request with [`spec`](Self::spec).
pub(crate) struct SpecBody(pub(crate) Result<Value, Vec<Fault>>);

impl SpecBody {
    /// The specification.
    ///
    /// # Errors
    /// `invalid_workflow`, with the faults of its text.
    pub(crate) fn spec(self) -> Result<Value, Problem> {
        let refuse = |faults| Problem::of_faults(Kind::InvalidWorkflow, "workflow", faults);
        self.0.map_err(refuse)
    }
}

impl FromRequest<App> for SpecBody {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let read = read(request, app).await?;
        match read_json(read.bytes()) {
            Ok(spec) => Ok(Self(Ok(spec))),
            Err(JsonError::Faults(faults)) => Ok(Self(Err(faults))),
            Err(error) => Err(error.into()),
        }
    }
}

/// An optional body: JSON of any shape. An empty body counts as none.
pub(crate) struct OptionalJsonBody(pub(crate) Option<Value>);

impl FromRequest<App> for OptionalJsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let read = read(request, app).await?;
        if read.bytes().is_empty() {
            return Ok(Self(None));
        }
        Ok(Self(Some(read_json(read.bytes())?)))
    }
}

/// Checks the media type, then reads the body within its limits.
///
/// In this order, so that a request by a page of another site is refused before its body costs memory.
async fn read(request: Request, app: &App) -> Result<ReceivedBody, Problem> {
    media::check(request.headers(), &app.options.cors_origins)?;
    app.bodies.read(request, &app.options.limits).await
}

/// Parameters of the path, percent-decoded. axum's own rejection is text and a status of 400 or 500; here every
/// failure is a path that does not exist.
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let path = axum::extract::Path::from_request_parts(parts, app).await;
        path.map(|axum::extract::Path(found)| Self(found))
            .map_err(|_| Kind::UnknownPath.of("the path is not UTF-8 after percent-decoding"))
    }
}

/// The id in a path. A text that is not an id is an unknown resource (404), not a malformed request: clients need
/// not distinguish the two.
pub(crate) struct Id<T>(pub(crate) T);

/// Resources that a path names by id. The id is the only parameter of such a path, whatever its name is.
pub(crate) trait Resource: FromStr {
    const UNKNOWN: Kind;
    const NOUN: &str;
}

impl Resource for WorkflowId {
    const UNKNOWN: Kind = Kind::UnknownWorkflow;
    const NOUN: &str = "workflow";
}

impl Resource for RunId {
    const UNKNOWN: Kind = Kind::UnknownRun;
    const NOUN: &str = "run";
}

impl<T: Resource> FromRequestParts<App> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        // A path that is not UTF-8 becomes an empty text, which is no id: an unknown resource, too.
        let path = Path::<String>::from_request_parts(parts, app).await;
        let text = path.map_or_else(|_| String::new(), |Path(text)| text);
        let unknown = |_| T::UNKNOWN.of(format!("there is no {} {text:?}", T::NOUN));
        text.parse().map(Self).map_err(unknown)
    }
}

/// The parameters of the query. Unknown ones are refused before, by [`query::check`](super::query::check).
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let axum::extract::Query(query) =
            axum::extract::Query::from_request_parts(parts, app).await?;
        Ok(Self(query))
    }
}

/// The most items of a page: 1 to 200, 50 by default. A limit out of range is refused, not clamped: a client that
/// asks for 1,000 would take a page of 200 for the whole list.
#[derive(Clone, Copy)]
pub(crate) struct Limit(pub(crate) usize);

impl Default for Limit {
    fn default() -> Self {
        Self(PageRequest::default().limit)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let limit = usize::deserialize(deserializer)?;
        if (1..=PageRequest::MAX_LIMIT).contains(&limit) {
            return Ok(Self(limit));
        }
        Err(D::Error::custom(format_args!(
            "{limit} is not between 1 and {}",
            PageRequest::MAX_LIMIT
        )))
    }
}
