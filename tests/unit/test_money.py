"""The sum of money: monitor, report, cost table, plan and confirmation count one run in one way."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from hailuo_widgets.archive import Archive
from hailuo_widgets.dataframes.costs import cost_frame
from hailuo_widgets.domain.grid import arrange
from hailuo_widgets.domain.request import Request
from hailuo_widgets.domain.run import RunRecord, Status
from hailuo_widgets.exports.report_sections import facts_html, runs_html
from hailuo_widgets.provider.kie_minimax import FACTS
from hailuo_widgets.render.card_of_record import card_of
from hailuo_widgets.render.grid import layout_of
from hailuo_widgets.widgets.run_rows import row_of, totals

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 1, tzinfo=UTC)
UNDER_WAY = {"submitting", "queued", "running", "downloading", "unconfirmed"}
Sum = tuple[tuple[str, ...], int]  # the amounts as text, and how many runs cost nobody knows how much

TABLE = [
    {"status": status, "task_id": task_id, "reused_from": reused, "cost": cost, "simulated": simulated}
    for status, task_id, reused, cost, simulated in itertools.product(
        Status, ("t1", None), ("r0", None), (True, False), (True, False)
    )
]


def record(run_id: str = "r1", *, cost: bool = False, **more: Any) -> RunRecord:
    """A run of KIE's that was sent, unless it is planned, skipped, or cancelled without a task."""
    unsent = more["status"] in {"planned", "skipped"} or (more["status"] == "cancelled" and more.get("task_id") is None)
    free = more.get("reused_from") is not None
    paid = {"cost_micros": 0 if free else 45_000_000, "currency": "credits", "cost_kind": "reused" if free else "list"}
    return RunRecord(
        run_id=run_id,
        created_at=NOW,
        submitted_at=None if unsent or free else NOW,
        request=Request(provider="kie", model="02", prompt="a fox"),
        request_hash="h",
        origin="o",
        **(paid if cost else {}),
        **more,
    )


def monitor(*records: RunRecord) -> Sum:
    """The sum above a live board."""
    found = totals(records, expected={})
    return tuple(found["spent"]), found["unknown"]


def report(*records: RunRecord) -> Sum:
    """The sum at the head of a report, in which simulated runs stand apart."""
    found = facts_html(records)
    told = re.search(r"at list prices: ([^)]*)\)|· cost ([^<]*)<", found)
    parts = (told[1] or told[2]).split(" + ") if told else []
    unknown = [int(p.split()[0]) for p in parts if p.endswith("of unknown cost")]
    return tuple(p for p in parts if not p.endswith("of unknown cost")), sum(unknown)


def cost_table(*records: RunRecord) -> Sum:
    """The sum of ``%hailuo cost``."""
    frame = cost_frame(records)
    amounts = [f"{row.cost:g} {row.currency}" for row in frame.itertuples() if not pd.isna(row.cost)]
    return tuple(amounts), sum(frame["unknown"].tolist())


@pytest.mark.parametrize("case", TABLE, ids=lambda case: "-".join(f"{v}" for v in case.values()))
def test_all_views_have_one_sum(case: dict[str, Any]) -> None:
    """Known costs are summed, runs that may be billed and have none are counted, another run's clip is free."""
    run = record(**case)
    if run.reused_from is not None:
        expected: Sum = ((), 0)
    elif case["cost"]:
        expected = (("45 credits",), 0)
    else:
        expected = ((), int(run.task_id is not None or run.status in UNDER_WAY))
    assert {"monitor": monitor(run), "report": report(run), "cost": cost_table(run)} == dict.fromkeys(
        ("monitor", "report", "cost"), expected
    )


@pytest.mark.parametrize("case", TABLE, ids=lambda case: "-".join(f"{v}" for v in case.values()))
def test_all_views_have_one_text_for_the_cost_of_a_run(case: dict[str, Any], tmp_path: Path) -> None:
    """A run that ended without a task was not billed, so its cost is not "unknown"."""
    run = record(**case)
    archive = Archive(tmp_path)
    card = card_of(run, facts=FACTS, archive=archive, expected=None).cost
    cell = layout_of([run], arrange([run]), archive)["cells"][0]["cost"]
    table = re.findall(r"<td>([^<]*)</td>", runs_html([run]))
    row = row_of(run, here=True)["cost"]
    if case["cost"]:
        expected = "0 credits" if run.reused_from else "45 credits"
    elif run.reused_from is None and run.task_id is None and run.status in {"failed", "skipped", "cancelled", "lost"}:
        expected = "nothing billed"
    else:
        expected = "unknown"
    if (case["cost"], run.status) != (False, "planned") and (case["cost"], run.status) != (False, "submitting"):
        assert card == expected  # before the create call is answered it shows the list price
    assert (cell, row) == (expected, expected)
    assert expected in table


def test_sums_of_several_runs_agree() -> None:
    """All runs of the table together, live ones and simulated ones each for themselves."""
    for simulated in (True, False):
        runs = [record(f"r{n}", **case) for n, case in enumerate(TABLE) if case["simulated"] is simulated]
        paid = sum(r.cost_micros or 0 for r in runs) // 1_000_000
        assert monitor(*runs) == report(*runs) == cost_table(*runs)
        assert monitor(*runs)[0] == (f"{paid} credits",)


@pytest.mark.parametrize("currency", ["credits", None])
@pytest.mark.parametrize("simulated", [True, False])
def test_a_task_that_was_cancelled_for_free_costs_nothing(
    tmp_path: Path, currency: str | None, *, simulated: bool
) -> None:
    """No view calls its cost unknown, also where no list has its price, and so no currency."""
    more = {"cost_micros": 0, "cost_kind": "reported", "currency": currency}
    run = record(status="cancelled", task_id="t1", simulated=simulated, **more)
    for found in (monitor(run), report(run), cost_table(run)):
        assert found[1] == 0
    archive = Archive(tmp_path)
    card = card_of(run, facts=FACTS, archive=archive, expected=None)
    assert (card.cost, card.cost_note) == ("nothing billed", "")
    assert layout_of([run], arrange([run]), archive)["cells"][0]["cost"] == "nothing billed"
    assert (row_of(run, here=True)["cost"], row_of(run, here=True)["amount"]) == ("nothing billed", 0)
    assert "<td>nothing billed</td>" in runs_html([run])
    assert cost_frame([run])["cost"].tolist() == [0]
    doubtful = record("r2", status="unconfirmed", simulated=simulated, currency=currency)
    assert cost_frame([run, doubtful])["unknown"].tolist() == [1]
    assert cost_frame([run, doubtful])["cost"].isna().tolist() == [currency is None]
