"""What every provider is: a table of facts, and pure functions between requests, HTTP calls, and what the answers mean.

No I/O here. Decoding raises :class:`~hailuo_widgets.errors.ProviderError` and nothing else, whatever the bytes are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hailuo_widgets.errors import AuthError, InsufficientCredits, InvalidRequest, Moderated, ProviderError
from hailuo_widgets.provider.messages import Accepted, Clip, Code, HttpCall, HttpReply, Poll, Results, Task
from hailuo_widgets.provider.parse import (
    as_code,
    as_micros,
    as_object,
    as_seed,
    as_task_id,
    as_url,
    load,
    plain,
    same_id,
    trace_id,
    words,
)
from hailuo_widgets.provider.refusal_words import wait_said
from hailuo_widgets.provider.status_codes import (
    GONE,
    HTTP_CODES,
    MIX_UP,
    NOT_FOUND,
    NOTHING_SAID,
    REFUSALS,
    UNKNOWN_TASK,
    USED_UP,
    in_its_words,
)
from hailuo_widgets.provider.task_ids import plain_task_id, task_id_beside
from hailuo_widgets.provider.task_status import as_written, state_of
from hailuo_widgets.provider.unknown_route import no_such_task, unknown_route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hailuo_widgets.domain.catalog import Facts
    from hailuo_widgets.domain.images import Image
    from hailuo_widgets.domain.request import Request

__all__ = [
    "AGAIN_FREE",
    "HTTP_CODES",
    "MIX_UP",
    "REFUSALS",
    "UNKNOWN_TASK",
    "USED_UP",
    "Accepted",
    "Clip",
    "Code",
    "HttpCall",
    "HttpReply",
    "Poll",
    "Provider",
    "Results",
    "Task",
    "as_code",
    "as_micros",
    "as_seed",
    "as_task_id",
    "as_url",
    "in_its_words",
    "read_json",
    "trace_id",
]

AGAIN_FREE = "its status is in no document and was read as an end; %hailuo retry ID asks again, for free"
SHOWN_BODY = 300  # characters of an unreadable answer that an error quotes


class Provider(ABC):
    """One gateway. A subclass holds its table of facts and its error codes, and speaks its wire format."""

    facts: Facts
    codes: Mapping[str, Code]
    default_channel: str = ""
    keyed_links: bool = False  # a clip's link at the gateway's own origin wants the key
    client_ids: bool = False  # the provider takes our own id for a task, so a lost answer can be asked for
    ends: frozenset[str] = frozenset()  # codes that, in a query's answer, are the task's own end
    states: Mapping[str, str] = MappingProxyType({})  # the documented status words, in lower case, and what they mean
    gone: frozenset[str] = frozenset()  # codes that, in a query's answer, say that there is no such task
    refusals: frozenset[int] = REFUSALS  # HTTP statuses that, by its documents, say "certainly not accepted"

    @abstractmethod
    def encode_create(self, request: Request, client_uuid: str) -> HttpCall:
        """The call that creates (and bills) a task."""

    @abstractmethod
    def decode_create(self, reply: HttpReply, request: Request) -> Accepted:
        """The task that was accepted. A ``ProviderError`` says by ``accepted`` if it may have been all the same."""

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

    def encode_upload(self, image: Image) -> HttpCall | None:
        """The call that puts a local image where the provider can read it; None where the create call carries it.

        What it returns is a link of short life, so it is made anew for each create call.
        """
        del image
        return None

    def check_upload(self, reply: HttpReply, image: Image) -> None:
        """See that an upload's answer is about this image, where it says what it is about.

        Raises:
            ProviderError: It is about another one.
        """
        del reply, image

    def decode_upload(self, reply: HttpReply) -> str:
        """The uploaded image's URL, for the create call."""
        raise self.unreadable(reply, "this provider has no upload call")

    def results(self, request: Request) -> int:
        """How many clips one create call makes, each a run of its own."""
        del request
        return 1

    def channel(self, request: Request) -> str:
        """Which of the provider's endpoints will know the task; stored with it."""
        del request
        return ""

    def origin_of(self, call: HttpCall, origin: str) -> str:
        """Where a call goes, given the gateway's origin.

        A call's own host holds at the documented gateway alone: behind any other base URL (the simulator's, a proxy's)
        the call goes there too, so that nothing leaves the machine unasked and no key reaches a stranger.
        """
        return call.origin if call.origin and origin == self.facts.base_url else origin

    # -- reading --------------------------------------------------------------------------------------------------

    def verdict(self, data: dict[str, Any]) -> tuple[str | None, str | None]:
        """An answer's error code (None where it is a yes, or says nothing) and the provider's words."""
        return None, words(data)

    def task_id_of(self, data: dict[str, Any]) -> str | None:
        """The task that a create call's answer names, under a name that says so."""
        return plain_task_id(data)

    def accepted(self, reply: HttpReply) -> Accepted:
        """What a create call's answer says: a task's id is a yes, whatever else stands there; without one its code.

        Raises:
            ProviderError: It names no task.
        """
        data = self.body(reply)
        code, said = self.verdict(data)
        task_id = self.task_id_of(data) or (task_id_beside(data) if code is None else None)
        if task_id is not None:
            warning = None if code is None else f"accepted, with code {code}: {said}"
            return Accepted(task_id=task_id, trace_id=trace_id(reply), warning=warning)
        if code is None:
            raise self.unreadable(reply, "it says success and names no task")
        raise self.in_body(code, said, reply)

    def body(self, reply: HttpReply, *, asking: bool = False) -> dict[str, Any]:
        """The answer's object. An HTTP error that carries one of the provider's own codes is read by that code.

        Args:
            reply: The answer.
            asking: It answers a query, which creates nothing: "not found" is about the task then.
        """
        fault = self.http_fault(reply, asking=asking)
        if fault is None:
            return read_json(self, reply)
        data = as_object(reply)
        if unknown_route(reply):
            raise fault
        named = not asking and self.task_id_of(data) is not None
        code, said = self.verdict(data)
        if not named and (code is None or self.row(code, said) is None):
            raise fault
        return data

    def about_task(self, code: str, said: str | None, reply: HttpReply) -> Poll:
        """What an error code in a query's answer says of the task.

        Raises:
            TaskLost: It is a code by which the provider says that it has no such task.
            ProviderError: It is about the query.
        """
        error = self.in_body(code, said, reply)
        if code in self.ends:
            return Poll(state="failed", error=error)
        if code in self.gone:
            error = self.error(UNKNOWN_TASK, code=code, said=said, reply=reply)
        raise error

    def state(self, word: object) -> str | None:
        """The state that a status word means, documented or plain; None for one that is not understood."""
        return state_of(word, self.states)

    def under_way(self, word: object) -> Poll:
        """The poll of a task that has not ended, by its word; one that no document has is told as it was written."""
        state, shown = self.state(word), as_written(word)
        if str(word).strip().casefold() in self.states:
            return Poll(state=state or "queued")
        if state is None:
            return Poll(state="queued", warning=f"a status in no document: {shown!r}", word=shown)
        return Poll(state=state, word=shown)

    def failed(self, code: str | None, said: str | None, reply: HttpReply, *, word: object = None) -> Poll:
        """The poll of a task that ended without a clip; ``word`` is its status, told where no document has it."""
        row = self.row(code or "", said)
        if row is None or not issubclass(row.error, (Moderated, InvalidRequest)):
            row = Code(error=ProviderError, meaning="the generation failed")
        odd = isinstance(word, str) and word.strip().casefold() not in self.states
        shown = code or (as_written(word) if odd else "") or "failed"
        error = self.error(row, code=shown, said=said, reply=reply, hint=AGAIN_FREE if odd else None)
        return Poll(state="failed", error=error, word=as_written(word) if odd else None)

    # -- errors ---------------------------------------------------------------------------------------------------

    def error(
        self, row: Code, *, code: str, said: str | None, reply: HttpReply | None = None, hint: str | None = None
    ) -> ProviderError:
        """The error of one table row, with the provider's own words."""
        error = row.error(
            row.meaning,
            provider=self.facts.name,
            code=plain(code),
            provider_message=plain(said or "").strip()[:SHOWN_BODY] or None,
            trace_id=trace_id(reply),
            hint=hint or row.hint or self._advice(row.error),
        )
        error.again, error.fatal, error.accepted = row.again, row.fatal, row.accepted
        error.retry_after = reply.headers.get("retry-after") or wait_said(said) if reply else None
        return error

    def _advice(self, kind: type[ProviderError]) -> str | None:
        if issubclass(kind, AuthError):
            return f"check {self.facts.name.upper()}_API_KEY; %hailuo keys says which key is used"
        if issubclass(kind, InsufficientCredits):
            return "top up, then run it again"
        return None

    def in_body(self, code: str, said: str | None, reply: HttpReply) -> ProviderError:
        """The error of a code in an answer's body; a code that no table has may mean anything."""
        unknown = Code(error=ProviderError, meaning="an error code that is in no document", accepted=None, again=True)
        return self.error(self.row(code, said) or unknown, code=code, said=said, reply=reply)

    def row(self, code: str, said: str | None) -> Code | None:
        """What a code means, its words considered; None for a code that no document has.

        An empty account is told as a refused key or as too many requests, too. Another key, or a minute, mends neither.
        """
        row = self.codes.get(code)
        return None if row is None else in_its_words(row, said)

    def http_fault(self, reply: HttpReply, *, asking: bool = False) -> ProviderError | None:
        """The error that an answer's HTTP status is; None for 2xx. ``asking``: the call was a query."""
        status = reply.status
        if unknown_route(reply):
            return self.wrong_address(reply, asking=asking)
        if 200 <= status < 300:  # noqa: PLR2004 - the bounds of the success class
            return None
        data = as_object(reply)
        said = self.verdict(data)[1] or words(data) or _excerpt(reply)
        if status in {NOT_FOUND, GONE} and asking:
            row = UNKNOWN_TASK if data and no_such_task(said) else NOTHING_SAID
        elif status in HTTP_CODES:
            row = in_its_words(HTTP_CODES[status], said)
        elif 300 <= status < 400:  # noqa: PLR2004 - the bounds of the redirect class
            row = Code(
                error=ProviderError,
                meaning="the gateway answered with a redirect, which is never followed",
                hint=f"if the gateway has moved, set {self.facts.name.upper()}_BASE_URL",
            )
        elif 400 <= status < 500:  # noqa: PLR2004 - the bounds of the client-error class
            row = Code(error=ProviderError, meaning="an answer that is in no document")
        else:
            row = Code(error=ProviderError, meaning="the gateway is in trouble", again=True, accepted=None)
        if status not in self.refusals and row.accepted is False:
            row = replace(row, accepted=None, fatal=False)  # a proxy may say so of a call that has gone through
        return self.error(row, code=f"HTTP {status}", said=said, reply=reply)

    def checked(self, what: str, named: object, ours: str | None, reply: HttpReply) -> None:
        """See that an answer is about what was asked for, where it says what it is about.

        Args:
            what: The kind of thing: a task, a file.
            named: What the answer names.
            ours: What was asked for; None where it is not known.
            reply: The answer.

        Raises:
            ProviderError: It is about another one: nothing of it is taken.
        """
        if ours is None or same_id(named, ours):
            return
        row = Code(
            error=ProviderError,
            meaning=f"the answer is about another {what} than {ours}: nothing of it is taken",
            again=True,
            accepted=None,
        )
        raise self.error(row, code=MIX_UP, said=f"{what} {as_task_id(named)}", reply=reply)

    def wrong_address(self, reply: HttpReply, *, asking: bool) -> ProviderError:
        """The error of a router that does not know the address: no service has read the call.

        A create was certainly not accepted, and no other would be. A task that was asked for is as it was.
        """
        data = as_object(reply)
        row = Code(
            error=InvalidRequest,
            meaning="the gateway has nothing at this address, so no service has read the call",
            again=asking,
            fatal=True,
            hint=self.address_hint(),
        )
        said = words(data) or self.verdict(data)[1] or _excerpt(reply)
        return self.error(row, code=f"HTTP {reply.status}", said=said, reply=reply)

    def address_hint(self) -> str:
        """What to check where the gateway does not know a documented address."""
        return f"check {self.facts.name.upper()}_BASE_URL: the documented base URL is {self.facts.base_url}"

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


def read_json(provider: Provider, reply: HttpReply) -> dict[str, Any]:
    """An answer's JSON object.

    Raises:
        ProviderError: The body is no JSON object, whatever else it is.
    """
    try:
        value = load(reply.body)
    except (ValueError, RecursionError) as e:
        why = type(e).__name__
        value = None
    else:
        why = f"a JSON {type(value).__name__} where an object was due"
    if not isinstance(value, dict):
        raise provider.unreadable(reply, why)
    return value
