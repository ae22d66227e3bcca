"""Tests of uploads before a create call."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from hailuo_widgets.domain.images import Image
from hailuo_widgets.domain.request import Request
from hailuo_widgets.engine.provider_client import ProviderClient
from hailuo_widgets.engine.runtime import Timing
from hailuo_widgets.errors import ProviderError
from hailuo_widgets.provider import open_provider
from hailuo_widgets.provider.interface import HttpReply
from hailuo_widgets.settings.settings import Settings


class Wire:
    """A stand-in for HTTP that notes each call's deadline."""

    answer: bytes | None = None

    def __init__(self) -> None:
        self.deadlines: list[float] = []

    async def call(self, *_: Any, deadline_s: float, **__: Any) -> HttpReply:
        """Answer as KIE's upload does."""
        self.deadlines.append(deadline_s)
        body = {"success": True, "code": 200, "data": {"downloadUrl": "https://files.example/fox.png"}}
        return HttpReply(status=200, headers={}, body=self.answer or json.dumps(body).encode())


def _client(wire: Any) -> ProviderClient:
    return ProviderClient(
        provider=open_provider("kie", Settings.resolve({"kie_dialect": "jobs"}, environ={})),
        origin="https://api.kie.ai",
        key=None,
        http=wire,
        timing=Timing(create_s=120.0),
        limiter=None,  # type: ignore[arg-type]  # an upload does not ask it
        log_origin="https://api.kie.ai",
        simulated=False,
        local=False,
        poll_floor_s=5.0,
    )


def _request(size: int) -> Request:
    frame = Image(name="fox.png", data=b"x" * size, sha256="ab" * 32, media_type="image/png")
    return Request(prompt="a fox", provider="kie", model="minimax-h3/image-to-video", first_frame=frame)


def test_an_upload_that_fails_says_that_nothing_was_billed() -> None:
    """The error is about the file, not about a create call, and names what else can be done."""
    wire: Any = Wire()
    wire.answer = b"<p>"
    with pytest.raises(ProviderError, match=r"a file could not be uploaded.*cannot be read") as caught:
        asyncio.run(_client(wire).prepared(_request(10)))
    assert caught.value.accepted is False
    assert "nothing was billed" in str(caught.value.hint)
    assert "links instead of local files" in str(caught.value.hint)


@pytest.mark.parametrize(("size", "deadline_s"), [(125_000, 121.0), (12_500_000, 220.0)])
def test_a_large_file_has_the_time_for_its_bytes(size: int, deadline_s: float) -> None:
    """An upload may take a second longer for each 125 kB, so that a slow line does not end it again and again."""
    wire: Any = Wire()
    client, request = _client(wire), _request(size)
    prepared = asyncio.run(client.prepared(request))
    assert prepared.first_frame is not None
    assert prepared.first_frame.url == "https://files.example/fox.png"
    assert wire.deadlines == [deadline_s]
