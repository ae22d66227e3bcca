"""Atomic file replacement: the target is written completely or not at all.

Exports contain prompts and clips, so a new file is readable by this user only.
"""

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

__all__ = ["replacing"]


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield a temporary file to write; on success it replaces the target and takes over its mode."""
    part = target.with_name(f".{target.stem}.{secrets.token_hex(4)}.part{target.suffix}")
    os.close(create_private(part))
    try:
        yield part
        with suppress(OSError):  # there is no old file, or the file system has no modes
            if stat.S_ISREG((before := target.lstat()).st_mode):
                part.chmod(stat.S_IMODE(before.st_mode))
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
