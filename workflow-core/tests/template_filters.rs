//! Filters for text, patterns and objects, as `docs/LANGUAGE.md` describes them.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use serde_json::{Value, json};
use support::{Probe, registry, rendered};
use workflow_core::{Fault, Workflow, error::FaultCode};

async fn gives(cases: &[(&str, Value)], input: &Value) {
    for (template, expected) in cases {
        let value = rendered(template, input).await;
        assert_eq!(value.as_ref(), Ok(expected), "{template}");
    }
}

async fn refuses(cases: &[(&str, &[&str])], input: &Value) {
    for (template, parts) in cases {
        let error = rendered(template, input).await.expect_err(template);
        assert!(error.starts_with("template_error: "), "{template}: {error}");
        for part in *parts {
            assert!(error.contains(part), "{template}: {error}");
        }
    }
}

fn faults(template: &str) -> Vec<Fault> {
    let spec =
        json!({"nodes": [{"id": "a", "type": "TransformNode", "data": {"value": template}}]});
    let refused = Workflow::from_spec(&spec, &registry(&Probe::default())).err();
    refused.map_or_else(Vec::new, workflow_core::InvalidWorkflow::into_faults)
}

#[tokio::test(start_paused = true)]
async fn text_that_is_json_becomes_a_value() {
    let input = json!({
        "reply": r#" {"b": [1, 2.5, null], "a": {"x": "ü"}} "#,
        "fenced": "```json\n{}\n```", "prose": "Sure! {}", "open": "{\"a\":\n 1", "twice": r#"{"a": {"b": 1, "b": 2}}"#,
        "huge": "[123456789012345678901]", "deep": "[".repeat(101) + &"]".repeat(101),
        "bottomless": "[".repeat(100_000), "object": {}, "empty": "", "number": 5,
    });
    gives(
        &[
            (
                "{{ input.reply | fromjson }}",
                json!({"b": [1, 2.5, null], "a": {"x": "ü"}}),
            ),
            ("{{ (input.reply | fromjson).a.x }}", json!("ü")),
            // Keys keep their order.
            (
                "x{{ input.reply | fromjson }}",
                json!(r#"x{"b":[1,2.5,null],"a":{"x":"ü"}}"#),
            ),
            ("{{ '7' | fromjson + 1 }}", json!(8)),
            (
                "{{ ['1', '[2]'] | map('fromjson') | list }}",
                json!([1, [2]]),
            ),
            (
                "{{ input.reply | fromjson | tojson | fromjson == input.reply | fromjson }}",
                json!(true),
            ),
        ],
        &input,
    )
    .await;
    refuses(
        &[
            (
                "{{ input.fenced | fromjson }}",
                &["`fromjson`", "line 1 column 1", "fence", "`schema`"],
            ),
            ("{{ input.prose | fromjson }}", &["does not begin as JSON"]),
            ("{{ input.open | fromjson }}", &["line 2"]),
            ("{{ input.twice | fromjson }}", &["#/a/b", "twice"]),
            ("{{ input.huge | fromjson }}", &["#/0", "64 bits"]),
            ("{{ input.deep | fromjson }}", &["more than 100 deep"]),
            ("{{ input.bottomless | fromjson }}", &["more than 127 deep"]),
            ("{{ input.empty | fromjson }}", &["empty"]),
            ("{{ input.object | fromjson }}", &["an object", "already"]),
            ("{{ input.number | fromjson }}", &["a number"]),
            (
                "{{ input.nothing | fromjson }}",
                &["`input.nothing` is missing"],
            ),
        ],
        &input,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn parsed_items_are_paid_for() {
    // 400,000 items of two bytes: more than one rendering may make.
    let input = json!({"many": format!("[{}0]", "0,".repeat(400_000)), "some": format!("[{}0]", "0,".repeat(20_000))});
    let error = rendered("{{ input.many | fromjson | length }}", &input).await;
    assert!(error.unwrap_err().contains("steps"));
    gives(
        &[("{{ input.some | fromjson | length }}", json!(20_001))],
        &input,
    )
    .await;
    let ten = "{% for i in range(20) %}{{ input.some | fromjson | length }}{% endfor %}";
    assert!(rendered(ten, &input).await.unwrap_err().contains("steps"));
}

#[tokio::test(start_paused = true)]
async fn texts_are_truncated_by_characters_and_between_words() {
    let input =
        json!({"t": "The quick brown fox", "ü": "üüüüü", "long": "x".repeat(300), "o": {"a": 1}});
    gives(
        &[
            ("{{ input.t | truncate(10) }}", json!("The quick…")),
            ("{{ input.t | truncate(12) }}", json!("The quick…")),
            ("{{ input.t | truncate(12, true) }}", json!("The quick b…")),
            (
                "{{ input.t | truncate(length=12, killwords=true, end='') }}",
                json!("The quick br"),
            ),
            (
                "{{ input.t | truncate(12, end='...') }}",
                json!("The quick..."),
            ),
            ("{{ input.t | truncate(19) }}", json!("The quick brown fox")),
            (
                "{{ input.t | truncate(18, leeway=1) }}",
                json!("The quick brown fox"),
            ),
            ("{{ input.t | truncate(0, end='') }}", json!("")),
            ("{{ input['ü'] | truncate(3) }}", json!("üü…")),
            ("{{ input.long | truncate | length }}", json!(255)),
            ("{{ input.o | truncate(4, true) }}", json!("{\"a…")),
            (
                "{{ input.t | truncate(999999999999) }}",
                json!("The quick brown fox"),
            ),
        ],
        &input,
    )
    .await;
    refuses(
        &[
            (
                "{{ input.t | truncate(2, end='...') }}",
                &["`truncate(2)`", "3 characters"],
            ),
            ("{{ input.t | truncate(-1) }}", &[]),
            ("{{ input.t | truncate('x') }}", &[]),
            (
                "{{ input.t | truncate(3, length=4) }}",
                &["`length` is given twice"],
            ),
            ("{{ input.t | truncate(3, width=4) }}", &["width"]),
            (
                "{{ input.nothing | truncate(3) }}",
                &["`input.nothing` is missing"],
            ),
        ],
        &input,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn patterns_find_and_replace() {
    let input = json!({"t": "Order #123 of 2026-01-31", "p": "[0-9]+", "bad": "(", "s": "a  b\t c", "n": 12});
    gives(
        &[
            (r"{{ input.t | regex_search('#\d+') }}", json!("#123")),
            (r"{{ input.t | regex_search('#(\d+)', 1) }}", json!("123")),
            (
                r"{{ input.t | regex_search('(?P<y>\d{4})-(?P<m>\d\d)', group='m') }}",
                json!("01"),
            ),
            (r"{{ input.t | regex_search('(x)?Order', 1) }}", json!(null)),
            ("{{ input.t | regex_search('refund') }}", json!(null)),
            ("{{ input.t | regex_search('(?i)ORDER') }}", json!("Order")),
            ("{{ input.t | regex_search(input.p) }}", json!("123")),
            (r"{{ input.t | regex_search('\\bof\\b') }}", json!("of")),
            ("{{ input.n | regex_search('2') }}", json!("2")),
            (r"{{ input.s | regex_replace('\s+', ' ') }}", json!("a b c")),
            (
                r"{{ input.t | regex_replace('(\d+)-(\d+)-(\d+)', '$3.$2.$1') }}",
                json!("Order #123 of 31.01.2026"),
            ),
            (
                r"{{ input.t | regex_replace('\d', '#', 2) }}",
                json!("Order ###3 of 2026-01-31"),
            ),
            (
                r"{{ input.t | regex_replace('\d', '#', count=0) }}",
                json!("Order #123 of 2026-01-31"),
            ),
            ("{{ 'abc' | regex_replace('', '-') }}", json!("-a-b-c-")),
            ("{{ 'aüc' | regex_replace('', '-') }}", json!("-a-ü-c-")),
            ("{{ 'abc' | regex_replace('b', '$$') }}", json!("a$c")),
            ("{{ 'abc' | regex_replace('(b)', '${1}1') }}", json!("ab1c")),
            (
                "{{ 'ab' | regex_replace('(?P<x>a)', '<$x>') }}",
                json!("<a>b"),
            ),
            (
                "{{ ['a1', 'b2'] | map('regex_replace', '[0-9]', '') | list }}",
                json!(["a", "b"]),
            ),
            ("{{ 'x' if input.t | regex_search('Order') }}", json!("x")),
        ],
        &input,
    )
    .await;
    refuses(
        &[
            (
                "{{ input.t | regex_search(input.bad) }}",
                &["`regex_search`", "`(` is not a pattern", "unclosed group"],
            ),
            (
                "{{ input.t | regex_search(input.n) }}",
                &["a pattern as text, not a number"],
            ),
            (
                "{{ input.t | regex_search('O', 1) }}",
                &["no group `1`", "( )"],
            ),
            (
                "{{ input.t | regex_search('(O)', 'x') }}",
                &["no group `x`", "0 to 1"],
            ),
            (
                "{{ input.t | regex_search('(O)', -1) }}",
                &["no group `-1`"],
            ),
            (
                "{{ input.t | regex_replace(input.p, '$1') }}",
                &["no group `1`"],
            ),
            (
                "{{ input.t | regex_replace(input.p, input.nothing) }}",
                &["`input.nothing` is missing"],
            ),
            ("{{ input.t | regex_replace(input.p) }}", &[]),
        ],
        &input,
    )
    .await;
}

#[test]
fn written_patterns_are_checked_with_the_workflow() {
    for (template, part) in [
        (
            "{{ 'a' | regex_search('(') }}",
            "`(` is not a pattern: unclosed group",
        ),
        (r"{{ 'a' | regex_search('(?=a)') }}", "look-around"),
        (
            r"{{ 'a' | regex_search('(a)\\1') }}",
            "backreferences are not supported",
        ),
        (r"{{ 'a' | regex_search('\bword\b') }}", r"write `'\\b'`"),
        (
            r"{{ 'a' | regex_search('\w{500}') }}",
            "too large when it is compiled",
        ),
        (
            "{{ 'a' | regex_search('((a{100}){100}){100}') }}",
            "too large when it is compiled",
        ),
        (
            "{{ 'a' | regex_replace('(a)', '$2') }}",
            "no group `2`: its groups are 0 to 1",
        ),
        ("{{ 'a' | regex_replace('(a)', '$1b') }}", "`${1}`"),
        (r"{{ 'a' | regex_replace('(a)', '\1') }}", "`$1`"),
        ("{{ 'a' | regex_replace('(a)', '$') }}", "`$$`"),
        ("{{ 'a' | regex_replace('(a)', '${1') }}", "is not closed"),
        ("{{ ['a'] | map('regex_searhc') }}", "regex_searhc"),
    ] {
        let found = faults(template);
        assert_eq!(found.len(), 1, "{template}: {found:?}");
        assert_eq!(found[0].code, FaultCode::TemplateSyntax, "{template}");
        assert_eq!(found[0].pointer, "#/nodes/0/data/value", "{template}");
        assert!(
            found[0].detail.contains(part),
            "{template}: {}",
            found[0].detail
        );
    }
    assert!(faults(r"{{ input.x | regex_search('\d+') }}").is_empty());
}

/// Each of these would take minutes in an engine that backtracks, or in one that looks at the rest of the text for each
/// match without paying for it.
#[tokio::test(start_paused = true)]
async fn hostile_patterns_end_soon() {
    let input =
        json!({"a": "a".repeat(1_000_000), "A": "A".repeat(500_000), "u": "ü ".repeat(300_000)});
    let started = std::time::Instant::now();
    for template in [
        "{{ input.a | regex_search('(a+)+$') }}",
        "{{ input.a | regex_search('(a|a)*b') }}",
        "{{ input.a | regex_search('(a?){90}a{90}b') }}",
        "{{ input.A | regex_replace('.*[^A-Z]|[A-Z]', 'x') | length }}",
        r"{{ input.u | regex_replace('\\b(.*[0-9]|.)\\b', 'x') | length }}",
        "{% for i in range(1000) %}{{ 'a' | regex_search('(' ~ i ~ '|[a-z]){90}') }}{% endfor %}",
        r"{% for i in range(90) %}{{ 'a' | regex_search('\\w{' ~ i ~ '}') }}{% endfor %}",
    ] {
        if let Err(error) = rendered(template, &input).await {
            assert!(
                error.contains("steps") || error.contains("too large"),
                "{template}: {error}"
            );
        }
    }
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn objects_are_merged_and_changed_as_copies() {
    let input = json!({"o": {"b": 1, "a": {"x": 1}}, "p": {"a": 2, "c": 3}, "l": [{"k": 1}, {"k": 2}], "t": "x", "n": null});
    gives(
        &[
            (
                "x{{ input.o | merge(input.p) }}",
                json!(r#"x{"b":1,"a":2,"c":3}"#),
            ),
            ("{{ {} | merge(input.p) }}", json!({"a": 2, "c": 3})),
            (
                "{{ input.o | set('b', 5) }}",
                json!({"b": 5, "a": {"x": 1}}),
            ),
            (
                "{{ input.o | set('a.y.z', 5) }}",
                json!({"b": 1, "a": {"x": 1, "y": {"z": 5}}}),
            ),
            (
                "{{ input.o | set(['a', 'x.y'], 5) }}",
                json!({"b": 1, "a": {"x": 1, "x.y": 5}}),
            ),
            ("{{ input.l | set('1.k', 5) }}", json!([{"k": 1}, {"k": 5}])),
            ("{{ input.l | set(0, 5) }}", json!([5, {"k": 2}])),
            (
                "{{ input | set('l.0.j', none) | get('l') }}",
                json!([{"k": 1, "j": null}, {"k": 2}]),
            ),
            (
                "{% set x = input.o | set('b', 2) %}{{ input.o.b }}",
                json!("1"),
            ),
        ],
        &input,
    )
    .await;
    refuses(
        &[
            (
                "{{ input.o | merge(input.l) }}",
                &["`merge` needs an object, not a list"],
            ),
            (
                "{{ input.t | merge(input.o) }}",
                &["`merge` needs an object, not text"],
            ),
            ("{{ input.o | merge(input.x) }}", &["`input.x` is missing"]),
            (
                "{{ input.l | set('2.k', 5) }}",
                &["a list of 2 has no item `2`"],
            ),
            ("{{ input.l | set('k', 5) }}", &["has no item `k`"]),
            ("{{ input.o | set('b.c', 5) }}", &["for `c`, not a number"]),
            ("{{ input | set('n.c', 5) }}", &["not null"]),
            ("{{ input.o | set([], 5) }}", &["1 to 100 names"]),
            (
                "{{ input.o | set({}, 5) }}",
                &["needs a path as text", "an object"],
            ),
            ("{{ input.o | set('a' ~ '.a' * 100, 5) }}", &[]),
            (
                "{{ input.o | set('a', input.x) }}",
                &["`input.x` is missing"],
            ),
        ],
        &input,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn values_cannot_be_nested_without_end() {
    let path = ["a"; 90].join(".");
    let input = json!({"p": path, "long": "a.".repeat(100) + "a"});
    let error = rendered("{{ {} | set(input.long, 1) }}", &input)
        .await
        .unwrap_err();
    assert!(error.contains("1 to 100 names"), "{error}");
    let twice =
        "{% set x = {} | set(input.p, 1) %}{% set y = {} | set(input.p, x) %}{{ y | length }}";
    let error = rendered(twice, &input).await.unwrap_err();
    assert!(error.contains("more than 100 deep"), "{error}");
}
