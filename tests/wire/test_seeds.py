"""Tests of the list of everything that the providers' documents say, item by item, with the tests of each.

``seeds.toml`` has the items of the documents of KIE.ai, MiniMax, kkiai, Pixazo and Runware, in their order. A row
quotes the lines of its item as the document has them, and names the tests that fail if the item is not so, or says why
there is nothing to test. A sample that repeats a request in another language is one row with its first line, its last
line, and the number of lines from the one to the other.

``seeds_lines.toml`` has a short hash of each line of the documents, made by :func:`hashes_of`: a line that no row
quotes, and a quote that is not in the document, are found without the documents themselves. Lines without a letter or a
digit, and the marks around samples, count for nothing, in both.
"""

from __future__ import annotations

import ast
import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
KEYS = {"quote", "last", "lines", "test", "nothing"}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One item: the lines that are quoted, how many lines of the document it stands for, and its tests."""

    quoted: tuple[str, ...]
    last: str | None
    lines: int
    tests: tuple[str, ...]
    nothing: str


def lines_of(text: str) -> list[str]:
    """The lines that hold a letter or a digit, with single blanks between their words; no marks around samples."""
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return [line for line in lines if any(map(str.isalnum, line)) and not line.startswith("```")]


def hash_of(line: str) -> str:
    """The short hash of one line."""
    return hashlib.sha256(line.encode()).hexdigest()[:12]


def hashes_of(text: str) -> list[str]:
    """The short hash of each line of a document, in order."""
    return [hash_of(line) for line in lines_of(text)]


def as_row(given: dict[str, Any]) -> Row:
    """A row of the data file."""
    assert set(given) <= KEYS, given
    quoted = tuple(lines_of(given["quote"]))
    tests = given.get("test", [])
    return Row(
        quoted=quoted,
        last=given.get("last"),
        lines=given.get("lines", len(quoted)),
        tests=(tests,) if isinstance(tests, str) else tuple(tests),
        nothing=given.get("nothing", ""),
    )


def problem_of(row: Row) -> str | None:
    """What is wrong with a row by itself."""
    if not row.quoted:
        return "it quotes nothing"
    if bool(row.tests) == bool(row.nothing.strip()):
        return "it names tests or says why there is nothing to test, one of the two"
    if row.last is None and row.lines != len(row.quoted):
        return "it leaves lines out and names no last one"
    if row.last is not None and (len(row.quoted) != 1 or row.lines < 2):
        return "a sample has its first line and its last, and the number of lines"
    return None


def first_difference(rows: list[Row], hashes: list[str]) -> str | None:
    """Where the rows, one after the other, are not the document; None if they are."""
    at = 0
    for row in rows:
        wanted = dict(enumerate(map(hash_of, row.quoted), at))
        if row.last is not None:
            wanted[at + row.lines - 1] = hash_of(" ".join(row.last.split()))
        for place, hashed in wanted.items():
            if place >= len(hashes) or hashes[place] != hashed:
                return f"line {place + 1} of the document is not {row.quoted[0]!r} and what follows there"
        at += row.lines
    return None if at == len(hashes) else f"line {at + 1} of the document is quoted by no row"


ROWS: dict[str, list[Row]] = {
    name: [as_row(row) for row in rows]
    for name, rows in tomllib.loads((HERE / "seeds.toml").read_text("utf-8")).items()
}
LINES: dict[str, list[str]] = {
    name: text.split() for name, text in tomllib.loads((HERE / "seeds_lines.toml").read_text("utf-8")).items()
}


@cache
def functions(path: str) -> dict[str, bool]:
    """The tests of a file, and whether each is run without a condition."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    whole = [ast.unparse(node.value) for node in tree.body if isinstance(node, ast.Assign)]
    skipped = any("mark.skip" in value for value in whole)
    return {
        node.name: not skipped and not any("mark.skip" in ast.unparse(mark) for mark in node.decorator_list)
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }


def test_the_five_documents_are_listed() -> None:
    """Each has rows and lines."""
    assert set(ROWS) == set(LINES) == {"kie", "minimax", "kkiai", "pixazo", "runware"}


@pytest.mark.parametrize("document", LINES)
def test_every_line_is_quoted(document: str) -> None:
    """The rows are the document's lines in their order: none left out, none added, none twice."""
    assert first_difference(ROWS[document], LINES[document]) is None


@pytest.mark.parametrize("document", LINES)
def test_every_item_has_tests_or_a_reason(document: str) -> None:
    """A row is whole: what it quotes, and one of tests and reason."""
    wrong = [(row.quoted, problem) for row in ROWS[document] if (problem := problem_of(row)) is not None]
    assert wrong == []


@pytest.mark.parametrize("document", LINES)
def test_every_named_test_is_run(document: str) -> None:
    """Each is there, in a file that pytest collects, and is never skipped."""
    wrong = []
    for test in {test for row in ROWS[document] for test in row.tests}:
        path, _, name = test.partition("::")
        name = name.partition("[")[0]
        good = path.startswith("tests/") and path.rpartition("/")[2].startswith("test_") and name.startswith("test_")
        if not (good and (ROOT / path).is_file() and functions(path).get(name)):
            wrong.append(test)
    assert wrong == []


@pytest.mark.parametrize("document", LINES)
def test_every_named_case_is_collected(document: str, request: pytest.FixtureRequest) -> None:
    """The names with a parameter are those of tests: in each file that this run has collected whole."""
    if request.config.getoption("keyword"):
        return
    collected: dict[str, set[str]] = {}
    for item in request.session.items:
        collected.setdefault(item.nodeid.partition("::")[0], set()).add(item.nodeid)
    for test in {test for row in ROWS[document] for test in row.tests if "[" in test}:
        path = test.partition("::")[0]
        cases = collected.get(path, set())
        whole = {case.partition("::")[2].partition("[")[0] for case in cases}
        if whole >= {name for name in functions(path) if name.startswith("test_")}:
            assert test in cases


def test_what_is_wrong_with_a_list_is_found() -> None:
    """A line without a row, a quote that is in no document, a row out of place, a sample of another length."""
    text = "# A  title\n\n| a | 1 |\n---\n| b | 2 |\nend\n"
    hashes = hashes_of(text)
    assert len(hashes) == 4
    title, a, b, end = (as_row({"quote": line, "nothing": "x"}) for line in lines_of(text))
    sample = as_row({"quote": "| a | 1 |", "last": "end", "lines": 3, "nothing": "x"})
    both = as_row({"quote": "| a | 1 |\n---\n  | b |  2 |", "nothing": "x"})
    for whole in ([title, a, b, end], [title, both, end], [title, sample]):
        assert first_difference(whole, hashes) is None
    other = as_row({"quote": "| a | 3 |", "nothing": "x"})
    longer = as_row({"quote": "| a | 1 |", "last": "end", "lines": 4, "nothing": "x"})
    for wrong in ([title, a, b], [title, b, end], [title, b, a, end], [title, other, b, end], [title, a, a, b, end],
                  [title, longer], [title, a, b, end, end], []):  # fmt: skip
        assert first_difference(wrong, hashes) is not None


@pytest.mark.parametrize(
    "row",
    [
        {"quote": "a"},
        {"quote": "a", "nothing": " "},
        {"quote": "--", "nothing": "x"},
        {"quote": "a", "nothing": "x", "test": "tests/wire/test_kie.py::test_success"},
        {"quote": "a", "nothing": "x", "lines": 2},
        {"quote": "a\nb", "last": "c", "lines": 3, "nothing": "x"},
        {"quote": "a", "last": "c", "nothing": "x"},
    ],
    ids=str,
)
def test_a_row_that_is_not_whole_is_found(row: dict[str, Any]) -> None:
    """Neither tests nor reason, both, nothing quoted, lines left out."""
    assert problem_of(as_row(row)) is not None
