"""Runs and the clips that they show: several runs may show one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hailuo_widgets.domain.run import RunRecord

__all__ = ["one_a_clip"]


def one_a_clip(records: Iterable[RunRecord]) -> list[RunRecord]:
    """Of the runs that show one clip a single one: the run that paid for it, where it is among them, else the first."""
    found: dict[str, RunRecord] = {}
    for r in records:
        if r.clip_id not in found or r.reused_from is None:
            found[r.clip_id] = r
    return list(found.values())
