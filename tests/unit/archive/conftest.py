"""Clips of three layouts, and a server that does as it is told, for the tests of the archive."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest

from hailuo_widgets.archive import Archive
from hailuo_widgets.system.process import this_process

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from pathlib import Path

LAYOUTS = {
    "plain": {},
    "faststart": {"movflags": "faststart"},
    "fragmented": {"movflags": "frag_keyframe+empty_moov+default_base_moof"},
}


def render(
    path: Path, *, layout: str = "plain", seconds: float = 2.0, dark_s: float = 0.0, noise: bool = False
) -> Path:
    """Make a clip of 160 × 96 pixels at 12 frames a second; its first ``dark_s`` seconds are black."""
    random = np.random.default_rng(7)
    with av.open(str(path), "w", format="mp4", options=LAYOUTS[layout]) as container:
        stream = container.add_stream("libx264", rate=12)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        stream.codec_context.gop_size = 6
        for n in range(round(seconds * 12)):
            pixels = (random.integers(0, 60, (96, 160, 3)) + 90 + 3 * n % 100).astype(np.uint8)
            pixels[20:60, 4 * n % 120 : 4 * n % 120 + 40] = (250, 120, 20)
            if noise:
                pixels = random.integers(0, 255, pixels.shape, np.uint8)
            if n / 12 < dark_s:
                pixels[:] = 0
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One clip a layout."""
    folder = tmp_path_factory.mktemp("clips")
    return {layout: render(folder / f"{layout}.mp4", layout=layout) for layout in LAYOUTS}


@pytest.fixture(scope="session")
def clip(clips: dict[str, Path]) -> bytes:
    """The bytes of a clip with its index in front."""
    return clips["faststart"].read_bytes()


@pytest.fixture(scope="session")
def other_clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of another clip."""
    return render(tmp_path_factory.mktemp("other") / "other.mp4", seconds=1.0).read_bytes()


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """An archive in a folder that is not there yet."""
    return Archive(tmp_path / "hailuo_runs" / "videos")


@dataclass
class Reply:
    """One answer: what it says, and what breaks after its bytes."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    error: BaseException | None = None
    piece: int = 4096

    async def aiter(self) -> AsyncIterator[bytes]:
        """The body in pieces, then the error."""
        for at in range(0, len(self.body), self.piece):
            await asyncio.sleep(0)
            yield self.body[at : at + self.piece]
        if self.error is not None:
            raise self.error


class Server:
    """Gives scripted answers; where the script ends, a correct one with Range and If-Range."""

    def __init__(
        self, content: bytes, script: Iterable[Reply | BaseException | None] = (), etag: str = '"one"'
    ) -> None:
        self.content = content
        self.etag = etag
        self.asked: list[tuple[int, str | None]] = []
        self.slept: list[int] = []
        self._script = itertools.chain(script, itertools.repeat(None))

    @contextlib.asynccontextmanager
    async def open(self, offset: int, validator: str | None) -> AsyncIterator[Reply]:
        """What the engine hands in as ``open_stream``."""
        self.asked.append((offset, validator))
        reply = next(self._script)
        if isinstance(reply, BaseException):
            raise reply
        yield reply if reply is not None else self.correct(offset, validator)

    async def sleep(self, attempt: int) -> None:
        """Takes no time."""
        self.slept.append(attempt)

    def correct(self, offset: int = 0, validator: str | None = None) -> Reply:
        """What a good server says."""
        size = len(self.content)
        if offset and validator == self.etag:
            if offset >= size:
                return Reply(status=416, headers={"content-range": f"bytes */{size}"})
            headers = {
                "content-range": f"bytes {offset}-{size - 1}/{size}",
                "content-length": str(size - offset),
                "etag": self.etag,
            }
            return Reply(self.content[offset:], 206, headers)
        return Reply(self.content, 200, {"content-length": str(size), "etag": self.etag})

    def cut(self, at: int, error: BaseException | None = None, **headers: str | None) -> Reply:
        """The correct answer, ended after ``at`` bytes; a header given as None is left out."""
        full = self.correct()
        merged = {**full.headers, **{key.replace("_", "-"): value for key, value in headers.items()}}
        kept = {key: value for key, value in merged.items() if value is not None}
        return replace(full, body=self.content[:at], headers=kept, error=error)


@pytest.fixture
def serve() -> Callable[..., Server]:
    """Makes a server: ``serve(content, [answers])``."""
    return Server


@pytest.fixture
def reply() -> Callable[..., Reply]:
    """Makes an answer: ``reply(body, status, headers)``."""
    return Reply


@pytest.fixture
def make_clip() -> Callable[..., Path]:
    """Makes a clip: see `render`."""
    return render


@pytest.fixture
def leave_part(archive: Archive) -> Callable[..., Path]:
    """Leaves a half-done file as an ended process would: ``leave_part(run_id, data, validator=…, total=…)``."""

    def leave(run_id: str, data: bytes, **fields: Any) -> Path:
        archive.root.mkdir(parents=True, exist_ok=True)
        child = subprocess.Popen([sys.executable, "-c", ""])
        child.wait()
        me = this_process()
        owner = {"machine": me.machine, "pid": child.pid, "began": "1", **fields.pop("owner", {})}
        path = archive.root / f"{run_id}.{os.urandom(8).hex()}.part"
        path.write_bytes(data)
        note = {"owner": owner, "validator": None, "total": None, **fields}
        path.with_name(f"{path.name}.json").write_text(json.dumps(note), "utf-8")
        return path

    return leave
