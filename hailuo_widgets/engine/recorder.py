"""Recorder of the steps of runs: it writes each one to the log, and remembers what the log then says."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from hailuo_widgets.domain.clock import measured_s, stamp
from hailuo_widgets.domain.events import CLOCK, RunEvent
from hailuo_widgets.domain.run import CostKind
from hailuo_widgets.engine.supervisor import is_behind
from hailuo_widgets.errors import HailuoError, Skipped, StoreError, as_detail
from hailuo_widgets.redaction.redact import each_text, redact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from hailuo_widgets.domain.clock import Clock
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.supervisor import Supervisor
    from hailuo_widgets.store import RunLog

__all__ = ["UNRESERVED", "Recorder", "ended_by", "unexpected"]

T = TypeVar("T")
_log = logging.getLogger(__name__)
SET_S = 2.0  # a wall clock that differs by more was set
UNRESERVED: dict[str, Any] = {"reserved_micros": None, "reserved_currency": None}


def ended_by(record: RunRecord, error: HailuoError, *, now: datetime) -> dict[str, Any]:
    """Return what an error changes in the record of a run that fails with it."""
    changes: dict[str, Any] = {
        "status": "failed",
        "error": as_detail(error, record.run_id),
        "finished_at": now,
    }
    if record.cost_kind != CostKind.REPORTED and record.status != "downloading":
        changes |= {"cost_micros": None, "currency": None, "cost_kind": None}
    return changes


def _clean(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event's data without keys and signatures; the task ID stays unchanged, because it is needed."""
    return {k: v if k == "task_id" else each_text(v, redact) for k, v in data.items()}


def unexpected(e: Exception, run_id: str, step: str) -> HailuoError:
    """Return the error of a run whose step failed unexpectedly; the traceback goes to the Python log."""
    _log.error("run %s: %s met an error in hailuo-widgets itself", run_id, step, exc_info=e)
    return HailuoError(
        f"an error in hailuo-widgets itself, in {step}: {type(e).__name__}: {e}",
        hint="the log of the kernel has its traceback; %hailuo resume (hw.resume()) takes the run up again",
    )


class Recorder:
    """Writes the steps of runs to the log, and gives what it then says of a run to the supervisor.

    Args:
        log: The run log.
        runs: The supervisor, which has the records as they are known here.
        clock: The clock of what is written.
    """

    def __init__(self, log: RunLog, runs: Supervisor, clock: Clock) -> None:
        self.log = log
        self._runs = runs
        self._clock = clock
        self._stamps: dict[str, Mapping[str, Any] | None] = {}  # when creates were accepted, as far as it is known
        self._stopped: dict[tuple[str, str], HailuoError] = {}  # by sweep and provider: why no more of it is sent

    async def change(
        self, run_id: str, what: RunEvent, data: Mapping[str, Any] | None = None, **changes: Any
    ) -> RunRecord:
        """Write a step and its changes, and call the listeners; a run that has ended in the meantime is not changed."""
        known, said = self._runs.last_known(run_id), _clean(data or {})
        if "finished_at" in changes and known is not None and known.submitted_at is not None:
            said["took_s"] = took = measured_s(self._clock, await self.stamp_of(run_id))
            if took is not None:
                changes["finished_at"] = _on_one_clock(known.submitted_at, took, changes["finished_at"])
        record = await self._ask(run_id, self.log.advance, run_id, what, said, **changes)
        if known is not None and is_behind(record, replace(known, status=changes.get("status", known.status))):
            await self.log.ask(self.log.restore, known, self._runs.owner)
            record = await self.log.ask(self.log.advance, run_id, what, said, **changes)
        return self.told(record)

    def told(self, record: RunRecord) -> RunRecord:
        """Update the in-memory record from the log after a step."""
        before = self._runs.last_known(record.run_id)
        if before is not None:  # the log's copy of a request holds no image bytes; ours may
            record = replace(record, request=before.request)
        self._runs.learn(record)
        return record

    async def note(self, run_id: str, what: RunEvent, data: Mapping[str, Any]) -> None:
        """Write an event that changes nothing in the record."""
        await self._ask(run_id, self.log.note, run_id, what, _clean(data))

    async def _ask(self, run_id: str, method: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Write a step to the log, even if the log's file was replaced by an earlier one."""
        try:
            return await self.log.ask(method, *args, **kwargs)
        except StoreError as e:
            if not e.astray:
                raise
        await self._runs.as_logged(run_id)
        return await self.log.ask(method, *args, **kwargs)

    def stamped(self, run_id: str, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return the data of an accepted create call for the log: without keys, and with a clock stamp."""
        self._stamps[run_id] = made = stamp(self._clock)
        return {**_clean(data), CLOCK: made}

    async def stamp_of(self, run_id: str) -> Mapping[str, Any] | None:
        """Return the clock stamp of a run's accepted create call; None if it is from another machine."""
        if run_id not in self._stamps:
            self._stamps[run_id] = await self.log.ask(self.log.stamp_of, run_id)
        return self._stamps[run_id]

    def stopped(self, record: RunRecord) -> Skipped | None:
        """Return why a run of a sweep must not be sent; None if it may be sent."""
        why = self._stopped.get((record.sweep_id or record.run_id, record.request.provider))
        if why is None:
            return None
        return Skipped(f"never sent: an earlier run of the sweep met {type(why).__name__}", hint=why.hint)

    async def take_back(self, record: RunRecord, what: RunEvent, error: HailuoError) -> RunRecord:
        """Set a run back to ``planned`` and release its price, because the create call certainly was not accepted."""
        detail = as_detail(error, record.run_id)
        return await self.change(record.run_id, what, detail, status="planned", error=detail, **UNRESERVED)

    async def hold_back(self, record: RunRecord) -> RunRecord:
        """Set a run back to ``planned`` that was reserved but not sent, because the wait for it was stopped."""
        return await self.change(record.run_id, RunEvent.WAIT_STOPPED, status="planned", **UNRESERVED)

    async def refuse(self, record: RunRecord, error: HailuoError) -> RunRecord:
        """Fail a run whose create call certainly was not accepted; a fatal error stops its sweep."""
        self.end_sweep(record, error)
        return await self.fail(record, error, **UNRESERVED)

    def end_sweep(self, record: RunRecord, error: HailuoError) -> None:
        """Stop a sweep at a provider if the error is fatal, so that its other runs are not sent."""
        if getattr(error, "fatal", False):
            self._stopped[record.sweep_id or record.run_id, record.request.provider] = error

    async def write_accepted(self, run_id: str, data: Mapping[str, Any], changes: Mapping[str, Any]) -> RunRecord:
        """Commit an accepted create."""
        return self.told(await self._ask(run_id, self.log.accept, run_id, data, **changes))

    async def fail(self, record: RunRecord, error: HailuoError, *, status: str = "failed", **more: Any) -> RunRecord:
        """End a run with an error. Its cost is unknown if it is unknown whether the task is billed."""
        changes = {**ended_by(record, error, now=self._clock.now()), **more, "status": status}
        return await self.change(record.run_id, RunEvent(status), **changes)

    async def park(self, record: RunRecord, error: HailuoError) -> RunRecord:
        """Record an error in a run without ending it; ``resume`` follows the run again."""
        return await self.change(record.run_id, RunEvent.LEFT_FOR_RESUME, error=as_detail(error, record.run_id))


def _on_one_clock(submitted_at: datetime, took_s: float, now: datetime) -> datetime:
    """When a run ended, by the wall clock that said when it was submitted: one that was set since would falsify it."""
    try:
        ended = submitted_at + timedelta(seconds=took_s)
    except (OverflowError, ValueError):  # the log's stamp or time was no such thing
        return now
    return now if abs((now - ended).total_seconds()) < SET_S else ended
