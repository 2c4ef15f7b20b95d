//! The contract of [`Coordinator`](crate::fleet::Coordinator), as tests that every coordinator can run.
//!
//! [`coordinator_tests!`](crate::coordinator_tests) makes a `#[tokio::test]` of each case. The crate that runs them needs
//! `tokio` with its features `macros` and `rt`. Each case is also a function in the modules below. They use real time:
//! validities are short, and whatever needs time is polled up to a deadline.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![expect(
    missing_docs,
    clippy::missing_panics_doc,
    reason = "the name of a case is its promise, and it panics when a coordinator breaks it"
)]

pub mod blocked;
pub mod claims;
pub mod commands;
pub mod lengths;
pub mod members;
pub mod notifications;
mod sample;

/// Makes a test of each case that holds for every coordinator.
///
/// It is given an expression that makes an empty store and two coordinators of its fleet, each with a connection of its
/// own as in two processes: a future of three values that dereference to a [`Store`](crate::Store) and two
/// [`Coordinator`](crate::fleet::Coordinator)s.
///
/// ```
/// use std::{future::ready, sync::Arc};
/// use workflow_core::{MemoryStore, testing::MemoryCoordinator};
///
/// fn fleet() -> (Arc<MemoryStore>, Box<MemoryCoordinator>, Box<MemoryCoordinator>) {
///     let store = Arc::new(MemoryStore::new());
///     let coordinator = Box::new(MemoryCoordinator::new(store.clone()));
///     (store, coordinator.clone(), coordinator)
/// }
///
/// workflow_core::coordinator_tests!(ready(fleet()));
/// ```
#[macro_export]
macro_rules! coordinator_tests {
    ($fleet:expr) => {
        $crate::coordinator_tests! { $fleet;
            commands {
                commands_are_read_in_the_order_in_which_they_were_sent,
                commands_belong_to_one_run,
                runs_with_commands_are_found,
                commands_are_deleted_up_to_a_number,
                a_command_after_a_deleted_one_has_a_greater_number,
                no_command_is_lost_while_others_are_deleted,
                every_command_is_kept_as_it_was_sent,
                an_unknown_run_has_no_commands,
                the_commands_of_a_deleted_run_are_deleted,
                a_dropped_command_is_sent_or_not,
            }
            claims {
                a_claim_is_known_to_every_engine,
                a_valid_claim_is_not_taken,
                an_expired_claim_is_nobodys_and_can_be_taken,
                a_claim_is_extended,
                a_claim_is_released,
                a_release_by_another_engine_changes_nothing,
                claims_belong_to_one_run,
                of_claims_at_once_one_wins,
                an_unknown_run_is_not_claimed,
                the_claim_of_a_deleted_run_is_deleted,
            }
            blocked {
                a_blocked_run_is_known_to_every_engine,
                the_last_obstacle_counts,
                an_unknown_run_is_not_blocked,
                the_obstacle_of_a_deleted_run_is_deleted,
            }
            lengths {
                lengths_follow_the_logs,
                unknown_and_deleted_runs_have_no_length,
                the_lengths_of_many_runs_are_read_at_once,
            }
            members {
                engines_are_counted,
                the_first_engine_is_the_oldest,
                an_engine_that_leaves_is_not_counted,
                an_engine_that_does_not_register_again_expires,
                an_engine_that_registers_again_stays,
            }
            notifications {
                every_kind_reaches_every_engine,
                text_reaches_the_engine_that_it_is_for,
                any_text_is_received,
                long_text_is_received_whole,
                the_newest_length_of_a_run_arrives_last,
                runs_do_not_replace_each_other,
                an_engine_that_reads_too_slowly_is_notified_of_it,
                a_subscriber_that_is_dropped_affects_no_other,
            }
        }
    };
    ($fleet:expr; $($about:ident { $($case:ident,)+ })+) => {
        $($(
            #[::tokio::test]
            async fn $case() {
                let (store, a, b) = $fleet.await;
                $crate::testing::coordinator::$about::$case(&*store, &*a, &*b).await;
            }
        )+)+
    };
}
