"""Tests of untrusted rows of the log: none makes us read or write a file outside of the archive."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import sqlite3
import stat
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hailuo_widgets.api.session import Session
from hailuo_widgets.archive.inputs import read_input
from hailuo_widgets.archive.trusted_paths import clip_in, input_in, read_regular, still_in
from hailuo_widgets.domain.grid import arrange
from hailuo_widgets.engine.rescue_file import write_rescue
from hailuo_widgets.errors import HailuoError, StoreError, UsageError
from hailuo_widgets.exports import export
from hailuo_widgets.render.grid import grid_html, layout_of
from hailuo_widgets.simulator import Simulator
from hailuo_widgets.widgets.compare import Compare
from hailuo_widgets.widgets.player import RunSource
from hailuo_widgets.widgets.request_widget import Question

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hailuo_widgets.domain.run import RunRecord

NOW = datetime.now(UTC)
KINDS = (
    "a path upwards",
    "an absolute path",
    "a path of Windows",
    "a folder below",
    "a link out",
    "a link to a device",
    "a link to a clip that is here",
    "a pipe",
    "a folder",
    "a name with a null",
    "a long name",
    "nothing",
    "the folder itself",
    "a home",
    "another kind of file",
)


@pytest.fixture(scope="module")
def fake_provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """What makes the clips."""
    with Simulator(tmp_path_factory.mktemp("provider"), latency=0.05, draft=True) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, fake_provider: Simulator) -> Iterator[tuple[Session, str, Path]]:
    """A session with one run, and a clip with its poster outside of the archive."""
    folder = tmp_path_factory.mktemp("rows")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KIE_BASE_URL", fake_provider.url)
        patch.setenv("KIE_API_KEY", "canary-2a")
        session = Session(home=folder / "home", mode="live", poll_interval=0.05, notice=lambda _: None)
        run = session.generate("a fox", provider="kie", model="02").wait(60)
        assert run.video is not None
        outside = folder / "secret.mp4"
        shutil.copy(run.video, outside)
        outside.with_suffix(".jpg").write_bytes(b"a secret picture")
        session.close()
        reader = Session(home=folder / "home", mode="live", poll_interval=0.05, notice=lambda _: None)
    yield reader, run.id, outside
    reader.close()


@pytest.fixture
def keyed(monkeypatch: pytest.MonkeyPatch, fake_provider: Simulator) -> None:
    """The session may send."""
    monkeypatch.setenv("KIE_BASE_URL", fake_provider.url)
    monkeypatch.setenv("KIE_API_KEY", "canary-2a")


def planted(kind: str, root: Path, outside: Path) -> str:
    """What a row says in place of its clip's name; what it needs for that is put into the archive."""
    link = root / "link.mp4"
    for path in (link, root / "link.jpg"):
        path.unlink(missing_ok=True)
    if kind == "a link out":
        link.symlink_to(outside)
        link.with_suffix(".jpg").symlink_to(outside.with_suffix(".jpg"))
    if kind == "a link to a device":
        link.symlink_to("/dev/zero")
        link.with_suffix(".jpg").symlink_to("/dev/zero")
    if kind == "a link to a clip that is here":
        link.symlink_to(next(p for p in root.glob("r*.mp4")).name)
    if kind == "a pipe":
        os.mkfifo(link)
        os.mkfifo(link.with_suffix(".jpg"))
    if kind == "a folder":
        (root / "folder.mp4").mkdir(exist_ok=True)
    if kind == "a folder below":
        (root / "below").mkdir(exist_ok=True)
        shutil.copy(outside, root / "below" / "x.mp4")
    if kind == "another kind of file":
        (root / "notes.txt").write_text("mine")
    return {
        "a path upwards": os.path.relpath(outside, root),
        "an absolute path": str(outside),
        "a path of Windows": "..\\secret.mp4",
        "a folder below": "below/x.mp4",
        "a folder": "folder.mp4",
        "a name with a null": "link.mp4\0",
        "a long name": "x" * 300 + ".mp4",
        "nothing": "",
        "the folder itself": ".",
        "a home": "~/secret.mp4",
        "another kind of file": "notes.txt",
    }.get(kind, "link.mp4")


class _Widget:
    """Takes what a widget would send to the browser."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def send(self, _: Any, buffers: list[memoryview] | None = None) -> None:
        """Keep it."""
        self.sent += [bytes(b) for b in buffers or []]


def _asked(session: Session, record: RunRecord, what: str) -> list[bytes]:
    """The bytes that the comparison answers with."""

    async def ask() -> list[bytes]:
        loop = asyncio.get_running_loop()
        compare = Compare(session, [record], arrange([record]), loop=loop)
        widget = _Widget()
        question = Question(widget, {"id": "1", "type": what, "data": {"id": record.run_id}}, [])  # type: ignore[arg-type]
        with suppress(OSError, HailuoError):
            await compare.handlers()[what](question)
        compare.close()
        return widget.sent

    return asyncio.run(ask())


def write_row(session: Session, run_id: str, **values: str) -> None:
    """Change a row as anyone can who has the file."""
    with closing(sqlite3.connect(session.settings.home / "runs.sqlite3")) as store, store:
        for name, value in values.items():
            store.execute(f"UPDATE runs SET {name} = ? WHERE run_id = ?", (value, run_id))  # noqa: S608 - our own names


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_leads_to_no_other_file(whole: tuple[Session, str, Path], tmp_path: Path, kind: str) -> None:
    """Whatever a row says of its clip, nothing outside of the archive is read: not by any view, table or file."""
    session, run_id, outside = whole
    write_row(session, run_id, video=planted(kind, session.archive.root, outside))
    run, (record,) = session.run(run_id), session.chosen(run_id)
    assert (run.video, run.card.video_src, run.card.poster) == (None, None, None)
    assert (session.archive.video_of(record), session.archive.poster_of(record)) == (None, None)
    (cell,) = layout_of([record], arrange([record]), session.archive)["cells"]
    assert (cell["clip"], cell["poster"]) == (False, False)
    assert session.runs()["video"].isna().all()
    with pytest.raises(FileNotFoundError):
        RunSource(run).read_video()
    page = export(session, [record], tmp_path / "x.html").read_bytes()
    assert [word for word in (b'type="video/mp4"', b"a secret picture", b"base64,") if word in page] == []
    for name in ("x.mp4", "x.png"):
        with pytest.raises(UsageError, match="none of these runs has a clip"):
            export(session, [record], tmp_path / name)
    assert _asked(session, record, "video") + _asked(session, record, "poster") == [b""]


@pytest.mark.usefixtures("keyed")
@pytest.mark.parametrize("kind", ["a path upwards", "an absolute path", "a link out"])
def test_another_files_clip_never_serves(whole: tuple[Session, str, Path], kind: str) -> None:
    """A row that names a file elsewhere leads an equal run to the clip under the run's own name, and to no other."""
    session, run_id, outside = whole
    write_row(session, run_id, video=planted(kind, session.archive.root, outside))
    again = session.generate("a fox", provider="kie", model="02").wait(60)
    assert (again.status, again.video) == ("succeeded", session.archive.root / f"{run_id}.mp4")
    assert not (session.archive.root / f"{run_id}.mp4").is_symlink()


@pytest.mark.usefixtures("keyed")
def test_a_planted_poster_is_not_written_through(whole: tuple[Session, str, Path], tmp_path: Path) -> None:
    """A link under the name of a poster, or of any file that we write, leads nowhere: what it names stays as it is."""
    session, _, _ = whole
    precious = tmp_path / "precious"
    precious.write_text("mine")
    run = session.generate("a wolf", provider="kie", model="02")
    (session.archive.root / f"{run.id}.jpg").symlink_to(precious)
    run.wait(60)
    still = session.archive.root / f"{run.id}.jpg"
    assert (precious.read_text(), still.is_symlink(), run.card.poster) == ("mine", False, still.read_bytes())
    (session.settings.home / "rescue.jsonl").symlink_to(precious)
    assert not write_rescue(session.settings.home / "rescue.jsonl", run.record, "task", at=NOW)
    (session.settings.home / "rescue.jsonl").unlink()
    assert precious.read_text() == "mine"


@pytest.mark.parametrize("word", ["../secret", "*", "?" * 64, "0" * 63 + "*", "/etc/passwd", "", "0" * 64 + "/../x"])
def test_a_picture_is_named_by_its_hash_alone(whole: tuple[Session, str, Path], word: str) -> None:
    """The SHA-256 in a row's request is no pattern and no path."""
    session, _, _ = whole
    folder = session.archive.root / "inputs"
    folder.mkdir(exist_ok=True)
    (folder / f"{'0' * 64}.png").write_bytes(b"x")
    (session.archive.root / "secret.png").write_bytes(b"x")
    assert session.archive.input_path(word) is None
    assert session.archive.input_path("0" * 64) == folder / f"{'0' * 64}.png"


def test_a_picture_is_no_link(whole: tuple[Session, str, Path], tmp_path: Path) -> None:
    """A link under a picture's name is not read, even where the bytes behind it are the right ones."""
    session, _, _ = whole
    data = b"\x89PNG\r\n\x1a\n somebody's"
    name = hashlib.sha256(data).hexdigest()
    (tmp_path / "x.png").write_bytes(data)
    (session.archive.root / "inputs").mkdir(exist_ok=True)
    (session.archive.root / "inputs" / f"{name}.png").symlink_to(tmp_path / "x.png")
    assert session.archive.input_path(name) is None
    with pytest.raises(StoreError):
        read_input(session.archive.root / "inputs", name)


def test_a_clip_that_is_a_playlist(whole: tuple[Session, str, Path], tmp_path: Path) -> None:
    """A planted file under a clip's name that names other files opens none of them."""
    session, run_id, outside = whole
    name = "rplanted.mp4"
    (session.archive.root / name).write_text(f"ffconcat version 1.0\nfile {outside}\n")
    write_row(session, run_id, video=name)
    for kind in ("x.mp4", "x.png"):
        with pytest.raises((OSError, ValueError)):
            export(session, session.chosen(run_id), tmp_path / kind)


def test_a_run_id_is_text(whole: tuple[Session, str, Path], tmp_path: Path) -> None:
    """An id in a planted row runs nothing in a report."""
    session, run_id, _ = whole
    (record,) = session.chosen(run_id)
    hostile = replace(record, run_id="<script>alert(1)</script>", video=None)
    grid = arrange([hostile])
    card = replace(session.card(run_id), run_id=hostile.run_id, video_src=None)
    assert "<script>" not in grid_html(grid, [card], "")


@given(st.text(max_size=80) | st.from_regex(r"[./\\A-Za-z0-9_~-]{0,20}\.mp4", fullmatch=True))
def test_any_word(word: str) -> None:
    """Whatever text a row has, what is found is a regular file directly in the folder, and nothing raises."""
    with TemporaryDirectory() as name:
        folder = Path(name) / "archive"
        folder.mkdir()
        (folder.parent / "x.mp4").write_bytes(b"x")
        with suppress(OSError, ValueError):
            (folder / word).write_bytes(b"x")
        for found in (clip_in(folder, word), still_in(folder, word), input_in(folder, word, "png")):
            assert found is None or (found.parent == folder and stat.S_ISREG(found.lstat().st_mode))


def test_what_is_read_is_a_regular_file(tmp_path: Path) -> None:
    """A pipe is not waited for, and a link, folder, device or a file over the bound is not read."""
    (tmp_path / "file").write_bytes(b"abc")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    os.mkfifo(tmp_path / "pipe")
    assert read_regular(tmp_path / "file", 3) == b"abc"
    for path in (tmp_path / "link", tmp_path / "pipe", tmp_path, Path("/dev/zero"), tmp_path / "none"):
        with pytest.raises(OSError, match=r"not a regular file|symbolic link|No such|directory"):
            read_regular(path)
    with pytest.raises(OSError, match="at most 2"):
        read_regular(tmp_path / "file", 2)
