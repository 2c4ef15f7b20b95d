//! `workflow-server run FILE --server URL`: the run is executed by a server.

use std::{path::Path, time::Duration};

use serde_json::Value;
use workflow_client::{Client, RunId, Start, WorkflowRecord};

use crate::{cli::RunArgs, error::CliError, library::Library, variables::Variables};

/// The API key of the server. An option would show it in the list of processes.
pub(crate) const KEY_VARIABLE: &str = "WORKFLOW_API_KEY";

/// A run that a server executes.
pub(crate) struct RemoteRun {
    pub(crate) client: Client,
    pub(crate) id: RunId,
    /// The address of the run in the page of the server, and what is run.
    pub(crate) title: String,
}

/// Stores the workflows of the command line on the server, and starts the run.
pub(crate) async fn start(
    url: &str,
    args: &RunArgs,
    spec: Value,
    library: Library,
    input: Value,
    variables: &Variables,
) -> Result<RemoteRun, CliError> {
    let mut builder = Client::builder(url);
    if let Some(key) = variables.get(KEY_VARIABLE) {
        builder = builder.with_api_key(key);
    }
    // A wrong URL or key is reported at once; only a run that has begun waits for its server.
    let impatient = builder.clone().with_retry_for(Duration::ZERO).build()?;
    for (file, spec) in library.into_files() {
        store(&impatient, &file, spec).await?;
    }
    let workflow = store(&impatient, &args.file, spec).await?;
    let client = builder.build()?;
    let start = Start::new(input).with_version(workflow.version);
    let started = client.start(workflow.id, start).await;
    let id = started.map_err(|error| refused(&args.file, error))?.id;
    let page = format!("{}/#/runs/{id}", url.trim_end_matches('/'));
    let title = match &workflow.name {
        Some(name) => format!("Run {page}, version {} of {name}", workflow.version),
        None => format!("Run {page}"),
    };
    Ok(RemoteRun { client, id, title })
}

/// Stores a workflow, unless the server has it: one with the same name gets it as its next version, if its text differs.
async fn store(client: &Client, file: &Path, spec: Value) -> Result<WorkflowRecord, CliError> {
    let named = match spec["name"].as_str() {
        Some(name) => client.workflows_named(name).await?,
        None => Vec::new(),
    };
    let mut newest: Option<WorkflowRecord> = None;
    for id in named {
        let record = client.workflow(id).await?;
        if *record.spec == spec {
            return Ok(record);
        }
        newest.get_or_insert(record);
    }
    let stored = match newest {
        Some(record) => {
            client
                .update_workflow(record.id, record.version, &spec)
                .await
        }
        None => client.create_workflow(&spec).await,
    };
    stored.map_err(|error| refused(file, error))
}

/// The error of a workflow or input with faults, or of the server.
fn refused(file: &Path, error: workflow_client::Error) -> CliError {
    match error.status() {
        Some(422) => CliError::RefusedByServer(file.to_owned(), error),
        _ => error.into(),
    }
}
