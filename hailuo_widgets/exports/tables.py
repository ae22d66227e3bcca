"""Table export of run log rows as CSV, Parquet or LaTeX.

In CSV, text that a spreadsheet would run as a formula, such as a prompt that begins with ``=`` or ``@``, gets a leading
apostrophe, which marks it as text. IDs are text everywhere, because a task ID may have nineteen digits.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import pandas as pd
from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

from hailuo_widgets.dataframes.runs import runs_frame
from hailuo_widgets.domain import differences
from hailuo_widgets.errors import UsageError
from hailuo_widgets.exports.atomic_file import replacing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.workspace.workspace import Workspace

__all__ = [
    "booktabs",
    "is_missing",
    "latex_of",
    "plain_cells",
    "safe_csv",
    "with_differences",
    "write_frame",
    "write_table",
]

# The characters that begin a formula, full-width forms included, after characters that spreadsheets skip.
_FORMULA = re.compile(r"[\t\r\n]|[\s\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠]")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_UNHOLDABLE = re.compile("[\x00\ud800-\udfff]")  # not allowed in UTF-8 text files
_UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}",
    "[": "{[}", "]": "{]}", "*": "{*}",  # LaTeX reads these as arguments after a row's end
}  # fmt: skip
# Results in a LaTeX table, beside the columns in which the runs differ.
_RESULTS = ("status", "cost", "cost_kind", "currency", "elapsed_s", "rating")


def write_table(session: Workspace, records: Sequence[RunRecord], target: Path) -> None:
    """Write one row per run; a missing value is an empty field (CSV), null (Parquet) or a dash (LaTeX).

    An existing file is replaced once the new one is complete.

    Raises:
        UsageError: The format can't hold the rows, or needs a package that isn't installed.
    """
    unmeasured = session.log.call(session.log.unmeasured, [r.run_id for r in records])
    frame, kind = runs_frame(list(records), session.archive.root, unmeasured), target.suffix.lower()
    write_frame(with_differences(frame, records) if kind == ".tex" else frame, target, kind)


def write_frame(frame: pd.DataFrame, target: Path, kind: str) -> None:
    """Write a DataFrame as ``.csv``, ``.parquet`` or ``.tex``; see :func:`write_table`."""
    frame = plain_cells(frame)
    with replacing(target) as part:
        if kind == ".csv":
            # The byte-order mark makes Excel read UTF-8. Fields with a line break are quoted.
            safe_csv(frame).to_csv(part, index=False, encoding="utf-8-sig", lineterminator="\r\n")
        elif kind == ".parquet":
            _write_parquet(frame, part)
        else:
            part.write_text(latex_of(frame), encoding="utf-8")


def _write_parquet(frame: pd.DataFrame, path: Path) -> None:
    refused = ""
    try:
        frame.to_parquet(path, index=False)
    except ImportError:
        raise UsageError("Parquet needs pyarrow, and it is not there", hint="pip install pyarrow") from None
    except (ValueError, TypeError, OverflowError, NotImplementedError) as e:  # Arrow's own errors are of these kinds
        refused = str(e).splitlines()[0] if str(e) else type(e).__name__
    if refused:
        raise UsageError(f"Parquet cannot hold these rows: {refused}", hint="choose .csv, which holds any text")


def plain_cells(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with all columns as text, except numbers, truth values and times.

    A character that no file can hold becomes U+FFFD.
    """
    plain = frame.copy()
    for place, dtype in enumerate(frame.dtypes):
        if not (is_numeric_dtype(dtype) or is_datetime64_any_dtype(dtype)):  # booleans count as numeric
            texts = pd.array([_text(value) for value in frame.iloc[:, place]], dtype="string")
            plain.isetitem(place, texts)
    plain.columns = pd.Index([_UNHOLDABLE.sub("\ufffd", str(name)) for name in frame.columns])
    return plain


def safe_csv(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with an apostrophe before each text that a spreadsheet would run as a formula."""
    return frame.map(_safe)


def _text(value: Any) -> str | None:
    """Return a value as text; None if it is missing."""
    return None if is_missing(value) else _UNHOLDABLE.sub("\ufffd", str(value))


def is_missing(value: Any) -> bool:
    """Return whether a cell is empty: None, NaN, ``NA`` or ``NaT``. A list is never empty in this sense."""
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def _safe(value: object) -> object:
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def with_differences(frame: pd.DataFrame, records: Sequence[RunRecord]) -> pd.DataFrame:
    """The frame of these runs with every column in which they differ, those too that ``hw.runs()`` does not have."""
    added = {n: [differences.value(r, n) for r in records] for n in differences.of(records) if n not in frame.columns}
    return frame.assign(**{name: pd.array(texts, dtype="string") for name, texts in added.items()})


def latex_of(frame: pd.DataFrame) -> str:
    """Return a LaTeX (booktabs) table of the settings in which the runs differ, and their results; text is escaped."""
    variables = [c for c in frame.columns if isinstance(c, str) and c.startswith("var_")]
    compared = [*(c for c in differences.COLUMNS if c in frame.columns), *variables]
    texts = frame[compared].astype("string").fillna("")
    varying = differences.in_rows([dict(zip(compared, row, strict=True)) for row in texts.itertuples(index=False)])
    reused = (frame["cost_kind"] == "reused").any()  # otherwise the kind of cost adds nothing
    results = (n for n in _RESULTS if n != "cost_kind" or reused)
    names = [*varying, *(n for n in results if frame[n].notna().any())]
    heads = [n.removeprefix("var_").replace("_", " ") for n in names]
    table = booktabs(heads, list(frame[names].itertuples(index=False)))
    simulated = frame["simulated"].fillna(value=False).any()
    note = "% Some of these clips were simulated: they say nothing of the real providers.\n" if simulated else ""
    return note + table


def booktabs(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a LaTeX (booktabs) table; text is escaped, and a missing value is a dash."""
    lines = [" & ".join(_cell(value) for value in row) + r" \\" for row in rows]
    head = " & ".join(map(_escaped, heads))
    top = [rf"\begin{{tabular}}{{{'l' * len(heads)}}}", r"\toprule", rf"{head} \\", r"\midrule"]
    return "\n".join([*top, *lines, r"\bottomrule", r"\end{tabular}", ""])


def _cell(value: Any) -> str:
    if is_missing(value) or str(value) == "":
        return "--"
    if isinstance(value, float) and math.isfinite(value):
        value = f"{round(value, 6):.15g}"  # no exponents, and every digit of an amount
    return _escaped(str(value))


def _escaped(text: str) -> str:
    line = " ".join(_UNPRINTABLE.sub("\ufffd", text).split())
    return "".join(_LATEX.get(character, character) for character in line)
