"""Faults on request: what goes wrong, where, and how often.

| kind | what happens | the call was carried out |
|---|---|---|
| ``code`` | the gateway's own refusal, with ``code`` and ``message`` | no |
| ``http`` | HTTP ``status`` with ``retry_after`` seconds (a 502, or ``html=True``, is an HTML page) | no |
| ``redirect`` | HTTP 307 to ``message`` (default: elsewhere on this origin) | no |
| ``drop`` | the connection closes without an answer | no |
| ``delay`` | the call waits ``seconds``, then goes on; in phase ``callback``: the challenge comes late | yes |
| ``drop_after`` | the connection closes instead of the answer: a create is charged, its answer lost | yes |
| ``delay_after`` | the answer waits ``seconds`` | yes |
| ``malformed`` | the answer is cut in the middle of its JSON | yes |
| ``html`` | the answer is an HTML page with status 200 | yes |
| ``missing_task_id`` | the answer lacks its task id | yes |
| ``stuck`` | create: the task never finishes | yes |
| ``fail`` | create: the task ends in failure, with ``code`` and ``message`` | yes |
| ``forget`` | create: the gateway answers, and later does not know the task | yes |
| ``expired`` | query, retrieve: the link that is handed out has expired; download: HTTP 403 | yes |
| ``word`` | query, not in MiniMax V1's shape nor KIE's own: an unfinished task has ``message`` for its status | yes |
| ``truncate`` | download: the connection closes after half of the bytes | yes |
"""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROVIDERS = ("minimax", "kie", "kkiai", "pixazo", "runware", "fal", "replicate", "relay")
WITH_WORDS = ("runware", "fal", "replicate", "relay")  # their codes may be words
PHASES = ("create", "query", "list", "retrieve", "cancel", "download", "upload", "account", "callback")
BEFORE = ("code", "http", "redirect", "drop", "delay")
AFTER = ("drop_after", "delay_after", "malformed", "html", "missing_task_id")
WITHIN = ("stuck", "fail", "forget", "expired", "truncate", "word")
KINDS = (*BEFORE, *AFTER, *WITHIN)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        kind: What happens; the module's table has them all.
        provider: Which gateway, ``*`` for any.
        phase: Which kind of call, ``*`` for any.
        times: How many calls it befalls; ``None`` is every one from then on.
        after: How many matching calls are spared first.
        code: The gateway's own code, for ``code`` and ``fail``.
        message: The sentence that goes with it.
        status: The HTTP status of ``http``.
        retry_after: Value of the ``Retry-After`` header; ``None`` sends none.
        seconds: How long ``delay`` and ``delay_after`` wait.
        html: Whether ``http`` answers with an HTML page.
    """

    kind: str
    provider: str = "*"
    phase: str = "*"
    times: int | None = 1
    after: int = 0
    code: str | int | None = None
    message: str = ""
    status: int = 500
    retry_after: float | None = None
    seconds: float = 1.0
    html: bool = False

    def __post_init__(self) -> None:
        """Refuse a fault that would never happen."""
        for name, allowed in (("kind", KINDS), ("provider", ("*", *PROVIDERS)), ("phase", ("*", *PHASES))):
            if getattr(self, name) not in allowed:
                raise ValueError(f"fault {name}={getattr(self, name)!r}: allowed are {', '.join(allowed)}")
        words = self.provider in WITH_WORDS
        if self.kind == "code" and not words and not str(self.code or "").lstrip("-").isdigit():
            have = ", ".join(WITH_WORDS)
            raise ValueError(f"fault code={self.code!r}: a {self.provider} code is an integer; only {have} have words")

    @classmethod
    def parse(cls, value: Fault | Mapping[str, Any]) -> Fault:
        """Return a fault from its fields, as the control endpoint gets them.

        Raises:
            ValueError: A field is unknown or has no meaning.
        """
        if isinstance(value, Fault):
            return value
        known = {item.name for item in fields(cls)}
        if unknown := sorted(set(value) - known):
            raise ValueError(f"fault fields {unknown!r}: allowed are {', '.join(sorted(known))}")
        if "kind" not in value:
            raise ValueError(f"a fault needs its kind: one of {', '.join(KINDS)}")
        return cls(**value)

    def meets(self, provider: str, phase: str) -> bool:
        """Return whether a call of that gateway and phase is one that this fault befalls."""
        return self.provider in ("*", provider) and self.phase in ("*", phase)


@dataclass(kw_only=True)
class _Armed:
    fault: Fault
    seen: int = 0
    happened: int = 0

    def strike(self) -> bool:
        self.seen += 1
        if self.seen <= self.fault.after or (self.fault.times is not None and self.happened >= self.fault.times):
            return False
        self.happened += 1
        return True


class FaultBox:
    """The faults that wait for their calls. Safe for several threads."""

    def __init__(self, faults: Sequence[Fault | Mapping[str, Any]] = ()) -> None:
        self._lock = threading.Lock()
        self._armed = [_Armed(fault=Fault.parse(item)) for item in faults]

    def add(self, *faults: Fault | Mapping[str, Any]) -> None:
        """Arm more faults; all are parsed before any is armed."""
        armed = [_Armed(fault=Fault.parse(item)) for item in faults]
        with self._lock:
            self._armed.extend(armed)

    def clear(self) -> None:
        """Disarm all faults."""
        with self._lock:
            self._armed.clear()

    def take(self, provider: str, phase: str) -> Fault | None:
        """Return the fault that befalls a call, the first armed that is due; the call counts for every one it meets."""
        with self._lock:
            struck = None
            for armed in self._armed:
                if armed.fault.meets(provider, phase):
                    if struck is None:
                        struck = armed.fault if armed.strike() else None
                    else:
                        armed.seen += 1
            return struck

    def describe(self) -> list[dict[str, Any]]:
        """Return the armed faults as JSON values, with how often each has happened."""
        with self._lock:
            return [{**asdict(item.fault), "seen": item.seen, "happened": item.happened} for item in self._armed]
