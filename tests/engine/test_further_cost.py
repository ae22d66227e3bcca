"""Tests of what a decision costs: the clips that are missing, at the prices of those that were judged."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.api.session import Session
from hailuo_widgets.domain.request import Request
from hailuo_widgets.domain.run import RunRecord
from hailuo_widgets.domain.vote import Vote
from hailuo_widgets.voting.pairs import pair_up
from hailuo_widgets.voting.ranking import rank
from hailuo_widgets.voting.relabel import relabel
from hailuo_widgets.workspace.further_cost import cost_notes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A session that sends nothing."""
    opened = Session(home=tmp_path, mode="simulated", notice=lambda _: None)
    yield opened
    opened.close()


def run(prompt: str, seed: int, *, micros: int | None, currency: str | None = "USD", **more: Any) -> RunRecord:
    """A run with a clip that cost so much."""
    request = {"provider": "minimax", "model": "02", "prompt": prompt, "seed": seed} | more.pop("request", {})
    fields = {"run_id": f"{prompt}/{seed}", "created_at": NOW, "request_hash": "h", "status": "succeeded"}
    return RunRecord(request=Request(**request), cost_micros=micros, currency=currency, **(fields | more))


def notes(session: Session, records: list[RunRecord], judged: int, wins: int) -> tuple[tuple[str, ...], int | None]:
    """The notes after votes on the first seeds, of which so many are for the first prompt; and the units needed."""
    pairs = [c for c in pair_up(records).candidates if c.within == "seed"][:judged]
    votes = [
        Vote(
            vote_id=f"v{n:03}", at=NOW, rater="mara", between="prompt", left=c.first, right=c.second,
            left_run=c.first_run, right_run=c.second_run, left_clip=c.first_clip, right_clip=c.second_clip,
            answer="left" if n < wins else "right", within="seed",
        )
        for n, c in enumerate(pairs)
    ]  # fmt: skip
    votes = relabel(records, votes)
    found = rank(votes, items=["a", "b"])
    return cost_notes(found.groups, votes, records, session.accounts, has_clip=lambda _: True), found.more


def test_a_decision_costs_what_its_clips_cost(session: Session) -> None:
    """So many further seeds of both, each at its own mean price, and each currency by itself."""
    records = [run("a", n, micros=280_000) for n in range(10)]
    records += [run("b", n, micros=30_000_000, currency="credits") for n in range(10)]
    said, more = notes(session, records, 10, 7)
    assert more is not None
    (told,) = said
    assert told == (
        f"A decision would cost about ${0.28 * more:.2f} and {30 * more} credits ({more} seeds of “a”, {more} seeds of "
        "“b”), at the prices of the judged clips."
    )


def test_clips_that_are_there_cost_nothing(session: Session) -> None:
    """Of the seeds that a decision needs, those with clips that nobody has judged aren't paid for again."""
    records = [run(name, n, micros=500_000) for name in "ab" for n in range(14)]
    said, more = notes(session, records, 10, 7)
    assert more is not None
    missing = more - 4
    (told,) = said
    assert told == (
        f"A decision would cost about ${missing:.2f} ({missing} seeds of “a”, {missing} seeds of “b”), at the prices "
        "of the judged clips. Not counted: 4 seeds whose clips are there already."
    )
    many = [run(name, n, micros=500_000) for name in "ab" for n in range(10 + more)]
    assert notes(session, many, 10, 7)[0] == (
        "The clips for a decision are there already: judging them costs nothing.",
    )


def test_an_unknown_price_is_said(session: Session) -> None:
    """A clip without a price: at least the others' sum; none with one: unknown. No sum hides what isn't known."""
    records = [run("a", n, micros=280_000) for n in range(10)]
    strange = {"provider": "kkiai"}
    records += [run("b", n, micros=None, currency=None, request=strange) for n in range(10)]
    records = [r for r in records if r.request.prompt == "a"] + records[10:]
    said, more = notes(session, records, 10, 7)
    assert more is not None
    assert said[0].startswith(f"A decision would cost at least ${0.28 * more:.2f} (")
    assert "no price is known for clips of “b”" in said[0]
    nothing = [run(name, n, micros=None, currency=None, request=strange) for name in "ab" for n in range(10)]
    assert "is unknown: no price is known for these clips" in notes(session, nothing, 10, 7)[0][0]


def test_a_reused_clip_has_its_list_price(session: Session) -> None:
    """Nothing was paid for a clip that was there already; a further one is paid for."""
    asked = {"model": "MiniMax-Hailuo-02", "duration": 6, "resolution": "768P"}
    records = [
        run(name, n, micros=0, reused_from=f"{name}/{n}/first", request=asked) for name in "ab" for n in range(10)
    ]
    price = session.accounts.list_price(records[0].request)["cost_micros"] / 1_000_000
    said, more = notes(session, records, 10, 7)
    assert more is not None
    assert said[0].startswith(f"A decision would cost about ${2 * more * price:.2f} (")


def test_what_a_third_variant_needs_is_all_that_is_paid(session: Session) -> None:
    """A is found ahead of b and not of c: further seeds of a and c are paid for, and none of b; a's clips once."""
    records = [run(name, n, micros=280_000) for name in "abc" for n in range(40)]
    votes = []
    for n, c in enumerate(pair_up(records).candidates):
        ahead = {("a", "b"): True, ("a", "c"): n % 3 > 0, ("b", "c"): n % 2 > 0}[c.first, c.second]
        votes.append(
            Vote(
                vote_id=f"v{n:03}", at=NOW, rater="mara", between="prompt", left=c.first, right=c.second,
                left_run=c.first_run, right_run=c.second_run, left_clip=c.first_clip, right_clip=c.second_clip,
                answer="left" if ahead else "right", within="seed",
            )
        )  # fmt: skip
    votes = relabel(records, votes)
    found = rank(votes, items=["a", "b", "c"])
    assert found.winner is None
    (group,) = found.groups
    assert set(group.further) == {"c"}
    count = group.further["c"]
    (told,) = cost_notes(found.groups, votes, records, session.accounts, has_clip=lambda _: True)
    assert told == (
        f"A decision would cost about ${2 * 0.28 * count:.2f} ({count} seeds of “a”, {count} seeds of “c”), at the "
        "prices of the judged clips."
    )


def test_what_is_decided_costs_nothing_more(session: Session) -> None:
    """With a winner, and with nothing that could be told, there is no price."""
    records = [run(name, n, micros=280_000) for name in "ab" for n in range(40)]
    assert notes(session, records, 40, 38)[0] == ()
    assert notes(session, records, 40, 20)[0] == ()
