"""Fixtures of the kernel tests: a real ipykernel, and the simulator as a live provider over loopback.

The simulator runs in the test's process, so a test can read what it received (``fake_provider.creates``) even if the
kernel is gone. To the kernel, its clips are live ones: only the setting ``mode`` makes a run simulated.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from queue import Empty
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from jupyter_client.manager import KernelManager
from patience import HANG_S
from patience import until as until_it_holds

from hailuo_widgets.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_OURS = re.compile(
    r"(HAILUO|MINIMAX|KIE|KKIAI|PIXAZO|RUNWARE|FAL|REPLICATE|RELAY)_|.*_API_KEY$|JPY_|PYTEST_|PYTHONBREAKPOINT"
)
_ANSI = re.compile(r"\x1b\[[0-9;]*m")

LOAD = "%load_ext hailuo_widgets"
CARD = "hailuo-card"


def plain(text: str) -> str:
    """A text without its colours."""
    return _ANSI.sub("", text)


@dataclass(kw_only=True)
class Reply:
    """What came of one cell. ``sent`` is what it sent on iopub, in order."""

    status: str
    ename: str
    evalue: str
    traceback: str
    sent: list[dict[str, Any]] = field(default_factory=list, repr=False)

    def of(self, *kinds: str) -> list[dict[str, Any]]:
        """The contents of its messages of these kinds."""
        return [m["content"] for m in self.sent if m["header"]["msg_type"] in kinds]

    @property
    def text(self) -> str:
        """What it printed."""
        return "".join(c["text"] for c in self.of("stream"))

    @property
    def result(self) -> str:
        """Its value, as text; empty where it has none."""
        return "".join(c["data"].get("text/plain", "") for c in self.of("execute_result"))

    @property
    def cards(self) -> list[str]:
        """The static cards it showed, each with its updates, as HTML."""
        found = [c["data"].get("text/html", "") for c in self.of("display_data", "update_display_data")]
        return [html for html in found if CARD in html]


class Kernel:
    """One kernel process and a front end's channels to it.

    Args:
        env: The kernel's whole environment.
        cwd: Its folder.
    """

    def __init__(self, env: Mapping[str, str], cwd: Path) -> None:
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(env=dict(env), cwd=str(cwd))
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=HANG_S)
        self.messages: list[dict[str, Any]] = []
        self._replies: dict[str, dict[str, Any]] = {}

    def send(self, code: str) -> str:
        """Send a cell, as Run All does, without waiting; its id."""
        return str(self.client.execute(code, allow_stdin=False, stop_on_error=False))

    def reply(self, message_id: str, *, within: float = HANG_S) -> Reply:
        """Wait for a cell's reply, and for all that it sent."""
        deadline = time.monotonic() + within
        while message_id not in self._replies:
            self.take_reply(deadline)
        content = self._replies[message_id]
        self.until(
            lambda m: m["header"]["msg_type"] == "status" and m["content"]["execution_state"] == "idle",
            of=message_id,
            within=within,
        )
        return Reply(
            status=content["status"],
            ename=content.get("ename", ""),
            evalue=plain(content.get("evalue", "")),
            traceback=plain("\n".join(content.get("traceback", []))),
            sent=[m for m in self.messages if m["parent_header"].get("msg_id") == message_id],
        )

    def replied(self, message_id: str) -> bool:
        """Whether a cell's reply is there now."""
        try:
            while message_id not in self._replies:
                self.take_reply(time.monotonic())
        except Empty:
            return False
        return True

    def take_reply(self, deadline: float) -> None:
        """Take the next reply of the shell channel; raises ``Empty`` where none comes in time."""
        message = self.client.get_shell_msg(timeout=max(0.001, deadline - time.monotonic()))
        self._replies[message["parent_header"]["msg_id"]] = message["content"]

    def run(self, code: str, *, within: float = HANG_S) -> Reply:
        """Run a cell to its end."""
        return self.reply(self.send(code), within=within)

    def value(self, expression: str) -> Any:
        """A value of the kernel's, by its repr."""
        import ast

        reply = self.run(f"print(repr({expression}))")
        assert reply.status == "ok", reply
        return ast.literal_eval(reply.text.strip())

    def completeness(self, code: str) -> str:
        """What the kernel answers to a terminal that asks whether a cell is complete."""
        asked = str(self.client.is_complete(code))
        while asked not in self._replies:
            self.take_reply(time.monotonic() + HANG_S)
        return str(self._replies[asked]["status"])

    def completed(self, code: str) -> list[str]:
        """What Tab makes of a text with ``|`` at the cursor: the whole of it with each offer in its place."""
        before, _, after = code.partition("|")
        asked = str(self.client.complete(before + after, len(before)))
        while asked not in self._replies:
            self.take_reply(time.monotonic() + HANG_S)
        found = self._replies[asked]
        head, tail = (before + after)[: found["cursor_start"]], (before + after)[found["cursor_end"] :]
        return [f"{head}{match}{tail}" for match in found["matches"]]

    def until(
        self, fits: Callable[[dict[str, Any]], bool], *, of: str | None = None, within: float = HANG_S
    ) -> dict[str, Any]:
        """The first message on iopub that fits, of those that are there and those to come.

        Args:
            fits: Whether it is the one.
            of: Only messages whose parent this is.
            within: Seconds.
        """
        deadline = time.monotonic() + within
        seen = 0
        while True:
            for message in self.messages[seen:]:
                if (of is None or message["parent_header"].get("msg_id") == of) and fits(message):
                    return message
            seen = len(self.messages)
            self.messages.append(self.client.get_iopub_msg(timeout=max(0.001, deadline - time.monotonic())))

    def until_card(self, message_id: str | None, word: str = "", *, within: float = HANG_S) -> None:
        """Wait until a cell shows a card, or one with this word in it.

        None is any cell: what a run tells after its cell has ended, ipykernel 6 sends under the cell that ran last.
        """

        def fits(message: dict[str, Any]) -> bool:
            html = message["content"].get("data", {}).get("text/html", "") if "data" in message["content"] else ""
            return CARD in html and word in html

        self.until(fits, of=message_id, within=within)

    def until_player(self, message_id: str) -> str:
        """Wait until a cell opens a player; the id of its comm."""
        opened = self.until(
            lambda m: m["header"]["msg_type"] == "comm_open" and "card" in m["content"]["data"].get("state", {}),
            of=message_id,
        )
        return str(opened["content"]["comm_id"])

    def comm(self, kind: str, **content: Any) -> str:
        """Send a comm message on the shell channel, as a click does; its id."""
        message = self.client.session.msg(kind, content)
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def click(self, comm_id: str, kind: str) -> str:
        """Press a player's button."""
        return self.comm("comm_msg", comm_id=comm_id, data={"method": "custom", "content": {"id": "q1", "type": kind}})

    def interrupt(self) -> None:
        """Press the stop button."""
        self.manager.interrupt_kernel()

    def kill(self) -> None:
        """``kill -9``: no handler of the kernel runs."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def close(self) -> None:
        """End it, if it still runs."""
        self.client.stop_channels()
        if self.manager.has_kernel:
            self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()


class StartFakeProvider(Protocol):
    """Starts a simulator."""

    def __call__(self, *faults: dict[str, Any], **options: Any) -> Simulator:
        """Its options are those of `Simulator`."""


class StartKernel(Protocol):
    """Starts a kernel."""

    def __call__(self, fake_provider: Simulator | None = None, *, load: bool = True, **variables: str) -> Kernel:
        """``variables`` are added to its environment; without a provider it starts its own simulator."""


class Environment(Protocol):
    """Makes a process's whole environment; see `clean_environment`."""

    def __call__(self, fake_provider: Simulator | None = None, **variables: str) -> dict[str, str]:
        """Without a provider the process starts its own simulator."""


def clean_environment(folder: Path, fake_provider: Simulator | None = None, **variables: str) -> dict[str, str]:
    """This process's environment without any setting of the package, and with those of a test."""
    env = {k: v for k, v in os.environ.items() if not _OURS.match(k)}
    env |= {
        "HAILUO_HOME": str(folder / "runs"),
        "IPYTHONDIR": str(folder / "ipython"),
        "HAILUO_POLL_INTERVAL": "0.1",
        "PATH": f"{os.path.dirname(sys.executable)}{os.pathsep}{env.get('PATH', '')}",  # noqa: PTH120 - a string is wanted
    }
    if fake_provider is None:
        env |= {"HAILUO_MODE": "simulated", "HAILUO_SIMULATOR_SPEED": "400"}
    else:
        env |= {"HAILUO_MODE": "live", "MINIMAX_BASE_URL": fake_provider.url, "MINIMAX_API_KEY": "test-key"}
    return {**env, **variables}


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """Makes the environment of a process in the test's folder."""

    def made(fake_provider: Simulator | None = None, **variables: str) -> dict[str, str]:
        return clean_environment(tmp_path, fake_provider, **variables)

    return made


@pytest.fixture
def begin_fake_provider(tmp_path: Path) -> Iterator[StartFakeProvider]:
    """Simulators whose clips are small and ready after 0.6 s; stopped at the test's end."""
    with ExitStack() as stack:

        def made(*faults: dict[str, Any], **options: Any) -> Simulator:
            return stack.enter_context(
                Simulator(tmp_path / "provider", faults=faults, **{"latency": 0.6, "draft": True, **options})
            )

        yield made


@pytest.fixture
def fake_provider(begin_fake_provider: StartFakeProvider) -> Simulator:
    """The usual one."""
    return begin_fake_provider()


@pytest.fixture
def begin_kernel(tmp_path: Path) -> Iterator[StartKernel]:
    """Kernels in the test's folder, all with one run log; ended with the test."""
    with ExitStack() as stack:

        def made(fake_provider: Simulator | None = None, *, load: bool = True, **variables: str) -> Kernel:
            kernel = Kernel(clean_environment(tmp_path, fake_provider, **variables), tmp_path)
            stack.callback(kernel.close)
            if load:
                assert kernel.run(LOAD).status == "ok"
            return kernel

        yield made


@pytest.fixture
def kernel(begin_kernel: StartKernel, fake_provider: Simulator) -> Kernel:
    """A kernel at the usual provider, with the extension loaded."""
    return begin_kernel(fake_provider)


Until = Callable[[Callable[[], bool]], None]


@pytest.fixture
def until() -> Until:
    """Waits until a condition of the provider holds, which tells nobody when its books change."""
    return until_it_holds


Finish = Callable[[Simulator], None]


@pytest.fixture
def finish() -> Finish:
    """Has all of a provider's tasks be ready now: the test says when, so that nothing ends behind its back."""

    def finished(fake_provider: Simulator) -> None:
        for task in fake_provider.world.tasks.find():
            fake_provider.world.tasks.mark(task, ready=time.time())

    return finished


Note = Callable[[str, object], None]


@pytest.fixture
def note() -> Note:
    """Keeps a figure or a message that a test met, to be read with ``pytest -rP``."""

    def noted(name: str, value: object) -> None:
        print(f"{name}: {value}")  # noqa: T201 - pytest shows it on demand

    return noted


Shared = tuple[Kernel, Simulator]


@pytest.fixture(scope="module")
def shared_by_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """One kernel and its provider for a file's tests."""
    folder = tmp_path_factory.mktemp("shared")
    with Simulator(folder / "provider", latency=0.3, draft=True) as fake_provider:
        kernel = Kernel(clean_environment(folder, fake_provider), folder)
        try:
            assert kernel.run(LOAD).status == "ok"
            yield kernel, fake_provider
        finally:
            kernel.close()


@pytest.fixture
def shared(shared_by_module: Shared) -> Shared:
    """A file's kernel and provider; the provider has forgotten earlier tests, the kernel begins a new run log."""
    kernel, fake_provider = shared_by_module
    fake_provider.reset()
    kernel.run("import os, uuid\nos.environ['HAILUO_HOME'] = os.path.abspath(f'runs-{uuid.uuid4().hex[:8]}')")
    return kernel, fake_provider
