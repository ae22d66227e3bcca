"""Input files that requests were made from, kept by content: ``inputs/<sha256>.<ext>`` in the archive.

A request in the log names its files by their SHA-256. So a comparison months later still shows what was sent,
whatever happened to the user's own file.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from hailuo_widgets.archive import file_operations as disk
from hailuo_widgets.archive.trusted_paths import input_in, read_regular
from hailuo_widgets.errors import StoreError, UsageError
from hailuo_widgets.system.private_files import make_private

if TYPE_CHECKING:
    from pathlib import Path

    from hailuo_widgets.domain.request import Request

EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
    "audio/wav": "wav",
    "audio/mpeg": "mp3",
}
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


def keep_input(folder: Path, data: bytes, media_type: str) -> Path:
    """Store a file under its hash; the same file is stored once.

    Args:
        folder: The archive's folder for inputs.
        data: The file as it is sent.
        media_type: One of `EXTENSIONS`.

    Raises:
        UsageError: An unknown media type, or no bytes.
        StoreError: The folder cannot be written.
    """
    if media_type not in EXTENSIONS:
        raise UsageError(f"media_type={media_type!r}: an input file is one of {', '.join(EXTENSIONS)}.")
    if not data:
        raise UsageError("data=b'': an input file has bytes.")
    sha256 = hashlib.sha256(data).hexdigest()
    target = folder / f"{sha256}.{EXTENSIONS[media_type]}"
    if _matches(target, sha256):
        return target
    part = folder / f"input.{disk.token()}.part"
    try:
        make_private(folder)
        disk.write_new(part, data)
        part.replace(target)  # same name, same content: at worst it replaces a damaged copy by a good one
        disk.sync_folder(folder)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise disk.disk_error(StoreError, error, folder, needed=len(data)) from error
    return target


def read_input(folder: Path, sha256: str) -> bytes:
    """The file with that hash.

    Raises:
        UsageError: ``sha256`` is not 64 hexadecimal digits.
        StoreError: It is not there, not readable, or its bytes have changed.
    """
    if not _SHA256.fullmatch(sha256):
        raise UsageError(f"sha256={sha256!r}: 64 lower-case hexadecimal digits are expected.")
    damaged = None
    for extension in EXTENSIONS.values():
        path = folder / f"{sha256}.{extension}"
        try:
            data = read_regular(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise disk.disk_error(StoreError, error, folder) from error
        if hashlib.sha256(data).hexdigest() == sha256:
            return data
        damaged = path
    hint = "Give the file again; it is kept under the same name."
    if damaged is not None:
        raise StoreError(f"The kept file {str(damaged)!r} was changed: its SHA-256 is no longer its name.", hint=hint)
    raise StoreError(f"No file with SHA-256 {sha256} is kept in {str(folder)!r}.", hint=hint)


def with_inputs(folder: Path, request: Request) -> Request:
    """The request with the bytes of its input files; the log keeps only their hashes.

    Raises:
        StoreError: A file is not there, not readable, or its bytes have changed.
    """
    found = {}
    for name, file in request.inputs if request.source is None else ():  # the provider has those of a source
        if file.sha256 and file.data is None:
            found[name] = replace(file, data=read_input(folder, file.sha256))
    return request.with_inputs(found)


def find_input(folder: Path, sha256: object) -> Path | None:
    """The path of the file with that hash; None if there is none, or the text is no hash."""
    return next((path for e in EXTENSIONS.values() if (path := input_in(folder, sha256, e)) is not None), None)


def _matches(path: Path, sha256: str) -> bool:
    try:
        return disk.sha256_of(path) == sha256
    except OSError:
        return False
