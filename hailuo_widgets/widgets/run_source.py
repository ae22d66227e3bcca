"""A run as its player asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hailuo_widgets.archive import read_regular

if TYPE_CHECKING:
    from collections.abc import Callable

    from hailuo_widgets.render.card import Card
    from hailuo_widgets.workspace.run import Run

__all__ = ["RunSource"]


class RunSource:
    """See :class:`hailuo_widgets.widgets.player.CardSource`."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def card(self) -> Card:
        """What is to be shown of it now."""
        return self._run.card

    def read_video(self) -> bytes:
        """The clip's bytes."""
        path = self._run.video
        if path is None:
            raise FileNotFoundError(f"the clip of run {self._run.id} is not in the archive")
        return read_regular(path)

    def cancel(self) -> None:
        """Stop following it."""
        self._run.cancel()

    def retry_download(self) -> None:
        """Bring its clip again."""
        self._run.retry()

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Tell of each change."""
        return self._run.subscribe(lambda _: callback())
