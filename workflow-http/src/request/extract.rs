//! What handlers are given of a request: checked, or refused with a problem.

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

use super::{body::Read, media};
use crate::{
    app::App,
    problem::{Kind, Problem},
};

/// A body that is JSON of any shape.
pub(crate) struct JsonBody(pub(crate) Value);

impl FromRequest<App> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let read = read(request, app).await?;
        Ok(Self(read_json(read.bytes())?))
    }
}

/// A body that is a specification. What its text alone shows to be wrong is a fault of the workflow.
pub(crate) struct SpecBody(pub(crate) Result<Value, Vec<Fault>>);

impl SpecBody {
    /// The specification.
    ///
    /// # Errors
    /// With the faults of its text.
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

/// A body that is JSON, if there is one.
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

async fn read(request: Request, app: &App) -> Result<Read, Problem> {
    media::check(request.headers(), &app.options.cors_origins)?;
    app.bodies.read(request, &app.options.limits).await
}

/// What stands in a path.
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let path = axum::extract::Path::from_request_parts(parts, app).await;
        path.map(|axum::extract::Path(found)| Self(found))
            .map_err(|_| Kind::UnknownPath.of("the path is not UTF-8"))
    }
}

/// The id in a path. What is not an id names nothing.
pub(crate) struct Id<T>(pub(crate) T);

/// Things that have an id of their own.
pub(crate) trait Named: FromStr {
    const UNKNOWN: Kind;
    const NOUN: &str;
}

impl Named for WorkflowId {
    const UNKNOWN: Kind = Kind::UnknownWorkflow;
    const NOUN: &str = "workflow";
}

impl Named for RunId {
    const UNKNOWN: Kind = Kind::UnknownRun;
    const NOUN: &str = "run";
}

impl<T: Named> FromRequestParts<App> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, app).await;
        let text = path.map_or_else(|_| String::new(), |Path(text)| text);
        let unknown = |_| T::UNKNOWN.of(format!("there is no {} {text:?}", T::NOUN));
        text.parse().map(Self).map_err(unknown)
    }
}

/// What the query says.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let axum::extract::Query(query) =
            axum::extract::Query::from_request_parts(parts, app).await?;
        Ok(Self(query))
    }
}

/// How many items a list may give, 1 to 200.
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
