"""Private files (0600) and folders (0700), created independently of the umask."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["create_private", "make_private"]

# Not every system has these flags; a missing one is left out.
_FLAGS = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def make_private(folder: Path) -> None:
    """Create a folder and its missing parents for this user only. An existing folder is not changed.

    Raises:
        OSError: The system can't create it.
    """
    if not folder.parent.exists():
        make_private(folder.parent)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if not folder.is_dir():
            raise
    else:
        with contextlib.suppress(OSError):  # a file system without modes
            folder.chmod(0o700)


def create_private(path: Path) -> int:
    """Create a file for this user only, and return its descriptor, open for reading and writing.

    Raises:
        FileExistsError: The name is taken, even if only by a dangling link.
        OSError: The system can't create it.
    """
    descriptor = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
    with contextlib.suppress(OSError, AttributeError):  # a file system, or a system, without modes
        os.fchmod(descriptor, 0o600)
    return descriptor
