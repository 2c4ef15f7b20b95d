//! Lenient deserialization of informative fields: an unexpected value must not cost an answer that is
//! already paid for.
//!
//! `deserialize_any` works because the format is JSON, which describes itself.

use std::fmt;

use serde::{
    Deserializer,
    de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// A string, or a number as a string; `None` for any other value.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_any(Lenient(Read {
        text: |text| Some(text.to_owned()),
        number: |number| Some(number.to_string()),
    }))
}

/// A count. The JSON mapping of protobuf writes 64-bit integers as strings, so `"12"` and `12.0` are
/// read, too. A negative number is 0; any other value is `None`.
pub(super) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    deserializer.deserialize_any(Lenient(Read {
        text: |text| text.trim().parse().ok().and_then(count_of),
        number: count_of,
    }))
}

/// Rounds to the nearest count. NaN and infinity are no counts.
fn count_of(number: f64) -> Option<u64> {
    if !number.is_finite() {
        return None;
    }
    // Counts of tokens are far below 2^53, where `f64` begins to round.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it saturates, and is not negative"
    )]
    Some(number.max(0.0).round() as u64)
}

/// The conversions of a string and of a number.
struct Read<T> {
    text: fn(&str) -> Option<T>,
    number: fn(f64) -> Option<T>,
}

/// Accepts every JSON value. Lists and objects are skipped, which the deserializer requires before it
/// can continue.
struct Lenient<T>(Read<T>);

impl<'de, T> Visitor<'de> for Lenient<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok((self.0.text)(text))
    }

    #[expect(clippy::cast_precision_loss, reason = "such counts do not occur")]
    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok((self.0.number)(number as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "such counts do not occur")]
    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok((self.0.number)(number as f64))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok((self.0.number)(number))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}
