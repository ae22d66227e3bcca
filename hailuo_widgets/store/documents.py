"""Documents in the store: only ever added, never changed or deleted.

Run both functions in the log's thread: ``log.call(documents.write, log.database, document)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from hailuo_widgets.domain.document import Document
from hailuo_widgets.errors import UsageError
from hailuo_widgets.store.rows import NEVER, UNREADABLE, time_of
from hailuo_widgets.store.schema import documents
from hailuo_widgets.store.text import check_text

if TYPE_CHECKING:
    from typing import Any

    from hailuo_widgets.store.database import Database

__all__ = ["find", "write"]


def write(database: Database, document: Document) -> None:
    """Write a document.

    Raises:
        UsageError: There is one of that ID, or a text holds what no store can keep; nothing was written.
    """
    row = {name: getattr(document, name) for name in documents.c.keys()}  # noqa: SIM118 - not a dict
    for name, value in row.items():
        check_text(name, value)
    same = sa.select(documents.c.kind).where(documents.c.document_id == document.document_id)
    with database.write() as c:
        if (kind := c.scalar(same)) is not None:
            raise UsageError(f"the log has a {kind} {document.document_id!r}, and none is changed")
        c.execute(documents.insert(), row)


def find(database: Database, kind: str, document_id: str | None = None) -> list[Document]:
    """The documents of a kind, oldest first; with ``document_id``, that one alone.

    One that cannot be read has no text, and is not intact.
    """
    query = sa.select(documents).where(documents.c.kind == kind).order_by(documents.c.at, documents.c.document_id)
    if document_id is not None:
        query = query.where(documents.c.document_id == document_id)
    with database.read() as c:
        return [_read(dict(row)) for row in c.execute(query).mappings()]


def _read(row: dict[str, Any]) -> Document:
    try:
        at = time_of(row["at"])
    except UNREADABLE:
        at = None
    texts = {name: value if isinstance(value, str) else "" for name, value in row.items() if name != "at"}
    return Document(**texts, at=at or NEVER)
