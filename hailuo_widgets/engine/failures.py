"""Errors as the log keeps them, and back."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from hailuo_widgets import errors
from hailuo_widgets.errors import HailuoError
from hailuo_widgets.redaction.text import redact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hailuo_widgets.domain.run import RunRecord

__all__ = ["as_detail", "error_of", "unexpected"]

_log = logging.getLogger(__name__)


def as_detail(error: HailuoError, run_id: str) -> dict[str, str]:
    """The error as text fields, without keys and signatures; its kind is its class's name."""
    return {"kind": type(error).__name__, **{k: redact(v) for k, v in error.detail().items()}, "run_id": run_id}


def error_of(record: RunRecord) -> HailuoError | None:
    """The error that a run ended with, or that stands in its way; None where there is none."""
    detail: Mapping[str, str] | None = record.error
    if detail is None:
        return None
    kind = getattr(errors, detail.get("kind", ""), HailuoError)
    fields: dict[str, Any] = {k: v for k, v in detail.items() if k not in {"kind", "message"}}
    error: HailuoError = kind(detail.get("message", record.status), **fields)
    return error


def unexpected(e: Exception, run_id: str, step: str) -> HailuoError:
    """What stands in the way of a run where a step of it failed as none should; it is logged with its traceback."""
    _log.error("run %s: %s met an error in hailuo-widgets itself", run_id, step, exc_info=e)
    return HailuoError(
        f"an error in hailuo-widgets itself, in {step}: {type(e).__name__}: {e}",
        hint="the log of the kernel has its traceback; %hailuo resume (hw.resume()) takes the run up again",
    )
