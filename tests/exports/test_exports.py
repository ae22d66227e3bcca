"""Tests of exported files: they run no code, lose nothing, and a video has the right frames."""

from __future__ import annotations

import base64
import codecs
import csv
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hailuo_widgets.api.session import Session
from hailuo_widgets.dataframes.runs import runs_frame
from hailuo_widgets.domain.grid import arrange
from hailuo_widgets.errors import UsageError
from hailuo_widgets.exports import export
from hailuo_widgets.exports.tables import latex_of, safe_csv
from hailuo_widgets.exports.video import size_of
from hailuo_widgets.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hailuo_widgets.workspace.sweep import Sweep


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Session, Sweep]]:
    """A session and a sweep of it: two prompts by two seeds at KIE, one of the four refused."""
    folder = tmp_path_factory.mktemp("exports")
    with pytest.MonkeyPatch.context() as patch, Simulator(folder / "provider", latency=0.05, draft=True) as simulator:
        patch.setenv("KIE_BASE_URL", simulator.url)
        patch.setenv("KIE_API_KEY", "test-key")
        session = Session(home=folder / "home", mode="live", poll_interval=0.05, notice=lambda _: None)
        prompts = {"=1+1": "=SUM(A1) a fox & 50% {x}", "b": "a wolf"}
        sweep = session.sweep(prompts, provider="kie", model="02", seed=[1, 2]).wait(60)
        assert {run.status for run in sweep} == {"succeeded"}
        session.change(sweep[3].id, "its clip is deleted", note="@note")
        clip = sweep[3].video
        assert clip is not None
        clip.unlink()
        yield session, sweep
        session.close()


def rows_of(made: tuple[Session, Sweep]) -> list[Any]:
    """The runs as the log has them."""
    session, sweep = made
    return session.chosen(sweep)


def test_csv(made: tuple[Session, Sweep], tmp_path: Path) -> None:
    """Every row and column is there, ids whole, what is missing empty, and no field begins a formula."""
    session, sweep = made
    written = export(session, rows_of(made), tmp_path / "runs.csv")
    assert written.read_bytes().startswith(codecs.BOM_UTF8)
    with written.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["run_id"] for row in rows] == [run.id for run in sweep]
    assert [row["task_id"] for row in rows] == [run.task_id for run in sweep]
    assert rows[0]["prompt"] == "'=SUM(A1) a fox & 50% {x}"
    assert (rows[0]["variant"], rows[3]["note"], rows[0]["error"]) == ("'=1+1", "'@note", "")
    assert not [v for row in rows for v in row.values() if re.match(r"[=+@\t\r-](?![\d.]+$)", v)]


@settings(deadline=None)  # the first one loads pandas
@given(st.text(max_size=20))
def test_no_text_is_a_formula(text: str) -> None:
    """Whatever a text begins with, a spreadsheet takes it for text; all of it is still there."""
    safe = str(safe_csv(pd.DataFrame({"x": [text]})).iloc[0, 0])
    assert safe.removeprefix("'") == text.removeprefix("'") or safe == text
    assert not re.match(r"[=+@＝＋－＠\t\r\n]|\s+[=+\-@]", safe) or re.fullmatch(r"[+-]?\d+(\.\d+)?", safe)


def test_latex(made: tuple[Session, Sweep], tmp_path: Path) -> None:
    """A table of what differs and of the results, escaped, with as many cells in each row as there are columns."""
    session, _ = made
    text = export(session, rows_of(made), tmp_path / "runs.tex").read_text("utf-8")
    unlabelled = latex_of(runs_frame([replace(r, variant=None) for r in rows_of(made)], session.archive.root))
    assert r"=SUM(A1) a fox \& 50\% \{x\}" in unlabelled  # a label stands for its prompt
    body = text.split(r"\midrule")[1].split(r"\bottomrule")[0].strip().splitlines()
    columns = len(re.search(r"begin\{tabular\}\{(l+)\}", text)[1])  # type: ignore[index]  # no match fails it too
    assert {len(re.split(r"(?<!\\) & ", row)) for row in body} == {columns}
    assert text.startswith(r"\begin{tabular}")
    simulated = latex_of(runs_frame([replace(r, simulated=True) for r in rows_of(made)], session.archive.root))
    assert simulated.startswith("% Some of these clips were simulated")


@settings(deadline=None)  # likewise
@given(st.text(alphabet=st.sampled_from('\\&%$#_{}~^<>|"a ')))
def test_no_text_breaks_a_table(text: str) -> None:
    """Each special character of LaTeX is written so that it is shown."""
    frame = runs_frame([], None)  # type: ignore[arg-type]  # no run, no folder
    frame = pd.concat([frame, pd.DataFrame({"prompt": [text, "b"], "simulated": [False, False]})], ignore_index=True)
    table = latex_of(frame)
    assert table.count(r" \\" + "\n") == 3
    shown = table.split(r"\midrule")[1].split(r" \\")[0]
    assert not re.search(r"(?<!\\)[%$#_]", shown.replace(r"\textquotedbl{}", ""))


def test_parquet_keeps_types(made: tuple[Session, Sweep], tmp_path: Path) -> None:
    """Read back, ids are text and numbers numbers."""
    pytest.importorskip("pyarrow", reason="Parquet is optional: without pyarrow the error says what to install")
    session, sweep = made
    frame = pd.read_parquet(export(session, rows_of(made), tmp_path / "runs.parquet"))
    assert frame["task_id"].tolist() == [run.task_id for run in sweep]
    assert frame["seed"].tolist() == [1, 2, 1, 2]


def test_a_video_says_which_runs_it_leaves_out(made: tuple[Session, Sweep], tmp_path: Path) -> None:
    """Three axes, and a cell has room for one clip: one that has a clip is shown, and the others are named."""
    session, _ = made
    records = rows_of(made)
    told: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "say", told.append)
        export(session, records, tmp_path / "all.mp4", width=64)
        assert told == []
        other = [replace(r, run_id=f"{r.run_id}x", request=replace(r.request, model="03")) for r in records]
        export(session, [*other[:3], *records], tmp_path / "x.mp4", rows="variant", cols="seed", width=64)
        (said,) = told
        assert said.startswith("x.mp4 shows 4 of 7 runs. These runs also differ in model")
        # The first of each cell that has a clip is shown; the last cell has one run, whose clip is gone.
        assert said.count("model MiniMax-Hailuo-02") + said.count("model minimax-hailuo-02") == 3
        assert ".html" in said
        told.clear()
        many = [replace(records[0], run_id=f"r{n}") for n in range(9)]
        export(session, many, tmp_path / "x.mp4", width=64)
        assert "x.mp4 shows 1 of 9 runs. Some are of the same request" in told[0]
        assert "r1; r2; r3; r4; r5; r6; and 2 more" in told[0]


def test_a_cell_shows_the_run_that_has_a_clip(made: tuple[Session, Sweep], tmp_path: Path) -> None:
    """Where the first run of a cell brought no clip and the second did, the clip is shown."""
    session, _ = made
    here, gone = rows_of(made)[0], rows_of(made)[3]
    same = replace(gone, request=here.request, variant=here.variant, variables=here.variables)
    written = export(session, [same, here], tmp_path / "x.mp4", width=64)
    with av.open(str(written)) as container:
        assert sum(1 for _ in container.decode(container.streams.video[0])) > 25


def test_a_grid_of_clips(made: tuple[Session, Sweep], tmp_path: Path) -> None:
    """The video has the promised size and the longest clip's length; a missing clip's cell is there, and still."""
    session, _ = made
    records = rows_of(made)
    written = export(session, records, tmp_path / "grid.mp4", rows="variant", cols="seed", width=160)
    with av.open(str(written)) as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
    wide, high = size_of(arrange(records, rows="variant", cols="seed"), 160)
    assert frames[0].shape == (high, wide, 3)
    assert len(frames) == 150
    moved = np.abs(frames[0].astype(int) - frames[75].astype(int)).mean(axis=2)
    here, missing = moved[40:120, 140:290], moved[-80:-10, -150:-10]
    assert here.mean() > 5 * missing.mean()
    assert [p.name for p in tmp_path.iterdir()] == ["grid.mp4"]


@pytest.mark.parametrize(
    ("path", "shape", "says"),
    [
        ("runs.csw", {}, "did you mean 'runs.csv'"),
        ("runs", {}, "its end says what is written"),
        ("nowhere/runs.csv", {}, "is not there"),
        ("runs.csv", {"rows": "seed"}, "rows is for .html and .mp4"),
        ("grid.mp4", {"width": 3}, "from 64 to 1920"),
        ("grid.mp4", {"rows": "sead"}, "did you mean 'seed'"),
    ],
)
def test_mistakes(made: tuple[Session, Sweep], tmp_path: Path, path: str, shape: dict[str, Any], says: str) -> None:
    """Each says what is allowed, and nothing is written."""
    session, _ = made
    with pytest.raises(UsageError, match=says):
        export(session, rows_of(made), tmp_path / path, **shape)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UsageError, match="no runs to export"):
        export(session, [], tmp_path / "runs.csv")


def test_a_clip_that_is_gone_is_not_in_the_table(
    judged: tuple[Session, Sweep, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``video`` is NA where the file is gone, and one listing of the folder tells it for all rows."""
    session, sweep, _ = judged
    listed: list[Path] = []
    scan = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: listed.append(path) or scan(path))
    monkeypatch.setattr(Path, "lstat", lambda _: pytest.fail("a file was looked at by itself"))
    frame = session.runs().set_index("run_id")["video"]
    monkeypatch.undo()
    assert listed == [session.archive.root]
    assert [frame[run.id] for run in sweep.runs[:3]] == [str(run.video) for run in sweep.runs[:3]]
    assert frame.isna()[sweep[3].id]


@pytest.mark.parametrize("kind", ["longer", "of the same size"])
@pytest.mark.parametrize("end", [".html", ".mp4", ".png"])
def test_a_changed_file_is_not_shown_as_the_runs_clip(
    made: tuple[Session, Sweep], end: str, kind: str, tmp_path: Path
) -> None:
    """What the archive holds under a run's name is the run's clip only if it has the run's hash."""
    session, sweep = made
    clip = sweep[0].video
    assert clip is not None
    whole = clip.read_bytes()
    planted = b"PLANTED" + whole[7:] if kind == "of the same size" else b"<html>PLANTED" + whole
    clip.write_bytes(planted)
    try:
        target = session.export([sweep[0], sweep[1]], tmp_path / f"out{end}")
        if end == ".html":
            text = target.read_text("utf-8")
            assert base64.b64encode(planted[:60]).decode()[:40] not in text
            assert f"hailuo-video-{sweep[0].id}" not in text
            assert f"hailuo-video-{sweep[1].id}" in text
        with pytest.raises(UsageError, match="none of these runs has a clip"):
            session.export([sweep[0]], tmp_path / "one.png")
    finally:
        clip.write_bytes(whole)
