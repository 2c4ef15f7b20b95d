//! `workflow-server test DIR`: workflows with the answers of recorded runs.

mod file;

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use serde::Serialize;
use workflow_core::{
    EngineError,
    testing::{RecordedTest, TestFault, run_in_virtual_time},
};

use self::file::{Test, find};
use crate::{
    cli::TestArgs, error::CliError, faults::counted, model::Model, registry::registry,
    variables::Variables,
};

/// The result of a test.
#[derive(Serialize)]
struct Outcome<'a> {
    test: &'a Path,
    passed: bool,
    faults: Vec<TestFault>,
    /// The recording ends before its run did.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    recording_is_cut: bool,
}

/// Runs the tests one after the other. Exits with 1 if one fails.
pub(crate) fn test(args: &TestArgs, variables: &Variables) -> Result<ExitCode, CliError> {
    let tests = find(&args.paths)?;
    let mut failed = 0;
    for path in &tests {
        let outcome = run(path, args, variables)?;
        failed += usize::from(!outcome.passed);
        print(&outcome, args.json)?;
    }
    if !args.json {
        let passed = tests.len() - failed;
        let mut out = io::stdout().lock();
        writeln!(
            out,
            "{}: {passed} passed, {failed} failed",
            counted(tests.len(), "test")
        )?;
    }
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Runs a test in virtual time, so that recorded waits take none.
fn run<'a>(
    path: &'a Path,
    args: &TestArgs,
    variables: &Variables,
) -> Result<Outcome<'a>, CliError> {
    let test = match Test::read(path) {
        Ok(test) => test,
        Err(fault) => return Ok(Outcome::failed(path, fault)),
    };
    let models = Model::planning(&args.nodes, variables)?;
    let registry = registry(models, &args.nodes, variables.clone())?;
    let mut recorded = RecordedTest::new(registry, test.workflow, test.recording);
    if let Some(input) = test.input {
        recorded = recorded.with_input(input);
    }
    for spec in test.called {
        recorded = recorded.with_called(spec);
    }
    for (step, output) in test.overrides {
        recorded = recorded.with_override(step, output);
    }
    let ran = match run_in_virtual_time(recorded.run()) {
        Ok(ran) => ran,
        Err(error) => return Ok(Outcome::failed(path, refused(&error))),
    };
    let faults = test.expect.faults(&ran);
    Ok(Outcome {
        test: path,
        passed: faults.is_empty(),
        faults,
        recording_is_cut: ran.is_cut,
    })
}

/// The fault of a test that cannot run.
fn refused(error: &EngineError) -> TestFault {
    let faults = match error {
        EngineError::Invalid(invalid) => invalid.faults(),
        EngineError::InvalidInput(faults) | EngineError::InvalidRetry(faults) => faults,
        _ => &[],
    };
    let mut fault = match error {
        EngineError::InvalidRetry(_) => {
            TestFault::new("invalid_test", "the test does not fit the workflow")
        }
        _ => TestFault::new("invalid_test", error.to_string()),
    };
    fault.differences = faults.iter().map(ToString::to_string).collect();
    fault
}

impl<'a> Outcome<'a> {
    fn failed(test: &'a Path, fault: TestFault) -> Self {
        Self {
            test,
            passed: false,
            faults: vec![fault],
            recording_is_cut: false,
        }
    }
}

/// One line for each test, and the faults below it.
fn print(outcome: &Outcome, json: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if json {
        return writeln!(out, "{}", serde_json::to_string(outcome)?);
    }
    let word = if outcome.passed { "ok    " } else { "FAILED" };
    writeln!(out, "{word} {}", outcome.test.display())?;
    for line in outcome.faults.iter().flat_map(lines) {
        writeln!(out, "       {line}")?;
    }
    if outcome.recording_is_cut {
        writeln!(out, "       note: the recording ends before its run did")?;
    }
    Ok(())
}

fn lines(fault: &TestFault) -> Vec<String> {
    fault.to_string().lines().map(str::to_owned).collect()
}
