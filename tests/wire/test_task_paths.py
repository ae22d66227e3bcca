"""Tests of the links that answers and the run log name: each call is about the run's own task, whatever they say.

The base URLs are the documented ones, because links at any other host are not used at all.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.provider import Clip, Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.provider import HttpReply, Provider

    Open = Callable[..., Provider]
    Ask = Callable[..., Request]
    Answer = Callable[..., HttpReply]

ID = "764cabcf-b745-4b3e-ae38-1200304cf45b"
OTHER = "0c3f7a52-11d2-4f0e-9a53-77aa00bb11cc"
FAL, PIXAZO, RELAY = "https://queue.fal.run", "https://gateway.pixazo.ai", "https://www.kkiai.com"
MP4 = "https://clips.example/fox.mp4"

# Ways to lead a path that names our task elsewhere. ``{p}`` is what stands before the ID, ``{e}`` what stands after it.
TRICKS = (
    "{p}/{id}/../{other}{e}",
    "{p}/{id}/..{e}",
    "{p}/{id}/.{e}",
    "{p}/{id}/%2e%2e/{other}{e}",
    "{p}/{id}/%2E./{other}{e}",
    "{p}/{id}%2f..%2f{other}{e}",
    "{p}/{id}%5c..%5c{other}{e}",
    "{p}/{id}\\..\\{other}{e}",
    "{p}//{id}{e}",
    "{p}/{id}/{e}/",
    "{p}/{id}0{e}",
    "{p}/0{id}{e}",
    "{p}/{other}/{id}{e}",
    "{p}/{id}/{other}{e}",
    "{p}/{other}{e}?id={id}",
    "{p}/{other}{e}#{id}",
    "{p}/{other};{id}{e}",
    "{p}/{other}{e}",
    "/v2/../admin/delete/{id}",
    "/admin/delete/{id}",
    "/v2/requests/cancel/{id}",
    "//elsewhere.example{p}/{id}{e}",
    "/..{p}/{id}{e}",
    "{p}/../requests/{id}{e}",
    "/{id}{e}",
    "",
)


def tricks(place: str, end: str) -> list[str]:
    """The paths of :data:`TRICKS` for one route."""
    return [trick.format(p=place, e=end, id=ID, other=OTHER) for trick in TRICKS]


# The calls of fal's queue: the name of the link, what ends its path, and the method that is documented for it.
ENDS = {"status_url": ("/status", "GET"), "response_url": ("", "GET"), "cancel_url": ("/cancel", "PUT")}
QUEUE = "/fal-ai/minimax/requests"
FAL_LINKS = [
    *((name, path) for name, (end, _) in ENDS.items() for path in tricks(QUEUE, end)),
    ("status_url", f"{QUEUE}/{ID}/cancel"),
    ("response_url", f"{QUEUE}/{ID}/cancel"),
    ("cancel_url", f"{QUEUE}/{ID}/status"),
    ("cancel_url", f"{QUEUE}/{ID}"),
    ("cancel_url", f"{QUEUE}/{OTHER}/cancel/requests/{ID}/cancel"),
    ("cancel_url", f"{QUEUE}/{OTHER}/requests/{ID}/cancel"),
    ("cancel_url", f"/fal-ai/flux/requests/{ID}/cancel"),
    ("cancel_url", f"/fal-ai/requests/{ID}/cancel"),
    ("cancel_url", f"/requests/{ID}/cancel"),
    ("response_url", f"/fal-ai/minimax/hailuo-2.3/pro/{ID}/.."),
]


def fal_calls(fal: Provider, task: Task) -> dict[str, tuple[str, str]]:
    """The calls about a task, by the link that each of them may take."""
    calls = (fal.encode_query(task), fal.encode_link(task, Clip()), fal.encode_cancel(task))
    return {name: (c.method, c.path) for name, c in zip(ENDS, calls, strict=True) if c is not None}


@pytest.mark.parametrize("stored", [False, True], ids=["answer", "log"])
@pytest.mark.parametrize("link", FAL_LINKS, ids=str)
def test_fal_asks_for_its_own_request(
    open_: Open, ask: Ask, reply: Answer, link: tuple[str, str], *, stored: bool
) -> None:
    """A link that is not the documented one of our request is not used, and the log says so."""
    fal = open_("fal")
    name, path = link
    details: Any = {name: FAL + path}
    if not stored:
        answer = replace(reply({"request_id": ID, "status": "IN_QUEUE", **details}), origin=FAL)
        accepted = fal.decode_create(answer, ask(fal))
        assert accepted.task_id == ID
        assert name in str(accepted.warning)
        details = accepted.details
    task = Task(task_id=ID, channel="fal-ai/minimax", details=details)
    assert fal_calls(fal, task) == {n: (method, f"{QUEUE}/{ID}{end}") for n, (end, method) in ENDS.items()}


@pytest.mark.parametrize("end", ["", "/response"])
@pytest.mark.parametrize("app", ["fal-ai/minimax", "fal-ai/minimax/hailuo-2.3", "fal-ai/minimax/hailuo-2.3/pro"])
def test_fals_own_links_are_used(open_: Open, ask: Ask, reply: Answer, app: str, end: str) -> None:
    """The documented links of our request are taken as they are, and there is nothing to warn of."""
    fal = open_("fal")
    paths = {n: f"/{app}/requests/{ID}{e or end}" for n, (e, _) in ENDS.items()}
    body = {"request_id": ID, "status": "IN_QUEUE", **{n: FAL + path for n, path in paths.items()}}
    accepted = fal.decode_create(replace(reply(body), origin=FAL), ask(fal))
    assert accepted.warning is None
    task = Task(task_id=ID, channel="fal-ai/minimax", details=accepted.details)
    assert fal_calls(fal, task) == {n: (method, paths[n]) for n, (_, method) in ENDS.items()}


@pytest.mark.parametrize(
    "channel", ["..", "fal-ai/../other", f"a/requests/{OTHER}/cancel", "//b.example/x", "a//b", "/"]
)
def test_fals_channel_in_the_log_is_an_app(open_: Open, channel: str) -> None:
    """A channel that is no app's name leads nowhere else."""
    calls = fal_calls(open_("fal"), Task(task_id=ID, channel=channel))
    assert calls["cancel_url"] == ("PUT", f"{QUEUE}/{ID}/cancel")


STATUS = "/v2/requests/status"


@pytest.mark.parametrize("stored", [False, True], ids=["answer", "log"])
@pytest.mark.parametrize("path", [*tricks(STATUS, ""), f"/v3/status/{ID}", f"{STATUS}/{ID}?x=1&delete=all"])
def test_pixazo_asks_for_its_own_request(open_: Open, ask: Ask, reply: Answer, path: str, *, stored: bool) -> None:
    """Only the documented address of our request is ever asked, and the log says that another was named."""
    pixazo = open_("pixazo")
    details: Any = {"polling_path": path}
    if not stored:
        body = {"request_id": ID, "status": "QUEUED", "polling_url": PIXAZO + path}
        accepted = pixazo.decode_create(replace(reply(body), origin=PIXAZO), ask(pixazo, model="MiniMax-H3"))
        assert (accepted.task_id, accepted.channel) == (ID, "requests")
        assert "polling_url" in str(accepted.warning)
        details = accepted.details
    call = pixazo.encode_query(Task(task_id=ID, channel="requests", details=details))
    assert (call.method, call.path, call.params) == ("GET", f"{STATUS}/{ID}", {})


CONTENT = f"/v1/videos/{ID}/content"
CLIPS = [
    *(path for path in tricks("/v1/videos", "/content") if path.startswith("/v1/")),
    f"/v1/videos/{ID}",
    f"/v1/video/generations/{OTHER}",
    f"/V1/videos/{OTHER}/content",
    f"/%76%31/videos/{OTHER}/content",
    f"/%2576%2531/videos/{OTHER}/content",
    f"/files/../v1/videos/{OTHER}/content",
    f"/minimax/v1/files/retrieve?file_id={OTHER}",
    "/api/user/self",
]


@pytest.mark.parametrize("name", ["kkiai", "relay"])
@pytest.mark.parametrize("host", ["", RELAY, "https://WWW.kkiai.com", "https://www.kkiai.com:443"])
@pytest.mark.parametrize("path", CLIPS)
def test_a_relays_route_is_that_of_its_own_task(open_: Open, reply: Answer, name: str, host: str, path: str) -> None:
    """A clip's link that needs the key is our task's content route, wherever the answer points; the log says so."""
    relay = open_(name)
    for told in ({"metadata": {"url": host + path}}, {"url": host + path}):
        body = {"id": ID, "object": "video", "status": "completed", **told}
        poll = relay.decode_query(replace(reply(body), origin=RELAY), Task(task_id=ID, channel="videos"))
        assert poll.clip is not None
        assert poll.clip.url == CONTENT
        assert poll.state == "succeeded"
        assert poll.warning is not None or "\\" in path or host + path == ""


@pytest.mark.parametrize("name", ["kkiai", "relay"])
@pytest.mark.parametrize(
    "link", [MP4, CONTENT, RELAY + CONTENT, f"{RELAY}/files/fox%201.mp4?sign=7", "/clips/fox.mp4", f"{MP4}?v1=/v1/"]
)
def test_a_relays_clips_are_fetched(open_: Open, reply: Answer, name: str, link: str) -> None:
    """A file's link, and the content route of our own task, are taken as they are."""
    relay = open_(name)
    body = {"id": ID, "object": "video", "status": "completed", "metadata": {"url": link}}
    poll = relay.decode_query(replace(reply(body), origin=RELAY), Task(task_id=ID, channel="videos"))
    assert (poll.clip and poll.clip.url, poll.warning) == (link, None)


@pytest.mark.parametrize("name", ["kkiai", "relay"])
def test_a_relays_file_link_is_no_route(open_: Open, reply: Answer, name: str) -> None:
    """The link call's answer cannot lead the key to another task's clip either."""
    relay = open_(name)
    body = {"file": {"file_id": "7", "download_url": f"{RELAY}/v1/videos/{OTHER}/content"}}
    with pytest.raises(Exception, match="names no download_url"):
        relay.decode_link(replace(reply(body), origin=RELAY), Clip(file_id="7"))
