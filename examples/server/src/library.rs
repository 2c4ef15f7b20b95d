//! The workflows that the main workflow calls by name: those of `--with`, and those that are found beside the files.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use serde_json::Value;
use workflow_core::{LocalEngine, Workflows, record::WorkflowRecord};

use crate::{error::CliError, file::read_spec};

/// Specifications with their files. Each may call those before it.
pub(crate) struct Library(Vec<(PathBuf, Value)>);

impl Library {
    /// Reads these files in the order of the command line. Before each of them, and at the end for the main workflow, come
    /// the workflows that it calls and that no file has: `NAME.json` or `NAME.jsonc` in the same directory, if its name is `NAME`.
    ///
    /// # Errors
    /// If a file cannot be read, has no name, or has the name of another one.
    pub(crate) fn read(files: &[PathBuf], main: &Path, spec: &Value) -> Result<Self, CliError> {
        let read = files
            .iter()
            .map(|file| Ok((file.clone(), read_spec(file)?)));
        let read = read.collect::<Result<Vec<_>, CliError>>()?;
        check_names(&read)?;
        let named = read.iter().map(|(_, spec)| spec).chain([spec]);
        let mut search = Search {
            found: Vec::new(),
            known: named.filter_map(name).map(str::to_owned).collect(),
        };
        for (file, spec) in read {
            search.add_called(&file, &spec)?;
            search.found.push((file, spec));
        }
        search.add_called(main, spec)?;
        Ok(Self(search.found))
    }

    pub(crate) fn specs(&self) -> impl Iterator<Item = &Value> {
        self.0.iter().map(|(_, spec)| spec)
    }

    pub(crate) fn into_files(self) -> impl Iterator<Item = (PathBuf, Value)> {
        self.0.into_iter()
    }

    /// Stores the workflows in an engine.
    pub(crate) async fn store(self, engine: &LocalEngine) -> Result<(), CliError> {
        for (file, spec) in self.0 {
            store(engine, &file, spec).await?;
        }
        Ok(())
    }
}

/// Each workflow is called by its name, so it must have one of its own.
fn check_names(files: &[(PathBuf, Value)]) -> Result<(), CliError> {
    let mut names = BTreeMap::new();
    for (file, spec) in files {
        let name = name(spec).ok_or_else(|| CliError::NoName(file.clone()))?;
        if let Some(other) = names.insert(name, file) {
            let files = [other, file].map(PathBuf::clone);
            return Err(CliError::SameName(name.to_owned(), files));
        }
    }
    Ok(())
}

/// The lists of nodes of a workflow.
pub(crate) const LISTS: [&str; 2] = ["nodes", "on_failure"];

struct Search {
    found: Vec<(PathBuf, Value)>,
    /// The names of workflows that are not searched for any more.
    known: BTreeSet<String>,
}

impl Search {
    /// Adds the workflows that one calls, each after those that it calls itself.
    fn add_called(&mut self, file: &Path, spec: &Value) -> Result<(), CliError> {
        for name in LISTS.iter().flat_map(|list| called(&spec[list])) {
            if !self.known.insert(name.to_owned()) {
                continue;
            }
            let Some(beside) = beside(file, name) else {
                continue;
            };
            let spec = read_spec(&beside)?;
            if spec["name"] == name {
                self.add_called(&beside, &spec)?;
                self.found.push((beside, spec));
            }
        }
        Ok(())
    }
}

/// The existing file `NAME.json`, or else `NAME.jsonc`, in the directory of another one.
fn beside(file: &Path, name: &str) -> Option<PathBuf> {
    let is_plain = Path::new(name).file_name()? == name;
    let endings = ["json", "jsonc"].into_iter().filter(|_| is_plain);
    let mut beside = endings.map(|ending| file.with_file_name(format!("{name}.{ending}")));
    beside.find(|beside| beside.is_file())
}

fn name(spec: &Value) -> Option<&str> {
    spec["name"].as_str()
}

/// The names of the workflows that these nodes and the nodes in their bodies call.
fn called(nodes: &Value) -> Vec<&str> {
    let nodes = nodes.as_array().into_iter().flatten();
    nodes
        .flat_map(|node| {
            let data = &node["data"];
            let own = data["workflow"]
                .as_str()
                .filter(|_| node["type"] == "WorkflowNode");
            own.into_iter().chain(called(&data["nodes"]))
        })
        .collect()
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
