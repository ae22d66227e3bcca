"""Check that no option silently replaces an argument in the create call.

The option would win, while the plan, the card and the run log show the argument.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hailuo_widgets.domain.problem import error, warning
from hailuo_widgets.domain.user_values import shown
from hailuo_widgets.errors import ProblemCode, Severity, UsageError
from hailuo_widgets.planning.sent_fields import overwritten_fields, replaced_fields

if TYPE_CHECKING:
    from collections.abc import Collection

    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.errors import Problem
    from hailuo_widgets.planning.sent_fields import Replaced
    from hailuo_widgets.provider.interface import Provider

__all__ = ["option_conflicts"]

ALWAYS = frozenset({"prompt", "model"})  # what a run is told apart by
BILLED = frozenset({"duration", "resolution"})  # what a price may depend on


def option_conflicts(
    request: Request, provider: Provider, *, given: Collection[str], priced: bool
) -> tuple[Problem, ...]:
    """Return a warning for each default that an option replaces in the create call.

    Args:
        request: The request.
        provider: Its provider.
        given: The names of the arguments that were given; others have their defaults.
        priced: Whether the request has a list price, which is that of its arguments.

    Raises:
        UsageError: An option replaces a field that the provider's code needs, an argument that was given, or a default
            on which the list price rests.
    """
    found: dict[tuple[str, str], Problem] = {
        ("options", name): error(
            "options",
            ProblemCode.CONFLICT,
            f"options[{name!r}]={shown(request.options[name])} replaces a field that each request needs as it is",
            f"leave options[{name!r}] (--option {name}=…) out",
        )
        for name in overwritten_fields(request, provider)
    }
    for one in replaced_fields(request, provider):
        refused = one.argument in given or one.argument in ALWAYS
        made = _both(request, one) if refused else _default(request, one, priced=priced and not request.unlisted)
        found.setdefault((one.argument, one.option), made)
    errors = [p for p in found.values() if p.severity == Severity.ERROR]
    if errors:
        raise UsageError(
            "\n".join(p.message for p in errors),
            problems=errors,
            provider=provider.facts.name,
            hint="\n→ ".join(dict.fromkeys(p.hint for p in errors)),
        )
    return tuple(found.values())


def _both(request: Request, one: Replaced) -> Problem:
    option, value = f"options[{one.option!r}]", request.options[one.option]
    own = getattr(request, one.argument)
    ours = f"{one.argument}={shown(own)}" if isinstance(own, (str, int)) else one.argument
    return error(
        "options",
        ProblemCode.CONFLICT,
        f"{ours} and {option}={shown(value)} are the same field of the request: give one",
        f"leave {option} (--option {one.option}=…) out: it would be sent, and {one.argument} would be shown",
    )


def _default(request: Request, one: Replaced, *, priced: bool) -> Problem:
    option, value = f"options[{one.option!r}]", request.options[one.option]
    if priced and one.argument in BILLED:
        return error(
            "options",
            ProblemCode.CONFLICT,
            f"{option}={shown(value)} replaces {one.argument}={shown(getattr(request, one.argument))}, "
            "on which the price rests",
            f"give {one.argument}=… (--{one.argument} …) in its place",
        )
    what = "is left out" if one.sent is None else f"is sent as {one.sent}"
    return warning(one.argument, ProblemCode.UNCERTAIN, f"{one.argument} {what} by {option}")
