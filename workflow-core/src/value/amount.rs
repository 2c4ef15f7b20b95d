//! What attempts use at most, and what they have used.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BudgetUnit, Usage, Usd};

/// Requests to a model, tokens and money: the bound of an attempt, what is reserved for it, or what it used.
///
/// `None` is "not known", never zero: as a bound it means that there is none in this unit.
///
/// ```
/// use workflow_core::value::{Amount, Usd};
///
/// // At most two requests of 5,000 tokens each. What they cost is not known.
/// let bound = Amount::calls(2).with_tokens(10_000);
/// assert_eq!(bound.usd, None);
/// # let _ = bound.with_usd(Usd::from_nano(4_100_000));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Amount {
    /// Requests to a model.
    #[serde(default)]
    pub calls: u64,
    /// Tokens of requests and responses, thoughts and cached ones included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd: Option<Usd>,
}

impl Amount {
    /// Nothing: no request, no tokens, no money.
    pub const NOTHING: Self = Self {
        calls: 0,
        tokens: Some(0),
        usd: Some(Usd::ZERO),
    };

    /// This many requests, whose tokens and money are not known.
    pub const fn calls(calls: u64) -> Self {
        Self {
            calls,
            tokens: None,
            usd: None,
        }
    }

    /// Sets the tokens.
    #[must_use]
    pub const fn with_tokens(mut self, tokens: u64) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// Sets the money.
    #[must_use]
    pub const fn with_usd(mut self, usd: Usd) -> Self {
        self.usd = Some(usd);
        self
    }

    /// The sum. Unknown in a unit if one of them is.
    #[must_use]
    pub fn plus(self, more: Self) -> Self {
        Self {
            calls: self.calls.saturating_add(more.calls),
            tokens: (self.tokens.zip(more.tokens)).map(|(a, b)| a.saturating_add(b)),
            usd: self.usd.zip(more.usd).map(|(a, b)| a.saturating_add(b)),
        }
    }
}

impl Amount {
    /// The amount in a unit; money in billionths of a dollar.
    pub(crate) fn get(&self, unit: BudgetUnit) -> Option<u64> {
        match unit {
            BudgetUnit::Calls => Some(self.calls),
            BudgetUnit::Tokens => self.tokens,
            BudgetUnit::Usd => self.usd.map(Usd::nano),
        }
    }

    /// Whether it is more than `bound` in a unit in which both are known.
    pub(crate) fn is_above(&self, bound: &Self, unit: BudgetUnit) -> bool {
        matches!((self.get(unit), bound.get(unit)), (Some(used), Some(bound)) if used > bound)
    }
}

/// What something cost. A sum in which the price of a part is not known is "at least" this.
///
/// What has no known part at all is no `Cost` but `None`: there is no false zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Cost {
    /// The money.
    pub usd: Usd,
    /// Whether a part has an unknown price, so that the true cost is higher.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
}

impl Cost {
    /// A cost of which every part is known.
    pub const fn exact(usd: Usd) -> Self {
        Self {
            usd,
            at_least: false,
        }
    }

    /// A cost with a part that is not known.
    pub const fn at_least(usd: Usd) -> Self {
        Self {
            usd,
            at_least: true,
        }
    }
}

/// `0.0041 USD`, or `at least 0.0041 USD`.
impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at_least = if self.at_least { "at least " } else { "" };
        write!(f, "{at_least}{} USD", self.usd)
    }
}

/// The sum of the costs of attempts: what is known, and whether something is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CostSum {
    known: Option<Usd>,
    has_unknown: bool,
}

impl CostSum {
    /// The sum of what had this usage in total and this cost.
    pub(crate) fn of(usage: Usage, cost: Option<Cost>) -> Self {
        Self {
            known: cost.map(|cost| cost.usd),
            has_unknown: cost.map_or(!usage.is_empty(), |cost| cost.at_least),
        }
    }

    /// Adds an attempt with this usage and cost. Usage without a cost has an unknown price.
    pub(crate) fn add(&mut self, usage: Usage, cost: Option<Cost>) {
        match cost {
            Some(cost) => {
                let known = self.known.get_or_insert_default();
                *known += cost.usd;
                self.has_unknown |= cost.at_least;
            }
            None => self.has_unknown |= !usage.is_empty(),
        }
    }

    /// `None` if nothing is known.
    pub(crate) fn cost(self) -> Option<Cost> {
        let usd = self.known?;
        let at_least = self.has_unknown;
        Some(Cost { usd, at_least })
    }
}
