"""Rows 1 to 76 of the fault matrix: what fails, and the tests of it.

A row names tests of this folder (``test_create.py::…``) and of others (from ``tests/`` on). What a row asks for and no
test shows stands in ``left``, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ROWS", "Row"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One fault."""

    number: int
    what: str
    tests: tuple[str, ...]
    left: str = ""


def _row(number: int, what: str, *tests: str, left: str = "") -> Row:
    return Row(number=number, what=what, tests=tests, left=left)


LOST = "test_create.py::test_an_answer_that_tells_nothing"
KILLED = "tests/crash/test_kill_points.py::test_killed_at_a_seam"
BETWEEN = "tests/crash/test_kill_points.py::test_killed_between_the_providers_yes_and_our_note_of_it"
TELLS_NOTHING = "test_polling.py::test_a_poll_that_tells_nothing_is_made_again"
MENDED, REFUSED = "test_download.py::test_what_is_mended", "test_download.py::test_what_is_refused"
INPUT = "tests/unit/test_images.py::test_what_is_refused"
CALLBACK_APP = "tests/webhook/test_app.py"
STORE = "tests/store/test_refusals.py"

ROWS = (
    # A. Process death
    _row(1, "killed before the intent is committed", KILLED),
    _row(2, "killed between intent and send", KILLED),
    _row(3, "killed between the provider's yes and our note of it", KILLED, BETWEEN),
    _row(
        4, "killed while polling", KILLED, "tests/kernel/test_restart.py::test_a_killed_kernels_run_is_taken_up_at_once"
    ),
    _row(5, "killed in a download", KILLED, "tests/unit/archive/test_part.py::test_dead_owners_part_is_taken_over"),
    _row(6, "killed between name and row", KILLED, "tests/unit/archive/test_files.py::test_adopt_after_a_crash"),
    _row(7, "killed in a migration", "tests/store/test_migrations.py::test_an_interrupted_step_leaves_the_old_store"),
    _row(
        8,
        "kernel restarted in a sweep",
        "tests/kernel/test_restart.py::test_a_killed_kernels_run_is_taken_up_at_once",
        "tests/model/test_schedules.py::test_schedules_keep_the_promises",
        "test_kernels.py::test_what_was_never_sent_is_said",
        left="a sweep of 100 in a real kernel: one run and the model's schedules stand for it",
    ),
    _row(9, "ended by the system, or os._exit", "tests/crash/test_kill_points.py::test_killed_without_a_tracer"),
    _row(
        10,
        "a commit that the disk refuses",
        "test_log.py::test_a_commit_that_fails_is_a_create_that_is_not_sent",
        f"{STORE}::test_a_failing_disk",
    ),
    # B. The create call's answers
    _row(11, "refused, or a name that nobody has", "test_create.py::test_refused_and_not_resolved"),
    _row(12, "a certificate that is not trusted", "test_create.py::test_a_certificate_that_nobody_vouches_for"),
    _row(13, "reset in the upload", LOST),
    _row(14, "answer lost after it was accepted", LOST),
    _row(15, "half headers, half body, half chunk", LOST),
    _row(16, "no JSON, empty, BOM, NaN", LOST, "test_create.py::test_a_byte_order_mark_and_a_gzipped_answer_are_read"),
    _row(17, "a proxy's page", LOST, "test_create.py::test_what_a_proxys_page_says_is_not_rendered"),
    _row(
        18,
        "codes of the table",
        "test_create.py::test_a_plain_no",
        "tests/contract/test_refusals.py::test_a_code_at_create",
    ),
    _row(19, "a code of no table", LOST, "test_create.py::test_a_task_id_beside_an_unknown_code"),
    _row(20, "a yes without a task id", LOST),
    _row(21, "odd task ids", LOST, "test_create.py::test_a_task_id_is_never_a_path"),
    _row(22, "a task id handed out twice", "test_create.py::test_a_task_id_handed_out_twice"),
    _row(
        23,
        "429, and Retry-After in all its forms",
        "test_time.py::test_retry_after",
        "test_kernels.py::test_who_waits_for_a_place_uses_up_no_requests",
    ),
    _row(
        24,
        "bursts of 5xx",
        "test_sweeps.py::test_a_burst_of_5xx",
        "test_sweeps.py::test_an_outage_of_everything_is_met_by_five_runs",
        TELLS_NOTHING,
    ),
    _row(25, "504 and 524 after it was accepted", LOST),
    _row(26, "a refused key", "test_sweeps.py::test_a_refused_key_stops_the_sweep_at_its_first_create"),
    _row(27, "no key", "test_input.py::test_a_missing_key"),
    _row(28, "an odd key", "tests/unit/test_keys.py::test_an_unusable_key_names_its_place"),
    _row(29, "an account that runs empty", "test_sweeps.py::test_an_account_that_runs_empty"),
    _row(30, "a moderated prompt", "test_sweeps.py::test_one_prompt_is_moderated"),
    _row(
        31,
        "a refused parameter",
        "test_sweeps.py::test_a_parameter_that_all_share_is_refused",
        "test_sweeps.py::test_a_plan_without_the_model_stops_the_sweep",
        left="a 2013 does not stop the sweep: which parameter it means is not said, and a refusal costs nothing",
    ),
    _row(
        32,
        "a budget",
        "test_sweeps.py::test_a_budget_is_never_passed",
        "test_kernels.py::test_another_paid_try_is_held_against_the_budget",
        "tests/store/test_processes.py::test_no_budget_is_passed",
    ),
    _row(33, "301, 302, 303", "test_create.py::test_redirects_are_not_followed"),
    _row(
        34,
        "307, 308 to another host",
        "test_create.py::test_redirects_are_not_followed",
        "tests/security/test_hosts.py::test_a_redirected_create",
    ),
    _row(
        35,
        "a byte at a time",
        LOST,
        "test_download.py::test_a_download_that_stands_still_can_be_left",
        "test_download.py::test_a_drip_is_broken_off_and_gone_on_with",
    ),
    _row(36, "bombs", LOST),
    _row(
        37,
        "an id of ours that is there already",
        "test_create.py::test_a_conflict_of_ids_is_a_yes",
        "test_create.py::test_a_lost_answer_is_asked_for_by_our_own_id",
        "test_create.py::test_a_create_that_never_arrived_is_sent_again_under_the_same_id",
        "test_create.py::test_a_create_that_never_arrives_is_not_sent_for_ever",
        "test_create.py::test_books_that_are_behind_do_not_make_a_charged_run_a_failed_one",
        "test_create.py::test_books_that_stay_behind_are_settled_by_the_same_id",
        "test_create.py::test_a_refusal_of_the_second_call_says_nothing_of_the_first",
    ),
    # C. Polling
    _row(38, "a task that never ends", "test_time.py::test_a_task_that_never_ends"),
    _row(
        39,
        "a task that is not known",
        "test_time.py::test_a_task_that_is_not_known_yet",
        "test_polling.py::test_a_task_that_stays_unknown",
        "test_polling.py::test_a_fresh_task_that_is_not_known_yet",
    ),
    _row(
        40, "statuses back, unknown, of a wrong type", "test_polling.py::test_a_status_never_goes_back", TELLS_NOTHING
    ),
    _row(
        41,
        "success without a link",
        "test_polling.py::test_success_without_a_file_for_good",
        "test_polling.py::test_a_link_call_that_fails_is_made_again",
    ),
    _row(42, "a failure after success", "test_polling.py::test_a_failure_after_success"),
    _row(43, "ten minutes without network", "test_time.py::test_ten_minutes_without_network"),
    _row(
        44,
        "many pollers",
        "test_time.py::test_a_provider_that_answers_so_many_calls_a_second",
        "test_time.py::test_kies_documented_limits_are_kept",
        "test_time.py::test_the_documented_pace_is_kept",
    ),
    _row(
        45,
        "a laptop that sleeps",
        "test_time.py::test_a_laptop_that_sleeps",
        "test_time.py::test_a_laptop_that_sleeps_between_link_and_download",
    ),
    _row(
        46,
        "a provider that goes and comes back",
        "test_polling.py::test_a_provider_that_goes_away_and_comes_back",
        "test_polling.py::test_a_provider_on_another_port_is_another_provider",
    ),
    _row(47, "a dead pool", "test_polling.py::test_a_dead_pool_is_replaced_and_spares_the_create_beside_it"),
    # D. Download
    _row(
        48,
        "an expired link, or one without its clip yet",
        MENDED,
        REFUSED,
        "test_download.py::test_the_second_link",
        "test_download.py::test_the_second_link_where_the_first_never_has_the_clip",
        "test_download.py::test_an_answer_that_may_mean_not_yet_is_waited_for",
        "test_time.py::test_a_clip_that_its_link_has_only_later",
        "test_time.py::test_a_clip_that_its_link_never_has",
        "test_time.py::test_a_fresh_link_where_the_first_never_has_the_clip",
        "test_time.py::test_only_a_young_link_is_waited_for",
    ),
    _row(49, "cut short", MENDED, REFUSED, "test_download.py::test_an_interrupted_download_goes_on_where_it_stopped"),
    _row(50, "cut short, and no length", MENDED, REFUSED),
    _row(
        51,
        "longer than its length",
        MENDED,
        "test_download.py::test_a_longer_body_is_judged_by_its_boxes",
        "test_download.py::test_a_clip_with_something_behind_its_boxes",
    ),
    _row(52, "no video", MENDED, REFUSED),
    _row(
        53,
        "packed",
        REFUSED,
        "test_download.py::test_what_is_asked_for",
        "test_download.py::test_a_store_that_always_packs",
        "test_download.py::test_a_packed_body_without_an_end",
    ),
    _row(
        54,
        "no bytes, or no end",
        MENDED,
        REFUSED,
        "test_download.py::test_a_body_without_an_end",
        "test_download.py::test_a_length_past_the_cap",
    ),
    _row(
        55,
        "redirects to odd places",
        REFUSED,
        "test_download.py::test_redirects_within_the_provider",
        "tests/security/test_links.py::test_redirects_are_judged_too",
    ),
    _row(
        56,
        "a range that is ignored, a changed file",
        MENDED,
        "test_download.py::test_a_changed_file_is_not_appended_to",
    ),
    _row(
        57, "a full disk", "test_download.py::test_a_full_disk", "tests/unit/archive/test_part.py::test_real_full_disk"
    ),
    _row(
        58,
        "a folder that takes nothing",
        "test_download.py::test_a_full_disk_is_found_before_the_first_create",
        "tests/engine/test_run.py::test_nothing_is_sent_where_the_clip_could_not_be_kept",
    ),
    _row(59, "a taken name", "test_download.py::test_a_taken_name"),
    _row(
        60,
        "a clip that was deleted, or lies in another home",
        "test_download.py::test_a_deleted_clip_is_missing_and_is_not_shown",
        "test_download.py::test_a_deleted_clip_comes_again_for_free",
        "test_homes.py::test_a_clip_of_another_home_is_copied",
        "test_homes.py::test_a_row_of_another_home_is_brought_by_retry",
        "test_homes.py::test_a_retry_that_fails_leaves_the_run_as_it_was",
        "test_homes.py::test_retry_of_a_reused_run_brings_the_clip",
        "test_homes.py::test_a_clip_that_is_in_no_archive_comes_from_the_provider",
        "test_homes.py::test_a_clip_that_is_nowhere_is_paid_again_as_was_said",
        "test_homes.py::test_a_planted_place_is_not_believed",
        "test_homes.py::test_a_clip_that_is_nowhere_is_asked_for_once",
        "test_homes.py::test_a_run_that_ends_while_a_lost_clip_is_looked_for_serves",
    ),
    # E. Store
    _row(
        61,
        "locked by another program",
        "test_log.py::test_a_store_that_is_locked_before_the_create",
        "test_log.py::test_a_store_that_is_locked_after_the_create",
        "tests/store/test_locks.py::test_a_held_lock_is_waited_for_to_the_end",
        "test_kernels.py::test_a_step_that_cannot_be_written_for_a_moment_ends_nothing",
    ),
    _row(
        62,
        "a full disk after the provider's yes",
        "test_log.py::test_a_disk_that_is_full_for_a_moment_after_the_create",
        "test_log.py::test_a_disk_that_is_full_for_good_after_the_create",
        "tests/store/test_rescue.py::test_a_full_disk_is_no_rescue",
    ),
    _row(63, "deferred transactions", "tests/store/test_begins.py::test_only_the_database_module_begins_transactions"),
    _row(
        64,
        "no database, a newer one, a damaged one",
        f"{STORE}::test_a_file_that_is_no_database",
        f"{STORE}::test_a_newer_schema",
        f"{STORE}::test_a_corrupt_page",
    ),
    _row(65, "a disk without locks", "tests/store/test_locks.py::test_a_disk_without_locks_is_told_at_the_first_look"),
    _row(66, "a fork", "tests/store/test_processes.py::test_a_forked_child_opens_the_store_anew"),
    _row(
        67,
        "two kernels on the same runs",
        "test_kernels.py::test_a_run_that_is_followed_is_not_taken",
        "test_kernels.py::test_a_run_that_another_kernel_is_sending_is_cancelled_by_that_one",
        "test_kernels.py::test_a_wish_to_cancel_holds_for_a_create_that_was_refused",
        "test_kernels.py::test_a_run_that_another_kernel_has_cancelled_ends_here",
        "tests/kernel/test_restart.py::test_a_living_kernels_run_is_left_to_it",
    ),
    _row(68, "clocks that jump", "test_time.py::test_a_wall_clock_that_jumps"),
    # F. Kernel and display
    _row(
        69,
        "an interrupt",
        "tests/kernel/test_waiting.py::test_an_interrupt_ends_the_wait_and_not_the_run",
        "tests/kernel/test_waiting.py::test_an_interrupt_of_a_nested_wait_loses_no_run",
    ),
    _row(
        70,
        "another loop, loaded twice",
        "tests/kernel/test_scripts.py::test_two_loops_in_one_script",
        "tests/kernel/test_extension.py::test_loading_twice_changes_nothing",
        "tests/kernel/test_extension.py::test_reloading_keeps_runs_in_flight",
    ),
    _row(
        71,
        "a front end that is gone, or flooded",
        "tests/unit/test_player.py::test_changes_are_coalesced_and_the_last_one_arrives",
        left="a closed front end: nothing of a run asks for one, and no test closes a real one",
    ),
    # G. Input
    _row(
        72,
        "prompts of odd lengths",
        "test_input.py::test_a_prompt_that_no_provider_takes",
        "test_input.py::test_odd_text_arrives_as_it_was_written",
    ),
    _row(
        73,
        "odd characters",
        "test_input.py::test_a_prompt_that_no_provider_takes",
        "test_input.py::test_odd_text_arrives_as_it_was_written",
        "tests/unit/test_cards.py::test_no_foreign_element_or_attribute_gets_in",
    ),
    _row(74, "odd files as pictures", INPUT, "tests/unit/test_images.py::test_a_large_file_is_not_read"),
    _row(75, "pictures that are bombs, or none", INPUT),
    _row(
        76,
        "hostile callbacks",
        f"{CALLBACK_APP}::test_kie_signatures",
        f"{CALLBACK_APP}::test_repeats_are_one_question",
        f"{CALLBACK_APP}::test_a_body_that_does_not_end",
        f"{CALLBACK_APP}::test_order_does_not_matter",
        "tests/webhook/test_server.py::test_ten_thousand_hostile_posts",
    ),
)
