//! `workflow-server run FILE`: one run in an engine of its own, in memory, or on a server.

use std::{
    collections::VecDeque,
    io::{self, IsTerminal, Write},
    path::Path,
    process::ExitCode,
};

use futures::StreamExt;
use serde_json::Value;
use tokio::{runtime::Runtime, sync::mpsc};
use workflow_client::Update;
use workflow_core::{
    EventKind, Fault, LocalEngine, NewRun, RunId, Runs, StepEvent,
    value::{StepPath, StepRef, WaitId},
};

use crate::{
    approval,
    cli::RunArgs,
    error::CliError,
    file::{json_or_text, read_input, read_spec},
    host::{Answered, Host},
    library::{LISTS, Library, store},
    model::Model,
    output::Output,
    progress::{ProgressLines, preview, printable},
    recording::Recording,
    registry::registry,
    remote,
    signals::Signals,
    variables::Variables,
};

/// Runs a workflow to its end. Answers to steps that wait for a person are read from standard input.
pub(crate) fn run(args: &RunArgs, variables: Variables) -> Result<ExitCode, CliError> {
    match Runtime::new()?.block_on(run_to_end(args, variables)) {
        // The reader of the output has ended, as `head` does: not an error, and nothing to report.
        Err(CliError::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            Ok(ExitCode::from(CLOSED_PIPE))
        }
        ended => ended,
    }
}

/// The exit code of a program that SIGPIPE ends, as shells report it: 128 plus the number of the signal.
const CLOSED_PIPE: u8 = 141;

/// The exit code of a program that SIGINT ends.
const INTERRUPTED: u8 = 130;

async fn run_to_end(args: &RunArgs, variables: Variables) -> Result<ExitCode, CliError> {
    // Before the run: a file that cannot be written must not lose a run that was paid for.
    let recording = args.record.as_deref().map(Recording::to).transpose()?;
    let spec = read_spec(&args.file)?;
    let library = Library::read(&args.library, &args.file, &spec)?;
    let input = match &args.input {
        Some(argument) => input(argument)?,
        None => example(&spec)?,
    };
    if let Some(server) = &args.server {
        let run = remote::start(server, args, spec, library, input, &variables).await?;
        let session = Session::new(&run.client, run.id, args.json)?;
        if !args.json {
            session.report(&printable(&run.title));
        }
        let ended = session.run_to_end().await?;
        if let Some(recording) = recording {
            recording.write(run.client.recording_of(run.id)).await?;
        }
        return Ok(ended);
    }
    let needs_model = {
        let mut specs = library.specs().chain([&spec]);
        specs.any(|spec| LISTS.iter().any(|list| calls_the_model(&spec[list])))
    };
    let model = if needs_model {
        Model::new(&args.nodes, &variables)?
    } else {
        Model::unused()?
    };
    let registry = registry(model.models.clone(), &args.nodes, variables)?;
    let engine = LocalEngine::builder(registry).build();
    library.store(&engine).await?;
    let workflow = store(&engine, &args.file, spec).await?.id;
    let started = engine.start(NewRun::new(workflow, input)).await;
    let run = started.map_err(|error| CliError::Refused(args.file.clone(), error))?;
    let ended = Session::new(&engine, run.id, args.json)?
        .run_to_end()
        .await?;
    if let Some(recording) = recording {
        recording.write(engine.recording_of(run.id)).await?;
    }
    Ok(ended)
}

/// The node types that call a model.
const MODEL_TYPES: [&str; 2] = ["LLMNode", "AgentNode"];

/// Whether one of these nodes, or a node in their bodies or tools, calls a model: only then a key is required.
fn calls_the_model(nodes: &Value) -> bool {
    let mut nodes = nodes.as_array().into_iter().flatten();
    nodes.any(|node| {
        let data = &node["data"];
        let mut tools = data["tools"].as_array().into_iter().flatten();
        MODEL_TYPES.iter().any(|kind| node["type"] == *kind)
            || calls_the_model(&data["nodes"])
            || tools.any(|tool| calls_the_model(&tool["nodes"]))
    })
}

/// The input: JSON, or else a string; with `@`, from a file.
pub(crate) fn input(argument: &str) -> Result<Value, CliError> {
    match argument.strip_prefix('@') {
        Some(file) => read_input(Path::new(file)),
        None => json_or_text(argument).map_err(|error| CliError::Input(error.into_faults())),
    }
}

/// The first example of the workflow's input, and a line that says so; without an example, null.
pub(crate) fn example(spec: &Value) -> Result<Value, CliError> {
    let Some(example) = spec["input"]["examples"].get(0) else {
        return Ok(Value::Null);
    };
    let stderr = Output::to(io::stderr())?;
    let line = format!(
        "The input is the first example of the workflow: {}\n",
        preview(example)
    );
    stderr.push(printable(&line).as_bytes());
    stderr.flush();
    Ok(example.clone())
}

/// The connection between a run and the terminal.
struct Session<'a, H> {
    host: &'a H,
    run: RunId,
    json: bool,
    is_cancelled: bool,
    /// Standard error: progress and questions.
    stderr: Output,
    progress: ProgressLines,
    /// The steps that wait for an answer. A line of input answers the first one.
    waits: VecDeque<Wait>,
    /// Lines of standard input; `None` until the first question.
    lines: Option<mpsc::Receiver<String>>,
}

/// A step that waits for an answer.
struct Wait {
    step: StepPath,
    id: WaitId,
    /// Whether it is a call of a tool that a person decides on.
    is_approval: bool,
}

impl Wait {
    /// The answer in a line. The message says what is wrong with the line.
    fn read(&self, line: &str) -> Result<Value, Vec<String>> {
        if self.is_approval {
            return approval::decision(line).ok_or_else(|| vec![approval::FORMS.to_owned()]);
        }
        let answer = json_or_text(line);
        answer.map_err(|error| texts(&error.into_faults()))
    }
}

fn texts(faults: &[Fault]) -> Vec<String> {
    faults.iter().map(Fault::to_string).collect()
}

impl<'a, H: Host> Session<'a, H> {
    fn new(host: &'a H, run: RunId, json: bool) -> io::Result<Self> {
        Ok(Self {
            host,
            run,
            json,
            is_cancelled: false,
            stderr: Output::to(io::stderr())?,
            progress: ProgressLines::default(),
            waits: VecDeque::new(),
            lines: None,
        })
    }

    async fn run_to_end(mut self) -> Result<ExitCode, CliError> {
        let mut signals = Signals::new()?;
        let ended = self.follow(&mut signals).await;
        self.stderr.flush();
        ended
    }

    /// Prints events and passes answers to the run, until the run ends.
    async fn follow(&mut self, signals: &mut Signals) -> Result<ExitCode, CliError> {
        let mut updates = self.host.updates(self.run).await?;
        loop {
            tokio::select! {
                biased;
                () = signals.next() => if let Some(code) = self.interrupt(signals).await? {
                    return Ok(code);
                },
                update = updates.next() => match update {
                    Some(update) => if let Some(code) = self.handle(&update?)? {
                        return Ok(code);
                    }
                    None => return Ok(ExitCode::FAILURE),
                },
                line = next_line(&mut self.lines), if !self.waits.is_empty() => {
                    // A server may take its time to accept the answer.
                    let is_interrupted = tokio::select! {
                        answered = self.answer(line) => { answered?; false }
                        () = signals.next() => true,
                    };
                    if is_interrupted && let Some(code) = self.interrupt(signals).await? {
                        return Ok(code);
                    }
                }
            }
        }
    }

    /// Cancels the run, whose last event follows. The second signal ends the program, for a host that does not respond.
    async fn interrupt(&mut self, signals: &mut Signals) -> Result<Option<ExitCode>, CliError> {
        if self.is_cancelled {
            return Ok(Some(ExitCode::from(INTERRUPTED)));
        }
        self.is_cancelled = true;
        if !self.json {
            self.report("Cancelling the run; the next signal leaves it.");
        }
        tokio::select! {
            cancelled = self.host.cancel(self.run) => cancelled.map(|()| None),
            () = signals.next() => Ok(Some(ExitCode::from(INTERRUPTED))),
        }
    }

    /// Prints an update. Returns the exit code after the last one.
    fn handle(&mut self, update: &Update) -> Result<Option<ExitCode>, CliError> {
        if self.json {
            print_line(update)?;
        }
        let Update::Event(event) = update else {
            return Ok(None);
        };
        if !self.json {
            // A closed standard error must not fail the run.
            self.progress.write(&mut self.stderr, event).ok();
        }
        self.track_waits(event);
        if let EventKind::RunCompleted(completed) = &event.kind
            && !self.json
        {
            // Both may be the same terminal: progress comes before the result.
            self.stderr.flush();
            print_result(&completed.output)?;
        }
        let code = match event.kind {
            EventKind::RunCompleted(_) => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        };
        Ok(event.is_terminal().then_some(code))
    }

    /// Adds steps that begin to wait for an answer, and removes those that do not wait any more.
    fn track_waits(&mut self, event: &StepEvent) {
        match &event.kind {
            EventKind::NodeWaiting(waiting) if waiting.message.is_some() => {
                self.waits.push_back(Wait {
                    step: waiting.step.path().clone(),
                    id: waiting.wait_id,
                    is_approval: waiting.call.is_some(),
                });
            }
            EventKind::NodeResumed(_) | EventKind::NodeFailed(_) | EventKind::NodeCancelled(_) => {
                let ended = event.step().map(StepRef::path);
                self.waits.retain(|wait| Some(&wait.step) != ended);
            }
            _ => {}
        }
    }

    /// Passes a line to the first waiting step, as JSON or else as a string. At the end of input no answer can come any
    /// more, so the run is cancelled.
    async fn answer(&mut self, line: Option<String>) -> Result<(), CliError> {
        let (Some(wait), Some(line)) = (self.waits.front(), line) else {
            self.waits.clear();
            self.report("Cancelled: standard input ended before the step was answered.");
            return self.host.cancel(self.run).await;
        };
        let answer = match wait.read(&line) {
            Ok(answer) => answer,
            Err(faults) => {
                self.report_invalid(&faults);
                return Ok(());
            }
        };
        match self.host.answer(self.run, wait.id, answer).await? {
            Answered::Accepted => {}
            Answered::Invalid(faults) => {
                self.report_invalid(&texts(&faults));
                return Ok(());
            }
            Answered::TooLate(reason) => self.report(&reason),
        }
        self.waits.pop_front();
        if let Some(next) = self.waits.front() {
            self.report(&format!("The next line answers {}.", next.step.as_str()));
        }
        Ok(())
    }

    fn report_invalid(&self, faults: &[String]) {
        for fault in faults {
            self.report(&format!("Invalid answer: {fault}"));
        }
    }

    /// Writes a line to standard error. It is dropped if standard error is not read.
    fn report(&self, line: &str) {
        self.stderr.push(format!("{line}\n").as_bytes());
    }
}

/// The next line of standard input. A thread reads it, since a blocking read cannot be cancelled; the thread starts
/// with the first question, so that runs without questions leave standard input to others.
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

fn print_line(update: &Update) -> Result<(), CliError> {
    let line = match update {
        Update::Event(event) => serde_json::to_string(event),
        Update::Delta(delta) => serde_json::to_string(delta),
        Update::Other(other) => serde_json::to_string(&other.json),
        _ => return Ok(()),
    };
    let line = line.map_err(io::Error::from)?;
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

/// Prints a string as it is, and other JSON indented.
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
