"""Durable file operations of the archive, and the errors for what the disk refuses.

Files are created with mode 0600 and without following a symbolic link; sizes are bytes.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
import time
from typing import TYPE_CHECKING, TypeVar

from hailuo_widgets.archive.trusted_paths import open_regular
from hailuo_widgets.errors import HailuoError
from hailuo_widgets.system.private_files import create_private

if TYPE_CHECKING:
    from pathlib import Path

ErrorT = TypeVar("ErrorT", bound=HailuoError)

MIB = 1 << 20
GIB = 1 << 30

# Not every system has these flags.
_FLAGS = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_HARD_LINKS = {errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EMLINK, errno.EXDEV}
_SMALL = 100_000  # bytes: less is not "0.0 MB"
_MOVE = "set HAILUO_HOME (or HAILUO_ARCHIVE) to a folder"


def token() -> str:
    """Sixteen random hexadecimal digits."""
    return secrets.token_hex(8)


def create(path: Path) -> int:
    """Create a file and open it for writing.

    Raises:
        FileExistsError: The name is taken, even by a dangling link.
    """
    return create_private(path)


def reopen(path: Path) -> int:
    """Open an existing file for reading and writing; a symbolic link is refused."""
    return os.open(path, _FLAGS)


def write_all(descriptor: int, data: bytes | bytearray | memoryview) -> None:
    """Write every byte: one system call may take fewer than it was given."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def write_new(path: Path, data: bytes) -> None:
    """Create a file with this content, synced when it returns; a failed one is removed."""
    descriptor = create(path)
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
    except BaseException:
        os.close(descriptor)
        with contextlib.suppress(OSError):
            path.unlink()
        raise
    os.close(descriptor)


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, in place of an earlier one; a link with the name is replaced, not followed."""
    part = path.with_name(f"{path.stem}.{token()}.part")
    write_new(part, data)
    try:
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def place(source: Path, target: Path) -> None:
    """Give a finished file its final name, if that name is free.

    On a disk with hard links the old name stays beside the new one; on others it is gone.

    Raises:
        FileExistsError: The name is taken. Nothing was touched.
    """
    try:
        target.hardlink_to(source)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        os.close(create(target))  # reserves the name: only one process can
        try:
            source.replace(target)
        except OSError:
            target.unlink(missing_ok=True)  # ours, and empty
            raise


def sync_folder(folder: Path) -> None:
    """Sync the names in a folder, if the system can."""
    with contextlib.suppress(OSError):  # Windows opens no folders, some network disks sync none
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a regular file's content, as 64 hexadecimal digits; a link is not followed."""
    with os.fdopen(open_regular(path), "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


Stamp = tuple[int, int, int, int, int]
SETTLED_NS = 2_000_000_000  # a file that was written less than this ago may be written again with the same stamp


def stamp_of(path: Path) -> Stamp | None:
    """Device, inode, size and times of a file, which change with its content; None if it was changed just now."""
    found = path.stat()
    newest = max(found.st_mtime_ns, found.st_ctime_ns)
    if not 0 <= newest < time.time_ns() - SETTLED_NS:
        return None
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def free_bytes(folder: Path) -> int | None:
    """Free bytes on the disk of a folder; None if the system does not tell."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def full_error(
    kind: type[ErrorT], folder: Path, needed: int | None, run_id: str | None = None, *, reserve: int | None = None
) -> ErrorT:
    """The error for a disk without room for ``needed`` more bytes, or for a clip of which no size is known yet.

    Args:
        kind: The error class to make.
        folder: The archive's folder.
        needed: Bytes still to be written, if known.
        run_id: The run of the clip.
        reserve: Bytes that must be free before a clip is paid for.
    """
    free = free_bytes(folder)
    want = f"{'more space' if needed is None else _size(needed)} needed in {str(folder)!r}"
    if reserve is not None:
        want = f"{_size(reserve)} must be free in {str(folder)!r} before a clip, whose size nobody knows yet, is made"
    have = "" if free is None else f", {_size(free)} are free"
    return kind(
        f"The disk is full: {want}{have}.",
        run_id=run_id,
        hint=f"Free space there, or {_MOVE} on another disk. No clip was removed, and downloading again is free.",
    )


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= _SMALL else f"{max(count, 0) / 1e3:.1f} kB"


def disk_error(
    kind: type[ErrorT],
    error: OSError,
    folder: Path,
    *,
    needed: int | None = None,
    run_id: str | None = None,
    reserve: int | None = None,
) -> ErrorT:
    """The error for what the disk refused, in a user's words.

    Args:
        kind: The error class to make.
        error: The system's error.
        folder: The archive's folder.
        needed: Bytes still to be written, if known.
        run_id: The run of the clip.
        reserve: Bytes that must be free before a clip is paid for.
    """
    if error.errno in _FULL:
        return full_error(kind, folder, needed, run_id, reserve=reserve)
    what = errno.errorcode.get(error.errno or 0, type(error).__name__)
    return kind(
        f"The archive folder {str(folder)!r} cannot be used: {error.strerror or error} ({what}).",
        run_id=run_id,
        hint=f"Make it a folder that you can write to, or {_MOVE} that is one.",
    )
