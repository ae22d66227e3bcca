"""Tests of what a board says that budgets have left: what is reserved counts, and each currency by itself."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.api.session import Session
from hailuo_widgets.domain.run import SIMULATOR, RunRecord
from hailuo_widgets.workspace.budgets_left import left_texts

if TYPE_CHECKING:
    from pathlib import Path

CASES = [
    ({}, {}, []),
    ({"budget": 2}, {"USD": 560_000}, ["$1.44 left of the session's budget of $2.00"]),
    ({"budget": 0.5}, {"USD": 560_000}, ["$0.00 left of the session's budget of $0.50"]),
    ({"budget": 2, "currency": "USD"}, {"USD": 560_000}, ["$1.44 left of the session's budget of $2.00"]),
    ({"budget": 2, "currency": "EUR"}, {"USD": 560_000}, []),  # without a rate nothing is known
    ({"daily_budget": 3}, {"USD": 560_000}, ["$2.44 left of the budget of the day (UTC) of $3.00"]),
]


@pytest.mark.parametrize(("settings", "spent", "expected"), CASES)
def test_the_texts(tmp_path: Path, settings: dict[str, Any], spent: dict[str, int], expected: list[str]) -> None:
    """The limit less what is spent or reserved, never below nothing; no text without a budget."""
    with Session(home=tmp_path, mode="simulated", notice=lambda _: None, **settings) as session:
        request = session.plan("a fox", model="02", ask_log=False).runs[0].request
        record = RunRecord(
            run_id="r1",
            created_at=datetime(2026, 11, 28, tzinfo=UTC),
            request=request,
            request_hash=request.hash,
            origin=SIMULATOR,
            currency="USD",
        )
        session.log.spent = lambda budgets, *_, **__: [spent for _ in budgets]  # type: ignore[method-assign]

        async def found() -> list[str]:
            return await left_texts(session, [record])

        assert asyncio.run(found()) == expected
