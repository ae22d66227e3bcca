"""Upload of MiniMax's reference files, which V2 takes by their ID.

A local picture, clip or sound is uploaded, because a body holds at most 64 MB, and base64 makes a file a third larger.
MiniMax keeps it for 7 days. Source: MiniMax's pages of file management and of the video API V2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.references import MEDIA_TYPES, Reference
from hailuo_widgets.provider.interface import HttpCall, as_task_id
from hailuo_widgets.provider.messages import FormFile

if TYPE_CHECKING:
    from hailuo_widgets.domain.images import InputFile

__all__ = ["link_of", "mixed_up", "upload_of"]

PURPOSE = "video_generation_input"
ENDINGS = {media_type: name.lower() for name, media_type in MEDIA_TYPES.items()}


def upload_of(file: InputFile) -> HttpCall | None:
    """Return ``POST /v1/files/upload`` of a reference; None for any other picture, which goes as a data URL."""
    if not isinstance(file, Reference) or file.data is None or file.url is not None:
        return None
    part = FormFile(name=_name_of(file), data=file.data, media_type=str(file.media_type))
    return HttpCall(method="POST", path="/v1/files/upload", form={"purpose": PURPOSE, "file": part})


def link_of(data: dict[str, Any]) -> str | None:
    """Return the address of an uploaded file for a content item; None if the reply names no file."""
    file = data.get("file")
    file_id = as_task_id(file.get("file_id")) if isinstance(file, dict) else None
    return None if file_id is None else f"mm_file://{file_id}"


def mixed_up(data: dict[str, Any], file: InputFile) -> bool:
    """Return whether the reply is about another file, by its name or its size; a size of 0 or 1 says nothing."""
    found = data.get("file")
    record = found if isinstance(found, dict) else {}
    name, size = record.get("filename"), record.get("bytes")
    other_name = isinstance(name, str) and name not in {"", _name_of(file)}
    other_size = isinstance(size, int) and size > 1 and file.data is not None and size != len(file.data)
    return other_name or other_size


def _name_of(file: InputFile) -> str:
    return f"{(file.sha256 or 'file')[:32]}.{ENDINGS.get(str(file.media_type), 'bin')}"
