"""A file for others, written whole or not at all. Prompts and clips are in it, so a new one is this user's alone."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from hailuo_widgets.system.private_files import create_private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["written"]


@contextmanager
def written(target: Path) -> Iterator[Path]:
    """The file to write in the target's place; it takes that place when it is whole, with the mode that was there."""
    part = target.with_name(f".{target.stem}.{secrets.token_hex(4)}.part{target.suffix}")
    os.close(create_private(part))
    try:
        yield part
        with suppress(OSError):  # none is there, or the disk keeps no modes
            if stat.S_ISREG((before := target.lstat()).st_mode):
                part.chmod(stat.S_IMODE(before.st_mode))
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
