"""Files and folders that are nobody else's, whatever the umask is: 0600 and 0700."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["create_private", "make_private"]

# Not every system has these flags; where one is missing there is nothing to ask for.
_FLAGS = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def make_private(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for this user alone; one that is there stays as it is.

    Raises:
        OSError: As the system says.
    """
    if not folder.parent.exists():
        make_private(folder.parent)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if not folder.is_dir():
            raise
    else:
        with contextlib.suppress(OSError):  # a disk without modes
            folder.chmod(0o700)


def create_private(path: Path) -> int:
    """Open a new file for reading and writing, for this user alone.

    Raises:
        FileExistsError: The name is taken, if by a dangling link.
        OSError: As the system says.
    """
    descriptor = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
    with contextlib.suppress(OSError, AttributeError):  # a disk, or a system, without modes
        os.fchmod(descriptor, 0o600)
    return descriptor
