"""Bytes of an input file, from a path or a data URL."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any, NoReturn

from hailuo_widgets.errors import UsageError
from hailuo_widgets.planning import data_urls

__all__ = ["SHOWN", "from_base64", "from_data_url", "from_path", "is_there", "not_too_long", "refuse", "shown"]

SHOWN = 80  # characters of a value that an error quotes
PICTURES_BASE64 = ("iVBORw0KGgo", "/9j/", "UklGR")  # how PNG, JPEG and WebP begin
SHORTEST_BASE64 = 48
LONGEST_PATH = 4096
KINDS = "a path, an http(s) URL, a data URL or bytes"


def refuse(argument: str, name: str, why: str, hint: str) -> NoReturn:
    """Raise the error of a value that cannot be used."""
    raise UsageError(f"{argument}={name}: {why}", argument=argument, hint=hint)


def shown(value: Any) -> str:
    """Return a value for quoting in a message."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - an object's own methods may raise anything
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def shown_path(path: str) -> str:
    """Return a path for quoting in a message; of a long one, the end, which has the file's name."""
    text = repr(path)
    return text if len(text) <= SHOWN else f"{text[0]}…{text[2 - SHOWN :]}"


def from_data_url(text: str, argument: str, most: int) -> tuple[str, bytes]:
    """Return a name for messages and the bytes of a data URL.

    Raises:
        UsageError: It is damaged, or has more than ``most`` bytes.
    """
    name = shown(text[:40])
    if len(text) > 3 * most + 200:  # percent-encoded, a byte has three characters
        not_too_long(bytes(most + 1), argument, name, most)
    try:
        data = data_urls.decode(text)
    except data_urls.DataUrlError as e:
        refuse(argument, name, str(e), "data:image/png;base64, then base64.b64encode(bytes).decode()")
    return name, not_too_long(data, argument, name, most)


def is_there(path: str) -> bool:
    """Return whether there is a file of that name."""
    try:
        return len(path) <= LONGEST_PATH and Path(path).exists()
    except (OSError, ValueError):  # no name of a file
        return False


def from_base64(text: str, argument: str, most: int) -> tuple[str, bytes] | None:
    """Return a name for messages and the bytes of a picture in Base64; None for other text, and for a file's path.

    Raises:
        UsageError: It has more than ``most`` bytes.
    """
    bare = text.strip()
    if len(bare) < SHORTEST_BASE64 or not bare.startswith(PICTURES_BASE64):
        return None
    if is_there(bare):
        return None
    try:
        data = data_urls.decode(f"data:;base64,{bare}")
    except data_urls.DataUrlError:
        return None
    name = shown(bare[:40])
    return name, not_too_long(data, argument, name, most)


def from_path(value: str | Path, argument: str, most: int) -> tuple[str, bytes]:
    """Return a name for messages and the bytes of a file.

    Raises:
        UsageError: It cannot be read, is no regular file, or has more than ``most`` bytes.
    """
    name = shown_path(str(value))
    here = f"paths are relative to {str(Path.cwd())!r}"
    try:
        path = Path(value).expanduser()
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            refuse(argument, name, "that is a folder", "give one file's path")
        if not stat.S_ISREG(found.st_mode):
            refuse(argument, name, "that is a device, a pipe or a socket, not a file", "give a file's path")
        if found.st_size > most:
            refuse(argument, name, f"the file has {found.st_size / 1e6:.0f} MB", f"at most {most / 1e6:.0f} MB")
        with path.open("rb") as file:
            return name, not_too_long(file.read(most + 1), argument, name, most)
    except FileNotFoundError:
        refuse(argument, name, "there is no such file", here)
    except (OSError, RuntimeError, ValueError) as e:
        if isinstance(e, UsageError):
            raise
        why = getattr(e, "strerror", None) or str(e)
        refuse(argument, name, f"the file cannot be read: {why}", here)


def not_too_long(data: bytes, argument: str, name: str, most: int) -> bytes:
    """Return the bytes, of which there are some and at most ``most``.

    Raises:
        UsageError: There are none, or more.
    """
    if len(data) > most:
        refuse(argument, name, f"it has more than {most / 1e6:.0f} MB", "make it smaller")
    if not data:
        refuse(argument, name, "it is empty", f"give {KINDS}")
    return data
