"""Processes to kill: everything is imported once, then one child is forked per life.

Commands come as lines of JSON on stdin and are answered on stdout. ``{"life": …}`` forks a child that waits; it is
named by ``{"pid": …}``, so that a tracer can be attached. ``{"go": true}`` lets it live, and ``{"ended": …}`` says how
it died (minus the signal's number, as subprocess has it). A life is ``first`` (one run from plan to clip) or ``second``
(take up what was left, wait for it, and write down what there is). ``{"import": […]}`` has modules imported here, so
that no later child spends its points on them.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import importlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import twin

from hailuo_widgets.api.session import Session
from hailuo_widgets.archive.mp4 import ContainerError
from hailuo_widgets.archive.whole_file import examine
from hailuo_widgets.engine.rate_limit import backoff_s
from hailuo_widgets.engine.runtime import Runtime, Timing
from hailuo_widgets.errors import HailuoError

if TYPE_CHECKING:
    from collections.abc import Mapping

PR_SET_PTRACER, ANYBODY = 0x59616D61, ctypes.c_ulong(-1)
LIFE_S = 40.0


def session_of(order: Mapping[str, Any]) -> Session:
    """A session that speaks to the simulator as to a live provider."""
    name = order["provider"].upper()
    os.environ |= {f"{name}_BASE_URL": order["url"], f"{name}_API_KEY": "sk-CANARY-crash"}
    # Waiting for an answer that a provider may give later takes seconds in life; here its books are up to date at once.
    runtime = Runtime(timing=Timing(backoff_s=functools.partial(backoff_s, base=0.02), settling_s=0.5))
    return Session(home=order["home"], mode="live", poll_interval=0.05, notice=lambda _: None, runtime=runtime)


def first(order: Mapping[str, Any]) -> None:
    """One run, from plan to clip."""
    session = session_of(order)
    if order.get("twin"):
        twin.arm(order["twin"], order["at"], report=Path(order["report"]))
    with contextlib.suppress(HailuoError):
        session.generate(order["prompt"], provider=order["provider"], duration=6).wait(LIFE_S)
    if order.get("twin"):
        twin.write_counts()
    Path(order["report"]).with_suffix(".modules").write_text(json.dumps(sorted(sys.modules)), "utf-8")


def second(order: Mapping[str, Any]) -> None:
    """Take up what the first life left; what there is then goes into the report."""
    session = session_of(order)
    found = {r.run_id: r.status for r in session.log.call(session.log.find)}
    files = damaged(session)
    taken = session.resume()
    for run in taken:
        with contextlib.suppress(HailuoError):
            run.wait(LIFE_S)
    runs = [
        {
            "id": r.run_id,
            "found": found[r.run_id],
            "status": r.status,
            "task_id": r.task_id,
            "uuid": r.client_uuid,
            "intact": bool(r.video and r.sha256 and session.archive.verify(session.archive.root / r.video, r.sha256)),
            "error": (r.error or {}).get("message"),
        }
        for r in session.log.call(session.log.find)
    ]
    report = {
        "runs": runs,
        "taken": [run.id for run in taken],
        "taken_again": [run.id for run in session.resume()],
        "damaged": files + damaged(session),
        "parts": sorted(p.name for p in session.archive.root.glob("*.part*")),
        "check": str(session.log.call(session.log.check)),
    }
    session.close()
    Path(order["report"]).write_text(json.dumps(report), "utf-8")


def damaged(session: Session) -> list[str]:
    """The files under a final name that are no whole clips."""
    found = []
    for path in session.archive.root.glob("*.mp4"):
        try:
            examine(path)
        except (ContainerError, OSError) as e:
            found.append(f"{path.name}: {e}")
    return found


def live(order: Mapping[str, Any], gate: int) -> None:
    """A child's life: wait until a tracer may be there, then live. It never returns."""
    code = 70
    try:
        with contextlib.suppress(OSError, AttributeError):  # where the kernel lets a parent alone trace
            ctypes.CDLL(None).prctl(PR_SET_PTRACER, ANYBODY, 0, 0, 0)
        os.read(gate, 1)
        (first if order["life"] == "first" else second)(order)
        code = 0
    except BaseException as e:  # noqa: BLE001 - whatever ends the child goes into its report, and no further
        Path(order["report"]).with_suffix(".error").write_text(f"{type(e).__name__}: {e}", "utf-8")
    finally:
        os._exit(code)


def say(answer: Mapping[str, int]) -> None:
    """Answer a command."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Fork a child for each command, until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for line in sys.stdin:
        order = json.loads(line)
        if "import" in order:
            for name in order["import"]:
                with contextlib.suppress(ImportError):
                    importlib.import_module(name)
            say({"imported": len(order["import"])})
            continue
        gate, opened = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(opened)
            live(order, gate)
        os.close(gate)
        say({"pid": pid})
        sys.stdin.readline()
        os.write(opened, b".")
        os.close(opened)
        _, status = os.waitpid(pid, 0)
        say({"ended": os.waitstatus_to_exitcode(status)})


if __name__ == "__main__":
    main()
