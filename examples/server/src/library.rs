//! The workflows that another one calls, given with `--with`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde_json::Value;
use workflow_core::{LocalEngine, Workflows, record::WorkflowRecord};

use crate::{error::Stopped, file::read_spec};

/// What the files of `--with` hold, in their order.
pub(crate) struct Library<'a>(Vec<(&'a Path, Value)>);

impl<'a> Library<'a> {
    pub(crate) fn read(files: &'a [PathBuf]) -> Result<Self, Stopped> {
        let read = files
            .iter()
            .map(|file| Ok((file.as_path(), read_spec(file)?)));
        read.collect::<Result<_, Stopped>>().map(Self)
    }

    pub(crate) fn specs(&self) -> impl Iterator<Item = &Value> {
        self.0.iter().map(|(_, spec)| spec)
    }

    /// Stores them in an engine, by their names. Each may call those before it.
    pub(crate) async fn store(self, engine: &LocalEngine) -> Result<(), Stopped> {
        let mut names = BTreeMap::new();
        for (file, spec) in self.0 {
            let record = store(engine, file, spec).await?;
            let name = record
                .name
                .ok_or_else(|| Stopped::NoName(file.to_owned()))?;
            if let Some(other) = names.insert(name.clone(), file) {
                return Err(Stopped::SameName(name, [other, file].map(Path::to_owned)));
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
) -> Result<WorkflowRecord, Stopped> {
    let created = engine.create_workflow(spec).await;
    let created = created.map_err(|error| Stopped::Refused(file.to_owned(), error))?;
    Ok(created.record)
}
