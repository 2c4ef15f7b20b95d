//! `workflow-server check FILE`: what a run would do, and what it would cost.

use std::{
    collections::BTreeSet,
    io::{self, Write},
    process::ExitCode,
};

use serde_json::Value;
use tokio::runtime::Runtime;
use workflow_core::{
    LocalEngine, NewRun, Runs,
    node::Effects,
    view::{PredictedCost, PredictedStatus, PredictedStep, Prediction},
};

use crate::{
    cli::CheckArgs,
    error::CliError,
    file::read_spec,
    library::{Library, store},
    model::Model,
    progress::{preview, printable},
    registry::registry,
    run::{example, input},
    variables::Variables,
};

/// Prints what a run of this workflow with this input would do. Nothing is sent, so no key is needed.
pub(crate) fn check(args: &CheckArgs, variables: &Variables) -> Result<ExitCode, CliError> {
    let prediction = Runtime::new()?.block_on(predict(args, variables))?;
    let mut out = io::stdout().lock();
    if args.json {
        let json = serde_json::to_string(&prediction).map_err(io::Error::from)?;
        writeln!(out, "{json}")?;
    } else {
        print(&mut out, &prediction)?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn predict(args: &CheckArgs, variables: &Variables) -> Result<Prediction, CliError> {
    let spec = read_spec(&args.file)?;
    let library = Library::read(&args.library, &args.file, &spec)?;
    let input = match &args.input {
        Some(argument) => input(argument)?,
        None => example(&spec)?,
    };
    let models = Model::planning(&args.nodes, variables)?;
    let registry = registry(models, &args.nodes, variables.clone())?;
    let engine = LocalEngine::builder(registry).build();
    library.store(&engine).await?;
    let workflow = store(&engine, &args.file, spec).await?.id;
    let predicted = engine.predict(NewRun::new(workflow, input)).await;
    predicted.map_err(|error| CliError::Refused(args.file.clone(), error))
}

fn print(out: &mut impl Write, prediction: &Prediction) -> io::Result<()> {
    for step in &prediction.steps {
        let line = format!(
            "{:<24} {:<14} {}",
            step.step.path().as_str(),
            step.kind,
            will(step)
        );
        writeln!(out, "{}", printable(line.trim_end()))?;
    }
    if prediction.steps_omitted {
        writeln!(
            out,
            "and more: only the first {} steps are listed",
            Prediction::MAX_STEPS
        )?;
    }
    writeln!(out)?;
    let attempted = || prediction.steps.iter().filter(|step| is_attempted(step));
    list(out, "models", attempted().filter_map(model))?;
    list(out, "hosts", attempted().filter_map(host))?;
    let asking = prediction
        .steps
        .iter()
        .filter(|step| step.status == PredictedStatus::Asks);
    list(out, "asks a person", asking.map(path))?;
    list(
        out,
        "acts",
        attempted()
            .filter(|step| step.effects == Some(Effects::Acts))
            .map(path),
    )?;
    list(
        out,
        "may act",
        attempted()
            .filter(|step| step.effects == Some(Effects::Unknown))
            .map(path),
    )?;
    let unknown = prediction
        .steps
        .iter()
        .filter(|step| step.status == PredictedStatus::Unknown);
    list(out, "not known before the run", unknown.map(path))?;
    print_cost(out, &prediction.cost)
}

/// What will happen to a step, in words.
fn will(step: &PredictedStep) -> String {
    let status = serde_json::to_value(step.status).unwrap_or_default();
    let status = status.as_str().unwrap_or_default();
    let more = step.reason.clone().or_else(|| match step.status {
        PredictedStatus::Asks => step.request.as_deref().map(preview),
        _ => step
            .request
            .as_ref()
            .map(|_| [model(step), host(step)].into_iter().flatten().collect()),
    });
    match more.filter(|more| !more.is_empty()) {
        Some(more) => format!("{status}: {more}"),
        None => status.to_owned(),
    }
}

fn is_attempted(step: &PredictedStep) -> bool {
    matches!(step.status, PredictedStatus::Runs | PredictedStatus::Held)
}

fn path(step: &PredictedStep) -> String {
    step.step.path().as_str().to_owned()
}

/// The model that a step calls, as its request names it.
fn model(step: &PredictedStep) -> Option<String> {
    step.request.as_ref()?["model"].as_str().map(str::to_owned)
}

/// The host that a step calls. Of an address that is a secret, its name.
fn host(step: &PredictedStep) -> Option<String> {
    let url = &step.request.as_ref()?["url"];
    if let Value::String(secret) = &url["$secret"] {
        return Some(format!("the secret {secret}"));
    }
    let url = reqwest::Url::parse(url.as_str()?).ok()?;
    url.host_str().map(str::to_owned)
}

/// A line with what there is, each once and sorted.
fn list(out: &mut impl Write, name: &str, items: impl Iterator<Item = String>) -> io::Result<()> {
    let items: BTreeSet<String> = items.collect();
    if items.is_empty() {
        return Ok(());
    }
    let items: Vec<String> = items.into_iter().collect();
    writeln!(
        out,
        "{}",
        printable(&format!("{name}: {}", items.join(", ")))
    )
}

fn print_cost(out: &mut impl Write, cost: &PredictedCost) -> io::Result<()> {
    if let Some(most) = cost.max {
        return writeln!(out, "cost: at most ${most}");
    }
    writeln!(out, "cost: no bound:")?;
    let mut reasons = cost.unbounded.iter();
    reasons.try_for_each(|reason| writeln!(out, "  {}", printable(reason)))
}
