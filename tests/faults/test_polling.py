"""Tests of polling (rows 39 to 42, 46, 47): a paid task is followed, and never sent again."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from conftest import error_of, steps
from fake_provider import Act, FakeProvider, head_half, reset_half
from patience import HANG_S

from hailuo_widgets.engine import poll as follow
from hailuo_widgets.errors import ProviderError, TaskLost, UsageError

if TYPE_CHECKING:
    from conftest import Begin

    from hailuo_widgets.domain.run import RunRecord

UNKNOWN = Act(change=lambda _: {"base_resp": {"status_code": 2013, "status_msg": "task not found"}})


def state(word: Any, **more: Any) -> Act:
    """An answer that names this status."""
    return Act(change=lambda d: {"task_id": d["task_id"], "status": word, "base_resp": d["base_resp"], **more})


TELLS_NOTHING = {
    "half of the headers": Act(cut=head_half),
    "half of the body": Act(cut=reset_half),
    "half of a chunk": Act(chunked=True, cut=reset_half),
    "closed": Act(raw=b""),
    "reset": Act(raw=b"", end="reset"),
    "HTTP 500": Act(status=500, body=b"x"),
    "HTTP 429": Act(status=429, headers={"retry-after": "0"}, body=b"{}"),
    "a page": Act(body=b"<html>", headers={"content-type": "text/html"}),
    "a router's 404": Act(status=404, body=b"<html>", headers={"content-type": "text/html"}),
    "malformed": Act(body=b'{"status": "Succ'),
    "200,000 levels": Act(body=b"[" * 200_000),
    "a redirect": Act(status=302, headers={"location": "https://elsewhere.invalid/"}, body=b""),
    "40 a status that is a number": state(2),
    "40 a status that is null": state(None),
    "41 success without a file": state("Success"),
}


@pytest.mark.parametrize("what", TELLS_NOTHING)
def test_a_poll_that_tells_nothing_is_made_again(begin: Begin, what: str) -> None:
    """24, 40, 41: the run stays where it is, the log has one line for it, and the next poll brings the clip."""
    scene = begin().on("query", *[TELLS_NOTHING[what]] * 2)
    run = scene.run()
    assert (run.status, run.error, run.cost) == ("succeeded", None, 0.28)
    assert steps(run).count("poll_failed") == 1
    assert (scene.sent, scene.charged, scene.parts()) == (1, 1, [])
    assert len(scene.fake_provider.of("query")) == 3


def test_a_fresh_task_that_is_not_known_yet(begin: Begin) -> None:
    """39: unknown five times right after the create call, then known: nothing is lost."""
    scene = begin().on("query", *[UNKNOWN] * 5)
    run = scene.run()
    assert (run.status, scene.sent, scene.charged) == ("succeeded", 1, 1)


def test_a_task_that_stays_unknown(begin: Begin) -> None:
    """39: after the time in which it may be unknown the run is lost, with the provider's words; not sent again."""
    scene = begin(timing={"settling_s": 0.0})
    scene.fake_provider.always("query", UNKNOWN)
    run = scene.run()
    error = error_of(run)
    assert isinstance(error, TaskLost)
    assert (error.code, error.provider_message) == ("2013", "task not found")
    assert (run.status, run.cost, scene.sent, scene.charged) == ("lost", None, 1, 1)
    assert len(scene.fake_provider.of("query")) == follow.MOST_UNKNOWN
    assert scene.files() == []


def test_a_status_never_goes_back(begin: Begin) -> None:
    """40: Processing, then Queueing, then a word of no document: the run is running, once, until its clip is here."""
    scene = begin().on("query", state("Processing"), state("Queueing"), state("Dreaming"), state("Processing"))
    seen: list[str] = []
    run = scene.session.generate("a fox", model="02")
    run.subscribe(lambda record: seen.append(record.status))
    run.wait(HANG_S)
    assert list(dict.fromkeys(seen)) == ["submitting", "queued", "running", "downloading", "succeeded"]
    assert steps(run).count("generating") == 1
    assert (scene.sent, scene.charged, scene.parts()) == (1, 1, [])


def test_success_without_a_file_for_good(begin: Begin) -> None:
    """41: the run is left with what the provider said, paid and not lost; a later resume brings the clip."""
    scene = begin(timeout=0.6)
    scene.fake_provider.always("query", state("Success"))
    run = scene.run()
    error = error_of(run)
    assert isinstance(error, ProviderError)
    assert "named neither a file nor a link" in str(error)
    assert "it is paid, and not lost" in str(error)
    assert "hw.resume()" in str(error)
    assert (run.record.unfinished, scene.charged, scene.files()) == (True, 1, [])
    scene.fake_provider.always("query", None)
    (taken,) = scene.session.resume()
    assert (taken.id, taken.wait(HANG_S).status) == (run.id, "succeeded")
    assert (scene.sent, scene.charged) == (1, 1)


def test_a_link_call_that_fails_is_made_again(begin: Begin) -> None:
    """41: a file without its link is asked for again; what the provider bills once is charged once."""
    nothing = Act(change=lambda d: {"base_resp": d["base_resp"]})
    scene = begin().on("retrieve", nothing, Act(status=500, body=b"x"), Act(cut=reset_half))
    run = scene.run()
    assert (run.status, scene.sent, scene.charged, len(scene.fake_provider.of("retrieve"))) == ("succeeded", 1, 1, 4)


def test_a_failure_after_success(begin: Begin) -> None:
    """42: once the provider has finished, a later ``Fail`` changes nothing: the clip is brought from its file."""
    scene = begin().on("query", Act()).on("download", Act(status=403, body=b"<Error><Code>AccessDenied</Code></Error>"))
    scene.fake_provider.always("query", state("Fail"))
    run = scene.run()
    assert (run.status, run.cost, scene.sent, scene.charged) == ("succeeded", 0.28, 1, 1)
    assert len(scene.fake_provider.of("retrieve")) == 2


def test_a_provider_that_goes_away_and_comes_back(begin: Begin) -> None:
    """46: refused for a while, then another process on the address: the polls go on where they were."""
    scene = begin()
    scene.fake_provider.polls = 4
    run = scene.session.generate("a fox", model="02")
    missed = threading.Event()

    async def through() -> None:
        running = asyncio.Event()
        loop = asyncio.get_running_loop()

        def look(record: RunRecord) -> None:
            if record.status == "running":
                loop.call_soon_threadsafe(running.set)

        run.subscribe(look)
        scene.session.engine.runs.drive()
        await running.wait()
        await asyncio.to_thread(scene.fake_provider.stop)
        while "poll_failed" not in await asyncio.to_thread(steps, run):  # noqa: ASYNC110 - the log has no event
            await asyncio.sleep(0.05)
        missed.set()
        await asyncio.to_thread(scene.fake_provider.start)
        await run

    asyncio.run(through())
    assert missed.is_set()
    assert (run.status, scene.sent, scene.charged) == ("succeeded", 1, 1)
    assert steps(run).count("poll_failed") == 1


def test_a_dead_pool_is_replaced_and_spares_the_create_beside_it(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """47: ``PoolTimeout`` on a poll: the next goes through a new client; a create waiting for its answer keeps it."""
    scene = begin()
    replaced = threading.Event()
    scene.on("create", Act(), Act(until=replaced)).fake_provider.always("query", state("Processing"))
    send = httpx.AsyncClient.send
    clients: list[int] = []  # of the polls after it
    dead: list[httpx.AsyncClient] = []

    async def sent(client: httpx.AsyncClient, request: httpx.Request, **options: Any) -> httpx.Response:
        if "/query/" in request.url.path:
            waiting = len(scene.fake_provider.of("create")) == 2
            if client in dead or (waiting and not dead):
                dead.append(client)
                raise httpx.PoolTimeout("no free connection", request=request)
            if dead:
                clients.append(id(client))
                scene.fake_provider.always("query", None)
                replaced.set()
        return await send(client, request, **options)

    monkeypatch.setattr(httpx.AsyncClient, "send", sent)
    sweep = scene.session.sweep(["a fox", "a wolf"], model="02")
    sweep.wait(HANG_S)
    assert len(dead) == 1
    assert clients
    assert id(dead[0]) not in clients
    assert [run.status for run in sweep] == ["succeeded", "succeeded"]
    assert (scene.sent, scene.charged, scene.fake_provider.twice) == (2, 2, [])


def test_a_provider_on_another_port_is_another_provider(
    begin: Begin, clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """46: a run is followed where it was sent: with another base URL it is left as it is, with the setting to use."""
    scene = begin(timeout=0.5)
    scene.fake_provider.always("query", state("Processing"))
    left = scene.run()
    assert left.status == "running"
    other = begin(fake_provider=FakeProvider(clip), timeout=20.0)
    scene.fake_provider.always("query", None)
    other.session.resume()
    other.session.wait([left.id], HANG_S)
    asked = len(scene.fake_provider.calls)
    assert f"MINIMAX_BASE_URL={scene.fake_provider.url}" in str(other.session.run(left.id).error)
    assert (other.session.run(left.id).status, other.fake_provider.calls) == ("running", [])
    monkeypatch.setenv("MINIMAX_BASE_URL", scene.fake_provider.url)
    (taken,) = other.session.resume()
    assert (taken.id, taken.wait(HANG_S).status) == (left.id, "succeeded")
    assert (scene.charged, other.fake_provider.calls, len(scene.fake_provider.calls) > asked) == (1, [], True)


def test_a_word_of_no_document_is_shown_and_told(begin: Begin) -> None:
    """40: on the card while the task is under way, in the log once, and no more when a known word has come."""
    scene = begin().on("query", state("Archiving"), state("Archiving"), state("Preparing"))
    shown: list[str | None] = []
    run = scene.session.generate("a fox", model="02")
    run.subscribe(lambda record: shown.append(run.card.error_text if record.status == "queued" else None))
    run.wait(30)
    assert any("the provider says 'Archiving'" in text for text in shown if text)
    assert shown[-1] is None
    notes = [e["data"] for e in run.events if e["what"] == "unknown_status"]
    assert notes == [{"status": "Archiving", "read as": "queued"}]
    assert (run.status, run.error, scene.charged) == ("succeeded", None, 1)


def test_a_word_of_no_document_stands_in_the_time_outs_error(begin: Begin) -> None:
    """40: who is told that a task is still queued is told what the provider calls it."""
    scene = begin(timeout=0.5)
    scene.fake_provider.always("query", state("Archiving"))
    run = scene.run()
    assert "the provider says 'Archiving', a status in no document" in str(error_of(run))
    assert (run.record.unfinished, scene.charged) == (True, 1)


def test_a_plain_word_for_an_end_ends_the_run(begin: Begin) -> None:
    """40: EXPIRED stands in no document of MiniMax, and is no reason to ask until the time-out."""
    scene = begin().on("query", state("EXPIRED"))
    run = scene.run()
    assert run.status == "failed"
    assert "EXPIRED" in str(error_of(run))
    assert len(scene.fake_provider.of("query")) == 1


@pytest.mark.parametrize("provider", ["minimax", "runware"])
@pytest.mark.parametrize("word", ["EXPIRED", "Cancelled", "generation failed"])
def test_an_end_by_a_word_of_no_document_can_be_left(begin: Begin, provider: str, word: str) -> None:
    """40: what we took for an end may be none: retry() asks again for free, and brings the clip that is there."""

    def said(good: dict[str, Any]) -> dict[str, Any]:
        inner = good["data"][0] if provider == "runware" else good.get("data", good)
        keep = {k: v for k, v in inner.items() if k in {"task_id", "taskId", "taskUUID", "taskType", "base_resp"}}
        changed = keep | {"status": word}
        if "data" not in good:
            return changed
        return good | {"data": [changed] if provider == "runware" else changed}

    scene = begin(provider=provider).on("query", Act(change=said))
    run = scene.run(model=None)
    assert (run.status, run.cost) == ("failed", None)
    assert "retry" in str(error_of(run).hint)
    run.retry().wait(30)
    assert (run.status, run.error, scene.charged, scene.sent) == ("succeeded", None, 1, 1)
    assert run.cost is not None


def test_an_end_by_a_documented_word_is_the_end(begin: Begin) -> None:
    """40: nothing of it can be had for free."""
    scene = begin().on("query", state("Fail"))
    run = scene.run()
    with pytest.raises(UsageError, match="nothing of it can be retried for free"):
        run.retry()
