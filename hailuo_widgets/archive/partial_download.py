"""Half-done clips: ``<run>.<token>.part``, each with a note of its owner and of the whole clip.

Each process writes only parts with its own names, so no lock is needed. A part that its process left behind is taken
over by renaming it, which only one process can do. A part is resumed only if the server gave a validator (a strong
ETag, or a Last-Modified), which will show whether it still sends the same bytes.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import stat
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from hailuo_widgets.archive import file_operations as disk
from hailuo_widgets.archive.trusted_paths import read_regular
from hailuo_widgets.errors import DownloadError
from hailuo_widgets.system.process import Owner, this_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NAME = re.compile(r"(?P<run>[A-Za-z0-9_-]{1,64})\.[0-9a-f]{16}\.part(?P<note>\.json)?", re.ASCII)
_MAX_NOTE = 65536
_OPEN: set[str] = set()  # the parts that this process writes now
_OPEN_LOCK = threading.Lock()


def _in_child() -> None:
    """Forget the parent's parts and lock: the child writes none of them, and no thread of its own holds the lock."""
    global _OPEN_LOCK  # noqa: PLW0603 - a thread cannot release a lock that another one holds
    _OPEN_LOCK = threading.Lock()
    _OPEN.clear()


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_in_child)


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """The note beside a part: its process, the server's validator of the whole, and the whole's size in bytes."""

    owner: Owner
    validator: str | None = None
    total: int | None = None

    def save(self, path: Path) -> None:
        """Write the note, whole or not at all."""
        fresh = path.with_name(f"{path.name.partition('.')[0]}.{disk.token()}.part")
        descriptor = disk.create(fresh)
        try:
            disk.write_all(descriptor, json.dumps(dataclasses.asdict(self)).encode())
        except OSError:
            fresh.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)
        fresh.replace(path)

    @classmethod
    def load(cls, path: Path) -> Note | None:
        """Read a note; None if it is missing or cannot be read."""
        try:
            raw = json.loads(read_regular(path, _MAX_NOTE))
            owner = Owner(
                machine=str(raw["owner"]["machine"]), pid=int(raw["owner"]["pid"]), began=raw["owner"]["began"]
            )
            validator, total = raw["validator"], raw["total"]
        except (OSError, ValueError, TypeError, KeyError):
            return None
        if not isinstance(validator, str | None) or not isinstance(total, int | None):
            return None
        return cls(owner=owner, validator=validator, total=total)


class Part:
    """A clip that is being written. As a context manager it closes the file at the end and keeps it.

    Attributes:
        path: The file.
        run_id: The run.
        offset: Bytes in the file: where a Range request begins.
        validator: The server's validator of the whole, sent as ``If-Range``; None if the part cannot be resumed.
        total: Bytes of the whole, if the server said it.
        max_bytes: The most bytes of a clip.
    """

    def __init__(self, path: Path, *, run_id: str, descriptor: int, note: Note, max_bytes: int) -> None:
        self.path = path
        self.run_id = run_id
        self.offset = os.lseek(descriptor, 0, os.SEEK_END)
        self.max_bytes = max_bytes
        self._descriptor: int | None = descriptor
        self._note = note
        _OPEN.add(str(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def validator(self) -> str | None:
        """The server's validator of the whole."""
        return self._note.validator

    @property
    def total(self) -> int | None:
        """Bytes of the whole, if the server said it."""
        return self._note.total

    @property
    def complete(self) -> bool:
        """Whether all bytes that the server announced are here."""
        return self.total is not None and 0 < self.offset == self.total

    @property
    def resumable(self) -> bool:
        """Whether another try can continue from what is here."""
        return self.complete or (self.offset > 0 and self.validator is not None)

    def remember(self, validator: str | None, total: int | None) -> None:
        """Note the server's validator and size of the whole, and check that the disk has room for it.

        Raises:
            DownloadError: It is too large, the disk is too full for it, or the disk refused the note.
        """
        if total is not None and total > self.max_bytes:
            raise self._too_large(total)
        free = disk.free_bytes(self.path.parent)
        if total is not None and free is not None and total - self.offset > free:
            self.discard()
            raise disk.full_error(DownloadError, self.path.parent, total - self.offset, self.run_id)
        note = dataclasses.replace(self._note, validator=validator, total=total)
        if note != self._note:
            with self._disk():
                note.save(_note_path(self.path))
            self._note = note

    def write(self, chunk: bytes | bytearray | memoryview) -> int:
        """Append bytes; the new offset.

        Raises:
            DownloadError: The clip is too large, or the disk refused the bytes; then the part is gone.
        """
        if self.offset + len(chunk) > self.max_bytes:
            raise self._too_large(self.offset + len(chunk))
        with self._disk():
            disk.write_all(self._fd(), chunk)
        self.offset += len(chunk)
        return self.offset

    def restart(self) -> None:
        """Begin again from zero: the bytes here do not belong to what the server has now."""
        with self._disk():
            os.ftruncate(self._fd(), 0)
            os.lseek(self._fd(), 0, os.SEEK_SET)
            self.offset = 0
            self._note = dataclasses.replace(self._note, validator=None, total=None)
            self._note.save(_note_path(self.path))

    def sync(self) -> None:
        """Sync the bytes to the disk."""
        with self._disk():
            if self._descriptor is not None:
                os.fsync(self._descriptor)
                return
            descriptor = disk.reopen(self.path)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def close(self) -> None:
        """Close the file and keep it, so that another try can continue from it."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            with contextlib.suppress(OSError):  # late write errors show at sync, before anything is published
                os.close(descriptor)
        _OPEN.discard(str(self.path))

    def discard(self) -> None:
        """Close and remove the file and its note."""
        self.close()
        _remove(self.path)

    def _fd(self) -> int:
        if self._descriptor is None:
            raise ValueError(
                f"the part {self.path.name!r} is closed; open a new one with Archive.part({self.run_id!r})"
            )
        return self._descriptor

    def _too_large(self, size: int) -> DownloadError:
        self.discard()
        return DownloadError(
            f"The file has {size} bytes or more; at most {self.max_bytes} are taken for one clip.",
            run_id=self.run_id,
            hint="Look at the link in a browser. A clip has a few megabytes; this is something else.",
        )

    @contextlib.contextmanager
    def _disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            needed = None if self.total is None else self.total - self.offset
            self.discard()
            raise disk.disk_error(DownloadError, error, self.path.parent, needed=needed, run_id=self.run_id) from error


def open_part(folder: Path, run_id: str, *, max_bytes: int) -> Part:
    """A run's part that can be resumed, or a new one.

    Raises:
        DownloadError: The folder cannot be written.
    """
    try:
        with _OPEN_LOCK:  # two threads of one process are one owner, and could take each other's new part
            for old in folder.glob(f"{run_id}.*.part"):
                part = _take_over(old, run_id, max_bytes)
                if part is not None:
                    return part
            return _begin(folder, run_id, max_bytes)
    except OSError as error:
        raise disk.disk_error(DownloadError, error, folder, run_id=run_id) from error


def remove_stale(folder: Path, older_than_s: float) -> list[Path]:
    """Remove the parts of ended processes that nobody took over in that time; the removed paths."""
    gone = []
    for path in sorted(folder.glob("*.part*")):
        found = _NAME.fullmatch(path.name)
        if not found:
            continue  # not ours
        part = path.with_name(path.name.removesuffix(".json"))
        note = Note.load(_note_path(part))
        try:
            links = path.lstat().st_nlink
            # A part may be written for longer than its note is.
            touched = max(p.lstat().st_mtime for p in (part, _note_path(part)) if p.exists())
        except (FileNotFoundError, ValueError):
            continue  # removed with its part, a step ago
        if str(part) in _OPEN or (note is not None and note.owner.state() == "alive"):
            continue
        published = links > 1 and note is not None and note.owner.state() != "elsewhere"
        if published or time.time() - touched > older_than_s:
            _remove(part)
            gone.append(path)
    return gone


def _begin(folder: Path, run_id: str, max_bytes: int) -> Part:
    note = Note(owner=this_process())
    path = folder / f"{run_id}.{disk.token()}.part"
    note.save(_note_path(path))  # first, so that no part is ever without its owner
    try:
        return Part(path, run_id=run_id, descriptor=disk.create(path), note=note, max_bytes=max_bytes)
    except OSError:
        _remove(path)
        raise


def _take_over(old: Path, run_id: str, max_bytes: int) -> Part | None:
    found, note = _NAME.fullmatch(old.name), Note.load(_note_path(old))
    if not found or found["run"] != run_id or note is None:
        return None
    if note.owner.state() not in {"me", "dead"} or str(old) in _OPEN:
        return None
    try:
        facts = old.lstat()
    except FileNotFoundError:
        return None
    useful = note.validator is not None or note.total == facts.st_size
    # A second name of the file is the published clip: writing here would destroy it.
    if not stat.S_ISREG(facts.st_mode) or facts.st_nlink > 1 or not facts.st_size or not useful:
        _remove(old)
        return None
    path = old.with_name(f"{run_id}.{disk.token()}.part")
    note = dataclasses.replace(note, owner=this_process())
    note.save(_note_path(path))
    try:
        old.rename(path)
        part = Part(path, run_id=run_id, descriptor=disk.reopen(path), note=note, max_bytes=max_bytes)
    except OSError:  # another process was first
        _remove(path)
        return None
    _note_path(old).unlink(missing_ok=True)
    return part


def _note_path(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _remove(part: Path) -> None:
    with contextlib.suppress(OSError):  # the error that led here already tells that the disk refuses
        part.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        _note_path(part).unlink(missing_ok=True)
