"""The run log's rows as CSV, Parquet or LaTeX.

A prompt may begin with ``=`` or ``@``, and a spreadsheet would run it: in CSV such a text gets an apostrophe before it,
which spreadsheets take as "this is text". Ids are text everywhere: a task's has up to nineteen digits.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hailuo_widgets.errors import UsageError
from hailuo_widgets.frames import runs_frame

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.session import Session

__all__ = ["latex_of", "safe_csv", "write_table"]

_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}",
}  # fmt: skip
# What a table in a paper has room for; those in which the runs differ, and the results.
_RESULTS = ("status", "cost", "currency", "elapsed_s", "rating")
_SETTINGS = ("provider", "model", "variant", "prompt", "seed", "replicate", "duration", "resolution", "aspect_ratio")


def write_table(session: Session, records: Sequence[RunRecord], target: Path) -> None:
    """Write the rows; what is missing is an empty field, a null, or a dash."""
    frame = runs_frame(list(records), session.archive.root)
    if target.suffix == ".csv":
        safe_csv(frame).to_csv(target, index=False, encoding="utf-8", lineterminator="\n")
    elif target.suffix == ".parquet":
        try:
            frame.to_parquet(target, index=False)
        except ImportError:
            raise UsageError("Parquet needs pyarrow, and it is not there", hint="pip install pyarrow") from None
    else:
        target.write_text(latex_of(frame), encoding="utf-8")


def safe_csv(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with no text in it that a spreadsheet would take for a formula."""
    return frame.map(_safe)


def _safe(value: object) -> object:
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def latex_of(frame: pd.DataFrame) -> str:
    """A booktabs table of what the runs differ in and of their results; every text is escaped."""
    varying = [n for n in _SETTINGS if len(set(frame[n].astype("string").fillna("").tolist())) > 1]
    varying += [n for n in frame.columns if n.startswith("var_")]
    names = [*varying, *(n for n in _RESULTS if frame[n].notna().any())]
    head = " & ".join(_escaped(n.removeprefix("var_").replace("_", " ")) for n in names)
    rows = [" & ".join(_cell(value) for value in row) + r" \\" for row in frame[names].itertuples(index=False)]
    simulated = frame["simulated"].fillna(value=False).any()
    note = ["% Some of these clips were simulated: they say nothing of the real gateways."] if simulated else []
    lines = [*note, rf"\begin{{tabular}}{{{'l' * len(names)}}}", r"\toprule", rf"{head} \\", r"\midrule"]
    return "\n".join([*lines, *rows, r"\bottomrule", r"\end{tabular}", ""])


def _cell(value: object) -> str:
    if value is None or value != value or str(value) in {"<NA>", ""}:  # noqa: PLR0124 - not a number differs from itself
        return "--"
    return _escaped(f"{value:g}" if isinstance(value, float) else str(value))


def _escaped(text: str) -> str:
    line = " ".join(text.split())
    return "".join(_LATEX.get(character, character) for character in line)
