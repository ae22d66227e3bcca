"""Selection of one run per clip, since several runs may show the same clip."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hailuo_widgets.domain.run import RunRecord

__all__ = ["one_per_clip"]


def one_per_clip(records: Iterable[RunRecord]) -> list[RunRecord]:
    """Return one run per clip: the run that paid for it if it is given, else the first."""
    found: dict[str, RunRecord] = {}
    for r in records:
        if r.clip_id not in found or r.reused_from is None:
            found[r.clip_id] = r
    return list(found.values())
