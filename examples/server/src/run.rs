//! `workflow-server run FILE`.

use std::{
    collections::VecDeque,
    io::{self, IsTerminal, Write},
    path::Path,
    process::ExitCode,
};

use futures::StreamExt;
use serde_json::Value;
use tokio::{runtime::Runtime, sync::mpsc};
use workflow_core::{
    EngineError, EventKind, Fault, LocalEngine, NewRun, RunId, Runs, StepEvent, Update,
    executor::SignalError,
    value::{StepPath, StepRef, WaitId},
};

use crate::{
    cli::RunArgs,
    error::Stopped,
    file::{json_or_text, read_input, read_spec},
    library::{Library, store},
    model::Model,
    narrate::{narrate, printable},
    output::Output,
    registry::registry,
    signals::Signals,
    variables::Variables,
};

/// Runs a workflow to its end, in an engine of its own. People are asked on standard input.
pub(crate) fn run(args: &RunArgs, variables: Variables) -> Result<ExitCode, Stopped> {
    match Runtime::new()?.block_on(run_to_end(args, variables)) {
        // The reader of the output has gone, as `head` does: no failure, and nothing to report.
        Err(Stopped::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            Ok(ExitCode::from(CLOSED_PIPE))
        }
        ended => ended,
    }
}

/// The status of a program that a closed pipe ends, as a shell reports it: 128 and the number of SIGPIPE.
const CLOSED_PIPE: u8 = 141;

async fn run_to_end(args: &RunArgs, variables: Variables) -> Result<ExitCode, Stopped> {
    let spec = read_spec(&args.file)?;
    let library = Library::read(&args.library)?;
    let input = input(&args.input)?;
    let needs_model = {
        let mut specs = library.specs().chain([&spec]);
        specs.any(|spec| calls_the_model(&spec["nodes"]))
    };
    let model = if needs_model {
        Model::new(&args.nodes, &variables).await?
    } else {
        Model::uncalled()?
    };
    let registry = registry(model.client.clone(), &args.nodes, variables)?;
    let engine = LocalEngine::builder(registry).build();
    library.store(&engine).await?;
    let workflow = store(&engine, &args.file, spec).await?.id;
    let started = engine.start(NewRun::new(workflow, input)).await;
    let run = started.map_err(|error| Stopped::Refused(args.file.clone(), error))?;

    let mut signals = Signals::new()?;
    let mut session = Session::new(&engine, run.id, args.json)?;
    let ended = tokio::select! {
        ended = session.follow() => ended,
        () = signals.next() => match engine.cancel(run.id).await {
            Ok(_) => session.follow().await,
            Err(error) => Err(error.into()),
        }
    };
    session.stderr.flush();
    ended
}

/// Whether one of these nodes, or of those in them, calls the model: only then a key is needed.
fn calls_the_model(nodes: &Value) -> bool {
    let mut nodes = nodes.as_array().into_iter().flatten();
    nodes.any(|node| node["type"] == "LLMNode" || calls_the_model(&node["data"]["nodes"]))
}

/// JSON, or else a text; or one of them in a file.
fn input(written: &str) -> Result<Value, Stopped> {
    match written.strip_prefix('@') {
        Some(file) => read_input(Path::new(file)),
        None => json_or_text(written).map_err(|error| Stopped::Input(error.into_faults())),
    }
}

/// A run, and the person who watches it.
struct Session<'a> {
    engine: &'a LocalEngine,
    run: RunId,
    json: bool,
    /// The number of the last event that was told.
    told: u64,
    /// Standard error: progress, and what is asked.
    stderr: Output,
    /// The steps that wait for an answer, first come first served.
    asked: VecDeque<(StepPath, WaitId)>,
    answers: Option<mpsc::Receiver<String>>,
}

impl<'a> Session<'a> {
    fn new(engine: &'a LocalEngine, run: RunId, json: bool) -> io::Result<Self> {
        Ok(Self {
            engine,
            run,
            json,
            told: 0,
            stderr: Output::to(io::stderr())?,
            asked: VecDeque::new(),
            answers: None,
        })
    }

    /// Tells what happens, and passes answers on, until the run is over.
    async fn follow(&mut self) -> Result<ExitCode, Stopped> {
        let mut updates = self.engine.events(self.run, self.told).await?;
        loop {
            tokio::select! {
                biased;
                update = updates.next() => match update {
                    Some(update) => if let Some(code) = self.take(&update)? {
                        return Ok(code);
                    }
                    None => return Ok(ExitCode::FAILURE),
                },
                line = next_line(&mut self.answers), if !self.asked.is_empty() => {
                    self.answer(line).await?;
                }
            }
        }
    }

    /// Tells an update; the exit code when it was the last.
    fn take(&mut self, update: &Update) -> Result<Option<ExitCode>, Stopped> {
        if self.json {
            print_line(update)?;
        }
        let Update::Event(event) = update else {
            return Ok(None);
        };
        self.told = event.seq;
        if !self.json {
            // The run does not depend on a reader of its progress.
            narrate(&mut self.stderr, event).ok();
        }
        self.note(event);
        if let EventKind::RunCompleted(completed) = &event.kind
            && !self.json
        {
            // Both may be a terminal: what happened comes before the result.
            self.stderr.flush();
            print_result(&completed.output)?;
        }
        let code = match event.kind {
            EventKind::RunCompleted(_) => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        };
        Ok(event.is_terminal().then_some(code))
    }

    /// Notes who asks, and who does not any more.
    fn note(&mut self, event: &StepEvent) {
        match &event.kind {
            EventKind::NodeWaiting(waiting) if waiting.message.is_some() => {
                let step = waiting.step.path().clone();
                self.asked.push_back((step, waiting.wait_id));
            }
            EventKind::NodeResumed(_) | EventKind::NodeFailed(_) | EventKind::NodeCancelled(_) => {
                let over = event.step().map(StepRef::path);
                self.asked.retain(|(step, _)| Some(step) != over);
            }
            _ => {}
        }
    }

    /// Passes an answer on, JSON or else a text. Where there is none any more, nobody will ever
    /// answer, so the run is cancelled.
    async fn answer(&mut self, line: Option<String>) -> Result<(), Stopped> {
        let (Some(&(_, wait)), Some(line)) = (self.asked.front(), line) else {
            self.asked.clear();
            self.complain("Nobody answers: standard input has ended.");
            self.engine.cancel(self.run).await?;
            return Ok(());
        };
        let answer = match json_or_text(&line) {
            Ok(answer) => answer,
            Err(error) => {
                self.no_answer(&error.into_faults());
                return Ok(());
            }
        };
        match self.engine.answer(self.run, wait, answer).await {
            Ok(_) => {}
            Err(EngineError::Signal(SignalError::Invalid(faults))) => {
                self.no_answer(&faults);
                return Ok(());
            }
            Err(EngineError::Signal(too_late)) => self.complain(&too_late.to_string()),
            Err(error) => return Err(error.into()),
        }
        self.asked.pop_front();
        Ok(())
    }

    fn no_answer(&self, faults: &[Fault]) {
        for fault in faults {
            self.complain(&format!("That is no answer: {fault}"));
        }
    }

    /// Writes a line to standard error, if that is still read.
    fn complain(&self, line: &str) {
        self.stderr.push(format!("{line}\n").as_bytes());
    }
}

/// The next line of standard input, which is read by a thread of its own from the first time on: a
/// read cannot be given up.
async fn next_line(lines: &mut Option<mpsc::Receiver<String>>) -> Option<String> {
    let lines = lines.get_or_insert_with(|| {
        let (send, lines) = mpsc::channel(1);
        std::thread::spawn(move || {
            let mut read = io::stdin().lines().map_while(Result::ok);
            while read
                .next()
                .is_some_and(|line| send.blocking_send(line).is_ok())
            {}
        });
        lines
    });
    lines.recv().await
}

fn print_line(update: &Update) -> Result<(), Stopped> {
    let line = match update {
        Update::Event(event) => serde_json::to_string(event),
        Update::Delta(delta) => serde_json::to_string(delta),
        _ => return Ok(()),
    };
    let line = line.map_err(io::Error::from)?;
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

/// A text as it is, other JSON so that a person can read it.
fn print_result(output: &Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let text = match output.as_str() {
        Some(text) => text.to_owned(),
        None => format!("{output:#}"),
    };
    if out.is_terminal() {
        return writeln!(out, "{}", printable(&text));
    }
    writeln!(out, "{text}")
}
