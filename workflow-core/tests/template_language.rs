//! The rules of templates and conditions, as `docs/LANGUAGE.md` defines them: each with its result, or with its
//! error and hint.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use serde_json::{Value, json};
use support::{Probe, collect, parsed};
use workflow_core::{
    EventKind, Executor, Fault, Node, NodeContext, NodeError, Registry, Template, Workflow,
    error::FaultCode, node::MAX_RENDERED_BYTES,
};

/// A transform of the input.
fn transform(value: &Value) -> Value {
    json!({"nodes": [{"id": "node", "type": "TransformNode", "data": {"value": value}}]})
}

async fn run(spec: &Value, input: &Value) -> Result<Value, String> {
    let events = collect(Executor::new().run(parsed(&Probe::default(), spec), input.clone())).await;
    match events.last().map(|event| &event.kind) {
        Some(EventKind::RunCompleted(completed)) => Ok(completed.output.as_ref().clone()),
        Some(EventKind::RunFailed(failed)) => {
            Err(format!("{}: {}", failed.error.code, failed.error.detail))
        }
        other => panic!("{other:?}"),
    }
}

async fn value(template: &str, input: &Value) -> Result<Value, String> {
    run(&transform(&json!(template)), input).await
}

/// Whether a node with this `when` is taken.
async fn taken(when: &str, input: &Value) -> Result<bool, String> {
    let spec = json!({"nodes": [{"id": "t", "type": "TransformNode", "when": when, "data": {"value": "taken"}}]});
    run(&spec, input).await.map(|output| output == "taken")
}

fn faults(spec: &Value) -> Vec<Fault> {
    let refused = Workflow::from_spec(spec, &Registry::default()).err();
    refused
        .map(workflow_core::InvalidWorkflow::into_faults)
        .unwrap_or_default()
}

/// A node `a` with an output, then a prompt.
fn prompt(template: &str) -> Value {
    json!({"nodes": [
        {"id": "node-1", "type": "TransformNode", "data": {"value": {"kind": "x", "input": "{{ input }}"}}},
        {"id": "a", "type": "TransformNode", "data": {"value": {"kind": "{{ node_1.output }}"}}},
        {"id": "p", "type": "PromptNode", "data": {"template": template}},
    ]})
}

#[expect(clippy::too_many_lines, reason = "a table")]
#[tokio::test(start_paused = true)]
async fn values_of_unlike_kinds_have_no_order() {
    let input = json!({"n": 3, "t": "3", "b": true, "x": null, "l": [1], "o": {"k": 1},
        "mixed": [3, "10", 2], "items": [{"k": 1}, {"k": "2"}, {"k": 3}], "some": [{"k": 1}, {}]});
    let unlike = [
        ("input.t >= 7", "text", "a number"),
        ("input.t < 7", "text", "a number"),
        ("7 <= input.t", "a number", "text"),
        ("none < 1", "null", "a number"),
        ("input.x > 0", "null", "a number"),
        ("input.b < 2", "a boolean", "a number"),
        ("input.l > 1", "a list", "a number"),
        ("input.o > 1", "an object", "a number"),
        ("input.l < input.o", "a list", "an object"),
        ("[1, 'a'] < [1, 2]", "text", "a number"),
        ("1 < input.t < 9", "a number", "text"),
        ("input.t is gt(1)", "text", "a number"),
        ("input.t is lessthan 1", "text", "a number"),
        ("input.mixed | sort", "a number", "text"),
        ("input.mixed | min", "a number", "text"),
        ("input.mixed | max", "a number", "text"),
        ("input.items | sort(attribute='k')", "a number", "text"),
        ("input.items | max(attribute='k')", "a number", "text"),
        ("input.items | groupby('k')", "a number", "text"),
        (
            "input.items | selectattr('k', 'gt', 1) | list",
            "text",
            "a number",
        ),
        (
            "input.items | rejectattr('k', '<', 1) | list",
            "text",
            "a number",
        ),
        ("input.mixed | select('ge', 3) | list", "text", "a number"),
        (
            "{'a': 1, 'b': 'c'} | dictsort(by='value')",
            "a number",
            "text",
        ),
    ];
    for (expr, left, right) in unlike {
        let error = value(&format!("{{{{ {expr} }}}}"), &input)
            .await
            .expect_err(expr);
        assert!(error.starts_with("template_error: "), "{expr}: {error}");
        assert!(
            error.contains(&format!("cannot order {left} and {right}")),
            "{expr}: {error}"
        );
        assert!(error.contains("| int"), "{expr}: {error}");
        if !expr.contains("none") {
            let error = taken(&format!("({expr}) == 1"), &input)
                .await
                .expect_err(expr);
            assert!(error.starts_with("template_error: "), "{expr}: {error}");
        }
    }
    let error = value("{{ input.some | sort(attribute='k') }}", &input)
        .await
        .unwrap_err();
    assert!(error.contains("`sort` needs `k` in each item"), "{error}");
    let alike = [
        ("input.t | int >= 3", json!(true)),
        ("(' 7.5\n' | float) > 7", json!(true)),
        ("'b' > 'a'", json!(true)),
        ("1.5 < 2", json!(true)),
        ("1 < 2 <= 2 != 3", json!(true)),
        ("1 < 2 < 2", json!(false)),
        ("[1, 2] < [1, 3]", json!(true)),
        ("[] < [1]", json!(true)),
        ("false < true", json!(true)),
        ("input.t == 3", json!(false)),
        ("input.n == 3.0", json!(true)),
        ("['b', 'A', 'c'] | sort", json!(["A", "b", "c"])),
        ("[[2, 'b'], [1, 'z']] | sort", json!([[1, "z"], [2, "b"]])),
        ("[3, 1.5, 2] | max", json!(3)),
        ("input.mixed | map('int') | sort", json!([2, 3, 10])),
        (
            "[{'k': 2}, {'k': 1}] | sort(attribute='k') | map(attribute='k') | list",
            json!([1, 2]),
        ),
        ("input.some | groupby('k', default=0) | length", json!(2)),
        ("[1, 5, 9] | select('gt', 4) | list", json!([5, 9])),
        ("2 in [1, 2] and 2 not in [1]", json!(true)),
        (
            "'k' in input.o and 'x' not in input.o and [1] not in input.o",
            json!(true),
        ),
        ("[1] in [[1]] and {'a': [1]} in [{'a': [1.0]}]", json!(true)),
        (
            "input.l == [1] and input.l != [2] and input.o == {'k': 1}",
            json!(true),
        ),
        (
            "input.o == {'k': 2} or input.l == [1, 2] or input.o == input.l",
            json!(false),
        ),
        ("(1, 2) == [1, 2]", json!(true)),
    ];
    for (expr, expected) in alike {
        assert_eq!(
            value(&format!("{{{{ {expr} }}}}"), &input).await,
            Ok(expected),
            "{expr}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_condition_is_no_text() {
    let input = json!({"no": "no", "yes": "yes", "empty": "", "n": 0, "one": 1, "x": null, "l": [], "o": {"k": 1}, "b": true});
    let text = [
        "input.no",
        "'false'",
        "\"0\"",
        "input.empty",
        "not input.no",
        "input.b and input.no",
        "input.no or input.b",
        "not (input.b and input.yes)",
        "input.no if input.b else true",
        "true if input.no else false",
        "input.no | trim",
        "input.no ~ 'a'",
        "input.no or ''",
    ];
    for when in text {
        let error = taken(when, &input).await.expect_err(when);
        assert!(error.starts_with("template_error: "), "{when}: {error}");
        assert!(
            error.contains("compare it, as in `value == 'yes'`"),
            "{when}: {error}"
        );
    }
    let fine = [
        ("input.no == 'no'", true),
        ("input.n", false),
        ("input.one", true),
        ("input.x", false),
        ("input.l", false),
        ("input.o", true),
        ("not input.l", true),
        ("input.b and input.o", true),
        ("input.x or input.l", false),
        ("input.b if input.one else 'never'", true),
        ("true if input.x", false),
        ("input.empty | length", false),
        ("input.no in ['no']", true),
        ("'fAlse' | bool", false),
        ("' true ' | bool", true),
        ("input.gone is defined", false),
    ];
    for (when, expected) in fine {
        assert_eq!(taken(when, &input).await, Ok(expected), "{when}");
    }
    let error = taken("input.no | bool", &input).await.unwrap_err();
    assert!(
        error.contains("\"no\" is neither `true` nor `false`"),
        "{error}"
    );
    // Within a template, text counts as in Jinja.
    assert_eq!(
        value("{% if input.no %}a{% endif %}", &input).await,
        Ok(json!("a"))
    );
    let repeat = json!({"nodes": [{"id": "l", "type": "LoopNode", "data": {"max": 3, "until": "judge.output",
        "nodes": [{"id": "judge", "type": "TransformNode", "data": {"value": "no"}}]}}]});
    let error = run(&repeat, &input).await.unwrap_err();
    assert!(error.contains("a condition cannot be text"), "{error}");
}

#[test]
fn a_condition_that_reads_nothing_is_a_warning() {
    let at_when = |when: &str| {
        let spec = json!({"nodes": [
            {"id": "a", "type": "TransformNode", "when": when, "data": {"value": 1}},
            {"id": "l", "type": "LoopNode", "data": {"max": 2, "until": when, "nodes": [
                {"id": "x", "type": "TransformNode", "data": {"value": 1}}]}}]});
        let workflow = Workflow::from_spec(&spec, &Registry::default()).unwrap();
        let warnings = workflow.warnings().iter();
        let found = warnings.filter(|warning| warning.code == FaultCode::ConstantCondition);
        found
            .map(|warning| warning.pointer.clone())
            .collect::<Vec<_>>()
    };
    for constant in [
        "1",
        "'a' == 'b'",
        "not 1",
        "range(3)",
        "null",
        "true and false",
    ] {
        assert_eq!(
            at_when(constant),
            ["#/nodes/0/when", "#/nodes/1/data/until"],
            "{constant}"
        );
    }
    for fine in ["true", "false", " True ", "input == 1"] {
        assert_eq!(at_when(fine), [""; 0], "{fine}");
    }
}

#[tokio::test(start_paused = true)]
async fn there_is_one_way_of_writing_a_value_in_text() {
    let input = json!({"x": null, "b": true, "f": 1.0, "n": 3, "o": {"k": "v", "l": [1, null]}, "l": ["a", null, true, {"k": "ä"}]});
    let o = r#"{"k":"v","l":[1,null]}"#;
    let cases = [
        ("{{ input.o }}|", format!("{o}|")),
        (
            "{{ input.l | join('\n') }}",
            "a\nnull\ntrue\n{\"k\":\"ä\"}".to_owned(),
        ),
        ("{{ input.l | join }}", "anulltrue{\"k\":\"ä\"}".to_owned()),
        ("{{ [[1, none]] | join(',') }}", "[1,null]".to_owned()),
        (
            "{{ [{'k': none}] | join(', ', attribute='k') }}",
            "null".to_owned(),
        ),
        ("{{ ['a', 'b'] | join(input.x) }}", "ab".to_owned()),
        (
            "{{ 'a' ~ input.x ~ input.b ~ input.f ~ input.o }}",
            format!("anulltrue1.0{o}"),
        ),
        ("{{ input.o | string }}", o.to_owned()),
        ("{{ input.x | string }}", "null".to_owned()),
        (
            "{{ [none, true] | string | upper }}",
            "[NULL,TRUE]".to_owned(),
        ),
        ("{{ input.o | upper }}", o.to_uppercase()),
        ("{{ input.b | upper }}", "TRUE".to_owned()),
        ("{{ input.o | lower }}", o.to_lowercase()),
        ("{{ [true] | title }}", "[True]".to_owned()),
        ("{{ input.b | capitalize }}", "True".to_owned()),
        (
            "{{ input.l | trim }}",
            r#"["a",null,true,{"k":"ä"}]"#.to_owned(),
        ),
        (
            "{{ input.o | replace('v', 'w') }}",
            o.replace("\"v\"", "\"w\""),
        ),
        ("{{ 'a' | replace('a', input.x) }}", "null".to_owned()),
        ("{{ 'a1' | replace(1, input.b) }}", "atrue".to_owned()),
        ("{{ 'aaa' | replace('a', 'b', 2) }}", "bba".to_owned()),
        ("{{ 'aaa' | replace('a', 'b', count=1) }}", "baa".to_owned()),
        ("{{ input.o | indent }}", o.to_owned()),
        ("{{ 'a\nb' | indent(2) }}", "a\n  b".to_owned()),
        (
            "{{ '%s %s %s' | format(input.x, input.b, input.o) }}",
            format!("null true {o}"),
        ),
        (
            "{{ '%d %.1f %s' | format(3, 2.5, input.n) }}",
            "3 2.5 3".to_owned(),
        ),
        (
            "{{ '%(a)s' | format(a=input.l) }}",
            r#"["a",null,true,{"k":"ä"}]"#.to_owned(),
        ),
        ("{{ '%(a)s' | format({'a': input.x}) }}", "null".to_owned()),
        ("{{ input.o | escape }}", o.replace('"', "&quot;")),
        ("{{ input.x | safe }}", "null".to_owned()),
        ("{{ input.b | urlencode }}", "true".to_owned()),
        (
            "{{ {'a': [1, none], 'b': 'x y', 'c': none} | urlencode }}",
            "a=%5B1%2Cnull%5D&b=x%20y".to_owned(),
        ),
        ("{{ input.x | tojson }}", "null".to_owned()),
        ("{{ input.l | first | tojson }}", "\"a\"".to_owned()),
        (
            "{{ {'k': [1]} | pprint }}",
            "{\n  \"k\": [\n    1\n  ]\n}".to_owned(),
        ),
        ("{{ [[1, 2]] | map('join', ':') | join }}", "1:2".to_owned()),
        (
            "{{ [true, none] | map('string') | join(' ') }}",
            "true null".to_owned(),
        ),
        (
            "{{ {1: none, 'b': true} }}.",
            "{\"1\":null,\"b\":true}.".to_owned(),
        ),
        ("{{ input.b | split('u') | join('|') }}", "tr|e".to_owned()),
        ("{{ 'true' is startingwith input.b }}.", "true.".to_owned()),
        ("{{ true in 'is true' }}.", "true.".to_owned()),
    ];
    for (template, expected) in cases {
        assert_eq!(
            value(template, &input).await,
            Ok(Value::from(expected)),
            "{template}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn operators_keep_their_precedence() {
    let input = json!({"a": 2, "l": [1, 2, 3], "t": "x"});
    let cases = [
        ("1 + 2 * 3 ** 2 - 4 // 3", json!(18)),
        ("(1 + 2) * 3 - -1", json!(10)),
        ("7 - 2 - 1", json!(4)),
        ("8 / 2 / 2", json!(2.0)),
        ("7 % 4 * 2", json!(6)),
        ("-2 ** 2", json!(4)),
        ("1 + 2 ~ 3 + 4", Value::from("1")),
        ("'a' ~ 1 + 1 ~ 'b'", json!("a11b")),
        ("input.a + input.a * input.a", json!(6)),
        ("input.a + input.a - 1", json!(3)),
        ("not input.a == 2 or true and false", json!(false)),
        ("not (input.a in input.l)", json!(false)),
        ("input.a not in input.l", json!(false)),
        ("input.t | upper ~ 'b'", json!("Xb")),
        ("-input.a | abs", json!(2)),
        ("input.l[1:][0] + input.l[-1]", json!(5)),
        ("input.l[::-1] | first", json!(3)),
        ("input.l.0 + input['a']", json!(3)),
        ("1 if input.a > 1 else 2 if input.a > 0 else 3", json!(1)),
        ("(1 if false else 2) + 1", json!(3)),
        ("[1] + [2] + input.l", json!([1, 2, 1, 2, 3])),
        ("'a' + 'b' + input.t", json!("abx")),
        ("[[1], [2]] | sum(start=[])", json!([1, 2])),
        ("input.l | sum", json!(6)),
        ("[{'k': 1}, {'k': 2}] | sum(attribute='k')", json!(3)),
        ("'a' * 3", json!("aaa")),
        ("[0] * 2", json!([0, 0])),
        ("(1, 2) == (1, 2)", json!(true)),
        ("{'a': {'b': 1}}.a.b", json!(1)),
        ("input.a is divisibleby 2 and input.a is even", json!(true)),
        ("input.a is not none", json!(true)),
        ("input.gone is defined or true", json!(true)),
        ("'a' 'b'", json!("ab")),
        ("range(1, 4) | map('string') | join(',')", json!("1,2,3")),
        ("'it\\'s' ~ \"q\\\"\"", json!("it's".to_owned() + "q\"")),
        ("true and 'x' or 'y'", json!("x")),
        ("0x1f + 1_000", json!(1031)),
        ("1e3 + .5", json!(null)),
    ];
    for (expr, expected) in cases {
        if expr.contains("~ 3") {
            // `~` binds closer than `+`, so these add a number and a text.
            let error = value(&format!("{{{{ {expr} }}}}"), &input)
                .await
                .unwrap_err();
            assert!(error.contains("cannot add"), "{expr}: {error}");
            continue;
        }
        if expected.is_null() {
            assert!(
                !faults(&transform(&json!(format!("{{{{ {expr} }}}}")))).is_empty(),
                "{expr}"
            );
            continue;
        }
        assert_eq!(
            value(&format!("{{{{ {expr} }}}}"), &input).await,
            Ok(expected),
            "{expr}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn comparing_and_looking_up_is_paid_for() {
    let many = "[[[[[[1] * 100] * 100] * 100] * 100] * 100]";
    for expr in [
        format!("{many} == {many}"),
        format!("{many} != {many}"),
        format!("{many} in [{many}]"),
        format!("[{many}] | select('eq', {many}) | list"),
        format!("[{many}, {many}] | unique"),
        format!("[{many}, {many}] | sort"),
        format!("{many} < {many}"),
        format!("input[{many}]"),
        format!("{{{many}: 1}}"),
        format!("input | attr({many})"),
        format!("[input] | map(attribute={many}) | list"),
        format!("'a' | trim({many})"),
        format!("'a' | split({many})"),
        format!("[input] | selectattr({many}) | list"),
    ] {
        let error = value(&format!("{{{{ {expr} }}}}"), &json!({"a": 1}))
            .await
            .expect_err(&expr);
        assert!(error.starts_with("template_error: "), "{expr}: {error}");
    }
    assert_eq!(
        value("{{ 'xxaxx' | trim('x') }}", &json!(1)).await,
        Ok(json!("a"))
    );
}

#[tokio::test(start_paused = true)]
async fn statements_and_white_space_are_kept() {
    let input = json!({"l": [{"n": "a"}, {"n": "b"}], "t": " x "});
    let cases = [
        (
            "{% for x in input.l if x.n != 'a' %}{{ loop.index }}{{ x.n }}{% else %}none{% endfor %}",
            "1b",
        ),
        (
            "{% for k, v in {'a': 1} | items %}{{ k }}={{ v }}{% endfor %}",
            "a=1",
        ),
        (
            "{% for (a, b) in [[1, 2]] %}{{ a }}{{ b }}{% endfor %}",
            "12",
        ),
        ("{%- set a, b = 1, 2 -%} {{ a }}{{- b }} ", "12 "),
        ("{% set t %}{{ input.t }}{% endset %}{{ t | trim }}", "x"),
        (
            "{% set t | trim | upper %}{{ input.t }}{% endset %}[{{ t }}]",
            "[X]",
        ),
        ("{% filter upper %}{{ input.t }}{% endfilter %}", " X "),
        (
            "{% with a = 1, b = a + 1 %}{{ a }}{{ b }}{% endwith %}",
            "12",
        ),
        (
            "{% if input.l is defined and not false %}a{% elif true %}b{% else %}c{% endif %}",
            "a",
        ),
        (
            "{% raw %}{{ x }}{% y %}{#{% endraw %}{{ 1 }}",
            "{{ x }}{% y %}{#1",
        ),
        ("{%- raw -%} {{ '{%- endraw %}.", "{{ '."),
        ("a\n{% if true %}\nb\n{% endif %}\nc\n", "a\nb\nc\n"),
        ("{{ {'a': {'b': '}}'}} }}.", "{\"a\":{\"b\":\"}}\"}}."),
        ("{# {{ nothing }} #}a", "a"),
        (
            "{% for x in input.l %}{% set y = x.n %}{{ y }}{% endfor %}",
            "ab",
        ),
        ("{% if true %}{% set y = 1 %}{% endif %}{{ y }}", "1"),
        (
            "{% for i in [1, 2] %}{{ loop.cycle('a', 'b') }}{% endfor %}",
            "ab",
        ),
        (
            "{{ 'x' if input.l }}{{ 'y' if not input.l }}{{ 'a' ~ ('b' if false) }}.",
            "xa.",
        ),
        ("{{ input['t'] | trim }}.", "x."),
    ];
    for (template, expected) in cases {
        assert_eq!(
            value(template, &input).await,
            Ok(json!(expected)),
            "{template}"
        );
    }
    assert_eq!(
        value("{{ 'y' if not input.l }}", &input).await,
        Ok(json!(""))
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_is_named_and_it_is_the_first() {
    let input = json!({"a": {"kind": 1}, "l": [{"x": 1}], "z": {}});
    let cases = [
        (
            "{{ input.z.one }}{{ input.a.two }}",
            "`input.z.one` is missing: `input.z` is empty",
        ),
        (
            "{{ input.z.one ~ input.a.two }}",
            "`input.z.one` is missing",
        ),
        (
            "{{ [input.z.one, input.a.two] }}",
            "`input.z.one` is missing",
        ),
        ("{{ input.a.knid }}", "`input.a` has `kind`"),
        (
            "{{ input.a.two if input.z.one else 1 }}",
            "`input.z.one` is missing",
        ),
        ("{{ input.z.one > 1 }}", "`input.z.one` is missing"),
        (
            "{{ 0 < input.a.kind < input.z.one }}",
            "`input.z.one` is missing",
        ),
        ("{{ input.z.one | upper }}", "`input.z.one` is missing"),
        ("{{ input.z.one | join }}", "`input.z.one` is missing"),
        ("{{ input.z.one | sort }}", "`input.z.one` is missing"),
        (
            "{{ input.z.one + input.z.two }}",
            "`input.z.one` is missing",
        ),
        (
            "{{ (input.z.one | default(1)) + input.a.two }}",
            "`input.a.two` is missing",
        ),
        (
            "{{ [input.z.one | default(1), input.a.two] }}",
            "`input.a.two` is missing",
        ),
        (
            "{% for x in input.l %}{{ x.gone }}{% endfor %}",
            "`x.gone` is missing",
        ),
        ("{{ input.l[0].gone }}", "`input.l[0].gone` is missing"),
        ("{{ input.l[7] }}", "`input.l[7]` is missing"),
        ("{{ input.z.one in [1] }}", "`input.z.one` is missing"),
        (
            "{% if input.z.one %}{% endif %}{{ input.a.two }}",
            "`input.z.one` is missing",
        ),
        (
            "{{ '%s' | format(input.z.one) }}",
            "`input.z.one` is missing",
        ),
    ];
    for (template, expected) in cases {
        let error = value(template, &input).await.expect_err(template);
        assert!(error.starts_with("template_error: "), "{template}: {error}");
        assert!(error.contains(expected), "{template}: {error}");
        let texts = value(&format!("text {template}"), &input)
            .await
            .expect_err(template);
        assert!(texts.contains(expected), "{template}: {texts}");
    }
}

#[expect(clippy::too_many_lines, reason = "a table")]
#[test]
fn the_most_common_mistakes_have_hints() {
    use FaultCode as C;
    let cases = [
        ("{{ node-1.output }}", C::UnknownReference, "write `node_1`"),
        (
            "{{ a.outputs }}",
            C::UnknownReference,
            "did you mean `a.output`?",
        ),
        (
            "{{ a.result }}",
            C::UnknownReference,
            "did you mean `a.output`?",
        ),
        (
            "{{ a.stauts }}",
            C::UnknownReference,
            "did you mean `a.status`?",
        ),
        (
            "{{ a.kind }}",
            C::UnknownReference,
            "did you mean `a.output.kind`?",
        ),
        ("{{ a }}", C::UnknownReference, "did you mean `a.output`?"),
        (
            "x {{ a | tojson }}",
            C::UnknownReference,
            "did you mean `a.output`?",
        ),
        (
            "{% for x in a %}{{ x }}{% endfor %}",
            C::UnknownReference,
            "did you mean `a.output`?",
        ),
        ("{{ input && true }}", C::TemplateSyntax, "write `and`"),
        ("{{ input || 'x' }}", C::TemplateSyntax, "write `or`"),
        ("{{ input === 1 }}", C::TemplateSyntax, "write `==`"),
        ("{{ input !== 1 }}", C::TemplateSyntax, "write `!=`"),
        (
            "{% if input = 1 %}{% endif %}",
            C::TemplateSyntax,
            "write `==` to compare",
        ),
        ("{{ !input }}", C::TemplateSyntax, "write `not`"),
        (
            "{{ input ? 1 : 2 }}",
            C::TemplateSyntax,
            "write `a if condition else b`",
        ),
        (
            "{{ input ?? 2 }}",
            C::TemplateSyntax,
            "write `coalesce(a, b)`, or `| default(…)`",
        ),
        (
            "{{#input#}}",
            C::TemplateSyntax,
            "names stand without `#`: write `{{ input }}` or `{{ id.output }}`",
        ),
        (
            "{{ $json.x }}",
            C::TemplateSyntax,
            "write `input` for the run's input, or `id.output` for the output of a node",
        ),
        (
            "{{ $input }}",
            C::TemplateSyntax,
            "names stand without `$`: write `input` or `id.output`",
        ),
        (
            "{{{ input }}}",
            C::TemplateSyntax,
            "write `{{ input }}`: two braces, not three",
        ),
        (
            "{{ .input }}",
            C::TemplateSyntax,
            "begin with a name: `input` or `id.output`",
        ),
        (
            "{{ input }} {#anchor}",
            C::TemplateSyntax,
            "for the text `{#`, write {% raw %}{#{% endraw %}",
        ),
        (
            "{{\"a\": 1}} {{ input }}",
            C::TemplateSyntax,
            "for braces that are text, write {% raw %}{{ … }}{% endraw %}",
        ),
        (
            "{{\"a\": {{ input }}}}",
            C::TemplateSyntax,
            "for braces that are text, write {% raw %}{{ … }}{% endraw %}",
        ),
        ("{{ input.upper() }}", C::TemplateSyntax, "write `| upper`"),
        (
            "{% for k, v in input.items() %}{{ k }}{% endfor %}",
            C::TemplateSyntax,
            "write `| items`",
        ),
        (
            "{{ input.toLowerCase() }}",
            C::TemplateSyntax,
            "write `| lower`",
        ),
        (
            "{{ input.get('k') }}",
            C::TemplateSyntax,
            "write `| get('name')`",
        ),
        (
            "{{ len(input) }}",
            C::TemplateSyntax,
            "write `value | length`",
        ),
        ("{{ input | json }}", C::TemplateSyntax, "write `| tojson`"),
        (
            "{{ input | uper }}",
            C::TemplateSyntax,
            "did you mean `upper`?",
        ),
        (
            "{{ input | map('uper') }}",
            C::TemplateSyntax,
            "did you mean `upper`?",
        ),
        (
            "{{ input | select('evn') }}",
            C::TemplateSyntax,
            "did you mean `even`?",
        ),
        (
            "{{ input is strng }}",
            C::TemplateSyntax,
            "did you mean `string`?",
        ),
        (
            "{% foreach x in input %}",
            C::TemplateSyntax,
            "write `{% for item in list %}`",
        ),
        (
            "{% if input %}a{% else if input %}b{% endif %}",
            C::TemplateSyntax,
            "write `elif`",
        ),
        (
            "{{ input `x` }}",
            C::TemplateSyntax,
            "quote text with ' or \"",
        ),
        (
            "{% set t = 0 %}{% for i in input %}{% set t = t + i %}{% endfor %}{{ t }}",
            C::ShadowedName,
            "choose another name; to collect values, use filters such as `map`, `select`, `sum` or `join`",
        ),
        (
            "{% set n = namespace(t=0) %}{{ input }}",
            C::TemplateSyntax,
            "a loop keeps nothing: use filters such as `map`, `select`, `sum` or `join`",
        ),
    ];
    for (template, code, hint) in cases {
        let found = faults(&prompt(template));
        let messages: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found.len(), 1, "{template}: {messages:?}");
        assert_eq!(
            (found[0].code, found[0].hint.as_deref()),
            (code, Some(hint)),
            "{template}: {messages:?}"
        );
        assert_eq!(found[0].pointer, "#/nodes/2/data/template");
    }
    for fine in [
        "{{ a.output }}",
        "{{ a is defined }}",
        "{{ a['output'] }}",
        "{{ a | attr('output') }}",
        "{{ node_1.output }}",
        "{{ input }} - 1",
        "{{ input - 1 }}",
        "{# note #}{{ input }}",
    ] {
        assert_eq!(faults(&prompt(fine)), [], "{fine}");
    }
}

#[test]
fn a_bare_expression_has_no_braces() {
    let spec = |when: &str, over: &str, until: &str| {
        json!({"nodes": [
            {"id": "a", "type": "TransformNode", "when": when, "data": {"value": 1}},
            {"id": "m", "type": "MapNode", "data": {"over": over, "nodes": [{"id": "x", "type": "TransformNode", "data": {"value": 1}}]}},
            {"id": "l", "type": "LoopNode", "data": {"max": 2, "until": until, "nodes": [{"id": "y", "type": "TransformNode", "data": {"value": 1}}]}},
        ]})
    };
    let found = faults(&spec("{{ input.a }}", "{{input.docs}}", "{% if index %}"));
    let messages: Vec<(&str, &str)> = found
        .iter()
        .map(|fault| {
            (
                fault.pointer.as_str(),
                fault.hint.as_deref().unwrap_or_default(),
            )
        })
        .collect();
    assert_eq!(
        messages,
        [
            ("#/nodes/0/when", "write `input.a`"),
            ("#/nodes/1/data/over", "write `input.docs`"),
            (
                "#/nodes/2/data/until",
                "write names without braces: `input.kind == 'refund'`"
            ),
        ]
    );
}

#[test]
fn the_name_of_a_field_is_no_template() {
    let found = faults(&transform(&json!({"a": {"{{ input }}": 1}})));
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].code, found[0].pointer.as_str()),
        (
            FaultCode::NotATemplate,
            "#/nodes/0/data/value/a/{{ input }}"
        )
    );
    let output = json!({"nodes": [{"id": "t", "type": "TransformNode", "data": {"value": 1}}], "output": {"{% if a %}": 1}});
    assert_eq!(faults(&output)[0].code, FaultCode::NotATemplate);
    assert_eq!(faults(&transform(&json!({"{": 1, "a}}": 2}))), []);
}

/// Has many templates, as an `LLMNode` has parts.
#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Many {
    parts: Vec<Template>,
}

#[async_trait::async_trait]
impl Node for Many {
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        let texts = self.parts.iter().map(|part| cx.render(part));
        let texts: Vec<String> = texts.collect::<Result<_, _>>()?;
        Ok(texts.len().into())
    }
}

#[tokio::test(start_paused = true)]
async fn the_templates_of_an_attempt_are_bounded_together() {
    let mut registry = Registry::default();
    registry.register::<Many>("Many");
    let input = "x".repeat(900_000);
    let fit = MAX_RENDERED_BYTES / input.len();
    for (parts, fits) in [(fit, true), (fit + 1, false), (4_000, false)] {
        let spec = json!({"nodes": [{"id": "m", "type": "Many", "data": {"parts": vec!["{{ input }}"; parts]}}]});
        let workflow = Workflow::from_spec(&spec, &registry).unwrap();
        let events = collect(Executor::new().run(workflow.into(), json!(input))).await;
        match &events.last().unwrap().kind {
            EventKind::RunCompleted(done) => assert!(fits && *done.output == json!(parts)),
            EventKind::RunFailed(failed) => {
                assert!(!fits, "{parts}: {}", failed.error.detail);
                assert_eq!(failed.error.code, "template_error");
                assert!(failed.error.detail.contains("20971520 bytes in total"));
            }
            other => panic!("{other:?}"),
        }
    }
}
