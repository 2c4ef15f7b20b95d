//! The price table: its format, its faults, and the arithmetic.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

use proptest::prelude::*;
use serde_json::{Value, json};
use workflow_core::{
    price::{Charge, InvalidPrices, PriceTable},
    value::{Timestamp, Usage, Usd},
};

fn table(json: &Value) -> Result<PriceTable, InvalidPrices> {
    PriceTable::from_json(json.to_string().as_bytes())
}

fn at(day: &str) -> Timestamp {
    serde_json::from_value(json!(format!("{day}T00:00:00Z"))).unwrap()
}

fn usage(input: u64, cached: u64, output: u64) -> Usage {
    let mut usage = Usage::new(input, output);
    usage.cached_tokens = cached;
    usage
}

#[test]
fn the_exact_pattern_applies_and_else_the_longest() {
    let price = |input| json!({"input": input, "output": 0});
    let table = table(&json!({
        "gemini/*": price(1),
        "gemini/gemini-3*": price(3),
        "gemini/gemini-3.8-flash": price(8),
        "gemini/gemini-3.8*": price(38),
        "other/gemini-3.8-flash": price(9),
        "vertex/models/x": price(5),
    }))
    .unwrap();
    assert_eq!(table.len(), 6);
    for (provider, model, input) in [
        ("gemini", "gemini-3.8-flash", Some(8)),
        ("gemini", "gemini-3.8-flash-001", Some(38)),
        ("gemini", "gemini-3", Some(3)),
        ("gemini", "gemma", Some(1)),
        ("gemini", "", Some(1)),
        ("other", "gemini-3.8-flash", Some(9)),
        ("other", "gemini-3.8-flash-001", None),
        ("vertex", "models/x", Some(5)),
        ("gem", "ini/gemini-3", None),
        ("geminix", "gemini-3", None),
    ] {
        let price = table.price(provider, model, Timestamp::now());
        let usd = price.map(|it| it.charge(usage(1_000_000, 0, 0), None).unwrap().usd());
        assert_eq!(
            usd,
            input.map(|it: u64| Usd::from_nano(it * 1_000_000_000)),
            "{provider}/{model}"
        );
    }
}

#[test]
fn the_documented_table_can_be_read() {
    let page = include_str!("../../docs/LANGUAGE.md");
    let (_, chapter) = page.split_once("\n## Prices and bounds\n").unwrap();
    let json = chapter.split("```json\n").nth(1).unwrap();
    let json = json.split("```").next().unwrap();
    let table = PriceTable::from_json(json.as_bytes()).unwrap();
    assert_eq!(table.prices("gemini", "gemini-3.8-flash").len(), 2);
    assert_eq!(table.prices("gemini", "gemini-3.1-pro-preview").len(), 1);
}

#[test]
fn the_price_is_that_of_the_day() {
    let table = table(&json!({"p/m": [
        {"input": 4, "output": 20, "valid_from": "2026-12-01", "source": "a page"},
        {"input": 2, "output": 10, "max_output": 100, "context": 1000},
        {"input": 5, "output": 30, "valid_from": "2027-06-01"},
    ]}))
    .unwrap();
    let input = |day| {
        let price = table.price("p", "m", at(day)).unwrap();
        price.charge(usage(1, 0, 0), None).unwrap().usd()
    };
    assert_eq!(input("2026-11-30"), Usd::from_nano(2_000));
    assert_eq!(input("2026-12-01"), Usd::from_nano(4_000));
    assert_eq!(input("2030-01-01"), Usd::from_nano(5_000));
    let first = table.price("p", "m", at("2026-11-30")).unwrap();
    assert_eq!(
        (first.max_output(), first.context()),
        (Some(100), Some(1000))
    );
    assert_eq!(table.prices("p", "m").len(), 3);
    let current = table.from_now(at("2026-12-24"));
    let left: Vec<_> = current
        .prices("p", "m")
        .iter()
        .map(workflow_core::price::Price::valid_from)
        .collect();
    assert_eq!(left, [Some(at("2026-12-01")), Some(at("2027-06-01"))]);

    let later = self::table(&json!({"p/m": {"input": 1, "output": 1, "valid_from": "2027-01-01"}}));
    assert_eq!(later.unwrap().price("p", "m", at("2026-12-31")), None);
}

#[test]
fn caches_tiers_and_service_tiers_are_charged_as_they_served() {
    let table = table(&json!({"p/m": {
        "input": 2, "cached_input": 0.2, "output": 12,
        "tiers": [{"above": 200, "input": 4, "cached_input": 0.4, "output": 18}],
        "service_tiers": {"flex": 0.5, "priority": 1.8},
    }}))
    .unwrap();
    let price = table.price("p", "m", Timestamp::now()).unwrap();
    let nano = |usage, tier| price.charge(usage, tier).map(|it| it.usd().nano());
    assert_eq!(
        nano(usage(200, 50, 10), None),
        Some(150 * 2_000 + 50 * 200 + 10 * 12_000)
    );
    assert_eq!(
        nano(usage(201, 0, 10), Some("standard")),
        Some(201 * 4_000 + 10 * 18_000)
    );
    assert_eq!(nano(usage(201, 201, 0), None), Some(201 * 400));
    assert_eq!(nano(usage(100, 0, 0), Some("FLEX")), Some(100_000));
    assert_eq!(nano(usage(100, 0, 0), Some("priority")), Some(360_000));
    assert_eq!(nano(usage(100, 0, 0), Some("unheard_of")), None);
    // More tokens from a cache than there are: counted as all.
    assert_eq!(nano(usage(1, 9, 0), None), Some(200));
}

#[test]
fn charges_are_rounded_up_once() {
    let table = table(&json!({"p/m": {"input": 0.000_1, "output": 0}})).unwrap();
    let price = table.price("p", "m", Timestamp::now()).unwrap();
    let one = price.charge(usage(1, 0, 0), None).unwrap();
    assert_eq!(one.usd(), Usd::from_nano(1));
    let sum: Charge = std::iter::repeat_n(one, 10_000).sum();
    assert_eq!(sum.usd(), Usd::from_nano(1_000));
    assert_eq!(Charge::ZERO.usd(), Usd::ZERO);
    let most = price.most(u64::MAX, u64::MAX, None).unwrap();
    assert!(most.usd() > Usd::MAX);
}

#[test]
fn a_table_with_a_fault_is_refused_whole_with_the_place() {
    let good = json!({"input": 1, "output": 2});
    let with = |field: &str, value: Value| {
        let mut price = good.clone();
        price[field] = value;
        price
    };
    for (prices, pointer, named) in [
        (with("input", json!(-0.1)), "#/p~1m/input", "minimum"),
        (with("input", json!(10_001)), "#/p~1m/input", "maximum"),
        (with("input", json!("1")), "#/p~1m/input", "number"),
        (with("input", json!(null)), "#/p~1m/input", "number"),
        (
            with("input", json!(0.000_000_000_1)),
            "#/p~1m/input",
            "nine decimals",
        ),
        (json!({"output": 1}), "#/p~1m", "`input` is missing"),
        (json!({"input": 1}), "#/p~1m", "`output` is missing"),
        (with("cached", json!(1)), "#/p~1m/cached", "not a field"),
        (with("context", json!(0)), "#/p~1m/context", "minimum"),
        (
            with("service_tiers", json!({"flex": -1})),
            "#/p~1m/service_tiers/flex",
            "minimum",
        ),
        (
            with("service_tiers", json!({"flex": 0.0005})),
            "#/p~1m/service_tiers/flex",
            "three decimals",
        ),
        (
            with("service_tiers", json!({"flex": 101})),
            "#/p~1m/service_tiers/flex",
            "maximum",
        ),
        (
            with("valid_from", json!("2026-13-01")),
            "#/p~1m/valid_from",
            "not a day",
        ),
        (
            with("valid_from", json!("2026-12-01T00:00:00Z")),
            "#/p~1m/valid_from",
            "not a day",
        ),
        (
            with("tiers", json!([{"above": 5, "input": 1}])),
            "#/p~1m/tiers/0",
            "`output` is missing",
        ),
        (
            with(
                "tiers",
                json!([{"above": 5, "input": 1, "output": 1}, {"above": 5, "input": 1, "output": 1}]),
            ),
            "#/p~1m/tiers/1/above",
            "not more than",
        ),
        (json!([]), "#/p~1m", "no price"),
        (json!(3), "#/p~1m", "object"),
        (json!([good, good]), "#/p~1m/1/valid_from", "same day"),
        (
            json!([
                with("valid_from", json!("2027-01-01")),
                good,
                with("valid_from", json!("2027-01-01"))
            ]),
            "#/p~1m/2/valid_from",
            "same day",
        ),
    ] {
        let error = table(&json!({"p/ok": good, "p/m": prices})).unwrap_err();
        let faults = error.faults();
        assert_eq!(faults.len(), 1, "{error}");
        assert_eq!(faults[0].pointer, pointer, "{error}");
        assert!(error.to_string().contains(named), "{error}");
    }
    for (pattern, named) in [
        ("model", "names no provider"),
        ("/model", "is not `provider/model`"),
        ("p/", "is not `provider/model`"),
        ("p*/m", "not at the end"),
        ("p/*m", "not at the end"),
        ("p/m**", "not at the end"),
        ("p/m ", "is not `provider/model`"),
    ] {
        let error = table(&json!({ pattern: good })).unwrap_err().to_string();
        assert!(error.contains(named), "{pattern}: {error}");
    }
    let faults = |text: &str| {
        PriceTable::from_json(text.as_bytes())
            .unwrap_err()
            .to_string()
    };
    let twice = r#"{"p/m": {"input": 1, "output": 1}, "p/m": {"input": 2, "output": 2}}"#;
    assert!(faults(twice).contains("#/p~1m"), "{}", faults(twice));
    assert!(faults("{").contains("not JSON"));
    assert!(faults("[]").contains("is an object"));
    assert!(faults(&" ".repeat(PriceTable::MAX_BYTES + 1)).contains("4194304 bytes"));
    let many: serde_json::Map<_, _> = (0..=2_000)
        .map(|n| (format!("p/{n}"), good.clone()))
        .collect();
    assert!(faults(&Value::Object(many).to_string()).contains("2000 patterns"));
    let bad: serde_json::Map<_, _> = (0..500).map(|n| (format!("p/{n}"), json!({}))).collect();
    assert_eq!(table(&Value::Object(bad)).unwrap_err().faults().len(), 100);
}

proptest! {
    #[test]
    fn nothing_within_the_bound_costs_more_than_it(
        rates in proptest::array::uniform8(0_u32..10_000_000),
        above in 1_u64..1_000,
        bound in (0_u64..2_000, 0_u64..2_000),
        used in (0..=1_000_u64, 0..=1_000_u64, 0..=1_000_u64),
        tier in proptest::option::of("flex|standard"),
    ) {
        let rate = |index: usize| f64::from(rates[index]) / 1_000.0;
        let table = table(&json!({"p/m": {
            "input": rate(0), "output": rate(1), "cached_input": rate(2), "cache_write": rate(3),
            "tiers": [{"above": above, "input": rate(4), "output": rate(5), "cached_input": rate(6)}],
            "service_tiers": {"flex": 0.5},
        }})).unwrap();
        let price = table.price("p", "m", Timestamp::now()).unwrap();
        let part = |whole: u64, thousandths: u64| whole * thousandths / 1_000;
        let input = part(bound.0, used.0);
        let used = usage(input, part(input, used.1), part(bound.1, used.2));
        let most = price.most(bound.0, bound.1, tier.as_deref()).unwrap();
        prop_assert!(price.charge(used, tier.as_deref()).unwrap() <= most);
    }
}
