"""Tests that IDs sort by creation time, even within one millisecond."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hailuo_widgets.domain.ids import make_id, next_id

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@given(st.integers(0, 10**9), st.integers(1, 10**9), st.integers(0, 2**40 - 1), st.integers(0, 2**40 - 1))
def test_a_later_millisecond_sorts_after(first: int, more: int, a: int, b: int) -> None:
    """Whatever the random bits are."""
    early, late = (NOW + timedelta(milliseconds=ms) for ms in (first, first + more))
    assert make_id("r", early, a) < make_id("r", late, b)


@given(st.integers(0, 2**40 - 2))
def test_the_next_id_follows_at_once(bits: int) -> None:
    """It is greater, as long, and the id of the next number."""
    assert next_id(make_id("r", NOW, bits)) == make_id("r", NOW, bits + 1) > make_id("r", NOW, bits)
