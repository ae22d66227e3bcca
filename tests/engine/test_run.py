"""Tests of one run from plan to clip, and of each step that can fail."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from hailuo_widgets.api.session import Session
from hailuo_widgets.errors import (
    AuthError,
    BudgetExceeded,
    Cancelled,
    DownloadError,
    HailuoError,
    InsufficientCredits,
    MissingKey,
    Moderated,
    ProviderError,
    Skipped,
    TransportError,
    Unconfirmed,
    UsageError,
)

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Begin

    from hailuo_widgets.workspace.run import Run


def steps(run: Run) -> list[str]:
    """What the log says was done."""
    return [e["what"] for e in run.events]


def test_from_plan_to_clip(begin: Begin) -> None:
    """Each step is in the log, the file is whole and hashed, one create was charged: none that is simulated."""
    scene = begin()
    run = scene.session.generate("a fox", model="02", tags=["x"]).wait(30)
    assert steps(run)[:3] == ["planned", "create_sent", "create_accepted"]
    assert steps(run)[-3:] == ["provider_finished", "link_received", "clip_downloaded"]
    assert run.video is not None
    assert hashlib.sha256(run.video.read_bytes()).hexdigest() == run.record.sha256
    assert (run.status, run.simulated, run.cost, run.currency) == ("succeeded", False, 0.28, "USD")
    assert scene.creates == 1
    row = scene.session.runs(tag="x").iloc[0]
    assert (row["run_id"], row["status"], row["task_id"]) == (run.id, "succeeded", run.task_id)


def test_what_is_sent_is_what_was_asked(begin: Begin) -> None:
    """The prompt arrives unharmed whatever it holds, the optimizer off, and the log's request is the one sent."""
    scene = begin()
    prompt = "a {fox} says \"$5\" \\n 狐狸 🦊\n[Push in] 'x'"
    scene.session.generate(prompt, model="02", duration=10, resolution="768p").wait(30)
    (sent,) = scene.requests("/v1/video_generation")
    assert sent["body"] == {
        "model": "MiniMax-Hailuo-02",
        "prompt": prompt,
        "duration": 10,
        "resolution": "768P",
        "prompt_optimizer": False,
    }


def test_each_task_at_runware_has_a_uuid_of_its_own(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version 4 UUID, chosen here, under which the run is known."""
    scene = begin()
    monkeypatch.setenv("RUNWARE_BASE_URL", scene.simulator.url)
    monkeypatch.setenv("RUNWARE_API_KEY", "k")
    runs = [scene.session.generate(prompt, provider="runware").wait(30) for prompt in ("a fox", "a hare")]
    sent = [task for r in scene.requests("/v1") for task in r["body"] if task["taskType"] == "videoInference"]
    uuids = [UUID(task["taskUUID"]) for task in sent]
    assert [str(each) for each in uuids] == [run.task_id for run in runs]
    assert (len(set(uuids)), {each.version for each in uuids}) == (2, {4})


@pytest.mark.parametrize("kind", ["drop_after", "malformed", "html", "missing_task_id"])
def test_a_lost_answer_is_unconfirmed_and_never_sent_again(begin: Begin, kind: str) -> None:
    """The create was charged and its answer lost: the run says so, names three ways out, and sends nothing more."""
    scene = begin({"kind": kind, "phase": "create"})
    run = scene.session.generate("a fox", model="02")
    with pytest.raises(Unconfirmed, match="may have been billed") as caught:
        run.wait(30)
    assert run.status == "unconfirmed"
    assert scene.creates == 1
    assert all(way in str(caught.value) for way in ("run.adopt(task_id)", "run.write_off()", "run.resubmit()"))
    assert run.cost is None
    with pytest.raises(Unconfirmed):
        run.wait(30)
    assert scene.creates == 1


def test_adopting_an_unconfirmed_run(begin: Begin) -> None:
    """The task id from the provider's console brings the clip that was paid for, without another create."""
    scene = begin({"kind": "drop_after", "phase": "create"})
    run = scene.session.generate("a fox", model="02")
    with pytest.raises(Unconfirmed):
        run.wait(30)
    (task,) = scene.simulator.tasks
    run.adopt(task["task_id"]).wait(30)
    assert (run.status, run.task_id, scene.creates) == ("succeeded", task["task_id"], 1)


@pytest.mark.parametrize("wrong", ["", " ", None, 0, "0", "null", "None", True, 1.5, b"7", ["7"], "a b", "x" * 999])
def test_what_is_no_task_id_is_not_adopted(begin: Begin, wrong: Any) -> None:
    """The run stays as it was, and every way out of it stays open."""
    scene = begin({"kind": "drop_after", "phase": "create"})
    run = scene.session.generate("a fox", model="02")
    with pytest.raises(Unconfirmed):
        run.wait(30)
    with pytest.raises(UsageError, match="can't be the id of a task"):
        run.adopt(wrong)
    assert (run.status, run.task_id) == ("unconfirmed", None)
    (task,) = scene.simulator.tasks
    assert run.adopt(f" {task['task_id']}\n").wait(30).status == "succeeded"


def test_writing_off_and_resubmitting(begin: Begin) -> None:
    """A written-off run failed for good; a resubmitted one is a new run that is paid for."""
    scene = begin({"kind": "drop_after", "phase": "create", "times": 2})
    first, second = (scene.session.generate(f"a fox {n}", model="02") for n in (1, 2))
    for run in (first, second):
        with pytest.raises(Unconfirmed):
            run.wait(30)
    assert first.write_off().status == "failed"
    again = second.resubmit().wait(30)
    assert (second.status, again.status, scene.creates) == ("failed", "succeeded", 3)
    with pytest.raises(UsageError, match="is for unconfirmed runs"):
        again.write_off()


@pytest.mark.parametrize(
    ("fault", "error", "says"),
    [
        ({"kind": "code", "code": 1026}, Moderated, "reword it"),
        ({"kind": "code", "code": 1008}, InsufficientCredits, "top up"),
        ({"kind": "code", "code": 2049}, AuthError, "api.minimax.io"),
        ({"kind": "http", "status": 401}, AuthError, "HTTP 401"),
        ({"kind": "http", "status": 402}, InsufficientCredits, "HTTP 402"),
    ],
)
def test_a_refusal_fails_the_run_with_the_providers_words(
    begin: Begin, fault: dict[str, Any], error: type[HailuoError], says: str
) -> None:
    """A plain no is final: nothing is charged, nothing repeated, and the error says what to do."""
    scene = begin({"phase": "create", **fault})
    run = scene.session.generate("a fox", model="02")
    with pytest.raises(error, match=says):
        run.wait(30)
    assert (run.status, scene.creates, run.cost) == ("failed", 0, None)
    assert len(scene.requests("/v1/video_generation")) == 1


def test_a_redirect_is_no_refusal(begin: Begin) -> None:
    """A redirected create may have been accepted: it is not sent again, and the error names the setting to look at."""
    scene = begin({"phase": "create", "kind": "redirect"})
    run = scene.session.generate("a fox", model="02")
    with pytest.raises(Unconfirmed, match=r"(?s)never followed.*MINIMAX_BASE_URL"):
        run.wait(30)
    assert (run.status, scene.creates, len(scene.requests("/v1/video_generation"))) == ("unconfirmed", 0, 1)


def test_a_rate_limit_is_waited_for(begin: Begin) -> None:
    """Refused for its rate, the create is sent again after the pause that was asked for, and charged once."""
    scene = begin({"kind": "http", "status": 429, "retry_after": 1, "phase": "create"})
    run = scene.session.generate("a fox", model="02").wait(30)
    assert (run.status, scene.creates) == ("succeeded", 1)
    assert "create_rate_limited" in steps(run)


def test_an_unreachable_host_is_not_sent_to(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed port: three tries, then an error that names the host and says that nothing was sent."""
    scene = begin()
    monkeypatch.setenv("MINIMAX_BASE_URL", "http://127.0.0.1:9")
    run = scene.session.generate("a fox", model="02")
    with pytest.raises(TransportError, match=r"127\.0\.0\.1 cannot be reached.*nothing was sent"):
        run.wait(30)
    assert steps(run).count("create_sent") == 3
    assert run.status == "failed"


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "http", "status": 502, "html": True, "phase": "query", "times": 3},
        {"kind": "code", "code": 1002, "phase": "query", "times": 2},
        {"kind": "drop", "phase": "query", "times": 2},
        {"kind": "malformed", "phase": "retrieve"},
        {"kind": "truncate", "phase": "download"},
        {"kind": "expired", "phase": "retrieve"},
        {"kind": "http", "status": 500, "phase": "download"},
    ],
)
def test_what_is_free_is_tried_again(begin: Begin, fault: dict[str, Any]) -> None:
    """A poll, a link or a download that fails is repeated until the clip is here; the create was sent once."""
    scene = begin(fault)
    run = scene.session.generate("a fox", model="02").wait(60)
    assert run.video is not None
    assert hashlib.sha256(run.video.read_bytes()).hexdigest() == run.record.sha256
    assert scene.creates == 1


def test_a_failed_download_is_retried_for_free(begin: Begin) -> None:
    """When no link works the run failed with the clip at the provider; retry brings it without a new create."""
    scene = begin({"kind": "expired", "phase": "download", "times": 3})
    run = scene.session.generate("a fox", model="02")
    with pytest.raises(DownloadError, match="downloads it again, for free"):
        run.wait(60)
    assert run.status == "failed"
    assert run.cost == 0.28
    run.retry().wait(30)
    assert (run.status, scene.creates) == ("succeeded", 1)


@pytest.mark.parametrize(("word", "error"), [("banned-output", Moderated), ("fail-generation", ProviderError)])
def test_a_failed_generation_is_said(begin: Begin, word: str, error: type[HailuoError]) -> None:
    """A task that the provider ends without a clip ends the run; whether it is billed is not known."""
    scene = begin()
    run = scene.session.generate(f"a fox {word}", model="02")
    with pytest.raises(error):
        run.wait(30)
    assert (run.status, run.cost, scene.creates) == ("failed", None, 1)


def test_cancelling(begin: Begin) -> None:
    """A cancelled run is no longer followed and says that it may be billed; it can be followed again for free."""
    scene = begin(simulator={"latency": 1.0})

    async def scenes() -> None:
        run = scene.session.generate("a fox", model="02")
        queued = asyncio.Event()
        stop = run.subscribe(lambda r: queued.set() if r.status == "queued" else None)
        await queued.wait()
        stop()
        run.cancel()
        with pytest.raises(Cancelled, match="may still finish and bill it"):
            await run
        assert run.status == "cancelled"
        await run.retry()
        assert run.status == "succeeded"

    asyncio.run(scenes())
    assert scene.creates == 1


def test_an_equal_run_is_taken_from_the_archive(begin: Begin) -> None:
    """The same request costs once; ``reuse=False`` pays again; a failed run never serves."""
    scene = begin()
    first = scene.session.generate("a fox", model="02").wait(30)
    second = scene.session.generate("a fox", model="02").wait(30)
    assert (second.record.reused_from, second.cost, scene.creates) == (first.id, 0.0, 1)
    scene.session.generate("a fox", model="02", reuse=False).wait(30)
    assert scene.creates == 2
    assert first.video is not None
    first.video.write_bytes(b"changed")
    third = scene.session.generate("a fox", model="02").wait(30)
    assert third.status == "succeeded"
    assert third.video is not None
    assert third.video.stat().st_size > 1000


def test_another_session_takes_a_run_up(begin: Begin) -> None:
    """A run that was left while its task was generating is followed to its end by a new session on the same log."""
    scene = begin(simulator={"latency": 0.5})

    async def left() -> str:
        run = scene.session.generate("a fox", model="02")
        queued = asyncio.Event()
        run.subscribe(lambda r: queued.set() if r.status == "queued" else None)
        await queued.wait()
        return run.id

    run_id = asyncio.run(left())
    scene.session.log.call(scene.session.log.release, run_id, scene.session.engine.runs.owner)
    heir = Session(home=scene.session.settings.home, mode="live", poll_interval=0.1)
    (run,) = heir.resume()
    assert (run.id, run.wait(30).status, scene.creates) == (run_id, "succeeded", 1)
    heir.close()


def test_a_timeout_loses_nothing(begin: Begin) -> None:
    """After the time-out the run is left as it is, paid and not lost; a longer wait brings it."""
    scene = begin({"kind": "stuck", "phase": "create"}, timeout=0.5)
    run = scene.session.generate("a fox", model="02")
    with pytest.raises(ProviderError, match="it is paid, and not lost"):
        run.wait(30)
    assert run.status in {"queued", "running"}
    assert [r.id for r in scene.session.resume()] == [run.id]


def test_nothing_is_sent_where_the_clip_could_not_be_kept(begin: Begin) -> None:
    """A file in the archive's place stops the run before the create call, with the path in the message."""
    scene = begin()
    scene.session.settings.home.mkdir()
    (scene.session.settings.home / "videos").write_text("in the way")
    run = scene.session.generate("a fox", model="02")
    with pytest.raises(HailuoError, match="videos"):
        run.wait(30)
    assert (run.status, scene.creates) == ("failed", 0)


def test_a_budget_is_kept(begin: Begin) -> None:
    """What costs more than the budget, or has no known price, is not sent."""
    scene = begin()
    with pytest.raises(BudgetExceeded, match=r"\$0\.28, over the budget of 0\.1"):
        scene.session.generate("a fox", model="02", budget=0.1)
    with pytest.raises(BudgetExceeded, match="is not known"):
        scene.session.generate("a fox", model="02", resolution="512P", first_frame="https://x/y.png", budget=9)
    assert scene.session.generate("a fox", model="02", budget=0.28).wait(30).status == "succeeded"
    assert scene.creates == 1


def test_live_mode_without_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Live and no key: an error that names the variable; nothing is written or sent."""
    monkeypatch.delenv("MINIMAX_API_KEY", raising=False)
    session = Session(home=tmp_path / "home", mode="live")
    with pytest.raises(MissingKey, match="MINIMAX_API_KEY is not set"):
        session.generate("a fox")
    session.close()


def test_the_key_goes_to_the_api_alone(begin: Begin, tmp_path: Path) -> None:
    """No download carries it, and neither the home folder nor any repr holds it."""
    scene = begin()
    run = scene.session.generate("a fox", model="02").wait(30)
    downloads = scene.requests("/simulator/files")
    assert downloads
    assert not [r for r in downloads if "authorization" in {k.lower() for k in r["headers"]}]
    held = [p for p in (tmp_path / "home").rglob("*") if p.is_file() and b"CANARY" in p.read_bytes()]
    assert held == []
    assert "CANARY" not in repr((run, run.record, vars(scene.session), scene.session.engine.accounts.__dict__))


def test_an_equal_run_that_is_on_its_way_is_waited_for(begin: Begin) -> None:
    """The same cell run twice at once pays once: the second run takes the first one's clip."""
    scene = begin(simulator={"latency": 0.6})

    async def both() -> list[Run]:
        runs = [scene.session.generate("a fox", model="02") for _ in range(2)]
        for run in runs:
            await run
        return runs

    first, second = asyncio.run(both())
    assert (second.record.reused_from, second.cost, scene.creates) == (first.id, 0.0, 1)


def test_an_equal_run_that_failed_is_not_waited_for_in_vain(begin: Begin) -> None:
    """When the run that was waited for ends without a clip, the second one is sent."""
    scene = begin({"kind": "fail", "phase": "create", "code": 1000}, simulator={"latency": 0.6})

    async def both() -> list[Run]:
        runs = [scene.session.generate("a fox", model="02") for _ in range(2)]
        with pytest.raises(ProviderError):
            await runs[0]
        await runs[1]
        return runs

    first, second = asyncio.run(both())
    assert (first.status, second.status, scene.creates) == ("failed", "succeeded", 2)


def test_what_may_have_been_paid_is_not_sent_again_by_running_its_cell(begin: Begin) -> None:
    """An equal run that is unconfirmed keeps a second one from being sent; ``reuse=False`` sends it knowingly."""
    scene = begin({"kind": "drop_after", "phase": "create"})
    first = scene.session.generate("a fox", model="02")
    with pytest.raises(Unconfirmed):
        first.wait(30)
    second = scene.session.generate("a fox", model="02")
    with pytest.raises(Skipped, match=f"the equal run {first.id} is unconfirmed"):
        second.wait(30)
    assert (second.status, scene.creates) == ("skipped", 1)
    assert scene.session.generate("a fox", model="02", reuse=False).wait(30).status == "succeeded"


def test_a_call_bounds_its_own_runs(begin: Begin) -> None:
    """``max_parallel`` of a call holds for its runs alone: never more of them at once, and all come."""
    scene = begin(max_parallel=8)
    sweep = scene.session.sweep("a fox", model="02", repeat=6, max_parallel=2).wait(30)
    assert {run.status for run in sweep} == {"succeeded"}
    assert scene.simulator.state["max_concurrent"]["minimax"] == 2
    with pytest.raises(UsageError, match="max_parallel=0"):
        scene.session.generate("a wolf", max_parallel=0)
    assert scene.creates == 6
