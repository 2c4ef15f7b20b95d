//! Shapes: what is known of a value before it exists, and so which fields templates may read.
//!
//! A field is excluded only if it is certain that it cannot exist, with one exception. JSON Schema allows
//! fields that `properties` does not list, unless `additionalProperties` forbids them. Here they are excluded unless
//! `additionalProperties` allows them, since a misspelt field is far more common than an undeclared one.
//!
//! Shapes are conservative: everything that is not understood is [`Shape::Unknown`], of which every field may
//! exist. So, apart from that exception, an unusual schema costs checks and never refuses a valid workflow. The
//! work is bounded, see [`Lookups`].

use std::{cell::Cell, collections::BTreeSet, sync::Arc};

use serde_json::{Map, Value};

use crate::{
    error::escaped,
    template::{Key, Part},
};

/// The deepest nesting of schema parts in one look-up.
const MOST_NESTED: usize = 32;

/// The most schema parts that are visited for one workflow. After that, nothing is excluded. Without it, a few
/// `$ref`s that branch would take exponential time.
const MOST_PARTS: usize = 200_000;

/// The most alternatives of one value. With more, nothing is known of it.
const MOST_ALTERNATIVES: usize = 16;

/// The schema parts that may still be visited for one workflow.
///
/// A cell, since it is shared by all readers of one check, which run one after the other.
pub(in crate::workflow) struct Lookups(Cell<usize>);

impl Lookups {
    pub(in crate::workflow) fn new() -> Self {
        Self(Cell::new(MOST_PARTS))
    }

    /// Pays for a visit. `false` if none is left.
    fn next(&self) -> bool {
        let left = self.0.get().checked_sub(1);
        left.map(|left| self.0.set(left)).is_some()
    }
}

/// What is known of a value.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    /// Nothing.
    Unknown,
    /// A text.
    Text,
    /// A number, a boolean or `null`.
    Scalar,
    /// An object with these fields and no others.
    Object(Arc<[(String, Shape)]>),
    /// A list of such items.
    List(Arc<Shape>),
    /// One of these shapes.
    OneOf(Arc<[Shape]>),
    /// A value that fits a part of a JSON Schema.
    Schema(SchemaPart),
}

/// A part of a JSON Schema: the whole schema, for its references, and the pointer to the part.
///
/// The part is found by its pointer each time, so that a shape owns no copy of it and can be cloned cheaply.
#[derive(Clone, Debug)]
pub(crate) struct SchemaPart {
    whole: Arc<Value>,
    place: String,
}

impl Shape {
    /// Values that fit a JSON Schema.
    pub(crate) fn of_schema(schema: &Value) -> Self {
        Self::Schema(SchemaPart {
            whole: Arc::new(schema.clone()),
            place: String::new(),
        })
    }

    /// The shape of a known value.
    pub(crate) fn of_value(value: &Value) -> Self {
        match value {
            Value::String(_) => Self::Text,
            Value::Array(items) => Self::list_of(items.iter().map(Self::of_value).collect()),
            Value::Object(members) => Self::Object(
                members
                    .iter()
                    .map(|(name, member)| (name.clone(), Self::of_value(member)))
                    .collect(),
            ),
            _ => Self::Scalar,
        }
    }

    /// The shape that JSON with templates renders to. `read` gives the shape of an expression.
    pub(crate) fn of_json(part: &Part, read: &impl Fn(&str) -> Self) -> Self {
        match part {
            Part::Literal(value) => Self::of_value(value),
            Part::Text(_) => Self::Text,
            Part::Expression(expr) => read(expr.source()),
            Part::Array(items) => {
                Self::list_of(items.iter().map(|item| Self::of_json(item, read)).collect())
            }
            Part::Object(members) => Self::Object(
                members
                    .iter()
                    .map(|(name, member)| (name.clone(), Self::of_json(member, read)))
                    .collect(),
            ),
        }
    }

    fn list_of(items: Vec<Self>) -> Self {
        Self::List(Arc::new(Self::one_of(items)))
    }

    /// One of several shapes. Without any, nothing is known.
    ///
    /// Equal alternatives are merged only if that is cheap to see. A choice with something unknown is unknown.
    pub(crate) fn one_of(shapes: Vec<Self>) -> Self {
        let mut different: Vec<Self> = Vec::new();
        for shape in shapes {
            let alternatives = match &shape {
                Self::Unknown => return Self::Unknown,
                Self::OneOf(alternatives) => alternatives,
                _ => std::slice::from_ref(&shape),
            };
            for shape in alternatives {
                if !different.iter().any(|other| other.is_same(shape)) {
                    different.push(shape.clone());
                }
            }
            if different.len() > MOST_ALTERNATIVES {
                return Self::Unknown;
            }
        }
        match <[Self; 1]>::try_from(different) {
            Ok([only]) => only,
            Err(shapes) if shapes.is_empty() => Self::Unknown,
            Err(shapes) => Self::OneOf(shapes.into()),
        }
    }

    /// Whether both are the same, as far as a cheap comparison shows.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text, Self::Text) | (Self::Scalar, Self::Scalar) => true,
            (Self::Schema(one), Self::Schema(other)) => {
                Arc::ptr_eq(&one.whole, &other.whole) && one.place == other.place
            }
            _ => false,
        }
    }

    /// What is known of the value at a key; `None` if there can be none.
    ///
    /// Of a choice, the key may exist if it may exist in one of the alternatives.
    pub(in crate::workflow) fn at(&self, key: &Key, lookups: &Lookups) -> Option<Self> {
        if *key == Key::Element {
            return Some(self.element(lookups));
        }
        match self {
            Self::Unknown => Some(Self::Unknown),
            Self::Scalar => None,
            // Schemas do not describe single characters.
            Self::Text => matches!(key, Key::Index).then_some(Self::Unknown),
            Self::Object(members) => match key {
                Key::Field(name) => {
                    let mut members = members.iter();
                    let member = members.find(|(known, _)| known == name);
                    member.map(|(_, shape)| shape.clone())
                }
                Key::Index | Key::Element => None,
            },
            Self::List(item) => match key {
                Key::Field(_) => None,
                Key::Index | Key::Element => Some((**item).clone()),
            },
            Self::OneOf(shapes) => {
                let found = shapes.iter().filter_map(|shape| shape.at(key, lookups));
                let found: Vec<Self> = found.collect();
                (!found.is_empty()).then(|| Self::one_of(found))
            }
            Self::Schema(part) => part.at(key, lookups),
        }
    }

    /// What is known of each item of the value.
    fn element(&self, lookups: &Lookups) -> Self {
        match self {
            Self::List(item) => (**item).clone(),
            Self::OneOf(shapes) => {
                Self::one_of(shapes.iter().map(|shape| shape.element(lookups)).collect())
            }
            Self::Schema(part) => part.at(&Key::Index, lookups).unwrap_or(Self::Unknown),
            Self::Unknown | Self::Text | Self::Scalar | Self::Object(_) => Self::Unknown,
        }
    }

    /// The known fields.
    pub(in crate::workflow) fn fields(&self, lookups: &Lookups) -> BTreeSet<String> {
        match self {
            Self::Object(members) => members.iter().map(|(name, _)| name.clone()).collect(),
            Self::OneOf(shapes) => {
                let fields = shapes.iter().flat_map(|shape| shape.fields(lookups));
                fields.collect()
            }
            Self::Schema(part) => part.fields(lookups),
            Self::Unknown | Self::Text | Self::Scalar | Self::List(_) => BTreeSet::new(),
        }
    }

    /// A noun for a value without fields, for error messages.
    pub(crate) fn noun(&self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Scalar => "a number, a boolean or null",
            Self::List(_) => "a list",
            Self::OneOf(shapes) => {
                let mut nouns = shapes.iter().filter(|it| !matches!(it, Self::Scalar));
                match (nouns.next(), nouns.next()) {
                    (Some(only), None) => only.noun(),
                    _ => "a value without such fields",
                }
            }
            Self::Schema(part) => part.noun(),
            Self::Unknown | Self::Object(_) => "an object",
        }
    }
}

/// What a part of a schema says about a key.
///
/// From strong to weak for parts that all apply: `Excluded`, `Known`, `Open`, `Unlisted`, `Nothing`. `Unlisted` is
/// weaker than `Open`: another part may allow what this one only does not mention.
enum KeyRule {
    /// The key may exist, with this shape.
    Known(Shape),
    /// Any value is allowed.
    Open,
    /// The part says nothing about the key.
    Nothing,
    /// The part lists other keys, and does not allow more.
    Unlisted,
    /// The key cannot exist.
    Excluded,
}

impl SchemaPart {
    fn at(&self, key: &Key, lookups: &Lookups) -> Option<Shape> {
        let Some(part) = self.whole.pointer(&self.place) else {
            return Some(Shape::Unknown);
        };
        let lookup = Lookup {
            whole: &self.whole,
            key,
            lookups,
        };
        match lookup.part(part, &self.place, 0) {
            KeyRule::Known(shape) => Some(shape),
            KeyRule::Open | KeyRule::Nothing => Some(Shape::Unknown),
            KeyRule::Unlisted | KeyRule::Excluded => None,
        }
    }

    fn fields(&self, lookups: &Lookups) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let part = self.whole.pointer(&self.place);
        let mut open: Vec<&Value> = part.into_iter().collect();
        while let Some(part) = open.pop().filter(|_| lookups.next()) {
            let Some(members) = part.as_object() else {
                continue;
            };
            let properties = members.get("properties").and_then(Value::as_object);
            names.extend(properties.into_iter().flat_map(Map::keys).cloned());
            for key in ["allOf", "anyOf", "oneOf"] {
                open.extend(
                    members
                        .get(key)
                        .and_then(Value::as_array)
                        .into_iter()
                        .flatten(),
                );
            }
            let reference = members.get("$ref").and_then(Value::as_str);
            open.extend(reference.and_then(|it| self.whole.pointer(it.strip_prefix('#')?)));
        }
        names
    }

    fn noun(&self) -> &'static str {
        let part = self.whole.pointer(&self.place);
        match part.and_then(|part| part.get("type")?.as_str()) {
            Some("string") => "a text",
            Some("array") => "a list",
            Some("integer" | "number") => "a number",
            Some("boolean") => "a boolean",
            Some("null") => "null",
            _ => "a value without such fields",
        }
    }
}

/// One look-up of a key in a schema.
struct Lookup<'a> {
    whole: &'a Arc<Value>,
    key: &'a Key,
    lookups: &'a Lookups,
}

impl Lookup<'_> {
    /// The rule of a part: that of all its keywords together.
    ///
    /// `if` and `not` are left out: they exclude keys only for certain values. Deeper nesting and an empty budget
    /// give `Open`.
    fn part(&self, part: &Value, place: &str, nested: usize) -> KeyRule {
        let Some(members) = part.as_object() else {
            return KeyRule::Open;
        };
        if nested > MOST_NESTED || !self.lookups.next() {
            return KeyRule::Open;
        }
        let nested = nested + 1;
        let mut rules = vec![self.own(members, place)];
        for (keyword, value) in members {
            let place = || format!("{place}/{keyword}");
            match (keyword.as_str(), value) {
                ("$ref", Value::String(reference)) => {
                    let pointer = reference.strip_prefix('#');
                    let target =
                        pointer.and_then(|pointer| Some((self.whole.pointer(pointer)?, pointer)));
                    rules.push(match target {
                        Some((part, pointer)) => self.part(part, pointer, nested),
                        None => KeyRule::Open,
                    });
                }
                ("$dynamicRef" | "$recursiveRef", _) => rules.push(KeyRule::Open),
                ("allOf", Value::Array(parts)) => {
                    for (index, part) in parts.iter().enumerate() {
                        rules.push(self.part(part, &format!("{}/{index}", place()), nested));
                    }
                }
                ("anyOf" | "oneOf", Value::Array(parts)) => {
                    let parts = parts.iter().enumerate();
                    let rules_of_each = parts
                        .map(|(index, part)| {
                            self.part(part, &format!("{}/{index}", place()), nested)
                        })
                        .collect();
                    rules.push(any_of(rules_of_each));
                }
                // They apply to some values only.
                ("then" | "else", part) => {
                    let part = self.part(part, &place(), nested);
                    rules.push(any_of(vec![part, KeyRule::Nothing]));
                }
                ("dependentSchemas", Value::Object(parts)) => {
                    for (name, part) in parts {
                        let at = format!("{}/{}", place(), escaped(name));
                        let part = self.part(part, &at, nested);
                        rules.push(any_of(vec![part, KeyRule::Nothing]));
                    }
                }
                _ => {}
            }
        }
        all_of(rules)
    }

    /// The rule of the keywords of a part that are about the value itself.
    fn own(&self, members: &Map<String, Value>, place: &str) -> KeyRule {
        if !self.may_have_key(members) {
            return KeyRule::Excluded;
        }
        match self.key {
            Key::Field(name) => self.field(name, members, place),
            Key::Index | Key::Element => {
                if members.contains_key("prefixItems") || !members.contains_key("items") {
                    return KeyRule::Nothing;
                }
                self.known(format!("{place}/items"))
            }
        }
    }

    /// `required` without `properties` also means that the field exists. `additionalProperties: false` excludes for
    /// certain; a plain list of `properties` excludes by the convention of this module.
    fn field(&self, name: &str, members: &Map<String, Value>, place: &str) -> KeyRule {
        let properties = members.get("properties").and_then(Value::as_object);
        if let Some(properties) = properties
            && properties.contains_key(name)
        {
            return self.known(format!("{place}/properties/{}", escaped(name)));
        }
        let required = members.get("required").and_then(Value::as_array);
        if required.is_some_and(|names| names.iter().any(|it| it == name)) {
            return KeyRule::Open;
        }
        let more = ["additionalProperties", "unevaluatedProperties"];
        let more: Vec<&Value> = more.iter().filter_map(|key| members.get(*key)).collect();
        let has_patterns = members.contains_key("patternProperties");
        if has_patterns || more.iter().any(|more| **more != Value::Bool(false)) {
            return KeyRule::Open;
        }
        if members.get("additionalProperties") == Some(&Value::Bool(false)) {
            return KeyRule::Excluded;
        }
        let lists = properties.is_some_and(|properties| !properties.is_empty());
        if lists || !more.is_empty() {
            KeyRule::Unlisted
        } else {
            KeyRule::Nothing
        }
    }

    fn known(&self, place: String) -> KeyRule {
        let whole = Arc::clone(self.whole);
        KeyRule::Known(Shape::Schema(SchemaPart { whole, place }))
    }

    /// Whether the `type`, `enum` and `const` of a part allow a value with such a key.
    ///
    /// A type that JSON Schema does not define allows everything: a later draft may have it.
    fn may_have_key(&self, members: &Map<String, Value>) -> bool {
        let allows = |kind: &str| match self.key {
            Key::Field(_) => !matches!(
                kind,
                "string" | "array" | "integer" | "number" | "boolean" | "null"
            ),
            Key::Index | Key::Element => {
                !matches!(kind, "object" | "integer" | "number" | "boolean" | "null")
            }
        };
        let of_type = match members.get("type") {
            Some(Value::String(kind)) => allows(kind),
            Some(Value::Array(kinds)) => kinds.iter().any(|it| it.as_str().is_none_or(allows)),
            _ => true,
        };
        let has_key = |value: &Value| match (self.key, value) {
            (Key::Field(name), Value::Object(object)) => object.contains_key(name),
            (Key::Field(_), _) => false,
            (Key::Index | Key::Element, value) => value.is_array() || value.is_string(),
        };
        let listed = members.get("enum").and_then(Value::as_array);
        of_type
            && listed.is_none_or(|values| values.iter().any(has_key))
            && members.get("const").is_none_or(has_key)
    }
}

/// The combined rule of parts that all apply.
fn all_of(rules: Vec<KeyRule>) -> KeyRule {
    let mut whole = KeyRule::Nothing;
    for part in rules {
        whole = match (whole, part) {
            (KeyRule::Excluded, _) | (_, KeyRule::Excluded) => KeyRule::Excluded,
            (known @ KeyRule::Known(_), _) | (_, known @ KeyRule::Known(_)) => known,
            (KeyRule::Open, _) | (_, KeyRule::Open) => KeyRule::Open,
            (KeyRule::Unlisted, _) | (_, KeyRule::Unlisted) => KeyRule::Unlisted,
            (KeyRule::Nothing, KeyRule::Nothing) => KeyRule::Nothing,
        };
    }
    whole
}

/// The combined rule of parts of which one applies.
///
/// One alternative that allows the key is enough, so `Excluded` counts only if all say so.
fn any_of(rules: Vec<KeyRule>) -> KeyRule {
    let mut known = Vec::new();
    let (mut open, mut nothing, mut unlisted) = (false, rules.is_empty(), false);
    for part in rules {
        match part {
            KeyRule::Known(shape) => known.push(shape),
            KeyRule::Open => open = true,
            KeyRule::Nothing => nothing = true,
            KeyRule::Unlisted => unlisted = true,
            KeyRule::Excluded => {}
        }
    }
    match (known.is_empty(), open, nothing, unlisted) {
        (false, true, ..) => KeyRule::Known(Shape::Unknown),
        (false, ..) => KeyRule::Known(Shape::one_of(known)),
        (true, true, ..) => KeyRule::Open,
        (true, _, true, _) => KeyRule::Nothing,
        (.., true) => KeyRule::Unlisted,
        _ => KeyRule::Excluded,
    }
}
