"""Format of a provider's callbacks: the task that a callback names, its challenge and its signature."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hailuo_widgets.redaction.secret import Secret

__all__ = ["OWN_TOKEN", "Callback", "CallbackCheck", "CallbackFormat", "ids_named"]

OWN_TOKEN = "made"  # noqa: S105 - the word for a secret that is generated here
_INSIDE = ("data", "errors", "task", "payload")


@dataclass(frozen=True, kw_only=True)
class Callback:
    """One received POST: headers by lower-case name, query, body, and arrival time in Unix seconds."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    at: float


class CallbackCheck(StrEnum):
    """The result of checking a callback's signature."""

    GOOD = "good"
    MISSING = "no signature"
    EXPIRED = "expired"  # signed too long ago, or in the future
    FORGED = "forged"  # the signature is wrong


@dataclass(frozen=True, kw_only=True)
class CallbackFormat:
    """How a provider's callbacks are read. Nothing but the task IDs and the challenge is used.

    Attributes:
        tasks: Yields the task IDs in a JSON body, which may be any value; :func:`ids_named` makes one.
        challenge: Whether the provider first sends a ``challenge`` that must be repeated.
        secret: The source of the secret for ``check``: the name of an environment variable, :data:`OWN_TOKEN` for one
            that is generated here and given as ``token`` in the query of the callback address, "" for none.
        check: Checks that the provider sent the callback about this task ID ("" if it names none); None if its
            documents describe no check.
    """

    tasks: Callable[[Any], Iterator[Any]]
    challenge: bool = False
    secret: str = ""
    check: Callable[[Callback, str, Secret], CallbackCheck] | None = None


def ids_named(*names: str) -> Callable[[Any], Iterator[Any]]:
    """Return a function that yields the values under these names in a body, and in the objects right inside it."""
    return partial(_named, names)


def _named(names: tuple[str, ...], body: Any) -> Iterator[Any]:
    return (layer[name] for layer in _layers(body) for name in names if name in layer)


def _layers(body: Any) -> Iterator[dict[str, Any]]:
    if isinstance(body, dict):
        yield body
        for name in _INSIDE:
            inner = body.get(name)
            for item in inner if isinstance(inner, list) else [inner]:
                if isinstance(item, dict):
                    yield item
