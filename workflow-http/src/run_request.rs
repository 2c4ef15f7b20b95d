//! The body that starts a run.

use axum::extract::{FromRequest, Request};
use serde_json::{Map, Value};
use workflow_core::{Fault, FaultCode, NewRun, WorkflowId};

use crate::{
    app::App,
    extract::JsonBody,
    problem::{Kind, Problem},
};

/// `{"input": …, "version": …?, "metadata": …?}`
pub(crate) struct RunRequest {
    input: Value,
    version: Option<u32>,
    metadata: Option<Value>,
}

impl RunRequest {
    /// The run that is asked for.
    pub(crate) fn of(self, workflow: WorkflowId) -> NewRun {
        let mut run = NewRun::new(workflow, self.input);
        run.version = self.version;
        run.metadata = self.metadata;
        run
    }

    /// Reads the body field by field, so that one fault does not hide another.
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        let Value::Object(mut fields) = body else {
            return Err(vec![
                Fault::new(FaultCode::InvalidValue, "#", "the body is not an object").hint(SHAPE),
            ]);
        };
        let mut faults = Vec::new();
        let input = fields.remove("input");
        if input.is_none() {
            faults.push(
                Fault::new(FaultCode::MissingField, "#/input", "`input` is missing").hint(SHAPE),
            );
        }
        let version = read_version(&mut fields, &mut faults);
        let metadata = fields.remove("metadata");
        faults.extend(fields.keys().map(|field| unknown(field)));
        match input {
            Some(input) if faults.is_empty() => Ok(Self {
                input,
                version,
                metadata,
            }),
            _ => Err(faults),
        }
    }
}

const SHAPE: &str = "the body is like {\"input\": \"Quantum Computing\"}";

fn read_version(fields: &mut Map<String, Value>, faults: &mut Vec<Fault>) -> Option<u32> {
    let version = fields
        .remove("version")
        .filter(|version| !version.is_null())?;
    let number = version
        .as_u64()
        .and_then(|number| u32::try_from(number).ok());
    if number.is_none() {
        let detail = format!("{version} is not the number of a version");
        faults.push(Fault::new(FaultCode::InvalidValue, "#/version", detail));
    }
    number
}

fn unknown(field: &str) -> Fault {
    let pointer = format!("#/{}", field.replace('~', "~0").replace('/', "~1"));
    Fault::new(
        FaultCode::UnknownField,
        pointer,
        format!("`{field}` is not a field here"),
    )
    .hint("the fields are `input`, `version` and `metadata`")
}

impl FromRequest<App> for RunRequest {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let JsonBody(body) = JsonBody::from_request(request, app).await?;
        Self::read(body).map_err(|faults| Problem::of_faults(Kind::InvalidBody, "body", faults))
    }
}
