//! What a refusal means to the caller. Pure.

use super::fault::Fault;

/// What a status means to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    InvalidRequest,
    FailedPrecondition,
    Authentication,
    Billing,
    PermissionDenied,
    NotFound,
    RequestTimeout,
    RequestTooLarge,
    RateLimited,
    DailyQuota,
    NoQuota,
    Cancelled,
    Internal,
    Overloaded,
    Rejected,
}

impl Class {
    pub(crate) fn of(http_status: u16, fault: &Fault) -> Self {
        let invalid_key = fault.reason.as_deref() == Some("API_KEY_INVALID");
        match http_status {
            400 if invalid_key => Self::Authentication,
            400 if fault.status.as_deref() == Some("FAILED_PRECONDITION") => {
                Self::FailedPrecondition
            }
            400 => Self::InvalidRequest,
            401 => Self::Authentication,
            402 => Self::Billing,
            403 => Self::PermissionDenied,
            404 => Self::NotFound,
            408 => Self::RequestTimeout,
            413 => Self::RequestTooLarge,
            429 => Self::of_quota(fault),
            499 => Self::Cancelled,
            500 => Self::Internal,
            502..=504 => Self::Overloaded,
            _ => Self::Rejected,
        }
    }

    fn of_quota(fault: &Fault) -> Self {
        if lacks_money(fault) {
            Self::Billing
        } else if never_allowed(fault) {
            Self::NoQuota
        } else if fault.quotas.iter().any(|quota| is_daily(&quota.id)) {
            Self::DailyQuota
        } else {
            Self::RateLimited
        }
    }

    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::FailedPrecondition => "failed_precondition",
            Self::Authentication => "authentication_failed",
            Self::Billing => "billing_required",
            Self::PermissionDenied => "permission_denied",
            Self::NotFound => "model_not_found",
            Self::RequestTimeout => "model_timeout",
            Self::RequestTooLarge => "request_too_large",
            Self::RateLimited => "rate_limited",
            Self::DailyQuota => "daily_quota_exceeded",
            Self::NoQuota => "no_quota",
            Self::Cancelled => "request_cancelled",
            Self::Internal => "model_internal_error",
            Self::Overloaded => "model_overloaded",
            Self::Rejected => "request_rejected",
        }
    }

    pub(crate) fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::RequestTimeout | Self::RateLimited | Self::Internal | Self::Overloaded
        )
    }

    pub(crate) fn hint(self) -> Option<&'static str> {
        match self {
            Self::DailyQuota => Some("a daily quota, reset at midnight Pacific time"),
            Self::NoQuota => Some("this project may never use this model"),
            _ => None,
        }
    }
}

/// Whether a quota is one per day.
pub(crate) fn is_daily(quota: &str) -> bool {
    quota.contains("PerDay")
}

/// Whether it is the account's money that is used up. The status was 429 until mid-2026, and still is
/// behind some proxies; only the message says so, and only where the API gives no details.
fn lacks_money(fault: &Fault) -> bool {
    let message = fault.message.as_deref().unwrap_or_default();
    let message = message.to_ascii_lowercase();
    fault.quotas.is_empty()
        && fault.retry_delay.is_none()
        && ["prepayment credits are depleted", "spending cap"]
            .iter()
            .any(|words| message.contains(words))
}

/// A limit of 0 means never. The API states it in the message only, or as the quota's value.
fn never_allowed(fault: &Fault) -> bool {
    let zero = fault
        .quotas
        .iter()
        .any(|quota| quota.limit.as_deref() == Some("0"));
    zero || fault.message.as_deref().is_some_and(says_limit_zero)
}

fn says_limit_zero(message: &str) -> bool {
    let mut after = message.split("limit: 0").skip(1);
    after.any(|rest| !rest.starts_with(|c: char| c.is_ascii_digit() || c == '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_that_is_used_up_is_told_from_a_limit() {
        let fault = |message: &str, retry_delay| Fault {
            message: Some(message.to_owned()),
            retry_delay,
            ..Fault::default()
        };
        let second = Some(std::time::Duration::from_secs(1));
        for (status, fault, class) in [
            (402, Fault::default(), Class::Billing),
            (
                429,
                fault("Your prepayment credits are depleted. Please", None),
                Class::Billing,
            ),
            (
                429,
                fault("The spending cap of the project is reached.", None),
                Class::Billing,
            ),
            (
                429,
                fault("Your prepayment credits are depleted.", second),
                Class::RateLimited,
            ),
            (429, fault("Too many requests", None), Class::RateLimited),
        ] {
            assert_eq!(Class::of(status, &fault), class, "{fault:?}");
        }
        assert!(!Class::Billing.is_retryable());
    }

    #[test]
    fn only_a_limit_of_zero_means_never() {
        assert!(says_limit_zero("limit: 0"));
        assert!(says_limit_zero("limit: 0, model: x"));
        for other in ["limit: 20", "limit: 0.5", "limit: 05", ""] {
            assert!(!says_limit_zero(other), "{other}");
        }
    }
}
