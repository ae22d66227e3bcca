"""Relabelling of earlier votes with the values of the runs that show the same clips now.

Labels and units belong to runs, not to clips: a later cell may rename a variant or add a model, and the same two clips
are still the same pair. Relabelled votes count together with new ones.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hailuo_widgets.domain import differences
from hailuo_widgets.errors import UsageError
from hailuo_widgets.voting.pairs import UNMATCHED, pair_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.domain.vote import Vote
    from hailuo_widgets.voting.pairs import Candidate, Pairs

__all__ = ["relabel"]


def relabel(records: Sequence[RunRecord], votes: Sequence[Vote], pairs: Pairs | None = None) -> list[Vote]:
    """Return the votes with the values and units that these runs give to the clips.

    Args:
        records: The runs, one per clip.
        votes: Votes on their clips.
        pairs: The pairs that are compared now, if known.
    """
    clips = {r.clip_id: r for r in records}
    if pairs is not None:
        units = dict.fromkeys({(v.between, v.within) for v in votes}, _by_clips(pairs))
    else:
        units = {axes: _units(records, *axes) for axes in {(v.between, v.within) for v in votes}}
    relabelled = []
    for vote in votes:
        sides = [clips.get(clip) for clip in (vote.left_clip or vote.left_run, vote.right_clip or vote.right_run)]
        left, right = (differences.value(r, vote.between) if r else "" for r in sides)
        known = units[vote.between, vote.within].get(vote.clips)
        relabelled.append(
            replace(
                vote,
                left=left if left and right and left != right else vote.left,
                right=right if left and right and left != right else vote.right,
                within=(known.within if known else "") or vote.within,
                unit=known.unit if known else vote.unit,
                place=known.place if known else vote.place,
            )
        )
    return relabelled


def _units(records: Sequence[RunRecord], between: str, within: str) -> dict[tuple[str, ...], Candidate]:
    kept = None if within == UNMATCHED else within
    if not {between, kept} <= {None, *differences.columns_of(records)}:
        return {}
    try:
        return _by_clips(pair_up(records, between=between, within=kept))
    except UsageError:  # these runs don't make such pairs: the votes keep their labels
        return {}


def _by_clips(pairs: Pairs) -> dict[tuple[str, ...], Candidate]:
    return {c.clips: c for c in pairs.candidates}
