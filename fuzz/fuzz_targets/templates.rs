//! A text as a template and as an expression.
//!
//! Properties: compiling ends without a panic, and `Template`, `Expr` and workflows agree about the result. An
//! accepted template is rendered, or fails with `template_error` or an error of size. The output is bounded. A
//! template cannot change the meaning of a reserved name.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use workflow_core::{
    EventKind, InvalidWorkflow, StepEvent, Template, Workflow, error::FaultCode, template::Expr,
    value::MAX_OUTPUT_BYTES,
};
use workflow_fuzz::{faults, nodes::REGISTRY, run, samples};

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        run::on_small_stack(data, || check(&expand(text)));
    }
});

/// Replaces control characters by long sequences, so that few bytes produce long chains.
fn expand(text: &str) -> String {
    let mut whole = String::new();
    for c in text.chars() {
        match c {
            '\u{1}' => whole.push_str(&"+1".repeat(3_000)),
            '\u{2}' => whole.push_str(&"[".repeat(300)),
            '\u{3}' => whole.push_str(&"]".repeat(300)),
            '\u{4}' => whole.push_str(&"{% if input %}".repeat(300)),
            '\u{5}' => whole.push_str(&"{% endif %}".repeat(300)),
            '\u{6}' => whole.push_str(&"|list".repeat(1_000)),
            '\u{7}' => whole.push_str(&"{% elif input %}".repeat(90)),
            '\u{8}' => whole.push_str(&"{% for x in input %}".repeat(200)),
            '\u{b}' => whole.push_str(&"{% endfor %}".repeat(200)),
            '\u{c}' => whole.push_str(&"x".repeat(10_000)),
            '\u{e}' => whole.push_str(&"not ".repeat(240)),
            '\u{f}' => whole.push_str(&"{{input}}".repeat(1_000)),
            c => whole.push(c),
        }
    }
    whole
}

/// Appended to a template. The template must not change its output.
const MARK: &str = "|{{ input.n }}{{ null }}";
const MARKED: &str = "|42null";

fn check(text: &str) {
    let template = Template::parse(text);
    let expr = Expr::parse(text);
    if let Ok(template) = &template {
        assert_eq!(template.source(), text);
    }
    if let Ok(expr) = &expr {
        assert_eq!(expr.source(), text);
    }
    let as_template = Checked::of("PromptNode", json!({ "template": text }), "true");
    assert_eq!(
        as_template.compiles(),
        template.is_ok(),
        "{}",
        as_template.spec
    );
    let as_when = Checked::of("TransformNode", json!({ "value": 1 }), text);
    assert_eq!(as_when.compiles(), expr.is_ok(), "{}", as_when.spec);
    let as_value = Checked::of("TransformNode", json!({ "value": { "x": [text] } }), "true");
    for checked in [as_template, as_when, as_value] {
        checked.run();
    }
    if template.is_ok() {
        let marked = format!("{text}{MARK}");
        let checked = Checked::of("PromptNode", json!({ "template": marked }), "true");
        if let Some(Value::String(output)) = checked.run() {
            assert!(output.ends_with(MARKED), "{marked:?} gives {output:?}");
        }
    }
}

/// A workflow of one node.
struct Checked {
    spec: Value,
    workflow: Result<Workflow, InvalidWorkflow>,
}

impl Checked {
    fn of(kind: &str, data: Value, when: &str) -> Self {
        let spec = json!({"nodes": [{"id": "a", "type": kind, "data": data, "when": when}]});
        let workflow = Workflow::from_spec(&spec, &REGISTRY);
        if let Err(refused) = &workflow {
            faults::check(refused, Some(&spec));
        }
        Self { spec, workflow }
    }

    /// Whether the text is a valid template, regardless of its references.
    fn compiles(&self) -> bool {
        let refused = self.workflow.as_ref().err();
        let faults = refused.iter().flat_map(|refused| refused.faults());
        let mut codes = faults.map(|fault| fault.code);
        !codes.any(|code| {
            matches!(
                code,
                FaultCode::TemplateSyntax | FaultCode::TemplateTooLarge
            )
        })
    }

    /// The output of a run. `None` if the workflow is refused, or fails with an allowed error.
    fn run(self) -> Option<Value> {
        let workflow = self.workflow.ok()?;
        let log = run::block_on(run::run(&workflow.into(), samples::rich_input(), &[]));
        match log.last().map(|event: &StepEvent| &event.kind) {
            Some(EventKind::RunCompleted(completed)) => {
                let bytes = completed.output.to_string().len();
                assert!(bytes <= MAX_OUTPUT_BYTES, "{bytes} bytes");
                Some(completed.output.as_ref().clone())
            }
            Some(EventKind::RunFailed(failed)) => {
                let named = ["template_error", "output_too_large", "output_too_deep"];
                assert!(named.contains(&&*failed.error.code), "{failed:?}");
                None
            }
            other => panic!("{other:?}"),
        }
    }
}
