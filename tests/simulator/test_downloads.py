"""Finished files: ranges, expiry, signatures, and no key on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from hailuo_widgets.simulator import Simulator


@pytest.fixture
def url(api: httpx.Client) -> str:
    """A finished clip's link."""
    task = {"model": "MiniMax-Hailuo-02", "prompt": "a fox"}
    task_id = api.post("/v1/video_generation", json=task).json()["task_id"]
    file_id = api.get("/v1/query/video_generation", params={"task_id": task_id}).json()["file_id"]
    return str(api.get("/v1/files/retrieve", params={"file_id": file_id}).json()["file"]["download_url"])


def test_head_says_what_get_gives(api: httpx.Client, url: str) -> None:
    """HEAD and GET agree on length and ETag, and ranges are offered."""
    head, whole = api.head(url), api.get(url)
    assert head.status_code == whole.status_code == 200
    assert int(head.headers["Content-Length"]) == len(whole.content)
    assert head.headers["ETag"] == whole.headers["ETag"]
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert whole.headers["Content-Type"] == "video/mp4"
    assert not head.content


@pytest.mark.parametrize(
    ("header", "begin", "end"), [("bytes=0-99", 0, 100), ("bytes=100-", 100, None), ("bytes=-50", -50, None)]
)
def test_ranges(api: httpx.Client, url: str, header: str, begin: int, end: int | None) -> None:
    """A range is HTTP 206 with exactly its bytes."""
    whole = api.get(url).content
    part = api.get(url, headers={"Range": header})
    assert part.status_code == 206
    assert part.content == whole[begin:end]
    assert part.headers["Content-Range"].endswith(f"/{len(whole)}")


def test_ranges_that_do_not_fit(api: httpx.Client, url: str) -> None:
    """A range beyond the file is 416; one for another version of the file gets the whole."""
    assert api.get(url, headers={"Range": "bytes=99999999-"}).status_code == 416
    assert api.get(url, headers={"Range": "bytes=0-9", "If-Range": '"other"'}).status_code == 200


def test_links_expire(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> None:
    """A link past its time is 403 with an object store's XML, and a fresh one can be had."""
    simulator = start()
    api = connect(simulator)
    task_id = api.post("/api/v1/minimax/generate", json={"prompt": "x"}).json()["data"]["taskId"]
    simulator.fault("expired", phase="query")
    links = [
        api.get("/api/v1/minimax/record-info", params={"taskId": task_id}).json()["data"]["videoUrl"] for _ in range(2)
    ]
    gone, fresh = (api.get(link) for link in links)
    assert (gone.status_code, fresh.status_code) == (403, 200)
    assert "<Code>AccessDenied</Code>" in gone.text


def test_lifetime_is_a_switch(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> None:
    """With a negative lifetime every link is born expired."""
    api = connect(start(url_lifetime=-60))
    task_id = api.post("/api/v1/minimax/generate", json={"prompt": "x"}).json()["data"]["taskId"]
    link = api.get("/api/v1/minimax/record-info", params={"taskId": task_id}).json()["data"]["videoUrl"]
    assert api.get(link).status_code == 403


def test_links_cannot_be_altered(api: httpx.Client, url: str) -> None:
    """A later expiry, another signature, another name, or none of them is 403."""
    bare, _, query = url.partition("?")
    expires, signature = (part.partition("=")[2] for part in query.split("&"))
    for changed in (
        f"{bare}?Expires={int(expires) + 99}&Signature={signature}",
        f"{bare}?Expires={expires}&Signature={'0' * len(signature)}",
        f"{bare.replace('.mp4', '.mov')}?{query}",
        f"{bare}?Expires=soon&Signature={signature}",
        bare,
    ):
        assert api.get(changed).status_code == 403


def test_a_truncated_download_breaks_off(sim: Simulator, api: httpx.Client, url: str) -> None:
    """A truncated download announces all bytes and closes after half; the next one is whole."""
    whole = api.get(url).content
    sim.fault("truncate", phase="download")
    received = bytearray()

    def read() -> None:
        with api.stream("GET", url) as answer:
            for chunk in answer.iter_raw():
                received.extend(chunk)

    with pytest.raises(httpx.RemoteProtocolError):
        read()
    assert 0 < len(received) < len(whole)
    assert whole.startswith(received)
    assert api.get(url).content == whole


def test_faults_of_downloads(sim: Simulator, api: httpx.Client, url: str) -> None:
    """A download can be an HTTP error with Retry-After, an HTML page, expired, or no answer."""
    sim.fault("http", phase="download", status=503, retry_after=2)
    answer = api.get(url)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    sim.fault("html", phase="download")
    assert api.get(url).headers["Content-Type"].startswith("text/html")
    sim.fault("expired", phase="download")
    assert api.get(url).status_code == 403
    sim.fault("drop", phase="download")
    with pytest.raises(httpx.RemoteProtocolError):
        api.get(url)


def test_a_key_on_a_download_is_noticed(sim: Simulator, api: httpx.Client, url: str) -> None:
    """The journal shows whether a download carried a key, and never the key."""
    api.get(url)
    with_key = sim.requests[-1]
    assert with_key["phase"] == "download"
    assert with_key["provider"] == "minimax"
    assert with_key["headers"]["authorization"] == "<redacted>"
    bare = api.build_request("GET", url)
    del bare.headers["Authorization"]
    api.send(bare)
    assert "authorization" not in sim.requests[-1]["headers"]
    assert "test-key" not in str(sim.state)


def test_equal_seeds_are_equal_bytes(api: httpx.Client) -> None:
    """The same seed gives the same file; no seed, or another one, gives another."""

    def clip(**fields: int) -> bytes:
        body = {"prompt": "a fox", **fields}
        task_id = api.post("/api/v1/minimax/generate", json=body).json()["data"]["taskId"]
        data = api.get("/api/v1/minimax/record-info", params={"taskId": task_id}).json()["data"]
        return api.get(data["videoUrl"]).content

    assert clip(seed=7) == clip(seed=7)
    assert len({clip(seed=7), clip(seed=8), clip(seed=-1), clip(seed=-1), clip()}) == 5
