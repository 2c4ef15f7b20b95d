//! `retry`: a number of attempts, or the whole policy.

use serde_json::Value;

use super::fields::Fields;
use crate::{error::FaultCode, node::RetryPolicy};

/// The most attempts a workflow may ask for.
pub(super) const MAX_ATTEMPTS: u32 = 20;

pub(super) fn read(fields: &mut Fields) -> Option<RetryPolicy> {
    let value = fields.value("retry")?;
    if value.is_object() {
        fields.nested("retry", value, read_policy)
    } else {
        attempts(fields, "retry", value)
    }
}

fn attempts(fields: &mut Fields, field: &str, value: &Value) -> Option<RetryPolicy> {
    let attempts = value
        .as_u64()
        .and_then(|n| u32::try_from(n).ok())
        .filter(|n| (1..=MAX_ATTEMPTS).contains(n));
    let what = "a number of attempts from 1 to 20";
    attempts
        .map(RetryPolicy::attempts)
        .or_else(|| fields.expected(field, what, value))
}

fn read_policy(fields: &mut Fields) -> Option<RetryPolicy> {
    let attempted = fields.required("max_attempts");
    let mut policy = attempted.and_then(|value| attempts(fields, "max_attempts", value));
    let delay = fields.duration("delay");
    let max_delay = fields.duration("max_delay");
    let factor = fields
        .value("factor")
        .and_then(|value| read_factor(fields, value));
    let jitter = fields
        .value("jitter")
        .and_then(|value| match value.as_bool() {
            Some(jitter) => Some(jitter),
            None => fields.expected("jitter", "true or false", value),
        });
    if let Some(policy) = &mut policy {
        policy.delay = delay.unwrap_or(policy.delay);
        policy.max_delay = max_delay.unwrap_or(policy.max_delay);
        policy.factor = factor.unwrap_or(policy.factor);
        policy.jitter = jitter.unwrap_or(policy.jitter);
    }
    policy
}

fn read_factor(fields: &mut Fields, value: &Value) -> Option<f64> {
    match value.as_f64() {
        Some(factor) if (1.0..=100.0).contains(&factor) => Some(factor),
        _ => {
            fields.fault(
                FaultCode::InvalidValue,
                "factor",
                "`factor` is a number from 1 to 100",
            );
            None
        }
    }
}
