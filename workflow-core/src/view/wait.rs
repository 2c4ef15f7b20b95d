//! The waits of a run for persons, and the validation of answers.

use std::{collections::BTreeMap, sync::Arc};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{
    error::{Fault, FaultCode},
    event::{EventKind, NodeWaiting, ResumeError, StepEvent, WaitKind, WaitingCall},
    value::{
        MAX_OUTPUT_BYTES, StepPath, StepRef, Timestamp, ValueSchema, WaitId, beginning_of, size,
    },
};

/// A step that waits for a person.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct WaitReport {
    /// Identifies the wait in an answer.
    pub wait_id: WaitId,
    /// The step.
    #[serde(flatten)]
    pub step: StepRef,
    /// What kind of wait it is; absent for the question of a node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<WaitKind>,
    /// What the step would send, if it is held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Arc<Value>>,
    /// The call that waits for approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<Box<WaitingCall>>,
    /// The question to the person; in the report of a run, at most [`MAX_MESSAGE_BYTES`](Self::MAX_MESSAGE_BYTES) of it.
    pub message: Arc<str>,
    /// Whether the message is truncated. The history of the step has the whole message.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub message_truncated: bool,
    /// JSON Schema of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<Arc<Value>>,
    /// When the wait times out and the step fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When the wait started.
    pub since: Timestamp,
}

impl WaitReport {
    /// The most bytes of a message in the report of a run: 2 KiB. There may be many waits in one report.
    pub const MAX_MESSAGE_BYTES: usize = 2 * 1024;

    /// The wait that an event starts; `None` if the step waits for a time only.
    pub(crate) fn of(waiting: &NodeWaiting, since: Timestamp) -> Option<Self> {
        Some(Self {
            wait_id: waiting.wait_id,
            step: waiting.step.clone(),
            kind: waiting.kind,
            request: waiting.request.clone(),
            call: waiting.call.clone(),
            message: Arc::clone(waiting.message.as_ref()?),
            message_truncated: false,
            schema: waiting.schema.clone(),
            expires_at: waiting.expires_at,
            since,
        })
    }

    /// Truncates the message, at a character boundary.
    fn truncated(mut self) -> Self {
        if self.message.len() > Self::MAX_MESSAGE_BYTES {
            self.message = beginning_of(&self.message, Self::MAX_MESSAGE_BYTES).into();
            self.message_truncated = true;
        }
        self
    }
}

/// Why an answer was not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignalError {
    /// The run has never had a wait for a person with this id.
    #[error("the run has no wait {0} that a person can answer")]
    NoSuchWait(WaitId),
    /// The wait was answered with a different payload.
    #[error("wait {0} was already answered with a different payload")]
    Answered(WaitId),
    /// The wait timed out.
    #[error("wait {0} has expired")]
    Expired(WaitId),
    /// The run, or the map, loop or called workflow of the step, ended before there was an answer.
    #[error("wait {0} is over: its run or container has ended")]
    Ended(WaitId),
    /// The payload does not match the schema of the wait, or is too large. The faults have the places.
    #[error("the answer does not match the schema of the wait")]
    Invalid(Vec<Fault>),
    /// The run cannot be resumed.
    #[error(transparent)]
    Resume(#[from] ResumeError),
}

/// The state of a wait.
#[derive(Clone, Debug)]
enum Wait {
    Open(Box<WaitReport>),
    Answered(Arc<Value>),
    Expired,
    Ended,
}

/// All waits for persons in a log. Ended ones are kept, so that a late answer gets a precise error. The message is
/// truncated, since a log may have many waits; the answer is kept whole, for the comparison with a repeated one.
#[derive(Clone, Debug, Default)]
pub(crate) struct WaitLog {
    waits: BTreeMap<WaitId, Wait>,
    /// The open wait of each step: events that end a wait name the step only.
    open: BTreeMap<StepPath, WaitId>,
}

impl WaitLog {
    pub(crate) fn of(log: &[StepEvent]) -> Self {
        let mut waits = Self::default();
        for event in log {
            waits.apply(event);
        }
        waits
    }

    /// Applies the next event.
    pub(crate) fn apply(&mut self, event: &StepEvent) {
        match &event.kind {
            EventKind::NodeWaiting(waiting) => self.begin(waiting, event.time),
            EventKind::NodeResumed(resumed) => {
                let answer = resumed.payload.clone().map(Wait::Answered);
                self.end(event, answer);
            }
            EventKind::NodeFailed(failed) => {
                let expired = (failed.error.code == "expired").then_some(Wait::Expired);
                self.end(event, expired);
            }
            EventKind::NodeCancelled(_) => self.end(event, None),
            _ => {}
        }
    }

    fn begin(&mut self, waiting: &NodeWaiting, since: Timestamp) {
        let Some(wait) = WaitReport::of(waiting, since) else {
            return;
        };
        let wait = wait.truncated();
        self.open
            .insert(waiting.step.path().clone(), waiting.wait_id);
        self.waits
            .insert(waiting.wait_id, Wait::Open(Box::new(wait)));
    }

    fn end(&mut self, event: &StepEvent, how: Option<Wait>) {
        let wait = event.step().and_then(|step| self.open.remove(step.path()));
        if let Some(wait) = wait {
            self.waits.insert(wait, how.unwrap_or(Wait::Ended));
        }
    }

    /// The open waits, in the order of their ids.
    pub(crate) fn open(&self) -> impl Iterator<Item = &WaitReport> {
        self.waits.values().filter_map(|wait| match wait {
            Wait::Open(wait) => Some(&**wait),
            _ => None,
        })
    }

    /// Validates an answer. Returns `true` if the wait is open, and `false` if this same answer is in the log already.
    ///
    /// # Errors
    /// If there is no such wait, it is over, or the payload does not match its schema.
    pub(crate) fn check(&self, wait: WaitId, payload: &Value) -> Result<bool, SignalError> {
        match self.waits.get(&wait) {
            None => Err(SignalError::NoSuchWait(wait)),
            Some(Wait::Expired) => Err(SignalError::Expired(wait)),
            Some(Wait::Ended) => Err(SignalError::Ended(wait)),
            Some(Wait::Answered(answer)) if **answer == *payload => Ok(false),
            Some(Wait::Answered(_)) => Err(SignalError::Answered(wait)),
            Some(Wait::Open(open)) => {
                check_payload(open, payload).map_err(SignalError::Invalid)?;
                Ok(true)
            }
        }
    }
}

/// The schema is compiled for each answer. Answers are rare, and the schema was checked with the workflow.
fn check_payload(wait: &WaitReport, payload: &Value) -> Result<(), Vec<Fault>> {
    if let Err(error) = size::check(payload, MAX_OUTPUT_BYTES) {
        let detail = error.to_string();
        return Err(vec![Fault::new(FaultCode::InvalidValue, "#", detail)]);
    }
    if let Some(schema) = &wait.schema {
        check_against(schema, payload, "#")?;
    }
    // By themselves: within the schema of the answer, the references in their schema would lead elsewhere.
    match (&wait.call, payload.get("args")) {
        (Some(call), Some(args)) => check_against(&call.input, args, "#/args"),
        _ => Ok(()),
    }
}

fn check_against(schema: &Value, value: &Value, at: &str) -> Result<(), Vec<Fault>> {
    ValueSchema::compile(schema, "#/schema")
        .map_err(|fault| vec![fault])?
        .check(value, at)
}
