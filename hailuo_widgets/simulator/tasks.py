"""Store of the simulator's tasks: one SQLite file in its home folder.

The tasks outlive the process, and their clock goes on.

A task's state is never stored: it follows from the wall clock (`Task.created`, `Task.ready`, unix seconds), so a
simulator that was stopped for a minute finds its tasks a minute further.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_BUSY_SECONDS = 20.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS tasks (
    task_id TEXT NOT NULL, provider TEXT NOT NULL, channel TEXT NOT NULL, "group" TEXT NOT NULL, account TEXT NOT NULL,
    file_id INTEGER NOT NULL UNIQUE, file_key TEXT NOT NULL UNIQUE, created REAL NOT NULL, ready REAL,
    error_code TEXT NOT NULL, error TEXT NOT NULL, cost REAL NOT NULL, callback TEXT NOT NULL,
    notified INTEGER NOT NULL, forgotten INTEGER NOT NULL, clip TEXT NOT NULL, extra TEXT NOT NULL,
    PRIMARY KEY (provider, task_id)
);
CREATE INDEX IF NOT EXISTS tasks_by_call ON tasks (provider, "group");
"""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One clip that a gateway has accepted.

    Attributes:
        task_id: The gateway's identifier (for one of several Runware results, the result's own).
        provider: Which gateway.
        channel: Which family of endpoints knows the task: ``video``, ``template``, ``minimax``, ``jobs``.
        group: The create call that it belongs to; Runware's ``taskUUID``, elsewhere the task id.
        account: A digest of the key's account.
        file_id: MiniMax's number of the file.
        file_key: The random name in download URLs.
        created: Unix seconds.
        ready: When the generation ends, unix seconds; ``None`` never does.
        error_code: The gateway's code if it ends in failure, else empty.
        error: The sentence that goes with it.
        cost: In the provider's own unit.
        callback: URL to notify, empty for none.
        notified: Whether the end was notified.
        forgotten: Whether the gateway acts as if it had never seen it.
        clip: What to render, as `hailuo_widgets.simulator.render.Clip` fields.
        extra: What else the gateway's answers repeat.
    """

    task_id: str
    provider: str
    channel: str
    group: str
    account: str
    file_id: int
    file_key: str
    created: float
    ready: float | None
    error_code: str = ""
    error: str = ""
    cost: float = 0.0
    callback: str = ""
    notified: bool = False
    forgotten: bool = False
    clip: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether the generation ends in failure."""
        return bool(self.error_code)

    def done(self, now: float) -> bool:
        """Return whether the generation has ended at ``now``, well or badly."""
        return self.ready is not None and now >= self.ready

    def progress(self, now: float) -> float:
        """Return the part of the generation that has passed at ``now``, 0 to 1; a task that never ends stays below."""
        if self.ready is None:
            return min(0.5, (now - self.created) / 10)
        return 1.0 if now >= self.ready else max(0.0, (now - self.created) / (self.ready - self.created))


class TaskStore:
    """The tasks file. Safe for several threads and for several processes on one home."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        path.touch(mode=0o600)  # its journal gets the same mode
        self._db = sqlite3.connect(path, timeout=_BUSY_SECONDS, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        # A crash of the process loses nothing; a crash of the machine may, which costs a simulator nothing.
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def add(self, tasks: Sequence[Task]) -> None:
        """Insert tasks, all or none.

        Raises:
            sqlite3.IntegrityError: An identifier is taken.
        """
        rows = [_row(task) for task in tasks]
        names = ", ".join(f'"{name}"' for name in rows[0])
        marks = ", ".join(f":{name}" for name in rows[0])
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.executemany(f"INSERT INTO tasks ({names}) VALUES ({marks})", rows)  # noqa: S608 - our own names
            except sqlite3.Error:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def find(self, **equal: str | int) -> list[Task]:
        """Return the tasks whose columns equal the given values, oldest first."""
        where = " AND ".join(f'"{name}" = :{name}' for name in equal) or "1"
        query = f"SELECT * FROM tasks WHERE {where} ORDER BY created, rowid"  # noqa: S608 - our own column names
        with self._lock:
            return [_task(row) for row in self._db.execute(query, equal)]

    def mark(self, task: Task, **changes: bool | float | str | None) -> Task:
        """Change columns of one task and return it as it is now."""
        sets = ", ".join(f"{name} = :{name}" for name in changes)
        query = f"UPDATE tasks SET {sets} WHERE provider = :p AND task_id = :t"  # noqa: S608 - our own column names
        with self._lock:
            self._db.execute(query, {**changes, "p": task.provider, "t": task.task_id})
        return replace(task, **changes)  # type: ignore[arg-type]  # the names are checked by the columns

    def count(self) -> int:
        """Return how many tasks were ever created here."""
        with self._lock:
            return int(self._db.execute("SELECT count(*) FROM tasks").fetchone()[0])

    def creates(self) -> dict[str, int]:
        """Return how many create calls each provider has accepted."""
        with self._lock:
            rows = self._db.execute('SELECT provider, count(DISTINCT "group") FROM tasks GROUP BY provider').fetchall()
        return {row[0]: row[1] for row in rows}

    def active(self, provider: str, now: float) -> int:
        """Return how many tasks of a provider are unfinished at ``now``."""
        query = "SELECT count(*) FROM tasks WHERE provider = ? AND (ready IS NULL OR ready > ?)"
        with self._lock:
            return int(self._db.execute(query, (provider, now)).fetchone()[0])

    def spent(self, provider: str, account: str) -> float:
        """Return what an account has paid to a provider, in the provider's unit."""
        query = "SELECT coalesce(sum(cost), 0) FROM tasks WHERE provider = ? AND account = ?"
        with self._lock:
            return float(self._db.execute(query, (provider, account)).fetchone()[0])

    def costs(self) -> dict[str, float]:
        """Return what was paid to each provider, in the provider's unit."""
        with self._lock:
            rows = self._db.execute("SELECT provider, sum(cost) FROM tasks GROUP BY provider").fetchall()
        return {row[0]: round(row[1], 6) for row in rows}

    def clear(self) -> None:
        """Forget every task."""
        with self._lock:
            self._db.execute("DELETE FROM tasks")


def _row(task: Task) -> dict[str, Any]:
    return {**asdict(task), "clip": json.dumps(task.clip), "extra": json.dumps(task.extra)}


def _task(row: sqlite3.Row) -> Task:
    values: dict[str, Any] = dict(row)
    for name in ("clip", "extra"):
        values[name] = json.loads(values[name])
    for name in ("notified", "forgotten"):
        values[name] = bool(values[name])
    return Task(**values)
