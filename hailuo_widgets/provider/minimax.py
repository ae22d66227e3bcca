"""MiniMax provider: the official video API in its two versions, with modes, references and templates.

V1 makes clips of the Hailuo and 01 models, V2 of the H3 models; each knows its own tasks alone. Sources of the rows in
``minimax_facts.py``: ``DOC``, the MiniMax video generation API document (the specification); ``PAGE``, MiniMax's public
pages as of 2026-07; "comfy", the price badges and time constants of ComfyUI's MiniMax node; "arcreel", a public price
comparison (ArcReel issue 674). ``minimax_v2_facts.py`` names those of its own rows. A row that one document allows and
another contradicts has a warning.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.callback_format import CallbackFormat, ids_named
from hailuo_widgets.provider.messages import CancelOutcome, PollState
from hailuo_widgets.provider.minimax_balance import CALLS, balance_of
from hailuo_widgets.provider.minimax_facts import CODES, FACTS
from hailuo_widgets.provider.minimax_files import link_of, mixed_up, upload_of
from hailuo_widgets.provider.minimax_v1 import MiniMaxV1
from hailuo_widgets.provider.minimax_v2 import CHANNEL, CREATE, MiniMaxV2
from hailuo_widgets.provider.minimax_v2_facts import CN, GLOBAL, H3, H3_MAX
from hailuo_widgets.provider.parse import as_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hailuo_widgets.domain.images import InputFile
    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.provider.interface import Accepted, Clip, HttpCall, HttpReply, Poll, Provider, Task
    from hailuo_widgets.provider.messages import Balance, Cancelled, Candidates
    from hailuo_widgets.settings.settings import Settings

__all__ = ["CODES", "FACTS", "MiniMax", "make"]

V2_MODELS = frozenset({H3, H3_MAX})
V1_NAMES = re.compile(r"hailuo|^(?:[tis]2v|video)-0", re.IGNORECASE)  # how V1's models are named
CURRENCIES = {GLOBAL: "USD", CN: "CNY"}
NO_CURRENCY = "unknown currency"


def _tasks_in(body: Any) -> Iterator[Any]:
    """Yield the task IDs in a callback: V1's ``task_id``, or the ``id`` of V2's ``task``."""
    yield from ids_named("task_id")(body)
    task = body.get("task") if isinstance(body, dict) else None
    if isinstance(task, dict) and "id" in task:
        yield task["id"]


class MiniMax(MiniMaxV1):
    """Both versions of the API: a request's model, and a task's channel, decide which one a call is of."""

    facts = FACTS
    codes = CODES
    callbacks = CallbackFormat(tasks=_tasks_in, challenge=True)  # no document describes a signature
    cancel_only_when = frozenset({PollState.QUEUED})
    cancelled_costs = CancelOutcome.FREE
    v2 = MiniMaxV2()

    def of_v2(self, request: Request) -> bool:
        """Return whether V2 makes the request's clip; V2 makes that of an unlisted model unless its name is V1's."""
        if not request.unlisted:
            return request.model in V2_MODELS
        if request.references or request.source:
            return True
        return request.subject is None and V1_NAMES.search(request.model) is None

    def channel(self, request: Request) -> str:
        """Return the endpoint that will know the task."""
        return self.v2.channel(request) if self.of_v2(request) else super().channel(request)

    def encode_create(self, request: Request, client_uuid: str) -> HttpCall:
        """Return the create call of the version that has the model."""
        of_v2 = self.of_v2(request)
        return self.v2.encode_create(request, client_uuid) if of_v2 else super().encode_create(request, client_uuid)

    def encode_upload(self, image: InputFile) -> HttpCall | None:
        """Return ``POST /v1/files/upload`` of a local reference; other pictures are data URLs."""
        return upload_of(image)

    def check_upload(self, reply: HttpReply, image: InputFile) -> None:
        """Check the reply's file name and size against the uploaded file."""
        if mixed_up(as_object(reply), image):
            self.checked("file", "another", (image.sha256 or "the uploaded one")[:32], reply)

    def decode_upload(self, reply: HttpReply) -> str:
        """Return ``mm_file://`` with the uploaded file's ID."""
        data = self.body(reply)
        link = link_of(data)
        if link is not None:
            return link
        code, said = self.verdict(data)
        if code is not None:
            raise self.in_body(code, said, reply)
        raise self.unreadable(reply, "it names no uploaded file")

    def for_origin(self, call: HttpCall, origin: str) -> HttpCall:
        """Return the call without ``aigc_watermark`` if the international create call has no such field."""
        strange = call.path == CREATE and isinstance(call.json, dict) and "aigc_watermark" in call.json
        if not strange or self.facts.region_of(origin) != GLOBAL:
            return call
        return replace(call, json={name: value for name, value in call.json.items() if name != "aigc_watermark"})

    def decode_create(self, reply: HttpReply, request: Request) -> Accepted:
        """Decode the reply: a task ID means that the request was accepted, whatever its code."""
        of_v2 = self.of_v2(request)
        return self.v2.decode_create(reply, request) if of_v2 else super().decode_create(reply, request)

    def encode_query(self, task: Task) -> HttpCall:
        """Return the query of the task's version."""
        return self.v2.encode_query(task) if task.channel == CHANNEL else super().encode_query(task)

    def decode_query(self, reply: HttpReply, task: Task) -> Poll:
        """Decode the reply to the query of the task's version."""
        return self.v2.decode_query(reply, task) if task.channel == CHANNEL else super().decode_query(reply, task)

    def encode_link(self, task: Task, clip: Clip) -> HttpCall | None:
        """Return V1's ``GET /v1/files/retrieve``; V2's query has the link."""
        return None if task.channel == CHANNEL else super().encode_link(task, clip)

    def encode_cancel(self, task: Task) -> HttpCall | None:
        """Return V2's cancel call; V1 has none."""
        return self.v2.encode_cancel(task) if task.channel == CHANNEL else None

    def decode_cancel(self, reply: HttpReply, task: Task) -> Cancelled:
        """Decode the reply to V2's cancel call."""
        return self.v2.decode_cancel(reply, task)

    def encode_list(self, request: Request, page: int) -> HttpCall | None:
        """Return V2's list; V1 has none."""
        return self.v2.encode_list(request, page) if self.of_v2(request) else None

    def decode_list(self, reply: HttpReply) -> Candidates:
        """Decode one page of V2's list."""
        return self.v2.decode_list(reply)

    def encode_balance(self) -> tuple[HttpCall, ...]:
        """Return the call for the account's money, and that for a subscription's plan."""
        return CALLS

    def _currency_at(self, origin: str) -> str:
        """Return the currency of an origin; a simulator, which has no TLS, counts in that of the default one."""
        region = self.facts.region_of(self.facts.base_url if origin.startswith("http://") else origin)
        return CURRENCIES.get(region or "", NO_CURRENCY)

    def decode_balance(self, reply: HttpReply) -> Balance:
        """Decode either reply. Its sums are in the currency of the region of the host that sent it."""
        data = self.body(reply, asking=True)
        code, said = self.verdict(data)
        found = balance_of(data, self._currency_at(reply.origin))
        if found is None:
            if code is not None:
                raise self.in_body(code, said, reply)
            raise self.unreadable(reply, "it names no balance")
        return found


def make(settings: Settings) -> Provider:
    """Return the provider, for the registry."""
    del settings
    return MiniMax()
