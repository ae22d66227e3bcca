"""What every provider is: a table of facts, and pure functions between requests, HTTP calls, and what the answers mean.

No I/O here. Decoding raises :class:`~hailuo_widgets.errors.ProviderError` and nothing else, whatever the bytes are.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hailuo_widgets.errors import (
    AuthError,
    InsufficientCredits,
    InvalidRequest,
    ProviderError,
    RateLimited,
    TaskLost,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hailuo_widgets.domain.catalog import Facts
    from hailuo_widgets.domain.request import Request

__all__ = ["Accepted", "Clip", "Code", "HttpCall", "HttpReply", "Poll", "Provider", "Task", "as_task_id", "read_json"]

SHOWN_BODY = 300  # characters of an unreadable answer that an error quotes
TASK_ID = re.compile(r"[\w.:-]{1,256}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class HttpCall:
    """One call to make. ``path`` begins at the provider's origin; the key is added by the HTTP floor, never here."""

    method: str
    path: str
    json: Any = None
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class HttpReply:
    """One answer: its status, its headers by lower-case names, its whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Task:
    """What it takes to ask for a task again."""

    task_id: str
    channel: str = ""
    result_index: int = 0


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """A create call's yes."""

    task_id: str
    trace_id: str | None = None
    warning: str | None = None


@dataclass(frozen=True, kw_only=True)
class Clip:
    """Where a finished clip is to be had, and what the provider says of it."""

    url: str | None = None
    backup_url: str | None = None
    file_id: str | None = None
    seed: int | None = None
    cost_micros: int | None = None
    currency: str | None = None


@dataclass(frozen=True, kw_only=True)
class Poll:
    """A task's state: ``queued``, ``running``, ``succeeded`` (then with its clip) or ``failed`` (then with the error)."""

    state: str
    clip: Clip | None = None
    error: ProviderError | None = None
    warning: str | None = None


@dataclass(frozen=True, kw_only=True)
class Code:
    """One row of a provider's table of error codes.

    ``accepted`` is what it says of a create call: False is "certainly not accepted", None "cannot be told".
    ``again``: the same call may succeed later. ``fatal``: every further create would meet it too.
    """

    error: type[ProviderError]
    meaning: str
    again: bool = False
    fatal: bool = False
    accepted: bool | None = False
    hint: str | None = None


HTTP_CODES: Mapping[int, Code] = {
    400: Code(error=InvalidRequest, meaning="the request was refused as invalid"),
    401: Code(error=AuthError, meaning="the key was refused", fatal=True),
    402: Code(error=InsufficientCredits, meaning="the account is out of credits", fatal=True),
    403: Code(error=AuthError, meaning="the key may not use this", fatal=True),
    404: Code(error=TaskLost, meaning="not found"),
    413: Code(error=InvalidRequest, meaning="the request is too large"),
    422: Code(error=InvalidRequest, meaning="the request was refused as invalid"),
    429: Code(error=RateLimited, meaning="too many requests", again=True),
}
_DOUBTFUL_4XX = frozenset({408, 409, 425})


class Provider(ABC):
    """One gateway. A subclass holds its table of facts and its error codes, and speaks its wire format."""

    facts: Facts
    codes: Mapping[str, Code]
    client_ids: bool = False  # the provider takes our own id for a task, so a lost answer can be asked for

    @abstractmethod
    def encode_create(self, request: Request, client_uuid: str) -> HttpCall:
        """The call that creates (and bills) a task."""

    @abstractmethod
    def decode_create(self, reply: HttpReply, request: Request) -> Accepted:
        """The task that was accepted. A ``ProviderError`` says by its ``accepted`` whether it may have been all the same."""

    @abstractmethod
    def encode_query(self, task: Task) -> HttpCall:
        """The call that asks for a task's state."""

    @abstractmethod
    def decode_query(self, reply: HttpReply, task: Task) -> Poll:
        """The task's state. A ``ProviderError`` means that the answer tells nothing of the task."""

    def encode_link(self, task: Task, clip: Clip) -> HttpCall | None:
        """The call that makes a download link of a finished task's file; None where the poll brings the link itself."""
        del task, clip
        return None

    def decode_link(self, reply: HttpReply, clip: Clip) -> Clip:
        """The clip with its link."""
        raise self.unreadable(reply, f"{clip.file_id}: this provider has no link call")

    def channel(self, request: Request) -> str:
        """Which of the provider's endpoints will know the task; stored with it."""
        del request
        return ""

    # -- errors ---------------------------------------------------------------------------------------------------

    def error(
        self, row: Code, *, code: str, said: str | None, reply: HttpReply | None = None, hint: str | None = None
    ) -> ProviderError:
        """The error of one table row, with the provider's own words."""
        error = row.error(
            row.meaning,
            provider=self.facts.name,
            code=code,
            provider_message=(said or "").strip()[:SHOWN_BODY] or None,
            trace_id=trace_id(reply),
            hint=hint or row.hint,
        )
        error.again, error.fatal, error.accepted = row.again, row.fatal, row.accepted
        return error

    def in_body(self, code: object, said: str | None, reply: HttpReply) -> ProviderError:
        """The error of a code in an answer's body; a code that no table has may mean anything."""
        unknown = Code(error=ProviderError, meaning="an error code that is in no document", accepted=None, again=True)
        return self.error(self.codes.get(str(code), unknown), code=str(code), said=said, reply=reply)

    def http_fault(self, reply: HttpReply, said: str | None = None) -> ProviderError | None:
        """The error that an answer's HTTP status is; None for 2xx."""
        status = reply.status
        if 200 <= status < 300:  # noqa: PLR2004 - the bounds of the success class
            return None
        said = said or _excerpt(reply)
        if status in HTTP_CODES:
            row = HTTP_CODES[status]
        elif 300 <= status < 400:  # noqa: PLR2004 - the bounds of the redirect class
            row = Code(
                error=ProviderError,
                meaning="the gateway answered with a redirect, which is never followed",
                hint=f"if the gateway has moved, set {self.facts.name.upper()}_BASE_URL",
            )
        elif 400 <= status < 500 and status not in _DOUBTFUL_4XX:  # noqa: PLR2004 - the bounds of the client-error class
            row = Code(error=InvalidRequest, meaning="the request was refused")
        else:
            row = Code(error=ProviderError, meaning="the gateway is in trouble", again=True, accepted=None)
        error = self.error(row, code=f"HTTP {status}", said=said, reply=reply)
        error.retry_after = reply.headers.get("retry-after")
        return error

    def unreadable(self, reply: HttpReply, why: str) -> ProviderError:
        """The error of an answer that cannot be understood: it may hide a yes."""
        kind = reply.headers.get("content-type", "no content type")
        row = Code(error=ProviderError, meaning=f"the answer cannot be read: {why} ({kind})", again=True, accepted=None)
        if "html" in kind:
            row = Code(
                error=ProviderError,
                meaning="got text/html where JSON was due: a proxy or an error page answered",
                again=True,
                accepted=None,
                hint="check the network, its proxy, and the base URL",
            )
        return self.error(row, code=f"HTTP {reply.status}", said=_excerpt(reply), reply=reply)


def _excerpt(reply: HttpReply) -> str:
    return reply.body[: 4 * SHOWN_BODY].decode("utf-8", "replace")[:SHOWN_BODY]


def trace_id(reply: HttpReply | None) -> str | None:
    """The provider's id of a call, from its headers."""
    if reply is None:
        return None
    for name in ("trace-id", "trace_id", "x-request-id"):
        if value := reply.headers.get(name):
            return value[:128]
    return None


def read_json(provider: Provider, reply: HttpReply) -> dict[str, Any]:
    """An answer's JSON object.

    Raises:
        ProviderError: The body is no JSON object, whatever else it is.
    """
    try:
        # utf-8-sig: a byte-order mark before good JSON is no reason to doubt a paid answer.
        value = json.loads(reply.body.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as e:
        why = type(e).__name__
        value = None
    else:
        why = f"a JSON {type(value).__name__} where an object was due"
    if not isinstance(value, dict):
        raise provider.unreadable(reply, why)
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def as_task_id(value: object) -> str | None:
    """A task id as text, or None for anything that cannot be one (empty, too long, odd characters)."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    try:
        text = str(value)
    except ValueError:  # an int of thousands of digits
        return None
    return text if TASK_ID.fullmatch(text) else None
