//! Writes the seed inputs of every target to `corpus/<target>/`.

use std::{fs, path::Path};

use serde_json::{Value, json};
use workflow_core::StepEvent;
use workflow_fuzz::{run, samples};

fn main() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let examples = fs::read_dir(here.join("../examples/workflows")).expect("there are examples");
    let texts = examples
        .map(|file| fs::read_to_string(file.expect("it is listed").path()).expect("it is read"));
    let specs: Vec<Value> = texts
        .map(|text| serde_json::from_str(&text).expect("it is JSON"))
        .chain(samples::specs())
        .collect();
    let write = |target: &str, name: usize, content: &str| {
        let folder = here.join("corpus").join(target);
        fs::create_dir_all(&folder).expect("there is a folder");
        fs::write(folder.join(format!("seed-{name:03}")), content).expect("it is written");
    };
    for (index, spec) in specs.iter().enumerate() {
        write("spec", index, &spec.to_string());
    }
    let mut texts = TEMPLATES.map(str::to_owned).to_vec();
    specs
        .iter()
        .for_each(|spec| collect_templates(spec, &mut texts));
    texts.sort_unstable();
    texts.dedup();
    for (index, text) in texts.iter().enumerate() {
        write("templates", index, text);
    }
    for (index, log) in logs().iter().enumerate() {
        write(
            "log",
            index,
            &serde_json::to_string(log).expect("it is JSON"),
        );
    }
    for (index, values) in values().iter().enumerate() {
        write("values", index, &values.to_string());
    }
}

/// Templates with rarely used parts of the language.
const TEMPLATES: [&str; 24] = [
    "{% set t = input.n * 2 %}{{ t }}",
    "{% for r in input.rows %}{{ loop.index }}:{{ r.k }}{% if not loop.last %}, {% endif %}{% else %}none{% endfor %}",
    "{%- with a = 1, b = [2] -%}{{ a + b[0] }}{%- endwith -%}",
    "{% for k, v in input.deep | items %}{{ k }}{{ v | tojson }}{% endfor %}",
    "{% raw %}{{ not }}{% endraw %}{# comment #}{{ input.text | replace('a', 'b') | truncate(5) }}",
    "{{ input.rows | map(attribute='k') | unique | join('-') }}",
    "{{ input.rows | groupby('k') | list }}",
    "{{ input.rows | selectattr('v') | list | length }}",
    "{{ range(10) | batch(3, 0) | list }}{{ range(7) | slice(2) | list }}",
    "{{ 'a' if input.yes else 'b' }}{{ input.nope | default('c') }}",
    "{{ input.list | sort(reverse=true) | first }}{{ input.list | sum }}{{ input.list | max }}",
    "{% if input.n > 41 and input.text is startingwith 'A' %}x{% elif input.no %}y{% else %}z{% endif %}",
    "{% for x in input.list recursive %}{{ loop(x) }}{% endfor %}",
    "{% for a in input.list if a > 1 %}{% if a == 2 %}{% continue %}{% endif %}{{ loop.cycle('o', 'e') }}{% endfor %}",
    "{{ input.huge * 10 }}{{ input.big + 1 }}{{ 7 // 2 }}{{ 7 % 3 }}{{ 2 ** 10 }}{{ -input.small }}",
    "{{ input.text[2:5] }}{{ input.text | upper | trim | lines | list }}{{ input['odd key'][''] }}",
    "{{ 'x' * 100 }}{{ [1] * 3 }}{{ 'a' ~ none ~ true }}{{ 1 in input.list }}",
    "input.n > 1 and (input.list | length) == 3 or not input.yes",
    "input.docs",
    "{% set ns %}captured {{ input.n }}{% endset %}{{ ns }}",
    "{% set (a, b) = [1, 2] %}{{ a }}{{ b }}{% filter upper %}x{% endfilter %}",
    "{{ lipsum }}{{ input.text | urlencode | indent(2) | wordcount }}{{ input | pprint }}",
    "{% do input.list %}{{ input.f | round(2) | string | int }}{{ '%s' | format(1) }}",
    "{{ input.text | regex_replace('([A-Z])(\\\\w*)', '${1}.$2') | truncate(9) }}{{ '[1, {}]' | fromjson | get('1.x', 7) }}",
    "{{ coalesce(input.no.x, input.list[9], run.url, run.id) }}{{ input | set('a.0', 1) | merge({'b': 2}) | length }}",
    "{{ run.started_at | add_duration('-1d 2h') | dateformat('%A %d.%m.%Y %H:%M', '+05:30') }}",
    "{{ input.deep.a.b.c[0][0][0] }}{{ {'a': {'b': 1}}.a.b }}{{ input.words | sort | tojson }}{{ cycler }}",
];

/// Every text in a specification; those that are no templates are texts, too.
fn collect_templates(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.contains([' ', '{', '.']) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect_templates(item, found)),
        Value::Object(members) => members
            .values()
            .for_each(|member| collect_templates(member, found)),
        _ => {}
    }
}

/// Whole logs, and logs that end early; and the same long ago, so that every time has come.
fn logs() -> Vec<Vec<StepEvent>> {
    let mut logs = Vec::new();
    for spec in [samples::containers(), samples::people()] {
        let workflow = samples::workflow(&spec);
        let whole = run::block_on(run::run(
            &workflow,
            json!({"words": ["b", "a", "c"], "n": 1}),
            &[json!(1), json!(2), json!(3), json!(4)],
        ));
        let text = serde_json::to_string(&whole).expect("it is JSON");
        let this_year = &text[text.find("\"time\":\"").expect("there is a time") + 8..][..4];
        let long_ago = text.replace(&format!("\"{this_year}-"), "\"2001-");
        for log in [whole, serde_json::from_str(&long_ago).expect("it is a log")] {
            let cuts = (1..log.len()).step_by(5).map(|cut| log[..cut].to_vec());
            logs.extend(cuts);
            logs.push(log);
        }
    }
    logs
}

fn values() -> Vec<Value> {
    vec![
        json!([{"type": "object", "required": ["a"], "properties": {"a": {"enum": [1, 2]}}}, {"a": 1, "b": [1, null]}, {"a": 2}]),
        json!([{"type": "array", "items": {"type": "number"}, "uniqueItems": true, "maxItems": 4}, [3, 1.5, 2], [1]]),
        json!([{"$ref": "#/$defs/tree", "$defs": {"tree": {"properties": {"left": {"$ref": "#/$defs/tree"}}}}}, {"left": {"left": {}}}, {}]),
        json!([{"anyOf": [{"type": "string", "pattern": "^(a|b)+$"}, {"format": "date"}], "not": {"const": "ab"}}, "abba", "2020-01-01"]),
        json!([{"if": {"minimum": 1}, "then": {"multipleOf": 2}, "else": {"type": "null"}}, 4, null]),
        json!([true, ["a", {"b": {"c": [1, 2]}}, 1e300, "ä🦀"], "x"]),
        json!([{"patternProperties": {"^x": {"type": "integer"}}, "additionalProperties": false, "unevaluatedProperties": false}, {"x1": 1}, {"x": 2}]),
    ]
}
