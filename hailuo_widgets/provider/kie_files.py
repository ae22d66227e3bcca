"""Upload of local files to KIE.ai, which takes links only.

Source: KIE's pages on its file upload, 2026-07. Base64 is recommended for small files such as pictures, a form with the
bytes from 10 MB on. The files are deleted after 24 hours, or after 3 days: the pages differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hailuo_widgets.provider.interface import HttpCall, HttpReply, Provider, as_url
from hailuo_widgets.provider.messages import FormFile
from hailuo_widgets.provider.parse import as_object

if TYPE_CHECKING:
    from hailuo_widgets.domain.images import InputFile

__all__ = ["KieFiles", "link"]

UPLOAD_ORIGIN = "https://kieai.redpandaai.co"
UPLOAD_FOLDER = "hailuo-widgets"
MOST_BASE64 = 10_000_000  # bytes of a picture
_SUFFIXES = {"video/quicktime": "mov", "audio/mpeg": "mp3"}  # of the media types that are not named like it


class KieFiles(Provider):
    """The upload calls of a provider of KIE's."""

    def encode_upload(self, image: InputFile) -> HttpCall | None:
        """Return the upload at KIE's upload host: base64 for pictures, a form for clips, sounds and large pictures."""
        if image.url is not None or image.data is None:
            return None
        kind = image.media_type or "image/png"
        name = f"{_name_of(image)}.{_SUFFIXES.get(kind, kind.rpartition('/')[2])}"
        if kind.startswith("image/") and len(image.data) <= MOST_BASE64:
            body = {"base64Data": image.wire(), "uploadPath": UPLOAD_FOLDER, "fileName": name}
            return HttpCall(method="POST", origin=UPLOAD_ORIGIN, path="/api/file-base64-upload", json=body)
        form: dict[str, str | FormFile] = {
            "file": FormFile(name=name, data=image.data, media_type=kind),
            "uploadPath": UPLOAD_FOLDER,
            "fileName": name,
        }
        return HttpCall(method="POST", origin=UPLOAD_ORIGIN, path="/api/file-stream-upload", form=form)

    def check_upload(self, reply: HttpReply, image: InputFile) -> None:
        """Check the reply's file name and size against the uploaded file."""
        found = as_object(reply).get("data")
        record = found if isinstance(found, dict) else {}
        names = [name for key in ("fileName", "filePath", "downloadUrl") if isinstance(name := record.get(key), str)]
        expected = _name_of(image)
        if isinstance(record.get("fileName"), str) and not any(expected in name for name in names):
            self.checked("file", "another", expected, reply)
        size = record.get("fileSize")
        if isinstance(size, int) and size > 1 and image.data is not None and size != len(image.data):
            self.checked("file", "another", expected, reply)

    def decode_upload(self, reply: HttpReply) -> str:
        """Return the link of the uploaded file."""
        data = self.body(reply)
        code, said = self.verdict(data)
        found = data.get("data")
        record = found if isinstance(found, dict) else {}
        url = next((u for n in ("downloadUrl", "fileUrl", "url") if (u := as_url(record.get(n)))), None)
        if url is not None:
            return url
        if code is not None:
            raise self.in_body(code, said, reply)
        raise self.unreadable(reply, "it names no link to the uploaded file")


def _name_of(file: InputFile) -> str:
    return (file.sha256 or "picture")[:32]


def link(file: InputFile) -> str:
    """Return a file's link.

    Raises:
        ValueError: It is not uploaded.
    """
    if file.url is None:
        raise ValueError(f"file {file.name!r} is not uploaded: this provider takes links only")
    return file.url
