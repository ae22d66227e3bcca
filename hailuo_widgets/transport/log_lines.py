"""Cleaning of the log lines that httpx and httpcore write of this package's calls.

A clip's link is signed in its query, and the headers of a response, which httpcore logs, may hold a key.
"""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from hailuo_widgets.redaction.passwords import without_passwords
from hailuo_widgets.redaction.redact import LONGEST, redact

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["clean_log_lines", "our_call"]

_LOGGERS = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy")
_ours: ContextVar[bool] = ContextVar("hailuo_call", default=False)


class _NoQueries(logging.Filter):
    """Removes keys, and the queries of URLs, from log lines about this package's calls."""

    def filter(self, record: logging.LogRecord) -> bool:
        if _ours.get():
            text = re.sub(r"(/[^\s\"'?]*)\?[^\s\"']*", r"\1?…", record.getMessage()[:LONGEST])
            record.msg, record.args = redact(without_passwords(text)), ()
        return True


_no_queries = _NoQueries()


def clean_log_lines() -> None:
    """Clean these lines from now on; calling it twice adds no second filter."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_no_queries)


@contextmanager
def our_call() -> Iterator[None]:
    """Mark what is logged inside as a call of this package."""
    mark = _ours.set(True)
    try:
        yield
    finally:
        _ours.reset(mark)
