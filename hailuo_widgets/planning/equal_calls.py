"""Check that the runs of a sweep differ in what is sent.

Runs that differ only in an argument that their provider is not sent would be the same request, paid for several times
and shown as different conditions.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.user_values import shown
from hailuo_widgets.errors import UsageError
from hailuo_widgets.planning.sent_fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hailuo_widgets.domain.catalog import Facts
    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.provider.interface import Provider

__all__ = ["refuse_equal_calls"]

NO_CONDITION = frozenset({"replicate", "callback_url", "price", "provider", "control"})
MOST_SHOWN = 4  # values that the error names


def refuse_equal_calls(requests: Iterable[Request], provider_of: Callable[[str], Provider]) -> None:
    """Check that requests of a provider which differ in more than their replicate differ in their create calls too.

    Raises:
        UsageError: They do not.
    """
    conditions = {one.hash: one for one in (replace(request, replicate=1, control=None) for request in requests)}
    calls: dict[tuple[str, str], list[Request]] = {}
    for request in conditions.values() if len(conditions) > 1 else ():
        call = fields_of(request, provider_of(request.provider))
        if call:
            calls.setdefault((request.provider, repr(call)), []).append(request)
    for (name, _), several in calls.items():
        if len(several) > 1:
            raise _equal(several, provider_of(name).facts)


def _equal(several: Sequence[Request], facts: Facts) -> UsageError:
    """Return the error that these requests are one and the same to their provider."""
    found: dict[str, list[str]] = {}
    for name in (field.name for field in fields(several[0]) if field.name not in NO_CONDITION):
        values = [getattr(request, name) for request in several]
        if len({_identity(value) for value in values}) > 1:
            found[name] = list(dict.fromkeys(_text(value) for value in values))
    names = " and ".join(found)
    texts = next(iter(found.values()), [])
    listed = ", ".join(texts[:MOST_SHOWN]) + (f" and {len(texts) - MOST_SHOWN} more" if len(texts) > MOST_SHOWN else "")
    hint = f"give {names} one value, or none; repeat={len(several)} (--repeat {len(several)}) makes replicates"
    if several[0].unlisted:
        hint += "; options={…} (--option NAME=VALUE) sends a field by the provider's own name"
    return UsageError(
        f"{names}: {facts.title} would be sent the same request for each of {listed}, and charge each",
        argument=next(iter(found), ""),
        provider=facts.name,
        hint=hint,
    )


def _identity(value: Any) -> str:
    """Return what tells a field's value apart; a file's content."""
    several = value if isinstance(value, tuple) else (value,)
    return repr([getattr(one, "identity", one) for one in several])


def _text(value: Any) -> str:
    """Return a field's value for a message; a file by its name."""
    several = value if isinstance(value, tuple) else (value,)
    return " + ".join(
        str(getattr(one, "name", None) or one) if not isinstance(one, str) else shown(one) for one in several
    )
