"""Tests of error messages: one message without a traceback, a failed cell, and nothing paid."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Note, Shared

    from hailuo_widgets.simulator import Simulator

pytestmark = pytest.mark.kernel


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """A cell that is wrong, and what its message must hold. ``env`` is set for this cell alone; None removes."""

    cell: str
    kind: str
    says: tuple[str, ...]
    env: tuple[tuple[str, str | None], ...] = ()
    calls: int = 0  # create calls that reach the provider; none of them is charged


MISTAKES = {
    "option": Mistake(cell="%%hailuo --modle 02\na fox", kind="UsageError", says=("--modle", "did you mean --model?")),
    "command": Mistake(cell="%hailuo rnus", kind="UsageError", says=("'rnus'", "did you mean %hailuo runs?")),
    "model": Mistake(
        cell="%%hailuo --model 2.33\na fox",
        kind="UsageError",
        says=("'2.33'", "MiniMax-Hailuo-02", "did you mean '2.3'?"),
    ),
    "duration": Mistake(
        cell="%%hailuo --model 02 --duration 7\na fox", kind="UsageError", says=("duration=7", "6", "10")
    ),
    "no number": Mistake(
        cell="%%hailuo --model 02 --duration six\na fox", kind="UsageError", says=("duration='six'", "duration=6")
    ),
    "resolution": Mistake(
        cell="%%hailuo --model 02 --resolution 4K\na fox", kind="UsageError", says=("resolution='4K'", "768P", "1080P")
    ),
    "seed": Mistake(cell="%%hailuo --model 02 --seed 7\na fox", kind="UsageError", says=("seed", "--repeat")),
    "provider": Mistake(
        cell="%%hailuo --provider minmax\na fox", kind="UsageError", says=("'minmax'", "did you mean 'minimax'?")
    ),
    "prompt": Mistake(cell="%%hailuo --model 02\n", kind="UsageError", says=("prompt",)),
    "picture": Mistake(
        cell="%%hailuo --model 02 --first-frame nowhere.png\na fox",
        kind="UsageError",
        says=("first_frame", "nowhere.png"),
    ),
    "wrong key": Mistake(
        cell="%%hailuo --model 02\na fox",
        kind="AuthError",
        says=("minimax", "2049", "MINIMAX_API_KEY"),
        env=(("MINIMAX_API_KEY", "sk-wrong-CANARY"),),
        calls=1,
    ),
    "no key": Mistake(
        cell="%%hailuo --model 02\na fox",
        kind="MissingKey",
        says=("mode is live", "MINIMAX_API_KEY", "getpass", "mode='simulated'"),
        env=(("MINIMAX_API_KEY", None),),
    ),
    "unreachable": Mistake(
        cell="%%hailuo --model 02\na fox",
        kind="TransportError",
        says=("127.0.0.1", "cannot be reached", "nothing was sent", "base URL"),
        env=(("MINIMAX_BASE_URL", "closed"),),
    ),
    "moderation": Mistake(
        cell="%%hailuo --model 02\na forbidden fox", kind="Moderated", says=("1026", "reword"), calls=1
    ),
}


@pytest.fixture(scope="module")
def closed_port() -> Iterator[int]:
    """A port of this machine that nobody listens at, held so that nobody will."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def with_environment(shared: Shared, closed_port: int) -> Iterator[Callable[[Mistake], None]]:
    """Sets a mistake's variables in the kernel; they are as before afterwards."""
    kernel, _ = shared
    kernel.run("import os\nbefore = dict(os.environ)")

    def put(mistake: Mistake) -> None:
        for name, value in mistake.env:
            word = f"http://127.0.0.1:{closed_port}" if value == "closed" else value
            kernel.run(f"os.environ.pop({name!r}, None)" if word is None else f"os.environ[{name!r}] = {word!r}")

    yield put
    kernel.run("os.environ.clear(); os.environ.update(before)")


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_the_message(
    shared: Shared,
    with_environment: Callable[[Mistake], None],
    mistake: Mistake,
    note: Note,
) -> None:
    """It says what was given, what is allowed and what to do; no traceback, no key, no task at the provider."""
    kernel, fake_provider = shared
    with_environment(mistake)
    reply = kernel.run(mistake.cell)
    shown = reply.traceback or reply.text
    note("message", shown)
    assert (reply.status, reply.ename) == ("error", mistake.kind)
    assert [word for word in mistake.says if word not in shown] == []
    assert "Traceback" not in shown
    assert 'File "' not in shown
    assert "-->" not in shown
    assert "CANARY" not in "".join(str(m["content"]) for m in reply.sent)
    assert (fake_provider.creates["total"], len(calls(fake_provider))) == (0, mistake.calls)


def calls(fake_provider: Simulator) -> list[object]:
    """The create calls that arrived."""
    return [r for r in fake_provider.requests if r["phase"] == "create"]


def test_a_corrected_key_is_taken_at_once(shared: Shared, with_environment: Callable[[Mistake], None]) -> None:
    """Whoever sets the right key after a refusal, as the message says, needs no new kernel."""
    kernel, fake_provider = shared
    with_environment(MISTAKES["wrong key"])
    assert kernel.run("%%hailuo --model 02\na fox").ename == "AuthError"
    kernel.run("os.environ['MINIMAX_API_KEY'] = 'sk-right'")
    reply = kernel.run("%%hailuo --model 02\na fox")
    assert (reply.status, reply.evalue, fake_provider.creates["minimax"]) == ("ok", "", 1)


def test_a_mistake_binds_no_name(shared: Shared) -> None:
    """A refused cell leaves the name that it was to bind as it was."""
    kernel, _ = shared
    kernel.run("fox = 'before'")
    assert kernel.run("%%hailuo --model 02 --duration 7 --name fox\na fox").status == "error"
    assert kernel.value("fox") == "before"
