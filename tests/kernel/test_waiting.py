"""Tests of a waiting cell: the kernel stays free, and an interrupt ends the wait, never the run."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Finish, Kernel, Note, StartFakeProvider, StartKernel

    from hailuo_widgets.simulator import Simulator

pytestmark = pytest.mark.kernel

HOUR = 3600.0  # so long a task takes that ends when the test says so
FREE_KERNEL = tuple(int(n) for n in version("ipykernel").split(".")[:2]) >= (7, 4)
needs_free_kernel = pytest.mark.skipif(
    not FREE_KERNEL,
    reason=f"ipykernel {version('ipykernel')} queues the main shell's comm messages until the cell ends; 7.4 does not",
)
# The stop button, pressed while the loop is being made to run inside itself.
HALFWAY = """
import signal
from hailuo_widgets.engine import event_loop as _rooms
_patch, whole = (_rooms._nest_asyncio2() or _rooms._nest_asyncio()), []
_apply = _patch.apply
def _interrupted(loop):
    if not whole:
        signal.raise_signal(signal.SIGINT)
    _apply(loop)
    whole.append(True)
    _patch.apply = _apply
_patch.apply = _interrupted
"""
ASK_NOW = "import hailuo_widgets.api.functions as _api\n_api.default_session().engine.runs.run_of(fox.id).nudge()"
PROBE = """
def _opened(comm, message):
    comm.on_msg(lambda m: comm.send({"handled": True}))
get_ipython().kernel.comm_manager.register_target("probe", _opened)
"""

# A widget's message whose answer takes until the test says so.
SLOW_ANSWER = """
import asyncio
came, answered = asyncio.Event(), asyncio.Event()
async def _slow(stream, ident, message):
    came.set()
    await answered.wait()
get_ipython().kernel.shell_handlers["comm_msg"] = _slow
"""


def test_the_cell_waits_for_its_run(kernel: Kernel, fake_provider: Simulator) -> None:
    """The reply comes after the clip is there, the card says so, the value is the run, and one create was charged."""
    reply = kernel.run("%%hailuo --model 02 --name fox\na fox")
    assert (reply.status, fake_provider.creates["minimax"]) == ("ok", 1)
    assert "Succeeded" in reply.cards[-1]
    assert kernel.value("(fox.status, fox.simulated, fox.video.is_file(), fox is _)") == (
        "succeeded",
        False,
        True,
        True,
    )


@needs_free_kernel
def test_a_message_is_handled_while_the_cell_waits(
    begin_kernel: StartKernel, begin_fake_provider: StartFakeProvider, finish: Finish
) -> None:
    """A comm message on the shell channel is answered while the waiting cell waits on, and not when it ends."""
    fake_provider = begin_fake_provider(latency=HOUR)
    kernel = begin_kernel(fake_provider)
    kernel.run(PROBE)
    cell = kernel.send("%%hailuo --model 02\na fox")
    kernel.until_card(cell, "Queued")
    kernel.comm("comm_open", comm_id="c1", target_name="probe", data={})
    asked = kernel.comm("comm_msg", comm_id="c1", data={})
    kernel.until(lambda m: m["content"].get("data") == {"handled": True}, of=asked)
    assert not kernel.replied(cell)
    finish(fake_provider)
    assert kernel.reply(cell).status == "ok"


@needs_free_kernel
def test_a_message_across_two_cells_leaves_both_their_ends(kernel: Kernel) -> None:
    """A message that comes in one waiting cell and is answered in the next: both cells are told to have ended."""
    kernel.run(SLOW_ANSWER)
    first = kernel.send("await came.wait()")
    kernel.until(lambda m: m["header"]["msg_type"] == "execute_input", of=first)
    kernel.comm("comm_msg", comm_id="c1", data={})
    second = kernel.send("answered.set()\nfor _ in range(20):\n    await asyncio.sleep(0)")
    assert [kernel.reply(cell).status for cell in (first, second)] == ["ok", "ok"]


@needs_free_kernel
def test_the_players_cancel_ends_the_wait(begin_kernel: StartKernel, begin_fake_provider: StartFakeProvider) -> None:
    """A click on Cancel stops the run while its cell waits; the cell fails and says that it may still be billed."""
    fake_provider = begin_fake_provider(latency=HOUR)
    kernel = begin_kernel(fake_provider)
    cell = kernel.send("%%hailuo --model 02 --name fox\na fox")
    player = kernel.until_player(cell)
    kernel.until_card(cell, "Queued")
    kernel.click(player, "cancel")
    reply = kernel.reply(cell)
    assert (reply.status, reply.ename) == ("error", "Cancelled")
    assert "the provider may still finish and bill it" in reply.evalue
    assert "Cancelled" in reply.cards[-1]
    assert kernel.value("(fox.status, fox.task_id is not None)") == ("cancelled", True)
    assert fake_provider.creates["minimax"] == 1


def test_an_interrupt_ends_the_wait_and_not_the_run(
    begin_kernel: StartKernel, begin_fake_provider: StartFakeProvider, note: Note, finish: Finish
) -> None:
    """The cell returns before the next poll and names the run, which later ends well; one create was charged."""
    fake_provider = begin_fake_provider(latency=HOUR)
    kernel = begin_kernel(fake_provider, HAILUO_POLL_INTERVAL=str(HOUR))  # nothing but the wait itself wakes the loop
    cell = kernel.send("%%hailuo --model 02 --name fox\na fox")
    kernel.until_card(cell, "Queued")
    kernel.interrupt()
    reply = kernel.reply(cell)
    assert (reply.status, reply.ename) == ("error", "WaitInterrupted")
    note("message", reply.traceback)
    assert reply.traceback.startswith("KeyboardInterrupt: the wait ended")
    run_id = kernel.value("fox.id")
    assert f"run {run_id} goes on" in reply.evalue
    assert kernel.value("fox.status") in {"queued", "running"}
    finish(fake_provider)
    assert kernel.run(f"{ASK_NOW}\nawait fox").status == "ok"
    assert kernel.value("__import__('hailuo_widgets').runs()['status'].tolist()") == ["succeeded"]
    assert fake_provider.creates["minimax"] == 1


def test_an_interrupt_of_a_nested_wait_loses_no_run(
    begin_kernel: StartKernel, begin_fake_provider: StartFakeProvider, finish: Finish
) -> None:
    """The stop button ends a synchronous wait too; the kernel lives, the run ends, one create was charged."""
    fake_provider = begin_fake_provider(latency=HOUR)
    kernel = begin_kernel(fake_provider)
    started = kernel.run("%%hailuo --background --model 02 --name fox\na fox")
    assert started.status == "ok"
    cell = kernel.send("print('now', flush=True)\nfox.wait()")
    kernel.until(lambda m: "now" in m["content"].get("text", ""), of=cell)
    kernel.until_card(None, "Queued")
    kernel.interrupt()
    assert kernel.reply(cell).status == "error"
    finish(fake_provider)
    assert kernel.run("await fox").status == "ok"
    assert kernel.value("fox.status") == "succeeded"
    assert fake_provider.creates["minimax"] == 1


def test_an_interrupt_leaves_no_half_patch(begin_kernel: StartKernel, begin_fake_provider: StartFakeProvider) -> None:
    """An interrupt while asyncio is being patched ends the wait when the patch is whole, and the kernel lives."""
    fake_provider = begin_fake_provider(latency=1.0)
    kernel = begin_kernel(fake_provider)
    kernel.run("%%hailuo --background --model 02 --name fox\na fox")
    kernel.run(HALFWAY)
    reply = kernel.run("fox.wait()")
    assert (reply.status, reply.ename) == ("error", "KeyboardInterrupt")
    assert kernel.value("whole") == [True]
    assert kernel.run("fox.wait()").status == "ok"
    assert kernel.value("fox.status") == "succeeded"
    assert fake_provider.creates["minimax"] == 1


def test_run_all_with_synchronous_waits(kernel: Kernel, fake_provider: Simulator) -> None:
    """Twelve queued cells, four of which wait synchronously, are all answered in order, and the kernel lives on."""
    cells = [f"%%hailuo --background --model 02 --name fox{n}\na fox {n}" for n in range(4)]
    cells += [part for n in range(4) for part in (f"_ = fox{n}.wait()", f"print('after', {n})")]
    replies = [kernel.reply(cell) for cell in [kernel.send(code) for code in cells]]
    assert [(r.status, r.evalue) for r in replies] == [("ok", "")] * 12
    assert [r.text for r in replies[5::2]] == [f"after {n}\n" for n in range(4)]
    assert kernel.value("[r.status for r in (fox0, fox1, fox2, fox3)]") == ["succeeded"] * 4
    assert fake_provider.creates["minimax"] == 4
    last = kernel.run("%%hailuo --model 02\na fox at last")
    assert (last.status, fake_provider.creates["minimax"]) == ("ok", 5)
