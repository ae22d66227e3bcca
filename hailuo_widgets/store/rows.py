"""Tolerant reading of rows: a value that cannot be read hides neither its row nor the log.

Another version, another program or a person may have written it. A value that cannot be read is left out, and the
record names its column.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

from hailuo_widgets.domain.images import Image
from hailuo_widgets.domain.references import MediaKind, Reference
from hailuo_widgets.domain.request import IMAGE_FIELDS, Control, Request, Source
from hailuo_widgets.domain.run import CostKind, RunRecord, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["NEVER", "UNREADABLE", "Json", "UtcDateTime", "plausible", "record_of", "seconds_of", "tags_of", "time_of"]

LARGEST: Final = 2**63 - 1  # the largest integer of a database and of a DataFrame
LONGEST_NAME: Final = 255  # bytes of a file's name: a longer one makes every system call fail
NEVER: Final = datetime.fromtimestamp(0, UTC)  # stands for a required time that cannot be read
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)  # a later time, or one before NEVER, is taken for unreadable
UNREADABLE: Final = (ValueError, TypeError, OverflowError, RecursionError)


def _tolerant(read: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    """Wrap a type's reader so that it returns None instead of raising."""

    def process(value: Any) -> Any:
        try:
            return value if read is None else read(value)
        except UNREADABLE:
            return None

    return process


class Json(TypeDecorator[Any]):
    """JSON column; text that is not JSON is read as None."""

    impl = sa.JSON
    cache_ok = True

    def result_processor(self, dialect: Any, coltype: Any) -> Callable[[Any], Any]:
        """Return the reader of the type."""
        return _tolerant(super().result_processor(dialect, coltype))


class UtcDateTime(TypeDecorator[datetime]):
    """Column of aware UTC times, also on SQLite, which keeps no time zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Convert to UTC, without a zone on SQLite."""
        if value is None:
            return None
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Add the zone again."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def result_processor(self, dialect: Any, coltype: Any) -> Callable[[Any], Any]:
        """Return the reader of the type; text that is no time is read as None."""
        return _tolerant(super().result_processor(dialect, coltype))


def record_of(row: Mapping[str, Any]) -> RunRecord:
    """The record of a row of the ``runs`` table; its ``unread`` names the columns that could not be read."""
    values: dict[str, Any] = {}
    unread: list[str] = []
    for name, read in _COLUMNS.items():
        try:
            values[name] = read(row[name])
        except UNREADABLE:
            values[name] = _INSTEAD.get(name)
            unread.append(name)
    values["request"], missing = _request(row)
    return RunRecord(**values, unread=(*unread, *missing))


def tags_of(value: Any) -> tuple[str, ...]:
    """Tags as text; numbers among them become text.

    Raises:
        ValueError: The value is no list of text and numbers.
    """
    if value is None:
        return ()
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(w, (str, int, float)) for w in words):
        raise ValueError("tags are a list of text")
    return tuple(str(word) for word in words)


def _text(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ValueError("text is wanted")
    return value


def _path(value: Any) -> str | None:
    found = _text(value)
    if found is not None and ("\0" in found or max(len(part) for part in found.encode().split(b"/")) > LONGEST_NAME):
        raise ValueError("a file's path is wanted")
    return found


def _required(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Wrap a reader so that it refuses None."""

    def process(value: Any) -> Any:
        if value is None:
            raise ValueError("a value is wanted")
        return read(value)

    return process


def _status(value: Any) -> Status:
    if not isinstance(value, str):
        raise TypeError("a status is wanted")
    return Status(value)


def _cost_kind(value: Any) -> CostKind | None:
    return None if value is None else CostKind(_required(_text)(value))


def _integer(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError("a whole number is wanted")
    if value != int(value) or abs(value) > LARGEST:
        raise ValueError("a whole number is wanted")
    return int(value)


def _boolean(value: Any) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise ValueError("true or false is wanted")
    return value


def plausible(moment: datetime) -> bool:
    """Whether an aware time can be a run's: from 1970 to 2199."""
    return NEVER <= moment < LATEST


def time_of(value: Any) -> datetime | None:
    """A plausible aware time; None stays None.

    Raises:
        ValueError: The value is no such time.
    """
    if value is None:
        return None
    if getattr(value, "tzinfo", None) is None or not plausible(value):
        raise ValueError("a time is wanted")
    moment: datetime = value
    return moment


def seconds_of(value: Any) -> float | None:
    """A duration in seconds; None if the value is no finite number from 0 on."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
        return None
    return float(value)


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("a mapping is wanted")
    return value


def _error(value: Any) -> dict[str, str] | None:
    return None if value is None else {k: str(v) for k, v in _mapping(value).items() if v is not None}


def _details(value: Any) -> dict[str, str]:
    return {} if value is None else {k: v for k, v in _mapping(value).items() if isinstance(v, str)}


_COLUMNS: Final[Mapping[str, Callable[[Any], Any]]] = {
    **dict.fromkeys(("run_id", "request_hash"), _required(_text)),
    "status": _status,
    "cost_kind": _cost_kind,
    "created_at": _required(time_of),
    "simulated": _required(_boolean),
    "result_index": _required(_integer),
    "variables": _mapping,
    "tags": _required(tags_of),
    "clip_tags": tags_of,
    "video": _path,
    "error": _error,
    "task_details": _details,
    "video_seconds": seconds_of,
    "video_sound": _boolean,
    **dict.fromkeys(("submitted_at", "started_at", "finished_at"), time_of),
    **dict.fromkeys(
        (
            *("sweep_index", "cost_micros", "seed_returned", "video_bytes"),
            *("video_width", "video_height", "rating"),
        ),
        _integer,
    ),
    **dict.fromkeys(
        (
            *("origin", "sweep_id", "sweep_name", "variant", "task_id", "channel", "client_uuid"),
            *("currency", "file_id", "video_url", "backup_url", "sha256", "note", "reused_from"),
        ),
        _text,
    ),
}
_INSTEAD: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("run_id", "request_hash"), "unreadable"),
    "status": Status.UNCONFIRMED,  # it may have been billed, and is never sent again by itself
    "created_at": NEVER,
    "simulated": False,
    "result_index": 0,
    "variables": {},
    "tags": (),
    "clip_tags": (),
    "task_details": {},
}


# -- the request -------------------------------------------------------------------------------------------------------


def _picture(value: Any) -> Image | None:
    if value is None:
        return None
    kept = {
        "name": _required(_text),
        "url": _text,
        "sha256": _text,
        "media_type": _text,
        "width": _integer,
        "height": _integer,
    }
    return Image(**{name: read(_mapping(value).get(name)) for name, read in kept.items()})


def _number(value: Any) -> float | None:
    if value is None:
        return None
    found = seconds_of(value)
    if found is None:
        raise ValueError("a number is wanted")
    return found


def _codecs(value: Any) -> str:
    return _text(value) or ""


def _references(value: Any) -> tuple[Reference, ...]:
    if not isinstance(value, list):
        raise TypeError("references are a list")
    kept: dict[str, Callable[[Any], Any]] = {
        "name": _required(_text),
        "kind": MediaKind,
        "url": _text,
        "sha256": _text,
        "media_type": _text,
        "width": _integer,
        "height": _integer,
        "seconds": _number,
        "fps": _number,
        "codecs": _codecs,
    }
    return tuple(Reference(**{name: read(_mapping(one).get(name)) for name, read in kept.items()}) for one in value)


def _source(value: Any) -> Source | None:
    if value is None:
        return None
    read = _required(_text)
    return Source(run_id=read(_mapping(value).get("run_id")), task_id=read(value.get("task_id")))


def _control(value: Any) -> Control | None:
    if value is None:
        return None
    read = _required(_text)
    return Control(arm=read(_mapping(value).get("arm")), comparison=read(value.get("comparison")))


_REQUEST: Final[Mapping[str, Callable[[Any], Any]]] = {
    **dict.fromkeys(("prompt", "provider", "model"), _required(_text)),
    **dict.fromkeys(("resolution", "aspect_ratio", "template", "text", "callback_url"), _text),
    **dict.fromkeys(("duration", "seed", "width", "height"), _integer),
    "replicate": _required(_integer),
    "prompt_optimizer": _required(_boolean),
    **dict.fromkeys(("fast_pretreatment", "watermark"), _boolean),
    **dict.fromkeys(IMAGE_FIELDS, _picture),
    "options": _mapping,
    "references": _references,
    "unlisted": _required(_boolean),
    "price": _text,
    "source": _source,
    "control": _control,
}


def _request(row: Mapping[str, Any]) -> tuple[Request, list[str]]:
    """The request of a row, and the names of its fields that could not be read."""
    found = row["request"]
    unread = [] if isinstance(found, dict) else ["request"]
    given = found if isinstance(found, dict) else {}
    values: dict[str, Any] = {name: str(row[name] or "") for name in ("provider", "model")} | {"prompt": ""}
    for name, read in _REQUEST.items():
        if name in given:
            try:
                values[name] = read(given[name])
            except UNREADABLE:
                unread.append(f"request.{name}")
        elif name in values and not unread:
            unread.append(f"request.{name}")
    return Request(**values), unread
