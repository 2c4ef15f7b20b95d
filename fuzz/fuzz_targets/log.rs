//! The mutated log of a run with maps, loops, calls and human steps.
//!
//! Properties: the log is not read, or is refused, or the run is resumed; without a panic and in finite time. The
//! new events continue the numbers of the log, end or suspend the run, and can be replayed together with the
//! log.
#![no_main]

use std::sync::{Arc, LazyLock};

use fastrand::Rng;
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use serde_json::{Value, json};
use workflow_core::{EventKind, StepEvent, Workflow};
use workflow_fuzz::{json, run, samples};

static WORKFLOWS: LazyLock<[Arc<Workflow>; 2]> = LazyLock::new(|| {
    [samples::containers(), samples::people()].map(|spec| samples::workflow(&spec))
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    json::mutate(data, size, max_size, seed, fuzzer_mutate, repair)
});

/// Sometimes changes the order of events, and nearly always renumbers them: a log with a wrong number is refused
/// before anything else is checked.
fn repair(log: &mut Value, rng: &mut Rng) {
    let Some(events) = log.as_array_mut().filter(|events| events.len() > 1) else {
        return;
    };
    let (at, other) = (rng.usize(1..events.len()), rng.usize(1..events.len()));
    let both = events[at].is_object() && events[other].is_object();
    match rng.u8(..12) {
        0 => _ = events.remove(at),
        1 => events.insert(other, events[at].clone()),
        2 => events.swap(at, other),
        3 => events.truncate(at),
        4 => {
            let moved = events.remove(at);
            events.insert(other.min(events.len()), moved);
        }
        5 if both => events[at]["type"] = events[other]["type"].clone(),
        6 if both => {
            for key in ["node", "path"] {
                events[at][key] = events[other][key].clone();
            }
        }
        _ => {}
    }
    if rng.u8(..16) > 0 {
        for (index, event) in events
            .iter_mut()
            .enumerate()
            .filter(|(_, event)| event.is_object())
        {
            event["seq"] = json!(index + 1);
        }
    }
}

fuzz_target!(|data: &[u8]| run::on_small_stack(data, || check(data)));

fn check(data: &[u8]) {
    let Ok(log) = serde_json::from_slice::<Vec<StepEvent>>(data) else {
        return;
    };
    let created = log.first().and_then(|first| match &first.kind {
        EventKind::RunCreated(created) => Some(created),
        _ => None,
    });
    let own = WORKFLOWS
        .iter()
        .find(|own| created.is_some_and(|created| created.spec_hash == *own.hash()));
    let workflow = own.unwrap_or(&WORKFLOWS[0]);
    match run::executor().resume(Arc::clone(workflow), &log) {
        Err(refused) => assert!(!refused.to_string().is_empty()),
        Ok(_) => _ = run::block_on(resume(workflow, log)),
    }
}

async fn resume(workflow: &Arc<Workflow>, mut log: Vec<StepEvent>) -> Vec<StepEvent> {
    let run = run::executor()
        .resume(Arc::clone(workflow), &log)
        .expect("it was accepted before");
    let new = run::to_end(run).await;
    run::check(&log, &new);
    log.extend(new);
    run::answer_waits(workflow, log, &samples::answers()).await
}
