"""Whether an equal run saves another one its create call.

The plan asks it before anything is paid, and the engine just before it would pay: both go by these functions, so what
is said before is what is done.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hailuo_widgets.engine.elsewhere import place_of
from hailuo_widgets.engine.owner import is_dead

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hailuo_widgets.archive import Archive
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.core import Engine

__all__ = ["SENT", "Outlook", "Wanted", "kept_clip", "outlooks", "stands_for"]

Fate = Literal["sent", "reused", "shared", "held"]


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What becomes of a run that is planned now.

    ``fate``: it is ``sent``; an equal run's clip is ``reused``; the clip of an equal run in progress, or of an earlier
    run of the same plan, is ``shared``; it is ``held`` back, for an equal run is unconfirmed, or for its task was made
    before without this result. ``by`` is that run, where the log has it. One that is ``sent`` has it where an equal run
    was made before, and its clip is in no archive that can be read here: the provider may still have it.
    """

    fate: Fate
    by: RunRecord | None = None


SENT = Outlook(fate="sent")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A create call that a plan holds: its request, where it goes, and how many clips it makes."""

    request_hash: str
    origin: str
    results: int = 1


def kept_clip(archive: Archive, equals: Iterable[RunRecord]) -> RunRecord | None:
    """The first of some equal runs whose file is here and still what it was; blocks for the files."""
    for found in equals:
        path = archive.clip(found.video)
        if path is not None and found.sha256 and archive.verify(path, found.sha256):
            return found
    return None


def _in_another(engine: Engine, equals: Iterable[RunRecord]) -> RunRecord | None:
    """The first of some equal runs whose clip can be copied from another home's archive; blocks for log and files."""
    for found in equals:
        path = place_of(found, engine.log.call(engine.log.events, found.run_id), engine.archive)
        if path is not None and engine.archive.verify(path, str(found.sha256)):
            return found
    return None


def stands_for(other: RunRecord, *, followed: bool) -> Literal["shared", "held"] | None:
    """What an equal run in progress means for a planned one; None where it brings nothing by itself.

    Args:
        other: The equal run.
        followed: Whether it is followed here.
    """
    if other.status == "unconfirmed":
        return "held"
    if other.status == "planned" and other.error is not None and not followed:
        return None  # nothing was paid for it, and an error that only the user can mend keeps it where it is
    return "shared"  # it is paid for, or may be: whatever stands in its way, it is taken up again, for that is free


def outlooks(engine: Engine, wanted: Sequence[Wanted]) -> list[tuple[Outlook, ...]]:
    """What becomes of create calls that are begun now, in their order; for each of their results. Blocks."""
    log = engine.log
    alike = engine.accounts.alike
    places = {(w.request_hash, alike.get(w.origin, w.origin)) for w in wanted}
    clips = log.call(log.equal_clips, places, alike)
    in_progress = log.call(log.equal_in_progress, places, alike, is_dead=is_dead)
    known: dict[tuple[str, str, int], Outlook] = {}

    def outlook(key: tuple[str, str, int]) -> Outlook:
        equals = clips.get(key, ())
        clip = kept_clip(engine.archive, equals) or _in_another(engine, equals)
        if clip is not None:
            return Outlook(fate="reused", by=clip)
        other = in_progress.get(key)
        fate = None if other is None else stands_for(other, followed=engine.follows(other.run_id))
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
