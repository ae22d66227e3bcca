"""Provider-specific options of a request as text, for tables and cards."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hailuo_widgets.redaction.redact import each_text, redact

if TYPE_CHECKING:
    from hailuo_widgets.domain.request import Request

__all__ = ["option_text"]


def option_text(request: Request) -> str:
    """Return the options as compact JSON, by name, without keys and link signatures; "" if there are none."""
    if not request.options:
        return ""
    # A link to upload to may be signed, and a notebook with its cards is shared.
    shown = each_text(dict(request.options), redact)
    return json.dumps(shown, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
