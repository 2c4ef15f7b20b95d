//! The account of a budget: what is booked, and what is reserved.

use super::{Amount, Budget, BudgetUnit, Usd};

/// A sum of amounts, exact. What is not known of an amount does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    calls: u128,
    tokens: u128,
    nano: u128,
}

impl Sum {
    fn get(&self, unit: BudgetUnit) -> u128 {
        match unit {
            BudgetUnit::Calls => self.calls,
            BudgetUnit::Tokens => self.tokens,
            BudgetUnit::Usd => self.nano,
        }
    }

    fn add(&mut self, amount: Amount) {
        self.calls += u128::from(amount.calls);
        self.tokens += u128::from(amount.tokens.unwrap_or_default());
        self.nano += u128::from(amount.usd.map_or(0, Usd::nano));
    }

    /// Subtracts an amount that was added before.
    fn subtract(&mut self, amount: Amount) {
        self.calls -= u128::from(amount.calls);
        self.tokens -= u128::from(amount.tokens.unwrap_or_default());
        self.nano -= u128::from(amount.usd.map_or(0, Usd::nano));
    }

    fn amount(&self) -> Amount {
        let capped = |sum: u128| u64::try_from(sum).unwrap_or(u64::MAX);
        let usd = Usd::from_nano(capped(self.nano));
        Amount::calls(capped(self.calls))
            .with_tokens(capped(self.tokens))
            .with_usd(usd)
    }
}

/// What a budget has: its limit, what is booked, and what is reserved for running attempts.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    limit: Budget,
    booked: Sum,
    reserved: Sum,
    /// Whether something was booked whose price is not known.
    has_unpriced: bool,
    /// Whether an attempt used more than its bound, in a limited unit.
    is_broken: bool,
}

/// Whether the bound of an attempt fits into a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    Yes,
    /// Only when attempts that run now use less than is reserved for them.
    Later,
    /// Not even if they use nothing. `left` is what is not booked.
    No {
        unit: BudgetUnit,
        needed: u64,
        left: u128,
    },
    /// It has no bound in a unit that is limited.
    Unbounded(BudgetUnit),
    /// An attempt has used more than its bound, so that the limit can no longer be promised.
    Broken,
}

impl Ledger {
    pub(crate) fn new(limit: Budget) -> Self {
        Self {
            limit,
            booked: Sum::default(),
            reserved: Sum::default(),
            has_unpriced: false,
            is_broken: false,
        }
    }

    pub(crate) fn limit(&self) -> &Budget {
        &self.limit
    }

    pub(crate) fn raise(&mut self, by: &serde_json::Value) {
        self.limit.raise(by);
    }

    /// Whether a bound fits. `lost` is the part of the reservations whose attempts were lost: it does not come back.
    pub(crate) fn fit(&self, bound: Amount, lost: &[Amount]) -> Fit {
        if let Some(unit) = (self.limit.units()).find(|unit| bound.get(*unit).is_none()) {
            return Fit::Unbounded(unit);
        }
        if self.is_broken {
            return Fit::Broken;
        }
        let mut gone = self.booked;
        for lost in lost {
            gone.add(*lost);
        }
        let mut fit = Fit::Yes;
        for unit in self.limit.units() {
            let (limit, needed) = (self.limit.limit(unit), bound.get(unit));
            let (limit, needed) = (limit.unwrap_or_default(), needed.unwrap_or_default());
            // What uses nothing fits, even when others have used more than the limit.
            if needed == 0 {
                continue;
            }
            let left = u128::from(limit).saturating_sub(gone.get(unit));
            if u128::from(needed) > left {
                return Fit::No { unit, needed, left };
            }
            let taken = self.booked.get(unit) + self.reserved.get(unit);
            if taken + u128::from(needed) > u128::from(limit) {
                fit = Fit::Later;
            }
        }
        fit
    }

    pub(crate) fn reserve(&mut self, amount: Amount) {
        self.reserved.add(amount);
    }

    /// Ends the reservation of an attempt.
    pub(crate) fn release(&mut self, reserved: Amount) {
        self.reserved.subtract(reserved);
    }

    /// Books what an attempt used.
    pub(crate) fn book(&mut self, used: Amount) {
        self.booked.add(used);
        self.has_unpriced |= used.usd.is_none();
    }

    /// Marks the budget as broken if an attempt used more than was reserved for it, in a limited unit.
    pub(crate) fn compare(&mut self, used: &Amount, reserved: &Amount) {
        let mut units = self.limit.units();
        self.is_broken |= units.any(|unit| used.is_above(reserved, unit));
    }

    /// What is booked, and whether the true cost is higher. The cost is absent if nothing is known of it.
    pub(crate) fn spent(&self) -> (Amount, bool) {
        let mut spent = self.booked.amount();
        if self.has_unpriced && self.booked.nano == 0 {
            spent.usd = None;
        }
        (spent, self.has_unpriced && spent.usd.is_some())
    }

    pub(crate) fn reserved(&self) -> Amount {
        self.reserved.amount()
    }
}
