"""Sweep: the handle of the runs that one call or one cell started."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, overload

from hailuo_widgets.domain.cell_text import plural
from hailuo_widgets.domain.run import Status
from hailuo_widgets.errors import HailuoError, StoreError
from hailuo_widgets.workspace.fixed_attributes import Fixed
from hailuo_widgets.workspace.selection import runs_table
from hailuo_widgets.workspace.waiting_view import in_view

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    import pandas as pd

    from hailuo_widgets.workspace.run import Run
    from hailuo_widgets.workspace.workspace_base import WorkspaceBase

__all__ = ["Sweep"]


class Sweep(Fixed):
    """The runs of one call or one cell. ``await sweep`` (or ``sweep.wait()``) until all have ended.

    Awaiting it raises no error for a failed run: these are in :attr:`failed`, and in the table. It raises
    ``StoreError`` if a paid run was left because the run log could not be written.
    """

    is_sweep: Literal[True] = True  # checked instead of isinstance, which %autoreload breaks
    in_log: ClassVar[bool] = True  # whether the log has a sweep of this id

    def __init__(self, session: WorkspaceBase, sweep_id: str, runs: Sequence[Run]) -> None:
        self._session = session
        self._id = sweep_id
        self._runs = tuple(runs)

    @property
    def session(self) -> WorkspaceBase:
        """The session that the runs belong to."""
        return self._session

    @property
    def id(self) -> str:
        """The sweep's id in the log."""
        return self._id

    @property
    def runs(self) -> tuple[Run, ...]:
        """Its runs, in the sweep's order."""
        return self._runs

    @property
    def df(self) -> pd.DataFrame:
        """The sweep's rows of the run log, in the sweep's order."""
        frame = runs_table(self.session, sweep=self)
        order = {run.id: n for n, run in enumerate(self.runs)}
        return frame.sort_values("run_id", key=lambda ids: ids.map(order)).reset_index(drop=True)

    @property
    def failed(self) -> tuple[Run, ...]:
        """The runs that ended without a clip: failed, unconfirmed, lost, skipped or cancelled."""
        return tuple(r for r in self.runs if not r.record.unfinished and r.status != Status.SUCCEEDED)

    def cancel(self) -> None:
        """Cancel all its runs; see :meth:`Run.cancel`: where the provider cannot, it goes on and may bill them."""
        for run in self.runs:
            if run.record.unfinished:
                run.cancel()

    def __await__(self) -> Generator[Any, None, Self]:
        return self._settled().__await__()

    def wait(self, timeout: float | None = None) -> Self:
        """Wait in synchronous code. If no event loop is running, this call drives the runs.

        Args:
            timeout: Seconds; the runs go on after a time-out.

        Raises:
            TimeoutError: Not all have ended in that time; it names those that are open, and how far each has come.
            StoreError: Paid runs were left because the run log could not be written; it names their task ids.
        """
        with in_view(self):
            self.session.wait([r.id for r in self.runs], timeout)
        self._see_that_all_is_kept()
        return self

    async def _settled(self) -> Self:
        with in_view(self):
            await self.session.settled([r.id for r in self.runs])
        self._see_that_all_is_kept()
        return self

    def _see_that_all_is_kept(self) -> None:
        """Raise if paid runs were left because the log could not be written: no script may end as if all were well.

        A run that was left for another reason, for example because its provider's address isn't configured, is told of.
        """
        left = [(r.error, r.record) for r in self.runs]
        stopped = [(e, (r.error or {}).get("kind")) for e, r in left if e is not None and r.unfinished]
        unwritten = [e for e, kind in stopped if kind == "StoreError"]
        for e, kind in stopped:
            if kind != "StoreError":
                self.session.say(f"a run was left unfinished: {e}")
        if len(unwritten) == 1:
            raise unwritten[0]
        if unwritten:
            told = "\n".join(f"{e}" for e in unwritten)
            raise StoreError(f"{len(unwritten)} runs were left, because the run log could not be written:\n{told}")

    def __len__(self) -> int:
        return len(self.runs)

    def __iter__(self) -> Iterator[Run]:
        return iter(self.runs)

    @overload
    def __getitem__(self, index: int) -> Run: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Run, ...]: ...
    def __getitem__(self, index: int | slice) -> Run | tuple[Run, ...]:
        return self.runs[index]

    def __repr__(self) -> str:
        counts: dict[str, int] = {}
        try:
            for run in self.runs:
                record = run.record
                word = "reused" if record.reused_from else record.status.value
                word += ", not followed" if record.unfinished and record.error else ""
                counts[word] = counts.get(word, 0) + 1
        except HailuoError as e:
            return f"<Sweep {self.id}: {plural(len(self.runs), 'run')}; {e.message}>"
        told = ", ".join(f"{n} {status}" for status, n in counts.items())
        return f"<Sweep {self.id}: {plural(len(self.runs), 'run')}, {told}>"
