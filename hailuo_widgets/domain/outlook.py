"""What becomes of a planned create call: it is sent, or an equal run's clip serves instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from hailuo_widgets.domain.run import RunRecord

__all__ = ["SENT", "Fate", "Outlook", "Wanted"]

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
