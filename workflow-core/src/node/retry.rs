//! How often a step is tried, and how long is waited in between.

use std::time::Duration;

/// When to try a failed step again: exponential back-off with full jitter.
///
/// The default tries once. Pure data: the engine waits, and draws the jitter.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// Attempts in all, the first one included.
    pub max_attempts: u32,
    /// The wait before the second attempt.
    pub delay: Duration,
    /// By how much each further wait is longer.
    pub factor: f64,
    /// No own wait is longer than this.
    pub max_delay: Duration,
    /// Whether a wait is drawn evenly between zero and its length.
    pub jitter: bool,
}

/// The longest wait the other side may ask for; a longer wish fails the step at once.
pub const LONGEST_REQUESTED_WAIT: Duration = Duration::from_secs(60);

impl RetryPolicy {
    /// One attempt.
    pub const ONCE: Self = Self::attempts(1);

    /// That many attempts in all, waiting from 1 s, doubling, 30 s at most, with jitter.
    pub const fn attempts(max_attempts: u32) -> Self {
        Self {
            max_attempts,
            delay: Duration::from_secs(1),
            factor: 2.0,
            max_delay: Duration::from_secs(30),
            jitter: true,
        }
    }

    /// How long to wait after the `failures`-th failure (counted from 1).
    ///
    /// `jitter_sample` is a random number in `0.0..1.0`; `asked` is what the other side asked for, and the
    /// wait is never shorter than that.
    pub fn wait(&self, failures: u32, jitter_sample: f64, asked: Option<Duration>) -> Duration {
        let exponent = i32::try_from(failures.saturating_sub(1)).unwrap_or(i32::MAX);
        let longest = self.max_delay.as_secs_f64();
        let grown = self.delay.as_secs_f64() * self.factor.powi(exponent);
        // `max` and `min` also mend what is no number, such as nothing times infinity.
        let full = grown.max(0.0).min(longest);
        let own = if self.jitter {
            full * jitter_sample.clamp(0.0, 1.0)
        } else {
            full
        };
        let own = Duration::try_from_secs_f64(own).unwrap_or(self.max_delay);
        own.max(asked.unwrap_or_default())
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::ONCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap() {
        let policy = RetryPolicy {
            jitter: false,
            ..RetryPolicy::attempts(10)
        };
        let waits: Vec<u64> = (1..=7)
            .map(|n| policy.wait(n, 0.0, None).as_secs())
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(policy.wait(u32::MAX, 0.0, None).as_secs(), 30);
        let none = RetryPolicy {
            delay: Duration::ZERO,
            ..policy
        };
        assert_eq!(none.wait(u32::MAX, 0.0, None), Duration::ZERO);
        let endless = RetryPolicy {
            max_delay: Duration::MAX,
            ..policy
        };
        assert_eq!(endless.wait(u32::MAX, 0.0, None), Duration::MAX);
    }

    #[test]
    fn jitter_is_full_and_never_undercuts_what_was_asked_for() {
        let policy = RetryPolicy::attempts(5);
        assert_eq!(policy.wait(2, 0.0, None), Duration::ZERO);
        assert_eq!(policy.wait(2, 0.5, None), Duration::from_secs(1));
        assert_eq!(
            policy.wait(2, 0.5, Some(Duration::from_secs(36))),
            Duration::from_secs(36)
        );
    }
}
