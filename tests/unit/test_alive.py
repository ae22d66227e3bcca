"""Tests of the free query that checks whether an outage is over."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.engine.provider_client import ProviderClient
from hailuo_widgets.engine.rate_limit import RateLimiter
from hailuo_widgets.engine.runtime import Timing
from hailuo_widgets.errors import TransportError
from hailuo_widgets.provider import names, open_provider
from hailuo_widgets.provider.interface import HttpReply
from hailuo_widgets.settings.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

ANSWERS: dict[str, tuple[int, Any, bool]] = {
    "a word of no document": (200, {"nothing": "here"}, True),
    "another dialect's word": (200, {"base_resp": {"status_code": 2013, "status_msg": "invalid params"}}, True),
    "another task": (200, {"data": [{"taskUUID": "5", "status": "processing"}], "task_id": "5"}, True),
    "nothing found": (404, {"message": "nothing here"}, True),
    "a code of no document": (400, {"code": "odd", "error": {"code": "odd", "message": "odd"}}, True),
    "a proxy's page": (200, b"<html>", False),
    "a provider in trouble": (502, {"error": "bad gateway"}, False),
    "nothing at all": (200, b"", False),
}


class Http:
    """Answers every call with the same."""

    def __init__(self, reply: HttpReply | None) -> None:
        self.reply = reply

    async def call(self, *_: Any, **__: Any) -> HttpReply:
        """As the real one's."""
        if self.reply is None:
            raise TransportError("down", sent=False)
        return self.reply


def alive(tmp_path: Path, name: str, reply: HttpReply | None) -> bool:
    """What the door is told."""
    settings = Settings.resolve({"home": tmp_path, "mode": "simulated"}, None)
    provider = open_provider(name, settings)
    client = ProviderClient(
        provider=provider,
        origin="http://127.0.0.1:1",
        key=None,
        timing=Timing(),
        http=Http(reply),  # type: ignore[arg-type]  # all that is used of it
        limiter=RateLimiter(concurrent=None, per_minute=None),
        log_origin="http://127.0.0.1:1",
        simulated=False,
        local=True,
        poll_floor_s=1.0,
    )
    return asyncio.run(client._alive())


@pytest.mark.parametrize("what", ANSWERS)
@pytest.mark.parametrize("name", names())
def test_any_readable_answer_ends_an_outage(tmp_path: Path, name: str, what: str) -> None:
    """No document says how a task is told of that nobody has: what is no word of trouble lets creates go on."""
    status, body, expected = ANSWERS[what]
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    assert alive(tmp_path, name, HttpReply(status=status, headers={}, body=raw)) is expected


@pytest.mark.parametrize("name", names())
def test_no_answer_is_none(tmp_path: Path, name: str) -> None:
    """As long as it cannot be reached, nothing is sent."""
    assert not alive(tmp_path, name, None)
