//! What an attempt sends and uses, as its report states it.

use workflow_core::{
    NodeContext,
    price::{Charge, Price},
    value::{Amount, Cost, Timestamp, Usage, Usd},
};

use super::plan::PlannedModel;
use crate::{
    error::{Delivery, ModelError},
    request::{ModelRequest, ServiceTier},
    turn::ModelTurn,
};

/// The requests, tokens and costs of an attempt so far, over all models that it asked.
pub(super) struct Spending<'a> {
    cx: &'a NodeContext,
    /// The requests of the bound: what counts if nothing is recorded.
    planned: u64,
    is_recorded: bool,
    has_cost: bool,
    /// Prices are those of the start of the attempt.
    start: Timestamp,
    /// Of the models before the current one.
    before: Used,
    /// What those that did not report all they used may have used.
    unreported: Amount,
    current: Option<Current>,
}

#[derive(Clone, Copy, Default)]
struct Used {
    calls: u32,
    usage: Usage,
    charge: Charge,
    has_priced: bool,
    has_unpriced: bool,
}

/// The model that is being asked.
struct Current {
    bound: Amount,
    price: Option<Price>,
    /// The tier that was asked for, and then the one that served.
    tier: Option<String>,
    has_tools: bool,
    usage: Usage,
    /// The requests that were sent.
    sent: u32,
}

impl Current {
    /// The sum with those before. A model whose price is not known leaves the sum below the truth.
    fn after(&self, before: Used) -> Used {
        let mut used = before;
        used.calls = used.calls.saturating_add(self.sent);
        used.usage += self.usage;
        let charge = self
            .price
            .as_ref()
            .map(|it| it.charge(self.usage, self.tier.as_deref()));
        match charge.flatten() {
            Some(charge) => {
                used.charge += charge;
                used.has_priced = true;
                // Tools of the API are billed by use, too.
                used.has_unpriced |= self.has_tools;
            }
            None => used.has_unpriced |= !self.usage.is_empty(),
        }
        used
    }
}

impl<'a> Spending<'a> {
    pub(super) fn new(cx: &'a NodeContext) -> Self {
        Self {
            planned: 0,
            is_recorded: false,
            has_cost: false,
            cx,
            start: Timestamp::now(),
            before: Used::default(),
            unreported: Amount::NOTHING,
            current: None,
        }
    }

    /// Whether the rest of what is reserved covers an answer of this model. Without a reservation nothing is limited.
    pub(super) fn covers(&self, model: &PlannedModel) -> bool {
        let Some(reserved) = self.cx.reserved() else {
            return true;
        };
        let fits =
            |reserved: Option<u64>, used: u64, unreported: Option<u64>, next: Option<u64>| {
                let Some(reserved) = reserved else {
                    return true;
                };
                let sum = unreported
                    .zip(next)
                    .map(|(a, b)| used.saturating_add(a).saturating_add(b));
                sum.is_some_and(|sum| sum <= reserved)
            };
        let nano = |usd: Option<Usd>| usd.map(Usd::nano);
        let (used, unreported, next) = (&self.before, self.unreported, model.bound);
        let tokens = used
            .usage
            .input_tokens
            .saturating_add(used.usage.output_tokens);
        let calls = u64::from(used.calls).saturating_add(next.calls);
        calls <= reserved.calls
            && fits(reserved.tokens, tokens, unreported.tokens, next.tokens)
            && fits(
                nano(reserved.usd),
                used.charge.usd().nano(),
                nano(unreported.usd),
                nano(next.usd),
            )
    }

    /// Sets the requests of the bound of the plan.
    pub(super) fn plan(&mut self, calls: u64) {
        self.planned = calls;
    }

    /// Notes that a model is about to be asked.
    pub(super) fn begin(&mut self, model: &PlannedModel, request: &ModelRequest) {
        let provider = model.named.client().provider();
        let prices = provider.prices();
        let price = prices.price(provider.name(), model.named.model(), self.start);
        let tier = model.service_tier(request).map(ServiceTier::name);
        self.current = Some(Current {
            bound: model.bound,
            price: price.cloned(),
            tier: tier.map(str::to_owned),
            has_tools: !request.provider_tools.is_empty(),
            usage: Usage::default(),
            sent: 0,
        });
        // For an attempt that is dropped: what it will have used is not known.
        self.record(true);
    }

    /// Notes that a request was sent.
    pub(super) fn sent(&mut self) {
        if let Some(current) = &mut self.current {
            current.sent = current.sent.saturating_add(1);
        }
    }

    /// Sets the tokens of the current model so far. A running total, so it replaces the value before.
    pub(super) fn set_usage(&mut self, usage: Usage) {
        if let Some(current) = &mut self.current {
            current.usage = usage;
        }
        self.record(true);
    }

    /// Notes that the current model has answered.
    pub(super) fn answered(&mut self, turn: &ModelTurn) {
        if let Some(current) = &mut self.current {
            current.usage = turn.usage;
            current.sent = turn.requests.max(1);
            if let Some(served) = &turn.service_tier {
                current.tier = Some(served.clone());
            }
        }
        self.end(true);
    }

    /// Notes that the current model has failed.
    pub(super) fn failed(&mut self, error: &ModelError) {
        if let Some(current) = &mut self.current {
            current.usage = error.usage().unwrap_or(current.usage);
            current.sent = match error.delivery() {
                Delivery::Reached => current.sent.max(1),
                Delivery::NotSent | Delivery::NotReached => 0,
            };
        }
        self.end(error.has_final_usage());
    }

    /// Adds the current model to those before. `is_final`: it has reported all that it used.
    fn end(&mut self, is_final: bool) {
        if let Some(current) = self.current.take() {
            self.before = current.after(self.before);
            if !is_final {
                self.unreported = self.unreported.plus(current.bound);
            }
        }
        self.record(self.has_unreported());
    }

    /// Notes that no further model is asked.
    pub(super) fn finish(&self) {
        if !self.has_unreported() {
            self.cx.record_usage_final();
        }
    }

    fn has_unreported(&self) -> bool {
        self.unreported != Amount::NOTHING
    }

    /// Records all so far. `is_part`: more may have been used than is known.
    fn record(&mut self, is_part: bool) {
        let (used, least) = match &self.current {
            // If the attempt is dropped now, a request was most likely sent.
            Some(current) => (current.after(self.before), self.before.calls + 1),
            None => (self.before, 0),
        };
        let calls = u64::from(used.calls.max(least));
        self.is_recorded |= calls != self.planned;
        if self.is_recorded {
            self.cx.record_calls(calls);
        }
        if !used.usage.is_empty() {
            self.cx.record_usage(used.usage);
        }
        // Without any price there is no cost, not even a zero. What was recorded before stays recorded: a tier that turns out to have no
        // price leaves "at least".
        self.has_cost |= used.has_priced;
        if self.has_cost {
            let charge = used.charge.usd();
            let cost = if is_part || used.has_unpriced {
                Cost::at_least(charge)
            } else {
                Cost::exact(charge)
            };
            self.cx.record_cost(cost);
        }
    }
}
