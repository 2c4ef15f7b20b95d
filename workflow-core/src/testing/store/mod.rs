//! The contract of [`Store`](crate::Store), as tests that every store can run.
//!
//! [`store_tests!`](crate::store_tests) makes a `#[tokio::test]` of each case. A store that outlives its
//! process also runs [`reopen_tests!`](crate::reopen_tests), and one that checks what it reads
//! [`damage_tests!`](crate::damage_tests). The crate that runs them needs `tokio` with its features `macros`
//! and `rt`. Each case is also a function in the modules below.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![expect(
    missing_docs,
    clippy::missing_panics_doc,
    reason = "the name of a case is its promise, and it panics when a store breaks it"
)]

pub mod append;
pub mod damage;
pub mod damaged;
pub mod deletion;
pub mod dropped;
pub mod keys;
pub mod lists;
pub mod random;
pub mod reopen;
pub(super) mod sample;
pub mod search;
pub mod values;
pub mod workflows;

/// Makes a test of each case that holds for every store.
///
/// It is given an expression that makes an empty store, as a future of something that dereferences to
/// one: a `Box`, or a guard that also removes what the store leaves behind.
///
/// ```
/// use std::future::ready;
/// use workflow_core::MemoryStore;
///
/// workflow_core::store_tests!(ready(Box::new(MemoryStore::new())));
/// ```
#[macro_export]
macro_rules! store_tests {
    ($empty:expr) => {
        $crate::store_tests! { $empty;
            append {
                a_new_run_has_its_first_event,
                a_new_run_may_have_several_events,
                events_are_read_in_order,
                events_and_head_are_written_together,
                an_append_behind_the_end_is_refused,
                an_append_beyond_the_end_is_refused,
                the_same_append_again_is_refused,
                of_appends_at_once_one_wins,
                an_append_to_an_unknown_run_is_refused,
                an_append_of_nothing_writes_the_head,
                a_log_is_read_in_parts,
                a_log_of_large_events_is_read_on_until_nothing_comes,
                beyond_the_end_of_a_log_is_nothing,
                a_log_that_is_unknown_cannot_be_read,
                nothing_of_a_log_is_read_when_none_is_wanted,
                runs_at_once_keep_to_their_logs,
                a_reader_sees_whole_appends,
            }
            values {
                every_kind_of_event_is_kept,
                every_field_of_a_record_is_kept,
                a_run_of_a_workflow_without_a_name_is_kept,
                the_largest_output_is_kept,
                the_largest_result_is_kept,
                a_thousand_events_at_once_are_kept,
                the_deepest_value_is_kept,
                whole_numbers_are_kept,
                fractions_are_kept,
                keys_keep_their_order,
                keys_that_look_like_ours_are_kept,
                any_text_is_kept,
                empty_values_are_kept,
            }
            lists {
                an_empty_store_lists_nothing,
                runs_are_listed_newest_first,
                runs_stored_out_of_order_are_listed_by_age,
                lists_tell_how_runs_are_doing,
                pages_of_runs_follow_each_other,
                a_run_behind_many_is_listed_and_counted,
                pages_of_runs_stay_while_runs_are_added_and_deleted,
                cursors_that_no_list_gave_are_refused,
                runs_are_found_by_status,
                runs_are_found_by_workflow,
                filters_hold_on_every_page,
                runs_are_counted_by_status,
                counts_follow_filters,
                what_has_not_ended_is_told_oldest_first,
                what_has_not_ended_is_told_in_parts,
                a_page_is_of_one_moment,
            }
            search {
                text_is_found_in_id_name_and_input,
                text_is_found_in_upper_and_lower_case,
                text_is_found_in_any_alphabet,
                no_character_of_a_text_is_a_wildcard,
                quotes_of_a_text_are_characters,
                text_does_not_reach_from_one_field_into_the_next,
                text_is_found_behind_a_nul,
                an_empty_text_is_in_every_run,
            }
            random {
                a_search_finds_what_a_filter_finds,
            }
            deletion {
                a_deleted_run_is_gone,
                a_deleted_run_is_not_counted,
                a_run_is_deleted_once,
                a_run_that_follows_a_deleted_one_has_its_own_log,
                a_long_log_is_gone_at_once,
            }
            keys {
                a_key_finds_its_run,
                a_key_tells_what_was_asked,
                a_key_that_is_taken_is_refused,
                a_key_is_of_its_scope,
                keys_are_told_apart,
                runs_without_a_key_do_not_meet,
                a_deleted_run_frees_its_key,
                of_creations_by_one_key_at_once_one_wins,
            }
            workflows {
                a_workflow_is_kept,
                an_unknown_workflow_is_none,
                an_update_adds_a_version,
                a_change_is_read_at_once,
                an_update_that_does_not_follow_is_refused,
                of_updates_at_once_one_wins,
                a_deleted_workflow_is_not_listed,
                a_workflow_that_has_a_newer_version_is_not_deleted_as_the_older,
                versions_of_a_deleted_workflow_stay_readable,
                a_deleted_workflow_takes_no_version,
                a_name_finds_every_workflow_that_has_it,
                the_names_of_workflows_are_listed,
                a_name_is_that_of_the_newest_version,
                names_are_told_apart,
                workflows_are_listed_newest_first,
                pages_of_workflows_stay_while_workflows_are_added,
                pages_of_versions_stay_while_versions_are_added,
            }
            dropped {
                a_dropped_append_is_whole_or_not_at_all,
                a_dropped_creation_is_whole_or_not_at_all,
                a_dropped_update_is_whole_or_not_at_all,
                a_dropped_deletion_is_whole_or_not_at_all,
                a_store_that_can_be_written_says_so,
            }
        }
    };
    ($empty:expr; $($about:ident { $($case:ident,)+ })+) => {
        $($(
            #[::tokio::test]
            async fn $case() {
                let store = $empty.await;
                $crate::testing::store::$about::$case(&*store).await;
            }
        )+)+
    };
}

/// Makes a test of each case that holds for stores that outlive their process.
///
/// It is given an expression that makes an empty place, as an `impl AsyncFn(Option<S>) -> S`: called
/// with a store, that closes it; then it opens the place, the same one each time.
#[macro_export]
macro_rules! reopen_tests {
    ($place:expr) => {
        $crate::reopen_tests! { $place;
            runs_are_there_again,
            logs_go_on_again,
            keys_are_taken_again,
            workflows_are_there_again,
            what_was_deleted_stays_so,
            what_has_not_ended_is_told_again,
            pages_go_on_again,
            large_and_odd_values_are_there_again,
        }
    };
    ($place:expr; $($case:ident,)+) => {
        $(
            #[::tokio::test]
            async fn $case() {
                $crate::testing::store::reopen::$case($place).await;
            }
        )+
    };
}

/// Makes a test of each case about rows that changed behind the back of their store.
///
/// It is given an expression that makes an empty store, as a future of something that implements
/// [`ChangeRow`](crate::testing::store::damage::ChangeRow). A store that holds its values in memory needs none of them.
#[macro_export]
macro_rules! damage_tests {
    ($empty:expr) => {
        $crate::damage_tests! { $empty;
            a_changed_event_is_named,
            a_lost_event_is_named,
            a_changed_run_is_named_and_not_listed,
            a_changed_run_can_be_deleted,
            a_changed_workflow_is_named_and_not_listed,
        }
    };
    ($empty:expr; $($case:ident,)+) => {
        $(
            #[::tokio::test]
            async fn $case() {
                $crate::testing::store::damaged::$case(async || $empty.await).await;
            }
        )+
    };
}
