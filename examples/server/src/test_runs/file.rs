//! The files `*.test.json`.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::BufReader,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use workflow_core::{
    testing::{Expected, Recording, TestFault},
    value::StepPath,
};

use crate::{error::CliError, file::read_spec, library::Library};

/// The end of the name of a test.
const SUFFIX: &str = ".test.json";

/// A test as it is written. Paths are relative to its directory.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TestFile {
    /// The file of the workflow.
    workflow: PathBuf,
    /// The files of workflows that it calls, as `--with`.
    #[serde(default)]
    with: Vec<PathBuf>,
    /// The recording.
    run: PathBuf,
    /// Another input than that of the recording.
    #[serde(default, deserialize_with = "some_even_if_null")]
    input: Option<Value>,
    /// Outputs that are set instead of running the step.
    #[serde(default)]
    overrides: BTreeMap<StepPath, Value>,
    /// What is expected of the run. Without it, the run has to complete.
    #[serde(default)]
    expect: Expected,
}

/// `null` is an input like any other.
fn some_even_if_null<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// A test with what its files have.
pub(super) struct Test {
    pub(super) workflow: Value,
    pub(super) called: Vec<Value>,
    pub(super) recording: Recording,
    pub(super) input: Option<Value>,
    pub(super) overrides: BTreeMap<StepPath, Value>,
    pub(super) expect: Expected,
}

impl Test {
    /// Reads a test and the files that it names.
    ///
    /// # Errors
    /// A fault with the code `invalid_test` that names the file.
    pub(super) fn read(path: &Path) -> Result<Self, TestFault> {
        let invalid = |error: CliError| TestFault::new("invalid_test", error.to_string());
        let json = read_spec(path).map_err(invalid)?;
        let file: TestFile = serde_json::from_value(json)
            .map_err(|error| TestFault::new("invalid_test", error.to_string()))?;
        let beside = |name: &PathBuf| path.with_file_name("").join(name);
        let main = beside(&file.workflow);
        let workflow = read_spec(&main).map_err(invalid)?;
        let with: Vec<PathBuf> = file.with.iter().map(beside).collect();
        let library = Library::read(&with, &main, &workflow).map_err(invalid)?;
        Ok(Self {
            recording: read_recording(&beside(&file.run))?,
            called: library.specs().cloned().collect(),
            workflow,
            input: file.input,
            overrides: file.overrides,
            expect: file.expect,
        })
    }
}

fn read_recording(path: &Path) -> Result<Recording, TestFault> {
    let invalid = |reason: &dyn std::error::Error| {
        let cause = reason.source().map(|cause| format!(": {cause}"));
        let cause = cause.unwrap_or_default();
        TestFault::new(
            "invalid_recording",
            format!("{}: {reason}{cause}", path.display()),
        )
    };
    let file = File::open(path).map_err(|error| invalid(&error))?;
    Recording::read(BufReader::new(file)).map_err(|error| invalid(&error))
}

/// The tests at these paths, each once, sorted within each directory. A path that is a file is a test whatever its name is.
pub(super) fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, CliError> {
    let mut found = Vec::new();
    for path in paths {
        let failed = |error| CliError::File(path.clone(), error);
        if fs::metadata(path).map_err(failed)?.is_dir() {
            find_below(path, &mut found)?;
        } else if !found.contains(path) {
            found.push(path.clone());
        }
    }
    if found.is_empty() {
        return Err(CliError::NoTests(paths.to_vec()));
    }
    Ok(found)
}

/// Symbolic links to directories are not followed: they may lead in a circle.
fn find_below(directory: &Path, found: &mut Vec<PathBuf>) -> Result<(), CliError> {
    let failed = |error| CliError::File(directory.to_owned(), error);
    let entries = fs::read_dir(directory).map_err(failed)?;
    let mut entries: Vec<_> = entries.collect::<Result<_, _>>().map_err(failed)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let is_test = entry.file_name().to_string_lossy().ends_with(SUFFIX);
        if entry.file_type().map_err(failed)?.is_dir() {
            find_below(&path, found)?;
        } else if is_test && !found.contains(&path) {
            found.push(path);
        }
    }
    Ok(())
}
