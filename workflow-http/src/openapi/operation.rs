//! What one method of one path does.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{answer::Answer, body::Body, parameter::Parameter, schemas::Schemas};
use crate::problem::{Kind, MEDIA_TYPE};

/// Describes a route. Called twice: once when the route is added, for its query parameters, and once for the
/// document. So it must have no effect but to register schemas.
pub(super) type Describe = fn(&mut Schemas) -> Operation;

/// A route of the table.
pub(crate) struct Route {
    pub(super) method: Method,
    /// As the router writes it: `/api/runs/{id}/steps/{*path}`.
    pub(super) path: &'static str,
    pub(super) describe: Describe,
    /// The problems that the arguments of its handler find.
    pub(super) refusals: Vec<Kind>,
}

/// One method of one path (OpenAPI 3.1, "Operation Object"), built step by step.
pub(crate) struct Operation {
    id: &'static str,
    tag: &'static str,
    summary: &'static str,
    description: &'static str,
    parameters: Vec<Parameter>,
    body: Option<Body>,
    answers: Vec<Answer>,
    problems: BTreeSet<Kind>,
    open: bool,
    follows: bool,
}

/// The problems that any request can have: those of the connection, of the head, and of a handler that panics.
const ALWAYS: [Kind; 6] = [
    Kind::NotHttp,
    Kind::HostNotAllowed,
    Kind::UrlTooLong,
    Kind::HeadTooLarge,
    Kind::Internal,
    Kind::TooManyConnections,
];
/// The problems of the key of a request.
const KEYED: [Kind; 3] = [
    Kind::Unauthorized,
    Kind::TooManyRequests,
    Kind::TooManyWrongKeys,
];
impl Operation {
    pub(super) fn new(id: &'static str, tag: &'static str, summary: &'static str) -> Self {
        Self {
            id,
            tag,
            summary,
            description: "",
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            problems: ALWAYS.into(),
            open: false,
            follows: false,
        }
    }

    pub(super) fn about(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    pub(super) fn takes(mut self, parameters: impl IntoIterator<Item = Parameter>) -> Self {
        self.parameters.extend(parameters);
        self
    }

    pub(super) fn body(mut self, body: Body) -> Self {
        self.body = Some(body);
        self
    }

    pub(super) fn answers(mut self, answer: Answer) -> Self {
        self.answers.push(answer);
        self
    }

    /// Adds problems of the handler itself, not those that its arguments find.
    pub(super) fn fails(mut self, problems: &[Kind]) -> Self {
        self.problems.extend(problems);
        self
    }

    /// Marks the operation as usable without an API key. Must agree with `access::auth`, which decides by the path.
    pub(super) fn open(mut self) -> Self {
        self.open = true;
        self
    }

    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// Marks an operation that starts a run and then follows it. If following fails, the problem has the headers of
    /// the run.
    pub(super) fn follows(mut self) -> Self {
        self.follows = true;
        self
    }

    /// The names of its query parameters, for `request::query`, which refuses all others.
    pub(super) fn query(&self) -> Arc<[&'static str]> {
        let taken = self.parameters.iter();
        taken
            .filter(|it| it.is_in_query())
            .map(Parameter::name)
            .collect()
    }

    /// The operation object. Problems with the same status become one response, since OpenAPI has one per status.
    pub(super) fn into_json(mut self, method: &Method) -> Value {
        self.add_what_is_before(method);
        let parameters: Vec<Value> = self
            .parameters
            .into_iter()
            .map(Parameter::to_json)
            .collect();
        let mut operation = json!({
            "operationId": self.id,
            "tags": [self.tag],
            "summary": self.summary,
            "parameters": parameters,
        });
        if !self.description.is_empty() {
            operation["description"] = self.description.into();
        }
        if let Some(body) = &self.body {
            operation["requestBody"] = body.to_json();
        }
        if self.open {
            operation["security"] = json!([]);
        }
        let answers = self.answers.iter().map(|it| (it.status(), it.to_json()));
        let problems = by_status(&self.problems).into_iter();
        let problems = problems.map(|(status, kinds)| {
            let mut answer = problem(&kinds);
            if self.follows && is_for_now(status) {
                answer = answer.header("Location").header("X-Run-Id");
            }
            (status, answer.to_json())
        });
        operation["responses"] = answers
            .chain(problems)
            .map(|(status, answer)| (status.as_str().to_owned(), answer))
            .collect();
        operation
    }

    /// Adds the problems of the middlewares in front of the handler. Open operations accept any query parameter,
    /// see `Routes::add`.
    fn add_what_is_before(&mut self, method: &Method) {
        if !self.open {
            self.problems.extend(KEYED);
        }
        // `access::guard` checks the origin of all methods but `GET`, `HEAD` and `OPTIONS`; the table has no routes
        // of the latter two.
        if *method != Method::GET {
            self.problems.insert(Kind::ForeignOrigin);
        }
        if !self.open {
            self.problems.insert(Kind::UnknownParameter);
        }
    }
}

fn by_status(problems: &BTreeSet<Kind>) -> BTreeMap<StatusCode, Vec<Kind>> {
    let mut statuses: BTreeMap<StatusCode, Vec<Kind>> = BTreeMap::new();
    for kind in problems {
        statuses.entry(kind.status()).or_default().push(*kind);
    }
    statuses
}

/// The response for these problems, which have the same status. The enum of `code` narrows the schema that all
/// problems share.
fn problem(kinds: &[Kind]) -> Answer {
    let titles: Vec<String> = kinds
        .iter()
        .map(|kind| format!("`{}`: {}.", kind.code(), kind.title()))
        .collect();
    let codes: Vec<&str> = kinds.iter().map(|kind| kind.code()).collect();
    let schema = json!({
        "$ref": "#/components/schemas/HttpProblem",
        "properties": {"code": {"enum": codes}},
    });
    let status = kinds[0].status();
    let mut answer = Answer::new(status, titles.join(" ")).comes_as(MEDIA_TYPE, &schema);
    if kinds.contains(&Kind::Unauthorized) {
        answer = answer.header("WWW-Authenticate");
    }
    if is_for_now(status) {
        answer = answer.header("Retry-After");
    }
    answer
}

/// Whether a later request may succeed. These statuses have `Retry-After` (RFC 9110, section 10.2.3).
fn is_for_now(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    )
}
