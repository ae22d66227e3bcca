"""List prices: the price of one clip or one second, and what is charged beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hailuo_widgets.domain.references import MediaKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.domain.request import Request

__all__ = ["Price", "Surcharge", "clip_price"]


@dataclass(frozen=True, kw_only=True)
class Price:
    """The list price of one clip in ``micros``, millionths of ``currency``. None in another column means any.

    Args:
        per_second: ``micros`` are for one second of the clip.
        region: The region of the origins that it holds for, by :attr:`Facts.regions`.
        mode: The mode that it holds for.
    """

    model: str | None
    resolution: str | None
    duration: int | None
    micros: int
    currency: str
    source: str
    as_of: str
    per_second: bool = False
    region: str | None = None
    mode: str | None = None


@dataclass(frozen=True, kw_only=True)
class Surcharge:
    """What is charged for input files beside a clip's price. None in a column means any.

    Args:
        what: What is counted: ``reference_image``, ``reference_video``, ``reference_audio`` count files;
            ``reference_video_second`` and ``reference_audio_second`` add up their seconds.
        free: How many of these are free.
        micros: The price of each further one, in millionths of ``currency``.
    """

    model: str | None
    what: str
    free: int
    micros: int
    currency: str
    source: str
    as_of: str
    resolution: str | None = None
    region: str | None = None


def clip_price(request: Request, row: Price, surcharges: Sequence[Surcharge], region: str | None) -> int | None:
    """Return the micros of one clip, with surcharges in the same currency; None if they depend on what isn't known.

    Args:
        request: The request.
        row: Its price.
        surcharges: The provider's surcharges; the first that matches counts for each ``what``.
        region: The region of the origin.
    """
    if not row.per_second:
        micros = row.micros
    elif request.duration is not None:
        micros = row.micros * request.duration
    else:
        return None
    matching: dict[str, Surcharge] = {}
    for one in surcharges:
        if (
            one.model in {None, request.model}
            and one.resolution in {None, request.resolution}
            and one.region in {None, region}
            and one.currency == row.currency
        ):
            matching.setdefault(one.what, one)
    for one in matching.values():
        number = _count(request, one.what)
        if number is None:
            return None
        micros += max(0, math.ceil((number - one.free) * one.micros))
    return micros


def _count(request: Request, what: str) -> float | None:
    """Return how many of ``what`` a request has; None if the length of one isn't known."""
    name, _, unit = what.removeprefix("reference_").partition("_")
    found = [one for one in request.references if one.kind == MediaKind(name)]
    if unit != "second":
        return len(found)
    lengths = [one.seconds for one in found if one.seconds is not None]
    return sum(lengths) if len(lengths) == len(found) else None
