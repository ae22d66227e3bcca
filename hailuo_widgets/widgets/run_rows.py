"""Rows of a board: runs as small JSON objects without bytes, and their totals.

Times are seconds since 1970 by the kernel's clock. An unknown value is None, never 0. The reader is
``js/monitor/rows.ts``.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, Literal

from hailuo_widgets.domain import differences, money
from hailuo_widgets.domain.run import UNFINISHED, Status, error_text
from hailuo_widgets.render.card import status_word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hailuo_widgets.domain.expected_duration import Expectation
    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.widgets.messages import Row, Totals

__all__ = ["left_s", "row_of", "same", "totals", "varying"]

MAX_TEXT: Final = 160
SENT: Final = UNFINISHED - {Status.PLANNED}


def row_of(record: RunRecord, *, here: bool, expected: Expectation | None = None) -> Row:
    """A run as a row; ``here``: whether this kernel follows it."""
    request, error = record.request, record.error or {}
    live = record.status.live
    began = record.submitted_at or record.created_at
    elapsed = None if live or record.finished_at is None else (record.finished_at - began).total_seconds()
    can: list[Literal["cancel", "resume", "retry"]] = []
    if live:
        can.append("cancel")
        if not here and record.status != Status.PLANNED:
            can.append("resume")
    followed_again = record.status in {Status.CANCELLED, Status.LOST} and record.task_id is not None
    if followed_again or (record.status == Status.FAILED and error.get("kind") == "DownloadError"):
        can.append("retry")
    return {
        "id": record.run_id,
        "status": record.status.value,
        "word": status_word(record.status, reused=record.reused_from is not None),
        "live": live,
        "here": here,
        "simulated": record.simulated,
        "provider": request.provider,
        "model": request.model or request.template or "",
        "prompt": _short(request.prompt or request.text or ""),
        "variant": record.variant,
        "values": {},
        "since": round(began.timestamp(), 3),
        "elapsed": None if elapsed is None else round(max(0.0, elapsed), 1),
        "eta": expected.median_s if expected else None,
        "low": expected.low_s if expected else None,
        "high": expected.high_s if expected else None,
        "cost": money.cost_of(record),
        "amount": None if record.cost_micros is None else record.cost_micros / 1_000_000,
        "kind": record.cost_kind.value if record.cost_kind else None,
        "error": _short(error_text(error) or "") or None,
        "hint": _short(error.get("hint") or "") or None,
        "note": record.status.note(sent=record.task_id is not None),
        "sweep": record.sweep_id,
        "clip": record.status == Status.SUCCEEDED and (record.video is not None or record.reused_from is not None),
        "reused": record.status == Status.SUCCEEDED and record.reused_from is not None,
        "seconds": record.video_seconds,
        "rating": record.rating,
        "tags": list(record.all_tags),
        "can": can,
    }


def varying(records: Sequence[RunRecord]) -> dict[str, Mapping[str, str]]:
    """For each run its values in the columns in which the runs differ; a variable stands without its prefix."""
    names = differences.of(records)
    heads = {name: name.removeprefix("var_") for name in names}
    heads |= {name: name for name, head in heads.items() if head != name and head in names}
    found = {r.run_id: {heads[name]: _short(differences.value(r, name)) for name in names} for r in records}
    return {run_id: {head: text for head, text in values.items() if text} for run_id, values in found.items()}


def totals(records: Iterable[RunRecord], *, expected: Mapping[str, Expectation | None]) -> Totals:
    """The totals of a board: runs by status, the known costs by currency, and the remaining time.

    ``spent`` and ``unknown`` are those of :func:`hailuo_widgets.domain.money.total`. ``reused`` counts the runs that
    show an earlier run's clip: nothing was paid for them.
    """
    found = list(records)
    total = money.total(found)
    return {
        "runs": len(found),
        "done": sum(r.status.ended for r in found),
        "reused": sum(r.status == Status.SUCCEEDED and r.reused_from is not None for r in found),
        "statuses": dict(Counter(r.status.value for r in found)),
        "spent": total.amounts,
        "reserved": money.total(r for r in found if r.unfinished).amounts,
        "unknown": total.unknown,
        "left": left_s(found, expected=expected),
        "left_low": left_s(found, expected=expected, figure="low_s"),
        "left_high": left_s(found, expected=expected, figure="high_s"),
        "simulated": total.simulated,
    }


def left_s(
    records: Sequence[RunRecord],
    *,
    expected: Mapping[str, Expectation | None],
    figure: Literal["median_s", "low_s", "high_s"] = "median_s",
) -> float | None:
    """Seconds until the last clip, if the number of runs in flight stays; None if the time of a run is not known.

    Args:
        records: The runs.
        expected: How long each takes, by its id.
        figure: Which figure of the expectation counts.
    """
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    work, longest, flying = 0.0, 0.0, 0
    for r in records:
        if r.status.ended:
            continue
        known = expected.get(r.run_id)
        whole: float | None = None if known is None else getattr(known, figure)
        if whole is None:
            return None
        began = r.submitted_at if r.status in SENT else None
        left = whole if began is None else max(0.0, whole - (now - began).total_seconds())
        flying += r.status in SENT
        work, longest = work + left, max(longest, left)
    return max(longest, work / max(1, flying)) if work else 0.0


def same(records: Sequence[RunRecord], title: Callable[[Request], tuple[str, str]]) -> list[str]:
    """What is equal in all runs, as texts: provider, model, duration and resolution.

    Args:
        records: The runs.
        title: Returns the titles of a request's provider and model.
    """
    columns = (
        [title(r.request)[0] for r in records],
        [title(r.request)[1] for r in records],
        [f"{r.request.duration} s" if r.request.duration else "" for r in records],
        [r.request.resolution or "" for r in records],
    )
    return [texts[0] for texts in columns if len(set(texts)) == 1 and texts[0]]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_TEXT else f"{line[: MAX_TEXT - 1]}…"
