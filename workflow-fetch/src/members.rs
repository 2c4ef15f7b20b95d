//! `Members`: a JSON object with typed names, in the order of the document.

use std::{borrow::Cow, fmt, marker::PhantomData, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error as _, MapAccess, Visitor},
};

/// The most members of one object.
const MAX_MEMBERS: usize = 100;

/// Pairs of names and values. An invalid or repeated name is an error at the place of its member.
#[derive(Clone, Debug)]
pub(crate) struct Members<K, V>(Vec<(K, V)>);

impl<K, V> Members<K, V> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(K, V)> {
        self.0.iter()
    }
}

impl<K, V> Default for Members<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, K, V> Deserialize<'de> for Members<K, V>
where
    K: FromStr<Err: fmt::Display> + PartialEq,
    V: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Reader(PhantomData))
    }
}

/// The visitor of the object. It keeps the order of the document and stops at the limit.
struct Reader<K, V>(PhantomData<(K, V)>);

impl<'de, K, V> Visitor<'de> for Reader<K, V>
where
    K: FromStr<Err: fmt::Display> + PartialEq,
    V: Deserialize<'de>,
{
    type Value = Members<K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Members::default();
        while let Some(name) = map.next_key::<String>()? {
            let before = &members;
            let member = map.next_value_seed(Member {
                name: &name,
                before,
            })?;
            members.0.push(member);
        }
        Ok(members)
    }
}

/// Reads the value first and then parses the name, so that an error about the name has the place of the
/// member. `next_key` would report it at the place of the object.
struct Member<'a, K, V> {
    name: &'a str,
    before: &'a Members<K, V>,
}

impl<'de, K, V> DeserializeSeed<'de> for Member<'_, K, V>
where
    K: FromStr<Err: fmt::Display> + PartialEq,
    V: Deserialize<'de>,
{
    type Value = (K, V);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(K, V), D::Error> {
        let value = V::deserialize(deserializer)?;
        let name: K = self.name.parse().map_err(D::Error::custom)?;
        if self.before.iter().any(|(known, _)| *known == name) {
            return Err(D::Error::custom(format!("`{}` is set twice", self.name)));
        }
        if self.before.0.len() >= MAX_MEMBERS {
            return Err(D::Error::custom(format!("more than {MAX_MEMBERS} fields")));
        }
        Ok((name, value))
    }
}

impl<K, V: JsonSchema> JsonSchema for Members<K, V> {
    fn schema_name() -> Cow<'static, str> {
        format!("MembersOf{}", V::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "maxProperties": MAX_MEMBERS,
            "additionalProperties": generator.subschema_for::<V>(),
        })
    }
}
