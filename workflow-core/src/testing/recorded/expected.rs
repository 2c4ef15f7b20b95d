//! What a test expects of a run.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{difference, tested::TestedRun};
use crate::{
    record::RunStatus,
    value::{StepPath, Usd},
    view::{StepReport, StepStatus},
};

/// What a test expects of a run. What is absent is not checked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Expected {
    /// The status in the end: `completed` unless it is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<RunStatus>,
    /// The output, exactly.
    #[serde(
        default,
        deserialize_with = "crate::value::some_even_if_null",
        skip_serializing_if = "Option::is_none"
    )]
    pub output: Option<Value>,
    /// The code of the error of a run that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The paths of steps that ran: that completed or failed and were not given an output.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ran: Vec<StepPath>,
    /// The paths of steps that were skipped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<StepPath>,
    /// The most that the run may cost, in US dollars, as recorded. A cost that is not known is too much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_cost: Option<Usd>,
}

/// A difference between what a test expects and what the run did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TestFault {
    /// What the fault is about: `not_recorded`, the field of the expectation, or what a program that runs tests adds.
    pub code: &'static str,
    /// What differs, in one sentence.
    pub detail: String,
    /// The single differences, one line each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<String>,
}

impl TestFault {
    /// A fault without single differences.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            differences: Vec::new(),
        }
    }
}

/// One line, and one more for each difference, indented by two spaces.
impl fmt::Display for TestFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)?;
        let mut differences = self.differences.iter();
        differences.try_for_each(|line| write!(f, "\n  {line}"))
    }
}

impl Expected {
    /// The differences between this and the run. What was not recorded comes first, since the rest may follow from it.
    pub fn faults(&self, run: &TestedRun) -> Vec<TestFault> {
        let mut faults: Vec<TestFault> = (run.not_recorded.iter())
            .map(|miss| TestFault {
                code: "not_recorded",
                detail: format!("`{}`: {}", miss.path, miss.detail),
                differences: miss.differences.clone(),
            })
            .collect();
        faults.extend(self.status_fault(run));
        faults.extend(self.output_fault(run));
        faults.extend(self.step_faults(run));
        faults.extend(self.cost_fault(run));
        faults
    }

    fn status_fault(&self, run: &TestedRun) -> Option<TestFault> {
        let expected = self.status.unwrap_or(match self.error {
            Some(_) => RunStatus::Failed,
            None => RunStatus::Completed,
        });
        let (status, error) = (run.report.record.head.status, run.report.error.as_deref());
        if status != expected {
            let detail = format!("the run is {}, not {}", word(&status), word(&expected));
            let mut fault = TestFault::new("status", detail);
            fault.differences = error
                .iter()
                .map(|error| format!("{}: {}", error.code, error.detail))
                .collect();
            return Some(fault);
        }
        let code = error.map(|error| &*error.code);
        let expected = self.error.as_deref()?;
        (code != Some(expected)).then(|| {
            let code = code.unwrap_or("no error");
            TestFault::new("error", format!("the error is `{code}`, not `{expected}`"))
        })
    }

    fn output_fault(&self, run: &TestedRun) -> Option<TestFault> {
        let expected = self.output.as_ref()?;
        let Some(output) = run.report.output.as_deref() else {
            return Some(TestFault::new("output", "the run has no output"));
        };
        (output != expected).then(|| TestFault {
            differences: difference::of_values(expected, output),
            ..TestFault::new("output", "the output is not the expected one")
        })
    }

    fn step_faults(&self, run: &TestedRun) -> Vec<TestFault> {
        let step = |path: &StepPath| {
            run.report
                .steps
                .iter()
                .find(|step| step.step.path() == path)
        };
        let fault = |code, path: &StepPath| {
            let is = step(path).map_or_else(
                || "is not in the run".to_owned(),
                |step| format!("is {}", state(step)),
            );
            TestFault::new(code, format!("`{path}` {is}"))
        };
        let ran = self
            .ran
            .iter()
            .filter(|path| !step(path).is_some_and(has_run));
        let is_skipped = |step: &StepReport| step.status == StepStatus::Skipped;
        let skipped = self
            .skipped
            .iter()
            .filter(|path| !step(path).is_some_and(is_skipped));
        let faults = ran.map(|path| fault("ran", path));
        faults
            .chain(skipped.map(|path| fault("skipped", path)))
            .collect()
    }

    fn cost_fault(&self, run: &TestedRun) -> Option<TestFault> {
        let most = self.max_cost?;
        let detail = match run.cost {
            Some(cost) if cost.usd <= most && !cost.at_least => return None,
            Some(cost) if cost.at_least => format!(
                "the run costs at least ${}, since the cost of a step is not known; at most ${most} is expected",
                cost.usd
            ),
            Some(cost) => format!(
                "the run costs ${}, and at most ${most} is expected",
                cost.usd
            ),
            None if run.has_usage() => "the cost of the run is not known".to_owned(),
            None => return None,
        };
        Some(TestFault::new("max_cost", detail))
    }
}

fn has_run(step: &StepReport) -> bool {
    let has_ended = matches!(step.status, StepStatus::Completed | StepStatus::Failed);
    has_ended && !is_overridden(step)
}

fn is_overridden(step: &StepReport) -> bool {
    step.report.as_ref().is_some_and(|report| report.overridden)
}

/// The state of a step in words.
fn state(step: &StepReport) -> String {
    if is_overridden(step) {
        return "given its output".to_owned();
    }
    word(&step.status)
}

/// The word for a value in JSON.
fn word(value: &impl Serialize) -> String {
    let word = serde_json::to_value(value).unwrap_or_default();
    word.as_str().unwrap_or_default().to_owned()
}
