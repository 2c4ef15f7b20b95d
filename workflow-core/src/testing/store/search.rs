//! Runs found by their text.

use serde_json::json;

use super::{
    lists::ids,
    sample::{SampleRun, stored_workflow, workflow},
};
use crate::{record::RunQuery, store::Store, value::RunId};

async fn found(store: &dyn Store, text: &str) -> Vec<RunId> {
    let query = RunQuery {
        text: Some(text.to_owned()),
        ..RunQuery::default()
    };
    ids(store, query).await
}

async fn with_input(store: &dyn Store, input: &str) -> RunId {
    let run = SampleRun::stored_of(store, &workflow("w"), input.into()).await;
    run.id()
}

pub async fn text_is_found_in_id_name_and_input(store: &dyn Store) {
    let named = stored_workflow(store, "Support tickets").await;
    let by_name = SampleRun::stored_of(store, &named, "x".into()).await.id();
    let by_input = SampleRun::stored_of(store, &workflow("w"), json!({"topic": "Tides"}))
        .await
        .id();
    assert_eq!(found(store, "port tick").await, [by_name]);
    assert_eq!(found(store, "{\"topic\":\"tides\"}").await, [by_input]);
    assert_eq!(found(store, &by_name.to_string()).await, [by_name]);
    assert_eq!(found(store, &by_name.to_string()[30..]).await, [by_name]);
    assert_eq!(found(store, "nowhere").await, []);
}

pub async fn text_is_found_in_upper_and_lower_case(store: &dyn Store) {
    let run = with_input(store, "Quantum Computing").await;
    for text in [
        "quantum",
        "QUANTUM",
        "m cOMP",
        &run.to_string().to_uppercase(),
    ] {
        assert_eq!(found(store, text).await, [run], "{text}");
    }
}

pub async fn text_is_found_in_any_alphabet(store: &dyn Store) {
    let run = with_input(store, "Żółć, ПРИВЕТ, ὈΔΥΣΣΕΎΣ, 水").await;
    for text in ["żółć", "ŻÓŁĆ", "привет", "Привет", "ὀδυσσεύς", "水"]
    {
        assert_eq!(found(store, text).await, [run], "{text}");
    }
    assert_eq!(found(store, "zolc").await, []);
}

pub async fn no_character_of_a_text_is_a_wildcard(store: &dyn Store) {
    let percent = with_input(store, "100% sure").await;
    let under = with_input(store, "snake_case").await;
    let star = with_input(store, "2*3? [a-z] ^").await;
    let plain = with_input(store, "100 snakes case").await;
    assert_eq!(found(store, "%").await, [percent]);
    assert_eq!(found(store, "_").await, [under]);
    assert_eq!(found(store, "*").await, [star]);
    assert_eq!(found(store, "[a-z]").await, [star]);
    assert_eq!(found(store, "100%").await, [percent]);
    // Not a number: it could be part of an id.
    assert_eq!(found(store, "snake").await, [plain, under]);
}

pub async fn quotes_of_a_text_are_characters(store: &dyn Store) {
    let run = with_input(store, "it's \"so\" \\ -- ;").await;
    for text in ["'", "\"so\"", "\\", "-- ;", "it's"] {
        assert_eq!(found(store, text).await, [run], "{text}");
    }
    assert_eq!(found(store, "' OR '1'='1").await, []);
}

pub async fn text_does_not_reach_from_one_field_into_the_next(store: &dyn Store) {
    let run = SampleRun::stored_of(store, &workflow("name"), "input".into()).await;
    for between in ["", " ", "\n", "\0", "\u{1f}", "|"] {
        assert_eq!(found(store, &format!("name{between}input")).await, []);
        let id = run.id();
        assert_eq!(found(store, &format!("{id}{between}name")).await, []);
    }
}

pub async fn text_is_found_behind_a_nul(store: &dyn Store) {
    let run = with_input(store, "before\0after").await;
    with_input(store, "before").await;
    assert_eq!(found(store, "after").await, [run]);
    assert_eq!(found(store, "e\0a").await, [run]);
    assert_eq!(found(store, "\0").await, [run]);
}

pub async fn an_empty_text_is_in_every_run(store: &dyn Store) {
    let run = SampleRun::stored(store).await;
    assert_eq!(found(store, "").await, [run.id()]);
}
