"""Tests of prompts from files and tables, and of arguments from a dict, in a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from hailuo_widgets.api.session import Session
from hailuo_widgets.errors import UsageError
from hailuo_widgets.planning.grammar import parse_line
from hailuo_widgets.workspace.cell import plan_cell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A session that sends nothing, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    opened = Session(home=tmp_path / "home", mode="simulated", notice=lambda _: None)
    yield opened
    opened.close()


def asked(session: Session, line: str, body: str = "", **variables: Any) -> list[tuple[str, int | None, str]]:
    """The prompt, seed and model of each run that a cell would make."""
    plan = plan_cell(session, parse_line(f"--provider kie {line}"), body, variables, ask_log=False)
    return [(p.request.prompt, p.request.seed, p.request.model) for p in plan.runs]


FRAME = pd.DataFrame({"prompt": ["a fox", "a wolf"], "seed": [7, 8]})


def test_prompts_come_from_a_table(session: Session, tmp_path: Path) -> None:
    """A CSV (of any line ends, with a mark of byte order), TSV or DataFrame: a row a run, its columns are arguments."""
    expected = [("a fox", 7, "minimax-hailuo-02"), ("a wolf", 8, "minimax-hailuo-02")]
    (tmp_path / "a.csv").write_bytes("\ufeffprompt,seed\r\na fox,7\r\na wolf,8\r\n".encode())
    (tmp_path / "b c.tsv").write_text("prompt\tseed\na fox\t7\na wolf\t8\n", "utf-8")
    assert asked(session, "--model 02 --prompts a.csv") == expected
    assert asked(session, "--model 02 --prompts 'b c.tsv'") == expected
    assert asked(session, "--model 02 --prompts mine", mine=FRAME) == expected
    assert asked(session, "--model 02 --prompts mine", mine=["a fox", "a wolf"]) == [
        ("a fox", None, "minimax-hailuo-02"),
        ("a wolf", None, "minimax-hailuo-02"),
    ]


def test_prompts_come_from_a_text(session: Session, tmp_path: Path) -> None:
    """As they would stand in the cell, with variants and variables."""
    (tmp_path / "a.txt").write_bytes(b"--- day\r\na {{animal}}\r\n--- night\r\na wolf\r\n")
    found = asked(session, "--model 02 --prompts a.txt", animal="hare")
    assert [prompt for prompt, _, _ in found] == ["a hare", "a wolf"]


def test_arguments_come_from_a_dict(session: Session) -> None:
    """Those of a request, and values of the prompt's places; a list is an axis as ever."""
    mine = {"seed": [1, 2], "model": "02", "animal": "fox"}
    assert asked(session, "--params mine", "a {{animal}}", mine=mine) == [
        ("a fox", 1, "minimax-hailuo-02"),
        ("a fox", 2, "minimax-hailuo-02"),
    ]
    assert asked(session, "--params mine", "a {{animal}}", mine={"animal": "hare"}, animal="fox")[0][0] == "a hare"


@pytest.mark.parametrize(
    ("line", "body", "told"),
    [
        ("--prompts nowhere.csv", "", "No such file"),
        ("--prompts nowhere", "", "No such file"),
        ("--prompts mine", "a fox", "the cell has a prompt too"),
        ("--prompts number", "", "the variable is 7"),
        ("--prompts other", "", "there is no column prompt among promt, seed"),
        ("--prompts empty", "", "the table has no rows"),
        ("--prompts .", "", "directory"),
        ("--prompts blank.txt", "", "the file is empty"),
        ("--prompts blank.csv", "", "No columns"),
        ("--prompts bytes.csv", "", "codec can't decode"),
        ("--params nowhere", "a fox", "there is no such variable"),
        ("--params number", "a fox", "it is 7"),
        ("--params odd", "a fox", "the key 3 is no text"),
        ("--params slip", "a fox", "'sed' is no argument"),
        ("--params twice --seed 7", "a fox", "--seed stands on the line and in --params twice"),
        ("--params '{}'", "a fox", "there is no such variable"),
    ],
)
def test_what_cannot_be_read_is_refused(session: Session, tmp_path: Path, line: str, body: str, told: str) -> None:
    """By its name and what is wrong with it; with a next step, and nothing is sent."""
    (tmp_path / "blank.txt").write_text("\n", "utf-8")
    (tmp_path / "blank.csv").write_text("", "utf-8")
    (tmp_path / "bytes.csv").write_bytes(b"prompt\n\xff\xfe\xff")
    variables: dict[str, Any] = {
        "mine": FRAME, "number": 7, "other": FRAME.rename(columns={"prompt": "promt"}), "empty": FRAME[:0],
        "odd": {3: 1}, "slip": {"sed": 1}, "twice": {"seed": 1},
    }  # fmt: skip
    with pytest.raises(UsageError) as refused:
        asked(session, line, body, **variables)
    assert told in str(refused.value)
    assert refused.value.hint
