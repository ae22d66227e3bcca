"""Runware: arrays of tasks under ids that we choose, sizes in pixels, several results of one task, costs in the answer.

Sources of the rows. **doc**: the Runware model page minimax:3@1 (the specification; it lost its lists of sizes and of
durations). **docs**: Runware's public pages on errors, polling and prices. **sdk**: Runware's public Python SDKs.

An id of ours makes even a lost create answer recoverable: it is asked for, and an id that is known was accepted. The
model takes no seed and reports the one it used. No source names a price of minimax:3@1 (0.23 to 0.43 USD were seen);
each result says what it cost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hailuo_widgets.gateways.base import (
    Accepted,
    Clip,
    HttpCall,
    HttpReply,
    Poll,
    Provider,
    Task,
    as_code,
    as_micros,
    as_seed,
    as_task_id,
    as_url,
    read_json,
    trace_id,
)
from hailuo_widgets.gateways.reading import as_object
from hailuo_widgets.gateways.routes import unknown_route
from hailuo_widgets.gateways.runware_table import CODES, FACTS, FPS, RESULTS, SAFETY, category
from hailuo_widgets.gateways.statuses import as_written, state_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.errors import ProviderError
    from hailuo_widgets.settings import Settings

__all__ = ["CODES", "FACTS", "Runware", "make"]

GENERATE, ASK = "videoInference", "getResponse"
PATH = "/v1"
STATES = {"processing": "running", "success": "succeeded", "error": "failed"}


class Runware(Provider):
    """One task a call. ``data`` and ``errors`` may come together; a task has one item for each of its results."""

    facts = FACTS
    codes = CODES
    states = STATES
    client_ids = True

    def encode_create(self, request: Request, client_uuid: str) -> HttpCall:
        """``POST /v1`` with one ``videoInference`` task, whose ``taskUUID`` is ours."""
        task: dict[str, Any] = {
            "taskType": GENERATE,
            "taskUUID": client_uuid,
            "model": request.model,
            "positivePrompt": request.prompt,
            "fps": FPS,
            RESULTS: 1,
            "deliveryMethod": "async",
            "outputType": "URL",
            "includeCost": True,
            "providerSettings": {"minimax": {"promptOptimizer": request.prompt_optimizer}},
        }
        if request.duration is not None:
            task["duration"] = request.duration
        if (size := self._size(request)) is not None:
            task["width"], task["height"] = size
        frames = [
            {"image": image.wire(), "frame": frame}
            for image, frame in ((request.first_frame, "first"), (request.last_frame, "last"))
            if image is not None
        ]
        if frames:
            task["inputs"] = {"frameImages": frames}
        if request.callback_url is not None:
            task["webhookURL"] = request.callback_url
        safety = {k.removeprefix(SAFETY): v for k, v in request.options.items() if k.startswith(SAFETY)}
        if safety:
            task["safety"] = safety
        task |= {k: v for k, v in request.options.items() if not k.startswith(SAFETY)}
        return HttpCall(method="POST", path=PATH, json=[task])

    def results(self, request: Request) -> int:
        """``numberResults``: each is billed."""
        number = request.options.get(RESULTS, 1)
        return number if isinstance(number, int) else 1

    def _size(self, request: Request) -> tuple[int, int] | None:
        """Width and height: those given, else the resolution's; with neither, a clip follows its first frame."""
        if request.width is not None and request.height is not None:
            return request.width, request.height
        return self.facts.sizes.get(request.resolution or "")

    def decode_create(self, reply: HttpReply, request: Request) -> Accepted:
        """An item of ``data`` that names a task is a yes; so is the refusal of an id that is there already."""
        del request
        data = self._body(reply)
        errors = _errors(data)
        for item in _items(data):
            task_id = as_task_id(item.get("taskUUID"))
            if task_id is not None and item.get("taskType", GENERATE) == GENERATE and "error" not in item:
                warning = f"accepted, with errors: {_said(errors[0])}" if errors else None
                return Accepted(task_id=task_id, trace_id=trace_id(reply), warning=warning)
        for error in errors:
            task_id = as_task_id(error.get("taskUUID"))
            if task_id is not None and _category(error) == "conflict":
                warning = "the gateway has a task of our id already: an earlier call was accepted"
                return Accepted(task_id=task_id, trace_id=trace_id(reply), warning=warning)
        if errors:
            raise self._no(errors[0], reply)
        raise self.unreadable(reply, "it says success and names no task")

    def encode_query(self, task: Task) -> HttpCall:
        """``POST /v1`` with one ``getResponse`` task: it reads, and creates nothing."""
        return HttpCall(method="POST", path=PATH, json=[{"taskType": ASK, "taskUUID": task.task_id}])

    def decode_query(self, reply: HttpReply, task: Task) -> Poll:
        """The state of one result: the ``result_index``-th of the task's different clips, in their order.

        Raises:
            TaskLost: The gateway does not know the id.
            ProviderError: The answer tells nothing of the task.
        """
        data = self._body(reply, asking=True)
        items = [i for i in _items(data) if i.get("taskUUID", task.task_id) == task.task_id]
        clips = _clips(items)
        if task.result_index < len(clips):
            return Poll(state="succeeded", clip=clips[task.result_index])
        said = [word for i in items if isinstance(word := i.get("status"), str)]
        open_ = [word for word in said if self.state(word) in {"running", "queued"}]
        if open_:
            return self.under_way(open_[0])
        failures = [why for i in items if (why := _failure(i)) is not None]
        failures += [e for e in _errors(data) if _ends(e, task)]
        if failures:
            ends = [word for word in said if self.state(word) == "failed" and word.casefold() not in self.states]
            word = as_written(ends[0]) if ends else None
            return Poll(state="failed", error=self._no(failures[0], reply, asking=True), word=word)
        if errors := _errors(data):
            raise self._no(errors[0], reply, asking=True)
        if clips:
            return Poll(state="running")  # this run's result is not among those that are there
        if odd := [word for word in said if self.state(word) is None]:
            return self.under_way(odd[0])
        raise self.unreadable(reply, "it names no link to the clip" if said else "it names no status of the task")

    def verdict(self, data: dict[str, Any]) -> tuple[str | None, str | None]:
        """The first error's category and message."""
        errors = _errors(data)
        return (_category(errors[0]), _said(errors[0])) if errors else (None, None)

    def _no(self, error: Mapping[str, Any], reply: HttpReply, *, asking: bool = False) -> ProviderError:
        kind = _category(error)
        if kind == "task" and not asking:  # a create call asks for no task: what is not found is something it names
            kind = "validation"
        return self.error(CODES[kind], code=as_code(error.get("code")) or "error", said=_said(error), reply=reply)

    def _body(self, reply: HttpReply, *, asking: bool = False) -> dict[str, Any]:
        """The answer's object. An HTTP error that carries a code of a known category is read by that."""
        fault = self.http_fault(reply, asking=asking)
        if fault is None:
            return read_json(self, reply)
        data = as_object(reply)
        if unknown_route(reply) or self.verdict(data)[0] in {None, "unknown"}:
            raise fault
        return data


def _list(data: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = data.get(name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _items(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    return _list(data, "data")


def _errors(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    return _list(data, "errors")


def _category(error: Mapping[str, Any]) -> str:
    return category(as_code(error.get("code")) or "")


def _said(error: Mapping[str, Any]) -> str | None:
    message, parameter = error.get("message"), error.get("parameter")
    if not isinstance(message, str):
        return None
    return f"{message} (parameter {parameter})" if isinstance(parameter, str) and parameter else message


def _clips(items: list[dict[str, Any]]) -> list[Clip]:
    """The task's different clips. The answers are cumulative, and may name one twice."""
    found: dict[str, Clip] = {}
    for item in items:
        url = as_url(item.get("videoURL"))
        if url is None or state_of(item.get("status", "success"), STATES) != "succeeded":
            continue
        video = as_task_id(item.get("videoUUID"))
        cost = as_micros(item.get("cost"))
        clip = Clip(
            url=url,
            file_id=video,
            seed=as_seed(item.get("seed")),
            cost_micros=cost,
            currency=None if cost is None else "USD",
        )
        found.setdefault(video or url, clip)
    return list(found.values())


def _failure(item: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The error of one result, in the shapes that it comes in; None where it has not failed."""
    error = item.get("error")
    if isinstance(error, dict):
        return error
    if isinstance(error, str):
        return {"code": item.get("code") or "error", "message": error}
    word = item.get("status")
    if isinstance(item.get("code"), str) and word is None:
        return item
    return {"code": as_written(word), **item} if state_of(word, STATES) == "failed" else None


def _ends(error: Mapping[str, Any], task: Task) -> bool:
    """Whether a top-level error is the task's own end, and not one of asking for it."""
    about = error.get("taskType")
    if error.get("taskUUID") != task.task_id or (about is not None and about != GENERATE):
        return False
    ends = {"safety", "provider"} if about is None else {"safety", "provider", "validation", "unknown"}
    return _category(error) in ends


def make(settings: Settings) -> Provider:
    """The provider, for the registry."""
    del settings
    return Runware()
