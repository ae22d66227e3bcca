"""Check that a link in a reply or in the run log is a documented path of the task.

A link is text from elsewhere: with ``..`` in it, or another task's ID, a call with our key would ask for, cancel or
fetch another task. A link is used only in exactly a documented shape; otherwise the path is made of the ID.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from hailuo_widgets.provider.parse import as_path, as_url

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["NOT_USED", "is_plain", "leads_away", "path_at", "task_path"]

NOT_USED = "is not the documented address of this task, and is not used"
ID, MORE = "{id}", "{more}"
MOST_MORE = 3
_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.:~-]*")
_ROUTE = re.compile(r"v\d+[a-z0-9]*|api|content", re.IGNORECASE)
_PORTS = {"https": 443, "http": 80}


def task_path(link: object, task_id: str, *shapes: str, bases: Iterable[str]) -> str | None:
    """Return a link's path below its base URL, if it has one of the documented shapes; otherwise None.

    Args:
        link: An absolute link, or a path.
        task_id: The task that the path must name, as a whole segment.
        shapes: Paths in which ``{id}`` stands for the task's ID, and ``{more}`` for up to three further segments.
        bases: The base URLs that the link may be at.
    """
    path = path_at(link, bases)
    return path if path is not None and any(_fits(path, shape, task_id) for shape in shapes) else None


def path_at(link: object, bases: Iterable[str]) -> str | None:
    """Return what follows the base URL in a link: path, query and fragment. None for a link to another origin."""
    if as_path(link) is not None:
        return str(link).strip()
    text = as_url(link)
    for base in bases:
        if text is not None and base and _place(text) == _place(base):
            rest = re.sub(r"\A[a-z]+://[^/?#]*", "", text, flags=re.IGNORECASE)
            before = urlsplit(base).path.rstrip("/")
            return rest.removeprefix(before) if rest.startswith(f"{before}/") else rest
    return None


def is_plain(path: str) -> bool:
    """Return whether all segments of a path are plain: none is empty or has dots alone, and none has marks of a URL."""
    return path.startswith("/") and all(_SEGMENT.fullmatch(part) for part in path[1:].split("/"))


def leads_away(path: str) -> bool:
    """Return whether a path at a provider's own origin can be anything else than the link of a file.

    A route of the API has a segment such as ``v1``, ``api`` or ``content``. Segments that a client or a server may read
    in two ways (dots, encoded slashes, none at all) can lead to one.
    """
    parts = re.split(r"[?#]", path)[0].split("/")[1:]
    return any(_SEGMENT.match(part) is None or _odd(part) or _ROUTE.fullmatch(unquote(part)) for part in parts)


def _odd(part: str) -> bool:
    read = unquote(part)
    return read in {".", ".."} or bool(re.search(r"[/\\;?#%\x00-\x1f]", read))


def _fits(path: str, shape: str, task_id: str) -> bool:
    parts = path.split("/")
    wanted = [task_id if part == ID else part for part in shape.split("/")]
    if MORE in wanted:
        at, more = wanted.index(MORE), len(parts) - len(wanted) + 1
        if not 0 <= more <= MOST_MORE or set(parts[at : at + more]) & set(wanted):
            return False
        wanted[at : at + 1] = parts[at : at + more]
    return is_plain(path) and parts == wanted


def _place(link: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(link)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
