"""Tests that transactions begin in one place only, and can't fail half-way."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from hailuo_widgets import store

ROOM = Path(str(store.__file__)).parent
WORDS = {"begin", "begin_nested", "begin_twophase", "commit", "connect", "raw_connection", "create_engine"}
# Beside database.py: backup.py connects to its own new copy, unfinished_count.py reads only (mode=ro).
ALLOWED = {"backup.py": {"connect"}, "unfinished_count.py": {"connect"}}


def begins(source: str) -> list[str]:
    """What of a module would begin or end a transaction, or open a connection for it."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WORDS:
            found.append(node.func.attr)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.upper().startswith("BEGIN"):
            found.append(node.value)
    return found


def test_only_the_database_module_begins_transactions() -> None:
    """No other module of the store begins, commits or connects, save where a reason stands here."""
    found = {p.name: set(begins(p.read_text("utf-8"))) - ALLOWED.get(p.name, set()) for p in ROOM.glob("*.py")}
    assert found.pop("database.py") >= {"begin", "connect", "BEGIN IMMEDIATE"}
    assert {name: words for name, words in found.items() if words} == {}


@pytest.mark.parametrize("source", ["engine.begin()", "c.execute('begin')", "sqlite3.connect(p)", "c.commit()"])
def test_the_search_finds(source: str) -> None:
    """Each form is found."""
    assert begins(source) != []
