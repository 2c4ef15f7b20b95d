//! The recording of a run, read from its lines.

use std::io::{self, BufRead, Read as _};

use crate::{
    event::{EventKind, RunCreated, StepEvent},
    value::RunId,
};

/// The most bytes of one line. The first one can have 16 MiB each of results to reuse by path and by content.
const MAX_LINE_BYTES: u64 = 64 * 1024 * 1024;

/// A recorded run: the events of its log, one JSON object per line, with what only the log has.
///
/// `GET /api/runs/{id}/events` with `Accept: application/x-ndjson` returns it, `workflow-server run FILE --record OUT` writes it, and
/// the lines of [`StepEvent`]s from [`read_events`](crate::Runs::read_events) are one, too.
///
/// A recording that ends before its run did is usable up to its end; see [`is_cut`](Self::is_cut).
#[derive(Clone, Debug)]
pub struct Recording {
    run: RunId,
    created: Box<RunCreated>,
    events: Vec<StepEvent>,
    is_cut: bool,
}

/// Why a file is not a recording.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// The file cannot be read.
    #[error("the recording cannot be read")]
    Io(#[from] io::Error),
    /// A line is too large.
    #[error("line {0} has more than 64 MiB")]
    TooLarge(usize),
    /// A line is not an event of this version.
    #[error("line {0} is not an event of a run")]
    NotAnEvent(usize, #[source] serde_json::Error),
    /// The first event is not `run.created`, for example because the file is empty.
    #[error("a recording begins with `run.created`, and this one does not")]
    NoBeginning,
    /// An event is missing, is there twice, or belongs to another run.
    #[error("line {0} is not the next event of the run")]
    NotInOrder(usize),
    /// This version cannot read the format of the log.
    #[error("the log has format {0}, which this version cannot read")]
    OtherFormat(u32),
}

impl Recording {
    /// Reads a recording to its end. A last line without its line break that is no event was cut off, and is ignored.
    ///
    /// # Errors
    /// [`RecordingError`].
    pub fn read(mut file: impl BufRead) -> Result<Self, RecordingError> {
        let (mut events, mut line) = (Vec::new(), Vec::new());
        let mut was_broken_off = false;
        for number in 1.. {
            line.clear();
            // One byte more, to see whether there is more.
            let mut rest = file.by_ref().take(MAX_LINE_BYTES + 1);
            if rest.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            if line.len() as u64 > MAX_LINE_BYTES {
                return Err(RecordingError::TooLarge(number));
            }
            match serde_json::from_slice::<StepEvent>(&line) {
                Ok(event) => events.push(event),
                Err(_) if line.iter().all(u8::is_ascii_whitespace) => {}
                Err(_) if !line.ends_with(b"\n") && !events.is_empty() => was_broken_off = true,
                Err(error) => return Err(RecordingError::NotAnEvent(number, error)),
            }
        }
        Self::of(events, was_broken_off)
    }

    /// The recording of a run with these events.
    ///
    /// # Errors
    /// [`RecordingError`].
    pub fn of_events(events: Vec<StepEvent>) -> Result<Self, RecordingError> {
        Self::of(events, false)
    }

    fn of(events: Vec<StepEvent>, was_broken_off: bool) -> Result<Self, RecordingError> {
        let Some(first) = events.first() else {
            return Err(RecordingError::NoBeginning);
        };
        let EventKind::RunCreated(created) = &first.kind else {
            return Err(RecordingError::NoBeginning);
        };
        let (run, created) = (first.run_id, created.clone());
        if created.check_format().is_err() {
            return Err(RecordingError::OtherFormat(created.log_format));
        }
        let is_out_of_order = |(number, event): &(usize, &StepEvent)| {
            event.seq != *number as u64 || event.run_id != run
        };
        if let Some((number, _)) = (1..).zip(&events).find(is_out_of_order) {
            return Err(RecordingError::NotInOrder(number));
        }
        let has_ended = events.last().is_some_and(StepEvent::is_terminal);
        Ok(Self {
            run,
            created,
            is_cut: was_broken_off || !has_ended,
            events,
        })
    }

    /// Its events, in order.
    pub fn events(&self) -> &[StepEvent] {
        &self.events
    }

    /// Whether it ends before its run did: its last event is not a terminal one, or its last line is not whole.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// The recorded run.
    pub fn run(&self) -> RunId {
        self.run
    }

    /// The body of its first event.
    pub(super) fn created(&self) -> &RunCreated {
        &self.created
    }
}
