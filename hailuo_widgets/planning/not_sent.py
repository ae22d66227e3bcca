"""Warnings about what a provider's create call leaves out of a request for an unlisted model.

A provider's code sends such a request by what it knows of older models, and may have no field for a reference or a
seed. The call is written out here, with each file's URL in its place, and searched for what was given.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.problem import warning
from hailuo_widgets.errors import ProblemCode
from hailuo_widgets.planning.sent_fields import ADDRESS, fields_of, link_of, routes
from hailuo_widgets.planning.sent_fields import VALUES as ARGUMENTS

if TYPE_CHECKING:
    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.errors import Problem
    from hailuo_widgets.provider.interface import Provider

__all__ = ["not_sent"]

VALUES = ("prompt", *ARGUMENTS)


def not_sent(request: Request, provider: Provider) -> tuple[Problem, ...]:
    """Return a warning for each argument of an unlisted model that its create call does not have; empty for others."""
    if not request.unlisted:
        return ()
    call = fields_of(request, provider)
    if not call:
        return ()
    # What an option replaces has a field: it is looked for in the call without options too.
    kept = routes(request, provider)
    fields = [*call.items(), *fields_of(replace(request, options=kept), provider).items()]
    sent = {_text(value) for path, value in fields if path != ADDRESS}
    links = {name: link_of("", str(file.identity)) for name, file in request.inputs}
    given = {name: getattr(request, name) for name in VALUES} | links
    missing = [name for name, value in given.items() if value not in {None, ""} and not sent & _written(value)]
    if sent & {f"{request.width}{sign}{request.height}" for sign in "x*:"}:
        missing = [name for name in missing if name not in {"width", "height"}]
    keys = {name for path, _ in fields for name in path}
    own = [name for name in request.options if name not in kept]
    missing += [f"options[{name!r}]" for name in own if name.rpartition(".")[2] not in keys]
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
