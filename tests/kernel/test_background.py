"""Tests of ``--background``: the cell returns at once, and later cells run meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from patience import HANG_S

if TYPE_CHECKING:
    from conftest import Kernel, StartFakeProvider, StartKernel

    from hailuo_widgets.simulator import Simulator

pytestmark = pytest.mark.kernel


def test_it_returns_at_once(begin_kernel: StartKernel, begin_fake_provider: StartFakeProvider) -> None:
    """A cell returns with its card while no create call has been answered: it waits for nothing of the provider."""
    fake_provider = begin_fake_provider({"kind": "delay", "phase": "create", "seconds": HANG_S, "times": None})
    kernel = begin_kernel(fake_provider)
    replies = [kernel.run(f"%%hailuo --background --model 02\na fox {n}") for n in range(3)]
    assert [(r.status, len(r.cards) > 0) for r in replies] == [("ok", True)] * 3
    assert fake_provider.creates["total"] == 0


def test_the_next_cells_run_meanwhile(kernel: Kernel, fake_provider: Simulator) -> None:
    """A cell that follows sees the run in flight; its clip arrives although nobody awaits it before."""
    first = kernel.send("%%hailuo --background --model 02 --name fox\na fox")
    meanwhile = kernel.send("fox.status")
    assert kernel.reply(first).status == "ok"
    assert kernel.reply(meanwhile).result in {"'planned'", "'submitting'", "'queued'", "'running'"}
    kernel.until_card(None, "Succeeded")
    assert kernel.value("fox.status") == "succeeded"
    assert fake_provider.creates["minimax"] == 1


def test_a_failed_one_says_so_where_it_was_asked_for(
    begin_kernel: StartKernel, begin_fake_provider: StartFakeProvider
) -> None:
    """The card of a background run that failed names the error; awaiting it raises; nothing is printed elsewhere."""
    kernel = begin_kernel(begin_fake_provider())
    kernel.send("%%hailuo --background --model 02 --name fox\nfail-generation")
    kernel.until_card(None, "Failed")
    awaited = kernel.run("await fox")
    assert (awaited.status, awaited.ename) == ("error", "ProviderError")
    assert "Task exception was never retrieved" not in "".join(m["content"].get("text", "") for m in kernel.messages)
