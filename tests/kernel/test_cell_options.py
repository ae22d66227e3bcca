"""Tests of what only a cell in a kernel has: its help, a destination, ``--params``, and magics above it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Kernel

    from hailuo_widgets.simulator import Simulator

pytestmark = pytest.mark.kernel


def test_options_of_a_cell(kernel: Kernel, fake_provider: Simulator) -> None:
    """Help sends nothing; a name before the options binds the run; the object of --params is read, not its text."""
    asked = kernel.run("%%hailuo -h\na fox")
    assert asked.status == "ok"
    assert "--prompts" in asked.text
    assert "Nothing was sent." in asked.text
    for line, told in (
        ("%%hailuo runs", "is a sub-command"),
        ("%%hailuo kie", "is a provider"),
        ("%%hailuo print", "builtin"),
    ):
        refused = kernel.run(f"{line}\na fox")
        assert refused.status == "error"
        assert told in refused.evalue
    assert fake_provider.creates["minimax"] == 0
    assert kernel.run("mine = {'model': '02', 'animal': ['fox', 'wolf']}").status == "ok"
    assert kernel.run("%%hailuo foxes --params $mine\na {{animal}}").status == "ok"
    assert kernel.run("[r.record.request.prompt for r in foxes]").result == "['a fox', 'a wolf']"
    assert kernel.run("%%hailuo again --params {mine}\na {{animal}}").status == "ok"
    assert kernel.run("[r.id for r in again] != [r.id for r in foxes]").result == "True"
    assert fake_provider.creates["minimax"] == 2  # the same requests: their clips are there


def test_a_cell_below_time_or_capture_waits_as_it_does_alone(kernel: Kernel, fake_provider: Simulator) -> None:
    """The kernel stays free while it waits, the time is that of the wait, and what is captured is given."""
    timed = kernel.run("%%time\n%%hailuo fox --model 02\na fox")
    assert timed.status == "ok"
    assert "Wall time: " in timed.text
    assert kernel.run("fox.status").result == "'succeeded'"
    captured = kernel.run("%%capture held --no-stderr\n%%hailuo wolf --model 02\na wolf")
    assert captured.status == "ok"
    assert captured.of("display_data") == []
    assert kernel.run("len(held.outputs) > 0, wolf.status").result == "(True, 'succeeded')"
    assert kernel.run("%%time\nx = 1\nx").status == "ok"
    assert fake_provider.creates["minimax"] == 2
