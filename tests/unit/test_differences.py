"""What runs differ in: grid, boards, vote, report and LaTeX table name the same columns."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.dataframes.runs import runs_frame
from hailuo_widgets.domain.grid import arrange
from hailuo_widgets.domain.images import Image
from hailuo_widgets.domain.references import MediaKind, Reference
from hailuo_widgets.domain.request import Control, Request, Source
from hailuo_widgets.domain.run import RunRecord
from hailuo_widgets.exports import tables
from hailuo_widgets.exports.report_sections import runs_html
from hailuo_widgets.render.board import render_board
from hailuo_widgets.render.card import Card
from hailuo_widgets.voting.pairs import pair_up
from hailuo_widgets.widgets.run_rows import varying

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW = datetime(2026, 11, 1, tzinfo=UTC)
RESULTS = {"status", "cost", "cost kind", "currency", "elapsed s", "rating"}
UNCOMPARED = {
    "callback_url",
    "width",
    "height",
    "unlisted",
    "price",
}  # shape no clip, or have no column of their own

TABLE: dict[str, tuple[list[dict[str, Any]], set[str]]] = {
    "provider": ([{"provider": "kie"}, {"provider": "pixazo"}], {"provider"}),
    "model": ([{"model": "02"}, {"model": "2.3"}], {"model"}),
    "prompt": ([{"prompt": "a fox"}, {"prompt": "a wolf"}], {"prompt"}),
    "seed": ([{"seed": 1}, {"seed": 2}], {"seed"}),
    "replicate": ([{"replicate": 1}, {"replicate": 2}], {"replicate"}),
    "results of one call": ([{"result_index": 0}, {"result_index": 1}], {"replicate"}),
    "prompt_optimizer": ([{"prompt_optimizer": True}, {"prompt_optimizer": False}], {"prompt_optimizer"}),
    "fast_pretreatment": ([{"fast_pretreatment": True}, {"fast_pretreatment": False}], {"fast_pretreatment"}),
    "watermark": ([{"watermark": True}, {"watermark": None}], {"watermark"}),
    "duration": ([{"duration": 6}, {"duration": 10}], {"duration"}),
    "resolution": ([{"resolution": "768P"}, {"resolution": None}], {"resolution"}),
    "aspect_ratio": ([{"aspect_ratio": "16:9"}, {"aspect_ratio": "9:16"}], {"aspect_ratio"}),
    "template": ([{"template": "1"}, {"template": "2"}], {"template"}),
    "text": ([{"template": "1", "text": "a"}, {"template": "1", "text": "b"}], {"text"}),
    **{
        name: ([{name: Image(name="a.png", sha256="a")}, {name: Image(name="b.png", sha256="b")}], {name})
        for name in ("first_frame", "last_frame", "subject")
    },
    "references": (
        [{"references": (Reference(name=f"{n}.png", sha256=n, kind=MediaKind.IMAGE),)} for n in "ab"],
        {"references"},
    ),
    "options": ([{"options": {"ttl": 60}}, {"options": {"ttl": 600}}], {"options"}),
    "an option or none": ([{}, {"options": {"a.b": "quality"}}], {"options"}),
    "options in another order": ([{"options": {"a": 1, "b": 2}}, {"options": {"b": 2, "a": 1}}], set()),
    "source": ([{"source": Source(run_id=n, task_id=n)} for n in "ab"], {"source"}),
    "control": ([{"control": Control(arm=arm, comparison="c")} for arm in "ab"], {"control"}),
    "mode": ([{}, {"first_frame": Image(name="a.png", sha256="a")}], {"mode", "first_frame"}),
    "a variable": ([{"variables": {"at": "dawn"}}, {"variables": {"at": "dusk"}}], {"var_at"}),
    "a variable and its prompt": (
        [{"variables": {"at": at}, "prompt": f"a fox at {at}"} for at in ("dawn", "dusk")],
        {"prompt", "var_at"},
    ),
    "labelled prompts": ([{"variant": "fox", "prompt": "a fox"}, {"variant": "wolf", "prompt": "a wolf"}], {"variant"}),
    "numbered prompts": ([{"variant": "1", "prompt": "a fox"}, {"variant": "2", "prompt": "a wolf"}], {"prompt"}),
    "one label of two prompts": (
        [
            {"variant": label, "prompt": f"{label} {n}", "seed": 1}
            for n, label in enumerate(("fox", "wolf", "fox", "wolf"))
        ],
        {"variant", "prompt"},
    ),
    "status alone": ([{"status": "succeeded"}, {"status": "failed"}], set()),
}


def runs(cells: Sequence[dict[str, Any]]) -> list[RunRecord]:
    """Runs of KIE's that succeeded, with these fields."""
    own = {"variant", "variables", "status", "result_index"}
    return [
        RunRecord(
            run_id=f"r{n}",
            created_at=NOW,
            request_hash="h",
            request=Request(
                **{"provider": "kie", "model": "02", "prompt": "a fox"}
                | {k: v for k, v in cell.items() if k not in own}
                | ({"options": {"numberResults": 2}} if "result_index" in cell else {})
            ),
            **{"status": "succeeded", "sweep_id": f"s{n}"} | {k: v for k, v in cell.items() if k in own},
        )
        for n, cell in enumerate(cells)
    ]


def grid(records: list[RunRecord]) -> set[str]:
    """The rows, the columns, and what is written at each cell."""
    found = arrange(records)
    return {name for name in (*found.names, *found.differ) if name}


def board(records: list[RunRecord]) -> set[str]:
    """The columns of the live board, in which a variable stands without its prefix."""
    names = {name for row in varying(records).values() for name in row}
    return {f"var_{name}" if any(name in r.variables for r in records) else name for name in names}


def table(records: list[RunRecord]) -> set[str]:
    """The columns of the static table that a saved notebook keeps."""
    own = {"status": "succeeded", "provider": "kie", "model": "02", "mode": "text to video", "prompt": "a fox"}
    cards = [Card(run_id=r.run_id, simulated=False, created_at=NOW, **own) for r in records]
    heads = re.findall(r"<th style[^>]*>(.*?)</th>", render_board(cards, "", varying(records)))
    return {column_of(name, records) for name in heads if name not in {"run", "time", *RESULTS}}


def latex(records: list[RunRecord]) -> set[str]:
    """The columns of the table for a paper, without the results."""
    text = tables.latex_of(tables.with_differences(runs_frame(records, Path()), records))
    (head,) = re.findall(r"\\toprule\n(.*) \\\\\n\\midrule", text)
    return {column_of(name, records) for name in head.split(" & ") if name not in RESULTS}


def report(records: list[RunRecord]) -> set[str]:
    """The columns of the report's table in which its rows differ; rows of equal settings say nothing of a kind."""
    html = runs_html(records)
    heads = re.findall(r'<th scope="col">(.*?)</th>', html)
    rows = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr><td>.*?</tr>", html)]
    others = {"run", "rating", "note", "sha256", *RESULTS}
    return {
        column_of(name, records)
        for n, name in enumerate(heads)
        if name not in others and len({row[n] for row in rows}) > 1
    }


def column_of(head: str, records: list[RunRecord]) -> str:
    """The column of the log that a table's head stands for."""
    return f"var_{head}" if any(head in r.variables for r in records) else head.replace(" ", "_")


@pytest.mark.parametrize("case", TABLE)
def test_all_views_name_the_same_differences(case: str) -> None:
    """Whatever two runs differ in, each view names it, and nothing else."""
    records, expected = runs(TABLE[case][0]), TABLE[case][1]
    for view in (grid, board, table, latex):
        assert view(records) == expected, view.__name__
    if case in {"labelled prompts", "numbered prompts"}:
        assert report(records) == {"variant", "prompt"}  # its table shows each run in full
    else:
        assert report(records) == expected
    if expected - {"replicate"}:
        assert pair_up(records).between in expected


def test_every_field_of_a_request_is_compared() -> None:
    """A field that shapes the clip is in the table above."""
    assert {f.name for f in fields(Request)} - UNCOMPARED <= set(TABLE)
