//! How often a step is attempted, and the waits between attempts.

use std::time::Duration;

/// When to retry a failed step: exponential back-off with full jitter.
///
/// The default is one attempt, so no retry. The policy is plain data: the machine computes each wait, the driver
/// supplies the random number, and the log records the result.
///
/// ```
/// use std::time::Duration;
/// use workflow_core::RetryPolicy;
///
/// let policy = RetryPolicy::attempts(3);
/// assert_eq!(policy.max_attempts, 3);
/// // With the highest random number, the waits double from one second.
/// assert_eq!(policy.wait(1, 1.0, None), Duration::from_secs(1));
/// assert_eq!(policy.wait(2, 1.0, None), Duration::from_secs(2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// The most attempts, the first one included.
    pub max_attempts: u32,
    /// The wait before the second attempt.
    pub delay: Duration,
    /// The factor by which each further wait is longer.
    pub factor: f64,
    /// The longest wait of the policy. A wait that the other side requests may be longer.
    pub max_delay: Duration,
    /// Whether each wait is drawn evenly between zero and its full length ("full jitter"). Without it, steps that failed
    /// together retry together.
    pub jitter: bool,
}

/// The longest wait that the other side may request: 60 s. A longer request fails the step at once, since a
/// workflow should fail with a reason rather than appear to hang.
pub const LONGEST_REQUESTED_WAIT: Duration = Duration::from_secs(60);

impl RetryPolicy {
    /// One attempt, no retry.
    pub const ONCE: Self = Self::attempts(1);

    /// That many attempts: waits from 1 s, doubling up to 30 s, with jitter.
    pub const fn attempts(max_attempts: u32) -> Self {
        Self {
            max_attempts,
            delay: Duration::from_secs(1),
            factor: 2.0,
            max_delay: Duration::from_secs(30),
            jitter: true,
        }
    }

    /// How long to wait after the `failures`-th failure, counted from 1.
    ///
    /// `jitter_sample` is a random number in `0.0..1.0`. `requested` is the wait that the other side requests; the
    /// result is never shorter.
    pub fn wait(&self, failures: u32, jitter_sample: f64, requested: Option<Duration>) -> Duration {
        // `powi` with a huge exponent gives infinity, which `min` below turns into the longest wait.
        let exponent = i32::try_from(failures.saturating_sub(1)).unwrap_or(i32::MAX);
        let longest = self.max_delay.as_secs_f64();
        let grown = self.delay.as_secs_f64() * self.factor.powi(exponent);
        // `max` and `min` also replace NaN, which zero times infinity gives.
        let full = grown.max(0.0).min(longest);
        let own = if self.jitter {
            full * jitter_sample.clamp(0.0, 1.0)
        } else {
            full
        };
        let own = Duration::try_from_secs_f64(own).unwrap_or(self.max_delay);
        own.max(requested.unwrap_or_default())
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
    fn jitter_never_shortens_a_requested_wait() {
        let policy = RetryPolicy::attempts(5);
        assert_eq!(policy.wait(2, 0.0, None), Duration::ZERO);
        assert_eq!(policy.wait(2, 0.5, None), Duration::from_secs(1));
        assert_eq!(
            policy.wait(2, 0.5, Some(Duration::from_secs(36))),
            Duration::from_secs(36)
        );
    }
}
