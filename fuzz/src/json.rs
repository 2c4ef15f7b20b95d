//! Mutations that produce valid JSON. After random changes of bytes, the parser would refuse most inputs.

use std::sync::LazyLock;

use fastrand::Rng;
use serde_json::{Map, Value, json};

/// Mutates bytes: takes a buffer, the size of its content and the largest size, and returns the new size.
pub type MutateBytes = fn(&mut [u8], usize, usize) -> usize;

/// Mutates a JSON text. Sometimes, and if it is not JSON, mutates its bytes. `repair` is applied to the
/// mutated value.
pub fn mutate(
    data: &mut [u8],
    size: usize,
    max_size: usize,
    seed: u32,
    bytes: MutateBytes,
    repair: impl FnOnce(&mut Value, &mut Rng),
) -> usize {
    let mut rng = Rng::with_seed(seed.into());
    let parsed = if rng.u8(..16) == 0 {
        None
    } else {
        serde_json::from_slice::<Value>(&data[..size]).ok()
    };
    let Some(mut tree) = parsed else {
        return bytes(data, size, max_size);
    };
    for _ in 0..=rng.u8(..3) {
        change(&mut tree, &mut rng, bytes);
    }
    repair(&mut tree, &mut rng);
    let text = tree.to_string();
    if text.len() > max_size {
        return bytes(data, size, max_size);
    }
    data[..text.len()].copy_from_slice(text.as_bytes());
    text.len()
}

/// The words of the language, from the dictionary.
static WORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let lines = include_str!("../language.dict").lines();
    let quoted = lines.filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'));
    quoted
        .map(|word| word.replace("\\\"", "\"").replace("\\\\", "\\"))
        .collect()
});

fn word(rng: &mut Rng) -> String {
    rng.choice(WORDS.iter()).cloned().unwrap_or_default()
}

fn change(tree: &mut Value, rng: &mut Rng, bytes: MutateBytes) {
    let donor = pick(tree, rng).clone();
    let (key, namesake) = named(tree, rng);
    let place = pick(tree, rng);
    match (rng.u8(..10), place) {
        (0, place) => *place = interesting(rng),
        (1, place) => *place = donor,
        (2, place) => *place = json!([place.take()]),
        (_, Value::Object(object)) => change_object(object, donor, &key, namesake, rng),
        (_, Value::Array(items)) => change_array(items, donor, rng),
        (_, Value::String(text)) => change_text(text, rng, bytes),
        (_, place) => *place = interesting(rng),
    }
}

/// A random value of the tree, all with equal probability.
fn pick<'a>(tree: &'a mut Value, rng: &mut Rng) -> &'a mut Value {
    let mut left = rng.usize(..count(tree));
    nth(tree, &mut left).expect("it was counted")
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

fn nth<'a>(value: &'a mut Value, left: &mut usize) -> Option<&'a mut Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| nth(item, left)),
        Value::Object(members) => members.values_mut().find_map(|member| nth(member, left)),
        _ => None,
    }
}

/// A random member of any object in the tree.
fn named(tree: &Value, rng: &mut Rng) -> (String, Value) {
    fn collect<'a>(value: &'a Value, found: &mut Vec<(&'a String, &'a Value)>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
            Value::Object(members) => members.iter().for_each(|(key, member)| {
                found.push((key, member));
                collect(member, found);
            }),
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(tree, &mut found);
    rng.choice(found).map_or_else(
        || (word(rng), Value::Null),
        |(key, value)| (key.clone(), value.clone()),
    )
}

fn change_object(
    object: &mut Map<String, Value>,
    donor: Value,
    key: &str,
    namesake: Value,
    rng: &mut Rng,
) {
    let own: Option<String> = rng.choice(object.keys()).cloned();
    match (rng.u8(..6), own) {
        (0, Some(own)) => _ = object.shift_remove(&own),
        (1, Some(own)) => {
            let value = object.shift_remove(&own).unwrap_or_default();
            object.insert(word(rng), value);
        }
        (2, _) => _ = object.insert(word(rng), donor),
        (3, _) => _ = object.insert(word(rng), interesting(rng)),
        _ => _ = object.insert(key.to_owned(), namesake),
    }
}

fn change_array(items: &mut Vec<Value>, donor: Value, rng: &mut Rng) {
    if items.is_empty() {
        return items.push(donor);
    }
    let (at, other) = (rng.usize(..items.len()), rng.usize(..items.len()));
    match rng.u8(..6) {
        0 => _ = items.remove(at),
        1 => items.insert(other, items[at].clone()),
        2 => items.swap(at, other),
        3 => items.truncate(at),
        4 => items[at] = items[other].clone(),
        _ => items.insert(at, donor),
    }
}

fn change_text(text: &mut String, rng: &mut Rng, bytes: MutateBytes) {
    let at = text.floor_char_boundary(rng.usize(..=text.len()));
    match rng.u8(..4) {
        0 => *text = word(rng),
        1 => text.insert_str(at, &word(rng)),
        2 => text.truncate(at),
        _ => {
            let (used, most) = (text.len(), text.len() + 64);
            let mut buffer = text.clone().into_bytes();
            buffer.resize(most, 0);
            let used = bytes(&mut buffer, used, most);
            *text = String::from_utf8_lossy(&buffer[..used]).into_owned();
        }
    }
}

fn interesting(rng: &mut Rng) -> Value {
    match rng.u8(..18) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(false),
        3 => json!(0),
        4 => json!(1),
        5 => json!(-1),
        6 => json!(u64::MAX),
        7 => json!(i64::MIN),
        8 => json!(1e308),
        9 => json!(0.5),
        10 => json!(u32::MAX),
        11 => json!(rng.u8(..)),
        12 => json!([]),
        13 => json!({}),
        14 => json!(""),
        15 => json!(format!("{{{{ {} }}}}", word(rng))),
        16 => json!({ word(rng): word(rng) }),
        _ => json!(word(rng)),
    }
}
