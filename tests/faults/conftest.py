"""Fixtures of the fault tests: a session, the fake provider, and a search for the key in all output."""

from __future__ import annotations

import contextlib
import gc
import logging
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import av
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # so that the tests here find the modules beside them

from fake_provider import Act, FakeProvider
from patience import HANG_S, until

from hailuo_widgets.api.session import Session
from hailuo_widgets.engine.runtime import Runtime, Timing
from hailuo_widgets.transport.http import Http

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hailuo_widgets.errors import HailuoError
    from hailuo_widgets.workspace.run import Run

KEY = "sk-CANARY-of-the-fault-matrix"


class Begin(Protocol):
    """Starts a fault provider, and a session that speaks to it."""

    def __call__(
        self,
        *,
        provider: str = "minimax",
        fake_provider: FakeProvider | None = None,
        timing: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> Scene:
        """The two of them; ``timing``: fields of ``Timing`` that are not as in :func:`quick`."""


class Scene:
    """A session, the provider that it speaks to, and all that was said to the user."""

    def __init__(self, session: Session, fake_provider: FakeProvider) -> None:
        self.session = session
        self.fake_provider = fake_provider
        self.told: list[str] = []

    def on(self, phase: str, *acts: Act) -> Scene:
        """Script the provider."""
        self.fake_provider.on(phase, *acts)
        return self

    @property
    def charged(self) -> int:
        """How many creates the provider has charged."""
        return len(self.fake_provider.charges)

    @property
    def sent(self) -> int:
        """How many create calls have reached the provider, whole or not."""
        return len(self.fake_provider.of("create"))

    def run(self, prompt: str = "a fox", **arguments: Any) -> Run:
        """One run, carried to its end whatever that is."""
        run = self.session.generate(prompt, **{"model": "02", **arguments})
        self.session.wait([run.id], HANG_S)
        return run

    def files(self) -> list[str]:
        """The archive's files: what a user sees, and what should not be there."""
        return sorted(p.name for p in self.session.archive.root.glob("*"))

    def parts(self) -> list[str]:
        """Half-done files in the archive."""
        return [name for name in self.files() if ".part" in name]


def steps(run: Run) -> list[str]:
    """What the log says was done."""
    return [e["what"] for e in run.events]


def error_of(run: Run) -> HailuoError:
    """What the user is told of a run that has not brought its clip."""
    error = run.error
    if error is None:
        raise AssertionError(f"run {run.id} is {run.status} and has no error")
    return error


def carry(run: Run, holds: Callable[[], object]) -> None:
    """Drive a run, which has no loop but its waits, until something holds."""

    def a_little_further() -> object:
        with contextlib.suppress(TimeoutError):
            run.wait(0.02)
        return holds()

    until(a_little_further, what=f"what was wanted of run {run.id}")


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small MP4 with its index in front."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    random = np.random.default_rng(7)
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=12)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for _ in range(12):
            pixels = random.integers(0, 255, (96, 160, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return path.read_bytes()


def _soon(*_: object, **__: object) -> float:
    return 0.02


async def _no_sleep(_attempt: int) -> None:
    return


def quick(*, http: Callable[[], Any] = Http, **timing: Any) -> Runtime:
    """Return a runtime in which what is waited between tries takes no time; the virtual clock's tests measure it.

    Args:
        http: Makes the connections.
        timing: Fields of ``Timing`` for one test.
    """
    short: dict[str, Any] = {"backoff_s": _soon, "patience_s": 0.2, "download_sleep": _no_sleep, "probe_s": 0.1}
    return Runtime(timing=Timing(**(short | timing)), http=http)


@pytest.fixture
def begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clip: bytes) -> Iterator[Begin]:
    """A factory; everything it made is stopped at the test's end."""
    with ExitStack() as stack:

        def made(
            *,
            provider: str = "minimax",
            fake_provider: FakeProvider | None = None,
            timing: Mapping[str, Any] | None = None,
            **settings: Any,
        ) -> Scene:
            there = stack.enter_context(fake_provider or FakeProvider(clip))
            monkeypatch.setenv(f"{provider.upper()}_BASE_URL", there.url)
            monkeypatch.setenv(f"{provider.upper()}_API_KEY", KEY)
            told: list[str] = []
            options = {"home": tmp_path / "home", "poll_interval": 0.05, "timeout": HANG_S, **settings}
            options.setdefault("runtime", quick(**(timing or {})))
            session = Session(mode="live", provider=provider, notice=told.append, **options)
            stack.callback(session.close)
            scene = Scene(session, there)
            scene.told = told
            return scene

        yield made


@pytest.fixture(autouse=True)
def _canary(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """After each test the key is in no file, log line, repr, or text of an error; and no exception holds another."""
    caplog.set_level(logging.DEBUG)
    yield
    held = [str(p) for p in tmp_path.rglob("*") if p.is_file() and KEY.encode() in p.read_bytes()]
    held += [r.getMessage() for r in caplog.records if KEY in r.getMessage() or KEY in str(r.exc_text)]
    for session in [o for o in gc.get_objects() if isinstance(o, Session)]:
        known = session.engine.runs._records.values()
        held += [text for r in known for text in (repr(r), str(r.error)) if KEY in text]
        shown = repr((session, vars(session), vars(session.engine), vars(session.engine.accounts)))
        held += [repr(session)] if KEY in shown else []
    assert held == []
