"""Undocumented behavior of providers that was seen, by name, so that each kind can be switched on.

A kind is a table as `wire.MIX`: kind of call → what happens to it → weight. "+": the call was carried out all the same.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hailuo_widgets.provider.interface import HttpReply

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["ENABLED", "ENDS", "KEY", "KINDS", "WORLDS", "mixed", "said"]

KEY = "sk-CANARY-model"
KINDS: dict[str, dict[str, dict[str, float]]] = {
    "late": {  # a proxy's word for a call that has long gone through, and the same for one that has not
        "create": {"303+": 0.5, "302+": 0.3, "499+": 0.3, "460+": 0.3, "303": 0.2, "499": 0.2},
    },
    "route": {  # a router that does not know the path, though the service behind it lives
        "create": {"route": 0.2}, "query": {"route": 2.0}, "link": {"route": 1.0},
    },
    "stranger": {"query": {"stranger": 1.0}, "link": {"stranger": 1.0}},  # an answer about another's task or file
    "word": {"query": {"odd end": 1.0, "strange word": 1.0}},  # a status of no document, some of which mean an end
    "choke": {  # values that libraries choke on: headers, numbers, texts, links
        "create": {"429 odd": 0.5, "odd values+": 0.5}, "query": {"429 odd": 1.0, "odd values": 1.0},
        "link": {"odd link": 1.0, "429 odd": 0.5},
    },
    "early": {"query": {"early": 1.0}, "link": {"early": 2.0}},  # a link whose file is there only after a while
    "elsewhere": {"create": {"id elsewhere+": 0.5}},  # the task's id in another place of the answer
    "echo": {"create": {"echo": 0.5}, "query": {"echo": 0.5}},  # the key, told back
    "simulated": {"create": {"says simulated+": 2.0}},  # a live answer with the simulator's own header
}  # fmt: skip
WORLDS = ("order", "clock", "locked")  # results come one by one; the wall clock steps; the store is locked for a while
ENABLED = (*KINDS, *WORLDS)
ENDS = {"made": ("SUCCESS", "completed", "Succeeded", "COMPLETE"), "failed": ("FAILED", "failure", "Error", "canceled")}
LATEST_S = 200.0  # so long a link may be early

_ROUTES: tuple[dict[str, Any], ...] = (
    {
        "error": {
            "message": "Invalid URL (GET /minimax/v1/query/video_generation)",
            "type": "invalid_request_error",
            "param": "",
            "code": "",
        }
    },
    {"error": "Endpoint not found"},
    {"timestamp": "2026-11-01T00:00:00Z", "status": 404, "error": "Not Found", "path": "/v1/query/video_generation"},
    {"statusCode": 404, "message": "Resource not found"},
    {"detail": "Not Found"},
)
_RETRY_AFTER = (
    "Fri, 01 Jan 99999999999999999999 00:00:00 GMT",
    "9" * 6000,
    "-1",
    "1e309",
    "\u0663",
    "Sun, 00 Nul 0000 99:99:99 GMT",
    "",
    "\x00",
)
_VALUES: tuple[Any, ...] = ("\ud800", float("inf"), -1, 10**30, [], {}, "", "x" * 70_000, None, True, "\x00")
_LINKS = (
    "https://[::1",
    "https://clips.example:99999/x.mp4",
    "https://xn--/x.mp4",
    "https://clips\u2025example/x.mp4",
    "mailto:x",
    "https:login",
    "https://clips.example/\ud800",
    "https://" + "a" * 300 + ".example/x",
)
_JSON = {"content-type": "application/json"}
_GOOD = {"base_resp": {"status_code": 0, "status_msg": "success"}}
_Answer = tuple[int, dict[str, str], Any]


def mixed(base: Mapping[str, Mapping[str, float]], kinds: Iterable[str]) -> dict[str, dict[str, float]]:
    """A table with these kinds in it."""
    found = {call: dict(fates) for call, fates in base.items()}
    for kind in kinds:
        for call, fates in KINDS.get(kind, {}).items():
            for fate, weight in fates.items():
                found[call][fate] = found[call].get(fate, 0.0) + weight
    return found


def said(word: str, rng: random.Random, task_id: str | None) -> HttpReply | None:
    """What arrives in place of a provider's own answer; None where that arrives itself.

    Args:
        word: What happens, without its "+".
        rng: Where all chance comes from.
        task_id: The id of the task that a create made.
    """
    if word in {"303", "302", "499", "460"}:
        location = rng.choice(("gw.example:443/login", "mailto:x", "https:login", "/v1/done"))
        return HttpReply(status=int(word), headers={"content-type": "text/html", "location": location}, body=b"<p>")
    if word == "odd values":
        return _odd_values(rng, task_id)
    make = _ANSWERS.get(word)
    if make is None:
        return None
    status, headers, value = make(rng, task_id)
    return HttpReply(status=status, headers={**_JSON, **headers}, body=json.dumps(value).encode())


def _link(rng: random.Random, _: str | None) -> _Answer:
    link = {"download_url": rng.choice(_LINKS), "backup_download_url": rng.choice(_LINKS)}
    return 200, {}, {"file": {"file_id": 1, **link}, **_GOOD}


def _elsewhere(rng: random.Random, task_id: str | None) -> _Answer:
    shapes: tuple[dict[str, Any], ...] = (
        {"data": {"task_id": task_id}, "code": 200},
        {"request_id": task_id, "status": "QUEUED", "polling_url": f"https://gw.example/{task_id}"},
        {"id": task_id, "object": "video", "status": "queued"},
    )
    return 200, {}, rng.choice(shapes)


def _echo(_: random.Random, __: str | None) -> _Answer:
    text = f"Incorrect API key provided: {KEY}"
    error = {"base_resp": {"status_code": 1004, "status_msg": text}, "errors": [{"code": "x", "message": text}]}
    return 401, {"trace-id": KEY}, error


_ANSWERS: dict[str, Callable[[random.Random, str | None], _Answer]] = {
    "route": lambda rng, _: (404, {}, rng.choice(_ROUTES)),
    "429 odd": lambda rng, _: (429, {"retry-after": rng.choice(_RETRY_AFTER)}, {}),
    "odd link": _link,
    "id elsewhere": _elsewhere,
    "echo": _echo,
}


def _odd_values(rng: random.Random, task_id: str | None) -> HttpReply:
    names = ("status", "file_id", "base_resp", "seed", "cost", "videoURL", "video_url", "message", "code", "data")
    value = {name: rng.choice(_VALUES) for name in rng.sample(names, 4)}
    if task_id is not None:  # whatever stands beside it, an id is a yes
        value |= {"task_id": task_id, "base_resp": {"status_code": 0, "status_msg": rng.choice(("\ud800", "\x00"))}}
    body = json.dumps(value).encode()
    if rng.random() < 0.2 and task_id is None:
        body = b'{"seed": ' + b"9" * 5000 + b"}"
    headers = {**_JSON, "trace-id": rng.choice(("\ud800", "\x00", "x" * 5000)), "date": "never"}
    return HttpReply(status=200, headers=headers, body=body)
