"""Runware's error codes by category.

Codes are names, which "may vary between models and providers" (Runware's page on errors). The categories, their names
and their order are those of Runware's own SDK (1.8.0); ``_ELSEWHERE`` has names from other sources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hailuo_widgets.errors import AuthError, InsufficientCredits, InvalidRequest, Moderated, ProviderError, RateLimited
from hailuo_widgets.provider.interface import UNKNOWN_TASK, Code

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ABOUT_THE_CALL", "CODES", "ROWS", "category"]

CODES = {
    "conflict": Code(
        error=InvalidRequest, meaning="the provider has a task of this id already", accepted=None
    ),  # an earlier call of ours was accepted; the engine queries that task
    "task": UNKNOWN_TASK,
    "auth": Code(error=AuthError, meaning="the key was refused", fatal=True),
    "quota": Code(error=InsufficientCredits, meaning="the account is out of credits", fatal=True),
    "rate": Code(error=RateLimited, meaning="too many requests", again=True),
    "safety": Code(error=Moderated, meaning="the prompt, an image or the clip was refused for its content"),
    "validation": Code(error=InvalidRequest, meaning="a parameter was refused"),
    "provider": Code(
        error=ProviderError, meaning="the model's service behind the provider failed", again=True, accepted=None
    ),
    "server": Code(error=ProviderError, meaning="an internal error at the provider", again=True, accepted=None),
    "unknown": Code(error=ProviderError, meaning="an error code that is in no document", again=True, accepted=None),
}
ROWS = CODES | {
    "ended": Code(error=ProviderError, meaning="the task was cancelled, or has expired, at the provider"),
    "timeout": Code(error=ProviderError, meaning="a time-out at the provider", again=True, accepted=None),
}
"""The rows of all categories: those of create calls, and two that only polls distinguish."""
ABOUT_THE_CALL = frozenset({"quota", "rate", "auth", "timeout", "server", "conflict", "task"})
"""The categories of errors that, without a task ID, are about the query and not about the task."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SAFETY = _names("""
    contentpolicyviolation providercontentpolicyviolation sensitivecontentdetected unsafecontentdetected
    nsfwcontentdetected promptblocked imageblocked moderationfailed invalidprovidercontent
""")
_AUTH = _names("""
    unauthorized forbidden permissiondenied insufficientpermissions authenticationfailed authfailed authtimeout
    invalidauthentication invalidcredentials missingauthentication tokenexpired tokeninvalid tokenmissing
    tokenrevoked accountsuspended accountdisabled organizationsuspended organizationdisabled workspacesuspended
    workspacedisabled
""")
_TASK = _names("""
    taskfailedornotfound tasknotfound taskuuidnotfound notfound
""")
_SERVER = _names("""
    internalservererror serviceunavailable serverunavailable standarderror unknownerror undefinederror
    defaulterror unrecognizedresponse errorretrievingaccountmanagement
""")
_PROVIDER = _names("""
    inferenceerror processingfailed taskfailed downloadfailed uploadfailed noavailableserver modelunavailable
    modeldisabled modelnotready mediastoragefilecouldnotbemoved timeoutprovider
""")
_ENDED = frozenset({"taskcancelled", "unknownmodel"})
_VALIDATION = ("invalid", "missing", "conflict", "duplicate", "unsupported", "value", "array", "max")
_VALIDATION_NAMES = _names("""
    unknownparameter incompatibleparameters mismatchprovidersettingsprovider unknownprovidersettingsprovider
    transparentmodelmismatch modelownershipvalidationerror modelalreadyexists validationfailed
""")
# Parts of names that the SDK doesn't have, from Runware's public pages and older SDKs.
_ELSEWHERE = (
    ("auth", ("authentication",)),
    ("rate", ("toomanyrequests", "concurren")),
    ("safety", ("contentpolicy", "moderat", "safety", "nsfw", "sensitive")),
    ("server", ("servererror", "internal", "connection", "unavailable")),
    ("provider", ("provider", "timeout", "inference")),
    ("validation", ("unknown",)),
)


_FAMILIES: tuple[tuple[str, Callable[[str], bool]], ...] = (  # the first that matches counts
    ("conflict", lambda code: code.casefold() in {"conflicttaskuuid", "duplicatetaskuuid"}),
    ("quota", lambda code: _has(code, "credits", "quota", "balance", "paymentrequired", "environmentpaused")),
    ("rate", lambda code: _has(code, "ratelimit")),
    ("safety", lambda code: code.casefold() in _SAFETY),
    ("auth", lambda code: code.casefold() in _AUTH or _has(code, "apikey")),
    ("timeout", lambda code: "Timeout" in code or code == "timeout"),
    ("task", lambda code: code.casefold() in _TASK),
    ("ended", lambda code: code.casefold().endswith(("notfound", "expired")) or code.casefold() in _ENDED),
    ("server", lambda code: code.casefold() in _SERVER),
    ("provider", lambda code: code.casefold() in _PROVIDER or code.casefold().startswith("provider")),
    ("validation", lambda code: code.casefold().startswith(_VALIDATION) or code.casefold() in _VALIDATION_NAMES),
)


def category(code: str) -> str:
    """Return the category of an error code: a key of :data:`ROWS`."""
    found = next((name for name, fits in _FAMILIES if fits(code)), None)
    return found or next((name for name, parts in _ELSEWHERE if _has(code, *parts)), "unknown")


def _has(code: str, *parts: str) -> bool:
    folded = code.casefold()
    return any(part in folded for part in parts)
