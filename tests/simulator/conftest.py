"""A simulator on loopback whose tasks are done at once, a client for it, and pictures to send."""

from __future__ import annotations

import base64
import io
import ssl
from typing import TYPE_CHECKING

import httpx
import numpy as np
import pytest
from PIL import Image

from hailuo_widgets.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BEARER = {"Authorization": "Bearer test-key"}


@pytest.fixture(scope="session")
def shared() -> Iterator[Simulator]:
    """One simulator for all tests without switches of their own; its seed lets them share rendered files."""
    with Simulator(latency=0.0, draft=True, random_seed=1) as simulator:
        yield simulator


@pytest.fixture
def sim(shared: Simulator) -> Simulator:
    """The shared simulator, as if it had just started."""
    shared.reset()
    return shared


@pytest.fixture
def start() -> Iterator[Callable[..., Simulator]]:
    """Start simulators with their own switches; they stop with the test."""
    running: list[Simulator] = []

    def begin(*args: object, **switches: object) -> Simulator:
        simulator = Simulator(*args, **{"latency": 0.0, "draft": True, **switches}).start()  # type: ignore[arg-type]  # any
        running.append(simulator)
        return simulator

    yield begin
    for simulator in running:
        simulator.stop()


@pytest.fixture
def connect() -> Iterator[Callable[..., httpx.Client]]:
    """Open clients for a simulator, with a key unless headers are given."""
    clients: list[httpx.Client] = []
    plain = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # never used; making a real one takes longer than most tests

    def opened(simulator: Simulator, headers: dict[str, str] | None = None) -> httpx.Client:
        client = httpx.Client(
            base_url=simulator.url,
            headers=BEARER if headers is None else headers,
            timeout=20,
            trust_env=False,
            verify=plain,
        )
        clients.append(client)
        return client

    yield opened
    for client in clients:
        client.close()


@pytest.fixture
def api(sim: Simulator, connect: Callable[..., httpx.Client]) -> httpx.Client:
    """A client with a key, at the shared simulator."""
    return connect(sim)


@pytest.fixture
def picture() -> Callable[..., bytes]:
    """Encoded pictures: smooth colours that H.264 keeps."""

    def encoded(width: int = 640, height: int = 360, kind: str = "PNG") -> bytes:
        rows, columns = np.mgrid[0:height, 0:width]
        waves = [128 + 90 * np.sin(columns / width * 6 + i) * np.cos(rows / height * 5 + i) for i in range(3)]
        target = io.BytesIO()
        Image.fromarray(np.stack(waves, axis=2).astype(np.uint8)).save(target, kind)
        return target.getvalue()

    return encoded


@pytest.fixture
def data_url(picture: Callable[..., bytes]) -> Callable[..., str]:
    """Pictures as data URLs, under whatever label."""

    def url(width: int = 640, height: int = 360, kind: str = "PNG", label: str = "image/jpeg") -> str:
        return f"data:{label};base64,{base64.b64encode(picture(width, height, kind)).decode()}"

    return url
