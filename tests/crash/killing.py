"""Helpers that kill a process at one point of a run, let another resume, and compare log and charges.

The simulator stands in this process, so its books outlive every victim. With strace a point is "entering the n-th
call of a system call in one thread", so all states between two calls are met; without it see `twin`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    from hailuo_widgets.simulator import Simulator

HERE = Path(__file__).parent
ATTACH_S = 10.0
PROMPT = "a fox"  # one for all: its clip is rendered once
SYSCALLS = (
    "pwrite64", "write", "fdatasync", "fsync", "ftruncate", "fcntl", "openat", "unlink", "mkdir", "rename", "link",
    "socket", "connect", "getsockopt", "sendto", "recvfrom", "read", "epoll_wait", "close",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Point:
    """Where a victim dies: at the ``at``-th call of ``what``, a system call or one of the twin's kinds."""

    what: str
    at: int
    provider: str = "minimax"
    twin: bool = False

    def __str__(self) -> str:
        return f"{self.provider} {self.what} {self.at}"


@dataclass(kw_only=True)
class Outcome:
    """What became of a point. ``wrong`` are the promises that were broken, in words.

    ``window``: it died between the provider's yes and our own note of it.
    """

    point: Point
    killed: bool
    found: str
    status: str
    charged: int
    window: bool = False
    wrong: list[str] = field(default_factory=list)


class Ward:
    """Victims of one kind of home and one simulator. Use it as a context."""

    def __init__(self, simulator: Simulator, folder: Path) -> None:
        self._simulator = simulator
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._number = 0
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("HAILUO_", "MINIMAX_", "RUNWARE_"))}
        self._server = subprocess.Popen(
            [sys.executable, str(HERE / "victim.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=clean,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in (self._server.stdin, self._server.stdout):
            if pipe is not None:
                pipe.close()
        self._server.wait(20)

    def kill(self, point: Point, *, by: Callable[[int], None] | None = None) -> Outcome:
        """One victim, its heir, and what they left.

        Args:
            point: Where it dies.
            by: Kills the process of that number while it lives, in place of the point.
        """
        home = self._new_home()
        order = self._order(home, point.provider)
        code = self._live({**order, "life": "first"}, None if by else point, by=by)
        charged = self._simulator.creates["total"]
        heir = home.with_suffix(".json")
        survived = self._live({**order, "life": "second", "report": str(heir)}, None)
        if survived != 0:
            why = heir.with_suffix(".error")
            said = why.read_text("utf-8") if why.exists() else f"exit status {survived}"
            return Outcome(point=point, killed=True, found="?", status="?", charged=0, wrong=[f"the heir: {said}"])
        outcome = self._judge(point, json.loads(heir.read_text("utf-8")), killed=code == -signal.SIGKILL)
        outcome.window = outcome.found == "submitting" and charged == 1
        shutil.rmtree(home, ignore_errors=True)
        return outcome

    def counts(self, provider: str) -> dict[str, int]:
        """How often each system call is made by the thread that makes it most, in a life that nobody ends."""
        trace = self._folder / "trace"
        self._scout(provider)
        order = self._order(self._new_home(), provider)
        self._live({**order, "life": "first"}, None, ["-o", str(trace), "-e", f"trace={','.join(SYSCALLS)}"])
        by_thread: dict[tuple[str, str], int] = {}
        for line in trace.read_text("utf-8", "replace").splitlines():
            thread, _, rest = line.partition(" ")
            call = rest.strip().partition("(")[0]
            if call in SYSCALLS:
                by_thread[call, thread] = by_thread.get((call, thread), 0) + 1
        most: dict[str, int] = {}
        for (call, _), n in by_thread.items():
            most[call] = max(n, most.get(call, 0))
        return most

    def twin_counts(self, provider: str) -> dict[str, int]:
        """How often the twin's kinds of calls are made in a life that nobody ends."""
        report = self._folder / "counts.json"
        self._scout(provider)
        order = self._order(self._new_home(), provider)
        self._live({**order, "life": "first", "twin": "count", "at": 0, "report": str(report)}, None)
        return dict(json.loads(report.read_text("utf-8")))

    def _scout(self, provider: str) -> None:
        """A life that shows what it imports; from then on each child finds that there already."""
        home = self._new_home()
        self._live({**self._order(home, provider), "life": "first"}, None)
        self._ask({"import": json.loads(home.with_suffix(".modules").read_text("utf-8"))})

    def _new_home(self) -> Path:
        self._number += 1
        return self._folder / f"home{self._number}"

    def _order(self, home: Path, provider: str) -> dict[str, Any]:
        """What a life is told; the simulator's books are new."""
        self._simulator.reset()
        return {"url": self._simulator.url, "home": str(home), "provider": provider, "prompt": PROMPT}

    def _live(
        self,
        order: dict[str, Any],
        point: Point | None,
        trace: list[str] | None = None,
        by: Callable[[int], None] | None = None,
    ) -> int:
        """One life; how it ended, as `subprocess` says it."""
        order.setdefault("report", str(Path(order["home"]).with_suffix(".first")))
        if point is not None and point.twin:
            order |= {"twin": point.what, "at": point.at}
        elif point is not None:
            options = ["-e", f"trace={point.what}", "-e", f"inject={point.what}:signal=KILL:when={point.at}"]
            trace = ["-o", os.devnull, *options]
        pid = int(self._ask(order)["pid"])
        tracer = _attach(pid, trace) if trace is not None else None
        self._tell({"go": True})
        if by is not None:
            by(pid)
        code = int(self._hear()["ended"])
        if tracer is not None:
            tracer.wait(ATTACH_S)
        return code

    def _ask(self, line: dict[str, Any]) -> dict[str, Any]:
        self._tell(line)
        return self._hear()

    def _tell(self, line: dict[str, Any]) -> None:
        if self._server.stdin is None:
            raise RuntimeError("the fork server has no pipe")
        self._server.stdin.write(json.dumps(line) + "\n")
        self._server.stdin.flush()

    def _hear(self) -> dict[str, Any]:
        said = self._server.stdout.readline() if self._server.stdout is not None else ""
        if not said:
            raise RuntimeError("the fork server has ended")
        return dict(json.loads(said))

    def _judge(self, point: Point, report: dict[str, Any], *, killed: bool) -> Outcome:
        """Hold an heir's report against the simulator's books."""
        arrived = len([r for r in self._simulator.requests if r["phase"] == "create"])
        charged = self._simulator.creates["total"]
        paid = {task["group"] for task in self._simulator.tasks}
        runs = report["runs"]
        nobody = {"found": "nothing", "status": "nothing", "task_id": None, "uuid": None}
        run: dict[str, Any] = runs[0] if runs else nobody
        status, found, ours = run["status"], run["found"], point.provider == "runware"
        cut = found == "submitting"
        accepted = found in {"queued", "running", "downloading", "succeeded"}
        rules = {
            "at most one run stands in the log": len(runs) <= 1,
            "at most one create is charged": charged <= 1,
            "what is charged stands in the log": not charged or run["task_id"] in paid or status == "unconfirmed",
            "what was not sent was not charged": not charged or status not in {"nothing", "planned", "skipped"},
            "a create is sent a second time under our own id alone": arrived <= 1 or (ours and cut),
            "cut off while it was submitted, it is unconfirmed": ours or not cut or status == "unconfirmed",
            "cut off under our own id, it comes to its clip, paid once": not (ours and cut)
            or (status == "succeeded" and run["task_id"] == run["uuid"] and charged == 1),
            "once accepted, it comes to its clip": not accepted or (status == "succeeded" and charged == 1),
            "a clip is whole where the log says succeeded": status != "succeeded" or run["intact"],
            "no broken file has a final name": not report["damaged"],
            "nothing is left to take up a second time": not report["taken_again"],
            "the store is whole": report["check"].endswith("integrity ok"),
            "who was not killed came to its clip": killed or status == "succeeded",
        }
        return Outcome(
            point=point,
            killed=killed,
            found=found,
            status=status,
            charged=charged,
            wrong=[f"{rule}: {run}, {arrived} arrived" for rule, kept in rules.items() if not kept],
        )


def can_trace() -> str | None:
    """Why system calls cannot be met here; None where they can."""
    strace = shutil.which("strace")
    if strace is None:
        return "strace is not installed"
    killing = [strace, "-f", "-o", os.devnull, "-e", "inject=getppid:signal=KILL:when=1"]
    victim = [sys.executable, "-c", "import os; os.getppid()"]
    tried = subprocess.run([*killing, *victim], capture_output=True, text=True, check=False)
    if tried.returncode in {-signal.SIGKILL, 128 + signal.SIGKILL}:
        return None
    return f"strace may not trace here: {tried.stderr.strip()[:200]}"


def _attach(pid: int, options: list[str]) -> subprocess.Popen[str]:
    """A tracer that holds the process before it goes on."""
    tracer = subprocess.Popen(
        ["strace", "-f", "-q", *options, "-p", str(pid)], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
    )
    status, deadline = Path(f"/proc/{pid}/status"), time.monotonic() + ATTACH_S
    while f"TracerPid:\t{tracer.pid}" not in status.read_text("ascii"):
        if tracer.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"strace could not be attached to process {pid}")
        time.sleep(0.002)
    return tracer
