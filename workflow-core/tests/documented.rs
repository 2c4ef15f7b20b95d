//! The language page documents exactly what exists.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::collections::BTreeSet;

use workflow_core::{Registry, Template, error::FaultCode};

const PAGE: &str = include_str!("../../docs/LANGUAGE.md");

/// The text between this heading and the next.
fn section(heading: &str) -> &'static str {
    let (_, rest) = PAGE.split_once(&format!("\n## {heading}\n")).unwrap();
    rest.split("\n## ").next().unwrap()
}

/// The words in backticks of the paragraph that begins so.
fn words(begin: &str) -> Vec<&'static str> {
    let (_, rest) = PAGE.split_once(begin).unwrap();
    let paragraph = rest.split("\n\n").next().unwrap();
    paragraph.split('`').skip(1).step_by(2).collect()
}

/// The codes in the first column of a section's table.
fn codes(heading: &str) -> BTreeSet<&'static str> {
    let rows = section(heading)
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    rows.flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect()
}

#[test]
fn every_fault_code_is_in_the_table_and_nothing_else_is() {
    let known: BTreeSet<&str> = FaultCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(codes("Faults"), known);
}

#[test]
fn every_error_of_the_engine_is_in_the_table() {
    let documented = codes("Errors of steps and runs");
    let sources = [
        include_str!("../src/executor/attempt.rs"),
        include_str!("../src/executor/turn.rs"),
        include_str!("../src/machine/bounds.rs"),
        include_str!("../src/machine/budget.rs"),
        include_str!("../src/machine/control/agent.rs"),
        include_str!("../src/machine/control/call.rs"),
        include_str!("../src/machine/control/tool.rs"),
        include_str!("../src/machine/held.rs"),
        include_str!("../src/machine/inputs.rs"),
        include_str!("../src/machine/planning.rs"),
        include_str!("../src/machine/limits.rs"),
        include_str!("../src/machine/control/map.rs"),
        include_str!("../src/machine/control/repeat.rs"),
        include_str!("../src/machine/control/tool.rs"),
        include_str!("../src/machine/result.rs"),
        include_str!("../src/machine/resume.rs"),
        include_str!("../src/machine/settle.rs"),
        include_str!("../src/machine/suspend.rs"),
        include_str!("../src/machine/wait.rs"),
        include_str!("../src/node/built_in/switch.rs"),
        include_str!("../src/node/mod.rs"),
        include_str!("../src/node/plan.rs"),
        include_str!("../src/value/size.rs"),
        include_str!("../src/template/mod.rs"),
        include_str!("../src/workflow/turn_calls.rs"),
    ];
    let used: BTreeSet<&str> = (sources.iter())
        .flat_map(|source| {
            let problems = source.split("Problem::new(").skip(1);
            problems.chain(source.split("NodeError::new(").skip(1))
        })
        .filter_map(|after| after.trim_start().strip_prefix('"')?.split('"').next())
        .filter(|code| !["internal", "cancelled"].contains(code))
        .collect();
    assert_eq!(used, documented);
}

#[test]
fn every_filter_and_test_is_documented_and_has_help() {
    let compiles =
        |source: String| Template::parse(&source).map_err(|error| format!("{source}: {error}"));
    let (filters, tests) = (words("Filters: "), words("Tests (`is …`): "));
    assert!(
        filters.len() > 40 && tests.len() > 30,
        "{filters:?} {tests:?}"
    );
    for filter in &filters {
        compiles(format!("{{{{ input | {filter} }}}}")).unwrap();
    }
    for test in &tests {
        compiles(format!("{{{{ input is {test} }}}}")).unwrap();
    }
    let schema = Registry::default().language_schema();
    for (kind, documented) in [("filters", filters), ("tests", tests)] {
        let known = schema["x-templates"][kind].as_object().unwrap();
        let names: Vec<&str> = known.keys().map(String::as_str).collect();
        assert_eq!(
            names, documented,
            "the {kind} of the language schema and of the page"
        );
        for (name, help) in known {
            let help = help.as_str().unwrap();
            assert!(
                help.len() > 5 && help.ends_with('.'),
                "the help of `{name}`: {help:?}"
            );
        }
    }
    let blocks = [
        "{% if true %}{% elif true %}{% else %}{% endif %}",
        "{% for x in input %}{% endfor %}",
        "{% set x %}{% endset %}",
        "{% with x = input %}{% endwith %}",
        "{% filter upper %}{% endfilter %}",
        "{% raw %}{% endraw %}",
    ];
    for block in blocks {
        compiles(block.to_owned()).unwrap();
    }
    let statements = schema["x-templates"]["statements"].as_object().unwrap();
    let used: Vec<&str> = (blocks.iter())
        .flat_map(|block| block.split("{% ").skip(1))
        .filter_map(|statement| statement.split(' ').next())
        .collect();
    assert_eq!(used, statements.keys().collect::<Vec<_>>());
    for name in words("Functions and names: ") {
        let template = compiles(format!("{{{{ {name} }}}}")).unwrap();
        assert_eq!(template.source(), format!("{{{{ {name} }}}}"));
    }
}
