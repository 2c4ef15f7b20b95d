//! The price of a model in one period, and the arithmetic over it.

use std::{iter::Sum, ops::AddAssign};

use crate::value::{Timestamp, Usage, Usd};

/// The tier of requests that name none. Its factor is 1 unless the table says otherwise.
pub(super) const STANDARD: &str = "standard";

/// US dollars per million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rates {
    /// Tokens of the request that come from no cache.
    pub(super) input: Usd,
    /// Tokens of the request that the provider reads from a cache.
    pub(super) cached_input: Usd,
    /// Tokens of the request that the provider writes to a cache.
    pub(super) cache_write: Usd,
    /// Tokens of the response, thoughts included.
    pub(super) output: Usd,
}

/// What a model costs from one day on, and its limits, as the table states them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    pub(super) rates: Rates,
    /// The rates of requests with more than this many tokens of input, in ascending order.
    pub(super) tiers: Vec<(u64, Rates)>,
    /// The factors of service tiers, in thousandths.
    pub(super) service_tiers: Vec<(Box<str>, u32)>,
    pub(super) context: Option<u64>,
    pub(super) max_output: Option<u64>,
    pub(super) valid_from: Option<Timestamp>,
    pub(super) source: Option<Box<str>>,
}

impl Price {
    /// What a request with this usage costs. `service_tier` is the tier that served it; none is `standard`. `None` if the table has no
    /// factor for the tier.
    ///
    /// The tokens of the input decide which rates apply to the whole request.
    pub fn charge(&self, usage: Usage, service_tier: Option<&str>) -> Option<Charge> {
        let factor = self.factor(service_tier)?;
        let rates = self
            .tiers
            .iter()
            .rfind(|(above, _)| usage.input_tokens > *above);
        let rates = rates.map_or(&self.rates, |(_, rates)| rates);
        let cached = usage.cached_tokens.min(usage.input_tokens);
        let charge = Charge::of(usage.input_tokens - cached, rates.input, factor)
            .plus(Charge::of(cached, rates.cached_input, factor))
            .plus(Charge::of(usage.output_tokens, rates.output, factor));
        Some(charge)
    }

    /// The most that a request with at most these tokens costs: at the dearest rates that it can reach, and without help of a
    /// cache. `service_tier` is the tier that it asks for. `None` if the table has no factor for the tier.
    pub fn most(&self, input: u64, output: u64, service_tier: Option<&str>) -> Option<Charge> {
        let factor = self.factor(service_tier)?;
        let reachable = self.tiers.iter().filter(|(above, _)| input > *above);
        let rates = reachable
            .map(|(_, rates)| rates)
            .chain([&self.rates])
            .copied();
        let costs = rates.map(|rates| {
            let dearest = rates.input.max(rates.cached_input).max(rates.cache_write);
            Charge::of(input, dearest, factor).plus(Charge::of(output, rates.output, factor))
        });
        costs.max()
    }

    /// The most tokens of request and response together, if the table has it.
    pub fn context(&self) -> Option<u64> {
        self.context
    }

    /// The most tokens of a response, thoughts included, if the table has it.
    pub fn max_output(&self) -> Option<u64> {
        self.max_output
    }

    /// When the price begins to apply; `None` if it always has.
    pub fn valid_from(&self) -> Option<Timestamp> {
        self.valid_from
    }

    /// Where the figures are from.
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// The factor of a service tier, in thousandths. Case does not matter.
    fn factor(&self, service_tier: Option<&str>) -> Option<u32> {
        let tier = service_tier.unwrap_or(STANDARD);
        let known = self
            .service_tiers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(tier));
        match known {
            Some((_, factor)) => Some(*factor),
            None => tier.eq_ignore_ascii_case(STANDARD).then_some(1_000),
        }
    }
}

/// An exact amount of money. Charges are added before they are rounded, so that rounding does not add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Charge(u128);

impl Charge {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Parts of a charge in a billionth of a dollar: rates are per million tokens, factors in thousandths.
    const PER_NANO: u128 = 1_000_000 * 1_000;

    fn of(tokens: u64, rate: Usd, factor: u32) -> Self {
        // At most 2^64 tokens at 10^13 nano-dollars and a factor of 10^5: below 2^128.
        let rate = u128::from(rate.nano()).saturating_mul(u128::from(factor));
        Self(u128::from(tokens).saturating_mul(rate))
    }

    /// The sum.
    #[must_use]
    pub const fn plus(self, more: Self) -> Self {
        Self(self.0.saturating_add(more.0))
    }

    /// The amount, rounded up to a billionth of a dollar.
    pub fn usd(self) -> Usd {
        let nano = self.0.div_ceil(Self::PER_NANO);
        Usd::from_nano(u64::try_from(nano).unwrap_or(u64::MAX))
    }
}

impl AddAssign for Charge {
    fn add_assign(&mut self, more: Self) {
        *self = self.plus(more);
    }
}

impl Sum for Charge {
    fn sum<I: Iterator<Item = Self>>(charges: I) -> Self {
        charges.fold(Self::ZERO, Self::plus)
    }
}
