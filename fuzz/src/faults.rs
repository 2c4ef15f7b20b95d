//! The properties of every refusal of a specification.

use serde_json::Value;
use workflow_core::{Fault, InvalidWorkflow};

/// The most characters of a field name in a pointer; longer names are cut.
const SHOWN: usize = 200;

/// Checks a refusal: at least one fault, at most [`InvalidWorkflow::MAX`], each with a detail, and with a
/// pointer to an existing place of the document or to a missing member of one.
pub fn check(refused: &InvalidWorkflow, document: Option<&Value>) {
    let faults = refused.faults();
    assert!(
        !faults.is_empty() && faults.len() <= InvalidWorkflow::MAX,
        "{} faults",
        faults.len()
    );
    for fault in faults {
        check_one(fault, document);
    }
    assert!(!refused.to_string().is_empty());
}

fn check_one(fault: &Fault, document: Option<&Value>) {
    assert!(!fault.detail.is_empty(), "{fault:?}");
    assert!(
        fault.detail.len() < 10_000,
        "a fault of {} bytes: {:.2000}",
        fault.detail.len(),
        fault.detail
    );
    let text = serde_json::to_string(fault).expect("a fault is JSON");
    assert_eq!(
        serde_json::from_str::<Fault>(&text).expect("a fault is read back"),
        *fault
    );
    let Some(document) = document else {
        return assert_eq!(fault.pointer, "#", "{fault:?}");
    };
    let path = fault
        .pointer
        .strip_prefix('#')
        .unwrap_or_else(|| panic!("{fault:?}"));
    assert!(path.is_empty() || path.starts_with('/'), "{fault:?}");
    let segments: Vec<String> = path
        .split('/')
        .skip(1)
        .map(|segment| segment.replace("~1", "/").replace("~0", "~"))
        .collect();
    let parents = segments.len().saturating_sub(1);
    let found = resolves(document, &segments[..parents]);
    assert!(found, "there is no place near {fault:?}");
}

fn resolves(here: &Value, path: &[String]) -> bool {
    let Some((first, rest)) = path.split_first() else {
        return true;
    };
    match here {
        Value::Array(items) => {
            let item = first.parse().ok().and_then(|index: usize| items.get(index));
            item.is_some_and(|item| resolves(item, rest))
        }
        Value::Object(members) => members
            .iter()
            .filter(|(key, _)| *key == first || is_cut(first, key))
            .any(|(_, member)| resolves(member, rest)),
        _ => false,
    }
}

fn is_cut(shown: &str, key: &str) -> bool {
    shown.chars().count() >= SHOWN && key.starts_with(shown)
}
