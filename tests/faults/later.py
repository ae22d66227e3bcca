"""Rows 77 to 91 of the fault matrix, found after the first 76.

A row may name a whole file, where all its tests are about one kind.
"""

from __future__ import annotations

from matrix import Row

__all__ = ["LATER"]


def _row(number: int, what: str, *tests: str) -> Row:
    return Row(number=number, what=what, tests=tests)


LATER = (
    _row(77, "the client library raises after the answer came", "test_sent.py"),
    _row(78, "the wire makes a library of ours raise", "test_any_bytes.py", "tests/wire/test_reading.py"),
    _row(
        79,
        "a refusal that is none",
        "test_create.py::test_a_status_of_no_document",
        "test_create.py::test_the_trace_id_of_an_unconfirmed_run",
    ),
    _row(80, "an answer about something else", "test_mix_ups.py", "test_results.py", "test_withheld.py"),
    _row(
        81,
        "a router's word taken for the service's; an end that has no way out",
        "test_lost.py",
        "test_withheld.py::test_resume_takes_up_what_could_not_be_brought",
    ),
    _row(
        82,
        "a status word of no document",
        "test_polling.py::test_a_word_of_no_document_is_shown_and_told",
        "test_polling.py::test_a_word_of_no_document_stands_in_the_time_outs_error",
        "test_polling.py::test_a_plain_word_for_an_end_ends_the_run",
        "test_polling.py::test_an_end_by_a_word_of_no_document_can_be_left",
        "test_polling.py::test_an_end_by_a_documented_word_is_the_end",
    ),
    _row(83, "an id received and dropped", "test_kept.py"),
    _row(84, "two drivers of one loop; a wait that ends before its runs", "test_threads.py", "test_stopped.py"),
    _row(85, "a store that cannot be used when a cell begins, or that was replaced", "test_replaced.py"),
    _row(86, "secrets coming back, or led elsewhere", "test_echoes.py", "test_relays.py"),
    _row(87, "said before, paid after", "test_said_and_paid.py", "test_time.py::test_a_sweep_is_sent_in_its_order"),
    _row(88, "a clock that steps, a machine that sleeps", "test_clocks.py"),
    _row(89, "a phase without a deadline", "test_deadlines.py"),
    _row(90, "all of it at once, and in any order", "tests/model/test_schedules.py"),
    _row(91, "an answer that is later than what ends meanwhile", "test_late_answers.py"),
)
