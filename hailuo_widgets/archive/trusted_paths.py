"""Trusted paths: the file of the archive that a row of the log names.

Rows are input: a log can be shared, cloned or planted. A clip is a regular file directly in the archive's folder,
under a name of our own form. Any other text in a row (a path, an absolute one, a name of another form) names no file;
nor do links, folders, pipes and devices under a right name.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from av.container import InputContainer

__all__ = ["clip_in", "clips_in", "input_in", "open_clip", "open_regular", "read_regular", "still_in"]

_CLIP = re.compile(r"[A-Za-z0-9_-]{1,64}(?:\.[1-9][0-9]?)?\.mp4", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_AT_ONCE = getattr(os, "O_NONBLOCK", 0)  # opening a pipe that nobody writes to must not block before it is recognized


def clip_in(folder: Path, name: object) -> Path | None:
    """The clip that a row names; None if there is no such file."""
    if not isinstance(name, str) or not _CLIP.fullmatch(name):
        return None
    path = folder / name
    return path if _is_regular(path) else None


def clips_in(folder: Path) -> frozenset[str]:
    """The names of all clips in the folder, from one listing."""
    try:
        with os.scandir(folder) as entries:
            return frozenset(e.name for e in entries if _CLIP.fullmatch(e.name) and e.is_file(follow_symlinks=False))
    except OSError:
        return frozenset()


def still_in(folder: Path, name: object) -> Path | None:
    """The poster of the clip that a row names; None if there is none."""
    if not isinstance(name, str) or not _CLIP.fullmatch(name):
        return None
    path = (folder / name).with_suffix(".jpg")
    return path if _is_regular(path) else None


def input_in(folder: Path, sha256: object, extension: str) -> Path | None:
    """The picture that a request names by its hash; None if there is none."""
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        return None
    path = folder / f"{sha256}.{extension}"
    return path if _is_regular(path) else None


def read_regular(path: Path, limit: int | None = None) -> bytes:
    """A regular file's bytes; a link is not followed.

    Args:
        path: The file.
        limit: The most bytes that it may have; None for any number.

    Raises:
        OSError: It is not there, not readable, too large, or another kind of file.
    """
    descriptor = open_regular(path)
    with os.fdopen(descriptor, "rb") as file:
        size = os.fstat(descriptor).st_size
        if limit is not None and size > limit:
            raise OSError(f"{path.name!r} has {size} bytes; at most {limit} are read")
        return file.read()


def open_regular(path: Path) -> int:
    """Open a regular file for reading, without following a link and without waiting.

    Raises:
        OSError: It is not there, not readable, or another kind of file.
    """
    descriptor = os.open(path, _READ | _AT_ONCE)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{path.name!r} is not a regular file")
    return descriptor


def open_clip(path: Path, **options: str) -> InputContainer:
    """Open a clip for decoding, as MP4 only: a playlist under its name could name other files."""
    import av

    return av.open(str(path), format="mp4", options={"protocol_whitelist": "file", **options})


def _is_regular(path: Path) -> bool:
    with contextlib.suppress(OSError, ValueError):
        return stat.S_ISREG(path.lstat().st_mode)
    return False
