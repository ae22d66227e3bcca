"""Tests of tasks with several clips (Runware's numberResults): each run gets its own, in any order."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from conftest import error_of, quick
from fake_provider import Act

from hailuo_widgets.api.session import Session
from hailuo_widgets.errors import Moderated

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conftest import Begin, Scene

    from hailuo_widgets.workspace.run import Run

GOING = {"taskType": "videoInference", "status": "processing"}
FAILED = {"status": "error", "error": {"code": "contentPolicyViolation", "message": "refused for its content"}}


def clip(name: str, **more: Any) -> Callable[[str, str], dict[str, Any]]:
    """One finished result, by its name."""

    def item(url: str, ours: str) -> dict[str, Any]:
        link = f"{url}/clips/{name}.mp4?signature={random.randrange(10**9)}"  # noqa: S311 - a signature changes, that is all
        done = {"taskType": "videoInference", "taskUUID": ours, "status": "success", "videoUUID": f"video-{name}"}
        return {**done, "videoURL": link, "seed": ord(name[0]), "cost": 0.1, **more}

    return item


def plain(item: dict[str, Any]) -> Callable[[str, str], dict[str, Any]]:
    """An entry that names nothing but the task."""
    return lambda _url, ours: {"taskUUID": ours, **item}


A, B, C, PROCESSING, ERROR = clip("A"), clip("B"), clip("C"), plain(GOING), plain(FAILED)


def answers(scene: Scene, *script: Sequence[Callable[[str, str], dict[str, Any]]]) -> None:
    """Script the answers to polls; the last one goes on."""

    def act(items: Sequence[Callable[[str, str], dict[str, Any]]]) -> Act:
        def change(good: dict[str, Any]) -> dict[str, Any]:
            ours = good["data"][0]["taskUUID"]
            return {"data": [item(scene.fake_provider.url, ours) for item in items]}

        return Act(change=change)

    scene.on("query", *[act(items) for items in script])
    scene.fake_provider.always("query", act(script[-1]))


def ended(scene: Scene, number: int = 3) -> list[Run]:
    """The runs of one create call, each at its end."""
    sweep = scene.session.sweep("a fox", options={"numberResults": number})
    scene.session.wait([run.id for run in sweep], 30)
    return list(sweep)


def fetched(scene: Scene) -> list[str]:
    """Whose bytes were fetched, in the order of their names."""
    return sorted(call.path.split("/")[-1] for call in scene.fake_provider.of("download"))


ORDERS = {
    "all at once": [[A, B, C]],
    "3, 1, 2 one by one": [[C, PROCESSING], [C, A, PROCESSING], [C, A, B]],
    "the newest first": [[A], [B, A], [B, A], [C, B, A]],
    "only the new one": [[A], [B], [C], [A], [B], [C], [A, B, C]],
    "turned around": [[A, B, PROCESSING], [B, A, PROCESSING], [C, B, A]],
    "each named twice": [[A, A, PROCESSING], [A, A, B, B, PROCESSING], [C, C, B, A, A, B]],
}


@pytest.mark.parametrize("order", ORDERS)
def test_each_clip_goes_to_one_run(begin: Begin, order: str) -> None:
    """Three runs, three clips, each fetched once, with its own seed and cost; the replicates are numbered."""
    scene = begin(provider="runware")
    answers(scene, *ORDERS[order])
    runs = ended(scene)
    assert [run.status for run in runs] == ["succeeded"] * 3
    assert {run.record.file_id for run in runs} == {"video-A", "video-B", "video-C"}
    assert {run.seed_returned for run in runs} == {ord("A"), ord("B"), ord("C")}
    assert fetched(scene) == ["A.mp4", "B.mp4", "C.mp4"]
    assert (scene.charged, [run.cost for run in runs]) == (1, [0.1] * 3)
    assert list(scene.session.runs()["replicate"]) == [1, 2, 3]


def test_clips_without_an_identity_are_told_apart_by_their_address(begin: Begin) -> None:
    """A link's signature is new in each answer, and its address is not."""
    scene = begin(provider="runware")
    bare = [clip(name, videoUUID=None) for name in "ABC"]
    answers(scene, bare[:1], bare[::-1], [*bare, bare[0]])
    assert [run.status for run in ended(scene)] == ["succeeded"] * 3
    assert fetched(scene) == ["A.mp4", "B.mp4", "C.mp4"]


def test_one_address_is_one_clip(begin: Begin) -> None:
    """Two identities that lead to one file are one clip until the answer says otherwise: no run shows another's."""
    scene = begin(provider="runware")
    answers(scene, [A, clip("A", videoUUID="video-B")], [A, clip("A", videoUUID="video-B")], [A, B])
    assert [run.status for run in ended(scene, 2)] == ["succeeded"] * 2
    assert fetched(scene) == ["A.mp4", "B.mp4"]


@pytest.mark.parametrize(
    "script",
    [
        [[A, ERROR, B]],
        [[ERROR, PROCESSING, PROCESSING], [ERROR, A, PROCESSING], [ERROR, A, B]],
        [[ERROR], [ERROR], [ERROR, A], [A, ERROR], [A, ERROR, B]],
        [[A], [A, ERROR], [B, A, ERROR]],
    ],
)
def test_one_result_fails_among_good_ones(begin: Begin, script: Any) -> None:
    """One run ends with the error, and two have their clips."""
    scene = begin(provider="runware")
    answers(scene, *script)
    runs = ended(scene)
    assert sorted(run.status for run in runs) == ["failed", "succeeded", "succeeded"]
    (failed,) = [run for run in runs if run.status == "failed"]
    assert isinstance(failed.error, Moderated)
    assert failed.cost is None
    assert fetched(scene) == ["A.mp4", "B.mp4"]


@pytest.mark.parametrize("script", [[[ERROR, ERROR, ERROR]], [[A, ERROR, ERROR]]])
def test_two_errors_may_be_equal(begin: Begin, script: Any) -> None:
    """Entries that add up to all of the task's results end all of its runs, though they say the same."""
    scene = begin(provider="runware")
    answers(scene, *script)
    runs = ended(scene)
    good = sum(item is A for item in script[0])
    assert sorted(run.status for run in runs) == ["failed"] * (3 - good) + ["succeeded"] * good


def test_the_whole_task_fails(begin: Begin) -> None:
    """An error of the task and no result at all ends each of its runs, with the provider's words."""
    scene = begin(provider="runware")
    error = {"code": "taskFailed", "message": "no GPU", "status": "error"}
    change = Act(change=lambda good: {"data": [], "errors": [{**error, "taskUUID": good["data"][0]["taskUUID"]}]})
    scene.fake_provider.always("query", change)
    runs = ended(scene)
    assert [run.status for run in runs] == ["failed"] * 3
    assert {error_of(run).provider_message for run in runs} == {"no GPU"}


TOLD = {"code": "contentPolicyViolation", "message": "refused for its content"}
NAMELESS = plain({"status": "error"})  # an entry that has failed, and leaves the reason to the list of errors
TWICE: dict[str, tuple[Callable[[str, str], dict[str, Any]], dict[str, Any]]] = {
    "the same words": (ERROR, TOLD),
    "other words": (ERROR, TOLD | {"message": "Refused."}),
    "with its kind": (ERROR, TOLD | {"taskType": "videoInference", "status": "error"}),
    "the reason in the list alone": (NAMELESS, TOLD),
    "another code": (ERROR, {"code": "inferenceError", "message": "no"}),
    "in the list alone": (PROCESSING, TOLD),
}


@pytest.mark.parametrize("case", TWICE)
def test_one_failure_told_in_two_places_is_one(begin: Begin, case: str) -> None:
    """A failed entry and the error in the list beside it take one run's place, and the clip that comes later is got."""
    entry, told = TWICE[case]
    polls = 0

    def change(good: dict[str, Any]) -> dict[str, Any]:
        nonlocal polls
        polls += 1
        ours = good["data"][0]["taskUUID"]
        later = [A] if polls > 12 else []
        items = [
            item(scene.fake_provider.url, ours) for item in [*later, *([entry] if entry is not PROCESSING else [])]
        ]
        going = [PROCESSING(scene.fake_provider.url, ours)] if not later and entry is PROCESSING else []
        return {"data": [*items, *going], "errors": [told | {"taskUUID": ours}]}

    scene = begin(provider="runware")
    scene.fake_provider.always("query", Act(change=change))
    runs = ended(scene, 2)
    assert sorted(run.status for run in runs) == ["failed", "succeeded"]
    assert (fetched(scene), scene.charged) == (["A.mp4"], 1)


@pytest.mark.parametrize("blips", [1, 2])
@pytest.mark.parametrize("number", [2, 3])
def test_an_error_that_passes_takes_no_place(begin: Begin, blips: int, number: int) -> None:
    """What one answer or two say, and the next ones do not, ends no run of a task with several results."""
    scene = begin(provider="runware")
    turn: dict[str, int] = {}

    def change(good: dict[str, Any]) -> dict[str, Any]:
        ours = good["data"][0]["taskUUID"]
        turn[ours] = turn.get(ours, 0) + 1
        items = [ERROR] if turn[ours] <= blips else [A, B, C][:number]
        return {"data": [item(scene.fake_provider.url, ours) for item in items]}

    scene.fake_provider.always("query", Act(change=change))
    assert [run.status for run in ended(scene, number)] == ["succeeded"] * number


def test_a_restart_in_the_middle(begin: Begin) -> None:
    """What was claimed before the kernel ended stays so; the rest is claimed by the next one, in another order."""
    scene = begin(provider="runware", timeout=0.4)
    answers(scene, [B, PROCESSING])
    first = ended(scene)
    assert [run.status for run in first].count("succeeded") == 1
    home = scene.session.settings.home
    scene.session.close()
    answers(scene, [C, B, A])
    later = Session(
        mode="live", provider="runware", home=home, poll_interval=0.05, notice=lambda _: None, runtime=quick()
    )
    try:
        taken = later.resume()
        later.wait([run.id for run in taken], 30)
        files = {r.file_id for r in later.log.call(later.log.find)}
    finally:
        later.close()
    assert len(taken) == 2
    assert files == {"video-A", "video-B", "video-C"}
    assert fetched(scene) == ["A.mp4", "B.mp4", "C.mp4"]
