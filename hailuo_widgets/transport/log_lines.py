"""The log lines that httpx and httpcore write of our own calls, without what must be in no log.

A clip's link is signed in its query, and an answer's headers, which httpcore writes down, may hold a key.
"""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from hailuo_widgets.redaction.passwords import without_passwords
from hailuo_widgets.redaction.text import LONGEST, redact

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["clean_log_lines", "our_call"]

_LOGGERS = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy")
_ours: ContextVar[bool] = ContextVar("hailuo_call", default=False)


class _NoQueries(logging.Filter):
    """Takes keys, and the queries of URLs, out of log lines about our own calls."""

    def filter(self, record: logging.LogRecord) -> bool:
        if _ours.get():
            text = re.sub(r"(/[^\s\"'?]*)\?[^\s\"']*", r"\1?…", record.getMessage()[:LONGEST])
            record.msg, record.args = redact(without_passwords(text)), ()
        return True


_no_queries = _NoQueries()


def clean_log_lines() -> None:
    """Look through those lines from now on; a filter that is there already is not added again."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_no_queries)


@contextmanager
def our_call() -> Iterator[None]:
    """What is logged inside is about a call of ours."""
    mark = _ours.set(True)
    try:
        yield
    finally:
        _ours.reset(mark)
