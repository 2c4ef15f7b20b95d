//! Limits of all instances together.

use serde_json::{Value, json};

use super::fleet::Fleet;

/// 12 calls that could all be made at once.
fn wide() -> Value {
    let ask = |n: usize| json!({"id": format!("s{n}"), "type": "LLMNode", "needs": [], "data": {"prompt": format!("{{{{ input }}}}/{n}")}});
    json!({"nodes": (0..12).map(ask).collect::<Vec<_>>()})
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_share_the_requests_in_flight_and_share_again_when_one_dies() {
    let mut fleet = Fleet::start_with(&["--fleet-model-in-flight", "4"]).await;
    fleet.until_alive(0, 2).await;
    fleet.until_alive(1, 2).await;
    fleet.model.most_at_once();
    // Each run is driven by one instance, which has a share of two.
    let run = fleet.instance(0).begin(&wide(), &json!("one")).await;
    fleet.instance(1).events(&run).await;
    assert_eq!(fleet.model.most_at_once(), 2);
    let runs = [
        fleet.instance(0).begin(&wide(), &json!("a")).await,
        fleet.instance(0).begin(&wide(), &json!("b")).await,
        fleet.instance(0).begin(&wide(), &json!("c")).await,
    ];
    for run in runs {
        fleet.instance(1).events(&run).await;
    }
    assert!(fleet.model.most_at_once() <= 4);
    // The one that is left has all of it, once the other one's registration has expired.
    fleet.kill(0).await;
    fleet.until_alive(1, 1).await;
    let run = fleet.instance(1).begin(&wide(), &json!("two")).await;
    fleet.instance(1).events(&run).await;
    assert_eq!(fleet.model.most_at_once(), 4);
}
