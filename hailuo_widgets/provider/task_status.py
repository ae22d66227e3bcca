"""Task states from providers' status words, documented or self-explanatory.

Every provider's list of words has grown within a year. An undocumented word is shown as the provider wrote it. It ends
a run only if it clearly means an end; words that may be about a single try, a worker or a pending action (timeout,
killed, blocked, cancelling) do not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hailuo_widgets.provider.messages import PollState
from hailuo_widgets.provider.parse import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["as_written", "state_of"]

_LONGEST = 80
_GROUPS = {
    PollState.SUCCEEDED: "success succeed succeeded successful successfully complete completed completion done finish "
    "finished",
    PollState.FAILED: "fail failed failure error errored cancelled canceled expired aborted rejected refused denied "
    "terminated unsuccessful deleted",
    PollState.RUNNING: "run running processing in_progress inprogress progress generating rendering working executing "
    "active",
    PollState.QUEUED: "queue queued queueing queuing in_queue pending wait waiting preparing submitted submitting "
    "created scheduled accepted received not_start not_started starting initializing initialized",
}
_PLAIN = {word: state for state, words in _GROUPS.items() for word in words.split()}
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ABOUT = re.compile(r"^(?:task|job|video|run|generation|state|status|result|has|is)_+(?=.)")
_ENDED = re.compile(  # only if the clip itself failed, not a callback, an upload or a single try
    r"^(?:moderation|inference|processing|rendering|render|content|review|audit|safety|request|model|generating)"
    r"_(?:failed|failure|expired|cancelled|canceled|rejected|aborted)$"
)
_GOES_ON = re.compile(r"retr[iy]|again|attempt|try|tries|resum|restart|requeu", re.IGNORECASE)


def as_written(word: object) -> str:
    """Return a status word for display, as the provider wrote it."""
    return plain(str(word))[:_LONGEST]


def state_of(word: object, documented: Mapping[str, str]) -> str | None:
    """Return ``queued``, ``running``, ``succeeded`` or ``failed``; None if the word is not understood.

    Args:
        word: The value of the status field.
        documented: The provider's documented words, in lower case, and their states; they take precedence.
    """
    if not isinstance(word, str):
        return None
    known = documented.get(word.strip().casefold())
    if known is not None:
        return known
    text = word.strip()[:_LONGEST]
    return _plainly(text) or _plainly(_HUMP.sub("_", text))


def _plainly(text: str) -> str | None:
    text = re.sub(r"[\s_\-]+", "_", text).strip("_.!").casefold()
    while (shorter := _ABOUT.sub("", text)) != text and text not in _PLAIN:
        text = shorter
    first, *more = re.split(r"[:(,;]", text, maxsplit=1)
    found = _PLAIN.get(text) or _PLAIN.get(first.strip("_"))
    if found == PollState.FAILED and _GOES_ON.search("".join(more)):
        return None
    return found or (PollState.FAILED if _ENDED.search(text) else None)
