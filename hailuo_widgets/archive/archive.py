"""Folder of the clips: ``<root>/<run id>.mp4``, each checked and hashed before it gets that name.

Nothing under a final name is ever half a file, and nothing there is ever overwritten: if the name holds other content,
the clip becomes ``<run id>.2.mp4``, and so on (with a dot, which no run id has, so that one run's second file is never
another run's first). Names come from our run ids only, never from a server. All methods block; on an event loop call
them in a thread.
"""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path, PurePath
from typing import TYPE_CHECKING
from urllib.parse import quote

from hailuo_widgets.archive import file_operations as disk
from hailuo_widgets.archive import inputs, trusted_paths
from hailuo_widgets.archive.mp4 import ContainerError
from hailuo_widgets.archive.partial_download import Part, open_part, remove_stale
from hailuo_widgets.archive.poster import poster
from hailuo_widgets.archive.whole_file import ClipFacts, examine
from hailuo_widgets.errors import DownloadError, StoreError, UsageError
from hailuo_widgets.system.private_files import make_private

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.domain.run import RunRecord

_RUN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_MAX_NAMES = 99
_MAX_POSTER = 4 << 20  # bytes; ours have 15,000
_ROOM = 64 * disk.MIB  # free space without which no download begins
STALE_S = 3600.0
"""Seconds after which a part that its process left behind is removed."""


class NotWholeError(DownloadError):
    """The bytes that arrived are not a whole clip; another download may bring it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Archived:
    """A clip in the archive: checked, hashed and on the disk.

    Args:
        path: Where it is.
        size: Bytes.
        sha256: Of its content, as hexadecimal digits.
        width: Pixels, or None if the file does not say.
        height: Pixels, or None.
        poster: A small JPEG, or None if none could be made.
        note: What is odd about the file, which decodes whole; None if nothing is.
        seconds: Length of the video track, or None.
        sound: Whether the file has a sound track.
    """

    path: Path
    size: int
    sha256: str
    width: int | None
    height: int | None
    poster: bytes | None = field(repr=False)
    note: str | None = None
    seconds: float | None = None
    sound: bool = False


class Archive:
    """The clips and input pictures of one folder.

    Args:
        root: The folder; made when it is first needed. Keep it visible, beside the notebook: Jupyter serves no hidden
            folders.
        max_bytes: Size of the largest clip that is taken.
        poster: Draws a clip's still; None if it cannot.
    """

    def __init__(
        self, root: Path, *, max_bytes: int = disk.GIB, poster: Callable[[Path], bytes | None] = poster
    ) -> None:
        self._poster = poster
        self.root = Path(root).absolute()
        self.max_bytes = max_bytes
        self._hashed: dict[Path, tuple[disk.Stamp, str]] = {}

    def probe(self, *, room: int = _ROOM) -> None:
        """Check that clips can be kept here, before one is paid for.

        Args:
            room: Bytes that must be free.

        Raises:
            StoreError: The folder cannot be made or written, or its disk is full.
        """
        trial = self.root / f"probe.{disk.token()}.part"
        try:
            self._make()
            disk.write_new(trial, bytes(4096))  # quotas show only when something is written
            trial.unlink()
        except OSError as error:
            raise disk.disk_error(StoreError, error, self.root, reserve=room) from error
        free = disk.free_bytes(self.root)
        if free is not None and free < room:
            raise disk.full_error(StoreError, self.root, None, reserve=room)

    def video_path(self, run_id: str) -> Path:
        """The path of a run's clip if the name is free; `publish` returns the path that it got.

        Raises:
            UsageError: The id has characters that no run id has.
        """
        return next(self._names(run_id))

    def part(self, run_id: str) -> Part:
        """A run's half-done clip that can be resumed, or a new one.

        Raises:
            UsageError: See `video_path`.
            DownloadError: The folder cannot be written.
        """
        self.video_path(run_id)
        try:
            self._make()
        except OSError as error:
            raise disk.disk_error(DownloadError, error, self.root, run_id=run_id) from error
        return open_part(self.root, run_id, max_bytes=self.max_bytes)

    def publish(self, part: Part, *, expected_sha256: str | None = None) -> Archived:
        """Check a finished part and give it its final name, durably.

        Args:
            part: All its bytes are written.
            expected_sha256: The content's hash, if known.

        Raises:
            NotWholeError: It is not a whole MP4, or not the expected one. The part is still there.
            DownloadError: The disk refused; the part is gone unless it holds the only copy.
        """
        part.sync()
        try:
            facts = self._check(part.path, part.run_id)
            sha256 = disk.sha256_of(part.path)  # of what the disk has, not of what was sent to it
        except OSError as error:
            raise disk.disk_error(DownloadError, error, self.root, run_id=part.run_id) from error
        if expected_sha256 is not None and sha256 != expected_sha256:
            raise NotWholeError(f"SHA-256 {sha256} arrived, {expected_sha256} was expected.", run_id=part.run_id)
        part.close()
        try:
            path = self._place(part, sha256)
        except OSError as error:
            raise disk.disk_error(DownloadError, error, self.root, run_id=part.run_id) from error
        part.discard()
        disk.sync_folder(self.root)
        return _archived(path, facts, sha256, self._poster(path))

    def sealed(self, part: Part) -> bool:
        """Whether the part's own bytes show where the clip ends; see `mp4.Layout`.

        Raises:
            NotWholeError: It is not a whole MP4.
        """
        return self._check(part.path, part.run_id).sealed

    def adopt(self, run_id: str, sha256: str | None = None) -> Archived | None:
        """A clip that has its final name already: the process ended before it could write that to the log.

        Args:
            run_id: The run.
            sha256: The only content to take. Without it, the file with the latest name is taken: an earlier name
                held other content when the later one was given.

        Returns:
            The clip, checked; None if there is none, or none that is whole.
        """
        there = [path for path in self._names(run_id) if path.is_file() and not path.is_symlink()]
        for path in reversed(there):
            try:
                facts, found = self._check(path, run_id), disk.sha256_of(path)
            except (NotWholeError, OSError):
                continue
            if sha256 in (None, found):
                return _archived(path, facts, found, self._poster(path))
        return None

    def verify(self, path: Path, sha256: str) -> bool:
        """Whether the file is there and has that content. A file that is unchanged since is not read again."""
        try:
            stamp = disk.stamp_of(path)
            known = self._hashed.get(path)
            if known is not None and stamp is not None and known[0] == stamp:
                return known[1] == sha256
            found = disk.sha256_of(path)
            if stamp is not None and stamp == disk.stamp_of(path):
                self._hashed[path] = (stamp, found)
        except OSError:
            return False
        return found == sha256

    def sweep_stale(self, *, older_than_s: float = STALE_S) -> list[Path]:
        """Remove half-done files of ended processes; the removed paths. Resume first what can be resumed."""
        try:
            return remove_stale(self.root, older_than_s) + remove_stale(self.root / "inputs", older_than_s)
        except OSError as error:
            raise disk.disk_error(StoreError, error, self.root) from error

    def keep_input(self, data: bytes, media_type: str) -> Path:
        """Keep a file that a request is made from. See `inputs.keep_input`."""
        return inputs.keep_input(self.root / "inputs", data, media_type)

    def with_inputs(self, request: Request) -> Request:
        """The request with the bytes of its input files. See `inputs.with_inputs`."""
        return inputs.with_inputs(self.root / "inputs", request)

    def input_path(self, sha256: str) -> Path | None:
        """The path of the kept picture with that hash; None if there is none."""
        return inputs.find_input(self.root / "inputs", sha256)

    def video_of(self, record: RunRecord) -> Path | None:
        """The path of a run's clip; None while it is not here. No row leads to a file outside of the folder.

        A file of another size than the clip's is another file. See :meth:`whole_video_of` for its content.
        """
        path = trusted_paths.clip_in(self.root, record.video)
        if path is None or record.video_bytes is None:
            return path
        try:
            return path if path.stat().st_size == record.video_bytes else None
        except OSError:
            return None

    def whole_video_of(self, record: RunRecord) -> Path | None:
        """The path of a run's clip, if the file still has the content that was downloaded; else None.

        Reads the file, unless it is unchanged since it was last read. A row without a hash is taken at its word.
        """
        path = self.video_of(record)
        return path if path is None or record.sha256 is None or self.verify(path, record.sha256) else None

    def poster_path_of(self, record: RunRecord) -> Path | None:
        """The path of the poster of a run's clip; None if there is none."""
        return trusted_paths.still_in(self.root, record.video)

    def poster_of(self, record: RunRecord) -> bytes | None:
        """The poster of a run's clip as JPEG; None if there is none, or it cannot be read."""
        path = self.poster_path_of(record)
        try:
            return None if path is None else trusted_paths.read_regular(path, _MAX_POSTER)
        except OSError:
            return None

    def keep_poster(self, clip: Path, data: bytes) -> None:
        """Keep a clip's poster beside it.

        Raises:
            OSError: The disk refused it.
        """
        disk.write_atomically(clip.with_suffix(".jpg"), data)

    def _make(self) -> None:
        make_private(self.root)

    def _names(self, run_id: str) -> Iterator[Path]:
        if not _RUN_ID.fullmatch(run_id):
            raise UsageError(f"run_id={run_id!r}: 1 to 64 of the characters A-Z a-z 0-9 _ - are allowed.")
        yield self.root / f"{run_id}.mp4"
        yield from (self.root / f"{run_id}.{n}.mp4" for n in islice(count(2), _MAX_NAMES - 1))

    def _check(self, path: Path, run_id: str) -> ClipFacts:
        try:
            facts = examine(path)
        except ContainerError as error:
            raise NotWholeError(f"The file is not a whole MP4: {error}.", run_id=run_id) from error
        if not facts.has_video:
            raise NotWholeError("The file is an MP4 without a video track.", run_id=run_id)
        return facts

    def _place(self, part: Part, sha256: str) -> Path:
        for target in self._names(part.run_id):
            with contextlib.suppress(FileExistsError):
                disk.place(part.path, target)
                return target
            if target.is_file() and not target.is_symlink() and self.verify(target, sha256):
                return target
        raise DownloadError(
            f"{_MAX_NAMES} files named {part.run_id}*.mp4 are in {str(self.root)!r}, and none has this content.",
            run_id=part.run_id,
            hint="Move some of them away, then resume.",
        )


def _archived(path: Path, facts: ClipFacts, sha256: str, poster: bytes | None) -> Archived:
    return Archived(
        path=path,
        size=facts.size,
        sha256=sha256,
        width=facts.width,
        height=facts.height,
        poster=poster,
        note=facts.note,
        seconds=facts.seconds,
        sound=facts.sound,
    )


def relative_src(path: Path, notebook_dir: Path) -> str | None:
    """The address of a file relative to the notebook's folder, which JupyterLab serves and a copied folder keeps.

    Args:
        path: The file.
        notebook_dir: The folder that the notebook is in.

    Returns:
        The address, quoted for a URL, such as ``hailuo_runs/videos/01J.mp4``; None if no relative address can work: on
        another drive, or through a hidden folder, which Jupyter does not serve.
    """
    try:
        parts = PurePath(os.path.relpath(path, notebook_dir)).parts
    except ValueError:  # another drive (Windows)
        return None
    if any(part.startswith(".") and part != ".." for part in parts):
        return None
    return "/".join(quote(part, safe="") for part in parts)
