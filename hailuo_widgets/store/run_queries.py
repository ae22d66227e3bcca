"""What can be asked of the run log without changing it. All of it blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hailuo_widgets.domain.run import UNFINISHED, RunRecord
from hailuo_widgets.errors import UsageError
from hailuo_widgets.store import durations as measures
from hailuo_widgets.store import equal_runs as equals
from hailuo_widgets.store import leases
from hailuo_widgets.store import lookup as names
from hailuo_widgets.store import votes as ballots
from hailuo_widgets.store.budgets import has_place
from hailuo_widgets.store.clips import chunks, clips_of, records_of
from hailuo_widgets.store.schema import events, from_row, runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from hailuo_widgets.domain.budget import Permit
    from hailuo_widgets.domain.vote import Vote
    from hailuo_widgets.store.database import Database
    from hailuo_widgets.store.equal_runs import Key, Place

__all__ = ["Reading"]


class Reading:
    """The reading half of a run log."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def get(self, run_id: str) -> RunRecord:
        """The run of that id, or of an id that begins so.

        Raises:
            UsageError: There is none, or more than one.
        """
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
        """The runs that fit all that is given, oldest first; with ``limit`` the newest of them.

        A tag may be a run's own or its clip's.
        """
        query = sa.select(runs)
        if sweep is not None:
            query = query.where(runs.c.sweep_id == sweep)
        if status is not None:
            query = query.where(runs.c.status.in_([status] if isinstance(status, str) else list(status)))
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

    def lead_of(self, record: RunRecord) -> RunRecord | None:
        """The run whose create call makes a task's further results."""
        query = sa.select(runs).where(runs.c.client_uuid == record.client_uuid, runs.c.result_index == 0)
        with self.database.read() as c:
            row = c.execute(query).mappings().first()
            return None if row is None else from_row(dict(row))

    def equal_in_progress(
        self,
        places: Iterable[Place],
        alike: Mapping[str, str] = equals.EACH_ITS_OWN,
        *,
        before: str | None = None,
        is_dead: Callable[[str], bool],
    ) -> dict[Key, RunRecord]:
        """For each request and result that has one, the oldest run of it that is not decided.

        It may still bring the clip, or be unconfirmed. One that was only planned counts while somebody follows it.

        Args:
            places: Request hashes with origins.
            alike: Origins that are one place, with its name; each other one is a place of its own.
            before: Only runs that were planned before the one of this id, so that no two wait for each other.
            is_dead: See :meth:`claim`.
        """
        with self.database.read() as c:
            return equals.in_progress(c, places, alike, before=before, is_dead=is_dead)

    def equal_clips(
        self, places: Iterable[Place], alike: Mapping[str, str] = equals.EACH_ITS_OWN
    ) -> dict[Key, list[RunRecord]]:
        """For each request and result that has some, the runs whose clips were made for it, the newest first."""
        with self.database.read() as c:
            return equals.clips(c, places, alike)

    def latest_sweep(self) -> str | None:
        """The id of the sweep that was started last; None in a log without one."""
        with self.database.read() as c:
            return names.latest_sweep(c)

    def meant(self, word: str) -> tuple[str | None, str | None]:
        """The run or the sweep that a word names; see :func:`hailuo_widgets.store.lookup.meant`."""
        with self.database.read() as c:
            return names.meant(c, word)

    def values_of(self, column: str) -> list[str]:
        """What stands in a column of the runs, each once."""
        with self.database.read() as c:
            return [str(v) for v in c.scalars(sa.select(runs.c[column]).distinct()) if v is not None]

    def clips_of(self, run_ids: Iterable[str]) -> dict[str, str]:
        """For each run the id of its clip; see :func:`hailuo_widgets.store.clips.clips_of`."""
        with self.database.read() as c:
            return clips_of(c, run_ids)

    def unfinished(self) -> list[RunRecord]:
        """The runs of which something is still to come."""
        return self.find(status=UNFINISHED)

    def events(self, run_id: str) -> list[dict[str, Any]]:
        """What was done with a run, in order: ``at``, ``what``, ``data``."""
        query = sa.select(events.c.at, events.c.what, events.c.data).where(events.c.run_id == run_id)
        with self.database.read() as c:
            rows = c.execute(query.order_by(events.c.event_id)).mappings()
            return [{**row, "data": row["data"] or {}} for row in rows]

    def votes(
        self,
        run_ids: Iterable[str] | None = None,
        *,
        between: str | None = None,
        rater: str | None = None,
        withdrawn: bool = False,
    ) -> list[Vote]:
        """The votes that fit all that is given, oldest first; with ``run_ids``, those on two of these runs."""
        with self.database.read() as c:
            return ballots.find(c, run_ids=run_ids, between=between, rater=rater, withdrawn=withdrawn)

    def durations(
        self, provider: str, model: str, *, origin: str | None, limit: int = 200
    ) -> list[tuple[RunRecord, float]]:
        """The newest finished runs of a model there, each with its seconds from submission to the clip being here."""
        query = (
            sa.select(runs)
            .where(runs.c.provider == provider, runs.c.model == model, runs.c.status == "succeeded")
            .where(runs.c.origin == origin, runs.c.submitted_at.is_not(None), runs.c.reused_from.is_(None))
            .order_by(runs.c.created_at.desc())
            .limit(limit)
        )
        with self.database.read() as c:
            found = [from_row(dict(row)) for row in c.execute(query).mappings()]
            left_out = measures.unmeasured(c, [r.run_id for r in found])
        taken = {r.run_id: measures.elapsed_s(r) for r in found if r.run_id not in left_out}
        return [(r, seconds) for r in found if (seconds := taken.get(r.run_id)) is not None]

    def unmeasured(self, run_ids: Iterable[str]) -> frozenset[str]:
        """Those of the runs of which nobody knows how long they took; see :mod:`hailuo_widgets.store.durations`."""
        with self.database.read() as c:
            return measures.unmeasured(c, run_ids)

    def stamp_of(self, run_id: str) -> dict[str, Any] | None:
        """When a run's create was accepted, on clocks that are never set; None where the log does not say."""
        with self.database.read() as c:
            return measures.stamp_of(c, run_id)

    def waiting(self, is_dead: Callable[[str], bool]) -> list[RunRecord]:
        """The runs that were planned, never sent, and are followed by nobody; see :meth:`claim` for ``is_dead``."""
        with self.database.read() as c:
            return [from_row(row) for row in leases.free(c, runs.c.status == "planned", None, is_dead)]

    def has_place(self, provider: str, origin: str, permit: Permit) -> bool:
        """Whether an account has a place for another task now."""
        if not permit.concurrent:
            return True
        with self.database.read() as c:
            return has_place(c, provider, origin, permit)
