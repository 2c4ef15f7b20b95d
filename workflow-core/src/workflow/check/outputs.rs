//! What is known of a value before there is one: which fields it may have.
//!
//! Only what is certain excludes a field, with one exception, for inputs and outputs with a schema: JSON
//! Schema allows fields that `properties` does not list unless `additionalProperties` forbids them. Here
//! they are excluded unless it allows them, since a slip is far commoner than an undeclared field.

use std::{cell::Cell, collections::BTreeSet, sync::Arc};

use serde_json::{Map, Value};

use crate::{
    error::escaped,
    template::{Key, Part},
};

/// How many parts of a schema may stand in each other while one field is looked up.
const MOST_NESTED: usize = 32;

/// How many parts of schemas are looked at for one workflow; beyond, nothing is excluded.
const MOST_PARTS: usize = 200_000;

/// The most values that one value may be; of more, nothing is known.
const MOST_ALTERNATIVES: usize = 16;

/// The look-ups in schemas for one workflow, of which there are only so many.
pub(in crate::workflow) struct Lookups(Cell<usize>);

impl Lookups {
    pub(in crate::workflow) fn new() -> Self {
        Self(Cell::new(MOST_PARTS))
    }

    /// Whether another part may be looked at.
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
    /// One of these.
    OneOf(Arc<[Shape]>),
    /// What fits a part of a JSON Schema.
    Schema(SchemaPart),
}

/// A part of a JSON Schema: the whole, in which references are looked up, and the place of the part.
#[derive(Clone, Debug)]
pub(crate) struct SchemaPart {
    whole: Arc<Value>,
    place: String,
}

impl Shape {
    /// What fits a JSON Schema.
    pub(crate) fn of_schema(schema: &Value) -> Self {
        Self::Schema(SchemaPart {
            whole: Arc::new(schema.clone()),
            place: String::new(),
        })
    }

    /// A value that is known.
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

    /// What JSON with templates becomes; `read` says what an expression that is only a path gives.
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

    /// One of these; of none, nothing is known.
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

    /// Whether it is seen at once that both are the same.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text, Self::Text) | (Self::Scalar, Self::Scalar) => true,
            (Self::Schema(one), Self::Schema(other)) => {
                Arc::ptr_eq(&one.whole, &other.whole) && one.place == other.place
            }
            _ => false,
        }
    }

    /// What is known of the value at a key; none when there can be no such value.
    pub(in crate::workflow) fn at(&self, key: &Key, lookups: &Lookups) -> Option<Self> {
        if *key == Key::Element {
            return Some(self.element(lookups));
        }
        match self {
            Self::Unknown => Some(Self::Unknown),
            Self::Scalar => None,
            // What an index into a text gives is not the business of a schema.
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

    /// What is known of each item of the value: nothing, unless it is a list.
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

    /// The fields that are known.
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

    /// What the value is, in words, where it has no fields.
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

/// What a part of a schema says of a key.
enum Said {
    /// There may be such a value.
    Known(Shape),
    /// It allows any.
    Open,
    /// Nothing.
    Nothing,
    /// It lists others, and does not say that there may be more.
    Unlisted,
    /// There can be none.
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
            Said::Known(shape) => Some(shape),
            Said::Open | Said::Nothing => Some(Shape::Unknown),
            Said::Unlisted | Said::Excluded => None,
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

/// Looks up what a schema says of one key.
struct Lookup<'a> {
    whole: &'a Arc<Value>,
    key: &'a Key,
    lookups: &'a Lookups,
}

impl Lookup<'_> {
    /// What a part says, all its keywords together.
    fn part(&self, part: &Value, place: &str, nested: usize) -> Said {
        let Some(members) = part.as_object() else {
            return Said::Open;
        };
        if nested > MOST_NESTED || !self.lookups.next() {
            return Said::Open;
        }
        let nested = nested + 1;
        let mut said = vec![self.own(members, place)];
        for (keyword, value) in members {
            let place = || format!("{place}/{keyword}");
            match (keyword.as_str(), value) {
                ("$ref", Value::String(reference)) => {
                    let pointer = reference.strip_prefix('#');
                    let target =
                        pointer.and_then(|pointer| Some((self.whole.pointer(pointer)?, pointer)));
                    said.push(match target {
                        Some((part, pointer)) => self.part(part, pointer, nested),
                        None => Said::Open,
                    });
                }
                ("$dynamicRef" | "$recursiveRef", _) => said.push(Said::Open),
                ("allOf", Value::Array(parts)) => {
                    for (index, part) in parts.iter().enumerate() {
                        said.push(self.part(part, &format!("{}/{index}", place()), nested));
                    }
                }
                ("anyOf" | "oneOf", Value::Array(parts)) => {
                    let parts = parts.iter().enumerate();
                    let said_by_each = parts
                        .map(|(index, part)| {
                            self.part(part, &format!("{}/{index}", place()), nested)
                        })
                        .collect();
                    said.push(any_of(said_by_each));
                }
                // They hold for some values only.
                ("then" | "else", part) => {
                    let part = self.part(part, &place(), nested);
                    said.push(any_of(vec![part, Said::Nothing]));
                }
                ("dependentSchemas", Value::Object(parts)) => {
                    for (name, part) in parts {
                        let at = format!("{}/{}", place(), escaped(name));
                        let part = self.part(part, &at, nested);
                        said.push(any_of(vec![part, Said::Nothing]));
                    }
                }
                _ => {}
            }
        }
        all_of(said)
    }

    /// What the keywords of a part say that are about the value itself.
    fn own(&self, members: &Map<String, Value>, place: &str) -> Said {
        if !self.may_have_key(members) {
            return Said::Excluded;
        }
        match self.key {
            Key::Field(name) => self.field(name, members, place),
            Key::Index | Key::Element => {
                if members.contains_key("prefixItems") || !members.contains_key("items") {
                    return Said::Nothing;
                }
                self.known(format!("{place}/items"))
            }
        }
    }

    fn field(&self, name: &str, members: &Map<String, Value>, place: &str) -> Said {
        let properties = members.get("properties").and_then(Value::as_object);
        if let Some(properties) = properties
            && properties.contains_key(name)
        {
            return self.known(format!("{place}/properties/{}", escaped(name)));
        }
        let required = members.get("required").and_then(Value::as_array);
        if required.is_some_and(|names| names.iter().any(|it| it == name)) {
            return Said::Open;
        }
        let more = ["additionalProperties", "unevaluatedProperties"];
        let more: Vec<&Value> = more.iter().filter_map(|key| members.get(*key)).collect();
        let has_patterns = members.contains_key("patternProperties");
        if has_patterns || more.iter().any(|more| **more != Value::Bool(false)) {
            return Said::Open;
        }
        if members.get("additionalProperties") == Some(&Value::Bool(false)) {
            return Said::Excluded;
        }
        let lists = properties.is_some_and(|properties| !properties.is_empty());
        if lists || !more.is_empty() {
            Said::Unlisted
        } else {
            Said::Nothing
        }
    }

    fn known(&self, place: String) -> Said {
        let whole = Arc::clone(self.whole);
        Said::Known(Shape::Schema(SchemaPart { whole, place }))
    }

    /// Whether a value of these types, or one of these values, may have such a key.
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

/// What is said by parts that all hold.
fn all_of(said: Vec<Said>) -> Said {
    let mut whole = Said::Nothing;
    for part in said {
        whole = match (whole, part) {
            (Said::Excluded, _) | (_, Said::Excluded) => Said::Excluded,
            (known @ Said::Known(_), _) | (_, known @ Said::Known(_)) => known,
            (Said::Open, _) | (_, Said::Open) => Said::Open,
            (Said::Unlisted, _) | (_, Said::Unlisted) => Said::Unlisted,
            (Said::Nothing, Said::Nothing) => Said::Nothing,
        };
    }
    whole
}

/// What is said by parts of which one holds.
fn any_of(said: Vec<Said>) -> Said {
    let mut known = Vec::new();
    let (mut open, mut nothing, mut unlisted) = (false, said.is_empty(), false);
    for part in said {
        match part {
            Said::Known(shape) => known.push(shape),
            Said::Open => open = true,
            Said::Nothing => nothing = true,
            Said::Unlisted => unlisted = true,
            Said::Excluded => {}
        }
    }
    match (known.is_empty(), open, nothing, unlisted) {
        (false, true, ..) => Said::Known(Shape::Unknown),
        (false, ..) => Said::Known(Shape::one_of(known)),
        (true, true, ..) => Said::Open,
        (true, _, true, _) => Said::Nothing,
        (.., true) => Said::Unlisted,
        _ => Said::Excluded,
    }
}
