"""Tests that a document is kept as it was written, and that a change made elsewhere is noticed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from hailuo_widgets.domain.document import BALLOT, REGISTRATION, Document, canonical_json
from hailuo_widgets.errors import UsageError
from hailuo_widgets.store import RunLog, documents

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 12, 1, 9, 0, 0, 123456, tzinfo=UTC)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def made(document_id: str = "d1", kind: str = REGISTRATION, **content: object) -> Document:
    """A document of some content."""
    return Document.of(content, document_id=document_id, kind=kind, at=NOW)


def test_a_document_comes_back_as_it_was_written(log: RunLog) -> None:
    """By its kind, oldest first; its ID is taken for good."""
    later = Document.of({"b": 1}, document_id="a0", kind=REGISTRATION, at=NOW + timedelta(seconds=1))
    for document in (later, made(question="which? 狐"), made("d2", BALLOT)):
        documents.write(log.database, document)
    assert documents.find(log.database, REGISTRATION) == [made(question="which? 狐"), later]
    assert documents.find(log.database, REGISTRATION, "a0") == [later]
    assert documents.find(log.database, BALLOT, "a0") == []
    with pytest.raises(UsageError, match="none is changed"):
        documents.write(log.database, made("d2", BALLOT, other=1))
    assert documents.find(log.database, BALLOT) == [made("d2", BALLOT)]


def test_a_change_by_another_program_shows(log: RunLog) -> None:
    """The hash is that of the text as it was written."""
    documents.write(log.database, made(alpha=0.05))
    with log.database.write() as c:
        c.execute(sa.text("UPDATE documents SET text = replace(text, '0.05', '0.5')"))
    (found,) = documents.find(log.database, REGISTRATION)
    assert (found.intact, found.content) == (False, {"alpha": 0.5})


def test_a_row_that_cannot_be_read_is_not_intact(path: Path) -> None:
    """A text that is no JSON, or none at all, is a document without content; so is one nested without end."""
    log = RunLog(f"sqlite:///{path}")
    documents.write(log.database, made("d1"))
    documents.write(log.database, made("d2"))
    log.close()
    with closing(sqlite3.connect(path)) as c:
        c.execute("UPDATE documents SET text = x'ff' WHERE document_id = 'd1'")
        c.execute("UPDATE documents SET text = '[1', at = 'x' WHERE document_id = 'd2'")
        c.execute("INSERT INTO documents SELECT 'd3', kind, at, ?, sha256 FROM documents LIMIT 1", ["[" * 100_000])
        c.commit()
    found = documents.find(log.database, REGISTRATION)
    assert sorted(d.document_id for d in found) == ["d1", "d2", "d3"]
    assert [(d.intact, d.content) for d in found] == [(False, {})] * 3
    log.close()


@given(st.dictionaries(st.text(max_size=4), values, max_size=4), st.randoms())
def test_equal_contents_have_one_hash(content: dict[str, object], shuffle: object) -> None:
    """Whatever the order of the keys; reading gives the content back."""
    keys = list(content)
    shuffle.shuffle(keys)  # type: ignore[attr-defined]
    again = {key: content[key] for key in keys}
    one, other = (Document.of(x, document_id="d", kind=BALLOT, at=NOW) for x in (content, again))
    assert one == other
    assert one.content == content
    assert one.intact
    assert one.text == canonical_json(again)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_without_a_word_is_refused(value: float) -> None:
    """JSON has none for it, and other programs would read another one."""
    with pytest.raises(ValueError, match="JSON"):
        made(alpha=value)
