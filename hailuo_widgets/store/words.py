"""Events that decide something later, by the words that the log has them under; plain, as `permit.py` is."""

from __future__ import annotations

__all__ = ["ADOPTED", "ASKED", "FOLLOWED_AGAIN"]

ASKED = "cancel is asked for"  # by a kernel that does not follow the run
ADOPTED = "adopted by the user"
FOLLOWED_AGAIN = "followed again"
