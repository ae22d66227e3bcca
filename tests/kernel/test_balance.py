"""Tests of what a plan in a kernel gets later: balances, and what its clips can find."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Kernel

    from hailuo_widgets.simulator import Simulator

pytestmark = pytest.mark.kernel

# A provider on this machine is a simulator, which no plan asks for a balance: here it stands for one on the web.
AS_ON_THE_WEB = "import hailuo_widgets.engine.account_balances as b; b.is_loopback = lambda url: False"


def test_a_live_sweeps_plan_gets_the_balance(kernel: Kernel, fake_provider: Simulator) -> None:
    """The plan is shown and the runs are started without it; when the account has answered, the same panel has it."""
    assert kernel.run("import hailuo_widgets").status == "ok"
    assert kernel.run(AS_ON_THE_WEB).status == "ok"
    reply = kernel.run("%%hailuo --model 02 --repeat 2 --dry-run\na fox")
    assert reply.status == "ok"
    assert not any("balance" in str(c) for c in reply.of("update_display_data", "display_data"))
    sent = kernel.send("%%hailuo --model 02 --repeat 2 --background\na fox")

    def fits(message: dict[str, Any]) -> bool:
        html = str(message["content"].get("data", {}).get("text/html", "")) if "data" in message["content"] else ""
        return "hailuo-plan" in html and "MiniMax balance: " in html

    kernel.until(fits)
    assert kernel.reply(sent).status == "ok"
    shown = kernel.run("%hailuo balance")
    assert "minimax" in shown.result
    assert "money" in shown.result
    assert fake_provider.creates["minimax"] <= 2


def test_a_sweep_does_not_wait_for_what_it_can_find(kernel: Kernel, fake_provider: Simulator) -> None:
    """Its runs end before that is known; when it is, the same panel has it. A dry run has it at once."""
    assert kernel.run("import hailuo_widgets.workspace.power as p, threading; held = threading.Event()").status == "ok"
    reply = kernel.run("%%hailuo --model 02 --repeat 2 --dry-run\n--- a\na fox\n--- b\na wolf")
    assert "are too few to name a winner by votes" in str(reply.of("display_data"))
    assert kernel.run("p.power_of_plan = lambda plan: held.wait(90) and 'found at last'").status == "ok"
    ended = kernel.run("%%hailuo --model 02 --repeat 2 --yes\n--- a\na fox\n--- b\na wolf")
    assert ended.status == "ok"
    assert fake_provider.creates["minimax"] == 4
    assert "found at last" not in str(ended.of("update_display_data", "display_data"))
    sent = kernel.send("held.set()")
    kernel.until(lambda message: "found at last" in str(message["content"].get("data", "")))
    assert kernel.reply(sent).status == "ok"
