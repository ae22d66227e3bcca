"""Checks of a request for a model that is in no table: only what no provider could read is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hailuo_widgets.domain.check_media import url_errors
from hailuo_widgets.domain.check_options import callback_errors, option_problems
from hailuo_widgets.domain.clip_counts import count_errors
from hailuo_widgets.domain.problem import error, text_errors, warning
from hailuo_widgets.errors import ProblemCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hailuo_widgets.domain.catalog import Facts
    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.errors import Problem

__all__ = ["check_unlisted"]


def check_unlisted(request: Request, facts: Facts) -> Iterator[Problem]:
    """Check texts, addresses, and what contradicts itself; warn that nothing else is checked."""
    yield _warning(request, facts)
    yield from text_errors("model", request.model)
    yield from text_errors("prompt", request.prompt)
    if not (request.prompt.strip() or request.inputs or request.options):
        yield error("prompt", ProblemCode.EMPTY, "there is no prompt, no picture and no option", "write a prompt")
    if request.template is not None or request.text is not None:
        name = "template" if request.template is not None else "text"
        yield error(name, ProblemCode.CONFLICT, f"{name} and an unlisted model do not go together", f"leave {name} out")
    if request.subject is not None and (request.first_frame or request.last_frame):
        yield error(
            "subject", ProblemCode.CONFLICT, "subject goes with neither first_frame nor last_frame", "leave them out"
        )
    for name, file in request.inputs:
        if file.url is not None:
            yield from url_errors(name, file.url, title=facts.title, by_id=True)
    if request.callback_url is not None:
        yield from callback_errors(request.callback_url)
    rows = {row.name: row for row in facts.options}
    yield from count_errors(request.options, rows)
    for name, value in request.options.items():
        if name in rows and (rows[name].counts or not rows[name].sent):
            yield from option_problems(rows[name], value)
        elif isinstance(value, str):
            yield from text_errors("options", value, called=f"option {name}")


def _warning(request: Request, facts: Facts) -> Problem:
    listed = facts.find_model(request.model, request.mode)
    price = "its price is not known" if request.price is None else f"its price of {request.price} is yours"
    if listed is None:
        return warning(
            "unlisted",
            ProblemCode.UNCERTAIN,
            f"model={request.model!r} is sent to {facts.title} as typed, and the request is not checked: {price}",
            "a value that the provider does not take is refused there, or ignored",
        )
    name = request.model if listed.name == request.model else f"{request.model!r} ({listed.name})"
    return warning(
        "unlisted",
        ProblemCode.UNCERTAIN,
        f"{facts.title} lists {name}, and with unlisted it is sent as typed, unchecked: {price}",
        "leave unlisted out, and the request is checked and priced",
    )
