//! What is stored is read back as it was.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::sample::{SampleRun, completed, done, every_kind, log, started, steps, workflow};
use crate::{
    record::WorkflowRecord,
    store::Store,
    value::{MAX_OUTPUT_BYTES, MAX_RESULT_BYTES, MAX_SPEC_DEPTH},
};

/// The value comes back from each place where a run or a workflow has one.
async fn assert_kept(store: &dyn Store, value: Value) {
    let kept = Arc::new(value);
    let workflow = WorkflowRecord::new(None, Arc::clone(&kept));
    store.create_workflow(workflow.clone()).await.unwrap();
    let stored = store.workflow(workflow.id, None).await.unwrap().unwrap();
    assert!(stored == workflow, "the specification is another");
    assert_eq!(stored.spec.to_string(), kept.to_string());

    let mut run = SampleRun::stored_of(store, &workflow, kept.as_ref().clone()).await;
    run.append(store, [completed(kept.as_ref().clone())]).await;
    run.assert_stored(store).await;
    let written = serde_json::to_string(&run.log).unwrap();
    let log = log(store, run.id()).await;
    // Equality of objects says nothing of the order of their keys.
    assert!(
        serde_json::to_string(&log).unwrap() == written,
        "it is written another way"
    );
}

pub async fn every_kind_of_event_is_kept(store: &dyn Store) {
    let mut run = SampleRun::stored(store).await;
    for kind in every_kind() {
        run.append(store, [kind]).await;
    }
    run.assert_stored(store).await;
    let mut at_once = SampleRun::stored(store).await;
    at_once.append(store, every_kind()).await;
    at_once.assert_stored(store).await;
}

pub async fn every_field_of_a_record_is_kept(store: &dyn Store) {
    let mut run = SampleRun::of(&workflow("named"), json!({"question": "why?"}));
    run.record.retry_of = Some(SampleRun::stored(store).await.id());
    run.create(store, None).await.unwrap();
    for kind in [started(), super::sample::suspended(), done("x".into())] {
        run.append(store, [kind]).await;
        run.assert_stored(store).await;
    }
}

pub async fn a_run_of_a_workflow_without_a_name_is_kept(store: &dyn Store) {
    let nameless = WorkflowRecord::new(None, Arc::new(json!({"nodes": []})));
    let run = SampleRun::stored_of(store, &nameless, Value::Null).await;
    run.assert_stored(store).await;
}

pub async fn the_largest_output_is_kept(store: &dyn Store) {
    assert_kept(store, "x".repeat(MAX_OUTPUT_BYTES - 2).into()).await;
}

pub async fn the_largest_result_is_kept(store: &dyn Store) {
    let mut run = SampleRun::stored(store).await;
    run.append(store, [done("y".repeat(MAX_RESULT_BYTES - 2).into())])
        .await;
    run.assert_stored(store).await;
}

pub async fn a_thousand_events_at_once_are_kept(store: &dyn Store) {
    let mut run = SampleRun::stored(store).await;
    run.append(store, steps(1_000)).await;
    run.append(store, steps(1_001)).await;
    run.assert_stored(store).await;
}

pub async fn the_deepest_value_is_kept(store: &dyn Store) {
    let arrays = (1..MAX_SPEC_DEPTH).fold(json!([]), |inner, _| json!([inner]));
    assert_kept(store, arrays).await;
    let objects = (1..MAX_SPEC_DEPTH).fold(json!({}), |inner, _| json!({"in": inner}));
    assert_kept(store, objects).await;
}

pub async fn whole_numbers_are_kept(store: &dyn Store) {
    let edges = json!([u64::MAX, i64::MAX, i64::MIN, 0, -1, (1_u64 << 53) + 1]);
    assert_kept(store, edges).await;
}

pub async fn fractions_are_kept(store: &dyn Store) {
    let edges = json!([
        0.1,
        0.1 + 0.2,
        1e308,
        f64::MAX,
        f64::MIN_POSITIVE,
        5e-324,
        -0.0,
        1.0,
        1e16,
        51.248_178_375_505_404,
        122.416_294_033_786_59,
        1.0 / 3.0,
    ]);
    assert_kept(store, edges).await;
}

pub async fn keys_keep_their_order(store: &dyn Store) {
    let value = json!({"z": 1, "a": {"y": 2, "b": 3}, "10": 4, "9": 5, "": 6});
    assert_kept(store, value).await;
}

pub async fn keys_that_look_like_ours_are_kept(store: &dyn Store) {
    let value = json!({"type": "run.failed", "seq": 9, "run_id": null, "time": "now"});
    assert_kept(store, value).await;
}

pub async fn any_text_is_kept(store: &dyn Store) {
    let texts = [
        "",
        "\0",
        "before\0after",
        "'; DROP TABLE run; --",
        "\"\\\u{8}\u{c}\n\r\t\u{1f}\u{7f}",
        "\u{feff}zażółć gęślą jaźń",
        "e\u{301} \u{e9}",
        "👩‍👩‍👧‍👦 \u{10ffff} \u{ffff} \u{202e}",
        "?1 :name @p $1 %s {}",
    ];
    let as_keys: Map<String, Value> = texts
        .iter()
        .map(|&text| (text.into(), text.into()))
        .collect();
    assert_kept(store, json!([texts, as_keys])).await;
}

pub async fn empty_values_are_kept(store: &dyn Store) {
    for value in [json!(null), json!({}), json!([]), json!(""), json!(false)] {
        assert_kept(store, value).await;
    }
}
