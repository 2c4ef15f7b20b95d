//! What executes the run of the command line: the engine of this process, or a server.

use std::io;

use futures::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use serde_json::Value;
use workflow_client::{Client, Update};
use workflow_core::{
    EngineError, Fault, LocalEngine, RunId, Runs, StepEvent, Update as EngineUpdate,
    executor::SignalError, value::WaitId,
};

use crate::error::CliError;

/// The updates of a run.
pub(crate) type Updates = BoxStream<'static, Result<Update, CliError>>;

/// The lines of a recording, without their line breaks.
pub(crate) type Lines<'a> = BoxStream<'a, Result<String, CliError>>;

/// Events of a recording that are in memory at once.
const READ_BATCH: usize = 8;

/// What became of an answer.
pub(crate) enum Answered {
    Accepted,
    /// It does not match the schema of the step, which still waits.
    Invalid(Vec<Fault>),
    /// The step does not wait any more.
    TooLate(String),
}

/// Executes runs.
pub(crate) trait Host {
    /// The updates of a run, from its first event to its last.
    async fn updates(&self, run: RunId) -> Result<Updates, CliError>;

    /// Answers a step that waits for a person.
    async fn answer(&self, run: RunId, wait: WaitId, answer: Value) -> Result<Answered, CliError>;

    /// Cancels a run; its last event follows.
    async fn cancel(&self, run: RunId) -> Result<(), CliError>;

    /// The log of a run as it is now, with what streams omit.
    fn recording_of(&self, run: RunId) -> Lines<'_>;
}

impl Host for LocalEngine {
    async fn updates(&self, run: RunId) -> Result<Updates, CliError> {
        let updates = self.events(run, 0).await?;
        let known = updates.filter_map(async |update| match update {
            EngineUpdate::Event(event) => Some(Ok(Update::Event(event))),
            EngineUpdate::Delta(delta) => Some(Ok(Update::Delta(delta))),
            _ => None,
        });
        Ok(known.boxed())
    }

    async fn answer(&self, run: RunId, wait: WaitId, answer: Value) -> Result<Answered, CliError> {
        match Runs::answer(self, run, wait, answer).await {
            Ok(_) => Ok(Answered::Accepted),
            Err(EngineError::Signal(SignalError::Invalid(faults))) => Ok(Answered::Invalid(faults)),
            Err(EngineError::Signal(too_late)) => Ok(Answered::TooLate(too_late.to_string())),
            Err(error) => Err(error.into()),
        }
    }

    async fn cancel(&self, run: RunId) -> Result<(), CliError> {
        Runs::cancel(self, run).await?;
        Ok(())
    }

    fn recording_of(&self, run: RunId) -> Lines<'_> {
        let batches = stream::try_unfold(0, move |after| async move {
            let events = self.read_events(run, after, READ_BATCH).await?;
            let last = events.last().map(|event| event.seq);
            Ok::<_, CliError>(last.map(|last| (events, last)))
        });
        let events = batches.map_ok(|events| stream::iter(events).map(Ok));
        let lines = events
            .try_flatten()
            .map(|event: Result<StepEvent, CliError>| {
                let line = serde_json::to_string(&event?).map_err(io::Error::from)?;
                Ok(line)
            });
        lines.boxed()
    }
}

impl Host for Client {
    async fn updates(&self, run: RunId) -> Result<Updates, CliError> {
        let updates = self.follow(run);
        Ok(updates.map(|update| Ok(update?)).boxed())
    }

    async fn answer(&self, run: RunId, wait: WaitId, answer: Value) -> Result<Answered, CliError> {
        let Err(error) = self.answer_wait(run, wait, &answer).await else {
            return Ok(Answered::Accepted);
        };
        match error.code() {
            "invalid_answer" => Ok(Answered::Invalid(error.faults().to_vec())),
            "wait_answered" | "wait_ended" | "wait_expired" | "unknown_wait" => {
                Ok(Answered::TooLate(error.problem().detail.clone()))
            }
            _ => Err(error.into()),
        }
    }

    async fn cancel(&self, run: RunId) -> Result<(), CliError> {
        Client::cancel(self, run).await?;
        Ok(())
    }

    fn recording_of(&self, run: RunId) -> Lines<'_> {
        self.recording(run).map(|line| Ok(line?)).boxed()
    }
}
