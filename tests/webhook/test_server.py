"""Tests of the webhook server on a real socket, with the simulator as the calling provider."""

from __future__ import annotations

import asyncio
import json
import pickle
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from patience import HANG_S

import hailuo_widgets as hw
from hailuo_widgets.api.session import Session
from hailuo_widgets.simulator import Simulator
from hailuo_widgets.webhooks import Webhook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hailuo_widgets.domain.run import RunRecord

    Begin = Callable[..., tuple[Session, Simulator]]

CANARY = "sk-CANARY-webhook"
HOSTILE = 10_000


@pytest.fixture
def begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Begin]:
    """Starts a provider, and a session that asks it of its own accord only once in ten minutes."""
    with ExitStack() as stack:

        def made(*, latency: float) -> tuple[Session, Simulator]:
            fake_provider = stack.enter_context(Simulator(tmp_path / "provider", latency=latency, draft=True))
            for provider in ("MINIMAX", "KIE", "KKIAI", "RUNWARE"):
                monkeypatch.setenv(f"{provider}_BASE_URL", fake_provider.url)
                monkeypatch.setenv(f"{provider}_API_KEY", CANARY)
            session = Session(home=tmp_path / "home", mode="live", poll_interval=600, notice=lambda _: None)
            stack.callback(session.close)
            return session, fake_provider

        yield made


@pytest.mark.parametrize("provider", ["minimax", "kie", "kkiai", "runware"])
def test_a_callback_ends_the_wait(begin: Begin, provider: str) -> None:
    """A run that would be asked about in ten minutes has its clip as soon as its provider calls."""
    session, fake_provider = begin(latency=0.5)
    with Webhook(session, rest_s=0.2) as hook:
        run = session.generate("a fox", provider=provider, callback_url=hook.callback_url(provider))
        run.wait(timeout=HANG_S)
    assert run.status == "succeeded"
    assert [c for c in fake_provider.state["callbacks"] if not c["ok"]] == []


def test_the_challenge_while_the_kernel_is_busy(begin: Begin) -> None:
    """MiniMax's challenge is answered while this thread does nothing but compute."""
    session, _ = begin(latency=1)
    answers: list[Any] = []
    with Webhook(session) as hook:

        def ask() -> None:
            url = hook.callback_url("minimax")
            answers.append(httpx.post(url, json={"challenge": "c"}, trust_env=False, timeout=HANG_S).json())

        asking = threading.Thread(target=ask)
        asking.start()
        while asking.is_alive():
            sum(range(1000))
    assert answers == [{"challenge": "c"}]


def hostile(path: str, running: str) -> list[tuple[str, bytes, dict[str, str]]]:
    """Posts that are not the provider's or not about anything: forged, old, odd, oversized, unknown."""
    known = json.dumps({"task_id": running, "status": "fail", "video_url": "https://evil.example/x.mp4"}).encode()
    forged = {"X-Webhook-Timestamp": str(int(time.time())), "X-Webhook-Signature": f"{'A' * 43}="}
    return [
        ("/guess/minimax", known, {}),
        (f"/{path}x/minimax", known, {}),
        (f"/{path}/nobody", known, {}),
        (f"/{path}/minimax", known[:-1], {}),
        (f"/{path}/minimax", known.replace(running.encode(), b"0"), {}),
        (f"/{path}/minimax", b'{"challenge": "x"}', {}),
        (f"/{path}/minimax", b"[" * 5000, {}),
        (f"/{path}/minimax", known + b" " * 70_000, {}),
        (
            f"/{path}/kie",
            known.replace(b"task_id", b"taskId"),
            forged,
        ),
        (
            f"/{path}/kie",
            known.replace(b"task_id", b"taskId"),
            forged | {"X-Webhook-Timestamp": "1"},
        ),
        (f"/{path}/runware?token=guess", known.replace(b"task_id", b"taskUUID"), {}),
        (f"/{path}/kkiai", known, {}),  # a task of that id, at another provider
    ]


@pytest.mark.slow
def test_ten_thousand_hostile_posts(begin: Begin) -> None:
    """After them the log, the run and the number of questions to the provider are what they were before."""

    async def attacked() -> None:
        session, fake_provider = begin(latency=600)
        run = session.generate("a fox")
        accepted = asyncio.Event()
        loop = asyncio.get_running_loop()

        def told(record: RunRecord) -> None:
            if record.task_id is not None:
                loop.call_soon_threadsafe(accepted.set)

        run.subscribe(told)
        if run.task_id is None:
            await asyncio.wait_for(accepted.wait(), HANG_S)
        with Webhook(session, keys={"kie": CANARY}) as hook:

            def state() -> Any:
                return session.log.call(session.log.find), run.events, len(fake_provider.requests), run.record

            before = state()
            posts = hostile(hook.url.rsplit("/", 1)[1], str(run.task_id))
            transport = httpx.ASGITransport(hook.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
                requests = [client.build_request("POST", p, content=body, headers=h) for p, body, h in posts]
                for n in range(HOSTILE):
                    answer = await client.send(requests[n % len(posts)])
                    assert answer.status_code in {200, 202, 400, 401, 403, 404, 413}
                    assert answer.status_code != 200 or answer.json() == {"challenge": "x"}
            assert state() == before
        run.cancel()

    asyncio.run(attacked())


def test_addresses(begin: Begin) -> None:
    """Addresses cannot be guessed, differ between two receivers, and lead to a tunnel where one is named."""
    session, _ = begin(latency=1)
    with Webhook(session) as one, Webhook(session, public_url="https://hook.example.org/") as two:
        tokens = {hook.url.rsplit("/", 1)[1] for hook in (one, two)}
        assert len(tokens) == 2
        assert all(len(token) >= 32 for token in tokens)
        assert one.url.startswith(f"http://127.0.0.1:{one.port}/")
        assert one.callback_url("kie") == f"{one.url}/kie"
        assert one.callback_url("runware").startswith(f"{one.url}/runware?token=")
        assert two.callback_url("minimax").startswith("https://hook.example.org/")
        for hook in (one, two):
            assert not [token for token in tokens if token in repr(hook)]
            with pytest.raises(TypeError):
                pickle.dumps(hook)
    assert not one.running


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"public_url": "http://hook.example.org"}, "an https URL"),
        ({"public_url": "https://hook.example.org?x=1"}, "an https URL"),
        ({"keys": {"minimax": "x"}}, "'minimax' signs no callbacks; allowed are kie, runware"),
        ({"port": -1}, "no callbacks can be taken there"),
        ({"port": 70_000}, "no callbacks can be taken there"),
        ({"host": "256.1.1.1"}, "no callbacks can be taken there"),
    ],
)
def test_wrong_arguments(begin: Begin, options: dict[str, Any], says: str) -> None:
    """What cannot be served says which argument, and what is allowed."""
    session, _ = begin(latency=1)
    with pytest.raises(hw.UsageError, match=says):
        Webhook(session, **options)


def test_an_unknown_provider(begin: Begin) -> None:
    """The nearest name is offered."""
    session, _ = begin(latency=1)
    with Webhook(session) as hook, pytest.raises(hw.UsageError, match="did you mean 'minimax'"):
        hook.callback_url("minmax")


def test_the_front_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``hw.webhook()`` serves at once, on this machine alone, and closes twice without harm."""
    monkeypatch.setenv("HAILUO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HAILUO_MODE", "simulated")
    hook = hw.webhook()
    assert httpx.post(hook.callback_url("minimax"), json={"challenge": "c"}, trust_env=False).json() == {
        "challenge": "c"
    }
    assert hook.host == "127.0.0.1"
    hook.close()
    hook.close()
    with pytest.raises(httpx.ConnectError):
        httpx.post(hook.callback_url("minimax"), json={}, trust_env=False)
