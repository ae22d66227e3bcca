"""Detection of a replaced store file: restored, checked out, moved or deleted while it was open.

An open file stays the same file when another one takes its name: nobody would ever see what is then written to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hailuo_widgets.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["REPLACED", "gone", "identity_of"]

REPLACED = (
    "the run log at {where} was replaced by another file since it was opened (restored, checked out or copied): the "
    "session goes on with the file that is there now. Runs that it follows are written into it; others that only the "
    "earlier file had are not in it"
)


def identity_of(path: Path) -> tuple[int, int] | None:
    """Device and inode of the file that has this name now; None if there is none."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return (found.st_dev, found.st_ino)


def gone(where: str) -> StoreError:
    """The error for a file that was open, is gone, and has no successor."""
    return StoreError(
        f"the run log at {where} is gone: it was moved or deleted while this session used it",
        hint="put it back, or a backup of it, and go on. To begin an empty log, restart the kernel; "
        "what the earlier log had is paid again then",
    )
