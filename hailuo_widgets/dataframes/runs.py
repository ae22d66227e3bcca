"""Run log as a pandas DataFrame with fixed columns and dtypes.

Missing values are ``NA``, never 0 or "".
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

import pandas as pd

from hailuo_widgets.archive import clips_in
from hailuo_widgets.domain.delivered import not_as_asked
from hailuo_widgets.domain.option_text import option_text
from hailuo_widgets.domain.run import error_text
from hailuo_widgets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from hailuo_widgets.domain.run import RunRecord

__all__ = ["PLAIN_TEXT", "RUN_COLUMNS", "html_of", "runs_frame", "since_moment"]

_TEXT, _INT, _FLOAT, _BOOL, _TIME = "string", "Int64", "Float64", "boolean", "datetime64[us, UTC]"

PLAIN_TEXT = "hailuo_plain_text"  # key in a frame's attrs: its cells are plain text and must not be typeset as formulas

RUN_COLUMNS: dict[str, str] = {
    "run_id": _TEXT,
    "sweep_id": _TEXT,
    "created_at": _TIME,
    "provider": _TEXT,
    "model": _TEXT,
    "mode": _TEXT,
    "prompt": _TEXT,
    "variant": _TEXT,
    "seed": _INT,
    "seed_returned": _INT,
    "replicate": _INT,
    "prompt_optimizer": _BOOL,
    "duration": _INT,
    "resolution": _TEXT,
    "aspect_ratio": _TEXT,
    "status": _TEXT,
    "task_id": _TEXT,
    "cost": _FLOAT,
    "currency": _TEXT,
    "submitted_at": _TIME,
    "finished_at": _TIME,
    "elapsed_s": _FLOAT,
    "video": _TEXT,
    "video_url": _TEXT,
    "sha256": _TEXT,
    "error_code": _TEXT,
    "error": _TEXT,
    "rating": _INT,
    "note": _TEXT,
    "tags": _TEXT,
    "simulated": _BOOL,
    "request_hash": _TEXT,
    "sweep": _TEXT,
    "reused_from": _TEXT,
    "cost_kind": _TEXT,
    "width": _INT,
    "height": _INT,
    "video_seconds": _FLOAT,
    "video_sound": _BOOL,
    "references": _TEXT,
    "options": _TEXT,
    "control": _TEXT,
    "not_as_asked": _TEXT,
}
"""``hw.runs()``'s columns and their pandas dtypes, in their order; ``tags`` are joined by commas.

``sweep`` is the name that the user gave to the sweep. ``reused_from`` is the run that paid for the clip, missing if
that is this run; ``cost_kind`` is ``list``, ``reported``, or ``reused`` (nothing was paid). ``width`` and ``height``
(pixels), ``video_seconds`` and ``video_sound`` are measured from the clip. ``references`` are the files' names,
joined by commas; ``options`` is compact JSON, without keys and link signatures. ``control`` is the arm of a null
control, ``a`` or ``b``, missing for all other runs. ``not_as_asked`` tells how the clip's measured size or length
differs from the request. ``rating``, ``note`` and tags set later belong to the clip, so all runs with the same clip
share them.
"""


def runs_frame(records: Sequence[RunRecord], archive: Path, unmeasured: Collection[str] = frozenset()) -> pd.DataFrame:
    """Return one row per run: the columns of :data:`RUN_COLUMNS`, then a ``var_…`` column for each prompt variable.

    Args:
        records: The runs, in the order of the rows.
        archive: The archive's folder, with which the paths of clips begin.
        unmeasured: The IDs of runs whose duration is unknown; their ``elapsed_s`` is missing.
    """
    there = clips_in(archive) if any(r.video for r in records) else frozenset()
    rows = [_row(r, archive, there) | ({"elapsed_s": None} if r.run_id in unmeasured else {}) for r in records]
    columns = {name: pd.array([row[name] for row in rows], dtype=_dtype(kind)) for name, kind in RUN_COLUMNS.items()}
    frame = pd.DataFrame(columns)
    frame.attrs[PLAIN_TEXT] = True
    names = dict.fromkeys(name for r in records for name in r.variables)
    for name in names:
        values = pd.Series([r.variables.get(name) for r in records])
        frame[f"var_{name}"] = values.convert_dtypes()
    return frame


def html_of(frame: pd.DataFrame) -> str | None:
    """Return a DataFrame's HTML, in which JupyterLab doesn't typeset ``$5 or $6`` of a prompt as a formula."""
    mathjax = not frame.attrs.get(PLAIN_TEXT, False) and pd.get_option("display.html.use_mathjax")
    with pd.option_context("display.html.use_mathjax", mathjax):
        shown: str | None = frame._repr_html_()  # type: ignore[operator]
    return shown


def _dtype(kind: str) -> Any:
    return pd.DatetimeTZDtype("us", "UTC") if kind == _TIME else pd.api.types.pandas_dtype(kind)


def _row(record: RunRecord, archive: Path, there: frozenset[str]) -> dict[str, Any]:
    request, error = record.request, record.error or {}
    elapsed = None
    if record.submitted_at and record.finished_at and record.finished_at >= record.submitted_at:
        elapsed = (record.finished_at - record.submitted_at).total_seconds()
    values: dict[str, Any] = {
        "run_id": record.run_id,
        "sweep_id": record.sweep_id,
        "created_at": record.created_at,
        "provider": request.provider,
        "model": request.model or None,
        "mode": request.mode.value,
        "prompt": request.prompt or None,
        "variant": record.variant,
        "seed": request.seed,
        "seed_returned": record.seed_returned,
        "replicate": record.replicate,
        "prompt_optimizer": request.prompt_optimizer,
        "duration": request.duration,
        "resolution": request.resolution,
        "aspect_ratio": request.aspect_ratio,
        "status": record.status.value,
        "task_id": record.task_id,
        "cost": None if record.cost_micros is None else record.cost_micros / 1_000_000,
        "currency": record.currency,
        "submitted_at": record.submitted_at,
        "finished_at": record.finished_at,
        "elapsed_s": elapsed,
        "video": str(archive / record.video) if record.video in there else None,
        "video_url": record.video_url,
        "sha256": record.sha256,
        "error_code": error.get("code"),
        "error": error_text(error) or _unread(record),
        "rating": record.rating,
        "note": record.note,
        "tags": ", ".join(record.all_tags) or None,
        "simulated": record.simulated,
        "request_hash": record.request_hash,
        "sweep": record.sweep_name,
        "reused_from": record.reused_from,
        "cost_kind": record.cost_kind.value if record.cost_kind else None,
        "width": record.video_width,
        "height": record.video_height,
        "video_seconds": record.video_seconds,
        "video_sound": record.video_sound,
        "references": ", ".join(one.name for one in request.references) or None,
        "options": option_text(request) or None,
        "control": request.control.arm if request.control else None,
        "not_as_asked": not_as_asked(record),
    }
    return {name: pd.NA if value is None or name in record.unread else value for name, value in values.items()}


def _unread(record: RunRecord) -> str | None:
    return f"StoreError: unreadable in the run log: {', '.join(record.unread)}" if record.unread else None


def since_moment(since: str | date | None) -> datetime | None:
    """Parse a date or time, given as text, date or datetime, into an aware datetime; without a time zone it is UTC.

    Raises:
        UsageError: The value is not a date.
    """
    if since is None:
        return None
    try:
        if isinstance(since, date) and not isinstance(since, datetime):
            since = datetime.combine(since, time())
        moment = since if isinstance(since, datetime) else datetime.fromisoformat(since)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC)  # raises for pandas' NaT, and for a year out of range
    except (TypeError, ValueError, OverflowError):
        raise UsageError(
            f"since={since!r} is no date", hint="give one like '2026-11-01' or '2026-11-01T12:00'"
        ) from None
