"""Whether a store is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from hailuo_widgets.domain.cell_text import plural
from hailuo_widgets.store.schema import runs

if TYPE_CHECKING:
    from hailuo_widgets.store.database import Database

__all__ = ["check"]


def check(database: Database) -> str:
    """The schema's number, how many runs there are, and what the database says of its own integrity, as a sentence."""
    with database.read() as c:
        number = c.scalar(sa.text("SELECT max(number) FROM migrations"))
        count = c.scalar(sa.select(sa.func.count()).select_from(runs))
        verdict = c.scalar(sa.text("PRAGMA quick_check")) if c.dialect.name == "sqlite" else "ok"
    return f"{database.where}: schema {number}, {plural(count or 0, 'run')}, integrity {verdict}"
