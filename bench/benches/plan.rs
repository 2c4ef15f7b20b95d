//! The plan of a model step, compared to the least that it has to do: render the prompt and hash it.

#![expect(clippy::unwrap_used, reason = "a benchmark may fail by panicking")]

use std::hint::black_box;

use serde_json::{Value, json};
use workflow_bench::compare;
use workflow_core::{price::PriceTable, testing::TestAttempt, value::StepKey};
use workflow_gemini::{GeminiClient, LlmNode};

/// The number of plans per call.
const PLANS: u32 = 1_000;

/// The bytes of a prompt.
const PROMPT: usize = 2_048;

fn main() {
    plain();
    with_everything();
}

fn node(data: Value, prices: &Value) -> LlmNode {
    let prices = PriceTable::from_json(prices.to_string().as_bytes()).unwrap();
    let client = GeminiClient::builder()
        .with_api_key("none")
        .with_prices(prices);
    LlmNode::new(
        client.build().unwrap(),
        serde_json::from_value(data).unwrap(),
    )
}

fn measure(name: &str, node: &LlmNode) {
    let text = "Rivers carry sand to the sea. ".repeat(PROMPT / 30);
    let attempt = TestAttempt::new(json!({ "text": text }));
    compare(
        name,
        PLANS,
        || {
            for _ in 0..PLANS {
                let prompt = format!("Sum up: {}", black_box(&text));
                black_box(
                    StepKey::builder("LLMNode", 1)
                        .text("prompt", &prompt)
                        .build(),
                );
            }
        },
        || {
            for _ in 0..PLANS {
                black_box(attempt.plan(node).unwrap());
            }
        },
    );
}

fn plain() {
    let node = node(json!({"prompt": "Sum up: {{ input.text }}"}), &json!({}));
    measure("a prompt of 2 KiB", &node);
}

/// With a schema, a fallback, and a table of many prices.
fn with_everything() {
    let price = json!({"input": 1, "output": 10, "max_output": 65_536});
    let prices: serde_json::Map<_, _> = (0..200)
        .map(|number| (format!("other/model-{number}"), price.clone()))
        .chain([("gemini/*".to_owned(), price.clone())])
        .collect();
    let data = json!({
        "prompt": "Sum up: {{ input.text }}", "system": "Be short.", "max_output_tokens": 1_000, "fallback": ["gemini-4-neon"],
        "schema": {"type": "object", "properties": {"summary": {"type": "string"}, "topics": {"type": "array", "items": {"type": "string"}}}},
    });
    measure(
        "with schema, fallback and 201 prices",
        &node(data, &prices.into()),
    );
}
