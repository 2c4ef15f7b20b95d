//! What an `LLMNode` plans: its key, its bound, and the request that people see.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use common::builder;
use serde_json::{Value, json as value};
use workflow_core::{
    InvalidWorkflow, Plan, Registry, Workflow,
    node::Effects,
    price::PriceTable,
    testing::TestAttempt,
    value::{Amount, Usd},
};
use workflow_gemini::{GeminiClientBuilder, LlmNode, ServiceTier};

const API: &str = "https://api.example.com";

/// A table in which one token costs one nano-dollar per unit of price.
fn prices(json: &Value) -> PriceTable {
    PriceTable::from_json(json.to_string().as_bytes()).unwrap()
}

fn node(builder: GeminiClientBuilder, data: Value) -> LlmNode {
    LlmNode::new(
        builder.build().unwrap(),
        serde_json::from_value(data).unwrap(),
    )
}

fn planned(builder: GeminiClientBuilder, data: Value, input: Value) -> Plan {
    TestAttempt::new(input).plan(&node(builder, data)).unwrap()
}

fn key(builder: GeminiClientBuilder, data: Value) -> String {
    let plan = planned(builder, data, value!("Hi"));
    plan.key().unwrap().to_string()
}

/// Keys are stored. If this fails, raise `REVISION` unless the new keys mean the same.
#[test]
fn keys_do_not_change() {
    let client = || builder(API).with_model("gemini-3.8-flash");
    for (data, expected) in [
        (
            value!({}),
            "5b80bb2c3817e83ed094c2e5224486947d3631a9a6dd61baf772c1884db011a9",
        ),
        (
            value!({
                "prompt": "{{ input }}!", "system": "Be short.", "model": "gemini-4-neon", "temperature": 0.5, "top_p": 0.9, "top_k": 3,
                "max_output_tokens": 64, "stop": ["END"], "seed": 7, "schema": {"type": "object"}, "thinking_level": "low",
                "safety": {"harassment": "only_high"}, "tools": ["google_search"], "tool_config": {"x": 1},
                "fallback": ["gemini-3.8-flash"],
                "parts": [{"inline": {"mime_type": "image/png", "data": "QQ=="}}, {"file": {"uri": "gs://b/a.pdf"}}, {"text": "a"}],
            }),
            "6169067c52cd577ed197da9e624187bc30d2318da800e2214bdbeec7248f517a",
        ),
    ] {
        assert_eq!(key(client(), data), expected);
    }
}

#[test]
fn all_that_can_change_the_answer_is_in_the_key() {
    let base = || value!({"prompt": "Sum up: {{ input }}", "schema": {"type": "object", "properties": {"a": {}, "b": {}}}});
    let with = |name: &str, it: Value| {
        let mut data = base();
        data[name] = it;
        data
    };
    let client = || builder(API);
    let same = key(client(), base());
    for (name, it) in [
        ("prompt", value!("Sum up : {{ input }}")),
        ("system", value!("Be short.")),
        ("model", value!("gemini-4-neon")),
        ("temperature", value!(0.5)),
        ("top_p", value!(0.5)),
        ("top_k", value!(5)),
        ("max_output_tokens", value!(5)),
        ("stop", value!(["END"])),
        ("seed", value!(5)),
        // The order of a schema reaches the model.
        (
            "schema",
            value!({"type": "object", "properties": {"b": {}, "a": {}}}),
        ),
        ("thinking_level", value!("low")),
        ("thinking_budget", value!(5)),
        ("include_thoughts", value!(true)),
        ("safety", value!({"harassment": "off"})),
        ("tools", value!(["google_search"])),
        ("tool_config", value!({"a": 1})),
        ("fallback", value!(["gemini-4-neon"])),
        (
            "parts",
            value!([{"inline": {"mime_type": "image/png", "data": "QQ=="}}]),
        ),
        (
            "parts",
            value!([{"inline": {"mime_type": "image/png", "data": "QUI="}}]),
        ),
        (
            "parts",
            value!([{"file": {"uri": "https://a.example.com/a"}}]),
        ),
        ("parts", value!([{"text": "a"}])),
    ] {
        assert_ne!(key(client(), with(name, it.clone())), same, "{name} {it}");
    }
    for (name, it) in [
        ("stream", value!(false)),
        ("store", value!(false)),
        ("service_tier", value!("flex")),
        ("model", value!("gemini-3.8-flash")),
        ("model", value!("models/gemini-3.8-flash")),
        ("model", value!("")),
        ("fallback", value!(["gemini-3.8-flash"])),
    ] {
        assert_eq!(key(client(), with(name, it.clone())), same, "{name} {it}");
    }
    let other = TestAttempt::new(value!("Hello")).plan(&node(client(), base()));
    assert_ne!(other.unwrap().key().unwrap().to_string(), same);
}

#[test]
fn what_the_host_chose_is_in_the_key_except_terms_and_secrets() {
    let same = key(builder(API), value!({}));
    for (client, is_same) in [
        (builder(API).with_model("gemini-4-neon"), false),
        (builder(API).with_model("models/gemini-3.8-flash"), true),
        (builder("https://proxy.example.com"), false),
        (builder(API).with_api_version("v1"), false),
        (
            builder(API).with_vertex("p", "global").with_base_url(API),
            false,
        ),
        (builder(API).with_endpoint_name("simulated"), false),
        (builder(API).with_api_key("another"), true),
        (builder(API).with_store(false), true),
        (builder(API).with_service_tier(ServiceTier::Flex), true),
        (
            builder(API).with_prices(prices(&value!({"gemini/*": {"input": 1, "output": 1}}))),
            true,
        ),
    ] {
        assert_eq!(key(client, value!({})) == same, is_same);
    }
    let simulated =
        |port: u16| builder(&format!("http://127.0.0.1:{port}")).with_endpoint_name("simulated");
    assert_eq!(
        key(simulated(4000), value!({})),
        key(simulated(5000), value!({}))
    );
}

fn bound(table: &Value, data: Value) -> Amount {
    let client = builder(API).with_prices(prices(table)).with_model("m");
    let plan = planned(client, data, value!("ä234567890"));
    assert_eq!(plan.effects(), Some(Effects::None));
    plan.bound().unwrap()
}

/// The bytes of the input, and the tokens around prompt and system instruction.
const INPUT: u64 = 11 + 2 * 64;

#[test]
fn the_bound_is_bytes_of_input_and_the_limit_of_output() {
    let none = value!({});
    assert_eq!(bound(&none, value!({})), Amount::calls(1));
    let tokens = |tokens| Amount::calls(1).with_tokens(tokens);
    assert_eq!(
        bound(&none, value!({"max_output_tokens": 100})),
        tokens(INPUT + 100)
    );
    let system = value!({"max_output_tokens": 100, "system": "abc", "parts": [{"text": "de"}]});
    // With parts, the input is not sent.
    assert_eq!(bound(&none, system), tokens(3 + 2 + 3 * 64 + 100));
    let schema = value!({"max_output_tokens": 100, "schema": {"type": "object"}});
    let schema_bytes = r#"{"type":"object"}"#.len() as u64;
    assert_eq!(bound(&none, schema), tokens(INPUT + schema_bytes + 100));
    // What tools and media read is not bounded by their size.
    for unbounded in [
        value!({"max_output_tokens": 100, "tools": ["google_search"]}),
        value!({"max_output_tokens": 100, "parts": [{"file": {"uri": "gs://a/b"}}]}),
    ] {
        assert_eq!(bound(&none, unbounded), Amount::calls(1));
    }
}

#[test]
fn a_price_gives_the_money_and_what_the_request_leaves_open() {
    let table = value!({"gemini/m": {"input": 2, "output": 10, "max_output": 1000, "context": 50_000, "service_tiers": {"flex": 0.5}}});
    let usd = |nano| Usd::from_nano(nano);
    let most = |input: u64, output: u64| {
        let bound = Amount::calls(1).with_tokens(input + output);
        bound.with_usd(usd(input * 2_000 + output * 10_000))
    };
    assert_eq!(bound(&table, value!({})), most(INPUT, 1000));
    assert_eq!(
        bound(&table, value!({"max_output_tokens": 7})),
        most(INPUT, 7)
    );
    let media = value!({"parts": [{"inline": {"mime_type": "image/png", "data": "QQ=="}}]});
    assert_eq!(bound(&table, media), most(50_000, 1000));
    let flex = bound(&table, value!({"service_tier": "flex"}));
    assert_eq!(flex.usd, Some(usd(INPUT * 1_000 + 5_000_000)));
    let priority = bound(&table, value!({"service_tier": "priority"}));
    assert_eq!(
        (priority.tokens, priority.usd),
        (Some(INPUT + 1000), None),
        "it has no price"
    );
    let later = value!({"gemini/m": [
        {"input": 2, "output": 10, "max_output": 1000},
        {"input": 4, "output": 10, "max_output": 1000, "valid_from": "2099-01-01"},
    ]});
    assert_eq!(
        bound(&later, value!({})).usd,
        Some(usd(INPUT * 4_000 + 10_000_000))
    );
}

#[test]
fn a_fallback_adds_requests_and_the_dearest_model_decides() {
    let table = value!({
        "gemini/m": {"input": 1, "output": 1, "max_output": 100},
        "gemini/dear": {"input": 9, "output": 9, "max_output": 10},
    });
    let both = bound(&table, value!({"fallback": ["dear", "models/m"]}));
    let usd = Usd::from_nano((INPUT + 10) * 9_000);
    assert_eq!(
        both,
        Amount::calls(2).with_tokens(INPUT + 100).with_usd(usd)
    );
    let unknown = bound(&table, value!({"fallback": ["unheard-of"]}));
    assert_eq!(unknown, Amount::calls(2));
}

#[test]
fn an_answer_that_needs_several_requests_sends_its_prompt_each_time() {
    let long = |more: Value| {
        let mut data = value!({"max_output_tokens": 200_000});
        data.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        bound(&value!({}), data)
    };
    assert_eq!(
        long(value!({})),
        Amount::calls(4).with_tokens(4 * INPUT + 200_000)
    );
    let whole = long(value!({"stream": false}));
    assert_eq!(whole, Amount::calls(7).with_tokens(7 * INPUT + 200_000));
    assert_eq!(long(value!({"max_output_tokens": 2_147_483_647})).calls, 16);
}

#[test]
fn the_request_is_built_for_readers_only_and_has_no_media_and_no_key() {
    let data = value!({"prompt": "Of {{ input }}", "fallback": ["b"], "model": "a",
        "parts": [{"inline": {"mime_type": "image/png", "data": "QUJD".repeat(100)}}]});
    let node = node(builder(API), data);
    let attempt = TestAttempt::new(value!("Ada"));
    assert_eq!(attempt.plan(&node).unwrap().request(), None);
    let plan = attempt.with_request().plan(&node).unwrap();
    let request = plan.request().unwrap();
    assert_eq!(
        (&request["model"], &request["fallback"]),
        (&value!("a"), &value!(["b"]))
    );
    let parts = &request["body"]["contents"][0]["parts"];
    assert_eq!(parts[1], value!({"text": "Of Ada"}));
    assert!(
        parts[0]["inlineData"]["data"]
            .as_str()
            .unwrap()
            .ends_with("… (400 bytes)")
    );
    assert!(!format!("{request} {plan:?}").contains(common::KEY));
}

#[test]
fn model_and_temperature_may_be_templates() {
    let plan = |data: Value, input: Value| {
        let attempt = TestAttempt::new(input).with_request();
        attempt.plan(&node(builder(API), data))
    };
    let sent = |data: Value, input: Value| {
        let plan = plan(data, input).unwrap();
        let request = plan.request().unwrap();
        let config = request["body"]["generationConfig"]["temperature"].clone();
        (request["model"].clone(), config)
    };
    let data = || value!({"prompt": "Hi", "model": "gemini-{{ input.model }}", "temperature": "{{ input.warm }}"});
    let rendered = sent(data(), value!({"model": "4-neon", "warm": 0.5}));
    assert_eq!(rendered, (value!("gemini-4-neon"), value!(0.5)));
    let as_text = value!({"prompt": "Hi", "model": "{{ input }}", "temperature": "1.{{ 5 }}"});
    assert_eq!(
        sent(as_text.clone(), value!("models/x")),
        (value!("x"), value!(1.5))
    );
    assert_eq!(sent(as_text.clone(), value!(" ")).0, "gemini-3.8-flash");
    // A rendered value and the same one written are one key.
    let written = value!({"prompt": "Hi", "model": "x", "temperature": 1.5});
    let keys = [(as_text.clone(), "x"), (written, "")];
    let keys = keys.map(|(data, input)| plan(data, value!(input)).unwrap().key());
    assert_eq!(keys[0], keys[1]);
    for (data, input, said) in [
        (
            data(),
            value!({"model": "x", "warm": 2.5}),
            "`temperature` gives 2.5",
        ),
        (
            data(),
            value!({"model": "x", "warm": -1}),
            "`temperature` gives -1",
        ),
        (
            data(),
            value!({"model": "x", "warm": "hot"}),
            "{{ input.warm }}",
        ),
        (
            data(),
            value!({"model": "x", "warm": null}),
            "{{ input.warm }}",
        ),
        (as_text.clone(), value!(5), "{{ input }}"),
        (as_text, value!("x".repeat(257)), "257 bytes"),
    ] {
        let error = plan(data, input).unwrap_err();
        assert_eq!(error.code(), "template_error");
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[test]
fn written_values_are_checked_as_before_and_templates_by_what_they_read() {
    let faults = |data: Value| {
        let mut registry = Registry::default();
        workflow_gemini::register(&mut registry, builder(API).build().unwrap());
        let nodes = value!({"nodes": [{"id": "ask", "type": "LLMNode", "data": data}]});
        let refused = Workflow::from_spec(&nodes, &registry).err();
        let faults = refused
            .map(InvalidWorkflow::into_faults)
            .unwrap_or_default();
        let faults = faults
            .into_iter()
            .map(|it| format!("{} {}", it.code, it.pointer));
        faults.collect::<Vec<_>>()
    };
    let at = |code: &str, field: &str| vec![format!("{code} #/nodes/0/data/{field}")];
    for (data, expected) in [
        (value!({"temperature": 2, "model": "x"}), vec![]),
        (
            value!({"temperature": "{{ input.t }}", "model": "{{ input.m }}"}),
            vec![],
        ),
        (
            value!({"temperature": 2.5}),
            at("invalid_value", "temperature"),
        ),
        (
            value!({"temperature": "warm"}),
            at("invalid_value", "temperature"),
        ),
        (
            value!({"temperature": "{{ ask2.output }}"}),
            at("unknown_reference", "temperature"),
        ),
        (
            value!({"temperature": "{{ input"}),
            at("template_syntax", "temperature"),
        ),
        (
            value!({"model": "{{ later.output }}"}),
            at("unknown_reference", "model"),
        ),
        (value!({"model": 5}), at("invalid_value", "model")),
        (
            value!({"model": "{{ input }}", "thinking_level": "minimal"}),
            vec![],
        ),
    ] {
        assert_eq!(faults(data.clone()), expected, "{data}");
    }
}

#[test]
fn a_template_that_cannot_be_rendered_is_an_error_of_the_plan() {
    let node = node(builder(API), value!({"prompt": "{{ input.missing }}"}));
    let error = TestAttempt::new(value!({})).plan(&node).unwrap_err();
    assert_eq!(error.code(), "template_error");
}
