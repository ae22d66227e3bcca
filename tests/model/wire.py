"""Two providers without sockets, in place of the HTTP client: their replies and their charges.

They speak MiniMax's and Runware's wire formats, so that the engine's own reading of answers takes part. What goes
wrong comes from weighted tables, one for each kind of call; `calm` ends it. The books (`tasks`, `charged`) are the
truth that the run log is held against.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from clips import clip_of
from odd import ENDS, LATEST_S, said

from hailuo_widgets.errors import TransportError
from hailuo_widgets.provider.interface import HttpReply

if TYPE_CHECKING:
    import random
    from collections.abc import AsyncIterator, Mapping

    from virtual import Clock

    from hailuo_widgets.provider.interface import HttpCall

__all__ = ["BRUTAL", "MIX", "MadeTask", "Wire"]

# Kind of call → what happens to it → weight. "+": the call was carried out all the same (a create was charged).
MIX: dict[str, dict[str, float]] = {
    "create": {
        "yes": 20, "lost+": 2, "lost": 1, "unsent": 2, "5xx+": 1, "5xx": 1, "html+": 0.5, "cut+": 0.5, "no id+": 0.5,
        "slow+": 0.5, "slow": 0.3, "busy": 2, "429": 1, "refused": 1, "broke": 0.2, "doubt+": 0.5, "doubt": 0.5,
        "twice+": 0.5,
    },
    "query": {
        "yes": 20, "lost": 1, "unsent": 1, "5xx": 1, "html": 0.5, "cut": 0.5, "slow": 0.3, "429": 1, "unknown": 1,
        "backwards": 1, "odd word": 0.5, "401": 0.1,
    },
    "link": {"yes": 10, "lost": 1, "5xx": 1, "dead": 2, "cut": 0.5},
    "download": {"yes": 10, "dead": 1, "short": 2, "5xx": 1, "html": 0.5, "lost": 1, "cut off": 1},
}  # fmt: skip
BRUTAL: dict[str, dict[str, float]] = {
    **MIX,
    "create": {
        "yes": 4, "lost+": 3, "lost": 3, "unsent": 3, "5xx+": 2, "5xx": 2, "html+": 1, "html": 1, "cut+": 2,
        "no id+": 1, "slow+": 1, "slow": 1, "busy": 3, "429": 2, "refused": 2, "doubt+": 1, "doubt": 1, "twice+": 1,
    },
}  # fmt: skip
LAG_S = (0.0, 0.0, 0.0, 8.0, 50.0)  # the longest is within the minute that a denial is not believed for
_WORDS = ("Preparing", "Queueing", "Processing")
_STRANGE_WORDS = ("IN_PROGRESS_2", "审核中", "x" * 5000, "\ud800", "")
_DONE = {"yes", "dead", "backwards", "odd word", "strange word", "odd end", "early", "stranger"}


@dataclass(kw_only=True)
class MadeTask:
    """A task in a provider's books: it was charged when it was made."""

    task_id: str
    provider: str
    prompt: str
    ready: float
    fate: str
    made: float
    lag_s: float  # so long the provider's own query does not know it
    results: int = 1
    shown: bool = False  # it was asked for and named; one that is "forgotten" is so from then on
    misnamed: bool = False  # its create was answered with another task's id
    dead_links: set[str] = field(default_factory=set)
    early_links: dict[str, float] = field(default_factory=dict)  # the link's number → when its file is there
    order: tuple[int, ...] = (0,)  # its results in the order in which they come
    step_s: float = 0.0  # from each to the next
    told: bool = False  # the answer to its create held its id, and arrived


class Wire:
    """Both providers.

    Args:
        clock: Their time.
        rng: Where all chance comes from.
        mix: What goes wrong; see `MIX`.
        one_by_one: The results of one call come one after another, in any order.
    """

    def __init__(
        self,
        clock: Clock,
        rng: random.Random,
        mix: Mapping[str, Mapping[str, float]] = MIX,
        *,
        one_by_one: bool = False,
    ) -> None:
        self.clock = clock
        self.tasks: dict[str, MadeTask] = {}
        self.arrived: list[str] = []  # the prompts of all create calls
        self.happened: dict[str, int] = {}
        self.calm = False
        self.script: dict[str, list[str]] = {}  # kind of call → what happens to the next ones, before chance decides
        self._rng = rng
        self._mix = mix
        self._one_by_one = one_by_one
        self._foreign: dict[str, MadeTask] = {}  # of other customers, named in answers about ours
        self._numbers = itertools.count(10**14)

    def charged(self, prompt: str) -> list[str]:
        """The ids of the tasks that were charged for a prompt."""
        return [t.task_id for t in self.tasks.values() if t.prompt == prompt]

    async def close(self) -> None:
        """As a client has it."""

    async def call(self, origin: str, call: HttpCall, *, deadline_s: float = 60.0, **_: Any) -> HttpReply:
        """One API call, on its way, at the provider, and on its way back."""
        kind, provider = _kind(call), "runware" if "runware" in origin else "minimax"
        if kind == "create":
            self.arrived.append(_prompt(call))
        fate = self._fate(kind)
        if fate == "unknown":
            fate = self._not_known(provider, call)
        await asyncio.sleep(self._rng.uniform(0.01, 0.3))
        if fate == "unsent":
            raise TransportError("the host cannot be reached", sent=False)
        done = fate in _DONE or fate.endswith("+")
        reply = self._answer(provider, kind, call, fate) if done else _say({})
        await asyncio.sleep(self._rng.uniform(0.01, 0.3))
        made = self._made(call) if kind == "create" and fate.endswith("+") else None
        if kind == "link" and fate == "odd link" and provider != "minimax":
            fate = "yes"
        return await self._sent_back(provider, fate, reply, deadline_s, made)

    @asynccontextmanager
    async def stream(self, url: str, headers: Mapping[str, str], *, local: bool) -> AsyncIterator[_Stream]:
        """One download."""
        del local
        fate = self._fate("download")
        await asyncio.sleep(self._rng.uniform(0.01, 0.3))
        if fate == "lost":
            raise TransportError("the host cannot be reached for the clip", sent=None)
        _, _, host, task_id, index, serial, *_ = [*url.split("/"), "", "", "", ""]
        task = self._known(task_id)
        if host != "clips.example" or task is None:
            raise TransportError(f"the link is no URL: {url[:80]!r}", sent=None)
        if self.clock.at < task.early_links.get(serial, 0.0):
            yield _Stream(404, {}, b"<Error><Code>NoSuchKey</Code></Error>")
        elif fate == "dead" or serial in task.dead_links:
            yield _Stream(403, {}, b"<Error><Code>AccessDenied</Code></Error>")
        elif fate == "5xx":
            yield _Stream(502, {}, b"bad gateway")
        elif fate == "html":
            yield _Stream(200, {"content-type": "text/html"}, b"<!doctype html><p>sign in to the network")
        else:
            body = clip_of(task_id, int(index))
            start = int(headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
            said = {"content-length": str(len(body) - start), "etag": f'"{task_id}"'}
            if start:
                said["content-range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
            sent = body[start:] if fate not in {"short", "cut off"} else body[start : start + (len(body) - start) // 2]
            yield _Stream(206 if start else 200, said, sent, broken=fate == "cut off")

    def _fate(self, kind: str) -> str:
        fates = {"yes": 1.0} if self.calm else self._mix[kind]
        (fate,) = self._rng.choices(list(fates), list(fates.values()))
        if self.script.get(kind):
            fate = self.script[kind].pop(0)
        self.happened[f"{kind} {fate}"] = self.happened.get(f"{kind} {fate}", 0) + 1
        return fate

    def _not_known(self, provider: str, call: HttpCall) -> str:
        """A provider may deny a task now and then while it is young; one that does so later has forgotten it."""
        task = self.tasks.get(_task_id(provider, call))
        return "yes" if task is None or self.clock.at - task.made > LAG_S[-1] else "unknown"

    def _made(self, call: HttpCall) -> MadeTask | None:
        """The task that a create made, if it made one."""
        found = self.charged(_prompt(call))
        return self.tasks[found[-1]] if found else None

    async def _sent_back(
        self, provider: str, fate: str, reply: HttpReply, deadline_s: float, made: MadeTask | None
    ) -> HttpReply:
        """What arrives here of the provider's answer."""
        word = fate.removesuffix("+")
        if provider == "runware" and fate in {"odd values+", "id elsewhere+"}:
            word = "yes"  # its tasks have our own ids
        odd = said(word, self._rng, made.task_id if made else None)
        if made is not None and word in {"id elsewhere", "odd values"}:
            made.told = True
        if odd is not None:
            return odd
        if word == "says simulated":
            return HttpReply(status=reply.status, headers={**reply.headers, "x-simulated": "1"}, body=reply.body)
        if word == "lost":
            raise TransportError("the answer was lost", sent=None)
        if word == "slow":
            await asyncio.sleep(deadline_s)
            raise TransportError(f"no answer within {deadline_s:g} s", sent=None)
        if word in {"5xx", "html"}:
            return HttpReply(status=502 if word == "5xx" else 200, headers={"content-type": "text/html"}, body=b"<p>")
        if word == "cut":
            return HttpReply(status=200, headers={"content-type": "application/json"}, body=b'{"task_id": "12')
        if word in {"429", "401"}:
            return HttpReply(status=int(word), headers={"retry-after": str(self._rng.randint(1, 40))}, body=b"{}")
        refusal = _REFUSALS[provider].get(word)
        return reply if refusal is None else _say(refusal)

    def _answer(self, provider: str, kind: str, call: HttpCall, fate: str) -> HttpReply:
        if kind == "create":
            return self._create(provider, call, fate)
        if kind == "link":
            return self._link(str(call.params["file_id"]), fate)
        task = self.tasks.get(_task_id(provider, call))
        if task is None or (task.fate == "forgotten" and task.shown) or self.clock.at - task.made < task.lag_s:
            return _say(_REFUSALS[provider]["unknown"])
        if fate == "stranger":
            task = self._stranger(task)
        task.shown = True
        done = self.clock.at >= task.ready and fate != "backwards"
        state = self._runware_state if provider == "runware" else self._state
        return state(task, fate, done=done)

    def _create(self, provider: str, call: HttpCall, fate: str) -> HttpReply:
        ours = call.json[0]["taskUUID"] if provider == "runware" else None
        if ours in self.tasks:
            return _say({"errors": [{"code": "conflictTaskUUID", "message": "in use", "taskUUID": ours}]})
        task_id = ours or str(next(self._numbers))
        earlier = [t for t in self.tasks if self.tasks[t].provider == provider]
        odds = (20, 0, 0) if self.calm else (20, 2, 1)
        self.tasks[task_id] = MadeTask(
            task_id=task_id,
            provider=provider,
            prompt=_prompt(call),
            ready=self.clock.at + self._rng.choice((0.5, 20.0, 120.0, 400.0)),
            fate=self._rng.choices(("made", "failed", "forgotten"), odds)[0],
            made=self.clock.at,
            lag_s=self._rng.choice(LAG_S),
            misnamed=fate == "twice+" and bool(earlier) and provider == "minimax",
            **self._results(call.json[0].get("numberResults", 1) if provider == "runware" else 1),
        )
        if provider == "runware":
            return _say({"data": [] if fate == "no id+" else [{"taskType": "videoInference", "taskUUID": task_id}]})
        if fate == "twice+" and earlier:  # an id that another task has
            task_id = self._rng.choice(earlier)
        named = {} if fate == "no id+" else {"task_id": task_id}
        return _say({**named, "base_resp": {"status_code": 0, "status_msg": "success"}})

    def _results(self, number: int) -> dict[str, Any]:
        if not self._one_by_one or number == 1:
            return {"results": number, "order": tuple(range(number))}
        order = self._rng.sample(range(number), number)
        return {"results": number, "order": tuple(order), "step_s": self._rng.choice((0.0, 3.0, 60.0))}

    def _stranger(self, task: MadeTask) -> MadeTask:
        """Another's task, which has finished, and whose clip is another."""
        others = [t for t in self.tasks.values() if t.provider == task.provider and t is not task]
        made = self._rng.choice(others) if others else replace(task, task_id=str(next(self._numbers)))
        made = replace(made, fate=self._rng.choice(("made", "failed")), ready=0.0, step_s=0.0)
        return self._foreign.setdefault(made.task_id, made)

    def _known(self, task_id: str) -> MadeTask | None:
        return self.tasks.get(task_id) or self._foreign.get(task_id)

    def _state(self, task: MadeTask, fate: str, *, done: bool) -> HttpReply:
        yes = {"task_id": task.task_id, "base_resp": {"status_code": 0, "status_msg": "success"}}
        if fate == "odd word":
            return _say({**yes, "status": "Pondering"})
        if fate == "strange word":
            return _say({**yes, "status": self._rng.choice(_STRANGE_WORDS)})
        if not done:
            return _say({**yes, "status": self._rng.choice(_WORDS)})
        if task.fate == "failed":
            return _say({**yes, "status": self._end("failed", fate) or "Fail"})
        return _say({**yes, "status": self._end("made", fate) or "Success", "file_id": f"8{task.task_id}"})

    def _end(self, came: str, fate: str) -> str | None:
        return self._rng.choice(ENDS[came]) if fate == "odd end" else None

    def _runware_state(self, task: MadeTask, fate: str, *, done: bool) -> HttpReply:
        item: dict[str, Any] = {"taskType": "videoInference", "taskUUID": task.task_id}
        if fate == "odd word":
            return _say({"data": [{**item, "status": "pondering"}]})
        if fate == "strange word":
            return _say({"data": [{**item, "status": self._rng.choice(_STRANGE_WORDS)}]})
        if not done:
            return _say({"data": [{**item, "status": "processing"}]})
        if task.fate == "failed":
            error = {"code": "providerError", "message": "it failed", "taskUUID": task.task_id}
            return _say({"errors": [{**error, "taskType": "videoInference"}]})
        there = [n for at, n in enumerate(task.order) if self.clock.at >= task.ready + at * task.step_s]
        if task.step_s:
            self._rng.shuffle(there)
        word = self._end("made", fate) or "success"
        made = [
            {**item, "status": word, "videoUUID": f"{task.task_id}-{n}", "videoURL": self._url(task, n, fate)}
            for n in there
        ]
        made += [{**item, "status": "processing"}] * (task.results - len(there))
        return _say({"data": made})

    def _link(self, file_id: str, fate: str) -> HttpReply:
        task = self._known(file_id[1:])
        if task is None:
            return _say(_REFUSALS["minimax"]["unknown"])
        if fate == "stranger":
            task = self._stranger(task)
            file_id = f"8{task.task_id}"
        file = {"file_id": file_id, "download_url": self._url(task, 0, fate)}
        return _say({"file": file, "base_resp": {"status_code": 0, "status_msg": "success"}})

    def _url(self, task: MadeTask, index: int, fate: str) -> str:
        serial = str(next(self._numbers))
        if fate == "dead":
            task.dead_links.add(serial)
        if fate == "early":
            task.early_links[serial] = self.clock.at + self._rng.uniform(0.0, LATEST_S)
        return f"https://clips.example/{task.task_id}/{index}/{serial}"


class _Stream:
    def __init__(self, status: int, headers: Mapping[str, str], body: bytes, *, broken: bool = False) -> None:
        self.status, self.headers = status, headers
        self._body, self._broken = body, broken

    async def aiter(self) -> AsyncIterator[bytes]:
        """The body in two pieces."""
        half = len(self._body) // 2
        for piece in (self._body[:half], self._body[half:]):
            await asyncio.sleep(0.05)
            yield piece
        if self._broken:
            raise TransportError("the download broke off", sent=None)


def _minimax(code: int) -> dict[str, Any]:
    return {"base_resp": {"status_code": code, "status_msg": "no"}}


def _runware(code: str) -> dict[str, Any]:
    return {"errors": [{"code": code, "message": "no"}]}


_REFUSALS: dict[str, dict[str, dict[str, Any]]] = {
    "minimax": {
        "busy": _minimax(1002),
        "refused": _minimax(1026),
        "broke": _minimax(1008),
        "doubt": _minimax(1000),
        "unknown": _minimax(2013),
    },
    "runware": {
        "busy": _runware("rateLimitExceeded"),
        "refused": _runware("contentPolicyViolation"),
        "broke": _runware("insufficientCredits"),
        "doubt": _runware("internalServerError"),
        "unknown": _runware("taskUUIDNotFound"),
    },
}


def _kind(call: HttpCall) -> str:
    if isinstance(call.json, list):
        return "create" if call.json[0]["taskType"] == "videoInference" else "query"
    if call.method == "POST":
        return "create"
    return "link" if call.path.endswith("/files/retrieve") else "query"


def _task_id(provider: str, call: HttpCall) -> str:
    return str(call.json[0]["taskUUID"] if provider == "runware" else call.params.get("task_id"))


def _prompt(call: HttpCall) -> str:
    return str(call.json[0]["positivePrompt"] if isinstance(call.json, list) else call.json["prompt"])


def _say(data: Any) -> HttpReply:
    return HttpReply(status=200, headers={"content-type": "application/json"}, body=json.dumps(data).encode())
