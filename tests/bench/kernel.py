"""Benchmark of waiting times in a real kernel: ``python tests/bench/kernel.py [ROUNDS]``.

It prints medians in milliseconds: loading the extension, a first and a later ``--background`` cell, a widget's message
that comes while a cell waits, and an interrupt of a wait.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections import defaultdict
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hailuo_widgets.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Callable

TESTS = Path(__file__).parents[1]
sys.path.append(str(TESTS))  # the kernels' conftest finds its helpers there
HOUR = 3600.0
LOADED = """
import time
began = time.process_time()
import hailuo_widgets
get_ipython().run_line_magic("load_ext", "hailuo_widgets")
print((time.process_time() - began) * 1000)
"""
PROBE = """
def _opened(comm, message):
    comm.on_msg(lambda m: comm.send({"handled": True}))
get_ipython().kernel.comm_manager.register_target("probe", _opened)
"""


def kernels() -> Any:
    """The kernel tests' own client of a kernel."""
    spec = util.spec_from_file_location("kernel_conftest", TESTS / "kernel" / "conftest.py")
    if spec is None or spec.loader is None:
        raise RuntimeError("tests/kernel/conftest.py is not there")
    module = util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def milliseconds(work: Callable[[], Any]) -> float:
    """How long a piece of work takes."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def round_of(kernel: Any) -> dict[str, float]:
    """Each figure once, in a fresh kernel."""
    found = {"load the extension (processor time)": float(kernel.run(LOADED).text)}
    found["a first --background cell"] = milliseconds(lambda: kernel.run("%%hailuo --background --model 02\na fox"))
    found["a later --background cell"] = milliseconds(lambda: kernel.run("%%hailuo --background --model 02\na wolf"))
    kernel.run(PROBE)
    cell = kernel.send("%%hailuo --model 02\na hare")
    kernel.until_card(cell, "Queued")
    kernel.comm("comm_open", comm_id="c1", target_name="probe", data={})

    def asked() -> None:
        sent = kernel.comm("comm_msg", comm_id="c1", data={})
        kernel.until(lambda m: m["content"].get("data") == {"handled": True}, of=sent)

    def interrupted() -> None:
        kernel.interrupt()
        kernel.reply(cell)

    found["a message while a cell waits"] = milliseconds(asked)
    found["an interrupt of a wait"] = milliseconds(interrupted)
    return found


def main() -> None:
    """The medians of some rounds."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    room, all_found = kernels(), defaultdict(list)
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name, Simulator(latency=HOUR, draft=True) as fake_provider:
            kernel = room.Kernel(room.clean_environment(Path(name), fake_provider), Path(name))
            try:
                for what, ms in round_of(kernel).items():
                    all_found[what].append(ms)
            finally:
                kernel.close()
    for what, values in all_found.items():
        sys.stdout.write(f"{what}: {statistics.median(values):.0f} ms\n")


if __name__ == "__main__":
    main()
