//! Reads `retry`: a number of attempts, or a whole policy.

use std::fmt;

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};

use crate::{node::RetryPolicy, value::WrittenDuration};

/// The most attempts a workflow may ask for.
const MAX_ATTEMPTS: u32 = 20;

/// How often a node is tried, and how long is waited in between.
#[derive(Clone, Copy, JsonSchema)]
#[schemars(untagged)]
pub(crate) enum Retry {
    /// Attempts in all.
    Attempts(#[schemars(range(min = 1, max = MAX_ATTEMPTS))] u32),
    /// The whole policy.
    Policy(Policy),
}

/// Exponential back-off.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RetryPolicy")]
pub(crate) struct Policy {
    /// Attempts in all.
    #[schemars(range(min = 1, max = MAX_ATTEMPTS))]
    #[schemars(extend("x-expected" = "a number of attempts from 1 to 20"))]
    max_attempts: u32,
    /// The wait before the second attempt; 1 s unless it is set.
    delay: Option<WrittenDuration>,
    /// By how much each further wait is longer; 2 unless it is set.
    #[schemars(range(min = 1, max = 100))]
    factor: Option<f64>,
    /// No wait is longer, unless the other side asks for it; 30 s unless it is set.
    max_delay: Option<WrittenDuration>,
    /// Whether a wait is drawn between zero and its length; yes unless it is set.
    jitter: Option<bool>,
}

/// As `serde(untagged)` does, which would lose the place of an error in the policy.
impl<'de> Deserialize<'de> for Retry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Retry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of attempts or a policy")
            }

            fn visit_u64<E: serde::de::Error>(self, attempts: u64) -> Result<Retry, E> {
                let attempts = u32::try_from(attempts).map_err(E::custom)?;
                Ok(Retry::Attempts(attempts))
            }

            fn visit_map<A: MapAccess<'de>>(self, policy: A) -> Result<Retry, A::Error> {
                Policy::deserialize(MapAccessDeserializer::new(policy)).map(Retry::Policy)
            }
        }

        deserializer.deserialize_any(Either)
    }
}

impl From<Retry> for RetryPolicy {
    fn from(retry: Retry) -> Self {
        match retry {
            Retry::Attempts(attempts) => Self::attempts(attempts),
            Retry::Policy(written) => {
                let mut policy = Self::attempts(written.max_attempts);
                policy.delay = written.delay.map_or(policy.delay, |delay| delay.0);
                policy.max_delay = written.max_delay.map_or(policy.max_delay, |delay| delay.0);
                policy.factor = written.factor.unwrap_or(policy.factor);
                policy.jitter = written.jitter.unwrap_or(policy.jitter);
                policy
            }
        }
    }
}
