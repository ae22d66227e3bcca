"""Base class of providers: a table of facts, and pure functions that encode calls and decode replies.

There is no I/O here. Decoding raises only :class:`~hailuo_widgets.errors.ProviderError`, whatever the bytes are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hailuo_widgets.errors import AuthError, InsufficientCredits, InvalidRequest, Moderated, ProviderError
from hailuo_widgets.provider.messages import (
    Accepted,
    Balance,
    Cancelled,
    CancelOutcome,
    Candidates,
    Clip,
    Code,
    HttpCall,
    HttpReply,
    Poll,
    PollState,
    Results,
    Task,
)
from hailuo_widgets.provider.parse import (
    as_code,
    as_micros,
    as_object,
    as_seed,
    as_task_id,
    as_url,
    load,
    message_of,
    plain,
    same_id,
    trace_id,
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

    from hailuo_widgets.domain.callback_format import CallbackFormat
    from hailuo_widgets.domain.catalog import Facts
    from hailuo_widgets.domain.images import InputFile
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
    "PollState",
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
CANCELLED_WORDS = frozenset({"cancelled", "canceled", "cancel"})
SHOWN_BODY = 300  # characters of an unreadable reply that an error quotes


class Provider(ABC):
    """One provider. A subclass has its facts, its error codes and its wire format.

    Attributes:
        facts: Models, prices and limits.
        codes: The provider's error codes.
        default_channel: The channel of tasks that were logged without one.
        keyed_links: Whether a clip's link at the provider's own origin needs the key.
        client_ids: Whether the provider takes our own ID for a task, so that a lost reply can be recovered.
        ends: Error codes in a reply to a query that mean that the task has failed.
        states: The documented status words, in lower case, and the states that they mean.
        gone: Error codes in a reply to a query that mean that the task doesn't exist.
        refusals: HTTP statuses that, according to the documents, mean "certainly not accepted".
        cancel_only_when: The states in which a task may be cancelled, if the cancel call does harm in any other: the
            task is then queried immediately before, and the call is sent in these states alone. Empty: in any state.
        cancelled_costs: What a task costs that the provider lists as cancelled.
        callbacks: How callbacks are read; None if there are none.
    """

    facts: Facts
    codes: Mapping[str, Code]
    default_channel: str = ""
    keyed_links: bool = False
    client_ids: bool = False
    ends: frozenset[str] = frozenset()
    states: Mapping[str, str] = MappingProxyType({})
    gone: frozenset[str] = frozenset()
    refusals: frozenset[int] = REFUSALS
    cancel_only_when: frozenset[PollState] = frozenset()
    cancelled_costs: CancelOutcome = CancelOutcome.UNKNOWN
    callbacks: CallbackFormat | None = None

    @abstractmethod
    def encode_create(self, request: Request, client_uuid: str) -> HttpCall:
        """Return the call that creates (and bills) a task."""

    @abstractmethod
    def decode_create(self, reply: HttpReply, request: Request) -> Accepted:
        """Return the accepted task.

        Raises:
            ProviderError: The task was not accepted; ``error.accepted`` is None if it may have been.
        """

    @abstractmethod
    def encode_query(self, task: Task) -> HttpCall:
        """Return the call that queries a task's state."""

    @abstractmethod
    def decode_query(self, reply: HttpReply, task: Task) -> Poll:
        """Return the task's state.

        Raises:
            TaskLost: The provider doesn't know the task.
            ProviderError: The reply says nothing about the task.
        """

    def encode_link(self, task: Task, clip: Clip) -> HttpCall | None:
        """Return the call for a finished task's result, or for a link to its file; None if the poll has the link.

        ``clip`` has no link yet; its ``file_id`` is that of the poll.
        """
        del task, clip
        return None

    def link_takes_key(self, link: str, task: Task, origin: str) -> bool:
        """Return whether the download of a clip from a link at the provider's own origin is sent the key.

        The link may come from the log, and lead elsewhere than to the task's clip.
        """
        del link, task, origin
        return self.keyed_links

    def decode_link(self, reply: HttpReply, clip: Clip) -> Clip:
        """Return the clip with its link.

        Raises:
            TaskLost: The provider doesn't have the result.
            ProviderError: The reply has no link. If it says that the task has failed, the error is made by
                :meth:`task_failed`, and ends the run; after any other error the task is still finished.
        """
        raise self.unreadable(reply, f"{clip.file_id}: this provider has no link call")

    def encode_upload(self, image: InputFile) -> HttpCall | None:
        """Return the call that uploads a local file; None if the create call contains the file.

        An ``image`` is any input file: an :class:`Image`, or a :class:`Reference`, which may be a clip or a sound.
        The uploaded file's link expires soon, so each create call has an upload of its own.
        """
        del image
        return None

    def check_upload(self, reply: HttpReply, image: InputFile) -> None:
        """Check that the reply to an upload is about this file, if it names one.

        Raises:
            ProviderError: It is about another file.
        """
        del reply, image

    def decode_upload(self, reply: HttpReply) -> str:
        """Return the uploaded file's URL, for the create call."""
        raise self.unreadable(reply, "this provider has no upload call")

    def encode_cancel(self, task: Task) -> HttpCall | None:
        """Return the call that cancels a task at the provider; None if there is no such call, or not for this task."""
        del task
        return None

    def decode_cancel(self, reply: HttpReply, task: Task) -> Cancelled:
        """Return what became of a task that was to be cancelled, and of its price.

        Raises:
            ProviderError: The reply says nothing about the task: it may be cancelled or not.
        """
        del task
        raise self.unreadable(reply, "this provider has no cancel call")

    def encode_list(self, request: Request, page: int) -> HttpCall | None:
        """Return the call that lists the account's tasks, for a create call whose reply was lost; None without one.

        Args:
            request: The request whose reply was lost, for the list's own filters.
            page: The number of the page, from 1.
        """
        del request, page
        return None

    def decode_list(self, reply: HttpReply) -> Candidates:
        """Return the tasks of one page.

        Raises:
            ProviderError: The reply is no list.
        """
        raise self.unreadable(reply, "this provider has no list of tasks")

    def encode_balance(self) -> HttpCall | tuple[HttpCall, ...] | None:
        """Return the call for the account's balance; None if there is none.

        Several calls are for several kinds of keys: the key decides which of them are answered.
        """
        return None

    def decode_balance(self, reply: HttpReply) -> Balance:
        """Return the balance in one reply.

        Raises:
            ProviderError: The reply names no balance.
        """
        raise self.unreadable(reply, "this provider has no balance call")

    def results(self, request: Request) -> int:
        """Return how many clips one create call makes, each of which is a run."""
        del request
        return 1

    def channel(self, request: Request) -> str:
        """Return the name of the endpoint that will know the task; it is stored with the task."""
        del request
        return ""

    def origin_of(self, call: HttpCall, origin: str) -> str:
        """Return the origin that a call is sent to.

        A call's own ``origin`` is used only with the documented base URL. With any other base URL (a simulator's, a
        proxy's) all calls go there, so that nothing leaves the machine unexpectedly and no key reaches another host.
        """
        return call.origin if call.origin and origin == self.facts.base_url else origin

    def for_origin(self, call: HttpCall, origin: str) -> HttpCall:
        """Return a call as it is sent to an origin, if the hosts of the provider take different fields."""
        del origin
        return call

    # -- reading --------------------------------------------------------------------------------------------------

    def verdict(self, data: dict[str, Any]) -> tuple[str | None, str | None]:
        """Return a reply's error code (None for success, or if it has none) and its message (``said`` below)."""
        return None, message_of(data)

    def task_id_of(self, data: dict[str, Any]) -> str | None:
        """Return the task ID in the reply to a create call, if it has an unambiguous name."""
        return plain_task_id(data)

    def accepted(self, reply: HttpReply) -> Accepted:
        """Decode the reply to a create call. A task ID means that it was accepted, whatever else the reply contains.

        Raises:
            ProviderError: The reply has no task ID.
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
        """Return the reply's JSON object, also for an HTTP error that contains one of the provider's own codes.

        Args:
            reply: The reply.
            asking: Whether it is the reply to a query, which creates nothing; "not found" then means the task.

        Raises:
            ProviderError: The reply is any other HTTP error, or is not a JSON object.
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
        """Return the poll of a task that an error code in the reply to a query describes as failed.

        Raises:
            TaskLost: The code means that the provider doesn't know the task.
            ProviderError: The code is about the query.
        """
        error = self.in_body(code, said, reply)
        if code in self.ends:
            return Poll(state=PollState.FAILED, error=error)
        if code in self.gone:
            error = self.error(UNKNOWN_TASK, code=code, said=said, reply=reply)
        raise error

    def state(self, word: object) -> str | None:
        """Return the state that a status word means; None if the word is not understood."""
        return state_of(word, self.states)

    def under_way(self, word: object) -> Poll:
        """Return the poll of a task that has not ended; an undocumented status word is kept in ``word``."""
        state, shown = self.state(word), as_written(word)
        if str(word).strip().casefold() in self.states:
            return Poll(state=state or PollState.QUEUED)
        if state is None:
            return Poll(state=PollState.QUEUED, warning=f"a status in no document: {shown!r}", word=shown)
        return Poll(state=state, word=shown)

    def failed(self, code: str | None, said: str | None, reply: HttpReply, *, word: object = None) -> Poll:
        """Return the poll of a task that ended without a clip; an undocumented status ``word`` is kept."""
        row = self.row(code or "", said)
        if row is None or not issubclass(row.error, (Moderated, InvalidRequest)):
            row = Code(error=ProviderError, meaning="the generation failed")
        odd = isinstance(word, str) and word.strip().casefold() not in self.states
        shown = code or (as_written(word) if odd else "") or "failed"
        error = self.error(row, code=shown, said=said, reply=reply, hint=AGAIN_FREE if odd else None)
        return Poll(
            state=PollState.FAILED,
            error=error,
            word=as_written(word) if odd else None,
            cancelled=isinstance(word, str) and word.strip().casefold() in CANCELLED_WORDS,
        )

    def task_failed(self, code: str | None, said: str | None, reply: HttpReply) -> ProviderError:
        """Return the error of a task that turns out to have failed only when its result is fetched."""
        error = self.failed(code, said, reply).error or self.unreadable(reply, "the task has failed")
        error.ends_task = True
        return error

    # -- errors ---------------------------------------------------------------------------------------------------

    def error(
        self, row: Code, *, code: str, said: str | None, reply: HttpReply | None = None, hint: str | None = None
    ) -> ProviderError:
        """Return the error of a table row, with the provider's own message ``said``."""
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
            return f"check {self.facts.key_variable}; %hailuo keys says which key is used"
        if issubclass(kind, InsufficientCredits):
            return "top up, then run it again"
        return None

    def in_body(self, code: str, said: str | None, reply: HttpReply) -> ProviderError:
        """Return the error of a code in a reply's body; an unknown code may mean anything."""
        unknown = Code(error=ProviderError, meaning="an error code that is in no document", accepted=None, again=True)
        return self.error(self.row(code, said) or unknown, code=code, said=said, reply=reply)

    def row(self, code: str, said: str | None) -> Code | None:
        """Return the table row of a code, with the message taken into account; None for an undocumented code.

        Providers also report an empty account as a refused key or as too many requests. Another key or a pause does not
        help then, so the row is that of an empty account.
        """
        row = self.codes.get(code)
        return None if row is None else in_its_words(row, said)

    def http_fault(self, reply: HttpReply, *, asking: bool = False) -> ProviderError | None:
        """Return the error of a reply's HTTP status; None for 2xx. ``asking``: the call was a query."""
        status = reply.status
        if unknown_route(reply):
            return self.wrong_address(reply, asking=asking)
        if 200 <= status < 300:  # noqa: PLR2004 - the bounds of the success class
            return None
        data = as_object(reply)
        said = self.verdict(data)[1] or message_of(data) or _excerpt(reply)
        if status in {NOT_FOUND, GONE} and asking:
            row = UNKNOWN_TASK if data and no_such_task(said) else NOTHING_SAID
        elif status in HTTP_CODES:
            row = in_its_words(HTTP_CODES[status], said)
        elif 300 <= status < 400:  # noqa: PLR2004 - the bounds of the redirect class
            row = Code(
                error=ProviderError,
                meaning="the provider answered with a redirect, which is never followed",
                hint=f"if the provider has moved, set {self.facts.base_url_variable}",
            )
        elif 400 <= status < 500:  # noqa: PLR2004 - the bounds of the client-error class
            row = Code(error=ProviderError, meaning="an answer that is in no document")
        else:
            row = Code(error=ProviderError, meaning="the provider is in trouble", again=True, accepted=None)
        if status not in self.refusals and row.accepted is False:
            row = replace(row, accepted=None, fatal=False)  # a proxy may say so after the call was accepted
        return self.error(row, code=f"HTTP {status}", said=said, reply=reply)

    def checked(self, what: str, named: object, ours: str | None, reply: HttpReply) -> None:
        """Check that a reply is about the requested task or file, if it names one.

        Args:
            what: The kind of object: "task", "file".
            named: The ID in the reply.
            ours: The requested ID; None if it is not known.
            reply: The reply.

        Raises:
            ProviderError: The reply is about another one, so nothing in it is used.
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
        """Return the error of a router that doesn't know the address, so that no service has read the call.

        A create call was certainly not accepted, and no other would be. A queried task is unaffected.
        """
        data = as_object(reply)
        row = Code(
            error=InvalidRequest,
            meaning="the provider has nothing at this address, so no service has read the call",
            again=asking,
            fatal=True,
            hint=self.address_hint(),
        )
        said = message_of(data) or self.verdict(data)[1] or _excerpt(reply)
        return self.error(row, code=f"HTTP {reply.status}", said=said, reply=reply)

    def address_hint(self) -> str:
        """Return the hint if the provider doesn't know a documented address."""
        return f"check {self.facts.base_url_variable}: the documented base URL is {self.facts.base_url}"

    def unreadable(self, reply: HttpReply, why: str) -> ProviderError:
        """Return the error of a reply that can't be read; the call may have been accepted."""
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
    """Return a reply's JSON object.

    Raises:
        ProviderError: The body is not a JSON object.
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
