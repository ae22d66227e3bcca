"""Units of the statistics: what was drawn at random, so that votes on it are one observation.

Two clips of one seed resemble each other, whoever judges them: all judgements of two items on one seed are one unit,
and its score is their mean. Replicates and further raters make a unit's score more certain, and are no further units.

What a result is about depends on what was drawn:

- Several seeds of one prompt: the units are the seeds. The result is about seeds like these.
- Items that are compared on fewer than :data:`FEWEST` prompts: the units are the seeds too, and a seed that was used
  for several prompts is one unit. The result is about these prompts.
- :data:`FEWEST` prompts or more: the units are the prompts, each with the mean over its seeds. The result is about
  prompts like these. If the prompts share their seeds, it is about these seeds.

In all cases it is about these raters. A run without a fixed seed is a draw of its own. N. Dean and M. Pagano, J. Surv.
Stat. Methodol. 3 (2015), on intervals with clusters; on the choice of units, S. Hurlbert, "Pseudoreplication and the
design of ecological field experiments", Ecol. Monogr. 54 (1984).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hailuo_widgets.domain.cell_text import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.domain.vote import Vote
    from hailuo_widgets.voting.judgements import Judgement

__all__ = ["FEWEST", "Units", "units_of"]

FEWEST: Final = 5
"""The fewest units for an interval. With fewer, a variance between units is hardly known."""


@dataclass(frozen=True, kw_only=True)
class Units:
    """How judgements are counted.

    ``scenes`` and ``draws`` are the numbers of prompts and of draws, ``raters`` that of raters. ``by_scene``: the
    prompts are the units. ``crossed``: several prompts share their seeds. ``seeded``: the draws are seeds.
    """

    scenes: int
    draws: int
    raters: int
    by_scene: bool
    crossed: bool
    seeded: bool

    def key(self, one: Judgement | Vote) -> str:
        """Return the unit of a judgement or a vote; "" if it is not known, so that each pair of clips is one."""
        return one.place.scene if self.by_scene else one.place.draw or one.unit

    def pairs(self, one: Judgement | Vote) -> int:
        """Return the number of pairs of clips that the two items have in the unit; 0 if it is not known."""
        return one.place.of_scene if self.by_scene else one.place.of_draw

    @property
    def called(self) -> str:
        """What a unit is: a prompt, seed or draw."""
        return "prompt" if self.by_scene else "seed" if self.seeded else "draw"

    @property
    def count(self) -> int:
        """The number of units."""
        return self.scenes if self.by_scene else self.draws

    @property
    def estimand(self) -> str:
        """What the figures are about, in one line: over what, and conditional on what."""
        over = f"Over {self.called}s like the {'one' if self.count == 1 else self.count} judged"
        drawn = "seed" if self.seeded else "draw"
        given = []
        if self.by_scene and self.crossed:
            given.append(f"for this {drawn}" if self.draws == 1 else f"for these {plural(self.draws, drawn)}")
        if not self.by_scene and self.scenes > 1:
            given.append(f"for these {self.scenes} prompts")
        raters = "by this rater" if self.raters == 1 else f"by these {self.raters} raters"
        return ", ".join([over, *given, raters]) + "."


def units_of(judged: Sequence[Judgement | Vote]) -> Units:
    """Return how judgements, or votes, are counted."""
    scenes: dict[str, set[str]] = {}
    draws: dict[str, None] = {}
    for n, one in enumerate(judged):
        draw = one.place.draw or one.unit
        draws[draw or f"{n}"] = None
        scenes.setdefault(one.place.scene, set()).add(draw)
    by_scene = len(scenes) >= FEWEST
    return Units(
        scenes=len(scenes),
        draws=len(draws),
        raters=len({one.rater for one in judged}),
        by_scene=by_scene,
        crossed=by_scene and sum(map(len, scenes.values())) > len(draws),
        seeded=all(one.within == "seed" for one in judged),
    )
