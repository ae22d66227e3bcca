"""MiniMax's second video API (V2), which makes clips of the H3 models.

A request is a list of content items with roles. A query has the task's ID in its path and answers with one object,
``task``. HTTP statuses are real, and MiniMax's own number stands in parentheses at the end of an error's message.
There is a list of an account's tasks, and one call that cancels a queued task but deletes the record of one that has
ended. Sources: MiniMax's reference pages of create, query, list, delete and regeneration, in English and in Chinese.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hailuo_widgets.domain.request import Mode
from hailuo_widgets.errors import InvalidRequest, ProviderError
from hailuo_widgets.provider.interface import (
    UNKNOWN_TASK,
    Clip,
    Code,
    HttpCall,
    HttpReply,
    Poll,
    Task,
    as_code,
    as_task_id,
    as_url,
)
from hailuo_widgets.provider.messages import Cancelled, CancelOutcome, Candidate, Candidates, PollState
from hailuo_widgets.provider.minimax_usage import cost_of
from hailuo_widgets.provider.minimax_v1 import MiniMaxV1
from hailuo_widgets.provider.options import given, with_optimizer, with_options
from hailuo_widgets.provider.refusal_words import number_said
from hailuo_widgets.provider.task_status import as_written
from hailuo_widgets.provider.unknown_route import no_such_task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hailuo_widgets.domain.images import InputFile
    from hailuo_widgets.domain.request import Request

__all__ = ["CHANNEL", "CREATE", "MiniMaxV2"]

CHANNEL = "v2"
CREATE, REGENERATE, QUERY = "/v2/video_generation", "/v2/video_regeneration", "/v2/query/video_generation"
PAGE = 20  # tasks on one page of the list
STATES = {
    "queued": "queued",
    "running": "running",
    "succeeded": "succeeded",
    "failed": "failed",
    "cancelled": "failed",
    "expired": "failed",  # the Chinese page of the delete call has it
}
CANCELLED = Code(error=ProviderError, meaning="the task was cancelled at the provider, and is not billed")
INVALID = frozenset({"2013", "bad_request_error", "HTTP 400"})
EARLIEST, LATEST = 1_500_000_000, 10_000_000_000  # Unix seconds of a task
LONGEST = 3600  # seconds of a clip
UNLISTED = {name: name for name in ("seed", "width", "height", "fast_pretreatment")}  # the names are V1's


class MiniMaxV2(MiniMaxV1):
    """MiniMax's V2 protocol."""

    default_channel = CHANNEL
    states = STATES
    gone = frozenset()

    def channel(self, request: Request) -> str:
        """Return the one endpoint of the API."""
        del request
        return CHANNEL

    # -- create -------------------------------------------------------------------------------------------------

    def encode_create(self, request: Request, client_uuid: str) -> HttpCall:
        """Return ``POST /v2/video_generation``, or ``POST /v2/video_regeneration`` of an earlier task's clip."""
        del client_uuid
        if request.source is not None:
            body: dict[str, Any] = {"model": request.model, "source_task_id": request.source.task_id}
            body |= given(request, {"resolution": "resolution"})
        else:
            body = {"model": request.model, "content": list(_content(request))}
            body |= given(request, {"resolution": "resolution", "duration": "duration", "aspect_ratio": "ratio"})
        if request.unlisted:
            body |= given(request, UNLISTED) | ({"prompt_optimizer": True} if request.prompt_optimizer else {})
        body |= given(request, {"callback_url": "callback_url", "watermark": "aigc_watermark"})
        path = CREATE if request.source is None else REGENERATE
        options = with_optimizer(request, self.facts.of(request.model))
        return HttpCall(method="POST", path=path, json=with_options(body, options))

    # -- query --------------------------------------------------------------------------------------------------

    def encode_query(self, task: Task) -> HttpCall:
        """Return ``GET /v2/query/video_generation/{task_id}``."""
        return HttpCall(method="GET", path=f"{QUERY}/{quote(task.task_id, safe='')}")

    def decode_query(self, reply: HttpReply, task: Task) -> Poll:
        """Decode the reply. An error is about the query, except the two moderation codes, which end the task."""
        data = self.body(reply, asking=True)
        found = data.get("task")
        if not isinstance(found, dict):
            code, said = self.verdict(data)
            if code is None:
                raise self.unreadable(reply, "it has no task")
            return self.about_task(code, said, reply)
        self.checked("task", found.get("id"), task.task_id, reply)
        word = found.get("status")
        state = self.state(word)
        if state == PollState.SUCCEEDED:
            return self.finished(found, reply)
        if state == PollState.FAILED:
            return self._ended(found, reply, word)
        if not isinstance(word, str):
            raise self.unreadable(reply, "it names no status")
        return self.under_way(word)

    def about_task(self, code: str, said: str | None, reply: HttpReply) -> Poll:
        """Return the poll of a task that is withheld; a refusal as invalid that names the task means that it's gone."""
        if code in INVALID and no_such_task(said):
            raise self.error(UNKNOWN_TASK, code=code, said=said, reply=reply)
        return super().about_task(code, said, reply)

    def finished(self, data: dict[str, Any], reply: HttpReply) -> Poll:
        """Return the poll of a succeeded task; each query makes a new link."""
        clip = self.clip(data)
        if clip.url is None:
            raise self.unreadable(reply, "the provider finished the task and named no link")
        cost = cost_of(data, self.facts, self.facts.region_of(reply.origin))
        if cost is not None:
            clip = replace(clip, cost_micros=cost[0], currency=cost[1], by_list=True)
        return Poll(state=PollState.SUCCEEDED, clip=clip)

    def clip(self, data: dict[str, Any]) -> Clip:
        """Return the link in a task's ``content``."""
        content = data.get("content")
        return Clip(url=as_url(content.get("url")) if isinstance(content, dict) else None)

    def _ended(self, found: dict[str, Any], reply: HttpReply, word: object) -> Poll:
        """Return the poll of a task without a clip. Its error's code is text, or the number in its message."""
        error = found.get("error")
        code, said = (error.get("code"), error.get("message")) if isinstance(error, dict) else (None, error)
        said = said if isinstance(said, str) else None
        number = as_code(code)
        number = number_said(said) if number in {None, "0"} else number
        if number is None and as_written(word).strip().casefold() == "cancelled":
            shown = self.error(CANCELLED, code="cancelled", said=said, reply=reply)
            return Poll(state=PollState.FAILED, error=shown, cancelled=True)
        return self.failed(number, said, reply, word=word)

    def encode_link(self, task: Task, clip: Clip) -> None:
        """Return None, because the query has the link."""
        del task, clip

    # -- cancel -------------------------------------------------------------------------------------------------

    def encode_cancel(self, task: Task) -> HttpCall:
        """Return ``DELETE /v2/video_generation/{task_id}``, which deletes the record of a task that has ended."""
        return HttpCall(method="DELETE", path=f"{CREATE}/{quote(task.task_id, safe='')}")

    def decode_cancel(self, reply: HttpReply, task: Task) -> Cancelled:
        """Decode the reply: ``action`` is ``cancelled``, or ``deleted`` for a task that had ended before.

        The Chinese page spells them ``cancel`` and ``delete``. A refusal that is not about the ID means that the task
        is being made, or was cancelled before.
        """
        try:
            data = self.body(reply, asking=True)
            code, said = self.verdict(data)
            if code is not None:
                self.about_task(code, said, reply)
                raise self.in_body(code, said, reply)
        except InvalidRequest as e:
            if e.code not in INVALID:
                raise
            if no_such_task(e.provider_message):
                raise self.error(UNKNOWN_TASK, code=str(e.code), said=e.provider_message, reply=reply) from None
            return Cancelled(outcome=CancelOutcome.TOO_LATE, said=e.provider_message)
        self.checked("task", data.get("task_id"), task.task_id, reply)
        action, word = as_written(data.get("action")).casefold(), as_written(data.get("status"))
        if action in {"cancelled", "canceled", "cancel"}:
            return Cancelled(outcome=CancelOutcome.FREE, said=action)
        if action not in {"deleted", "delete"}:
            raise self.unreadable(reply, "it says neither cancelled nor deleted")
        paid = self.state(word) == PollState.SUCCEEDED
        said = f"the task had ended ({word}), and its record is deleted"
        return Cancelled(outcome=CancelOutcome.BILLED if paid else CancelOutcome.UNKNOWN, said=said)

    # -- list ---------------------------------------------------------------------------------------------------

    def encode_list(self, request: Request, page: int) -> HttpCall:
        """Return ``GET /v2/query/video_generation``: the account's tasks of the last 7 days, by model and kind."""
        params = {
            "page_num": str(page),
            "page_size": str(PAGE),
            "filter.model": request.model,
            "filter.task_type": "regeneration" if request.mode == Mode.UPSCALE else "generation",
        }
        return HttpCall(method="GET", path=QUERY, params=params)

    def decode_list(self, reply: HttpReply) -> Candidates:
        """Decode the reply: ``items`` of one page. It names no page, so a full page may have another after it."""
        data = self.body(reply, asking=True)
        code, said = self.verdict(data)
        items = data.get("items")
        if not isinstance(items, list):
            if code is None:
                raise self.unreadable(reply, "it has no items")
            raise self.in_body(code, said, reply)
        tasks = [task for item in items if isinstance(item, dict) and (task := _candidate(item)) is not None]
        return Candidates(tasks=tuple(tasks), more=len(items) >= PAGE and data.get("total") != len(items))


def _content(request: Request) -> Iterator[dict[str, Any]]:
    """Yield the content items: the prompt, then the frames or the references in their order."""
    if request.prompt.strip() or not request.unlisted:
        yield {"type": "text", "text": request.prompt}
    for frame, role in ((request.first_frame, "first_frame"), (request.last_frame, "last_frame")):
        if frame is not None:
            yield _item("image", frame, role)
    for reference in request.references:
        yield _item(reference.kind.value, reference, f"reference_{reference.kind.value}")


def _item(kind: str, file: InputFile, role: str) -> dict[str, Any]:
    return {"type": f"{kind}_url", f"{kind}_url": {"url": file.wire()}, "role": role}


def _candidate(item: dict[str, Any]) -> Candidate | None:
    """Return a task of the list; None without an ID."""
    task_id = as_task_id(item.get("id"))
    if task_id is None:
        return None
    length = item.get("duration")
    return Candidate(
        task_id=task_id,
        model=_text(item.get("model")),
        created_at=_time(item.get("created_at")),
        status=_text(item.get("status")),
        resolution=_text(item.get("resolution")),
        duration=length if isinstance(length, int) and not isinstance(length, bool) and 0 < length < LONGEST else None,
    )


def _time(value: object) -> datetime | None:
    """Return the time of Unix seconds; None if it is none of these years."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not EARLIEST <= value <= LATEST:
        return None
    return datetime.fromtimestamp(value, UTC)


def _text(value: object) -> str | None:
    return as_written(value) if isinstance(value, str) and value.strip() else None
