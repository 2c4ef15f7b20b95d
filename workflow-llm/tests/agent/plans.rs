//! What a turn reserves, records and costs, and its key.

use std::sync::Arc;

use serde_json::{Value, json};
use workflow_core::{
    node::agent::{ToolChoice, TurnRequest},
    price::PriceTable,
    testing::TestAttempt,
    value::Usage,
};
use workflow_llm::{AgentData, AgentNode, ModelTurn, ProviderInfo};

use crate::{
    scripted::{Scripted, calls, done, text},
    support::{after, agent, first, two_calls},
};

#[test]
fn a_key_covers_everything_that_can_change_the_answer() {
    let model = || Scripted::new("one", "m1", Vec::new());
    let key = |agent: &AgentNode, request: &TurnRequest| {
        let plan = TestAttempt::new(json!("Hi")).plan_turn(agent, request);
        plan.unwrap().key().unwrap()
    };
    let plain = || agent(model(), json!({}));
    let base = key(&plain(), &first());
    assert_eq!(base, key(&plain(), &first()));
    let elsewhere = Scripted::of(ProviderInfo::new("one", "elsewhere", "m1"), Vec::new());
    let mut required = first();
    required.tool_choice = ToolChoice::Required;
    let turns = |n: usize| after(vec![two_calls("one", "m1"); n]);
    let mut other_result = two_calls("one", "m1");
    Arc::get_mut(&mut other_result).unwrap().results.pop();
    let keys = [
        base,
        key(&agent(elsewhere, json!({})), &first()),
        key(&agent(model(), json!({"model": "m2"})), &first()),
        key(&agent(model(), json!({"fallback": ["m2"]})), &first()),
        key(&agent(model(), json!({"prompt": "Hi!"})), &first()),
        key(&agent(model(), json!({"system": "Be kind."})), &first()),
        key(&plain(), &required),
        key(&plain(), &TurnRequest::new([], Vec::new())),
        key(&plain(), &turns(1)),
        key(&plain(), &turns(2)),
        key(&plain(), &after(vec![two_calls("one", "m2")])),
        key(&plain(), &after(vec![other_result])),
        key(&plain(), &turns(1).as_finishing()),
    ];
    for (n, one) in keys.iter().enumerate() {
        assert!(!keys[..n].contains(one), "{n}");
    }
}

#[tokio::test]
async fn the_log_has_each_turn_once() {
    let model = Scripted::new("one", "m1", vec![text("Done.")]);
    let agent = agent(model.clone(), json!({}));
    let request = after(vec![two_calls("one", "m1"), two_calls("one", "m1")]);
    let (_, report) = TestAttempt::new(json!("Hi")).turn(&agent, &request).await;
    let record = report.request.unwrap();
    assert_eq!(record["body"]["messages"], json!([{"user": ["Hi"]}]));
    assert_eq!(record["past_turns"], 2);
    assert_eq!(model.last()["messages"].as_array().unwrap().len(), 3);
}

/// Keys are stored: if this fails, raise the revision, and change the literal.
#[test]
fn keys_stay_the_same_from_release_to_release() {
    let agent = agent(Scripted::new("one", "m1", Vec::new()), json!({}));
    let request = after(vec![two_calls("one", "m1")]);
    let plan = TestAttempt::new(json!("Hi")).plan_turn(&agent, &request);
    let key = plan.unwrap().key().unwrap().to_string();
    assert_eq!(
        key,
        "b34635b5ad85994043b1601d46309bbabce4ef21e4a90370e0366e89a70b656f"
    );
}

#[tokio::test]
async fn the_contents_of_a_turn_with_calls_are_logged_as_its_state_only() {
    let script = vec![calls(&["order"], json!({"parts": [1]})), text("Done.")];
    let agent = agent(Scripted::new("one", "m1", script), json!({}));
    let attempt = TestAttempt::new(json!("Hi"));
    let (_, report) = attempt.turn(&agent, &first()).await;
    assert_eq!(*report.debug.unwrap(), json!({"model": "m1"}));
    let (_, report) = attempt.turn(&agent, &first()).await;
    let parts = json!({"model": "m1", "parts": [{"text": "Done."}]});
    assert_eq!(*report.debug.unwrap(), parts);
}

fn with_prices() -> ProviderInfo {
    let prices = json!({"one/m1": {"input": 1, "output": 10, "max_output": 1000}});
    let prices = PriceTable::from_json(prices.to_string().as_bytes()).unwrap();
    ProviderInfo::new("one", "test", "m1").with_prices(prices)
}

#[test]
fn a_turn_reserves_for_what_goes_back_too() {
    let agent = agent(Scripted::of(with_prices(), Vec::new()), json!({}));
    let bound = |request: &TurnRequest| {
        let plan = TestAttempt::new(json!("Hi")).plan_turn(&agent, request);
        plan.unwrap().bound().unwrap()
    };
    let (one, two) = (bound(&first()), bound(&after(vec![two_calls("one", "m1")])));
    assert_eq!((one.calls, two.calls), (1, 1));
    let sent = json!({"raw": [1]}).to_string().len()
        + json!({"output": "sent"}).to_string().len()
        + json!({"output": 2}).to_string().len();
    // Each turn and each result is a part, around which there may be more tokens.
    let more = sent as u64 + 3 * 64;
    assert_eq!(two.tokens, Some(one.tokens.unwrap() + more));
    assert!(two.usd > one.usd);
}

#[tokio::test]
async fn a_turn_costs_what_it_used() {
    let mut answer = ModelTurn::text("Done.");
    answer.usage = Usage::new(1_000_000, 100_000);
    let model = Scripted::of(with_prices(), vec![vec![done(answer)]]);
    let agent = agent(model, json!({}));
    let (_, report) = TestAttempt::new(json!("Hi")).turn(&agent, &first()).await;
    assert_eq!(report.usage, Usage::new(1_000_000, 100_000));
    let cost = serde_json::to_value(report.cost.unwrap()).unwrap();
    assert_eq!(cost, json!({"usd": 2}));
}

#[test]
fn the_data_of_an_agent_has_no_fields_that_only_other_nodes_have() {
    let read = |data: Value| serde_json::from_value::<AgentData>(data);
    for (data, named) in [
        (json!({"history": []}), "`history`"),
        (json!({"tools": ["google_search"]}), "`tools`"),
        (json!({"tool_config": {}}), "`tool_config`"),
        (json!({"promt": "Hi"}), "`promt`"),
        (json!({"thinking_level": "hihg"}), "`high`"),
    ] {
        let error = read(data).unwrap_err().to_string();
        assert!(error.contains(named), "{error}");
    }
}
