//! The JSON of a price table, and its faults.

use std::{borrow::Cow, collections::BTreeMap, str::FromStr};

use jsonschema::{ValidationError, error::ValidationErrorKind};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de, de::IntoDeserializer};
use serde_json::Value;

use super::rate::{Price, Rates};
use crate::{
    error::{Fault, FaultCode, Pointer, did_you_mean, escaped, shown},
    value::{DataType, Timestamp, Usd, data, error_text},
};

/// The fields of a price in the file.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Entry {
    input: Rate,
    output: Rate,
    cached_input: Option<Rate>,
    cache_write: Option<Rate>,
    #[serde(default)]
    #[schemars(length(max = 10))]
    tiers: Vec<Tier>,
    #[serde(default)]
    #[schemars(extend("maxProperties" = 20))]
    service_tiers: BTreeMap<String, Factor>,
    #[schemars(range(min = 1))]
    context: Option<u64>,
    #[schemars(range(min = 1))]
    max_output: Option<u64>,
    valid_from: Option<Day>,
    #[schemars(length(max = 500))]
    source: Option<String>,
}

/// Other rates for requests with much input.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Tier {
    #[schemars(range(min = 1))]
    above: u64,
    input: Rate,
    output: Rate,
    cached_input: Option<Rate>,
    cache_write: Option<Rate>,
}

/// US dollars per million tokens.
#[derive(Clone, Copy)]
struct Rate(Usd);

impl Rate {
    /// A cent per token. A higher price is more likely one per token or per thousand tokens than meant.
    const MAX: u64 = 10_000;
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let usd = Usd::deserialize(deserializer)?;
        if usd > Usd::from_nano(Self::MAX * 1_000_000_000) {
            return Err(de::Error::custom("a price is at most 10000"));
        }
        Ok(Self(usd))
    }
}

impl JsonSchema for Rate {
    fn schema_name() -> Cow<'static, str> {
        "Rate".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "maximum": Self::MAX })
    }
}

/// The factor of a service tier, in thousandths.
struct Factor(u32);

impl Factor {
    const MAX: u64 = 100;
}

impl<'de> Deserialize<'de> for Factor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const INVALID: &str = "a factor is a number from 0 to 100 with at most three decimals";
        let factor = Usd::deserialize(deserializer).map_err(|_| de::Error::custom(INVALID))?;
        let (thousandths, rest) = (factor.nano() / 1_000_000, factor.nano() % 1_000_000);
        match u32::try_from(thousandths) {
            Ok(thousandths) if rest == 0 && u64::from(thousandths) <= Self::MAX * 1_000 => {
                Ok(Self(thousandths))
            }
            _ => Err(de::Error::custom(INVALID)),
        }
    }
}

impl JsonSchema for Factor {
    fn schema_name() -> Cow<'static, str> {
        "Factor".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "maximum": Self::MAX })
    }
}

/// The first moment of a day in UTC.
struct Day(Timestamp);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let day = jiff::civil::Date::from_str(&text).ok();
        // The parser also takes times; a price begins with a day.
        let day = day.filter(|day| day.to_string() == text).ok_or_else(|| {
            de::Error::custom("not a day: write it as `2026-12-01`, which begins at 00:00 UTC")
        })?;
        let start = format!("{day}T00:00:00Z");
        Timestamp::deserialize(start.as_str().into_deserializer()).map(Self)
    }
}

impl JsonSchema for Day {
    fn schema_name() -> Cow<'static, str> {
        "Day".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

/// Reads the prices of one pattern: one object, or a list of them for several periods.
///
/// The faults are added to `faults`; there are prices only if there were none.
pub(super) struct Reader(DataType);

impl Reader {
    pub(super) fn new() -> Self {
        Self(DataType::of::<Entry>())
    }

    pub(super) fn read(&self, value: &Value, at: &Pointer, faults: &mut Vec<Fault>) -> Vec<Price> {
        let mut prices: Vec<(Pointer, Price)> = match value {
            Value::Array(periods) if periods.is_empty() => {
                faults.push(Fault::new(
                    FaultCode::InvalidValue,
                    at,
                    "the list has no price",
                ));
                return Vec::new();
            }
            Value::Array(periods) => {
                let periods = periods.iter().enumerate();
                let read = periods
                    .filter_map(|(index, period)| self.entry(period, at.item(index), faults));
                read.collect()
            }
            one => self.entry(one, at.clone(), faults).into_iter().collect(),
        };
        // A stable order: of two prices from the same day, the second in the file is the fault.
        prices.sort_by_key(|(_, price)| price.valid_from);
        for pair in prices.windows(2) {
            if let [(_, earlier), (place, later)] = pair
                && earlier.valid_from == later.valid_from
            {
                let detail = "another price of this pattern applies from the same day";
                let fault = Fault::new(FaultCode::InvalidValue, place.field("valid_from"), detail)
                    .with_hint(
                        "give each price another `valid_from`; only the first may have none",
                    );
                faults.push(fault);
            }
        }
        prices.into_iter().map(|(_, price)| price).collect()
    }

    fn entry(
        &self,
        value: &Value,
        at: Pointer,
        faults: &mut Vec<Fault>,
    ) -> Option<(Pointer, Price)> {
        let before = faults.len();
        let errors = self.0.errors(value);
        faults.extend(errors.flat_map(|error| self.faults_of(&error, &at)));
        if faults.len() > before {
            return None;
        }
        match data::read::<Entry>(value) {
            Ok(entry) => {
                let price = price(entry, &at, faults)?;
                Some((at, price))
            }
            Err(error) => {
                let place = error.place(&at);
                faults.push(Fault::new(FaultCode::InvalidValue, place, error.detail()));
                None
            }
        }
    }

    fn faults_of(&self, error: &ValidationError, at: &Pointer) -> Vec<Fault> {
        let at = format!("{at}{}", error.instance_path().as_str());
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                let known = self.0.schema()["properties"].as_object();
                let known: Vec<&str> = known
                    .into_iter()
                    .flatten()
                    .map(|(it, _)| it.as_str())
                    .collect();
                let unknown = unexpected.iter().map(|field| {
                    let detail = format!("`{}` is not a field of a price", shown(field));
                    let place = format!("{at}/{}", escaped(&shown(field)));
                    let mut fault = Fault::new(FaultCode::UnknownField, place, detail);
                    fault.hint = did_you_mean(field, known.iter().copied());
                    fault
                });
                unknown.collect()
            }
            ValidationErrorKind::Required { property } => {
                let missing = property.as_str().unwrap_or_default();
                let detail = format!("`{missing}` is missing");
                vec![Fault::new(FaultCode::MissingField, at, detail)]
            }
            _ => vec![Fault::new(FaultCode::InvalidValue, at, error_text(error))],
        }
    }
}

/// The price, if its tiers do not contradict each other.
fn price(entry: Entry, at: &Pointer, faults: &mut Vec<Fault>) -> Option<Price> {
    let rates = rates(
        entry.input,
        entry.output,
        entry.cached_input,
        entry.cache_write,
    );
    let mut tiers: Vec<(u64, Rates)> = Vec::new();
    for (index, tier) in entry.tiers.iter().enumerate() {
        if tiers.last().is_some_and(|(above, _)| *above >= tier.above) {
            let place = at.field("tiers").item(index).field("above");
            let detail = format!("{} is not more than that of the tier before", tier.above);
            faults.push(Fault::new(FaultCode::InvalidValue, place, detail));
            return None;
        }
        let rates = self::rates(tier.input, tier.output, tier.cached_input, tier.cache_write);
        tiers.push((tier.above, rates));
    }
    let service_tiers = entry.service_tiers.into_iter();
    Some(Price {
        rates,
        tiers,
        service_tiers: service_tiers
            .map(|(name, Factor(factor))| (name.into(), factor))
            .collect(),
        context: entry.context,
        max_output: entry.max_output,
        valid_from: entry.valid_from.map(|Day(start)| start),
        source: entry.source.map(Into::into),
    })
}

/// Rates in which those of the cache are those of the input unless they are set.
fn rates(
    Rate(input): Rate,
    Rate(output): Rate,
    cached_input: Option<Rate>,
    cache_write: Option<Rate>,
) -> Rates {
    Rates {
        input,
        cached_input: cached_input.map_or(input, |Rate(it)| it),
        cache_write: cache_write.map_or(input, |Rate(it)| it),
        output,
    }
}
