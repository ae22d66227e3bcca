"""Tests of download links: clips are fetched only over https, and only from the public internet."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hailuo_widgets.errors import DownloadError, TransportError
from hailuo_widgets.transport.addresses import is_public, literal
from hailuo_widgets.transport.http import MOST_REDIRECTS, Http

if TYPE_CHECKING:
    from conftest import OpenHost

LOOPBACK = [
    "https://127.0.0.1/x.mp4",
    "https://127.8.8.8/x.mp4",
    "https://localhost/x.mp4",
    "https://localhost./x.mp4",
    "https://[::1]/x.mp4",
    "https://0x7f.1/x.mp4",
    "https://0x7f000001/x.mp4",
    "https://127.1/x.mp4",
    "https://2130706433/x.mp4",
    "https://127.0.0.1./x.mp4",
    "https://public.example@127.0.0.1/x.mp4",
]
ELSEWHERE = [
    "https://0177.0.0.1/x.mp4",  # httpx knows no octal: no address
    "https://10.0.0.1/x.mp4",
    "https://172.16.0.1/x.mp4",
    "https://192.168.1.1/x.mp4",
    "https://100.64.0.1/x.mp4",
    "https://169.254.169.254/latest/meta-data",
    "https://0.0.0.0/x.mp4",
    "https://255.255.255.255/x.mp4",
    "https://224.0.0.1/x.mp4",
    "https://240.0.0.1/x.mp4",
    "https://198.18.0.1/x.mp4",
    "https://[::]/x.mp4",
    "https://[fd00::1]/x.mp4",
    "https://[fe80::1]/x.mp4",
    "https://[fec0::1]/x.mp4",
    "https://[ff02::1]/x.mp4",
    "https://[::ffff:127.0.0.1]/x.mp4",
    "https://[::ffff:10.0.0.1]/x.mp4",
    "https://[::7f00:1]/x.mp4",
    "https://[64:ff9b::7f00:1]/x.mp4",
    "https://[64:ff9b::808:808]/x.mp4",
    "https://[64:ff9b:1::1]/x.mp4",
    "https://[2002:7f00:1::]/x.mp4",
    "https://3232235777/x.mp4",
    "https://①②⑦.0.0.1/x.mp4",
    "http://8.8.8.8/x.mp4",
    "http://public.example/x.mp4",
    "file:///etc/passwd",
    "ftp://8.8.8.8/x.mp4",
    "data:video/mp4;base64,AAAA",
    "javascript:alert(1)",
    "//8.8.8.8/x.mp4",
    "https://",
    "https:///x.mp4",
    "https://[::1/x.mp4",
    "https://8.8.8.8:99999/x.mp4",
    "x.mp4",
    "",
]


def fetch(url: str, *, local: bool) -> int:
    """Open a download; the answer's status."""

    async def opened() -> int:
        http = Http()
        try:
            async with http.stream(url, {}, local=local) as stream:
                return stream.status
        finally:
            await http.close()

    return asyncio.run(opened())


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No connection leaves this test: what httpx would have sent is listed, and refused."""
    asked: list[str] = []

    async def never(_: Any, request: Any, **__: Any) -> Any:
        asked.append(str(request.url))
        raise OSError("no connection in this test")

    monkeypatch.setattr("httpx.AsyncClient.send", never)
    return asked


@pytest.mark.parametrize("url", LOOPBACK + ELSEWHERE)
def test_links_that_are_refused(url: str, dialled: list[str]) -> None:
    """Loopback, private, link-local, multicast, odd spellings and other schemes are refused before anything is sent."""
    with pytest.raises(DownloadError, match="which no clip is fetched from") as caught:
        fetch(url, local=False)
    assert dialled == []
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


@pytest.mark.parametrize("url", ELSEWHERE)
def test_a_provider_on_this_machine_leads_no_further(url: str, dialled: list[str]) -> None:
    """With a provider on this machine, links to the network around it are refused as ever."""
    with pytest.raises(DownloadError):
        fetch(url, local=True)
    assert dialled == []


@pytest.mark.parametrize("url", [*LOOPBACK, "http://localhost:8000/x.mp4", "http://[::1]:8000/x.mp4"])
def test_a_provider_on_this_machine_serves_its_clips(url: str, dialled: list[str]) -> None:
    """Its own links are asked, also without TLS."""
    with pytest.raises(TransportError):
        fetch(url, local=True)
    assert len(dialled) == 1


@pytest.mark.parametrize(
    "url", ["https://8.8.8.8/x.mp4?sig=1", "https://[2606:4700::1111]/x.mp4", "https://8.8.8.8:8443/x"]
)
def test_public_links_are_asked(url: str, dialled: list[str]) -> None:
    """What is public is fetched, with its query and port."""
    with pytest.raises(TransportError):
        fetch(url, local=False)
    assert dialled == [url]


def resolved(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let every name have these addresses."""

    def rows(*_: Any, **__: Any) -> list[Any]:
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, 443)) for a in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", rows)


@pytest.mark.parametrize(
    ("addresses", "good"),
    [
        (("8.8.8.8",), True),
        (("8.8.8.8", "2606:4700::1111"), True),
        (("127.0.0.1",), False),
        (("8.8.8.8", "10.0.0.1"), False),
        (("2606:4700::1111", "::1"), False),
        (("169.254.169.254",), False),
        (("64:ff9b::808:808", "8.8.8.8"), True),  # what a network of IPv6 alone makes of a public address
        (("64:ff9b::a00:1",), False),
        (("198.18.0.7",), True),  # a transparent proxy's stand-in for every name
        ((), True),  # a name that only a proxy knows: without one there is no connection either
    ],
)
def test_names(monkeypatch: pytest.MonkeyPatch, dialled: list[str], addresses: tuple[str, ...], good: bool) -> None:  # noqa: FBT001 - a column of the table
    """A name is judged by all addresses that it has."""
    resolved(monkeypatch, *addresses)
    with pytest.raises(TransportError if good else DownloadError):
        fetch("https://clips.example/x.mp4", local=False)
    assert len(dialled) == good


ODD_NAMES = [
    "xn--a",
    "xn--",
    "xn--\u00e4",
    "a..b",
    "\u2003",
    "a" * 300,
    "ex\u00e4mple.\u3002",
    "[::1%25eth0]",
    "[v1.x]",
    "1.2.3.999",
]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(ODD_NAMES) | st.text(max_size=8).map("xn--{}".format) | st.text(max_size=12),
    port=st.sampled_from(["", ":0", ":99999999999999999999", ":x", ":\u0661"]),
    local=st.booleans(),
)
def test_any_name_of_a_host(
    monkeypatch: pytest.MonkeyPatch,
    dialled: list[str],
    name: str,
    port: str,
    local: bool,  # noqa: FBT001 - pytest names it
) -> None:
    """Whatever a link's host is, also a name that no code can read, it ends in an error of ours."""
    resolved(monkeypatch)
    dialled.clear()
    with pytest.raises((DownloadError, TransportError)) as caught:
        fetch(f"https://{name}{port}/x.mp4", local=local)
    assert "hailuo-widgets itself" not in str(caught.value)
    assert len(dialled) <= 1


def test_redirects_are_judged_too(open_host: OpenHost) -> None:
    """Each hop is held against the same rules: the sixth, one to the network around, and one to a file are refused."""
    inner = open_host()
    for target in ("https://10.0.0.1/x", "http://10.0.0.1/x", "file:///etc/passwd", "https://169.254.169.254/"):
        outer = open_host(status=302, headers={"Location": target})
        with pytest.raises((DownloadError, TransportError)) as caught:
            fetch(f"{outer.url}/clip", local=True)
        assert len(outer.seen) == 1
        assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    loop = open_host(status=307)
    loop.headers = {"Location": f"{loop.url}/again"}
    with pytest.raises(DownloadError, match="redirected more than 5 times"):
        fetch(f"{loop.url}/clip", local=True)
    assert len(loop.seen) == MOST_REDIRECTS + 1
    assert fetch(f"{open_host(status=302, headers={'Location': inner.url}).url}/clip", local=True) == 200


def test_a_redirect_inside_is_refused_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A public link that redirects to this machine is not followed there."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(302, headers={"Location": "https://127.0.0.1/latest/meta-data"})

    async def client(*_: Any, **__: Any) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(answer))

    resolved(monkeypatch, "8.8.8.8")
    monkeypatch.setattr(Http, "_client", client)
    with pytest.raises(DownloadError, match=r"https://127\.0\.0\.1, which"):
        fetch("https://clips.example/x.mp4", local=False)
    assert asked == ["https://clips.example/x.mp4"]


def test_every_address_of_the_registries_special_ranges() -> None:
    """The first and the last address of each special range are inside, their neighbours in public space are not."""
    for text in ("9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "100.63.255.255", "100.128.0.0"):
        assert is_public(known(text))
    for text in ("10.0.0.0", "10.255.255.255", "172.31.255.255", "100.127.255.255", "192.168.255.255"):
        assert not is_public(known(text))


def known(text: str) -> Any:
    """An address from its text."""
    address = literal(text)
    assert address is not None
    return address
