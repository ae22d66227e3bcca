"""Groups of items that comparisons connect: nothing tells how items of two groups compare."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hailuo_widgets.voting.judgements import Judgement
    from hailuo_widgets.voting.units import Units

__all__ = ["Group", "groups_of"]


@dataclass(frozen=True, kw_only=True)
class Group:
    """Items that comparisons connect, and what the votes on them tell.

    ``items`` are in the order of their ranks. ``winner`` is the best of them, None if undecided, and ``more`` the
    estimated number of further units for a decision: the sum of ``further``, the units on which the first item is to be
    compared with each other one. ``sentence`` is the result and ``estimand`` what it is about; ``units`` are how its
    judgements were counted.
    """

    items: tuple[str, ...]
    winner: str | None
    more: int | None
    sentence: str
    estimand: str
    units: Units
    further: Mapping[str, int] = field(default_factory=dict)


def groups_of(judgements: Sequence[Judgement], names: Sequence[str]) -> list[list[str]]:
    """Return the items that comparisons connect, the largest group first; items without comparisons are in none.

    Args:
        judgements: Any; "both bad" compares nothing.
        names: All items, in the order that each group keeps.
    """
    group = {name: {name} for name in names}
    for j in judgements:
        if j.score is not None and group[j.first] is not group[j.second]:
            joined = group[j.first] | group[j.second]
            group |= dict.fromkeys(joined, joined)
    found = {id(members): [name for name in names if name in members] for members in group.values() if len(members) > 1}
    return sorted(found.values(), key=lambda members: -len(members))
