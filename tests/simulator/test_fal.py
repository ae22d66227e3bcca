"""The fal.ai queue: a failure is known to the result call alone, and a waiting request can be cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from hailuo_widgets.simulator import Simulator

KEY = {"Authorization": "Key id:secret"}
T2V = "/fal-ai/minimax/hailuo-2.3/standard/text-to-video"
GOOD = {"prompt": "A fox runs through snow"}


@pytest.fixture
def fal(sim: Simulator, connect: Callable[..., httpx.Client]) -> httpx.Client:
    """A client with fal's key header."""
    return connect(sim, KEY)


def test_a_clip_goes_from_submit_to_video(sim: Simulator, fal: httpx.Client) -> None:
    """The submit answer leads to status and result, all on the origin that was asked, and to a video."""
    told = fal.post(T2V, json=GOOD).json()
    base = f"{sim.url}/fal-ai/minimax/requests/{told['request_id']}"
    assert (told["status"], told["queue_position"]) == ("IN_QUEUE", 0)
    assert told["response_url"] == base
    assert told["status_url"] == f"{base}/status"
    assert told["cancel_url"] == f"{base}/cancel"
    status = fal.get(told["status_url"])
    assert (status.status_code, status.json()["status"]) == (200, "COMPLETED")
    video = fal.get(told["response_url"]).json()["video"]
    assert video["content_type"] == "video/mp4"
    assert fal.head(video["url"]).status_code == 200
    assert (sim.creates["fal"], sim.spent["fal"]) == (1, 0.28)
