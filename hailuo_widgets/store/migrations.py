"""The schema's history: numbered steps, only ever appended. All that are missing run in one transaction.

A store that is newer than this program is refused, never touched.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hailuo_widgets.errors import StoreError
from hailuo_widgets.store import schema

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MIGRATIONS", "migrate"]


def first_schema(connection: sa.Connection) -> None:
    """Runs, their events, and the calls of the last minute."""
    schema.metadata.create_all(connection, tables=[schema.runs, schema.events, schema.calls])


MIGRATIONS: tuple[Callable[[sa.Connection], None], ...] = (first_schema,)


def migrate(connection: sa.Connection, where: str) -> None:
    """Bring a store to this program's schema, inside the caller's transaction (which holds the write lock).

    Raises:
        StoreError: The store is newer than this program.
    """
    schema.metadata.create_all(connection, tables=[schema.migrations])
    done = set(connection.scalars(sa.select(schema.migrations.c.number)))
    newest = max(done, default=0)
    if newest > len(MIGRATIONS):
        raise StoreError(
            f"the run log at {where} has schema {newest}, and this version of hailuo-widgets knows {len(MIGRATIONS)}",
            hint="update hailuo-widgets, or set HAILUO_HOME to another folder; the store was not touched",
        )
    for number, step in enumerate(MIGRATIONS, start=1):
        if number not in done:
            step(connection)
            connection.execute(
                schema.migrations.insert().values(number=number, name=step.__name__, at=datetime.now(UTC))
            )
