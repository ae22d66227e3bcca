"""Search for the task ID in the reply to a create call.

A task without its ID is paid for and lost. Each provider's document names one place for it; relays, and the providers'
newer APIs, use others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hailuo_widgets.provider.messages import PollState
from hailuo_widgets.provider.parse import as_code, as_task_id
from hailuo_widgets.provider.task_status import state_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["asked_by_request_id", "plain_task_id", "task_id_beside"]

_INSIDE = ("data", "task", "output", "result", "response")
_NAMES = ("task_id", "taskId", "taskID", "task_uuid", "taskUUID", "recordId", "job_id", "jobId", "generation_id")
_POLLED_AT = ("polling_url", "status_url", "response_url", "query_url")
_YES = frozenset({"0", "200", "201", "202", "success", "ok"})
_KINDS = frozenset({"video", "task", "video.generation"})
_DEPTH = 3


def plain_task_id(data: dict[str, Any]) -> str | None:
    """Return the ID under an unambiguous name, outermost first."""
    for layer in _layers(data):
        for name in _NAMES:
            if (found := as_task_id(layer.get(name))) is not None:
                return found
    return None


def task_id_beside(data: dict[str, Any]) -> str | None:
    """Return the ID under an ambiguous name, if the fields beside it show that it is a task's.

    In an error, ``id`` or ``request_id`` is the call's, so nothing is taken from a reply with an error.
    """
    if data.get("error") or data.get("errors") or str(data.get("code") or 0).casefold() not in _YES:
        return None
    for layer in _layers(data):
        word = layer.get("status", layer.get("state"))
        going = word is None or state_of(word, {}) != PollState.FAILED
        a_task = isinstance(word, str) or as_code(layer.get("object")) in _KINDS
        alone = set(layer) <= {"id", "object", "model", "created", "created_at", "progress"}
        if going and (a_task or alone or layer is not data) and (found := as_task_id(layer.get("id"))) is not None:
            return found
        found = asked_by_request_id(layer)
        if going and found is not None:
            return found
    inner = data.get("data")
    return as_task_id(inner) if isinstance(inner, str) else None


def asked_by_request_id(layer: dict[str, Any]) -> str | None:
    """Return a ``request_id`` that identifies a task: one beside a status or a polling address."""
    at = any(isinstance(layer.get(name), str) for name in _POLLED_AT)
    known = isinstance(layer.get("status"), str)
    found = layer.get("request_id", layer.get("requestId"))
    return as_task_id(found) if at or known else None


def _layers(data: dict[str, Any], depth: int = _DEPTH) -> Iterator[dict[str, Any]]:
    yield data
    if depth:
        for name in _INSIDE:
            inner = data.get(name)
            if isinstance(inner, list) and len(inner) == 1:
                inner = inner[0]
            if isinstance(inner, dict):
                yield from _layers(inner, depth - 1)
