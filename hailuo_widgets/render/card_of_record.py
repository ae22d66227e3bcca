"""Conversion of a run's record to its card."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hailuo_widgets.archive import relative_src
from hailuo_widgets.domain import money
from hailuo_widgets.domain.delivered import not_as_asked
from hailuo_widgets.domain.option_text import option_text
from hailuo_widgets.domain.run import CostKind, Status
from hailuo_widgets.render.card import Card

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hailuo_widgets.archive import Archive
    from hailuo_widgets.domain.catalog import Facts
    from hailuo_widgets.domain.expected_duration import Expectation
    from hailuo_widgets.domain.run import RunRecord

__all__ = ["card_of"]

SEED_RETURNED = "seed returned"
FROM_THE_ARCHIVE = "from the archive"
_SIMULATED = "simulated, nothing billed"
_KINDS = {
    CostKind.LIST: "list price",
    CostKind.REPORTED: "reported by the provider",
    CostKind.REUSED: "taken from the archive",
}


def card_of(
    record: RunRecord,
    *,
    facts: Facts,
    archive: Archive,
    expected: Expectation | None,
    price: Mapping[str, Any] | None = None,
) -> Card:
    """Return the card of a run as it is now; ``price`` holds the cost fields of its list price, if that is known."""
    request = record.request
    path = archive.video_of(record)
    error = record.error or {}
    gone = record.status == Status.SUCCEEDED and path is None
    codes = [
        f"code {error['code']}" if error.get("code") else "",
        repr(error["provider_message"]) if error.get("provider_message") else "",
        f"trace id {error['trace_id']}" if error.get("trace_id") else "",
    ]
    details = ", ".join(c for c in codes if c)
    cost, cost_note = _cost(record, price or {})
    since = record.submitted_at or record.created_at
    until = record.finished_at or datetime.now(UTC)
    model = facts.model(request.model)
    return Card(
        run_id=record.run_id,
        status=record.status,
        provider=facts.title,
        model=model.title if model else request.model,
        mode=request.mode.replace("_", " "),
        prompt=request.prompt or request.text or "",
        simulated=record.simulated,
        reused=record.reused_from is not None,
        parameters=_parameters(record, facts),
        results=tuple((label, value) for label, value in _results(record).items() if value),
        task_id=record.task_id,
        created_at=record.created_at,
        started_at=record.submitted_at,
        finished_at=record.finished_at,
        elapsed_s=max(0.0, (until - since).total_seconds()),
        eta_s=expected.median_s if expected else None,
        eta_low_s=expected.low_s if expected else None,
        eta_high_s=expected.high_s if expected else None,
        cost=cost,
        cost_note=cost_note,
        error_title="The clip's file is missing" if gone else error.get("kind"),
        error_text=f"{record.video} is not in {archive.root}, or it was changed"
        if gone
        else (error.get("message", "") + (f" ({details})" if details else "")) or None,
        error_hint="%hailuo retry downloads it again while the provider has it" if gone else error.get("hint"),
        can_retry_download=record.status == Status.FAILED and error.get("kind") == "DownloadError",
        video_src=relative_src(path, Path.cwd()) if path else None,
        video_bytes=record.video_bytes if path else None,
        sha256=record.sha256,
        width=record.video_width if path else None,
        height=record.video_height if path else None,
        poster=archive.poster_of(record),
    )


def _cost(record: RunRecord, price: Mapping[str, Any]) -> tuple[str, str]:
    """Return the amount and where it comes from; before the create call is accepted, it is the list price."""
    micros, currency, kind = record.cost_micros, record.currency, record.cost_kind
    if micros is None and price and record.status in {Status.PLANNED, Status.SUBMITTING}:
        micros, currency, kind = price["cost_micros"], price["currency"], CostKind.LIST
    note = _KINDS[kind] if kind else ""
    known = money.cost_of(record)
    if known == money.NOTHING:
        return known, ""
    if micros is None:
        return known, _SIMULATED if record.simulated else ""
    if kind == CostKind.LIST and record.request.unlisted:
        note = "your price"
    return money.text(micros, currency), _SIMULATED if record.simulated else note


def _parameters(record: RunRecord, facts: Facts) -> tuple[tuple[str, str], ...]:
    request = record.request
    template = facts.template(request.template) if request.template else None
    optimizer = facts.of(request.model).optimizer
    results = _results(record)
    rows = [
        ("template", template.english if template else request.template),
        ("duration", f"{request.duration} s" if request.duration else None),
        ("resolution", request.resolution),
        ("aspect ratio", request.aspect_ratio),
        ("seed", _seed(record)),
        (SEED_RETURNED, results[SEED_RETURNED]),
        ("replicate", str(record.replicate) if record.replicate > 1 else None),
        ("null control", f"arm {request.control.arm}" if request.control else None),
        ("first frame", request.first_frame.name if request.first_frame else None),
        ("last frame", request.last_frame.name if request.last_frame else None),
        ("subject", request.subject.name if request.subject else None),
        ("references", ", ".join(one.name for one in request.references)),
        ("upscaled from", f"run {request.source.run_id}" if request.source else None),
        ("model", "unlisted: sent as typed" if request.unlisted else None),
        ("prompt optimizer", ("on" if request.prompt_optimizer else "off") if optimizer else None),
        ("options", option_text(request)),
        ("clip", _measured(record)),
        ("not as asked", not_as_asked(record)),
        (FROM_THE_ARCHIVE, results[FROM_THE_ARCHIVE]),
    ]
    return tuple((label, value) for label, value in rows if value)


def _measured(record: RunRecord) -> str | None:
    """Return a clip's length, and whether it has sound, as measured from its file; None if they are unknown."""
    if record.video_seconds is None or record.video_sound is None:
        return None
    return f"{record.video_seconds:.1f} s, {'with' if record.video_sound else 'without'} sound"


def _seed(record: RunRecord) -> str | None:
    seed = record.request.seed
    never_sent = record.status == Status.SKIPPED or (record.status.ended and record.submitted_at is None)
    return None if seed is None else str(seed) if never_sent and record.reused_from is None else f"{seed} (sent)"


def _results(record: RunRecord) -> dict[str, str | None]:
    return {
        SEED_RETURNED: str(record.seed_returned) if record.seed_returned is not None else None,
        FROM_THE_ARCHIVE: f"run {record.reused_from}" if record.reused_from else None,
    }
