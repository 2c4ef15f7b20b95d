//! A specification, as bytes and as mutated JSON.
//!
//! Properties: validation ends soon and without a panic. A refusal has 1 to 100 faults, each with a place in the
//! document. An accepted workflow is accepted in any layout of its JSON, with the same hash and warnings. Its
//! runs end or are suspended, without an internal error.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use serde_json::Value;
use workflow_core::Workflow;
use workflow_fuzz::{faults, json, nodes::REGISTRY, run, samples};

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    json::mutate(data, size, max_size, seed, fuzzer_mutate, |_, _| {})
});

fuzz_target!(|data: &[u8]| run::on_small_stack(data, || check(data)));

fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let alone = Workflow::from_json(text, &REGISTRY);
    let document: Option<Value> = serde_json::from_str(text).ok();
    if let Err(refused) = &alone {
        faults::check(refused, document.as_ref());
    }
    let Some(document) = document else { return };
    let workflow = match Workflow::with_library(&document, &REGISTRY, &samples::LIBRARY) {
        Ok(workflow) => workflow,
        Err(refused) => return faults::check(&refused, Some(&document)),
    };
    if let Ok(alone) = alone {
        assert_eq!(alone.hash(), workflow.hash());
    }
    check_again(&document, &workflow);
    run::block_on(run::run(
        &Arc::new(workflow),
        samples::rich_input(),
        &samples::answers(),
    ));
}

fn check_again(document: &Value, workflow: &Workflow) {
    let mut sorted = document.clone();
    sorted.sort_all_objects();
    let texts = [document.to_string(), format!("{sorted:#}")];
    for text in texts {
        let document = serde_json::from_str(&text).expect("its own text is JSON");
        let again = Workflow::with_library(&document, &REGISTRY, &samples::LIBRARY)
            .expect("it is accepted again");
        assert_eq!(again.hash(), workflow.hash());
        assert_eq!(again.warnings(), workflow.warnings());
        assert_eq!(again.nodes(), workflow.nodes());
    }
}
