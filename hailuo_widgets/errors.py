"""Error classes that users can meet, and the problems of a request.

::

    HailuoError
    ├── UsageError (also ValueError)   a wrong option, value or name; nothing was sent
    ├── BudgetExceeded                 the next create would pass the budget; it was not sent
    ├── MissingKey                     live mode and no key for the provider; nothing was sent
    ├── ProviderError                  the provider answered, and the answer was no or unreadable
    │   ├── AuthError                  the key was refused
    │   ├── InsufficientCredits        the account is empty
    │   ├── RateLimited                too many requests or tasks
    │   ├── Moderated                  the prompt, an image or the result was refused for its content
    │   ├── InvalidRequest             the provider refused a parameter
    │   └── TaskLost                   the provider does not know the task, or its video expired
    ├── TransportError                 the provider could not be reached
    ├── Unconfirmed                    the create call's answer was lost: it may have been billed
    ├── Cancelled                      the run was cancelled here, and perhaps at the provider
    ├── Skipped                        the run was never sent: something before it stopped the sweep
    ├── DownloadError                  the clip exists, but could not be brought here
    └── StoreError                     the run log cannot be read or written

Each error has a message, the provider's own code, message and trace ID, the run, and a hint on what to do next.
"""

from __future__ import annotations

import contextlib
import difflib
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from hailuo_widgets.redaction.passwords import without_passwords
from hailuo_widgets.redaction.redact import redact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = [
    "AuthError",
    "BudgetExceeded",
    "Cancelled",
    "DownloadError",
    "HailuoError",
    "InsufficientCredits",
    "InvalidRequest",
    "MissingKey",
    "Moderated",
    "Problem",
    "ProblemCode",
    "ProviderError",
    "RateLimited",
    "Reason",
    "Severity",
    "Skipped",
    "StoreError",
    "TaskLost",
    "TransportError",
    "Unconfirmed",
    "UsageError",
    "about",
    "as_detail",
    "from_detail",
    "nearest",
]


class Reason(StrEnum):
    """The reason of an error that code reacts to. Messages are for people only, and may be reworded."""

    CONFIRMATION_NEEDED = "confirmation_needed"  # more runs, or more money, than is sent unasked
    PLAN_CHANGED = "plan_changed"  # other runs, or another price, than were shown
    ALREADY_SENT = "already_sent"  # this press of the button was sent before


class Severity(StrEnum):
    """Whether a problem stops the request."""

    ERROR = "error"  # nothing is sent
    WARNING = "warning"  # it is shown, and the request is sent


class ProblemCode(StrEnum):
    """The kind of a problem."""

    INVALID = "invalid"  # any other wrong value
    MISSING = "missing"  # a needed argument is not given
    EMPTY = "empty"  # the text is empty or too short
    TOO_LONG = "too_long"
    TOO_LARGE = "too_large"
    TOO_SMALL = "too_small"
    UNREADABLE = "unreadable"  # characters that cannot be sent
    UNKNOWN = "unknown"  # no model, template or option has this name
    NOT_ALLOWED = "not_allowed"  # a value that is not among the allowed ones
    UNSUPPORTED = "unsupported"  # the provider or the model has no such argument
    CONFLICT = "conflict"  # it cannot be given together with another argument
    NOT_SENT = "not_sent"  # it is logged, and not sent
    UNCERTAIN = "uncertain"  # documents disagree, or say nothing
    SUSPECT = "suspect"  # it is probably not what was meant
    BUDGET = "budget"  # the budget does not cover all runs


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One wrong or doubtful argument of a request.

    Attributes:
        argument: The argument's name as in Python ("first_frame"); "" if it is of no single one.
        code: The kind of problem.
        message: What is wrong, with the value and what is allowed.
        hint: What to do next; "" if there is nothing to say.
        severity: Whether it stops the request.
        runs: In how many runs of a sweep it was found.
    """

    argument: str
    code: ProblemCode
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR
    runs: int = 1

    def __str__(self) -> str:
        return f"{self.message}\n→ {self.hint}" if self.hint else self.message


class HailuoError(Exception):
    """The root of all errors of this package.

    Args:
        message: What happened, as a sentence.
        provider: The provider that it happened at.
        code: The provider's own code (or ``HTTP 502``), as text.
        provider_message: The provider's own message.
        trace_id: The provider's ID of the call, for its support desk.
        run_id: The run that it happened to.
        hint: What to do next, as a sentence.
        reason: The reason, if code reacts to it. (``code`` is the provider's.)
    """

    reason: Reason | None = None

    def __init__(
        self,
        message: str,
        *,
        provider: str | None = None,
        code: str | None = None,
        provider_message: str | None = None,
        trace_id: str | None = None,
        run_id: str | None = None,
        hint: str | None = None,
        reason: Reason | None = None,
    ) -> None:
        message = without_passwords(message)
        super().__init__(message)
        self.message = message
        self.provider = provider
        self.code = code
        self.provider_message = without_passwords(provider_message) if isinstance(provider_message, str) else None
        self.trace_id = trace_id
        self.run_id = run_id
        self.hint = without_passwords(hint) if isinstance(hint, str) else None
        if reason is not None:
            self.reason = reason

    def __str__(self) -> str:
        return f"{self.told()}\n→ {self.hint}" if self.hint else self.told()

    def told(self) -> str:
        """Return the message with the provider, its code and message, the trace ID and the run; without the hint."""
        where = f"{self.provider}: " if self.provider and not self.message.startswith(self.provider) else ""
        details = [
            f"code {self.code}" if self.code else "",
            f"{self.provider_message!r}" if self.provider_message else "",
            f"trace id {self.trace_id}" if self.trace_id else "",
            f"run {self.run_id}" if self.run_id else "",
        ]
        inside = ", ".join(d for d in details if d)
        return f"{where}{self.message}" + (f" ({inside})" if inside else "")

    def _render_traceback_(self) -> list[str]:
        # IPython shows this instead of a traceback, which would not help to solve a provider's error.
        return [f"{type(self).__name__}: {self}"]

    def __reduce__(self) -> tuple[Any, ...]:
        # The keyword arguments are in __dict__, which pickle and copy restore after calling the constructor.
        return (type(self), (self.message,), self.__dict__)

    def detail(self) -> dict[str, str]:
        """Return the fields that are set, as plain text for the log."""
        names = ("message", "provider", "code", "provider_message", "trace_id", "run_id", "hint")
        return {name: str(value) for name in names if (value := getattr(self, name)) is not None}


class UsageError(HailuoError, ValueError):
    """A wrong option, value or name. Nothing was sent.

    Args:
        message: What is wrong; of several problems, all of them.
        argument: The name of the argument that the message is about, if it is about one.
        problems: What is wrong, one by one; by default the message and the hint are the only problem.
        checked: How many runs of a sweep were checked.
        fields: Those of :class:`HailuoError`.
    """

    def __init__(
        self, message: str, *, argument: str = "", problems: Iterable[Problem] = (), checked: int = 1, **fields: Any
    ) -> None:
        super().__init__(message, **fields)
        given = tuple(problems) or (
            Problem(argument=argument, code=ProblemCode.INVALID, message=self.message, hint=self.hint or ""),
        )
        self.problems = tuple(
            replace(p, message=without_passwords(p.message), hint=without_passwords(p.hint)) for p in given
        )
        self.checked = checked


class BudgetExceeded(HailuoError):
    """The next create call would pass the budget. It was not sent."""


class MissingKey(HailuoError):
    """Live mode was asked for and the provider's key is not set. Nothing was sent."""


class ProviderError(HailuoError):
    """The provider answered, and the answer was no, or could not be read.

    Attributes:
        accepted: Whether a create call with this error may have been accepted: False means certainly not, None means
            unknown.
        again: Whether the same call may succeed later.
        fatal: Whether every further create call would fail too.
        retry_after: The reply's ``Retry-After`` header, unchanged.
        ends_task: Whether the task itself has failed, although the provider had reported it as finished.
    """

    accepted: bool | None = False
    again: bool = False
    fatal: bool = False
    retry_after: str | None = None
    ends_task: bool = False


class AuthError(ProviderError):
    """The provider refused the key."""


class InsufficientCredits(ProviderError):
    """The account at the provider is empty, or its plan is used up."""


class RateLimited(ProviderError):
    """The provider refused the call because of too many requests or too many tasks in progress."""


class Moderated(ProviderError):
    """The provider refused the prompt, an image, or the finished clip for its content."""


class InvalidRequest(ProviderError):
    """The provider refused a parameter of the request."""


class TaskLost(ProviderError):
    """The provider does not know the task, or its video has expired. Asking again is free."""


class TransportError(HailuoError):
    """The provider could not be reached.

    Args:
        sent: False if the request certainly was not sent; None if the provider may have it.

    Attributes:
        again: Whether the same call may succeed later.
        stalled: Whether the connection was open, but nothing arrived for too long.
    """

    again: bool = True
    stalled: bool = False

    def __init__(self, message: str, *, sent: bool | None = False, **fields: Any) -> None:
        super().__init__(message, **fields)
        self.sent = sent


class Unconfirmed(HailuoError):
    """The reply to the create call was lost; it may have been accepted and billed. It is never sent again by itself."""


class Cancelled(HailuoError):
    """The run is no longer followed. It says whether the provider has cancelled the task, or may still bill it."""


class Skipped(HailuoError):
    """The run was not sent, because a budget or an earlier fatal error stopped its sweep."""


class DownloadError(HailuoError):
    """The clip exists at the provider, but could not be downloaded. Retrying the download is free.

    Args:
        dead_link: Whether the link is expired or wrong, so that a new one may help.
        later: Whether the server doesn't have the clip yet or can't send it now, so that the same link may work later.
    """

    def __init__(self, message: str, *, dead_link: bool = False, later: bool = False, **fields: Any) -> None:
        super().__init__(message, **fields)
        self.dead_link = dead_link
        self.later = later


class StoreError(HailuoError):
    """The run log cannot be read or written: locked, newer, damaged, or its disk is full.

    Attributes:
        closed: Whether the session was closed, so that no later try can succeed.
        astray: Whether the run's row in the log is not as the follower of the run had left it.
    """

    closed: bool = False
    astray: bool = False


@contextlib.contextmanager
def about(argument: str) -> Iterator[None]:
    """Name the argument of each :class:`UsageError` raised inside that names none."""
    try:
        yield
    except UsageError as error:
        error.problems = tuple(p if p.argument else replace(p, argument=argument) for p in error.problems)
        raise


_OURS = {  # providers' words, and other tools'
    "ratio": "aspect_ratio",
    "aspectratio": "aspect_ratio",
    "seconds": "duration",
    "length": "duration",
    "size": "resolution",
    "first_frame_image": "first_frame",
    "last_frame_image": "last_frame",
    "image": "first_frame",
    "optimizer": "optimize",
    "references": "reference",
}


def nearest(word: str, allowed: Iterable[str]) -> str | None:
    """Return the allowed spelling nearest to ``word``, in any case; None if nothing is near.

    A provider's own word for an argument counts as ours.
    """
    by_folded = {a.casefold(): a for a in allowed}
    ours = _OURS.get(word.casefold().lstrip("-"), "")
    for meant in (ours, f"--{ours.replace('_', '-')}"):
        if meant in by_folded:
            return by_folded[meant]
    near = difflib.get_close_matches(word.casefold(), list(by_folded), n=1, cutoff=0.6)
    return by_folded[near[0]] if near else None


def as_detail(error: HailuoError, run_id: str) -> dict[str, str]:
    """The error as text fields for the log, without keys and signatures; ``kind`` is the name of its class."""
    return {"kind": type(error).__name__, **{k: redact(v) for k, v in error.detail().items()}, "run_id": run_id}


def from_detail(detail: Mapping[str, str] | None, status: str) -> HailuoError | None:
    """The error of a run from its fields in the log; None if there are none.

    Args:
        detail: The fields, as :func:`as_detail` makes them.
        status: The run's status, which stands for a message that is missing.
    """
    if detail is None:
        return None
    found = globals().get(detail.get("kind", ""))
    kind = found if isinstance(found, type) and issubclass(found, HailuoError) else HailuoError
    fields: dict[str, Any] = {k: v for k, v in detail.items() if k not in {"kind", "message"}}
    return kind(detail.get("message", status), **fields)
