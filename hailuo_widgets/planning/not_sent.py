"""Warnings about what a provider's create call leaves out of a request for an unlisted model.

A provider's code sends such a request by what it knows of older models, and may have no field for a reference or a
seed. The call is written out here, with each file's URL in its place, and searched for what was given.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.problem import warning
from hailuo_widgets.errors import ProblemCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.errors import Problem
    from hailuo_widgets.provider.interface import Provider

__all__ = ["not_sent"]

VALUES = ("prompt", "duration", "resolution", "aspect_ratio", "seed", "width", "height", "callback_url")
_log = logging.getLogger(__name__)


def not_sent(request: Request, provider: Provider) -> tuple[Problem, ...]:
    """Return a warning for each argument of an unlisted model that its create call does not have; empty for others."""
    if not request.unlisted:
        return ()
    links = {name: replace(file, url=f"https://{n}.input.invalid/") for n, (name, file) in enumerate(request.inputs)}
    try:
        call = provider.encode_create(request.with_inputs(links), "00000000-0000-4000-8000-000000000000")
    except Exception:  # noqa: BLE001 - a provider of another package may raise anything; sending it tells
        _log.exception("%s: a request cannot be written", provider.facts.name)
        return ()
    body = [call.json, call.params, call.headers, call.form]
    sent = {_text(value) for value in _leaves(body)}
    given = {name: getattr(request, name) for name in VALUES} | {name: link.url for name, link in links.items()}
    missing = [name for name, value in given.items() if value not in {None, ""} and not sent & _written(value)]
    if sent & {f"{request.width}{sign}{request.height}" for sign in "x*:"}:
        missing = [name for name in missing if name not in {"width", "height"}]
    keys = set(_keys(body))
    missing += [f"options[{name!r}]" for name in request.options if name.rpartition(".")[2] not in keys]
    return tuple(
        warning(
            name.partition("[")[0],
            ProblemCode.NOT_SENT,
            f"{name}: {provider.facts.title} has no field for it in a request for an unlisted model, so it is not sent",
            "options={…} (--option NAME=VALUE) sends any field by the provider's own name",
        )
        for name in missing
    )


def _text(value: Any) -> str:
    return str(value).casefold()


def _written(value: Any) -> set[str]:
    """Return how a value may be written: as it is, or as seconds."""
    return {_text(value), f"{_text(value)}s"}


def _leaves(value: Any) -> Iterator[Any]:
    """Yield the values of JSON that hold no others."""
    inside = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else None
    if inside is None:
        yield value
        return
    for one in inside:
        yield from _leaves(one)


def _keys(value: Any) -> Iterator[str]:
    """Yield the names in JSON, at every depth; an option ``a.b`` is the field ``b`` of the object ``a``."""
    if isinstance(value, Mapping):
        for name, one in value.items():
            yield str(name)
            yield from _keys(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _keys(one)
