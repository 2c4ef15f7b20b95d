//! `workflow-server run FILE`.

use std::{
    collections::VecDeque,
    fs,
    io::{self, IsTerminal, Write},
    path::Path,
    process::ExitCode,
};

use futures::StreamExt;
use serde_json::Value;
use tokio::{runtime::Runtime, sync::mpsc};
use workflow_core::{
    Engine, EngineError, EventKind, LocalEngine, NewRun, RunId, SignalError, StepEvent, StepPath,
    StepRef, Update, WaitId, WorkflowId,
};

use crate::{
    cli::RunArgs,
    error::Stopped,
    file::read_json,
    model::Model,
    narrate::{narrate, printable},
    registry::registry,
    signals::Signals,
    variables::Variables,
};

/// Runs a workflow to its end, in an engine of its own. People are asked on standard input.
pub(crate) fn run(args: &RunArgs) -> Result<ExitCode, Stopped> {
    let variables = Variables::read(args.files.env_file.as_deref())?;
    Runtime::new()?.block_on(run_to_end(args, variables))
}

async fn run_to_end(args: &RunArgs, variables: Variables) -> Result<ExitCode, Stopped> {
    let spec = read_json(&args.file)?;
    let input = input(&args.input)?;
    let model = Model::new(&args.nodes, &variables).await?;
    let registry = registry(model.client.clone(), &args.nodes, variables)?;
    let engine = LocalEngine::builder(registry).build();
    for file in &args.library {
        create(&engine, file, read_json(file)?).await?;
    }
    let workflow = create(&engine, &args.file, spec).await?;
    let started = engine.start(NewRun::new(workflow, input)).await;
    let run = started.map_err(|error| Stopped::Refused(args.file.clone(), error))?;

    let mut signals = Signals::new()?;
    let mut session = Session::new(&engine, run.id, args.json);
    tokio::select! {
        ended = session.follow() => return ended,
        () = signals.next() => {}
    }
    engine.cancel(run.id).await?;
    session.follow().await
}

async fn create(engine: &LocalEngine, file: &Path, spec: Value) -> Result<WorkflowId, Stopped> {
    let created = engine.create_workflow(spec).await;
    let created = created.map_err(|error| Stopped::Refused(file.to_owned(), error))?;
    Ok(created.record.id)
}

/// JSON, or else a text; or one of them in a file.
fn input(written: &str) -> Result<Value, Stopped> {
    let Some(file) = written.strip_prefix('@') else {
        return Ok(json_or_text(written));
    };
    let text = fs::read_to_string(file).map_err(|error| Stopped::File(file.into(), error))?;
    Ok(json_or_text(&text))
}

fn json_or_text(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

/// A run, and the person who watches it.
struct Session<'a> {
    engine: &'a LocalEngine,
    run: RunId,
    json: bool,
    /// The number of the last event that was told.
    told: u64,
    /// The steps that wait for an answer, first come first served.
    asked: VecDeque<(StepPath, WaitId)>,
    answers: Option<mpsc::Receiver<String>>,
}

impl<'a> Session<'a> {
    fn new(engine: &'a LocalEngine, run: RunId, json: bool) -> Self {
        Self {
            engine,
            run,
            json,
            told: 0,
            asked: VecDeque::new(),
            answers: None,
        }
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
            narrate(&mut io::stderr().lock(), event)?;
        }
        self.note(event);
        if let EventKind::RunCompleted(completed) = &event.kind
            && !self.json
        {
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
            eprintln!("Nobody answers: standard input has ended.");
            self.engine.cancel(self.run).await?;
            return Ok(());
        };
        match self
            .engine
            .signal(self.run, wait, json_or_text(&line))
            .await
        {
            Ok(_) => {}
            Err(EngineError::Signal(SignalError::Invalid(faults))) => {
                for fault in faults {
                    eprintln!("That is no answer: {fault}");
                }
                return Ok(());
            }
            Err(EngineError::Signal(too_late)) => eprintln!("{too_late}"),
            Err(error) => return Err(error.into()),
        }
        self.asked.pop_front();
        Ok(())
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
