"""Tests that fal.ai, Replicate and a relay take everything in their catalogs, and cancel what they can, on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.errors import ProviderError
from hailuo_widgets.provider import Cancelled, CancelOutcome, Task, open_provider
from hailuo_widgets.settings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Connect, Line

NEW = ("fal", "replicate", "relay")
REFERENCES = ["https://files.example/fox.png", "https://files.example/run.mp4"]
FIRST, LAST = "https://pictures.example/fox.png", "https://pictures.example/wolf.png"
INPUTS: dict[str, dict[str, Any]] = {
    "text_to_video": {},
    "image_to_video": {"first_frame": FIRST},
    "first_last_frame": {"first_frame": FIRST, "last_frame": LAST},
    "reference_to_video": {"references": REFERENCES},
}


def catalog() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every model, mode and resolution, at its shortest and its longest duration, by each of a relay's routes."""
    for name in NEW:
        for offer in open_provider(name, Settings.resolve({}, environ={})).facts.offers:
            for duration in sorted({offer.durations[0], offer.durations[-1]}):
                for route in ("video/generations", "videos") if name == "relay" else ("",):
                    given: dict[str, Any] = {"model": offer.model, **INPUTS[offer.mode]}
                    given |= {"resolution": offer.resolution, "duration": duration}
                    given |= {"options": {"route": route}} if route else {}
                    yield name, offer.mode, given


@pytest.mark.parametrize(("dialect", "mode", "given"), list(catalog()))
def test_what_is_offered_is_taken(connect: Connect, dialect: str, mode: str, given: dict[str, Any]) -> None:
    """It is checked without an error, accepted and billed once, and leads to a clip of its length."""
    line = connect(dialect)
    request = line.request(**given)
    assert request.mode == mode
    accepted = line.create(request)
    assert (accepted.warning, line.charged) == (None, 1)
    (task,) = line.simulator.world.tasks.find(task_id=accepted.task_id)
    assert task.clip["duration"] == pytest.approx(given["duration"], abs=0.5)
    poll = line.query(request, accepted.task_id)
    assert (poll.state, bool(poll.clip and poll.clip.url)) == ("succeeded", True)


@pytest.mark.parametrize("name", NEW)
def test_a_refused_key(connect: Connect, name: str) -> None:
    """A key that the provider refuses is told as that, and nothing is billed."""
    line = connect(name, keys=["another"])
    with pytest.raises(ProviderError) as caught:
        line.create(line.request())
    assert (type(caught.value).__name__, caught.value.accepted, line.charged) == ("AuthError", False, 0)


async def _cancelled(line: Line, request: Any, task_id: str) -> Cancelled:
    client = await line._fake_provider(request)
    found: Cancelled = await client.cancel(Task(task_id=task_id, channel=line.provider.channel(request)))
    return found


@pytest.mark.parametrize("name", ["fal", "replicate"])
def test_cancelling(connect: Connect, name: str) -> None:
    """A task that is queued is cancelled, and one that has ended is not: its clip is still there."""
    line = connect(name, latency=600.0)
    request = line.request()
    task_id = line.create(request).task_id
    found = line._runner.run(_cancelled(line, request, task_id))
    assert found.outcome in {CancelOutcome.UNKNOWN, CancelOutcome.FREE}
    line = connect(name)
    request = line.request()
    task_id = line.create(request).task_id
    assert line.query(request, task_id).state == "succeeded"
    found = line._runner.run(_cancelled(line, request, task_id))
    assert found.outcome == CancelOutcome.TOO_LATE
    assert line.query(request, task_id).clip.url
