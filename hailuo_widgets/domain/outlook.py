"""Outlook of a planned create call: whether it would be sent or an equal run's clip reused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from hailuo_widgets.domain.run import RunRecord

__all__ = ["SENT", "Fate", "Outlook", "Wanted"]

Fate = Literal["sent", "reused", "shared", "held"]


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What would happen to a planned run.

    ``fate`` is one of:

    - ``sent``: its create call is sent and paid for;
    - ``reused``: it shows the clip of an equal run;
    - ``shared``: it gets the clip of an equal run that is in progress or earlier in the same plan;
    - ``held``: it is not sent, because an equal run is unconfirmed, or its task was made without this result.

    ``by`` is the equal run, if the log has it. A run that is ``sent`` has it if an equal run was made before and its
    clip is in no readable archive; the provider may still have that clip.
    """

    fate: Fate
    by: RunRecord | None = None


SENT = Outlook(fate="sent")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A planned create call: the hash of its request, its origin, and the number of clips that it makes."""

    request_hash: str
    origin: str
    results: int = 1
