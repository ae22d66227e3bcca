"""Tests that the provider accepts everything in the catalog: models, modes, resolutions, durations, templates."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.domain.delivered import not_as_asked
from hailuo_widgets.domain.run import RunRecord
from hailuo_widgets.simulator.station import Station

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Case, Connect, Line

NOW = datetime(2026, 12, 1, tzinfo=UTC)
# Pixels of a 16:9 clip, as the providers' public pages have them; the stand-in for a picture's URL is 16:9 too.
PIXELS = {"512P": (910, 512), "720P": (1280, 720), "768P": (1366, 768), "1080P": (1920, 1080)}
H3_PIXELS = {"480P": {(864, 480), (832, 480)}, "768P": {(1344, 768)}, "2K": {(2560, 1440)}}
OWN_512 = {(910, 512), (912, 512)}  # no document says what 512P is: with a first frame, and without
TEMPLATES = 11


def made(line: Line, task_id: str) -> dict[str, Any]:
    """What the provider is going to render for a task."""
    tasks = line.simulator.world.tasks
    (task,) = tasks.find(group=task_id) if line.name == "runware" else tasks.find(task_id=task_id)
    return task.clip


def test_what_is_offered_is_taken(connect: Connect, offered: Case) -> None:
    """It is checked without an error, accepted and billed once, made at its length and size, and there is a link."""
    line = connect(offered.dialect)
    request = line.request(**offered.arguments)
    assert request.mode == offered.mode
    accepted = line.create(request)
    assert (accepted.warning, line.charged) == (None, 1)
    clip = made(line, accepted.task_id)
    if offered.duration is not None:
        assert clip["duration"] == offered.duration
    if offered.resolution is not None:
        size = (clip["width"], clip["height"])
        if "h3" in request.model.casefold():
            assert size in H3_PIXELS[offered.resolution]
        else:
            assert size in (OWN_512 if offered.resolution == "512P" else {PIXELS[offered.resolution]})
    brought = RunRecord(
        run_id="r1", created_at=NOW, request=request, request_hash="", video_width=clip["width"],
        video_height=clip["height"], video_seconds=clip["duration"],
    )  # fmt: skip
    assert not_as_asked(brought) is None
    poll = line.query(request, accepted.task_id)
    assert poll.state == "succeeded"
    assert poll.clip.url.startswith(f"{line.simulator.url}/simulator/files/")


def test_the_catalog_is_all_there(connect: Connect, dialect: str) -> None:
    """No table is empty, each model is offered in some mode, and the templates are those of the document."""
    facts = connect(dialect).provider.facts
    assert {o.model for o in facts.offers} == {m.name for m in facts.models}
    assert len(facts.templates) == (TEMPLATES if dialect == "minimax" else 0)


def test_all_that_can_be_asked_for_arrives(connect: Connect, dialect: str) -> None:
    """Switches, callback address and frame size reach the provider under its own names, and it takes them."""
    line = connect(dialect)
    facts = line.provider.facts
    given: dict[str, Any] = {"callback_url": "https://hooks.example/done"}
    given |= {"prompt_optimizer": True} if facts.optimizer else {}
    given |= {"watermark": True} if facts.watermark else {}
    given |= {"fast_pretreatment": True} if any(m.fast_pretreatment for m in facts.models) else {}
    given |= {"aspect_ratio": "9:16", "seed": 7} if facts.aspect_ratios else {}
    given |= {"width": 1366, "height": 768, "options": {"outputQuality": 80, "ttl": 600}} if facts.sizes else {}
    frames = {"first_frame": "https://pictures.example/fox.png"} if line.name == "pixazo" else {}
    line.create(line.request(**given, **frames))
    body = line.sent["body"]
    sent = body[0] if isinstance(body, list) else {**body, **body.get("input", {})}
    expected: dict[str, dict[str, Any]] = {
        "minimax": {
            "prompt_optimizer": True,
            "aigc_watermark": True,
            "fast_pretreatment": True,
            "callback_url": "https://hooks.example/done",
        },
        "kie": {"aspectRatio": "9:16", "seed": 7, "callBackUrl": "https://hooks.example/done"},
        "kie-jobs": {"prompt_optimizer": True, "callBackUrl": "https://hooks.example/done"},
        "runware": {
            "providerSettings": {"minimax": {"promptOptimizer": True}},
            "width": 1366,
            "height": 768,
            "outputQuality": 80,
            "ttl": 600,
            "webhookURL": "https://hooks.example/done",
        },
    }
    wanted = expected.get(dialect, expected["minimax"])
    assert {name: sent.get(name) for name in wanted} == wanted
    assert line.charged == 1


def test_a_local_picture_arrives(connect: Connect, dialect: str, picture: Callable[[int, int], bytes]) -> None:
    """A picture from this machine is carried or uploaded, and the clip has its shape; KIE's document wants URLs."""
    line = connect(dialect)
    frame = picture(400, 600)
    if dialect == "kie":
        with pytest.raises(ValueError, match="public URL alone"):
            line.request(first_frame=frame)
        return
    accepted = line.create(line.request(first_frame=frame))
    clip = made(line, accepted.task_id)
    assert (clip["width"], clip["height"]) == (768, 1152)
    assert line.charged == 1


def test_a_picture_and_a_create_have_a_connection_of_their_own(
    connect: Connect, picture: Callable[[int, int], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither goes over a connection that a query has used: the provider may be about to close that one."""
    calls: list[tuple[str, int]] = []
    answer = Station.__call__

    async def watched(self: Station, scope: Any, receive: Any, send: Any) -> None:
        calls.append((scope["path"], scope["client"][1]))
        await answer(self, scope, receive, send)

    monkeypatch.setattr(Station, "__call__", watched)
    line = connect("kie-jobs")
    for width in (400, 500):
        request = line.request(first_frame=picture(width, 600))
        line.query(request, line.create(request).task_id)
    ports = [port for path, port in calls if "upload" in path or "create" in path]
    asked = {port for path, port in calls if "recordInfo" in path}
    assert (len(ports), len(set(ports)), asked & set(ports)) == (4, 4, set())
    assert len(asked) == 1


def test_the_longest_prompt(connect: Connect, dialect: str) -> None:
    """A prompt of the document's full length is taken; of one character more, it is refused before it is sent."""
    line = connect(dialect)
    longest = {"kie": 800, "kie-jobs": 1500}.get(dialect, 2000)
    line.create(line.simple("狐" * longest))
    assert line.charged == 1
    with pytest.raises(ValueError, match=f"has {longest + 1} characters"):
        line.simple("狐" * (longest + 1))
