//! The workflows of `--with`, which the main workflow calls by name.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde_json::Value;
use workflow_core::{LocalEngine, Workflows, record::WorkflowRecord};

use crate::{error::CliError, file::read_spec};

/// The specifications of the files, in the order of the command line.
pub(crate) struct Library<'a>(Vec<(&'a Path, Value)>);

impl<'a> Library<'a> {
    pub(crate) fn read(files: &'a [PathBuf]) -> Result<Self, CliError> {
        let read = files
            .iter()
            .map(|file| Ok((file.as_path(), read_spec(file)?)));
        read.collect::<Result<_, CliError>>().map(Self)
    }

    pub(crate) fn specs(&self) -> impl Iterator<Item = &Value> {
        self.0.iter().map(|(_, spec)| spec)
    }

    /// Stores the workflows in an engine. Each may call those before it.
    ///
    /// # Errors
    /// If a workflow is invalid, has no name, or has the name of another one.
    pub(crate) async fn store(self, engine: &LocalEngine) -> Result<(), CliError> {
        let mut names = BTreeMap::new();
        for (file, spec) in self.0 {
            let record = store(engine, file, spec).await?;
            let name = record
                .name
                .ok_or_else(|| CliError::NoName(file.to_owned()))?;
            if let Some(other) = names.insert(name.clone(), file) {
                return Err(CliError::SameName(name, [other, file].map(Path::to_owned)));
            }
        }
        Ok(())
    }
}

/// Stores the workflow of a file.
pub(crate) async fn store(
    engine: &LocalEngine,
    file: &Path,
    spec: Value,
) -> Result<WorkflowRecord, CliError> {
    let created = engine.create_workflow(spec).await;
    let created = created.map_err(|error| CliError::Refused(file.to_owned(), error))?;
    Ok(created.record)
}
