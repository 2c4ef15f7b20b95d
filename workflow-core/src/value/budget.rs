//! The budget of a run: a limit on what its attempts may use together.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Amount, Usd};

/// The most that a run, or a called workflow, may use. Absent units are not limited.
///
/// In JSON: `{"usd": 1.5, "tokens": 200000, "calls": 50, "when_exceeded": "ask"}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Budget {
    /// Money, in US dollars with at most nine decimals; more than 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub usd: Option<Usd>,
    /// Tokens of requests and responses, thoughts and cached ones included; more than 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub tokens: Option<u64>,
    /// Requests to a model; more than 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub calls: Option<u64>,
    /// What happens when an attempt does not fit. Default: `fail`.
    #[serde(default, skip_serializing_if = "WhenExceeded::is_fail")]
    pub when_exceeded: WhenExceeded,
}

/// What happens when the bound of an attempt does not fit into a budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WhenExceeded {
    /// The step fails with `budget_exceeded`.
    #[default]
    Fail,
    /// A person is asked, once for the budget: raise it, or stop.
    Ask,
}

impl WhenExceeded {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde passes a reference"
    )]
    fn is_fail(&self) -> bool {
        *self == Self::Fail
    }
}

impl Budget {
    /// A limit on requests to a model.
    pub fn calls(calls: u64) -> Self {
        Self {
            calls: Some(calls),
            ..Self::default()
        }
    }

    /// A limit on tokens.
    pub fn tokens(tokens: u64) -> Self {
        Self {
            tokens: Some(tokens),
            ..Self::default()
        }
    }

    /// A limit on money.
    pub fn usd(usd: Usd) -> Self {
        Self {
            usd: Some(usd),
            ..Self::default()
        }
    }

    /// Sets what happens when an attempt does not fit.
    #[must_use]
    pub fn with_when_exceeded(mut self, when_exceeded: WhenExceeded) -> Self {
        self.when_exceeded = when_exceeded;
        self
    }

    /// The unit in which `amount` is over the limit, or not known although it is limited.
    pub(crate) fn exceeded_by(&self, amount: Amount) -> Option<BudgetUnit> {
        let over = |limit: Option<u64>, used: Option<u64>| match (limit, used) {
            (None, _) => false,
            (Some(limit), Some(used)) => used > limit,
            (Some(_), None) => true,
        };
        if over(self.calls, Some(amount.calls)) {
            return Some(BudgetUnit::Calls);
        }
        if over(self.tokens, amount.tokens) {
            return Some(BudgetUnit::Tokens);
        }
        let usd = (self.usd.map(Usd::nano), amount.usd.map(Usd::nano));
        over(usd.0, usd.1).then_some(BudgetUnit::Usd)
    }
}

/// A unit of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BudgetUnit {
    Calls,
    Tokens,
    Usd,
}
