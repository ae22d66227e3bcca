"""Tests of table exports: every value can be read back, or is refused with a reason."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hailuo_widgets.api.session import Session
from hailuo_widgets.dataframes.runs import runs_frame
from hailuo_widgets.domain.differences import columns_of
from hailuo_widgets.domain.grid import arrange
from hailuo_widgets.domain.request import Request
from hailuo_widgets.domain.run import RunRecord
from hailuo_widgets.errors import UsageError
from hailuo_widgets.exports import KINDS, export
from hailuo_widgets.exports.tables import is_missing, write_frame

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_PARQUET = "Parquet is optional: without pyarrow the error says what to install"
NOW = pd.Timestamp("2026-11-01", tz="UTC").to_pydatetime()
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.text(alphabet=st.sampled_from("=+-@＝＋－＠'\"\r\n\t,; \x00\ud800\x85\u2028[]*\\&%$#_{}~^狐a1"), max_size=8),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=1),
)


def record(number: int, **more: Any) -> RunRecord:
    """A run."""
    fields = {name: more.pop(name) for name in ("prompt", "seed", "model") if name in more}
    request = Request(**{"prompt": "a fox", "provider": "kie", "model": "02"} | fields)
    return RunRecord(run_id=f"r{number}", created_at=NOW, request=request, request_hash="h", **more)


def frame_of(values: list[Any], note: str | None) -> pd.DataFrame:
    """The log's frame of runs whose variable has these values."""
    runs = [record(n, variables={"x": value}, note=note, prompt=str(value)) for n, value in enumerate(values)]
    return runs_frame(runs, Path("/videos"))


def kept(value: Any) -> str:
    """A cell as text, as far as a file can hold it."""
    return (
        ""
        if is_missing(value)
        else "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in str(value))
    )


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ODD, min_size=3, max_size=8), st.none() | st.text(max_size=5))
def test_odd_values_are_read_back(tmp_path: Path, values: list[Any], note: str | None) -> None:
    """CSV, Parquet and LaTeX hold every row and every text, a formula behind an apostrophe; nothing else is raised."""
    frame = frame_of(values, note)
    texts = [kept(v) for v in frame["prompt"]]
    write_frame(frame, tmp_path / "x.csv", ".csv")
    with (tmp_path / "x.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["run_id"] for row in rows] == frame["run_id"].tolist()
    for row, text in zip(rows, texts, strict=True):
        assert row["prompt"] in {text, f"'{text}"}
        for cell in (row["prompt"], row["var_x"], row["note"]):
            assert not cell.strip().startswith(("=", "@", "＝", "＋", "－", "＠")), cell
            assert not cell.startswith(("\t", "\r", "\n"))
    shown = pd.read_csv(tmp_path / "x.csv", keep_default_na=False, dtype="string")
    assert len(shown) == len(values)
    if importlib.util.find_spec("pyarrow"):  # Parquet is optional
        write_frame(frame, tmp_path / "x.parquet", ".parquet")
        assert [kept(v) for v in pd.read_parquet(tmp_path / "x.parquet")["prompt"]] == texts
        (tmp_path / "x.parquet").unlink()
    write_frame(frame, tmp_path / "x.tex", ".tex")
    body = (tmp_path / "x.tex").read_text("utf-8").split("\\midrule\n")[1].split("\\bottomrule")[0]
    assert body.count(" \\\\\n") == len(values)
    assert not any(line.startswith(("[", "*")) for line in body.splitlines())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.csv", "x.tex"]


@pytest.mark.parametrize(
    "text", ["\n=1+1", "\r=1", "\t@x", " =1", "\u00a0=1", "\ufeff=1", "＝1", "＋1", "－1", "＠x", "-a", "+a"]
)
def test_each_way_to_begin_a_formula(tmp_path: Path, text: str) -> None:
    """A line end, a blank or a full-width sign before it does not hide a formula."""
    write_frame(frame_of([text], text), tmp_path / "x.csv", ".csv")
    with (tmp_path / "x.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["prompt"], row["note"], row["var_x"]) == (f"'{text}",) * 3


def test_a_carriage_return_breaks_no_row(tmp_path: Path) -> None:
    """Both readers see one row, and the text as it was."""
    write_frame(frame_of(["a\rb\r\nc"], None), tmp_path / "x.csv", ".csv")
    assert pd.read_csv(tmp_path / "x.csv")["run_id"].tolist() == ["r0"]
    with (tmp_path / "x.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["prompt"] for row in csv.DictReader(file)] == ["a\rb\r\nc"]


def test_numbers_in_a_paper_keep_their_digits(tmp_path: Path) -> None:
    """A large sum is not written in powers of ten; what is missing is a dash."""
    runs = [record(1, cost_micros=12_345_678_500_000, currency="credits"), record(2), record(3, rating=4)]
    write_frame(runs_frame(runs, Path("/videos")), tmp_path / "x.tex", ".tex")
    text = (tmp_path / "x.tex").read_text("utf-8")
    assert "12345678.5 & credits & --" in text
    assert "-- & -- & 4" in text


def test_what_parquet_cannot_hold_is_said(tmp_path: Path) -> None:
    """Arrow's refusal becomes a sentence, and the file that was there stays."""
    pytest.importorskip("pyarrow", reason=NO_PARQUET)
    target = tmp_path / "x.parquet"
    target.write_bytes(b"before")
    frame = pd.DataFrame({"x": [1 + 2j]})
    with pytest.raises(UsageError, match=r"Parquet cannot hold these rows.*\n.*\.csv"):
        write_frame(frame, target, ".parquet")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("x.parquet", b"before")]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A session without a clip."""
    session = Session(home=tmp_path_factory.mktemp("home"), mode="simulated", notice=lambda _: None)
    session.log.call(session.log.add, [record(1)])
    yield session
    session.close()


@pytest.mark.parametrize("kind", [".csv", ".parquet", ".tex", ".html"])
def test_an_ending_in_capitals_means_the_same(session: Session, tmp_path: Path, kind: str) -> None:
    """``RUNS.CSV`` is CSV."""
    if kind == ".parquet":
        pytest.importorskip("pyarrow", reason=NO_PARQUET)
    written = export(session, session.chosen("r1"), tmp_path / f"RUNS{kind.upper()}")
    assert written.name == f"RUNS{kind.upper()}"
    begins = {
        ".csv": b"\xef\xbb\xbfrun_id",
        ".parquet": b"PAR1",
        ".tex": b"\\begin{tabular}",
        ".html": b"<!doctype html>",
    }
    assert written.read_bytes().startswith(begins[kind])


@pytest.mark.parametrize("path", [None, 5, b"x.csv", "", ".csv", "runs."])
def test_a_path_that_is_none_is_refused(session: Session, path: Any) -> None:
    """It is named."""
    with pytest.raises(UsageError, match="path"):
        export(session, [record(1)], path)
    assert len(KINDS) == 6


@pytest.mark.parametrize("varying", [{}, {"seed": True}, {"seed": True, "model": True}, {"variables": True}])
def test_any_columns_make_a_grid(varying: dict[str, bool]) -> None:
    """Each column can be rows, columns or pages, also where nothing else varies; no column is two of them."""
    runs = [
        record(
            n, seed=n if "seed" in varying else 1, model=f"m{n}" if "model" in varying else "02",
            variables={"x": [n]} if "variables" in varying else {},
        )
        for n in range(3)
    ]  # fmt: skip
    names = [None, *columns_of(runs)]
    for one in names:
        for other in names:
            if one is not None and one == other:
                with pytest.raises(UsageError, match="named twice"):
                    arrange(runs, rows=one, cols=other)
                continue
            for axes in ({"rows": one, "cols": other}, {"cols": one, "pages": other}, {"rows": one, "pages": other}):
                grid = arrange(runs, **axes)
                assert grid.places.keys() == {r.run_id for r in runs}
                assert all(
                    a < len(grid.rows) and b < len(grid.cols) and c < len(grid.pages)
                    for a, b, c in grid.places.values()
                )
    with pytest.raises(UsageError, match="must be the name of a column, not 5"):
        arrange(runs, rows=5)  # type: ignore[arg-type]  # what is tested
