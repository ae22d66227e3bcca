"""What an answer must lose before anything here reads it: this session's keys, wherever the gateway put them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from hailuo_widgets.provider.parse import as_json
from hailuo_widgets.redaction.text import each_text, redact_keys

if TYPE_CHECKING:
    from hailuo_widgets.provider.base import HttpReply

__all__ = ["without_keys"]

READ = 65536  # bytes of an answer that is no JSON: an error quotes less of it


def without_keys(reply: HttpReply) -> HttpReply:
    """An answer without keys in its headers and its body; one that holds none comes back as it was."""
    headers = {redact_keys(name): redact_keys(value) for name, value in reply.headers.items()}
    value = as_json(reply.body)
    text = (reply.body if value is not None else reply.body[:READ]).decode("utf-8", "replace")
    cleaned = redact_keys(text)
    if cleaned == text:
        return replace(reply, headers=headers)
    if value is not None:  # what a key was escaped by must not be left behind, and is not where its texts are cleaned
        cleaned = json.dumps(each_text(value, redact_keys))
    return replace(reply, headers=headers, body=cleaned.encode())
