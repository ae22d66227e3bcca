"""Tests of votes: from the public functions to the log and back, and the widget without a browser."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import hailuo_widgets as hw
from hailuo_widgets.api import functions as api
from hailuo_widgets.api.session import Session
from hailuo_widgets.simulator import Simulator
from hailuo_widgets.voting.blind_test import BlindTest
from hailuo_widgets.voting.pairs import pair_up
from hailuo_widgets.widgets.vote import Vote, vote_bundle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hailuo_widgets.workspace.sweep import Sweep

Made = tuple[Session, "Sweep"]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Made]:
    """The default session, and a sweep of two prompts by two seeds."""
    with Simulator(tmp_path / "provider", latency=0.02, draft=True) as simulator:
        monkeypatch.setenv("KIE_BASE_URL", simulator.url)
        monkeypatch.setenv("KIE_API_KEY", "test-key")
        session = Session(home=tmp_path / "home", mode="live", poll_interval=0.05, notice=lambda _: None)
        monkeypatch.setattr(api, "default_session", lambda: session)
        yield session, session.sweep(["a fox", "a wolf"], provider="kie", model="02", seed=[1, 2]).wait(60)
        session.close()


def sitting(made: Made) -> tuple[Vote, list[dict[str, Any]], list[bool]]:
    """A widget on the running loop, what it sends, and what it reports as its state."""
    session, sweep = made
    records = session.chosen(sweep)
    blind_test = BlindTest(
        pair_up(records),
        session.log.call(session.log.votes),
        rater="mara",
        aim="order",
        repeats=0.0,
        rng=np.random.default_rng(1),
        now=lambda: datetime.now(UTC),
        questions=["Which?"],
    )
    told: list[bool] = []
    sent: list[dict[str, Any]] = []
    widget = Vote(
        session,
        records,
        blind_test,
        loop=asyncio.get_running_loop(),
        changed=lambda _, ended: told.append(ended),
    )
    widget.send = lambda content, buffers=None: sent.append(content | {"bytes": buffers})  # type: ignore[method-assign]
    return widget, sent, told


async def ask(widget: Vote, sent: list[dict[str, Any]], kind: str, **data: Any) -> dict[str, Any]:
    """The answer to one question."""
    name = f"q{len(sent)}"
    widget._receive({"id": name, "type": kind, "data": data}, [])
    await widget._tasks[name]
    return next(answer for answer in sent if answer["id"] == name)


def test_what_the_browser_is_told(made: Made) -> None:
    """A pair is a token and two clips; an answer is in the log before the next pair comes; the end names the values."""
    session, sweep = made

    async def play() -> None:
        widget, sent, told = sitting(made)
        first = (await ask(widget, sent, "begin"))["data"]
        assert (first["prompt"], first["simulated"], first["remaining"], first["undo"]) == (None, False, 2, False)
        clip = await ask(widget, sent, "clip", token=first["token"], side="left")
        clips = {run.video.read_bytes() for run in sweep if run.video}
        assert b"".join(bytes(piece) for piece in clip["bytes"]) in clips
        assert not any(run.id in str(answer) for answer in sent for run in sweep)
        assert not any("wolf" in str(answer) for answer in sent)
        for wrong in ({"token": "other", "answer": "left"}, {"token": first["token"], "answer": "no", "seconds": 1}):
            refused = await ask(widget, sent, "vote", **wrong)
            assert refused["ok"] is False
        late = await ask(widget, sent, "vote", token=first["token"], answer="left", seconds="long")
        assert "seconds='long'" in late["error"]["message"]
        second = (await ask(widget, sent, "vote", token=first["token"], answer="left", seconds=2.5))["data"]
        assert (second["given"], second["remaining"], second["undo"]) == (1, 1, True)
        (vote,) = session.log.call(session.log.votes)
        assert (vote.answer, vote.seconds, vote.rater, vote.question) == ("left", 2.5, "mara", "Which?")
        assert {vote.left, vote.right} == {"a fox", "a wolf"}
        again = (await ask(widget, sent, "undo"))["data"]
        assert again["token"] == first["token"]
        assert session.log.call(session.log.votes) == []
        ended = (await ask(widget, sent, "end"))["data"]
        assert (ended["ended"], ended["token"]) == (True, None)
        assert (await ask(widget, sent, "vote", token=first["token"], answer="left"))["ok"] is False
        assert told == [False, False, True]
        widget.close()

    asyncio.run(play())


def test_two_answers_to_one_pair_at_once_are_one_vote(made: Made) -> None:
    """Two views of one widget that answer in the same moment give one vote; the other is told that the pair is gone."""
    session, _ = made

    async def play() -> None:
        widget, sent, _ = sitting(made)
        token = (await ask(widget, sent, "begin"))["data"]["token"]
        names = ("one", "other", "third")
        for name, answer in zip(names, ("left", "right", "left"), strict=True):
            data = {"token": token, "answer": answer, "seconds": 1.0}
            widget._receive({"id": name, "type": "vote", "data": data}, [])
        await asyncio.gather(*(widget._tasks[name] for name in names))
        replies = {answer["id"]: answer for answer in sent if answer["id"] in names}
        assert [replies[name]["ok"] for name in names] == [True, False, False]
        assert replies["one"]["data"]["given"] == 1
        assert "not the one that is shown now" in replies["other"]["error"]["message"]
        (vote,) = session.log.call(session.log.votes)
        assert vote.answer == "left"
        undone = ("first", "second")  # and so it is with taking it back
        for name in undone:
            widget._receive({"id": name, "type": "undo", "data": {}}, [])
        await asyncio.gather(*(widget._tasks[name] for name in undone))
        assert [answer["ok"] for answer in sent if answer["id"] in undone] == [True, False]
        assert session.log.call(session.log.votes) == []
        widget.close()

    asyncio.run(play())


def test_a_vote_that_cannot_be_written_is_not_counted(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the log refuses, the pair stays, the reason is told, and the same answer is taken when it can be."""
    session, _ = made

    async def play() -> None:
        widget, sent, _ = sitting(made)
        token = (await ask(widget, sent, "begin"))["data"]["token"]

        def full(_: object) -> None:
            raise hw.StoreError("the disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(session.log, "vote", full)
            refused = await ask(widget, sent, "vote", token=token, answer="tie", seconds=1.0)
        assert "the disk is full" in refused["error"]["message"]
        taken = await ask(widget, sent, "vote", token=token, answer="tie", seconds=1.0)
        assert taken["data"]["given"] == 1
        widget.close()

    asyncio.run(play())


def test_a_saved_notebook_tells_nothing_before_the_end(made: Made) -> None:
    """While a vote goes on its output names no value; at the end it is the ranking."""
    session, sweep = made
    records = session.chosen(sweep)
    blind_test = BlindTest(
        pair_up(records),
        [],
        rater="m",
        aim="order",
        repeats=0.0,
        rng=np.random.default_rng(1),
        now=lambda: datetime.now(UTC),
        questions=["Which?"],
    )
    assert "a fox" not in str(vote_bundle(blind_test))
    assert "no votes" in vote_bundle(blind_test, ended=True)["text/plain"]


def test_the_public_functions(made: Made) -> None:
    """Votes are a table, ranked by runs or as rows; without a notebook a vote says so; mistakes are named."""
    session, sweep = made
    assert len(api.votes(sweep)) == 0
    assert api.rank(sweep, "prompt").sentence.startswith("There are no votes")
    with pytest.raises(hw.UsageError, match="needs a notebook"):
        api.vote(sweep)
    with pytest.raises(hw.UsageError, match=r"repeats=2: a share from 0 to 0\.5"):
        api.vote(sweep, repeats=2)
    with pytest.raises(hw.UsageError, match="between='promt' is no column"):
        api.vote(sweep, "promt")
    for between, left, right, runs in (("prompt", "a fox", "a wolf", (0, 2)), ("seed", "1", "2", (0, 1))):
        booth_vote = hw_vote(between, left, right, sweep[runs[0]].id, sweep[runs[1]].id)
        session.log.call(session.log.vote, booth_vote)
    assert list(api.votes(sweep, between="seed")["left"]) == ["1"]
    with pytest.raises(hw.UsageError, match="these votes judged prompt, seed"):
        api.rank(sweep)
    found = api.rank(sweep, "prompt")
    assert found.df["item"].tolist()[0] == "a fox"
    assert api.rank(api.votes(sweep, between="prompt")).sentence == found.sentence
    assert api.rank(sweep, "prompt", rater="nobody").sentence.startswith("There are no votes")


def hw_vote(between: str, left: str, right: str, left_run: str, right_run: str) -> Any:
    """A vote for the left one."""
    from hailuo_widgets.domain.vote import Vote as Row

    return Row(
        vote_id=f"v-{between}", at=datetime.now(UTC), rater="mara", between=between, left=left, right=right,
        left_run=left_run, right_run=right_run, answer="left",
    )  # fmt: skip
