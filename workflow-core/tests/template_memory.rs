//! No filter, test, function or operator of the language makes much memory of little, whatever it is given.
//!
//! In a binary of its own, since it counts all memory that is in use.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::sync::{Arc, Mutex};

use futures::StreamExt;
use peak_alloc::PeakAlloc;
use serde_json::{Value, json};
use workflow_core::{EventKind, Executor, Registry, Update, Workflow};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const MIB: usize = 1024 * 1024;

/// The most that one evaluation may use beside what was there before it.
const MOST: usize = 64 * MIB;

const PAGE: &str = include_str!("../../docs/LANGUAGE.md");

/// The words in backticks of the paragraph that begins so.
fn documented(begin: &str) -> Vec<&'static str> {
    let (_, rest) = PAGE.split_once(begin).unwrap();
    let paragraph = rest.split("\n\n").next().unwrap();
    paragraph.split('`').skip(1).step_by(2).collect()
}

/// How a filter is called here: with arguments that let it make as much as it can.
fn called(filter: &str) -> Vec<String> {
    let arguments: &[&str] = match filter {
        "add_duration" => &["('1d')", "(input)"],
        "attr" => &["('k')"],
        "batch" => &["(1)", "(3, input)"],
        "chain" | "zip" => &["(input, input)"],
        "dateformat" => &["", "(input)", "('%200d' * 60)"],
        "default" | "d" => &["(input, true)"],
        "dictsort" => &["", "(by='value')"],
        "format" => &["(input, input, input)", "(a=input, b=input)"],
        "fromjson" => &["", " | tojson"],
        "get" => &["('k')", "('k.k', input)", "([input] * 6000)"],
        "merge" => &["(input)", "({'k': input})"],
        "regex_replace" => &[
            "('', input)",
            "('.', '$0$0$0$0')",
            "('(.*)', '$1$1')",
            "(input, input)",
        ],
        "regex_search" => &["('.*')", "('(a|b)*', 1)", "(input)"],
        "set" => &["('k', input)", "('0', [input] * 6000)", "(input, 1)"],
        "truncate" => &["(1000000)", "(1000000, true, input)"],
        "groupby" => &["('k')", "('k', default=1)"],
        "indent" => &["", "(1000, true, true)"],
        "join" => &["", "(',')", "(input)", "(',', attribute='k')"],
        "map" => &[
            "('upper')",
            "('string')",
            "('list')",
            "('escape')",
            "(attribute='k', default=input)",
        ],
        "reject" | "select" => &["", "('string')", "('in', input)"],
        "rejectattr" | "selectattr" => &["('k')", "('k', 'eq', input)", "([input] * 6000)"],
        "replace" => &["('a', input)", "('', input)", "(input, input)"],
        "slice" => &["(2)", "(1000000)", "(3, input)"],
        "sort" => &["", "(attribute='k')"],
        "split" => &["", "('a')", "('')", "(input)", "([input] * 6000)"],
        "sum" => &["", "(start='')", "(start=[])", "(start=input)"],
        "trim" => &["", "(input)", "([input] * 6000)"],
        _ => &[""],
    };
    arguments
        .iter()
        .map(|arguments| format!("{filter}{arguments}"))
        .collect()
}

/// Every operator the language has, between two values.
const OPERATORS: [&str; 19] = [
    "~",
    "+",
    "-",
    "*",
    "/",
    "//",
    "%",
    "**",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "in",
    "not in",
    "and",
    "or",
    "if input else",
];

/// What the language is tried on: the input as it is, and values that stand for many times as much.
const OPERANDS: [&str; 3] = [
    "input",
    "([input] * 6000)",
    "([[[[input] * 100] * 100] * 100] * 100)",
];

/// Evaluates each expression, and walks over what it gives where that is lazy.
fn evaluated(all: &[String]) -> Vec<String> {
    let lazy = [
        "chain", "zip", "items", "reverse", " + ", " * ", "[", "join", "dictsort", "groupby",
    ];
    let all = all.iter();
    all.map(|expr| {
        if lazy.iter().any(|lazy| expr.contains(lazy)) {
            format!("{{{{ {expr} | string | length }}}}")
        } else {
            format!("{{{{ [{expr}] | length }}}}")
        }
    })
    .collect()
}

/// Every filter.
fn filters() -> Vec<String> {
    let mut all = Vec::new();
    for filter in documented("Filters: ") {
        for call in called(filter) {
            all.extend(OPERANDS.map(|operand| format!("{operand} | {call}")));
        }
        all.push(format!("('%s%s' * 100) | {filter}"));
    }
    let more = [
        "'%(a)s' * 100 | format(a=input)",
        "('%(a)s' * 100) | format({'a': input})",
        "('%' ~ 1000000000 ~ 'd') | format(1)",
        "('%.' ~ 1000000000 ~ 'f') | format(1.5)",
    ];
    all.extend(more.map(str::to_owned));
    evaluated(&all)
}

/// Every operator and function.
fn operators() -> Vec<String> {
    let mut all = Vec::new();
    for operator in OPERATORS {
        for operand in OPERANDS {
            all.push(format!("({operand} {operator} {operand})"));
            all.push(format!("(input {operator} {operand})"));
            all.push(format!("({operand} {operator} 'a')"));
        }
    }
    for name in documented("Functions and names: ") {
        let operand = match name {
            "range" => "range(100000)",
            "coalesce" => "coalesce(input, [input] * 6000)",
            constant => constant,
        };
        all.push(operand.to_owned());
        all.push(format!("[{operand}, input] * 6000"));
    }
    for operand in OPERANDS {
        let more = [
            "[0]",
            "[::-1]",
            "[1:]",
            "[:-1:2]",
            "['k']",
            ".k",
            " * 1000000",
            " * 100000000",
            " < input < input",
            " if input else input",
        ];
        all.extend(more.map(|more| format!("({operand}{more})")));
    }
    all.push("((input, input) * 50000000)".to_owned());
    let mut templates = evaluated(&all);
    templates.push(doubling());
    let more = [
        "{% for a in [input] * 6000 %}{% set b = a ~ a %}{{ b }}{% endfor %}",
        "{% set a %}{{ input }}{{ input }}{% endset %}{{ a * 6000 }}",
        "{{ input }}",
        "text {{ input }}",
        "{{ ([input]*6000) | join | length }}",
    ];
    templates.extend(more.map(str::to_owned));
    templates
}

/// Every test.
fn tests() -> Vec<String> {
    let tests = documented("Tests (`is …`): ");
    let all = tests.iter().flat_map(|test| {
        let [input, many, ..] = OPERANDS;
        [
            format!("{{{{ {input} is {test} }}}}"),
            format!("{{{{ {many} is {test} }}}}"),
            format!("{{{{ {many} is {test}({input}) }}}}"),
            format!("{{{{ {input} is {test}({many}) }}}}"),
        ]
    });
    all.collect()
}

/// Doubles a list 40 times; the engine copies lists that were put together more than 32 times.
fn doubling() -> String {
    let doubled = (0..40).map(|n| format!("{{% set a{} = a{n} + a{n} %}}", n + 1));
    format!(
        "{{% set a0 = [input] %}}{}{{{{ a40 | length }}}}",
        doubled.collect::<String>()
    )
}

/// One node after the other, each with one template of an expression.
fn workflow(values: &[String]) -> Arc<Workflow> {
    let nodes: Vec<Value> = values
        .iter()
        .enumerate()
        .map(|(n, value)| {
            json!({"id": format!("n{n}"), "type": "TransformNode", "on_error": "continue", "data": {"value": value}})
        })
        .collect();
    let spec = json!({"nodes": nodes, "output": null});
    Arc::new(Workflow::from_spec(&spec, &Registry::default()).unwrap())
}

/// The templates that used more than they may, and how many of all gave a value.
fn used_too_much(values: &[String], input: &Value) -> (Vec<String>, usize) {
    let mut too_much = Vec::new();
    let mut completed = 0;
    for values in values.chunks(500) {
        let workflow = workflow(values);
        let mut run = Executor::new().run(workflow, input.clone());
        MEMORY.reset_peak_usage();
        let mut before = MEMORY.current_usage();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            while let Some(update) = run.next().await {
                let Update::Event(event) = update else {
                    continue;
                };
                let node = match &event.kind {
                    EventKind::NodeCompleted(done) => {
                        completed += 1;
                        done.step.node().to_string()
                    }
                    EventKind::NodeFailed(failed) => failed.step.node().to_string(),
                    _ => continue,
                };
                let used = MEMORY.peak_usage().saturating_sub(before);
                if used > MOST {
                    let index: usize = node[1..].parse().unwrap();
                    too_much.push(format!("{} MiB: {}", used / MIB, values[index]));
                }
                MEMORY.reset_peak_usage();
                before = MEMORY.current_usage();
            }
        });
    }
    (too_much, completed)
}

fn nested() -> Value {
    let deep = (0..60).fold(
        json!({"k": "x".repeat(1_000)}),
        |inner, n| json!({"k": inner, "n": n}),
    );
    let wide = (0..2_000).map(|n| {
        (
            format!("key {n}"),
            json!({"k": n, "text": "aä<&\"".repeat(40)}),
        )
    });
    let mut members: serde_json::Map<String, Value> = wide.collect();
    members.insert("k".into(), deep);
    Value::Object(members)
}

/// One test at a time counts.
static ONE: Mutex<()> = Mutex::new(());

fn are_bounded(templates: &[String], input: &Value) {
    let _one = ONE.lock();
    let (too_much, completed) = used_too_much(templates, input);
    assert!(too_much.is_empty(), "{too_much:#?}");
    // Much of what is tried is refused, and enough of it is not.
    assert!(
        completed > templates.len() / 10,
        "{completed} of {}",
        templates.len()
    );
}

fn text() -> String {
    "a,ä<&\"'".repeat(MIB / 8)
}

#[test]
fn filters_do_not_multiply_a_text() {
    are_bounded(&filters(), &json!(text()));
}

#[test]
fn operators_do_not_multiply_a_text() {
    are_bounded(&operators(), &json!(text()));
}

#[test]
fn filters_do_not_multiply_a_long_list() {
    are_bounded(&filters(), &Value::from(vec![1; 1_000_000]));
}

#[test]
fn operators_do_not_multiply_a_long_list() {
    are_bounded(&operators(), &Value::from(vec![1; 1_000_000]));
}

#[test]
fn filters_do_not_multiply_a_nested_object() {
    are_bounded(&filters(), &nested());
}

#[test]
fn operators_do_not_multiply_a_nested_object() {
    are_bounded(&operators(), &nested());
}

#[test]
fn tests_do_not_multiply_what_they_look_at() {
    for input in [json!(text()), Value::from(vec![1; 1_000_000]), nested()] {
        are_bounded(&tests(), &input);
    }
}

/// That the tests above can fail: the counter sees what is there, and the engine without our bounds
/// goes over them.
#[test]
fn what_is_not_bounded_is_seen() {
    let _one = ONE.lock();
    let used = |make: &dyn Fn()| {
        MEMORY.reset_peak_usage();
        let before = MEMORY.current_usage();
        make();
        MEMORY.peak_usage() - before
    };
    // A little less: the harness frees what it has printed of other tests.
    assert!(used(&|| drop(std::hint::black_box(vec![1_u8; 80 * MIB]))) >= 79 * MIB);
    let text = text();
    for expr in [
        "([input] * 80) | join | length",
        "([input] * 80) | upper | length",
    ] {
        let mut environment = minijinja::Environment::new();
        environment.set_fuel(Some(100_000));
        let expr = environment.compile_expression(expr).unwrap();
        let used = used(&|| _ = expr.eval(minijinja::context! { input => text.as_str() }));
        assert!(used > MOST, "{used}");
    }
}
