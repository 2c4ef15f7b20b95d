//! The budget of a run: a limit on what its attempts may use together.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Usd;
use crate::error::{Fault, FaultCode, Pointer};

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
    /// What happens when an attempt does not fit. Default: `fail`; of a run whose workflow has a budget, what that says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when_exceeded: Option<WhenExceeded>,
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
        self.when_exceeded = Some(when_exceeded);
        self
    }

    /// The limit in a unit; money in billionths of a dollar.
    pub(crate) fn limit(&self, unit: BudgetUnit) -> Option<u64> {
        match unit {
            BudgetUnit::Calls => self.calls,
            BudgetUnit::Tokens => self.tokens,
            BudgetUnit::Usd => self.usd.map(Usd::nano),
        }
    }

    fn limit_mut(&mut self, unit: BudgetUnit) -> Option<&mut u64> {
        match unit {
            BudgetUnit::Calls => self.calls.as_mut(),
            BudgetUnit::Tokens => self.tokens.as_mut(),
            BudgetUnit::Usd => self.usd.as_mut().map(Usd::nano_mut),
        }
    }

    /// The units that are limited.
    pub(crate) fn units(&self) -> impl Iterator<Item = BudgetUnit> {
        let units = BudgetUnit::ALL.into_iter();
        units.filter(|unit| self.limit(*unit).is_some())
    }

    /// Whether a person is asked about an attempt that does not fit.
    pub(crate) fn asks(&self) -> bool {
        self.when_exceeded == Some(WhenExceeded::Ask)
    }

    /// The budget of a run that has this one, of a workflow that has `outer`: in each unit the smaller limit.
    pub(crate) fn within(self, outer: Self) -> Self {
        let smaller = |own: Option<u64>, outer: Option<u64>| own.into_iter().chain(outer).min();
        let nano = smaller(self.usd.map(Usd::nano), outer.usd.map(Usd::nano));
        Self {
            usd: nano.map(Usd::from_nano),
            tokens: smaller(self.tokens, outer.tokens),
            calls: smaller(self.calls, outer.calls),
            when_exceeded: self.when_exceeded.or(outer.when_exceeded),
        }
    }

    /// Raises the limits by the `by` of an answer: `{"usd"?, "tokens"?, "calls"?}`. What is no amount, or is not limited, raises
    /// nothing.
    pub(crate) fn raise(&mut self, by: &Value) {
        for unit in BudgetUnit::ALL {
            let by = match (unit, &by[unit.name()]) {
                (BudgetUnit::Usd, dollars) => nano_of(dollars),
                (_, count) => count.as_u64(),
            };
            if let (Some(limit), Some(by)) = (self.limit_mut(unit), by) {
                *limit = limit.saturating_add(by);
            }
        }
    }

    /// Checks that it limits something, and each limit is more than 0.
    ///
    /// # Errors
    /// The faults, with places below `at`.
    pub(crate) fn check(&self, at: &Pointer) -> Result<(), Vec<Fault>> {
        if self.units().next().is_none() {
            let fault = Fault::new(FaultCode::InvalidValue, at, "the budget limits nothing");
            return Err(vec![fault.with_hint("set `usd`, `tokens` or `calls`")]);
        }
        let zero = self.units().filter(|unit| self.limit(*unit) == Some(0));
        let faults = zero.map(|unit| {
            let detail = format!("`{}` of a budget is more than 0", unit.name());
            Fault::new(FaultCode::InvalidValue, at.field(unit.name()), detail)
        });
        none_or(faults.collect())
    }

    /// Checks that no limit is above that of the workflow.
    ///
    /// # Errors
    /// The faults, with places below `at`.
    pub(crate) fn check_within(&self, outer: &Self, at: &Pointer) -> Result<(), Vec<Fault>> {
        let above = self.units().filter_map(|unit| {
            let (own, outer) = (self.limit(unit)?, outer.limit(unit)?);
            (own > outer).then(|| {
                let [own, outer] = [own, outer].map(|limit| unit.amount(limit.into()));
                let detail = format!("the budget of {own} is above that of the workflow, {outer}");
                let fault = Fault::new(FaultCode::InvalidValue, at.field(unit.name()), detail);
                fault.with_hint(format!(
                    "set at most {outer}, or raise `budget` in the workflow"
                ))
            })
        });
        none_or(above.collect())
    }
}

fn none_or(faults: Vec<Fault>) -> Result<(), Vec<Fault>> {
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults)
    }
}

/// Dollars of an answer in billionths, rounded down: a person may write more decimals.
fn nano_of(dollars: &Value) -> Option<u64> {
    if let Ok(exact) = Usd::deserialize(dollars) {
        return Some(exact.nano());
    }
    let dollars = dollars.as_f64().filter(|it| (0.0..=1e6).contains(it))?;
    let decimals = format!("{dollars:.12}");
    let exact = decimals.get(..decimals.len() - 3)?;
    exact.parse().ok().map(Usd::nano)
}

/// A unit of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BudgetUnit {
    Calls,
    Tokens,
    Usd,
}

impl BudgetUnit {
    pub(crate) const ALL: [Self; 3] = [Self::Calls, Self::Tokens, Self::Usd];

    /// Its field in a budget.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Tokens => "tokens",
            Self::Usd => "usd",
        }
    }

    /// An amount in this unit, for people; money is given in billionths of a dollar.
    pub(crate) fn amount(self, amount: u128) -> String {
        match self {
            Self::Calls if amount == 1 => "1 request".to_owned(),
            Self::Calls => format!("{amount} requests"),
            Self::Tokens => format!("{amount} tokens"),
            Self::Usd => {
                let nano = u64::try_from(amount).unwrap_or(u64::MAX);
                format!("{} USD", Usd::from_nano(nano))
            }
        }
    }
}
