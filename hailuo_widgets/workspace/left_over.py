"""Sentences about the unfinished runs in the default store that no kernel follows.

``%load_ext`` prints them, so nothing here loads SQLAlchemy, pandas or httpx.
"""

from __future__ import annotations

from hailuo_widgets.errors import UsageError
from hailuo_widgets.settings.settings import Settings
from hailuo_widgets.store.unfinished_count import left_over, never_sent, unconfirmed_runs
from hailuo_widgets.system.process import is_dead, is_this_process

__all__ = ["left_over_sentences"]


def left_over_sentences() -> list[str]:
    """Sentences about the unfinished runs in the default store that no kernel follows, with the next step."""
    try:
        url = Settings.resolve().store_url
    except UsageError:
        return []  # the first call that needs the settings raises this error
    found = left_over(url, lambda owner: is_dead(owner) and not is_this_process(owner))
    unconfirmed, planned = found.pop("unconfirmed", 0), found.pop("planned", 0)
    said = []
    if count := sum(found.values()):
        are, them = ("run is", "it") if count == 1 else ("runs are", "them")
        said.append(f"hailuo: {count} {are} unfinished and not followed: %hailuo resume takes {them} up for free")
    if planned:
        said.append(f"hailuo: {never_sent(planned)}")
    if unconfirmed:
        said.append(f"hailuo: {unconfirmed_runs(unconfirmed)}")
    return said
