"""Errors of HTTP statuses without a provider's own code, and error rows that all providers share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hailuo_widgets.errors import AuthError, InsufficientCredits, InvalidRequest, ProviderError, RateLimited, TaskLost
from hailuo_widgets.provider.messages import Code
from hailuo_widgets.provider.refusal_words import about_money, used_up

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "GONE",
    "HTTP_CODES",
    "MIX_UP",
    "NOTHING_SAID",
    "NOT_FOUND",
    "REFUSALS",
    "UNKNOWN_TASK",
    "USED_UP",
    "in_its_words",
]

HTTP_CODES: Mapping[int, Code] = {
    400: Code(error=InvalidRequest, meaning="the request was refused as invalid"),
    401: Code(error=AuthError, meaning="the key was refused", fatal=True),
    402: Code(error=InsufficientCredits, meaning="the account is out of credits", fatal=True),
    403: Code(error=AuthError, meaning="the key may not use this", fatal=True),
    404: Code(error=InvalidRequest, meaning="not found", hint="check the base URL"),
    413: Code(error=InvalidRequest, meaning="the request is too large"),
    422: Code(error=InvalidRequest, meaning="the request was refused as invalid"),
    429: Code(error=RateLimited, meaning="too many requests", again=True),
}
# Statuses that the documents of every provider, or of its front end, give to calls that were not accepted.
REFUSALS = frozenset({400, 401, 402, 403, 422, 429})
NOT_FOUND, GONE = 404, 410
MIX_UP = "mix-up"  # the code of a reply about another task or file than the requested one
UNKNOWN_TASK = Code(
    error=TaskLost,
    meaning="the provider does not know the task",
    hint="%hailuo retry ID asks again, for free: nothing is sent anew",
)


NOTHING_SAID = Code(
    error=ProviderError, meaning="the provider found nothing, and does not say that the task is gone", again=True
)


USED_UP = Code(
    error=InsufficientCredits,
    meaning="the account's quota is used up",
    fatal=True,
    hint="top up, or wait until the quota is renewed; then run it again",
)


def in_its_words(row: Code, said: str | None) -> Code:
    """Return the row, or ``USED_UP`` if it is about a key or a rate and the message is about money."""
    money = issubclass(row.error, AuthError) and about_money(said)
    return USED_UP if money or (issubclass(row.error, RateLimited) and used_up(said)) else row
