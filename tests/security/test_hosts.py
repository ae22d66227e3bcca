"""Tests that the key is sent only to the provider's own origin, not to redirects or downloads."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from hailuo_widgets.api.session import Session
from hailuo_widgets.errors import HailuoError
from hailuo_widgets.provider.interface import Task

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Host, OpenHost

    from hailuo_widgets.engine.provider_client import ProviderClient

CANARY = "sk-CANARY-security"
TASK = Task(task_id="42", channel="")
PROVIDERS = ("minimax", "kie", "kkiai", "pixazo", "runware")
HEADERS = {
    "pixazo": "Ocp-Apim-Subscription-Key",
    **dict.fromkeys(("minimax", "kie", "kkiai", "runware"), "Authorization"),
}


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a coroutine function with a provider's client at a host, and a request for it."""

    def worked(provider: str, host: Host, work: Any) -> None:
        monkeypatch.setenv(f"{provider.upper()}_BASE_URL", host.url)
        monkeypatch.setenv(f"{provider.upper()}_API_KEY", CANARY)
        session = Session(home=tmp_path / provider, mode="live", notice=lambda _: None)
        frame: dict[str, Any] = {"first_frame": "https://pictures.example/fox.png"} if provider == "pixazo" else {}
        plan = session.plan("a fox", provider=provider, ask_log=False, **frame)
        record = replace(session._records(plan.runs[0], "s", 0, ())[0], origin=host.url)

        async def opened() -> None:
            await work(await session.engine.clients.client_of(record), record.request)

        try:
            asyncio.run(opened())
        finally:
            session.close()

    return worked


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_redirected_create(at: Any, open_host: OpenHost, provider: str, code: int) -> None:
    """A create that is redirected ends with an error; the other host is asked nothing."""
    other = open_host()
    provider_host = open_host(status=code, headers={"Location": f"{other.url}/elsewhere"})

    async def create(client: ProviderClient, request: Any) -> None:
        with pytest.raises(HailuoError) as caught:
            await client.create(request, str(uuid4()))
        assert "CANARY" not in str(caught.value)

    at(provider, provider_host, create)
    assert other.seen == []
    (sent,) = provider_host.seen
    assert f"{HEADERS[provider]}: {'' if provider == 'pixazo' else 'Bearer '}{CANARY}".lower() in sent.lower()
    assert "content-type: application/json" in sent.lower()


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_download(at: Any, open_host: OpenHost, provider: str) -> None:
    """A clip's host, and the host that it redirects to, get neither key nor cookie.

    Not even at the provider's own origin; where a relay's links to clips need the key, it goes there and no further.
    """
    last = open_host(body=b"clip", headers={"Set-Cookie": "a=b"})
    first = open_host(status=302, headers={"Location": f"{last.url}/clip", "Set-Cookie": "a=b"})

    async def download(client: ProviderClient, _: Any) -> None:
        for _ in range(2):
            async with client.download(f"{first.url}/clip", {"Range": "bytes=1-"}, TASK) as stream:
                assert stream.status == 200

    at(provider, first, download)
    keyed = first.seen if provider == "kkiai" else []
    assert all(CANARY in request for request in keyed)
    for request in first.seen + last.seen:
        if request in keyed:
            continue
        names = {line.partition(":")[0].lower() for line in request.splitlines()[1:] if ":" in line}
        assert names <= {"host", "accept", "accept-encoding", "connection", "user-agent", "range"}
        assert "CANARY" not in request
    assert len(first.seen + last.seen) == 4


@pytest.mark.parametrize(
    "path", ["/v1/videos/43/content", "/v1/videos/42", "/api/user/self", "/minimax/v1/files/x?id=42", "/v1/../v1/x"]
)
@pytest.mark.parametrize("provider", ["kkiai", "relay"])
def test_a_planted_link(at: Any, open_host: OpenHost, provider: str, path: str) -> None:
    """A link in the log that leads to another route of the relay than the task's own gets no key."""
    relay = open_host(body=b"clip")

    async def download(client: ProviderClient, _: Any) -> None:
        for link in (path, "/v1/videos/42/content"):
            async with client.download(f"{relay.url}{link}", {}, TASK) as stream:
                assert stream.status == 200

    at(provider, relay, download)
    planted, own = relay.seen
    assert "CANARY" not in planted
    assert CANARY in own
