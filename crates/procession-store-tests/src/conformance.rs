use std::time::Duration;

/// Expands to one `#[test]` for each case of the suite, for the [`StoreUnderTest`](crate::StoreUnderTest) named.
///
/// The tests lie in one module for each part of the suite, so call it in a module or file of its own.
#[macro_export]
macro_rules! conformance {
    ($under_test:ty) => {
        $crate::conformance! { @tests $under_test;
            archive {
                what_is_archived_leaves_the_log_and_what_is_kept_stays
                what_follows_an_archive_stands_at_new_places
                what_has_not_ended_is_not_archived_and_nothing_of_its_batch_takes_effect
                the_newest_entry_and_what_is_gone_are_not_archived
                what_a_read_model_has_not_come_to_is_not_archived
                pieces_are_read_in_pages
                o1_a_crash_around_an_archive_leaves_all_or_nothing
                promise_6_states_are_the_same_after_an_archive
                promise_6_what_is_archived_is_replayed_as_it_is_recorded
                o3_a_key_whose_message_is_archived_has_no_second_effect_and_says_so
                what_waits_behind_an_archive_is_handled_after_a_restart
                an_archive_while_commits_go_on_disturbs_nobody
            }
            atomic {
                s5_a_stale_version_in_the_last_entry_leaves_nothing_behind
                s5_a_key_of_another_batch_in_the_last_entry_leaves_nothing_behind
                s5_a_key_of_the_same_batch_in_the_last_entry_leaves_nothing_behind
                s5_a_too_large_payload_in_the_last_entry_leaves_nothing_behind
                s5_a_too_large_payload_of_a_timer_leaves_nothing_behind
                s5_another_end_of_the_log_leaves_nothing_behind
                s5_another_version_of_a_stream_that_was_only_read_leaves_nothing_behind
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
            circuit_breakers {
                one_call_looks_in_each_pause_and_the_looks_go_round
                a_call_that_always_fails_is_given_up_though_nobody_else_calls
            }
            clients {
                o3_a_command_executed_twice_with_one_key_has_one_effect_and_one_answer
                o3_a_decision_that_recorded_nothing_is_answered_the_same_again
                o3_a_rejection_is_answered_the_same_again
                o3_the_answer_is_the_same_after_a_restart
                o3_who_has_heard_nothing_because_of_a_crash_asks_again_and_gets_the_answer
                o3_many_at_once_with_one_key_have_one_effect_and_one_answer
                o3_many_that_are_repeated_at_once_undo_few_batches
                o3_one_key_with_another_command_is_refused_and_changes_nothing
                o3_a_command_sent_twice_with_one_key_is_logged_and_handled_once
                a_command_whose_id_is_impossible_is_refused_and_changes_nothing
                s14_a_command_over_the_limit_is_refused_before_anything_is_written
            }
            correlations {
                p7_a_missing_or_impossible_correlation_is_parked_with_the_reason
                p7_a_correlation_that_may_be_missing_concerns_nobody
                p7_odd_and_long_ids_name_instances_of_their_own
                p11_every_message_of_a_process_manager_leads_back_to_the_first_command
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
            effects {
                an_effect_is_called_and_its_result_is_recorded_once
                o15_a_failed_call_is_tried_again_after_a_pause_with_the_same_key
                a_call_that_the_target_refuses_is_given_up_at_once
                o15_a_call_is_given_up_when_its_attempts_are_used_up
                o15_a_call_is_given_up_when_its_time_is_used_up
                a_call_that_is_not_answered_in_time_is_made_again
                o15_a_panic_in_a_call_parks_it_and_what_follows_for_its_stream
                o13_a_parked_call_is_made_again_when_an_operator_asks
                a_call_of_a_suspended_process_waits_until_it_is_resumed
                the_calls_of_a_cancelled_process_are_taken_back
                a_call_that_asks_for_somebody_to_look_is_parked
                a_call_that_nobody_wants_any_more_is_taken_back
                calls_for_one_stream_are_made_one_after_another
                a_target_that_is_down_uses_up_few_attempts
                o1_a_crash_at_any_commit_loses_no_call_and_records_none_twice
                o1_a_call_whose_result_was_refused_is_not_made_again
            }
            ends_of_effects {
                a_call_under_way_is_waited_for_when_the_runtime_stops
                a_call_that_does_not_answer_is_cut_off_and_made_again_after_a_restart
                a_call_that_sends_too_much_is_parked_and_nothing_of_it_is_written
                a_call_that_would_make_its_process_too_long_is_parked
                a_result_is_judged_once_by_the_circuit_breaker_when_its_batch_fails
                o15_what_is_too_late_is_given_up_at_its_own_time_though_the_target_is_away
                a_call_that_is_too_late_while_its_process_is_suspended_is_given_up_when_it_goes_on
            }
            fan_in {
                p3_a_thousand_answers_for_one_instance_are_folded_in_few_commits
                p3_ten_thousand_answers_for_one_instance_are_folded_in_few_commits
                p3_a_hundred_thousand_answers_for_one_instance_are_folded_in_few_commits
                p3_a_thousand_answers_for_one_process_manager_are_folded_in_few_commits
                p3_ten_thousand_answers_for_one_process_manager_are_folded_in_few_commits
                p3_a_hundred_thousand_answers_for_one_process_manager_are_folded_in_few_commits
            }
            holds {
                p13_a_suspended_process_waits_and_goes_on_in_order_when_it_is_resumed
                p13_what_is_resumed_goes_behind_what_is_parked
                a_cancelled_process_does_nothing_more_and_others_go_on
                a_message_on_its_way_when_its_process_is_cancelled_is_recorded_as_ignored
                t7_timers_are_cancelled_and_brought_forward
            }
            keys {
                s6_a_key_seen_in_another_batch_is_a_duplicate
                s6_a_key_seen_in_the_same_batch_is_a_duplicate
                s6_of_many_with_one_key_at_once_one_is_taken
                s6_a_key_says_where_its_message_stands
                s6_keys_are_compared_to_the_last_character
                messages_without_a_key_are_never_duplicates
            }
            lifecycles {
                p1_concurrent_starts_by_event_and_by_command_make_one_instance
                p5_a_late_message_after_the_end_has_no_effect_and_is_counted
                p5_an_early_message_before_the_start_has_no_effect_and_is_counted
                p5_a_start_after_the_end_is_refused_where_it_may_start_once
                p5_a_start_after_the_end_starts_again_where_it_may
            }
            limits {
                an_endless_loop_is_parked_when_its_process_is_full
                what_is_parked_of_a_full_process_is_parked_again_when_it_is_retried
                a_full_process_is_refused_what_grows_it_and_others_of_its_batch_are_not
                a_command_that_would_begin_too_long_a_process_is_refused
                a_decision_that_emits_too_much_is_parked_and_nothing_of_it_is_written
                an_executed_command_that_emits_too_much_is_refused
                a_process_that_asks_for_too_many_timers_is_parked
                timers_of_a_full_process_fire
                senders_wait_while_the_backlog_is_too_long
                senders_that_wait_hold_up_neither_clients_nor_handlers
                a_batch_whose_filling_takes_too_long_is_closed
            }
            linear_sagas {
                p16_a_saga_whose_steps_go_well_undoes_nothing
                p16_completed_steps_are_undone_in_reverse_order_and_no_others
                p16_why_a_step_has_failed_is_recorded
                p16_a_step_that_is_not_done_in_time_is_undone_too
                p16_a_failing_branch_waits_for_the_others_and_all_is_undone
                p16_a_compensation_that_fails_is_parked_and_never_skipped
                p16_a_step_whose_handler_panics_is_parked_and_its_time_limit_counts
                p16_late_answers_and_answers_nobody_waits_for_are_ignored
                p16_a_saga_goes_on_after_a_crash_at_every_commit_and_undoes_all_once
                p16_a_saga_in_parallel_goes_on_after_a_crash_at_every_commit
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
                o9_a_runtime_that_was_taken_over_stops_without_closing_the_store_of_its_successor
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
                a_start_reads_what_is_parked_in_pages_and_knows_all_of_it
            }
            payloads {
                s14_a_payload_of_one_mebibyte_is_accepted
                s14_a_payload_over_the_limit_is_refused_before_anything_is_written
                s14_payloads_come_back_as_they_were_written
                s14_ids_and_names_may_hold_any_characters
                s14_ids_that_only_look_alike_are_different_streams
                s14_times_long_ago_and_far_ahead_are_kept_to_the_microsecond
            }
            poison {
                p13_a_poison_input_in_the_middle_suspends_its_instance_with_the_reason
                o1_a_message_that_is_parked_is_parked_once_whatever_fails
            }
            process_managers {
                p2_two_messages_for_one_process_manager_at_once_are_both_applied
                p15_duplicates_do_not_count_and_strangers_are_ignored_by_a_join
                p15_the_last_two_answers_that_arrive_together_complete_a_join_once
                p17_folding_a_process_again_sends_nothing
                a_rejection_reaches_the_instance_that_sent_the_command_and_nobody_else
                a_rejection_of_a_command_that_others_sent_reaches_no_process_manager
                o1_a_process_manager_does_everything_once_whatever_fails
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
            projections {
                a_read_model_shows_what_was_written_once_it_was_waited_for
                who_only_reads_waits_for_a_read_model_too
                what_has_not_come_in_time_says_how_far_it_is
                a_read_model_that_is_not_there_says_so
                rows_are_read_by_range_and_by_prefix_in_pages
                an_inline_read_model_is_never_behind
                many_at_once_lose_no_update_of_an_inline_row
                what_was_there_before_an_inline_projection_is_in_it_too
                a_projection_that_was_away_for_a_while_misses_nothing
                a_projection_that_is_inline_no_longer_goes_on_by_itself
                j2_a_rebuilt_read_model_is_the_same_as_the_live_one
                j2_what_is_appended_during_a_rebuild_is_in_it_once
                j2_a_rebuild_leaves_other_projections_alone
                a_rebuild_of_what_is_not_there_is_refused
                j3_a_new_version_is_filled_beside_the_old_one_which_stays_readable
                j3_a_rebuild_goes_on_after_a_crash_at_every_commit
                j3_an_inline_rebuild_goes_on_after_a_crash_at_every_commit
                j4_a_rebuild_emits_nothing
                j5_a_poison_event_parks_its_stream_and_the_rest_goes_on
                j5_a_parked_stream_is_folded_in_order_when_it_is_retried
                j5_a_retry_that_fails_again_parks_again
                j7_who_takes_the_store_over_keeps_its_read_models_up
                a_read_model_of_an_empty_log_stands_at_its_start
            }
            public_events {
                a_public_event_is_made_with_the_state_as_of_its_event
                another_module_reacts_to_a_public_event
                p11_what_another_module_makes_of_it_leads_back_to_the_first_command
                an_event_whose_public_event_cannot_be_made_is_not_there_either
                o1_a_public_event_is_there_once_if_and_only_if_its_event_is
            }
            random {
                any_batches_leave_what_a_plain_model_holds
                p15_any_order_and_repetition_of_answers_ends_a_process_exactly_once
                p15_any_votes_at_any_time_end_a_process_manager_exactly_once
            }
            reactions {
                o5_two_modules_react_to_one_event_each_once_whatever_fails
                o5_a_module_that_fails_leaves_the_other_one_alone
            }
            read_models {
                rows_are_read_back_by_key_with_their_revisions
                rows_are_scanned_in_the_order_of_their_bytes
                a_row_of_another_revision_is_a_conflict_and_nothing_is_written
                rows_take_effect_with_the_events_of_their_batch_or_not_at_all
                g10_the_checkpoint_of_a_read_model_moves_forward_and_for_its_owner
                another_generation_takes_the_place_of_the_one_that_is_read
                who_does_not_own_a_read_model_changes_no_generation
                who_writes_inline_must_have_seen_what_has_changed
                j5_parked_streams_are_kept_with_their_reasons
                a_projection_that_nobody_knows_has_no_rows
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
            repairs {
                o14_a_retry_handles_the_message_and_all_behind_it_in_order
                o13_a_retry_that_is_asked_for_twice_runs_once
                o13_all_streams_are_retried_at_once
                o13_an_edited_message_is_handled_with_its_new_payload
                o13_a_discarded_message_lets_those_behind_it_go_on
                o5_a_retry_of_one_reaction_leaves_the_other_alone
                o13_who_and_why_are_asked_for_and_stand_in_the_log
                o13_what_others_ask_for_is_done_by_a_runtime_that_is_idle
                o1_a_release_goes_on_after_a_fault_at_every_commit
                o15_a_handler_is_tried_again_by_itself_with_growing_random_pauses
                o15_attempts_and_the_time_for_them_are_used_up
                o15_a_handler_says_itself_whether_it_is_tried_again
                o15_retries_are_those_of_the_part_or_else_of_its_module
            }
            replies {
                a_reply_is_heard_before_and_after_it_happens
                a_reply_is_of_the_process_that_is_asked_and_the_first_one
                a_reply_is_one_of_two_whichever_comes
                two_who_wait_for_one_reply_both_hear_it
                a_reply_that_does_not_come_in_time_is_told_so_and_nothing_is_lost
                who_waits_for_a_reply_is_told_when_the_runtime_stops
                a_reply_comes_although_the_commit_with_it_failed_at_first
                a_reply_comes_although_a_read_of_the_store_is_refused
                a_reply_comes_although_the_log_stays_shorter_than_it_was_to_be
                a_reply_that_is_in_the_log_is_found_although_batches_in_flight_fail
                a_reply_of_a_process_that_does_not_exist_is_told_at_once
                who_waits_for_a_reply_while_a_store_refuses_goes_on_waiting
            }
            save_points {
                p16_a_save_point_is_returned_to_after_its_pause
                p16_a_save_point_that_is_used_up_lets_the_saga_give_up
                p16_a_failure_before_a_save_point_does_not_return_to_it
                p16_a_saga_with_a_save_point_goes_on_after_a_crash_at_every_commit
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
            timeouts {
                t1_a_timeout_of_a_process_manager_fires_once_whatever_fails
                t2_a_timeout_that_became_due_while_nobody_was_there_fires_at_once
                t4_when_a_process_ends_its_timers_are_gone
                t4_a_process_that_ends_in_the_step_that_asks_leaves_no_timer
                t4_a_timeout_that_was_on_its_way_at_the_end_is_ignored_and_recorded
                t6_timeouts_of_one_step_with_equal_times_fire_in_the_order_of_asking
                timers_are_cancelled_by_their_command_and_instance
                timers_of_an_earlier_run_are_cancelled_after_a_restart
                timers_are_moved_to_another_time
                a_step_takes_back_what_it_has_asked_for_itself
                timers_are_asked_for_and_taken_back_in_one_batch
            }
            timers {
                due_timers_come_in_the_order_of_their_times_and_of_asking
                the_next_due_time_is_the_earliest
                a_timer_comes_back_as_it_was_asked_for
                a_timer_of_the_past_is_due_and_one_far_ahead_is_kept
                a_fired_timer_is_gone_and_its_command_is_there_together
                a_timer_gets_no_name_that_was_used_before
                timers_are_taken_back_by_their_command_and_instance
                the_timeouts_of_an_instance_are_taken_back_and_what_it_sends_to_others_is_not
                a_timer_that_is_taken_back_and_asked_for_again_in_one_batch_is_kept
                parked_messages_come_back_in_the_order_of_the_log
                parked_messages_are_read_in_pages
            }
            unreadable {
                s11_an_unknown_event_in_the_middle_of_a_stream_is_an_explicit_error
                an_event_whose_payload_does_not_fit_is_an_explicit_error
                an_undecodable_command_is_parked_with_the_reason_and_others_go_on
                an_undecodable_event_is_parked_for_the_sagas_that_react_to_it
                a_command_whose_module_is_missing_waits_for_the_release_that_has_it
            }
            versions {
                s12_events_of_three_schema_versions_in_one_stream_fold_through_their_upcasters
                s12_a_schema_version_newer_than_known_is_an_explicit_error
                s12_an_older_shape_that_does_not_fit_is_an_explicit_error
                p18_a_process_that_an_older_release_began_goes_on_in_the_newer_one
                p18_an_older_release_that_meets_newer_events_stops_there_and_harms_nothing
                p18_a_newer_message_on_its_way_is_parked_by_an_older_release
            }
            virtual_time {
                a_runtime_is_settled_when_all_that_was_sent_is_done
                a_runtime_is_not_settled_before_everything_is_durable
                a_message_that_is_parked_does_not_keep_a_runtime_from_settling
                time_moves_from_timer_to_timer_and_each_fires_at_its_own
                a_timer_that_is_asked_for_while_another_one_fires_is_not_lost
                what_follows_from_a_timer_may_ask_for_the_next_before_the_time_is_up
                a_timer_between_two_microseconds_fires_and_not_too_early
                the_end_of_all_time_is_reached_and_not_passed
                only_a_virtual_time_is_moved
                who_settles_a_stopped_runtime_is_told_so
            }
            watched_effects {
                an_open_circuit_breaker_is_seen_in_the_store_and_goes_on_after_a_restart
                what_is_noted_of_a_circuit_breaker_is_right_when_a_batch_fails
                calls_that_pause_and_those_that_are_due_are_told_apart
                rates_are_those_of_the_last_minute_by_the_times_of_the_log
            }
            whole {
                c1_one_worker_is_served_once_by_a_steady_runtime
                c1_four_workers_are_served_once_by_a_steady_runtime
                c1_one_worker_is_served_once_by_a_runtime_that_starts_later
                c1_four_workers_are_served_once_by_a_runtime_that_starts_later
                c1_one_worker_is_served_once_by_a_runtime_that_goes_up_and_down
                c1_four_workers_are_served_once_by_a_runtime_that_goes_up_and_down
                c1_one_worker_is_served_once_over_rolling_restarts
                c1_four_workers_are_served_once_over_rolling_restarts
                c1_one_worker_is_served_once_over_kills
                c1_four_workers_are_served_once_over_kills
                c1_one_worker_is_served_once_over_restarts_of_the_store
                c1_four_workers_are_served_once_over_restarts_of_the_store
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

/// Expands to one `#[test]` for each case about nodes that share a store, for the
/// [`SharedStoreUnderTest`](crate::SharedStoreUnderTest) named. Call it beside [`conformance!`](crate::conformance), in a module of its own.
#[macro_export]
macro_rules! conformance_of_nodes {
    ($under_test:ty) => {
        $crate::conformance! { @tests $under_test;
            nodes {
                n1_one_node_owns_everything_and_a_second_one_gets_its_share
                n1_a_killed_node_is_taken_over_within_its_lease
                n1_nothing_is_kept_free_for_a_node_that_has_died
                n4_a_node_that_is_not_heard_owns_nothing_before_anyone_else_may
                n5_one_late_heartbeat_moves_nothing
                n7_what_a_node_owned_is_handled_at_once_when_it_stops
                o9_a_frozen_node_that_wakes_writes_nothing_that_others_have_done
                t1_a_timer_fires_once_over_two_nodes
                t1_a_timer_that_was_fired_by_the_next_owner_is_not_fired_by_a_late_commit
                o3_one_key_on_two_nodes_has_one_effect_and_one_answer
                commands_are_executed_on_any_node_in_one_order
                decisions_that_record_nothing_see_what_other_nodes_have_written
                p13_a_process_is_suspended_and_resumed_on_all_nodes
                c1_clients_of_three_nodes_are_served_once_while_nodes_die_freeze_and_come
            }
            waiting_over_nodes {
                what_a_process_waits_for_is_known_at_one_moment
                replies_are_heard_on_any_node
                the_newest_entries_of_processes_are_known
            }
            projections_over_nodes {
                j7_what_is_written_on_any_node_is_read_on_any_node
                j7_a_node_that_keeps_read_models_up_dies_and_another_one_goes_on
                no_update_of_an_inline_row_is_lost_over_two_nodes
                j2_a_rebuild_on_nodes_that_work_loses_nothing
            }
        }
    };
}

/// A case that takes longer than this hangs, also on a busy machine and on a store that is a server.
const LONGEST: Duration = Duration::from_secs(300);

/// Runs one case to its end.
///
/// # Panics
/// When the case fails, or does not end.
#[doc(hidden)]
pub fn run(case: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let ended = runtime.block_on(async { tokio::time::timeout(LONGEST, case).await });
    // A case may leave a runtime behind that it has killed; nobody waits for it.
    runtime.shutdown_background();
    assert!(ended.is_ok(), "the case did not end within {LONGEST:?}: something that was to happen never did");
}
