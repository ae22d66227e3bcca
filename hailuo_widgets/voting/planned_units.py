"""Units of a comparison that is planned: how many there will be, and how many pairs of clips each has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hailuo_widgets.voting.units import FEWEST

if TYPE_CHECKING:
    from hailuo_widgets.voting.pairs import Pairs

__all__ = ["PlannedUnits", "planned_units"]


@dataclass(frozen=True, kw_only=True)
class PlannedUnits:
    """What two items have in common, counted as :mod:`hailuo_widgets.voting.units` does.

    ``called`` is what a unit is, and ``count`` how many the two items have that have the most. ``scenes`` is the number
    of prompts, and ``pairs`` the pairs of clips that two items have on one unit, rounded.
    """

    called: str
    count: int
    scenes: int
    pairs: int

    @property
    def by_scene(self) -> bool:
        """Whether the prompts are the units."""
        return self.scenes >= FEWEST


def planned_units(pairs: Pairs) -> PlannedUnits:
    """Return the units of all pairs, those of a null control aside."""
    main = [c for c in pairs.candidates if not c.control]
    scenes = len({c.place.scene for c in main})
    units: dict[tuple[str, str], set[str]] = {}
    for c in main:
        one, other = sorted((c.first, c.second))
        unit = c.place.scene if scenes >= FEWEST else c.place.draw or c.unit
        units.setdefault((one, other), set()).add(unit)
    total = sum(map(len, units.values()))
    return PlannedUnits(
        called="prompt" if scenes >= FEWEST else "seed" if all(c.within == "seed" for c in main) else "draw",
        count=max(map(len, units.values()), default=0),
        scenes=scenes,
        pairs=round(len(main) / total) if total else 0,
    )
