"""Multipart forms: names and contents of their parts."""

from __future__ import annotations

import email.policy
from email.parser import BytesParser
from typing import TYPE_CHECKING

from hailuo_widgets.simulator.errors import RefusalError

if TYPE_CHECKING:
    from hailuo_widgets.simulator.station import Call


def read_form(call: Call) -> dict[str, tuple[bytes, str]]:
    """Return content and file name of each part of a form, by the part's name; the file name may be empty.

    Raises:
        RefusalError: The body is no ``multipart/form-data``.
    """
    kind = call.request.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        raise RefusalError("params", "the request must be multipart/form-data")
    head = f"Content-Type: {kind}\r\n\r\n".encode("latin-1")
    form = BytesParser(policy=email.policy.HTTP).parsebytes(head + call.raw)
    parts: dict[str, tuple[bytes, str]] = {}
    for part in form.iter_parts() if form.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            parts[name] = (content, part.get_filename() or "")
    return parts
