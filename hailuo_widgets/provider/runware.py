"""Runware provider: arrays of tasks with client-chosen IDs, sizes in pixels, several results per task.

Sources of the rows in ``runware_facts.py``: ``DOC``, the Runware model page minimax:3@1 (the specification, whose lists
of sizes and durations are lost); ``DOCS``, Runware's public pages on errors, polling and prices, and its Python SDKs.
``runware_h3.py`` has MiniMax-H3, which has other fields than the older models.

Because the task's ID is ours, even a lost reply to a create call can be recovered: if the provider knows the ID, the
task was accepted. ``getResponse`` tells that. ``getTaskDetails`` would tell the request too, but no document says how
long, so its "not found" would prove nothing; it is not used. The older models take no seed and report the one they
used. No source names a price of minimax:3@1 (0.23 to 0.43 USD were seen); each result reports its cost.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.callback_format import OWN_TOKEN, CallbackFormat, ids_named
from hailuo_widgets.domain.clip_counts import clips_of
from hailuo_widgets.provider.interface import (
    AGAIN_FREE,
    Accepted,
    Clip,
    HttpCall,
    HttpReply,
    Poll,
    Provider,
    Results,
    Task,
    as_code,
    as_micros,
    as_seed,
    as_task_id,
    as_url,
    read_json,
    trace_id,
)
from hailuo_widgets.provider.messages import Balance, PollState
from hailuo_widgets.provider.options import with_optimizer
from hailuo_widgets.provider.parse import as_object
from hailuo_widgets.provider.runware_errors import ABOUT_THE_CALL, CODES, ROWS, category
from hailuo_widgets.provider.runware_facts import FACTS, FPS, OLDER, RESULTS, SAFETY
from hailuo_widgets.provider.runware_h3 import SETTINGS, references_of, size_fields
from hailuo_widgets.provider.runware_utilities import account_task, balance_of, storage_task, stored_at
from hailuo_widgets.provider.task_status import as_written, state_of
from hailuo_widgets.provider.unknown_route import unknown_route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hailuo_widgets.domain.images import InputFile
    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.errors import ProviderError
    from hailuo_widgets.settings.settings import Settings

__all__ = ["CODES", "FACTS", "Runware", "make"]

GENERATE, ASK = "videoInference", "getResponse"
PATH = "/v1"
STATES = {"processing": "running", "success": "succeeded", "error": "failed"}


class Runware(Provider):
    """One task per call. A reply may have ``data`` and ``errors``; ``data`` has one item per result."""

    facts = FACTS
    codes = CODES
    callbacks = CallbackFormat(tasks=ids_named("taskUUID"), secret=OWN_TOKEN)
    states = STATES
    client_ids = True

    def encode_create(self, request: Request, client_uuid: str) -> HttpCall:
        """Return ``POST /v1`` with one ``videoInference`` task, whose ``taskUUID`` is ours."""
        older = request.model in OLDER
        task: dict[str, Any] = {"taskType": GENERATE, "taskUUID": client_uuid, "model": request.model}
        if request.prompt:
            task["positivePrompt"] = request.prompt
        if older:
            task["fps"] = FPS
        task |= {RESULTS: 1, "deliveryMethod": "async", "outputType": "URL", "includeCost": True}
        of_model = self.facts.of(request.model)
        if older or (request.prompt_optimizer and of_model.optimizer_option is None):
            task["providerSettings"] = {"minimax": {"promptOptimizer": request.prompt_optimizer}}
        if request.duration is not None:
            task["duration"] = request.duration
        task |= self._size(request) if older else size_fields(request, of_model)
        if request.seed is not None:
            task["seed"] = request.seed
        frames = [
            {"image": image.wire(), "frame": frame}
            for image, frame in ((request.first_frame, "first"), (request.last_frame, "last"))
            if image is not None
        ]
        inputs = ({"frameImages": frames} if frames else {}) | references_of(request)
        if inputs:
            task["inputs"] = inputs
        if request.callback_url is not None:
            task["webhookURL"] = request.callback_url
        rest = with_optimizer(request, of_model)
        for prefix in (SAFETY, SETTINGS):
            nested = {name.removeprefix(prefix): rest.pop(name) for name in [*rest] if name.startswith(prefix)}
            if nested:
                task[prefix.rstrip(".")] = nested
        return HttpCall(method="POST", path=PATH, json=[task | rest])

    def results(self, request: Request) -> int:
        """Return ``numberResults``; each result is billed."""
        return clips_of(request.options)

    def _size(self, request: Request) -> dict[str, int]:
        """Return width and height: the given ones, or the resolution's; without both, the clip has its frame's size."""
        size = self.facts.sizes.get(request.resolution or "")
        if request.width is not None and request.height is not None:
            size = request.width, request.height
        return {} if size is None else {"width": size[0], "height": size[1]}

    def decode_create(self, reply: HttpReply, request: Request) -> Accepted:
        """Decode the reply: an item of ``data`` with a task ID means accepted, and so does "the ID exists already"."""
        del request
        data = self._body(reply)
        errors = _errors(data)
        if (task_id := _acknowledged(data)) is not None:
            fault = self.http_fault(reply)
            warning = None if fault is None else f"accepted, with {fault.code}"
            warning = f"accepted, with errors: {_said(errors[0])}" if errors else warning
            return Accepted(task_id=task_id, trace_id=trace_id(reply), warning=warning)
        for error in errors:
            task_id = as_task_id(error.get("taskUUID"))
            if task_id is not None and _category(error) == "conflict":
                warning = "the provider has a task of our id already: an earlier call was accepted"
                return Accepted(task_id=task_id, trace_id=trace_id(reply), warning=warning)
        if errors:
            raise self._no(errors[0], reply)
        raise self.unreadable(reply, "it says success and names no task")

    def encode_query(self, task: Task) -> HttpCall:
        """Return ``POST /v1`` with one ``getResponse`` task, which creates nothing."""
        return HttpCall(method="POST", path=PATH, json=[{"taskType": ASK, "taskUUID": task.task_id}])

    def decode_query(self, reply: HttpReply, task: Task) -> Poll:
        """Return the state of this run's result (by its ID if known, else by its index), and all results.

        Raises:
            TaskLost: The provider doesn't know the ID.
            ProviderError: The reply says nothing about the task.
        """
        data = self._body(reply, asking=True)
        items = [i for i in _items(data) if _named(i) in {None, task.task_id.casefold()}]
        statuses = [word for i in items if isinstance(word := i.get("status"), str)]
        failures = [why for i in items if (why := _failure(i)) is not None]
        top = [e for e in _errors(data) if _ends(e, task)]
        found = self._results(items, failures, top, reply)
        poll = self._poll(found, statuses, task)
        if poll is not None:
            return replace(poll, results=found)
        if errors := _errors(data):
            if _category(errors[0]) == "task":  # it may be about another task
                self.checked("task", errors[0].get("taskUUID"), task.task_id, reply)
            raise self._no(errors[0], reply, asking=True)
        for item in _items(data):
            self.checked("task", item.get("taskUUID"), task.task_id, reply)
        raise self.unreadable(reply, "it names no link to the clip" if statuses else "it names no status of the task")

    def encode_upload(self, image: InputFile) -> HttpCall | None:
        """Return ``POST /v1`` with one ``mediaStorage`` task for a clip or a sound; pictures are in the create call."""
        if image.data is None or (image.media_type or "image/").startswith("image/"):
            return None
        return HttpCall(method="POST", path=PATH, json=[storage_task(image)])

    def decode_upload(self, reply: HttpReply) -> str:
        """Return the stored file's UUID, or else its URL."""
        data = self._body(reply, asking=True)
        found = next((place for item in _items(data) if (place := stored_at(item)) is not None), None)
        if found is not None:
            return found
        if errors := _errors(data):
            raise self._no(errors[0], reply)
        raise self.unreadable(reply, "it names no stored file")

    def encode_balance(self) -> HttpCall:
        """Return ``POST /v1`` with one ``accountManagement`` task."""
        return HttpCall(method="POST", path=PATH, json=[account_task()])

    def decode_balance(self, reply: HttpReply) -> Balance:
        """Return the balance, which is a number or an object."""
        data = self._body(reply, asking=True)
        found = next((balance for item in _items(data) if (balance := balance_of(item)) is not None), None)
        if found is not None:
            return found
        if errors := _errors(data):
            raise self._no(errors[0], reply)
        raise self.unreadable(reply, "it names no balance")

    def _results(
        self,
        items: list[dict[str, Any]],
        item_errors: list[Mapping[str, Any]],
        top: list[dict[str, Any]],
        reply: HttpReply,
    ) -> Results:
        """Return everything that a reply says about a task's results.

        A failure may be both in its item and in the list of errors, in different words. So the two lists are not added
        up: the longer one counts, and if an item has no known code, the reasons come from the other list.
        """
        vague = any(_category(why) == "unknown" for why in item_errors)
        failures = top if len(top) > len(item_errors) or (top and vague) else item_errors
        different = {json.dumps(_reason(why), default=str): why for why in failures}
        words = [word for i in items if isinstance(word := i.get("status"), str) and _failure(i) is None]
        return Results(
            clips=tuple(_clips(items)),
            failures=tuple(self._no(why, reply, asking=True) for why in different.values()),
            failed=max(len(item_errors), len(top)),
            pending=sum(self.state(word) != PollState.SUCCEEDED for word in words),
            ended=bool(top) and not items,
        )

    def _poll(self, found: Results, statuses: list[str], task: Task) -> Poll | None:
        """Return the poll of one run from the task's results; None if they say nothing."""
        own = [clip for clip in found.clips if clip.file_id == task.file_id]
        if task.file_id is None:
            own = list(found.clips[task.result_index : task.result_index + 1])
        if own:
            return Poll(state=PollState.SUCCEEDED, clip=own[0])
        under_way = [word for word in statuses if self.state(word) in {PollState.RUNNING, PollState.QUEUED, None}]
        if under_way:
            return self.under_way(min(under_way, key=lambda word: self.state(word) is None))
        if found.failures:
            ends = [
                word for word in statuses if self.state(word) == PollState.FAILED and word.casefold() not in self.states
            ]
            error = found.failures[0]
            error.hint = AGAIN_FREE if ends else error.hint
            return Poll(state=PollState.FAILED, error=error, word=as_written(ends[0]) if ends else None)
        return Poll(state=PollState.RUNNING) if found.clips else None  # this run's result is not there yet

    def verdict(self, data: dict[str, Any]) -> tuple[str | None, str | None]:
        """Return the first error's category and message."""
        errors = _errors(data)
        return (_category(errors[0]), _said(errors[0])) if errors else (None, None)

    def _no(self, error: Mapping[str, Any], reply: HttpReply, *, asking: bool = False) -> ProviderError:
        kind = _category(error)
        if kind in {"task", "ended"} and not asking:  # a create call queries no task; something else was not found
            kind = "validation"
        return self.error(ROWS[kind], code=as_code(error.get("code")) or "error", said=_said(error), reply=reply)

    def _body(self, reply: HttpReply, *, asking: bool = False) -> dict[str, Any]:
        """Return the reply's object, also for an HTTP error with a new task ID or a code of a known category."""
        fault = self.http_fault(reply, asking=asking)
        if fault is None:
            return read_json(self, reply)
        data = as_object(reply)
        acknowledged = not asking and _acknowledged(data) is not None
        if unknown_route(reply) or (not acknowledged and self.verdict(data)[0] in {None, "unknown"}):
            raise fault
        return data


def _list(data: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = data.get(name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _items(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    return _list(data, "data")


def _errors(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the errors of a reply: a list, or the single one of an HTTP error, with its task's ID."""
    alone = data.get("error")
    if not isinstance(alone, dict):
        return _list(data, "errors")
    return [{name: data[name] for name in ("taskUUID", "taskType") if name in data} | alone, *_list(data, "errors")]


def _acknowledged(data: Mapping[str, Any]) -> str | None:
    """Return the task ID in the reply to a create call: that of an item without an error."""
    for item in _items(data):
        task_id = as_task_id(item.get("taskUUID"))
        if task_id is not None and item.get("taskType", GENERATE) == GENERATE and "error" not in item:
            return task_id
    return None


def _category(error: Mapping[str, Any]) -> str:
    return category(as_code(error.get("code")) or "")


def _said(error: Mapping[str, Any]) -> str | None:
    message, parameter = error.get("message"), error.get("parameter")
    if not isinstance(message, str):
        return None
    return f"{message} (parameter {parameter})" if isinstance(parameter, str) and parameter else message


def _reason(error: Mapping[str, Any]) -> tuple[str | None, str | None]:
    return as_code(error.get("code")), _said(error)


def _named(item: Mapping[str, Any]) -> str | None:
    """Return the task ID of an item in lower case, since replies may use either case."""
    named = as_task_id(item.get("taskUUID"))
    return None if named is None else named.casefold()


def _clips(items: list[dict[str, Any]]) -> list[Clip]:
    """Return the task's distinct clips, in order. Replies are cumulative, and may name a clip twice.

    Two items with the same ``videoUUID``, or with the same URL apart from its signature, are the same clip.
    """
    found: dict[str, Clip] = {}
    places: set[str] = set()
    for item in items:
        url = as_url(item.get("videoURL"))
        if url is None or state_of(item.get("status", "success"), STATES) != PollState.SUCCEEDED:
            continue
        place = url.partition("?")[0].partition("#")[0]
        video = as_task_id(item.get("videoUUID")) or hashlib.sha256(place.encode("utf-8", "replace")).hexdigest()[:32]
        if video in found or place in places:
            continue
        places.add(place)
        cost = as_micros(item.get("cost"))
        found[video] = Clip(
            url=url,
            file_id=video,
            seed=as_seed(item.get("seed")),
            cost_micros=cost,
            currency=None if cost is None else "USD",
        )
    return list(found.values())


def _failure(item: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the error of one result, in any of its formats; None if it has not failed."""
    error = item.get("error")
    if isinstance(error, dict):
        return error
    if isinstance(error, str):
        return {"code": item.get("code") or "error", "message": error}
    word = item.get("status")
    if isinstance(item.get("code"), str) and word is None:
        return item
    return {"code": as_written(word), **item} if state_of(word, STATES) == PollState.FAILED else None


def _ends(error: Mapping[str, Any], task: Task) -> bool:
    """Return whether a top-level error means that the task has failed, and not the query.

    A reply is about the queried task only, and real errors often don't name it. Such an error is about the query if its
    category is in :data:`ABOUT_THE_CALL`; one of unknown category ends the task if it says so.
    """
    kind, named = _category(error), _named(error)
    if named not in {None, task.task_id.casefold()} or error.get("taskType", GENERATE) != GENERATE:
        return False
    if kind == "unknown":
        failed = state_of(error.get("status"), STATES) == PollState.FAILED
        return failed or (named is not None and error.get("taskType") == GENERATE)
    return kind not in ABOUT_THE_CALL


def make(settings: Settings) -> Provider:
    """Return the provider, for the registry."""
    del settings
    return Runware()
