"""Comparison of runs: whether an equal run saves a create call.

The plan asks before anything is paid, and the engine just before it would pay. Both use these functions, so that the
engine does what the plan announced.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from hailuo_widgets.domain.outlook import Outlook
from hailuo_widgets.engine.other_archives import place_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hailuo_widgets.archive import Archive
    from hailuo_widgets.domain.outlook import Wanted
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.context import Context

__all__ = ["History", "kept_clip", "outlooks", "stands_for"]


def kept_clip(archive: Archive, equals: Iterable[RunRecord]) -> RunRecord | None:
    """Return the first of some equal runs whose clip is in this archive and unchanged. Blocks for the files."""
    for found in equals:
        path = archive.video_of(found)
        if path is not None and found.sha256 and archive.verify(path, found.sha256):
            return found
    return None


def _in_another(ctx: Context, equals: Iterable[RunRecord]) -> RunRecord | None:
    """Return the first equal run whose clip can be copied from another home's archive. Blocks for log and files."""
    for found in equals:
        path = place_of(found, ctx.log.call(ctx.log.events, found.run_id), ctx.archive)
        if path is not None and ctx.archive.verify(path, str(found.sha256)):
            return found
    return None


def stands_for(other: RunRecord, *, followed: bool) -> Literal["shared", "held"] | None:
    """Return the outlook of a planned run from an equal run in progress; None if that run gives no clip by itself.

    Args:
        other: The equal run.
        followed: Whether that run is followed here.
    """
    if other.status == "unconfirmed":
        return "held"
    if other.status == "planned" and other.error is not None and not followed:
        return None  # nothing was paid for it, and an error that only the user can mend keeps it where it is
    return "shared"  # it is paid for, or may be: whatever stands in its way, it is taken up again, for that is free


def outlooks(ctx: Context, wanted: Sequence[Wanted]) -> list[tuple[Outlook, ...]]:
    """Return for each create call in order, and for each of its results, what would happen now. Blocks."""
    log = ctx.log
    alike = ctx.accounts.alike
    places = {(w.request_hash, alike.get(w.origin, w.origin)) for w in wanted}
    clips = log.call(log.equal_clips, places, alike)
    in_progress = log.call(log.equal_in_progress, places, alike, is_dead=ctx.runtime.is_dead)
    known: dict[tuple[str, str, int], Outlook] = {}

    def outlook(key: tuple[str, str, int]) -> Outlook:
        equals = clips.get(key, ())
        clip = kept_clip(ctx.archive, equals) or _in_another(ctx, equals)
        if clip is not None:
            return Outlook(fate="reused", by=clip)
        other = in_progress.get(key)
        fate = None if other is None else stands_for(other, followed=ctx.runs.follows(other.run_id))
        return Outlook(fate="sent", by=next(iter(equals), None)) if fate is None else Outlook(fate=fate, by=other)

    found = []
    for w in wanted:
        results = []
        for index in range(w.results):
            key = (w.request_hash, alike.get(w.origin, w.origin), index)
            if key not in known:
                known[key] = first = outlook(key)
                # An equal run later in this plan shares the clip of the one that is sent.
                results.append(first)
                if first.fate == "sent":
                    known[key] = Outlook(fate="shared")
            else:
                results.append(known[key])
            if results[0].fate == "sent":
                results[index] = results[0]  # its call makes and charges all of them
            elif results[index].fate == "sent":
                results[index] = known[key] = Outlook(fate="held", by=results[0].by)  # no call is sent that makes it
        found.append(tuple(results))
    return found


class History:
    """Access of a plan to log and archive. The methods block."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    def outlooks(self, wanted: Sequence[Wanted]) -> list[tuple[Outlook, ...]]:
        """Return what would happen to create calls now; see :func:`outlooks`."""
        return outlooks(self._ctx, wanted)

    def durations(self, provider: str, model: str, origin: str) -> Sequence[tuple[RunRecord, float]]:
        """Return the last runs of a model at an origin, each with its duration in seconds."""
        log = self._ctx.log
        return log.call(log.durations, provider, model, origin=origin)
