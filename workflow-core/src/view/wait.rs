//! The waits of a run, as its log tells them, and what a person may answer.

use std::{collections::BTreeMap, sync::Arc};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{
    error::{Fault, FaultCode},
    event::{EventKind, NodeWaiting, ResumeError, StepEvent},
    value::{MAX_OUTPUT_BYTES, StepPath, StepRef, Timestamp, ValueSchema, WaitId, size},
};

/// A step that waits for a person.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct WaitReport {
    /// Names the wait.
    pub wait_id: WaitId,
    /// Which step.
    #[serde(flatten)]
    pub step: StepRef,
    /// What the person is asked; in the report of a run, at most [`MAX_MESSAGE_BYTES`](Self::MAX_MESSAGE_BYTES) of it.
    pub message: Arc<str>,
    /// Whether the message is cut off. The history of the step has it whole.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub message_truncated: bool,
    /// JSON Schema of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<Arc<Value>>,
    /// When the step fails, should nobody have answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Since when it waits.
    pub since: Timestamp,
}

impl WaitReport {
    /// The most bytes of a message in the report of a run: 2 KiB. There may be many waits in one report.
    pub const MAX_MESSAGE_BYTES: usize = 2 * 1024;

    /// The wait that an event begins, if a person is asked.
    pub(crate) fn of(waiting: &NodeWaiting, since: Timestamp) -> Option<Self> {
        Some(Self {
            wait_id: waiting.wait_id,
            step: waiting.step.clone(),
            message: Arc::clone(waiting.message.as_ref()?),
            message_truncated: false,
            schema: waiting.schema.clone(),
            expires_at: waiting.expires_at,
            since,
        })
    }

    /// The same with as much of its message as a report of a run has.
    fn truncated(mut self) -> Self {
        if self.message.len() > Self::MAX_MESSAGE_BYTES {
            let mut end = Self::MAX_MESSAGE_BYTES;
            while !self.message.is_char_boundary(end) {
                end -= 1;
            }
            self.message = self.message[..end].into();
            self.message_truncated = true;
        }
        self
    }
}

/// Why an answer was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignalError {
    /// No person was ever asked under this id.
    #[error("the run has no wait {0} that a person can answer")]
    NoSuchWait(WaitId),
    /// It was answered, with something else.
    #[error("wait {0} was answered already, with something else")]
    Answered(WaitId),
    /// Nobody answered in time.
    #[error("wait {0} has expired")]
    Expired(WaitId),
    /// The run, or what the step belongs to, ended before there was an answer.
    #[error("wait {0} is over: what it belongs to has ended")]
    Ended(WaitId),
    /// The answer does not fit the schema; the faults tell where.
    #[error("the answer does not fit the schema of the wait")]
    Invalid(Vec<Fault>),
    /// The run cannot be resumed.
    #[error(transparent)]
    Resume(#[from] ResumeError),
}

/// How far a wait is.
#[derive(Clone, Debug)]
enum Wait {
    Open(Box<WaitReport>),
    Answered(Arc<Value>),
    Expired,
    Ended,
}

/// Every wait for a person that a log tells of.
#[derive(Clone, Debug, Default)]
pub(crate) struct WaitLog {
    waits: BTreeMap<WaitId, Wait>,
    /// The steps that wait.
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

    /// Takes in the next event.
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

    /// Those that are open.
    pub(crate) fn open(&self) -> impl Iterator<Item = &WaitReport> {
        self.waits.values().filter_map(|wait| match wait {
            Wait::Open(wait) => Some(&**wait),
            _ => None,
        })
    }

    /// Whether this can be the answer to a wait: `true` when it is still open, `false` when just this
    /// was answered already.
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

fn check_payload(wait: &WaitReport, payload: &Value) -> Result<(), Vec<Fault>> {
    if let Err(error) = size::check(payload, MAX_OUTPUT_BYTES) {
        let detail = error.to_string();
        return Err(vec![Fault::new(FaultCode::InvalidValue, "#", detail)]);
    }
    match &wait.schema {
        None => Ok(()),
        Some(schema) => ValueSchema::compile(schema, "#/schema")
            .map_err(|fault| vec![fault])?
            .check(payload, "#"),
    }
}
