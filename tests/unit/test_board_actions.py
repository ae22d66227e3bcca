"""Tests of what a board starts: runs again and further seeds, at the price that was shown, once, and never unasked."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.api.session import Session
from hailuo_widgets.errors import UsageError
from hailuo_widgets.planning.plan_again import plan_again
from hailuo_widgets.widgets.below import Below
from hailuo_widgets.widgets.monitor import SweepBoard
from hailuo_widgets.widgets.request_widget import Question

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hailuo_widgets.workspace.sweep import Sweep


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A session whose runs nothing drives."""
    opened = Session(home=tmp_path, mode="simulated", notice=lambda _: None)
    opened.engine.drive = lambda: None  # type: ignore[method-assign]
    opened.engine.runs.drive = lambda: None  # type: ignore[method-assign]
    yield opened
    opened.close()


class Shown:
    """A board of a sweep, and the answers that a browser gets from it."""

    def __init__(self, sweep: Sweep, session: Session) -> None:
        self.loop = asyncio.new_event_loop()
        self.below = Below(session, loop=self.loop, namespace=dict)
        self.board = SweepBoard(sweep, loop=self.loop, place=self.below)
        self.ask("rows")

    def ask(self, kind: str, **data: Any) -> dict[str, Any]:
        """The answer to one question."""
        told: list[dict[str, Any]] = []
        self.board.send = lambda content, **_: told.append(content)  # type: ignore[method-assign]
        question = Question(self.board, {"id": "1", "type": kind, "data": data}, [])
        self.loop.run_until_complete(self.board._answer(question))
        (answer,) = [one for one in told if one.get("id") == "1"]
        return answer

    def shown(self, quote: dict[str, Any]) -> dict[str, Any]:
        """What the browser says it has shown."""
        return {name: quote[name] for name in ("sends", "cost", "digest")}


def runs_of(session: Session) -> set[str]:
    """The ids of all runs of the log."""
    return set(session.runs()["run_id"])


@pytest.fixture
def foxes(session: Session) -> Iterator[Shown]:
    """A board of two prompts with two seeds each."""
    found = Shown(session.sweep(["a fox", "a wolf"], provider="kie", model="02", seed=[3, 7]), session)
    yield found
    found.below.close()
    found.board.close()
    found.loop.close()


def test_a_run_again_at_its_price(session: Session, foxes: Shown) -> None:
    """The price is that of the same request sent anew; agreed to, one new run has the same request."""
    before = runs_of(session)
    first = next(iter(foxes.board._records.values()))
    quote = foxes.ask("quote", ids=[first.run_id], seeds=0)["data"]
    assert (quote["runs"], quote["refused"]) == (1, "")
    plan = session.plan("a fox", provider="kie", model="02", seed=3, ask_log=False)
    assert quote["cost"] == plan.parts().cost == "45 credits"
    assert runs_of(session) == before
    (new,) = foxes.ask("again", ids=[first.run_id], seeds=0, shown=foxes.shown(quote))["data"]["runs"]
    assert runs_of(session) - before == {new}
    assert session.run(new).request.hash == first.request_hash
    assert session.run(new).record.reused_from is None


def test_further_seeds_are_new_ones(session: Session, foxes: Shown) -> None:
    """Each prompt gets the next seeds after those on the board, once."""
    ids = list(foxes.board._records)
    quote = foxes.ask("quote", ids=ids, seeds=2)["data"]
    assert quote["runs"] == 4
    new = foxes.ask("again", ids=ids, seeds=2, shown=foxes.shown(quote))["data"]["runs"]
    requests = [session.run(i).request for i in new]
    assert sorted((r.prompt, r.seed) for r in requests) == [("a fox", 8), ("a fox", 9), ("a wolf", 8), ("a wolf", 9)]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"shown": None}, "was not shown"),
    ({"shown": {"sends": "1 run", "cost": "1 credit", "digest": "x"}}, "has changed"),
    ({"seeds": 21}, "seeds must be from 0 to 20"),
    ({"seeds": True}, "seeds must be from 0 to 20"),
    ({"ids": []}, "no run was chosen"),
    ({"ids": ["r0"]}, "no run was chosen"),
]


@pytest.mark.parametrize(("change", "why"), REFUSED)
def test_nothing_is_sent_unasked(session: Session, foxes: Shown, change: dict[str, Any], why: str) -> None:
    """Without the price that was shown, or with another one, nothing is sent."""
    before, ids = runs_of(session), list(foxes.board._records)[:1]
    shown = foxes.shown(foxes.ask("quote", ids=ids, seeds=0)["data"])
    answer = foxes.ask("again", **{"ids": ids, "seeds": 0, "shown": shown, **change})
    assert not answer["ok"]
    assert why in answer["error"]["message"]
    assert runs_of(session) == before


def test_a_press_that_arrives_twice_is_sent_once(session: Session, foxes: Shown) -> None:
    """The second one is refused; another press is another run."""
    ids, before = list(foxes.board._records)[:1], runs_of(session)
    press = {"ids": ids, "seeds": 0, "shown": foxes.shown(foxes.ask("quote", ids=ids, seeds=0)["data"])}
    assert foxes.ask("again", **press, press="a")["ok"]
    assert not foxes.ask("again", **press, press="a")["ok"]
    assert foxes.ask("again", **press, press="b")["ok"]
    assert len(runs_of(session) - before) == 2


def test_a_budget_is_kept(tmp_path: Path) -> None:
    """A run again over the session's budget is told of in its quote, refused when it is agreed to, and not sent."""
    with Session(home=tmp_path, mode="simulated", notice=lambda _: None) as first:
        first.engine.drive = lambda: None  # type: ignore[method-assign]
        name = first.sweep("a fox", provider="kie", model="02", seed=[1, 2], name="foxes").id
    with Session(home=tmp_path, mode="simulated", notice=lambda _: None, budget=1) as session:
        session.engine.drive = lambda: None  # type: ignore[method-assign]
        board = Shown(session.sweep_of(name), session)
        ids, before = list(board.board._records)[:1], runs_of(session)
        quote = board.ask("quote", ids=ids, seeds=0)["data"]
        assert any("budget" in note for note in quote["notes"])
        assert not board.ask("again", ids=ids, seeds=0, shown=board.shown(quote))["ok"]
        assert runs_of(session) == before
        board.loop.close()


def test_a_model_without_seeds_has_no_further_seed(session: Session) -> None:
    """The reason names the provider and what to do instead; the same request can still be sent again."""
    records = [run.record for run in session.sweep("a fox", provider="minimax", model="02", repeat=2)]
    with pytest.raises(UsageError, match="takes no seed"):
        plan_again(records, seeds=1, beside=records, accounts=session.accounts)
    again = plan_again(records, seeds=0, beside=records, accounts=session.accounts)
    assert [p.request.hash for p in again.runs] == [r.request_hash for r in records]


def test_the_last_seed_is_the_last(session: Session) -> None:
    """No seed beyond those that the model takes is sent."""
    highest = session.accounts.provider("kie").facts.seeds_of("minimax-hailuo-02")
    for seeds in [highest.high] if highest else []:
        records = [session.generate("a fox", provider="kie", model="02", seed=seeds).record]
        with pytest.raises(UsageError, match="takes seeds up to"):
            plan_again(records, seeds=1, beside=records, accounts=session.accounts)


def test_what_a_board_opens(foxes: Shown) -> None:
    """The studio is filled from the run, and stands below the board; an unknown widget is refused."""
    first = next(iter(foxes.board._records))
    assert foxes.ask("open", what="studio", ids=[first])["ok"]
    assert len(foxes.below.box.children) == 1
    assert foxes.ask("texts", id=first)["data"]["prompt"] == "a fox"
    assert not foxes.ask("open", what="shell", ids=[first])["ok"]
    assert not foxes.ask("open", what="vote", ids=[first])["ok"]  # one run makes no pair
