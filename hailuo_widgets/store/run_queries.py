"""Queries of the run log, which change nothing and block."""

from __future__ import annotations

from abc import abstractmethod
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.events import text_of
from hailuo_widgets.domain.run import UNFINISHED, Status
from hailuo_widgets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from hailuo_widgets.domain.budget import Budget, Permit
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.domain.vote import Vote
    from hailuo_widgets.store.database import Database
    from hailuo_widgets.store.equal_runs import Key, Place

__all__ = ["RunQueries"]

EACH_ITS_OWN: Mapping[str, str] = MappingProxyType({})


class RunQueries:
    """The queries of a run log."""

    @property
    @abstractmethod
    def database(self) -> Database:
        """The store's transactions."""

    def get(self, run_id: str) -> RunRecord:
        """The run of that id, or the only one whose id begins so.

        Raises:
            UsageError: There is none, or more than one.
        """
        import sqlalchemy as sa

        from hailuo_widgets.store.clips import records_of
        from hailuo_widgets.store.schema import runs

        with self.database.read() as c:
            row = c.execute(sa.select(runs).where(runs.c.run_id == run_id)).mappings().first()
            if row is None:
                like = runs.c.run_id.startswith(run_id, autoescape=True)
                near = c.execute(sa.select(runs).where(like).limit(5)).mappings().all()
                if not run_id or len(near) != 1:
                    many = ", ".join(r["run_id"] for r in near)
                    raise UsageError(
                        f"run {run_id!r} is not in the log" if not near else f"run {run_id!r} may be any of {many}",
                        hint="%hailuo runs lists the newest; the first characters of an id are enough",
                    )
                row = near[0]
            return records_of(c, [row])[0]

    def find(
        self,
        *,
        run_ids: Iterable[str] | None = None,
        sweep: str | None = None,
        status: str | Iterable[str] | None = None,
        provider: str | None = None,
        since: datetime | None = None,
        tag: str | None = None,
        limit: int | None = None,
    ) -> list[RunRecord]:
        """The runs that fit all arguments, oldest first; with ``limit`` the newest of them.

        A tag may be a run's own or its clip's.
        """
        import sqlalchemy as sa

        from hailuo_widgets.store.clips import chunks, records_of
        from hailuo_widgets.store.schema import runs

        query = sa.select(runs)
        if sweep is not None:
            query = query.where(runs.c.sweep_id == sweep)
        if status is not None:
            wanted = [status] if isinstance(status, str) else list(status)
            there: sa.ColumnElement[bool] = runs.c.status.in_(wanted)
            if Status.UNCONFIRMED in wanted:  # as which a status that cannot be read is shown
                there |= runs.c.status.not_in(list(Status))
            query = query.where(there)
        if provider is not None:
            query = query.where(runs.c.provider == provider)
        if since is not None:
            query = query.where(runs.c.created_at >= since)
        query = query.order_by(runs.c.created_at.desc(), runs.c.run_id.desc())
        if limit is not None and tag is None:
            query = query.limit(limit)
        with self.database.read() as c:
            asked = [query] if run_ids is None else [query.where(runs.c.run_id.in_(some)) for some in chunks(run_ids)]
            rows = [row for one in asked for row in c.execute(one).mappings()]
            found = records_of(c, rows)
        if len(asked) > 1:
            found = sorted(found, key=lambda r: (r.created_at, r.run_id), reverse=True)[:limit]
        if tag is not None:
            found = [r for r in found if tag in r.all_tags][:limit]
        return found[::-1]

    def known_tasks(self, provider: str, task_ids: Iterable[str]) -> frozenset[str]:
        """Those of a provider's task ids that a run has, at whichever of its addresses."""
        import sqlalchemy as sa

        from hailuo_widgets.store.clips import chunks
        from hailuo_widgets.store.schema import runs

        query = sa.select(runs.c.task_id).where(runs.c.provider == provider)
        with self.database.read() as c:
            found = [c.scalars(query.where(runs.c.task_id.in_(some))).all() for some in chunks(task_ids)]
        return frozenset(str(task_id) for some in found for task_id in some)

    def lead_of(self, record: RunRecord) -> RunRecord | None:
        """The run whose create call makes a task's further results."""
        import sqlalchemy as sa

        from hailuo_widgets.store.schema import from_row, runs

        query = sa.select(runs).where(runs.c.client_uuid == record.client_uuid, runs.c.result_index == 0)
        with self.database.read() as c:
            row = c.execute(query).mappings().first()
            return None if row is None else from_row(dict(row))

    def equal_in_progress(
        self,
        places: Iterable[Place],
        alike: Mapping[str, str] = EACH_ITS_OWN,
        *,
        before: str | None = None,
        is_dead: Callable[[str], bool],
    ) -> dict[Key, RunRecord]:
        """For each request and result, the oldest run of it whose outcome is open.

        It may still bring the clip, or be unconfirmed. A planned run counts while somebody follows it.

        Args:
            places: Request hashes with origins.
            alike: For each origin with other names (a provider's documented hosts), the name that all of them share.
            before: Only runs that were planned before this run, so that no two wait for each other.
            is_dead: Whether an owner is certainly gone.
        """
        from hailuo_widgets.store import equal_runs

        with self.database.read() as c:
            return equal_runs.in_progress(c, places, alike, before=before, is_dead=is_dead)

    def equal_clips(
        self, places: Iterable[Place], alike: Mapping[str, str] = EACH_ITS_OWN
    ) -> dict[Key, list[RunRecord]]:
        """For each request and result, the runs that paid for a clip of it, the newest first."""
        from hailuo_widgets.store import equal_runs

        with self.database.read() as c:
            return equal_runs.clips(c, places, alike)

    def latest_sweep(self) -> str | None:
        """The id of the sweep that was started last; None in a log without one."""
        from hailuo_widgets.store import find_by_name as lookup

        with self.database.read() as c:
            return lookup.latest_sweep(c)

    def meant(self, word: str) -> tuple[str | None, str | None]:
        """The run or the sweep that a word names; see :func:`hailuo_widgets.store.find_by_name.meant`."""
        from hailuo_widgets.store import find_by_name as lookup

        with self.database.read() as c:
            return lookup.meant(c, word)

    def values_of(self, column: str) -> list[str]:
        """The values in a column of the runs' table, each once, without None."""
        import sqlalchemy as sa

        from hailuo_widgets.store.schema import runs

        with self.database.read() as c:
            return [str(v) for v in c.scalars(sa.select(runs.c[column]).distinct()) if v is not None]

    def clips_of(self, run_ids: Iterable[str]) -> dict[str, str]:
        """For each run the id of its clip; see :func:`hailuo_widgets.store.clips.clips_of`."""
        from hailuo_widgets.store import clips

        with self.database.read() as c:
            return clips.clips_of(c, run_ids)

    def unfinished(self) -> list[RunRecord]:
        """The runs that have not ended."""
        return self.find(status=UNFINISHED)

    def events(self, run_id: str) -> list[dict[str, Any]]:
        """The events of a run, in order: ``at``, ``what`` (a :class:`RunEvent`'s code), ``data``, ``text``."""
        import sqlalchemy as sa

        from hailuo_widgets.store.schema import events

        query = sa.select(events.c.at, events.c.what, events.c.data).where(events.c.run_id == run_id)
        with self.database.read() as c:
            rows = c.execute(query.order_by(events.c.event_id))
            return [{"at": at, "what": what, "data": data or {}, "text": text_of(what)} for at, what, data in rows]

    def votes(
        self,
        run_ids: Iterable[str] | None = None,
        *,
        between: str | None = None,
        rater: str | None = None,
        withdrawn: bool = False,
    ) -> list[Vote]:
        """The votes that fit all arguments, oldest first; with ``run_ids``, those on two of these runs."""
        from hailuo_widgets.store import votes

        with self.database.read() as c:
            return votes.find(c, run_ids=run_ids, between=between, rater=rater, withdrawn=withdrawn)

    def durations(
        self, provider: str, model: str, *, origin: str | None, limit: int = 200
    ) -> list[tuple[RunRecord, float]]:
        """The newest finished runs of a model there, each with its seconds from submission to the archived clip."""
        from hailuo_widgets.store import durations

        with self.database.read() as c:
            return durations.newest(c, provider, model, origin, limit)

    def unmeasured(self, run_ids: Iterable[str]) -> frozenset[str]:
        """The runs whose duration is not known; see :mod:`hailuo_widgets.store.durations`."""
        from hailuo_widgets.store import durations

        with self.database.read() as c:
            return durations.unmeasured(c, run_ids)

    def stamp_of(self, run_id: str) -> dict[str, Any] | None:
        """When a run's create call was accepted, on clocks that are never set; None if the log does not say."""
        from hailuo_widgets.store import durations

        with self.database.read() as c:
            return durations.stamp_of(c, run_id)

    def waiting(self, is_dead: Callable[[str], bool]) -> list[RunRecord]:
        """The runs that were planned, never sent, and are followed by nobody.

        Args:
            is_dead: Whether an owner is certainly gone.
        """
        from hailuo_widgets.store import leases
        from hailuo_widgets.store.schema import from_row, runs

        with self.database.read() as c:
            return [from_row(row) for row in leases.free(c, runs.c.status == Status.PLANNED, None, is_dead)]

    def spent(self, budgets: Sequence[Budget], currencies: Collection[str], *, rehearsal: bool) -> list[dict[str, int]]:
        """What is spent or reserved within each budget; see :func:`hailuo_widgets.store.budgets.spent`."""
        from hailuo_widgets.store.budgets import spent

        with self.database.read() as c:
            return [spent(c, budget, currencies, rehearsal=rehearsal) for budget in budgets]

    def has_place(self, provider: str, origin: str, permit: Permit) -> bool:
        """Whether an account has a place for another task now."""
        from hailuo_widgets.store import budgets

        if not permit.concurrent:
            return True
        with self.database.read() as c:
            return budgets.has_place(c, provider, origin, permit)
