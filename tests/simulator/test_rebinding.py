"""The simulator answers who names this machine, and no page of another one, whose name was made to lead here."""

from __future__ import annotations

from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest

from hailuo_widgets.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

PATHS = ["/simulator/state", "/v1/query/video_generation?task_id=1", "/simulator/files/1.mp4", "/nowhere"]
OURS = ["localhost", "127.0.0.1", "127.8.8.8", "[::1]", "LOCALHOST"]
STRANGERS = [
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "127.0.0.1@evil.example",
    "evil.example#127.0.0.1",
    "10.0.0.1",
    "169.254.169.254",
    "0.0.0.0",  # noqa: S104 - no address is bound here
    "[::]",
    "[::ffff:8.8.8.8]",
    "evil.localhost",
    "2130706433",
    "0x7f.1",
    "",
]


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """One for all: nothing that is refused changes it."""
    with Simulator(latency=0.0, draft=True) as running:
        yield running


@pytest.fixture(autouse=True)
def _nothing_noted(simulator: Simulator) -> None:
    simulator.reset()


def asked(simulator: Simulator, path: str, headers: dict[str, str], method: str = "GET") -> int:
    """The status of an answer to a request with these headers."""
    connection = HTTPConnection("127.0.0.1", simulator.port, timeout=20)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in {"Authorization": "Bearer k", "Content-Length": "0", **headers}.items():
            connection.putheader(name, value)
        connection.endheaders()
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("host", STRANGERS)
def test_a_host_that_is_not_this_machine(simulator: Simulator, host: str) -> None:
    """Refused on every path, with and without a port, and not even written down."""
    for path in PATHS:
        for port in ("", f":{simulator.port}"):
            assert asked(simulator, path, {"Host": host + port}) == 403
    assert simulator.requests == []


@pytest.mark.parametrize("origin", [f"http://{host}" for host in STRANGERS] + ["null", "https://evil.example:443", "x"])
def test_an_origin_that_is_not_this_machine(simulator: Simulator, origin: str) -> None:
    """A page of another machine is refused, whatever it asks for, also a paid call."""
    assert asked(simulator, PATHS[1], {"Origin": origin}) == 403
    assert asked(simulator, "/v1/video_generation", {"Origin": origin}, "POST") == 403
    assert simulator.requests == []


@pytest.mark.parametrize("host", OURS)
@pytest.mark.parametrize("port", ["", ":8888"])
def test_this_machine_is_answered(simulator: Simulator, host: str, port: str) -> None:
    """By each of its names and addresses, through a proxy's port too, and for a page of it."""
    assert asked(simulator, PATHS[1], {"Host": host + port}) == 200
    assert asked(simulator, PATHS[1], {"Host": host + port, "Origin": f"http://{host}{port}"}) == 200
