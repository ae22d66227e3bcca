"""Events of the run log that later steps depend on."""

from __future__ import annotations

__all__ = ["ADOPTED", "ASKED", "CLOCK", "FOLLOWED_AGAIN", "ODD_STATUS", "READ_AS"]

ASKED = "cancel is asked for"  # by a kernel that does not follow the run
ADOPTED = "adopted by the user"
CLOCK = "clock"  # beside an accepted create: when that was, on clocks that are never set
FOLLOWED_AGAIN = "followed again"
ODD_STATUS, READ_AS = "a status in no document", "read as"  # an end by one can be left
