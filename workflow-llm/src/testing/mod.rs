//! The contract of [`Model`](crate::Model), as tests that every provider with an HTTP API can run (feature `testing`).
//!
//! A crate implements [`WireProvider`]: how its API writes an answer. [`model_tests!`](crate::model_tests) makes a `#[tokio::test]` of each case, and
//! [`model_call_tests!`](crate::model_call_tests) of those with calls of tools. The crate that runs them needs `tokio` with its features `macros`
//! and `rt`. Each case is also a function in the modules below.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![expect(
    missing_docs,
    clippy::missing_panics_doc,
    reason = "the name of a case is its promise, and it panics when a provider breaks it"
)]

pub mod answers;
pub mod calls;
pub mod errors;
mod hear;
mod server;
mod wire;

pub use self::wire::{WireAnswer, WireEvents, WireFinish, WireProvider, WireUsage};

/// Makes a test of each case that holds for every provider. It is given an expression that makes a [`WireProvider`](crate::testing::WireProvider).
#[macro_export]
macro_rules! model_tests {
    ($provider:expr) => {
        $crate::model_tests! { $provider;
            answers {
                an_answer_is_the_same_in_any_chunks,
                every_line_end_is_read,
                a_whole_answer_is_that_of_a_stream,
                usage_that_is_missing_is_nothing,
                usage_that_comes_late_is_counted,
                usage_that_is_text_is_counted,
                an_unknown_finish_reason_ends_the_answer,
                nothing_is_sent_before_the_first_poll,
                the_body_is_what_is_sent,
                an_option_that_no_provider_has_is_refused,
                an_earlier_conversation_is_sent,
            }
            errors {
                an_answer_that_is_cut_off_is_interrupted,
                an_error_in_the_middle_ends_the_answer,
                a_rate_limit_is_retried_after_the_wait_that_is_asked_for,
                a_rate_limit_without_a_wait_is_retried,
                a_refused_connection_costs_nothing,
                a_key_is_in_no_error,
                a_redirect_is_not_followed,
                dropping_the_stream_closes_the_connection,
            }
        }
    };
    ($provider:expr; $($module:ident { $($case:ident,)+ })+) => {
        $($(
            #[tokio::test]
            async fn $case() {
                $crate::testing::$module::$case(&$provider).await;
            }
        )+)+
    };
}

/// Makes a test of each case with calls of tools. See [`model_tests!`](crate::model_tests).
#[macro_export]
macro_rules! model_call_tests {
    ($provider:expr) => {
        $crate::model_tests! { $provider;
            calls {
                whole_calls_are_read,
                calls_in_pieces_are_read,
                calls_without_streaming_are_read,
                calls_are_the_same_in_any_chunks,
                a_turn_goes_back_with_its_results,
                a_turn_of_another_provider_goes_back,
            }
        }
    };
}
