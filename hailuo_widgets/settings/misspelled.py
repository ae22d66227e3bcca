"""Misspelled environment variables: names that nothing reads, one slip away from one that is read."""

from __future__ import annotations

import difflib
import os
from typing import TYPE_CHECKING

from hailuo_widgets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["misspelled", "one_slip", "refuse_misspelled"]

_CLOSE = 0.8  # two of five letters exchanged, or one of four missing, is as close as this


def one_slip(word: str, known: Iterable[str]) -> str | None:
    """Return the known spelling that ``word`` is a slip of, in any case; None if there is none."""
    folded = word.casefold()
    for name in known:
        other = name.casefold()
        close = difflib.SequenceMatcher(None, folded, other).ratio() >= _CLOSE
        if word != name and abs(len(folded) - len(other)) <= 2 and (close or sorted(folded) == sorted(other)):  # noqa: PLR2004 - letters
            return name
    return None


def misspelled(known: Iterable[str], environ: Mapping[str, str] | None = None) -> tuple[str, str] | None:
    """Return a variable of the environment that is a slip of a known one, and the known one; None if there is none.

    Either the part before the first ``_`` or the rest may be misspelled, not both. Empty variables don't count.

    Args:
        known: The names that are read.
        environ: Look here, instead of in the environment.
    """
    environ = os.environ if environ is None else environ
    names = list(known)
    rests: dict[str, dict[str, str]] = {}
    firsts: dict[str, dict[str, str]] = {}
    for name in names:
        first, _, rest = name.partition("_")
        rests.setdefault(first, {})[rest] = name
        firsts.setdefault(rest, {})[first] = name
    for name in environ:
        if "_" not in name or name in names or not environ[name].strip():
            continue
        first, _, rest = name.upper().partition("_")
        if first in rests and (near := rest if rest in rests[first] else one_slip(rest, rests[first])):
            return name, rests[first][near]
        if rest in firsts and (near := one_slip(first, firsts[rest])):
            return name, firsts[rest][near]
    return None


def refuse_misspelled(known: Iterable[str], environ: Mapping[str, str], *, provider: str | None = None) -> None:
    """Refuse an environment with a slip of a known variable, which would silently have no effect.

    Raises:
        UsageError: There is one. Its value is not shown.
    """
    found = misspelled(known, environ)
    if found is not None:
        wrong, right = found
        raise UsageError(
            f"{wrong} (environment) is read by nothing: did you mean {right}?",
            provider=provider,
            hint=f"rename it to {right}, or remove it",
        )
