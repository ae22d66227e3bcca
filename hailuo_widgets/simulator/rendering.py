"""The one worker that renders: a clip at a time, each only once, kept in the home under its digest.

Its thread is a daemon: a kernel that shuts down does not wait for the clips of a sweep that nobody will look at.
"""

from __future__ import annotations

import queue
import secrets
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

from hailuo_widgets.simulator.render import Clip, render_clip

if TYPE_CHECKING:
    from pathlib import Path


class Renderer:
    """Files of clips, made when they are asked for.

    Args:
        clips: Folder of the finished files; another process may use it too.
        images: Folder of the pictures that clips name.
    """

    def __init__(self, clips: Path, images: Path) -> None:
        self._clips = clips
        self._images = images
        self._lock = threading.Lock()
        self._known: dict[str, Future[Path]] = {}
        self._queue: queue.SimpleQueue[tuple[Future[Path], Clip, Path] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False
        self.count = 0

    def file(self, clip: Clip) -> Future[Path]:
        """Return the future of a clip's file; asking again gives the same one.

        Raises:
            RuntimeError: The simulator has stopped.
        """
        target = self._clips / f"{clip.digest}.{clip.container}"
        with self._lock:
            known = self._known.get(clip.digest)
            if known is not None and not (known.done() and not target.exists()):
                return known
            if self._closed:
                raise RuntimeError("the simulator has stopped; start it again to render")
            future = self._known[clip.digest] = Future()
            if target.exists():
                future.set_result(target)
                return future
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="simulator-render", daemon=True)
                self._thread.start()
            self._queue.put((future, clip, target))
            return future

    def close(self) -> None:
        """Drop what waits, and wait for the clip that is being made."""
        with self._lock:
            self._closed = True
            for future in self._known.values():
                future.cancel()
            thread = self._thread
        if thread is not None:
            self._queue.put(None)
            thread.join()

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            future, clip, target = job
            if not future.set_running_or_notify_cancel():
                continue
            try:
                part = target.with_name(f"{secrets.token_hex(8)}.part")
                render_clip(clip, self._images, part)
                part.replace(target)
                self.count += 1
            except BaseException as error:  # noqa: BLE001 - whoever waits for the file must hear of it
                future.set_exception(error)
            else:
                future.set_result(target)
