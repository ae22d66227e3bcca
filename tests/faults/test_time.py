"""Tests of pauses, outages and days in virtual time (rows 23, 38, 39, 43 to 45)."""

from __future__ import annotations

import json
from collections import deque
from datetime import timedelta
from email.utils import format_datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from clock import EPOCH, VirtualLoop, Wire, runtime
from conftest import KEY, error_of, steps

from hailuo_widgets.api.session import Session
from hailuo_widgets.errors import ProviderError
from hailuo_widgets.provider.interface import HttpReply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hailuo_widgets.provider.interface import HttpCall
    from hailuo_widgets.workspace.run import Run
    from hailuo_widgets.workspace.sweep import Sweep

HOUR = 3600.0


class Lab:
    """A session on a virtual clock, and its provider in memory."""

    def __init__(self, session: Session, wire: Wire) -> None:
        self.session = session
        self.wire = wire
        self.loop = wire.loop

    def until(self, *run_ids: str) -> None:
        """Carry runs to their ends."""
        self.loop.run_until_complete(self.session.settled(run_ids))

    def run(self, prompt: str = "a fox", **arguments: Any) -> Run:
        """One run, carried to its end."""
        run = self.session.generate(prompt, **{"model": "02", **arguments})
        self.until(run.id)
        return run

    def sweep(self, count: int, **arguments: Any) -> Sweep:
        """A sweep, not begun."""
        return self.session.sweep([f"a fox {n}" for n in range(count)], **{"model": "02", "yes": True, **arguments})


class Make(Protocol):
    """Makes a lab."""

    def __call__(
        self,
        *,
        provider: str = "minimax",
        wire: dict[str, Any] | None = None,
        made_of: type[Wire] = Wire,
        **settings: Any,
    ) -> Lab:
        """The lab."""


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clip: bytes) -> Iterator[Make]:
    """A factory of labs; the last one's session is closed."""
    made: list[Lab] = []
    loop = VirtualLoop()

    def make(
        *, provider: str = "minimax", wire: dict[str, Any] | None = None, made_of: type[Wire] = Wire, **settings: Any
    ) -> Lab:
        there = made_of(loop, clip, **(wire or {}))
        monkeypatch.setenv(f"{provider.upper()}_API_KEY", KEY)
        options = {"home": tmp_path / "home", "store": "sqlite://", **settings}
        options["runtime"] = runtime(loop, lambda: there)
        session = Session(mode="live", provider=provider, notice=lambda _: None, **options)
        session.engine.runs.run_loop._loop = loop
        made.append(Lab(session, there))
        return made[-1]

    yield make
    for one in made:
        one.session.close()
    loop.close()


# -- 23 ---------------------------------------------------------------------------------------------------------------

FORMS: dict[str, tuple[str | None, float, float]] = {
    "seconds": ("7", 7, 7.5),
    "a date": (format_datetime(EPOCH + timedelta(seconds=40), usegmt=True), 39, 41),
    "a date that is past": ("Wed, 21 Oct 2015 07:28:00 GMT", 1, 1.5),
    "no time at all": ("0", 1, 1.5),
    "thirty years": ("1000000000", 300, 300.5),
    "garbage": ("1e9", 0.3, 4.5),
    "a date that is none": ("Wed, 99 Foo 99999 07:28:00", 0.3, 4.5),
    "absent": (None, 0.3, 4.5),
}


@pytest.mark.parametrize("form", FORMS)
def test_retry_after(lab: Make, form: str) -> None:
    """23: from 1 to 300 seconds as asked, else a short back-off; the pause is for all, and each run is paid once."""
    header, least, most = FORMS[form]
    one = lab()
    headers = {} if header is None else {"retry-after": header}
    one.wire.scripts["create"] = deque([HttpReply(status=429, headers=headers, body=b"{}")])
    sweep = one.sweep(3)
    one.until(*[run.id for run in sweep])
    first, second, *_ = one.wire.at("create")
    assert least <= second - first - 0.2 <= most
    assert [run.status for run in sweep] == ["succeeded"] * 3
    assert sorted(one.wire.prompts) == ["a fox 0", "a fox 1", "a fox 2"]
    assert sum(steps(run).count("create_rate_limited") for run in sweep) == 1


# -- 38, 39 -----------------------------------------------------------------------------------------------------------


def test_a_task_that_never_ends(lab: Make) -> None:
    """38: a day of Processing: polled ever more slowly, left as it is, paid and not lost; resume brings it later."""
    one = lab(wire={"takes_s": None}, timeout=24 * HOUR)
    run = one.run()
    error = error_of(run)
    assert isinstance(error, ProviderError)
    assert "still running after 86400 s; it is paid, and not lost" in str(error)
    assert (run.status, run.record.unfinished, len(one.wire.creates)) == ("running", True, 1)
    polls = one.wire.at("query")
    assert 24 * HOUR <= polls[-1] <= 24 * HOUR + 60
    assert len(polls) < 24 * 60 + 30
    one.wire.takes_s = 0.0
    (taken,) = one.session.resume()
    one.until(taken.id)
    assert (taken.status, len(one.wire.creates)) == ("succeeded", 1)


@pytest.mark.parametrize(("unknown_s", "end"), [(55.0, "succeeded"), (HOUR, "lost")])
def test_a_task_that_is_not_known_yet(lab: Make, unknown_s: float, end: str) -> None:
    """39: a task may be unknown for a minute after it was accepted; later it is lost, and is not sent again."""
    one = lab(poll_interval=5.0)
    one.wire.unknown_s = unknown_s
    run = one.run()
    assert (run.status, len(one.wire.creates)) == (end, 1)
    if end == "lost":
        assert 60 < one.loop.now < 150
        assert "does not know the task" in str(error_of(run))


# -- 43, 44, 45 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", ["the last create", "a third of the creates"])
def test_ten_minutes_without_network(lab: Make, after: str) -> None:
    """43: 300 runs all finish, each charged once; each has at most a line for the outage in the log."""
    one = lab(provider="runware", wire={"takes_s": 400.0})
    begin = 60.0 if after == "the last create" else 5.0
    one.wire.down = (begin, begin + 600)
    sweep = one.sweep(300, model=None)
    one.until(*[run.id for run in sweep])
    early = [when for when in one.wire.creates.values() if when < begin]
    assert len(early) == 300 if after == "the last create" else 50 < len(early) < 200
    assert {run.status for run in sweep if run.status != "failed"} == {"succeeded"}
    assert len([run for run in sweep if run.status == "failed"]) == 0
    assert len(one.wire.prompts) == len(set(one.wire.prompts)) == 300
    assert max(steps(run).count("poll_failed") for run in sweep) <= 1
    assert max(len(run.events) for run in sweep) <= 14


@pytest.mark.parametrize(("count", "per_s"), [(100, 20), (300, 10)])
def test_a_provider_that_answers_so_many_calls_a_second(lab: Make, count: int, per_s: int) -> None:
    """44: the pollers of an account share a pace: at most one call in a hundred is refused, all runs finish."""
    one = lab(provider="runware", wire={"takes_s": 240.0, "per_s": per_s})
    sweep = one.sweep(count, model=None)
    one.until(*[run.id for run in sweep])
    assert {run.status for run in sweep} == {"succeeded"}
    assert len(one.wire.prompts) == len(set(one.wire.prompts)) == count
    refused = sum(status == 429 for _, _, status in one.wire.sent)
    assert refused <= len(one.wire.sent) / 100


def test_a_sweep_is_sent_in_its_order(lab: Make) -> None:
    """32: what is sent before a budget ends is the beginning of the sweep, as the plan lists it."""
    one = lab(wire={"takes_s": 60.0})
    sweep = one.sweep(12, budget=12 * 0.28 / 2)
    one.until(*[run.id for run in sweep])
    assert one.wire.prompts == [f"a fox {n}" for n in range(6)]
    assert [run.status for run in sweep] == ["succeeded"] * 6 + ["skipped"] * 6


def test_the_documented_pace_is_kept(lab: Make) -> None:
    """44: at MiniMax no minute has more than 20 calls, creates and polls together; 60 runs all finish."""
    one = lab(wire={"takes_s": 240.0})
    sweep = one.sweep(60)
    one.until(*[run.id for run in sweep])
    assert {run.status for run in sweep} == {"succeeded"}
    calls = [when for when, phase, _ in one.wire.sent if phase != "download"]
    assert max(sum(begin <= when < begin + 59 for when in calls) for begin in calls) <= 20


class KieWire(Wire):
    """KIE.ai in memory: when each task was asked for, and how many were under way at most."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.asked: dict[str, list[float]] = {}
        self.most = 0

    def _good(self, phase: str, call: HttpCall, *, runware: bool) -> HttpReply:
        assert not runware
        now, takes_s = self.loop.now, self.takes_s or 0.0
        task_id = call.params.get("taskId") or f"minimax_{len(self.creates)}"
        if phase == "create":
            self.creates[task_id] = now
            self.most = max(self.most, sum(begun > now - takes_s for begun in self.creates.values()))
        else:
            self.asked.setdefault(task_id, []).append(now)
        done = now >= self.creates[task_id] + takes_s
        link = {"videoUrl": f"https://clips.test/1/{now + self.link_life_s}"} if done else {}
        answer = {"code": 0, "message": "success", "data": {"taskId": task_id, "status": int(done), **link}}
        body = json.dumps(answer).encode()
        return HttpReply(status=200, headers={"content-type": "application/json"}, body=body)


def test_kies_documented_limits_are_kept(lab: Make) -> None:
    """At most 10 tasks at once, 5 seconds between two polls of one, and each clip is downloaded as soon as it is there.

    Fast takes about a minute, so that without a limit the polls around its end would be closer.
    """
    one = lab(provider="kie", wire={"takes_s": 60.0}, made_of=KieWire)
    sweep = one.sweep(14, model="2.3-fast", first_frame="https://pictures.example/fox.png")
    one.until(*[run.id for run in sweep])
    assert {run.status for run in sweep} == {"succeeded"}
    assert isinstance(one.wire, KieWire)
    assert one.wire.most == 10
    pauses = [b - a for asked in one.wire.asked.values() for a, b in pairwise(asked)]
    assert pauses
    assert min(pauses) >= 5
    last = max(when for asked in one.wire.asked.values() for when in asked)
    assert len(one.wire.at("download")) == 14
    assert max(one.wire.at("download")) < last + 60


def test_a_laptop_that_sleeps(lab: Make) -> None:
    """45: eight hours pass between two polls: one more poll is made before the time-out counts, and brings the clip."""
    one = lab(wire={"takes_s": 3 * HOUR}, timeout=HOUR)
    run = one.session.generate("a fox", model="02")
    one.loop.call_at(300.0, lambda: setattr(one.loop, "now", one.loop.now + 8 * HOUR))
    one.until(run.id)
    assert (run.status, run.error, len(one.wire.creates)) == ("succeeded", None, 1)


def test_a_laptop_that_sleeps_between_link_and_download(lab: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """45: the link that was handed out before is dead: a fresh one is asked for, and the clip is here."""
    one = lab()
    retrieve = one.wire._good

    def sleepy(phase: str, *args: Any, **kwargs: Any) -> HttpReply:
        reply = retrieve(phase, *args, **kwargs)
        if phase == "retrieve" and len(one.wire.at("retrieve")) == 0:
            one.loop.now += 8 * HOUR
        return reply

    monkeypatch.setattr(one.wire, "_good", sleepy)
    run = one.run()
    downloads = [status for _, phase, status in one.wire.sent if phase == "download"]
    assert (run.status, downloads, len(one.wire.creates)) == ("succeeded", [403, 200], 1)


@pytest.mark.parametrize("hours", [24, 1, -1, -24])
def test_a_wall_clock_that_jumps(lab: Make, hours: int) -> None:
    """68: a day or a summer time's hour, ahead or back, in the middle of a sweep: no time-out, no stall, no loss."""
    one = lab(wire={"takes_s": 240.0})
    sweep = one.sweep(30)
    one.loop.call_at(50.0, lambda: setattr(one.loop, "wall_s", hours * HOUR))
    one.until(*[run.id for run in sweep])
    assert {(run.status, run.error) for run in sweep} == {("succeeded", None)}
    assert len(one.wire.prompts) == len(set(one.wire.prompts)) == 30
    assert one.loop.now < HOUR


# -- a clip that is not there yet ------------------------------------------------------------------------------------

NO_SUCH_KEY = b"<?xml version='1.0'?><Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>"
NOT_YET: dict[str, tuple[int, bytes]] = {
    "404": (404, b""),
    "404 with a page": (404, b"<html>Not Found</html>"),
    "404 with a store's document": (404, NO_SUCH_KEY),
    "403 of a store that does not say which files it has": (403, b"<Error><Code>AccessDenied</Code></Error>"),
    "200 with a store's document": (200, NO_SUCH_KEY),
    "200 without a byte": (200, b""),
    "202": (202, b""),
    "204": (204, b""),
    "503": (503, b"<Error><Code>SlowDown</Code></Error>"),
    "no connection": (0, b""),
}


@pytest.mark.parametrize("provider", ["minimax", "runware"])
@pytest.mark.parametrize("what", NOT_YET)
def test_a_clip_that_its_link_has_only_later(lab: Make, what: str, provider: str) -> None:
    """For 150 seconds after "Success" the link has no clip: it is asked again until it has, and nothing is paid."""
    one = lab(provider=provider)
    first: list[float] = []

    def refuses(_: str) -> tuple[int, bytes] | None:
        first.append(one.loop.now)
        return NOT_YET[what] if one.loop.now - first[0] < 150 else None

    one.wire.refuses = refuses
    run = one.run(model=None if provider == "runware" else "02")
    assert (run.status, run.error, len(one.wire.creates)) == ("succeeded", None, 1)
    took = one.loop.now - first[0]
    assert 150 <= took <= 210
    assert len(first) <= 60
    assert steps(run).count("clip_not_ready") == 1


def test_a_clip_that_its_link_never_has(lab: Make) -> None:
    """A link without its clip is asked for minutes, then a fresh one; the run fails with the way to bring it free."""
    one = lab()
    one.wire.refuses = lambda _: (404, b"")
    run = one.run()
    asked = [when for when, phase, _ in one.wire.sent if phase == "download"]
    assert 240 <= asked[-1] - asked[0] <= 900
    assert len(set(one.wire.links)) == 2
    error = error_of(run)
    assert (run.status, len(one.wire.creates)) == ("failed", 1)
    assert "free" in str(error)
    one.wire.refuses = lambda _: None
    again = run.retry()
    one.until(again.id)
    assert (again.status, len(one.wire.creates)) == ("succeeded", 1)


def test_a_fresh_link_where_the_first_never_has_the_clip(lab: Make) -> None:
    """The first link never has the clip: after minutes a fresh one brings it."""
    one = lab()
    one.wire.refuses = lambda url: (404, b"") if url == one.wire.links[0] else None
    run = one.run()
    assert (run.status, len(set(one.wire.links)), one.wire.links[-1] != one.wire.links[0]) == ("succeeded", 2, True)


@pytest.mark.parametrize("minutes", [2, 11])
@pytest.mark.parametrize("where", ["in this process", "after a restart", "with a clock that was set back"])
def test_only_a_young_link_is_waited_for(lab: Make, where: str, minutes: int) -> None:
    """A link of over ten minutes without its clip is given up at once for a fresh one; a younger one is asked again."""
    one = lab()
    run = one.run()
    assert run.video is not None
    run.video.unlink()
    one.loop.now += minutes * 60
    if where == "after a restart":
        one.session.engine.runs.run_of(run.id).linked_at = None
    if where == "with a clock that was set back":
        one.loop.wall_s = -24 * HOUR
    old, began = one.wire.links[-1], one.loop.now
    one.wire.refuses = lambda url: (404, b"") if url == old else None
    again = run.retry()
    one.until(again.id)
    waited = one.loop.now - began
    assert again.status == "succeeded"
    assert 240 <= waited <= 400 if minutes == 2 else waited < 5
