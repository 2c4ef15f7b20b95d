//! Money: US dollars, counted in billionths.

use std::{borrow::Cow, fmt, iter::Sum, ops::AddAssign, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const NANO_PER_USD: u64 = 1_000_000_000;

/// An amount of US dollars, exact to one billionth (nano-dollar). Sums saturate.
///
/// In JSON it is a number of dollars with at most nine decimals, from 0 to [`Usd::MAX`]: in this range a JSON number is
/// exact to the billionth.
///
/// ```
/// use workflow_core::value::Usd;
///
/// let cost = Usd::from_nano(4_100_000);
/// assert_eq!(cost.to_string(), "0.0041");
/// assert_eq!(serde_json::to_string(&cost)?, "0.0041");
/// assert_eq!("0.0041".parse::<Usd>()?, cost);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usd(u64);

/// A number that is not an amount of dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an amount of dollars is a number from 0 to 1000000 with at most nine decimals")]
pub struct InvalidUsd;

impl Usd {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The largest amount that can be written: one million dollars. Sums may be larger.
    pub const MAX: Self = Self(1_000_000 * NANO_PER_USD);

    /// An amount of billionths of a dollar.
    pub const fn from_nano(nano: u64) -> Self {
        Self(nano)
    }

    /// The amount in billionths of a dollar.
    pub const fn nano(self) -> u64 {
        self.0
    }

    pub(crate) const fn nano_mut(&mut self) -> &mut u64 {
        &mut self.0
    }

    /// The sum, or the largest value of the type.
    #[must_use]
    pub const fn saturating_add(self, more: Self) -> Self {
        Self(self.0.saturating_add(more.0))
    }

    /// The difference, or zero.
    #[must_use]
    pub const fn saturating_sub(self, less: Self) -> Self {
        Self(self.0.saturating_sub(less.0))
    }
}

impl AddAssign for Usd {
    fn add_assign(&mut self, more: Self) {
        *self = self.saturating_add(more);
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::saturating_add)
    }
}

/// Decimal, without trailing zeros.
impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, nano) = (self.0 / NANO_PER_USD, self.0 % NANO_PER_USD);
        if nano == 0 {
            return write!(f, "{whole}");
        }
        let decimals = format!("{nano:09}");
        write!(f, "{whole}.{}", decimals.trim_end_matches('0'))
    }
}

impl FromStr for Usd {
    type Err = InvalidUsd;

    fn from_str(text: &str) -> Result<Self, InvalidUsd> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|it| it.is_ascii_digit());
        if !is_number(whole) || !is_number(decimals) || decimals.len() > 9 {
            return Err(InvalidUsd);
        }
        let whole: u64 = whole.parse().map_err(|_| InvalidUsd)?;
        let nano: u64 = format!("{decimals:0<9}").parse().map_err(|_| InvalidUsd)?;
        let sum = whole
            .checked_mul(NANO_PER_USD)
            .and_then(|it| it.checked_add(nano));
        sum.map(Self)
            .filter(|it| *it <= Self::MAX)
            .ok_or(InvalidUsd)
    }
}

impl Serialize for Usd {
    #[expect(
        clippy::cast_precision_loss,
        reason = "exact up to nine million dollars; a larger sum is rounded"
    )]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(NANO_PER_USD) {
            return serializer.serialize_u64(self.0 / NANO_PER_USD);
        }
        serializer.serialize_f64(self.0 as f64 / NANO_PER_USD as f64)
    }
}

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(deserializer)?;
        // Nine decimals of a number below a million are exact in the shortest text of a 64-bit float; the text has no
        // exponent only from 1e-5 on, so the float is written with nine decimals and must not change by that.
        let text = match (number.as_u64(), number.as_f64()) {
            (Some(whole), _) => whole.to_string(),
            (None, Some(float)) => {
                let text = format!("{float:.9}");
                let is_exact = text
                    .parse::<f64>()
                    .is_ok_and(|back| (back - float).abs() < 1e-12);
                if !is_exact {
                    return Err(de::Error::custom(InvalidUsd));
                }
                text
            }
            (None, None) => return Err(de::Error::custom(InvalidUsd)),
        };
        // A sum in a log may be larger than what can be written by hand.
        match text.parse() {
            Ok(amount) => Ok(amount),
            Err(InvalidUsd) => Err(de::Error::custom(InvalidUsd)),
        }
    }
}

impl JsonSchema for Usd {
    fn schema_name() -> Cow<'static, str> {
        "Usd".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "number",
            "minimum": 0,
            "maximum": 1_000_000,
            "description": "US dollars, exact to nine decimals.",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn json_keeps_every_amount(nano in 0..=Usd::MAX.nano()) {
            let amount = Usd::from_nano(nano);
            let json = serde_json::to_string(&amount).unwrap();
            prop_assert_eq!(serde_json::from_str::<Usd>(&json).unwrap(), amount, "{}", json);
            prop_assert_eq!(amount.to_string().parse::<Usd>().unwrap(), amount);
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for json in [
            "-1",
            "1000000.1",
            "1e30",
            "0.0000000001",
            "1.0000000005",
            "\"1\"",
            "null",
        ] {
            assert!(serde_json::from_str::<Usd>(json).is_err(), "{json}");
        }
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "1e3",
            "0.0000000001",
            "99999999999999999999",
        ] {
            assert!(text.parse::<Usd>().is_err(), "{text}");
        }
        assert_eq!(
            serde_json::from_str::<Usd>("1e-9").unwrap(),
            Usd::from_nano(1)
        );
    }
}
