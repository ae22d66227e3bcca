"""Tests that the fault matrix is complete, and that its tests exist."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from later import LATER
from matrix import ROWS, Row

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ALL = ROWS + LATER


@cache
def names_in(path: Path) -> set[str]:
    """The test functions of a file; none where there is no such file."""
    return set(re.findall(r"^def (test_\w+)\(", path.read_text("utf-8"), re.MULTILINE)) if path.is_file() else set()


def test_every_row_is_there_once() -> None:
    """The rows in their order, each with tests."""
    assert [row.number for row in ALL] == list(range(1, len(ALL) + 1))
    assert [row.number for row in ALL if not row.tests] == []


@pytest.mark.parametrize("row", ALL, ids=lambda row: f"{row.number} {row.what}")
def test_every_named_test_exists(row: Row) -> None:
    """A row's tests are in the files that it names."""
    missing = []
    for name in row.tests:
        file, _, test = name.partition("::")
        path = ROOT / file if file.startswith("tests/") else HERE / file
        if test not in names_in(path) if test else not names_in(path):
            missing.append(name)
    assert missing == []


def test_every_test_here_is_in_the_matrix() -> None:
    """No test of this folder stands for no row."""
    named = {name for row in ALL for name in row.tests}
    there = {f"{path.name}::{test}" for path in HERE.glob("test_*.py") for test in names_in(path)}
    whole = named | {"test_matrix.py"}
    assert sorted(name for name in there - named if name.partition("::")[0] not in whole) == []
