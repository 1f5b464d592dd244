use std::time::Duration;

/// Expands to one `#[test]` for each case of the suite, for the [`StoreUnderTest`](crate::StoreUnderTest) named.
///
/// The tests lie in one module for each part of the suite, so call it in a module or file of its own.
#[macro_export]
macro_rules! conformance {
    ($under_test:ty) => {
        $crate::conformance! { @tests $under_test;
            atomic {
                s5_a_stale_version_in_the_last_entry_leaves_nothing_behind
                s5_a_key_of_another_batch_in_the_last_entry_leaves_nothing_behind
                s5_a_key_of_the_same_batch_in_the_last_entry_leaves_nothing_behind
                s5_a_too_large_payload_in_the_last_entry_leaves_nothing_behind
                s5_a_too_large_payload_of_a_timer_leaves_nothing_behind
                s5_another_end_of_the_log_leaves_nothing_behind
                s5_a_stale_owner_leaves_nothing_behind
                s5_a_checkpoint_beyond_the_log_leaves_nothing_behind
                s5_the_second_of_two_checkpoints_leaves_nothing_behind
                s5_an_unknown_partition_leaves_nothing_behind
                s5_a_failed_batch_does_not_take_its_neighbours_with_it
            }
            backlog {
                a_backlog_larger_than_the_memory_is_worked_off_completely
                a_backlog_larger_than_the_memory_is_worked_off_after_a_restart
                g10_what_a_partition_has_handled_is_not_handled_again_after_a_restart
                more_instances_than_states_in_memory_change_no_decision
                commands_that_are_executed_without_end_do_not_starve_what_is_in_the_log
                limits_of_zero_are_taken_as_one
                promise_6_replaying_the_log_gives_the_same_state
            }
            clients {
                o3_a_command_executed_twice_with_one_key_has_one_effect_and_one_answer
                o3_a_decision_that_recorded_nothing_is_answered_the_same_again
                o3_a_rejection_is_answered_the_same_again
                o3_the_answer_is_the_same_after_a_restart
                o3_many_at_once_with_one_key_have_one_effect_and_one_answer
                o3_one_key_with_another_command_is_refused_and_changes_nothing
                o3_a_command_sent_twice_with_one_key_is_logged_and_handled_once
                a_command_whose_id_is_impossible_is_refused_and_changes_nothing
                s14_a_command_over_the_limit_is_refused_before_anything_is_written
            }
            crashes {
                o1_a_refused_commit_at_every_boundary_changes_nothing_in_the_end
                o1_a_refused_read_at_every_boundary_changes_nothing_in_the_end
                o1_death_before_every_commit_changes_nothing_in_the_end
                promise_2_death_after_every_commit_leaves_every_effect_exactly_once
                a_refused_commit_leaves_those_waiting_whom_it_would_have_told
            }
            durability {
                reopening_keeps_everything
                promise_1_a_crash_loses_nothing_that_was_acknowledged
                a_restart_does_not_make_an_old_owner_young_again
                closing_finishes_what_was_handed_over
                a_closed_durable_store_takes_nothing_more_and_says_so
            }
            fan_in {
                p3_a_thousand_answers_for_one_instance_are_folded_in_few_commits
                p3_ten_thousand_answers_for_one_instance_are_folded_in_few_commits
                p3_a_hundred_thousand_answers_for_one_instance_are_folded_in_few_commits
            }
            keys {
                s6_a_key_seen_in_another_batch_is_a_duplicate
                s6_a_key_seen_in_the_same_batch_is_a_duplicate
                s6_of_many_with_one_key_at_once_one_is_taken
                s6_a_key_says_where_its_message_stands
                s6_keys_are_compared_to_the_last_character
                messages_without_a_key_are_never_duplicates
            }
            log {
                g3_a_reader_from_anywhere_misses_nothing_and_repeats_nothing_during_appends
                positions_are_dense_and_in_commit_order
                commits_of_one_caller_are_applied_in_the_order_of_the_calls
                a_commit_whose_answer_nobody_awaits_takes_effect
                references_to_the_same_batch_become_positions
                a_message_without_a_process_begins_one
                every_kind_of_entry_comes_back_as_what_it_was
                a_command_comes_back_with_its_sender
                what_was_read_does_not_change_under_the_reader
                two_stores_have_nothing_in_common
            }
            others {
                an_outside_append_is_seen_by_a_decision_that_records
                an_outside_append_is_seen_by_a_decision_that_records_nothing
                an_outside_append_is_seen_by_a_decision_that_rejects
                an_outside_append_is_seen_by_the_handling_of_a_sent_command
                outside_appends_during_a_process_disturb_nothing
                an_expected_version_lets_only_the_first_of_two_through
                an_expected_version_is_compared_with_the_store_and_not_with_the_cache
                an_expected_version_of_none_is_for_an_instance_that_must_not_exist_yet
                o9_a_runtime_whose_store_was_taken_over_executes_nothing_more
                o9_a_runtime_whose_store_was_taken_over_takes_nothing_more
            }
            ownership {
                g10_moved_stale_owner_behind_and_ahead_are_four_answers
                g10_a_checkpoint_may_move_to_the_end_of_its_own_batch
                g10_a_checkpoint_that_stays_still_asks_for_the_owner
                g10_two_moves_of_one_checkpoint_in_one_batch_follow_each_other
                partitions_are_owned_one_by_one
                who_acquires_is_told_where_the_partition_stands
                acquiring_a_partition_that_does_not_exist_takes_none
            }
            parking {
                promise_4_a_failing_decider_delays_only_its_own_stream
                promise_4_a_failing_saga_delays_neither_other_sagas_nor_other_streams
                a_panic_in_evolve_parks_the_message_and_leaves_nothing_half_done
                an_executed_command_whose_handler_fails_is_not_taken_and_blocks_nobody
                an_executed_command_does_not_overtake_a_parked_one
                waiting_ends_when_the_last_message_is_parked
            }
            payloads {
                s14_a_payload_of_one_mebibyte_is_accepted
                s14_a_payload_over_the_limit_is_refused_before_anything_is_written
                s14_payloads_come_back_as_they_were_written
                s14_ids_and_names_may_hold_any_characters
                s14_ids_that_only_look_alike_are_different_streams
                s14_times_long_ago_and_far_ahead_are_kept_to_the_microsecond
            }
            processes {
                p1_concurrent_starts_of_one_process_make_one_instance_and_all_are_handled
                p2_two_messages_for_one_instance_at_once_are_both_applied
                p11_every_message_leads_back_to_the_command_that_began_it_all
                a_rejection_of_a_sent_command_is_recorded_with_its_cause
                p15_duplicates_do_not_count_and_strangers_are_ignored
                waiting_for_a_process_that_does_not_exist_is_an_error
                a_graceful_stop_loses_nothing
                who_asks_a_stopped_runtime_is_told_so
                after_a_stop_every_checkpoint_stands_at_the_end_of_the_log
            }
            random {
                any_batches_leave_what_a_plain_model_holds
                p15_any_order_and_repetition_of_answers_ends_a_process_exactly_once
            }
            reading {
                the_log_is_read_in_pages
                a_stream_is_read_in_pages
                many_streams_are_read_at_once_each_from_its_first_event
                a_process_is_read_in_pages_with_its_first_message
                streams_are_listed_in_pages_ordered_by_id
                a_stream_that_has_no_events_is_not_listed
                an_empty_store_reads_as_empty
            }
            reminders {
                a_command_sent_later_comes_when_it_is_due_and_once
                t6_several_timers_fire_in_the_order_of_their_times_and_of_asking
                timers_fire_once_over_restarts
                t1_a_crash_at_every_commit_around_a_firing_changes_nothing
                t2_a_timer_far_ahead_is_accepted_and_disturbs_nothing
                a_timer_wakes_a_runtime_that_nobody_asks_anything
            }
            streams {
                s1_of_two_appends_that_must_not_exist_yet_one_wins
                s1_a_stream_that_exists_is_not_begun_again
                s2_a_stale_expected_version_fails_and_the_right_one_commits
                s2_any_version_never_reports_a_conflict
                s3_two_writers_racing_from_one_version_leave_one_batch_whole_and_in_order
                promise_3_a_stream_is_dense_ordered_and_never_rewritten
                the_events_of_one_batch_follow_each_other_in_their_stream
                an_event_that_expects_what_its_own_batch_has_moved_on_is_a_conflict
                commands_and_rejections_use_up_no_version
                a_batch_that_was_built_on_an_older_log_is_a_conflict
                an_empty_batch_still_tells_whether_the_log_has_grown
                streams_of_two_categories_with_one_id_are_two_streams
            }
            timers {
                due_timers_come_in_the_order_of_their_times_and_of_asking
                the_next_due_time_is_the_earliest
                a_timer_comes_back_as_it_was_asked_for
                a_timer_of_the_past_is_due_and_one_far_ahead_is_kept
                a_fired_timer_is_gone_and_its_command_is_there_together
                a_timer_gets_no_name_that_was_used_before
                timers_are_taken_back_by_their_command_and_instance
                timers_are_taken_back_by_who_has_asked_for_them
                a_timer_that_is_taken_back_and_asked_for_again_in_one_batch_is_kept
                parked_messages_come_back_in_the_order_they_were_parked
            }
            unreadable {
                s11_an_unknown_event_in_the_middle_of_a_stream_is_an_explicit_error
                an_event_whose_payload_does_not_fit_is_an_explicit_error
                an_undecodable_command_is_parked_with_the_reason_and_others_go_on
                an_undecodable_event_is_parked_for_the_sagas_that_react_to_it
                a_command_whose_module_is_missing_waits_for_the_release_that_has_it
            }
        }
    };
    (@tests $under_test:ty; $($part:ident { $($case:ident)* })*) => {
        $($crate::conformance! { @part $under_test; $part { $($case)* } })*
    };
    (@part $under_test:ty; $part:ident { $($case:ident)* }) => {
        mod $part {
            #[allow(unused_imports, reason = "the type may be named by its path from the crate")]
            use super::*;

            $(
                #[test]
                fn $case() {
                    $crate::run($crate::cases::$part::$case::<$under_test>());
                }
            )*
        }
    };
}

/// A case that takes longer than this hangs.
const LONGEST: Duration = Duration::from_secs(120);

/// Runs one case to its end.
///
/// # Panics
/// When the case fails, or does not end.
#[doc(hidden)]
pub fn run(case: impl Future<Output = ()>) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    let ended = runtime.block_on(async { tokio::time::timeout(LONGEST, case).await });
    // A case may leave a runtime behind that it has killed; nobody waits for it.
    runtime.shutdown_background();
    assert!(ended.is_ok(), "the case did not end within {LONGEST:?}: something that was to happen never did");
}
