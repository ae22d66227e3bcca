"""Migrations of the schema: numbered steps, only ever appended, all run in one transaction.

A new store gets today's tables and all numbers; an older store goes through the steps that it lacks. A store that is
newer than this program, or another program's, is refused and never touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from hailuo_widgets.errors import StoreError
from hailuo_widgets.store import schema
from hailuo_widgets.store.migration_clips import clips
from hailuo_widgets.store.migration_events import event_codes
from hailuo_widgets.store.transaction_time import now

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MIGRATIONS", "migrate", "number_of"]


def first_schema(connection: sa.Connection) -> None:
    """Create all tables as they are today."""
    schema.metadata.create_all(connection)


def votes(connection: sa.Connection) -> None:
    """Create the votes table."""
    connection.execute(
        sa.text(
            "CREATE TABLE votes (vote_id TEXT NOT NULL PRIMARY KEY, at {moment} NOT NULL, rater TEXT NOT NULL, "
            '"between" TEXT NOT NULL, "left" TEXT NOT NULL, "right" TEXT NOT NULL, '
            "left_run TEXT NOT NULL REFERENCES runs (run_id), right_run TEXT NOT NULL REFERENCES runs (run_id), "
            'answer TEXT NOT NULL, "within" TEXT NOT NULL, unit TEXT NOT NULL, seconds FLOAT, repeat_of TEXT, '
            "withdrawn BOOLEAN NOT NULL)".format(
                moment="DATETIME" if connection.dialect.name == "sqlite" else "TIMESTAMP WITH TIME ZONE"
            )
        )
    )
    connection.execute(sa.text("CREATE INDEX votes_by_run ON votes (left_run, right_run)"))


def task_details(connection: sa.Connection) -> None:
    """Add the task's details, and the clip's length and sound."""
    for column in ("task_details JSON", "video_seconds FLOAT", "video_sound BOOLEAN"):
        connection.execute(sa.text(f"ALTER TABLE runs ADD COLUMN {column}"))


def documents(connection: sa.Connection) -> None:
    """Create the documents table, and add the question that a vote answers."""
    moment = "DATETIME" if connection.dialect.name == "sqlite" else "TIMESTAMP WITH TIME ZONE"
    connection.execute(
        sa.text(
            "CREATE TABLE documents (document_id TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, "
            f"at {moment} NOT NULL, text TEXT NOT NULL, sha256 TEXT NOT NULL)"
        )
    )
    connection.execute(sa.text("ALTER TABLE votes ADD COLUMN question TEXT NOT NULL DEFAULT ''"))


# A step after the first changes tables by their names, never by ``schema``, which goes on changing.
MIGRATIONS: tuple[Callable[[sa.Connection], None], ...] = (
    first_schema,
    votes,
    clips,
    event_codes,
    task_details,
    documents,
)


def number_of(connection: sa.Connection, where: str) -> int:
    """The number of a store's schema; 0 for an empty store. Only reads.

    Raises:
        StoreError: The store is newer than this program, or another program's.
    """
    look = sa.inspect(connection)
    there = set(look.get_table_names())
    ours = set(schema.metadata.tables)
    columns = {c["name"] for c in look.get_columns("migrations")} if "migrations" in there else set()
    if not {"number", "name", "at"} <= columns:
        # A PostgreSQL database may hold other programs' tables beside ours; a SQLite file is ours alone.
        strange = there if connection.dialect.name == "sqlite" else there & ours
        if strange:
            raise StoreError(
                f"the database at {where} holds another program's tables ({', '.join(sorted(strange)[:5])})",
                hint="set HAILUO_STORE or HAILUO_HOME to another place; it was not touched",
            )
        return 0
    newest = int(connection.scalar(sa.select(sa.func.max(schema.migrations.c.number))) or 0)
    if newest > len(MIGRATIONS):
        raise StoreError(
            f"the run log at {where} has schema {newest}, and this version of hailuo-widgets knows {len(MIGRATIONS)}",
            hint="update hailuo-widgets, or set HAILUO_HOME to another folder; the store was not touched",
        )
    return newest


def migrate(connection: sa.Connection, where: str) -> None:
    """Bring a store to this program's schema, inside the caller's transaction (which holds the write lock).

    Raises:
        StoreError: The store is newer than this program, or another program's.
    """
    had = number_of(connection, where)
    for number, step in enumerate(MIGRATIONS, start=1):
        if number <= had:
            continue
        if had or number == 1:
            step(connection)
        connection.execute(schema.migrations.insert().values(number=number, name=step.__name__, at=now(connection)))
