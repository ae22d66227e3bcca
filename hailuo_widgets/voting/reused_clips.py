"""Votes on clips that other runs show now: they are put into the words of those runs, so that all of them agree.

The label of a prompt, and what else varies beside it, are the runs' and not the clips': a later cell may call a variant
otherwise, or add a model, and the same two clips are still the same pair.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hailuo_widgets.domain.grid import columns_of, value_of
from hailuo_widgets.errors import UsageError
from hailuo_widgets.voting.pairs import pair_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.domain.vote import Vote
    from hailuo_widgets.voting.pairs import Pairs

__all__ = ["in_words_of"]


def in_words_of(records: Sequence[RunRecord], votes: Sequence[Vote], pairs: Pairs | None = None) -> list[Vote]:
    """The votes with the values and units that these runs give their clips.

    Args:
        records: One run a clip.
        votes: Votes on their clips.
        pairs: The pairs that are judged now, where that is known.
    """
    clips = {r.clip_id: r for r in records}
    if pairs is not None:
        units = dict.fromkeys({(v.between, v.within) for v in votes}, _by_clips(pairs))
    else:
        units = {axes: _units(records, *axes) for axes in {(v.between, v.within) for v in votes}}
    told = []
    for vote in votes:
        sides = [clips.get(clip) for clip in (vote.left_clip or vote.left_run, vote.right_clip or vote.right_run)]
        left, right = (value_of(r, vote.between) if r else "" for r in sides)
        known = units[vote.between, vote.within]
        within = pairs.within if pairs is not None and vote.clips in known else vote.within
        told.append(
            replace(
                vote,
                left=left if left and right and left != right else vote.left,
                right=right if left and right and left != right else vote.right,
                within=within,
                unit=known.get(vote.clips, vote.unit),
            )
        )
    return told


def _units(records: Sequence[RunRecord], between: str, within: str) -> dict[tuple[str, ...], str]:
    if not {between, within} <= set(columns_of(records)):
        return {}
    try:
        return _by_clips(pair_up(records, between=between, within=within))
    except UsageError:  # these runs make no such pairs: the votes keep their own words
        return {}


def _by_clips(pairs: Pairs) -> dict[tuple[str, ...], str]:
    return {c.clips: c.unit for c in pairs.candidates}
